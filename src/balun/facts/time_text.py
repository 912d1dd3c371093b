"""A time as a parent says it, in SQL: what it reads, what it is, and the same said in a child's columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import duckdb
import sqlglot
import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError

from balun.quoting import quoted
from balun.relational.bound import relation_of
from balun.relational.expression import Expression, Ref, moved, refs
from balun.relational.relation import Column, Project, Scan

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _tree(expression: str) -> exp.Expr | None:
    """None where it can't be read, or reads more than its own row."""
    try:
        tree = sqlglot.parse_one(expression, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return None
    return None if tree.find(exp.Query, exp.Lambda, exp.Window, exp.Star) else tree


def columns_in(expression: str) -> frozenset[str] | None:
    """The columns it reads, in lower case; None where that can't be told."""
    tree = _tree(expression)
    return None if tree is None else frozenset(column.name.lower() for column in tree.find_all(exp.Column))


def rewritten(expression: str, names: Mapping[str, str]) -> str | None:
    """The expression with each column called as `names` says; what isn't a column stays letter for letter.

    >>> rewritten("at + to_minutes(minute + d.Late)", {"at": "created", "minute": "minute", "late": "my late"})
    'created + to_minutes(minute + "my late")'
    >>> rewritten("a + b", {"a": "a"}) is None
    True
    """
    tree = _tree(expression)
    if tree is None:
        return None
    cuts = []
    for column in tree.find_all(exp.Column):
        first, last = column.parts[0].meta, column.parts[-1].meta
        name = names.get(column.name.lower())
        if name is None or "start" not in first or "end" not in last:
            return None
        as_written = column.parts[-1].sql(dialect="duckdb")
        cuts.append((first["start"], last["end"] + 1, _name(name, as_written)))
    for start, end, name in sorted(cuts, reverse=True):
        expression = expression[:start] + name + expression[end:]
    return expression


def identifier(name: str) -> str:
    """Quoted only where it must be, so that expressions stay readable.

    >>> identifier("left_gate"), identifier("order"), identifier("my late")
    ('left_gate', '"order"', '"my late"')
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _reserved() else quoted(name)


def _name(name: str, as_written: str) -> str:
    return as_written if as_written.lower() == name.lower() else identifier(name)


@lru_cache(maxsize=1)
def _reserved() -> frozenset[str]:
    """Words that DuckDB doesn't take as a column's name, or may take for something else."""
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category != 'unreserved'")
        return frozenset(str(word) for (word,) in rows.fetchall())


@lru_cache(maxsize=4096)
def bound(expression: str, types: tuple[tuple[str, str], ...]) -> Expression | None:
    """The expression as DuckDB binds it, its columns by their places in `types`; None where it can't be."""
    lower = [name.lower() for name, _ in types]
    try:
        columns = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in types)
        _connection().execute(f"CREATE OR REPLACE TEMP TABLE one ({columns})")
        told = _connection().execute(f"DESCRIBE SELECT ({expression}\n) AS it FROM one").fetchall()
        relation = relation_of(_connection(), f"SELECT ({expression}\n) AS it FROM one", [Column("it", told[0][1])])
    except duckdb.Error:
        return None
    if not isinstance(relation, Project) or not isinstance(relation.input, Scan):
        return None
    names = [one.name.lower() for one in relation.input.columns]
    if any(names[at] not in lower for at in refs(relation.outputs[0])):
        return None
    return moved(relation.outputs[0], lambda ref: Ref(lower.index(names[ref.at]), ref.dtype))


@lru_cache(maxsize=4096)
def null_of_nulls(expression: str, types: tuple[tuple[str, str], ...]) -> bool:
    """Whether it is null where each of its columns is, as in the rows that an outer join fills with nulls."""
    columns = ", ".join(f"CAST(NULL AS {dtype}) AS {quoted(name)}" for name, dtype in types) or "1"
    try:
        row = _connection().execute(f"SELECT ({expression}) IS NULL FROM (SELECT {columns})").fetchone()
    except duckdb.Error:
        return False
    return bool(row and row[0])


@lru_cache(maxsize=1)
def _connection() -> duckdb.DuckDBPyConnection:
    """Expressions from the project can't reach files, the network or settings from here."""
    found = duckdb.connect(config={"enable_external_access": False, "threads": 1})
    found.execute("SET TimeZone = 'UTC'")
    found.execute("SET lock_configuration = true")
    return found
