"""A profile of rows, in three statements: what a sample tells, what all rows tell, and the means.

The sample is by the rows' numbers, so that the same rows in the same order give the same profile, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import duckdb

from balun.profile.profile import LEVELS, ColumnProfile, Counted, Profile
from balun.quoting import quoted

SEEN = 50_000
"""Rows that quantiles, frequent values and shapes are taken from, about, where there are more."""
MOST_VALUES, MOST_SHAPES = 100, 20
# Of values as they are told: a document is told by how it begins.
_LONGEST = 200
# A column with more values in the sample isn't counted to the last, but estimated.
_EXACT = 3000
_SAMPLE, _NUMBER, _ROWS = "_balun_sample", "_balun_number", "_balun_rows"
_TIMES = ("DATE", "TIMESTAMP", "TIME")
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_UNSIGNED = tuple(f"U{one}" for one in _NUMBERS[3:])
_CLASSES = (("\\p{Ll}|\\p{Lo}", "a"), ("\\p{Lu}|\\p{Lt}", "A"), ("\\p{Nd}", "9"))


@dataclass(frozen=True)
class _Column:
    """at: its place among the columns."""

    at: int
    name: str
    dtype: str

    @property
    def is_text(self) -> bool:
        return self.dtype == "VARCHAR"

    @property
    def is_measured(self) -> bool:
        kind = self.dtype.startswith((*_TIMES, *_NUMBERS, *_UNSIGNED)) and not self.dtype.endswith("]")
        return kind and self.dtype != "TIME WITH TIME ZONE"

    @property
    def value(self) -> str:
        """SQL: null where it has no order that means something, as NaN and infinity have none."""
        name = quoted(self.name)
        if self.dtype in {"DOUBLE", "FLOAT"} or self.dtype.startswith(("DATE", "TIMESTAMP")):
            return f"CASE WHEN isfinite({name}) THEN {name} END"
        return name if self.is_text or self.is_measured or self.dtype == "BOOLEAN" else f"{name}::VARCHAR"

    @property
    def measure(self) -> str:
        return f"epoch({self.value})" if self.dtype.startswith(_TIMES) else f"({self.value})::DOUBLE"

    @property
    def told(self) -> str:
        return f"left({quoted(self.name)}::VARCHAR, {_LONGEST})"


def profile_of(connection: duckdb.DuckDBPyConnection, rows: str, number: str = "row_number() OVER ()") -> Profile:
    """rows: what FROM reads. number: SQL that numbers them; `file_row_number` is faster for one Parquet file."""
    listed = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
    columns = [_Column(at, str(name), str(dtype)) for at, (name, dtype, *_) in enumerate(listed)]
    count = int(_one(connection, f"SELECT count(*) FROM {rows}")[0])
    try:
        seen = _take_sample(connection, rows, number, count)
        few = _distinct_in_sample(connection, columns)
        whole = _whole(connection, rows, columns, few)
        means = _means(connection, rows, columns)
        quantiles = _quantiles(connection, columns)
        top = _counted(connection, columns, _top)
        shapes = _counted(connection, [one for one in columns if one.is_text], _shapes)
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {_SAMPLE}")
    told = [
        _profile(one, count, *whole[one.at], means.get(one.at), quantiles.get(one.at), top[one.at], shapes[one.at])
        for one in columns
    ]
    return Profile(count, seen, tuple(told))


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[Any]:
    found: Sequence[Any] = connection.execute(sql).fetchall()[0]
    return found


def _take_sample(connection: duckdb.DuckDBPyConnection, rows: str, number: str, count: int) -> int:
    every = ceil(count / SEEN)
    chosen = f"SELECT * FROM {rows}"
    if every > 1:
        numbered = f"SELECT *, {number} AS {_NUMBER} FROM {rows}"
        chosen = f"SELECT * EXCLUDE ({_NUMBER}) FROM ({numbered}) WHERE hash({_NUMBER}) % {every} = 0"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_SAMPLE} AS {chosen}")
    return int(_one(connection, f"SELECT count(*) FROM {_SAMPLE}")[0])


def _distinct_in_sample(connection: duckdb.DuckDBPyConnection, columns: Sequence[_Column]) -> list[int]:
    counts = ", ".join(f"approx_count_distinct({quoted(one.name)})" for one in columns)
    return list(_one(connection, f"SELECT {counts} FROM {_SAMPLE}"))


def _whole(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[_Column], few: Sequence[int]
) -> list[tuple[int, int, str | None, str | None, int | None, int | None]]:
    """Of each column its filled rows, its distinct values, its ends, and the lengths of its texts."""
    asked = [
        term
        for one, distinct in zip(columns, few, strict=True)
        for term in (
            f"count({quoted(one.name)})",
            f"count(DISTINCT {quoted(one.name)})"
            if distinct <= _EXACT
            else f"approx_count_distinct({quoted(one.name)})",
            f"left(min({one.value})::VARCHAR, {_LONGEST})",
            f"left(max({one.value})::VARCHAR, {_LONGEST})",
            *(f"{end}(length({quoted(one.name)}))" if one.is_text else "NULL" for end in ("min", "max")),
        )
    ]
    found = _one(connection, f"SELECT {', '.join(asked)} FROM {rows}")
    return [tuple(found[at : at + 6]) for at in range(0, len(found), 6)]


def _means(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[_Column]
) -> dict[int, tuple[float, float, float, float]]:
    """Mean, deviation and ends. By one thread: a sum of floats hangs on its order."""
    measured = [one for one in columns if one.is_measured]
    if not measured:
        return {}
    # Squares beyond a double's range are an error to DuckDB.
    some = ("avg({0})", "stddev_pop({0}) FILTER (abs({0}) < 1e150)", "min({0})", "max({0})")
    asked = [sql.replace("{0}", one.measure) for one in measured for sql in some]
    threads = _one(connection, "SELECT current_setting('threads')")[0]
    connection.execute("SET threads = 1")
    try:
        found = _one(connection, f"SELECT {', '.join(asked)} FROM {rows}")
    finally:
        connection.execute(f"SET threads = {threads}")
    groups = [tuple(found[at : at + 4]) for at in range(0, len(found), 4)]
    return {one.at: group for one, group in zip(measured, groups, strict=True) if None not in group}


def _quantiles(connection: duckdb.DuckDBPyConnection, columns: Sequence[_Column]) -> dict[int, tuple[float, ...]]:
    measured = [one for one in columns if one.is_measured]
    if not measured:
        return {}
    levels = ", ".join(map(repr, LEVELS))
    asked = ", ".join(f"quantile_cont({one.measure}, [{levels}])" for one in measured)
    found = _one(connection, f"SELECT {asked} FROM {_SAMPLE}")
    return {one.at: tuple(some) for one, some in zip(measured, found, strict=True) if some}


def _top(column: _Column) -> str:
    return _most_frequent(column, column.told, MOST_VALUES)


def _shapes(column: _Column) -> str:
    shape = column.told
    for letters, sign in _CLASSES:
        shape = f"regexp_replace({shape}, '{letters}', '{sign}', 'g')"
    for _, sign in _CLASSES:
        shape = f"regexp_replace({shape}, '{sign}{{2,}}', '{sign}+', 'g')"
    return _most_frequent(column, shape, MOST_SHAPES)


def _most_frequent(column: _Column, told: str, most: int) -> str:
    """Worked out once a value, not once a row."""
    name = quoted(column.name)
    values = f"SELECT {name}, count(*) AS {_ROWS} FROM {_SAMPLE} WHERE {name} IS NOT NULL GROUP BY {name}"
    return (
        f"SELECT {column.at} AS c, v, sum({_ROWS})::BIGINT AS n FROM (SELECT {told} AS v, {_ROWS} FROM ({values})) "
        f"GROUP BY v ORDER BY n DESC, v LIMIT {most}"
    )


def _counted(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[_Column], sql: Callable[[_Column], str]
) -> dict[int, tuple[Counted, ...]]:
    """By the column's place, the most frequent first."""
    if not columns:
        return defaultdict(tuple)
    parts = " UNION ALL ".join(f"({sql(one)})" for one in columns)
    told: dict[int, tuple[Counted, ...]] = defaultdict(tuple)
    for at, value, rows in connection.execute(f"SELECT * FROM ({parts}) ORDER BY c, n DESC, v").fetchall():
        told[at] += (Counted(value, rows),)
    return told


def _profile(
    column: _Column,
    rows: int,
    filled: int,
    distinct: int,
    least: str | None,
    most: str | None,
    shortest: int | None,
    longest: int | None,
    means: tuple[float, float, float, float] | None,
    quantiles: tuple[float, ...] | None,
    top: tuple[Counted, ...],
    shapes: tuple[Counted, ...],
) -> ColumnProfile:
    mean, deviation, low, high = means or (None, None, None, None)
    if quantiles and low is not None and high is not None:
        quantiles = (low, *quantiles[1:-1], high)
    return ColumnProfile(
        column.name,
        column.dtype,
        rows - filled,
        distinct,
        least,
        most,
        mean,
        deviation,
        quantiles or (),
        top,
        shortest,
        longest,
        shapes,
    )
