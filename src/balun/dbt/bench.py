"""A database of empty tables on which a model's SQL is tried, until DuckDB binds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import duckdb
import sqlglot.expressions as exp

from balun.dbt.refused import Refused, refusal
from balun.dbt.repair import Bound, attempt
from balun.engine import sealed, stand_in
from balun.quoting import quoted

Columns = list[tuple[str, str]]
Functions = tuple[tuple[str, str], ...]
_DESCRIBE = "DESCRIBE "


class Bench:
    """SQL from the project can't reach files, the network or settings from here."""

    def __init__(self) -> None:
        self._connection = sealed("SET errors_as_json = true")
        self._functions: set[str] = set()
        self._types: dict[str, str] = {}

    def spelt(self, dtype: str) -> str:
        """A type as DuckDB spells it; text where it is none."""
        if dtype not in self._types:
            found = self.describe(f"SELECT CAST(NULL AS {dtype})", ())
            self._types[dtype] = "VARCHAR" if isinstance(found, Refused) else found[0][1]
        return self._types[dtype]

    def create(self, name: str, columns: Iterable[tuple[str, str]]) -> None:
        told = ", ".join(f"{quoted(column)} {dtype}" for column, dtype in columns)
        self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({told})")

    def bound(self, tree: exp.Expr) -> Bound | Refused:
        found = attempt(tree, self.describe)
        return found if isinstance(found, Refused) else self._fit(found)

    def describe(self, sql: str, functions: Functions) -> Columns | Refused:
        for name, dtype in functions:
            if name not in self._functions:
                self._functions.add(name)
                stand_in(self._connection, name, dtype)
        try:
            rows = self._connection.execute(_DESCRIBE + sql).fetchall()
        except duckdb.Error as exc:
            return refusal(exc, sql, len(_DESCRIBE))
        return [(row[0], row[1]) for row in rows]

    def _fit(self, found: Bound) -> Bound | Refused:
        """With a type for what is NULL in every row, and without a second column of a name."""
        sql, columns = found.sql, found.columns
        count = Counter(name.lower() for name, _ in columns)
        untyped = [name for name, dtype in columns if '"NULL"' in dtype]
        if not untyped and max(count.values(), default=1) == 1:
            return found
        inner = self.describe(f"SELECT * FROM (\n{sql}\n) AS it", ())
        if isinstance(inner, Refused):
            return inner
        seen: set[str] = set()
        again: list[str] = []
        for (name, _), (called, _) in zip(columns, inner, strict=True):
            if name.lower() in seen:
                again.append(called)
            seen.add(name.lower())
        without = f" EXCLUDE ({', '.join(map(quoted, again))})" if again else ""
        untyped = [name for name in dict.fromkeys(untyped) if name not in again]
        typed = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in untyped)
        sql = f"SELECT *{without}{f' REPLACE ({typed})' if typed else ''} FROM (\n{sql}\n) AS it"
        made = self.describe(sql, ())
        return made if isinstance(made, Refused) else Bound(sql, [None, *found.lines, None], made, found.functions)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
