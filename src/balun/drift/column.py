"""How a column's values are put into bins, told from a sample of both sides, and which shares are then compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from balun.quoting import literal, quoted

Floats = NDArray[np.float64]
Kind = Literal["number", "time", "category", "pattern", "other"]
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
_TIMES = ("DATE", "TIMESTAMP")
LEVELS = np.linspace(0.01, 0.99, 99)
_CUTS = np.linspace(0.04, 0.96, 16)
_MOST_CATEGORIES = 48
_MANY = 0.5
STEPS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
TIME_STEPS = (1.0, 60.0, 3600.0, 86400.0)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SHAPES = "A" * 26 + "a" * 26 + "9" * 10
_LONGEST_SHAPE = 24


@dataclass(frozen=True)
class Bins:
    """One column as it is compared.

    sql: what is read of it: a number, a time in seconds, or the number of a category; null where it has no value.
    cuts: of numbers, sorted; a bin lies below the first, at each, between two, and above the last.
    values: of categories; the last bin is for all others. steps: whose multiples are counted.
    quantiles: of numbers and times, at LEVELS, of a sample of each side.
    """

    name: str
    dtype: str
    kind: Kind
    sql: str
    cuts: Floats
    values: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()
    quantiles: tuple[Floats, ...] = ()

    @property
    def count(self) -> int:
        if self.kind in {"category", "pattern"}:
            return len(self.values) + 1
        return 2 * len(self.cuts) + 1

    @property
    def ordered(self) -> bool:
        return self.kind in {"number", "time"}

    def bin(self, read: Floats) -> NDArray[np.int64]:
        """Of values that aren't null."""
        if not self.ordered:
            return read.astype(np.int64)
        return np.searchsorted(self.cuts, read, "left") + np.searchsorted(self.cuts, read, "right")

    def told(self, number: int) -> str:
        """What a bin holds, in words."""
        if not self.ordered:
            return self.values[number] if number < len(self.values) else "others"
        return f"{self.cuts[number // 2]:.6g}" if number % 2 else ""

    def contrasts(self, by_unit: Floats) -> Floats:
        """(units, bins) to (units, contrasts): each category; of numbers all below a cut, and each value at one."""
        if not self.ordered:
            return by_unit
        below = np.cumsum(by_unit, axis=1)[:, :-1]
        return np.concatenate([below, by_unit[:, 1::2]], axis=1)

    def ranks(self, by_unit: Floats) -> tuple[Floats, Floats]:
        """Sums of ranks from −½ to ½, and of their distance from the middle, (units, 2); and the variance of a row."""
        share = by_unit.sum(axis=0) / max(by_unit.sum(), 1.0)
        rank = np.cumsum(share) - share / 2 - 0.5
        scores = np.stack([rank, np.abs(rank)], axis=1)
        return by_unit @ scores, share @ scores**2 - (share @ scores) ** 2


def kind_of(dtype: str) -> Kind:
    """
    >>> kind_of("DECIMAL(9,2)"), kind_of("TIMESTAMP WITH TIME ZONE"), kind_of("VARCHAR"), kind_of("INTEGER[]")
    ('number', 'time', 'category', 'other')
    """
    if dtype.endswith("]") or dtype.startswith(("STRUCT", "MAP", "UNION", "BLOB", "BIT", "INTERVAL")):
        return "other"
    if dtype.startswith(_TIMES):
        return "time"
    return "number" if dtype.split("(", maxsplit=1)[0] in _NUMBERS else "category"


def number_sql(name: str, dtype: str) -> str:
    """A number as it is, a time in seconds since 1970; null where it is not finite."""
    if kind_of(dtype) == "time":
        return f"CASE WHEN isfinite({quoted(name)}) THEN epoch_us({quoted(name)}::TIMESTAMP) / 1e6 END"
    number = f"{quoted(name)}::DOUBLE"
    return f"CASE WHEN isfinite({number}) THEN {number} END" if dtype in {"FLOAT", "DOUBLE"} else number


def bins_of(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[tuple[str, str]],
    before: str,
    now: str,
    since: str | None = None,
) -> tuple[Bins, ...]:
    """before, now: what FROM reads: samples of the two sides. since: times are compared by how long after this one."""
    return tuple(_bins(connection, name, dtype, before, now, since) for name, dtype in columns)


