"""dtype: the types of columns, by DuckDB's own binder. Nothing is read, nothing runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

import duckdb
import sqlglot
import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError

from balun.chain.contract import Contract
from balun.chain.sql_table import read_select
from balun.chain.table import Table
from balun.engine import sealed, stand_in
from balun.errors import ProjectError
from balun.facts.bind_error import bind_finding
from balun.finding import Finding, Place
from balun.quoting import literal, quoted
from balun.relational.bound import relation_of
from balun.relational.relation import Column, Relation

Types = dict[str, str]


class Binder:
    """A database that holds each event and table without rows; bind parents before children.

    SQL from the project can't reach files, the network or settings from here.
    """

    def __init__(self) -> None:
        self._connection = sealed()
        self._known: dict[str, Types] = {}
        self._functions: set[str] = set()
        self._spelt: dict[str, str] = {}

    def bind_event(self, contract: Contract) -> Types:
        """Raises ProjectError where DuckDB doesn't know a column's type."""
        columns = tuple((column.name, column.dtype) for column in contract.columns)
        return self.bind_declared(contract.name, columns, contract.place, contract.owner)

    def bind_table(self, table: Table) -> Types:
        """Raises ProjectError at the line of the table's file."""
        for name, dtype in table.functions:
            self._stand_in(name, dtype)
        try:
            types = self._bind(table.sql, table.place, 1, table.owner)
        except ProjectError as exc:
            raise ProjectError(replace(one, place=_in_file(table, one.place)) for one in exc.findings) from exc
        return self._create(table.name, types)

    def _stand_in(self, name: str, dtype: str) -> None:
        if name not in self._functions:
            self._functions.add(name)
            stand_in(self._connection, name, dtype)

    def bind_declared(
        self, name: str, columns: Iterable[tuple[str, str]], place: Place, owner: str | None = None
    ) -> Types:
        """Columns by declared types, spelt as DuckDB spells them. Raises ProjectError for each that is no type."""
        columns = tuple(columns)
        faults = []
        types: Types = {}
        for column, dtype in columns:
            try:
                types[column] = self._type(dtype)
            except duckdb.Error:
                message = f"{name}.{column}: {dtype!r} is no type of DuckDB"
                mend = "use a type such as BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE or TIMESTAMP WITH TIME ZONE"
                faults.append(Finding("type-unknown", place, message, mend=mend, owner=owner))
        faults += _twice((column for column, _ in columns), place, owner)
        if faults:
            raise ProjectError(faults)
        return self._create(name, types)

    def bind_select(self, sql: str, place: Place, *, first_line: int | None = None, owner: str | None = None) -> Types:
        """first_line: the line of the file where `sql` begins, where that is known."""
        return self._bind(sql, place, first_line, owner)

    def bind_expression(
        self, relation: str, sql: str, place: Place, *, aggregate: bool = False, owner: str | None = None
    ) -> str:
        """The type of an expression over one relation's columns.

        aggregate: it is a whole aggregate, such as `sum(x) / count(*)`; else it is a value of each row.
        """
        columns = {relation: self._known[relation.lower()]}
        _refuse_expression(sql, place, owner)
        select = f"SELECT (\n{sql}\n) AS it FROM {quoted(relation)}"
        # Only WHERE makes DuckDB refuse aggregates and windows in what must be a value of each row.
        each_row = f"SELECT 1 FROM {quoted(relation)} WHERE (\n{sql}\n) IS NULL"
        try:
            if not aggregate:
                self._connection.execute(f"DESCRIBE {each_row}")
            rows = self._connection.execute(f"DESCRIBE {select}").fetchall()
        except duckdb.Error as exc:
            raise ProjectError([bind_finding(exc, sql, place, first_line=None, known=columns, owner=owner)]) from exc
        return str(rows[0][1])

    def hold(self, name: str, types: Mapping[str, str]) -> None:
        """Hold what was bound before."""
        if name.lower() not in self._known:
            self._create(name, types)

    def clear(self) -> None:
        """Hold nothing any more."""
        for name in self._known:
            self._connection.execute(f"DROP TABLE {quoted(name)}")
        self._known.clear()

    def relation(self, sql: str, types: Mapping[str, str]) -> Relation:
        """The relational form of a SELECT that was bound before. types: of its columns."""
        return relation_of(self._connection, sql, [Column(name, dtype) for name, dtype in types.items()])

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _bind(self, sql: str, place: Place, first_line: int | None, owner: str | None) -> Types:
        _refuse(sql, place, first_line, owner)
        try:
            rows = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as exc:
            finding = bind_finding(exc, sql, place, first_line=first_line, known=self._known, owner=owner)
            raise ProjectError([finding]) from exc
        faults = _twice((row[0] for row in rows), place, owner)
        faults += [_untyped(name, place, owner) for name, dtype, *_ in rows if '"NULL"' in dtype]
        if faults:
            raise ProjectError(faults)
        return {name: dtype for name, dtype, *_ in rows}

    def _type(self, dtype: str) -> str:
        """Raises duckdb.Error where it is none. A cast keeps anything but a type from being said."""
        if dtype in self._spelt:
            return self._spelt[dtype]
        tree = exp.DataType.build(dtype, dialect="duckdb", udt=True) if ";" not in dtype else None
        if tree is None:
            raise duckdb.ParserException(dtype)
        rows = self._connection.execute(f"DESCRIBE SELECT CAST(NULL AS {dtype}) AS it").fetchall()
        if len(rows) != 1:
            raise duckdb.ParserException(dtype)
        return self._spelt.setdefault(dtype, str(rows[0][1]))

    def _create(self, name: str, types: Mapping[str, str]) -> Types:
        columns = ", ".join(f"{quoted(column)} {dtype}" for column, dtype in types.items())
        self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({columns})")
        self._known[name.lower()] = dict(types)
        return dict(types)


