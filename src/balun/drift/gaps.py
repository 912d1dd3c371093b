"""Hours without a row in which rows were to be expected: an outage that is too short to show in its day."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_HOURS_A_WEEK, _WEEKS, _FEWEST_WEEKS = 168, 8, 4
_BEFORE_HOURS = 2 * _WEEKS * _HOURS_A_WEEK
_LEAST_ROWS = 20.0
_TIMES_THE_USUAL = 2.0


@dataclass(frozen=True)
class Gap:
    """start: in hours since 1970 UTC. expected: rows, by the same hours of the eight weeks before."""

    start: int
    hours: int
    expected: float
    chance: float


def gaps_of(
    connection: duckdb.DuckDBPyConnection, relation: str, time_s: str, since_hour: int, level: float
) -> tuple[Gap, ...]:
    """Gaps that begin at `since_hour` or later, and are twice as grave as any of the eight weeks before.

    time_s: SQL for when a row happened, in seconds since 1970.
    """
    hour = f"floor({time_s} / 3600)::BIGINT"
    told = connection.execute(
        f"SELECT {hour}, count(*) FROM {relation} WHERE {time_s} >= {3600 * (since_hour - _BEFORE_HOURS)} "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if not told or told[-1][0] - told[0][0] > 10 * _BEFORE_HOURS:
        return ()
    start = int(told[0][0])
    counts = np.zeros(int(told[-1][0]) - start + 1)
    for at, number in told:
        counts[at - start] = number
    runs = [Gap(start + at, hours, expected, 0.0) for at, hours, expected in _runs(counts, _expected(counts))]
    usual = max((one.expected for one in runs if one.start < since_hour), default=0.0)
    tries = max(1, len(counts) + start - since_hour)
    judged = [
        Gap(one.start, one.hours, one.expected, float(min(1.0, np.exp(-one.expected / 2) * tries)))
        for one in runs
        if one.start >= since_hour and one.expected >= max(_LEAST_ROWS, _TIMES_THE_USUAL * usual)
    ]
    return tuple(one for one in judged if one.chance <= level)


def _expected(counts: Floats) -> Floats:
    """By hour, the median of the same hour of the week in the weeks before; 0 where there were too few."""
    back = np.full((len(counts), _WEEKS), np.nan)
    for week in range(1, _WEEKS + 1):
        if week * _HOURS_A_WEEK < len(counts):
            back[week * _HOURS_A_WEEK :, week - 1] = counts[: -week * _HOURS_A_WEEK]
    found = np.zeros(len(counts))
    enough = (~np.isnan(back)).sum(axis=1) >= _FEWEST_WEEKS
    found[enough] = np.nanmedian(back[enough], axis=1)
    return found


def _runs(counts: Floats, expected: Floats) -> list[tuple[int, int, float]]:
    """Of hours without rows: the first, how many, and the rows to be expected in them.

    >>> _runs(np.array([3.0, 0, 0, 5, 0]), np.array([3.0, 4, 2, 5, 1]))
    [(1, 2, 6.0), (4, 1, 1.0)]
    """
    empty = np.concatenate([[False], counts == 0, [False]])
    edges = np.flatnonzero(empty[1:] != empty[:-1])
    return [
        (int(first), int(last - first), float(expected[first:last].sum()))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]