def _bins(
    connection: duckdb.DuckDBPyConnection, name: str, dtype: str, before: str, now: str, since: str | None
) -> Bins:
    kind = kind_of(dtype)
    if kind == "other":
        return Bins(name, dtype, kind, f"CASE WHEN {quoted(name)} IS NOT NULL THEN 0 END", np.empty(0))
    if kind in {"number", "time"}:
        sql = number_sql(name, dtype)
        if kind == "time" and since is not None:
            sql = f"{sql} - {since}"
        read = [_column(connection, sql, side) for side in (before, now)]
        spread = tuple(np.quantile(side, LEVELS) if len(side) else np.empty(0) for side in read)
        return Bins(name, dtype, kind, sql, _cuts(np.concatenate(read)), (), _steps(kind, dtype), spread)
    return _categories(connection, name, dtype, before, now)


def _column(connection: duckdb.DuckDBPyConnection, sql: str, side: str) -> Floats:
    read = connection.execute(f"SELECT {sql} AS v FROM {side} WHERE {sql} IS NOT NULL").fetchnumpy()["v"]
    return np.asarray(np.ma.filled(read, np.nan), dtype=float)


def _cuts(read: Floats) -> Floats:
    if not len(read):
        return np.empty(0)
    own, counts = np.unique(read, return_counts=True)
    if len(own) <= _MOST_CATEGORIES:
        return own
    frequent = own[counts >= 0.02 * len(read)]
    return np.union1d(np.quantile(read, _CUTS, method="inverted_cdf"), frequent)


def _steps(kind: Kind, dtype: str) -> tuple[float, ...]:
    if kind == "time":
        return () if dtype == "DATE" else TIME_STEPS
    whole = dtype.split("(", maxsplit=1)[0] not in {"FLOAT", "DOUBLE", "DECIMAL"}
    return tuple(step for step in STEPS if not whole or step > 1)


def on_step(read: Floats, step: float) -> NDArray[np.bool_]:
    """Which values are multiples of a step, but for what floats lose.

    >>> on_step(np.array([0.3, 0.35, 12.0]), 0.1).tolist()
    [True, False, True]
    """
    ratio = read / step
    near: NDArray[np.bool_] = np.abs(ratio - np.round(ratio)) <= 1e-9 * np.maximum(np.abs(ratio), 1.0)
    return near


def _categories(connection: duckdb.DuckDBPyConnection, name: str, dtype: str, before: str, now: str) -> Bins:
    text = f"{quoted(name)}::VARCHAR"
    kind: Kind = "category"
    values, rare = _frequent(connection, text, before, now)
    if rare:
        kind, text = "pattern", f"translate(left({text}, {_LONGEST_SHAPE}), {literal(_LETTERS)}, {literal(_SHAPES)})"
        values, _ = _frequent(connection, text, before, now)
    known = ", ".join(literal(value) for value in values)
    code = f"enum_code(TRY_CAST({text} AS ENUM({known})))::INTEGER" if values else "NULL::INTEGER"
    sql = f"CASE WHEN {quoted(name)} IS NOT NULL THEN coalesce({code}, {len(values)}) END"
    return Bins(name, dtype, kind, sql, np.empty(0), values)


def _frequent(connection: duckdb.DuckDBPyConnection, text: str, before: str, now: str) -> tuple[tuple[str, ...], bool]:
    """The most frequent values of both sides, alike in both, and whether they are few of the rows."""
    counts: dict[str, float] = {}
    totals = []
    for side in (before, now):
        counted = connection.execute(
            f"SELECT {text} AS v, count(*) AS n FROM {side} WHERE {text} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        totals.append(sum(int(number) for _, number in counted))
        for value, number in counted:
            counts[str(value)] = counts.get(str(value), 0.0) + int(number) / totals[-1]
    kept = sorted(counts, key=lambda value: (-counts[value], value))[:_MOST_CATEGORIES]
    return tuple(kept), sum(counts[value] for value in kept) < _MANY * sum(total > 0 for total in totals)