def denial(dtype: str, value: str) -> str:
    """SQL, true of a row in which a value is of another type. Parquet has no types of its own for some.

    >>> denial("BIGINT", "c"), denial("HUGEINT", "c")
    ("typeof(c) NOT IN ('BIGINT')", "typeof(c) NOT IN ('HUGEINT', 'DOUBLE')")
    """
    kept = dtype
    for given, read in _IN_PARQUET:
        kept = re.sub(given, read, kept)
    return f"typeof({value}) NOT IN ({', '.join(map(literal, dict.fromkeys([dtype, kept])))})"


_IN_PARQUET = (
    (r"\bU?HUGEINT\b", "DOUBLE"),
    (r"\bTIMESTAMP_M?S\b", "TIMESTAMP"),
    (r"\b(BIT|BIGNUM)\b|\bENUM\([^)]*\)", "VARCHAR"),
    (r"\[\d+\]", "[]"),
)


def _in_file(table: Table, place: Place) -> Place:
    return replace(place, line=table.line(place.line)) if place.line and table.lines else place


def _refuse(sql: str, place: Place, first_line: int | None, owner: str | None) -> None:
    """Anything but one SELECT that reads. DuckDB runs `WITH x AS (INSERT …)`, so parsing as a SELECT isn't enough."""
    read = read_select(sql, place, first_line or place.line or 1)
    if read.statement is not None:
        mend = "write one SELECT statement"
        raise ProjectError.at("select-needed", place, f"holds {read.statement}", mend=mend, owner=owner)
    if read.pivots:
        message = "PIVOT without IN: its columns would depend on the rows"
        mend = "name the values, as in PIVOT t ON carrier IN ('AA', 'UA') USING sum(x)"
        raise ProjectError.at("columns-unknown", place, message, mend=mend, owner=owner)


def _refuse_expression(sql: str, place: Place, owner: str | None) -> None:
    try:
        trees = sqlglot.parse(f"SELECT (\n{sql}\n) AS it", dialect="duckdb")
    except SqlglotError:
        trees = []
    one = trees[0] if len(trees) == 1 else None
    if not sql.strip() or not isinstance(one, exp.Select) or len(one.expressions) != 1 or one.args.get("from_"):
        mend = "write one expression over the columns, such as created_at + INTERVAL 1 HOUR"
        raise ProjectError.at("sql-syntax", place, f"{sql!r} is no SQL expression", mend=mend, owner=owner)
    if len(list(one.find_all(exp.Query))) > 1:
        message = f"{sql!r} holds a SELECT; it can only read the columns of its own row"
        raise ProjectError.at("select-inside", place, message, mend="do this in a table", owner=owner)


def _twice(names: Iterable[str], place: Place, owner: str | None) -> list[Finding]:
    count = Counter(name.lower() for name in names)
    mend = "rename one with AS, leave it out with EXCLUDE, or join with USING"
    return [
        Finding("column-twice", place, f"{number} columns are called {name}", mend=mend, owner=owner)
        for name, number in count.items()
        if number > 1
    ]


def _untyped(name: str, place: Place, owner: str | None) -> Finding:
    mend = "give it one, as in CAST(NULL AS BIGINT)"
    return Finding("type-unknown", place, f"{name} is NULL in every row and has no type", mend=mend, owner=owner)
