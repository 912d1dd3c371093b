"""Into which units the rows of two sides fall: stretches of time, or where both are of the same time, handfuls."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from balun.drift.dealt import Sides

Ints = NDArray[np.int64]
_HANDFULS = 200
_TIMES_AS_MANY = 20
_ALIKE = 0.5
_DAY_S = 86400
_FEWEST, _MOST = 12, 400
_STEPS_S = (_DAY_S, 43_200, 21_600, 10_800, 3_600, 900, 60)


@dataclass(frozen=True)
class Side:
    """relation: what FROM reads. time: SQL for when a row happened, in seconds since 1970; None: nobody knows."""

    relation: str
    rows: int
    time: str | None = None


@dataclass(frozen=True)
class Units:
    """Of two sides, before and now.

    step_s: how long a unit is; None: units are handfuls of rows, and `handful` says how many rows each.
    rates: the share of each side's rows that is looked at.
    starts: of the units in time, as `(side, step)`, in the order of time.
    """

    sides: Sides
    rates: tuple[float, float]
    step_s: int | None = None
    handful: int = 1
    starts: tuple[tuple[int, int], ...] = ()

    def index(self, side: int, rows: int, seed: int) -> Ints:
        """The unit of each row of a side that isn't in time; −1: it is not looked at."""
        chance = np.random.default_rng([seed, side])
        looked = round(rows * self.rates[side])
        first = 0 if side == 0 else int((~self.sides.now).sum())
        own = int((self.sides.now == bool(side)).sum())
        found = np.full(rows, -1)
        found[:looked] = np.minimum(np.arange(looked) // self.handful, own - 1) + first
        return chance.permutation(found)

    def of_time(self, side: int, read: NDArray[np.float64]) -> Ints:
        """The unit of each row by its time."""
        assert self.step_s is not None
        steps = np.array([step for own, step in self.starts if own == side])
        number = np.array([place for place, (own, _) in enumerate(self.starts) if own == side])
        found = number[np.searchsorted(steps, np.floor_divide(read, self.step_s).astype(np.int64), "right") - 1]
        return np.asarray(found, dtype=np.int64)


def units_of(connection: duckdb.DuckDBPyConnection, before: Side, now: Side) -> Units:
    """Days that both sides have are luck that they share: then, and where there is no time, rows are dealt out."""
    if before.time is None or now.time is None:
        return _handfuls(before, now)
    for step in _STEPS_S:
        counted = [_by_step(connection, side, step) for side in (before, now)]
        if not all(counted):
            return _handfuls(before, now)
        if sum(map(len, counted)) >= _FEWEST or step == _STEPS_S[-1]:
            break
    shares = [{at: rows / sum(own.values()) for at, rows in own.items()} for own in counted]
    if sum(min(share, shares[1].get(at, 0.0)) for at, share in shares[0].items()) > _ALIKE:
        return _handfuls(before, now)
    if sum(map(len, counted)) < _FEWEST // 2:
        return _handfuls(before, now)
    return _stretches(counted, step)


def _by_step(connection: duckdb.DuckDBPyConnection, side: Side, step: int) -> dict[int, int]:
    rows = connection.execute(
        f"SELECT floor({side.time} / {step})::BIGINT AS step, count(*) FROM {side.relation} "
        f"WHERE {side.time} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return {int(at): int(number) for at, number in rows}


def _handfuls(before: Side, now: Side) -> Units:
    fewest = min(before.rows, now.rows)
    rates = tuple(min(1.0, _TIMES_AS_MANY * fewest / max(side.rows, 1)) for side in (before, now))
    looked = [round(side.rows * rate) for side, rate in zip((before, now), rates, strict=True)]
    handful = max(1, min(looked) // _HANDFULS)
    own = [max(1, number // handful) for number in looked]
    return Units(Sides(np.arange(sum(own)) >= own[0], in_time=False), (rates[0], rates[1]), handful=handful)


def _stretches(counted: list[dict[int, int]], step: int) -> Units:
    """Several steps at a time where there are too many; what is too thin joins the one before."""
    several = -(-sum(map(len, counted)) // _MOST)
    starts: list[tuple[int, int]] = []
    for side, own in enumerate(counted):
        starts += [(side, at) for place, at in enumerate(sorted(own)) if place % several == 0]
    starts.sort(key=lambda one: (one[1], one[0]))
    return Units(
        Sides(np.array([side == 1 for side, _ in starts]), in_time=True), (1.0, 1.0), step, starts=tuple(starts)
    )
