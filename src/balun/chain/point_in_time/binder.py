"""Types of expressions, from DuckDB's own binder over an empty table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import duckdb

from balun.chain.point_in_time.expression import Unusable
from balun.quoting import quoted


class Binder:
    """Binds SQL over the columns of one relation."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def type_of(self, sql: str) -> str:
        """Raises Unusable with DuckDB's own words."""
        try:
            described = self._connection.execute(f"DESCRIBE SELECT {sql} FROM source").fetchall()
        except duckdb.Error as exc:
            raise Unusable(f"doesn't fit the columns: {_first_line(exc)}") from exc
        return str(described[0][1])

    def is_aggregate(self, sql: str) -> bool:
        """Whether it makes one row of none."""
        try:
            rows = self._connection.execute(f"SELECT count(*) FROM (SELECT {sql} FROM source)").fetchall()
        except duckdb.Error as exc:
            raise Unusable(f"doesn't fit the columns: {_first_line(exc)}") from exc
        return rows == [(1,)]


@contextmanager
def binder(columns: Mapping[str, str]) -> Iterator[Binder]:
    """For as long as the context lasts."""
    connection = _database().cursor()  # temporary tables are the cursor's own
    try:
        typed = ", ".join(f"{quoted(name)} {type_}" for name, type_ in columns.items())
        connection.execute(f"SET TimeZone = 'UTC'; CREATE TEMP TABLE source ({typed})")
        yield Binder(connection)
    finally:
        connection.close()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database for the whole process: opening one takes ten times as long as a question to it."""
    return duckdb.connect()


def _first_line(exc: duckdb.Error) -> str:
    return str(exc).strip().splitlines()[0]
