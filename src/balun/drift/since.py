"""Of rows that were mostly there before, those that are new."""

from __future__ import annotations

import duckdb

from balun.drift.unit import Side
from balun.engine import types_of
from balun.quoting import quoted

_MOSTLY = 0.5


def since(connection: duckdb.DuckDBPyConnection, before: Side, now: Side) -> Side:
    """`now` itself where most of its rows weren't there before.

    Rows that both have say nothing of a shift, but would hide one. Two rows are one where all columns that both sides
    have, with the same type, are equal.
    """
    names = _common(connection, before, now)
    if not names or not before.rows or not now.rows:
        return now
    row = f"hash({', '.join(map(quoted, names))})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE seen_before AS SELECT DISTINCT {row} AS h FROM {before.relation}")
    fresh = f"(SELECT * FROM {now.relation} WHERE {row} NOT IN (SELECT h FROM seen_before))"
    told = connection.execute(f"SELECT count(*) FROM {fresh}").fetchone()
    number = int(told[0]) if told else now.rows
    return now if number > _MOSTLY * now.rows else Side(_kept(connection, fresh), number, now.time)


def _common(connection: duckdb.DuckDBPyConnection, before: Side, now: Side) -> list[str]:
    had, has = (types_of(connection, side.relation) for side in (before, now))
    return [name for name, dtype in has.items() if had.get(name) == dtype]


def _kept(connection: duckdb.DuckDBPyConnection, fresh: str) -> str:
    """Found once, as it is read several times."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh_rows AS SELECT * FROM {fresh}")
    return "fresh_rows"
