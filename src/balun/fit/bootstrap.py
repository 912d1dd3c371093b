"""Intervals by a bootstrap over blocks of time.

Rows of one day share its weather, its outage, its campaign: to draw them one by one makes intervals too short. Whole
stretches of time are drawn instead, as long as the errors remember.
Sources: Politis & Romano 1992 (circular blocks); Hesterberg 2015 (percentiles widened for few blocks).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from balun.fit.memory import Memory, memory_of

Floats = NDArray[np.float64]
Tally = Callable[[Floats], Floats]
_DAY_US = 86_400_000_000
_STEPS_US = (_DAY_US, *(hours * 3_600_000_000 for hours in (12, 6, 3, 1)), 900_000_000, 60_000_000, 1_000_000, 1_000, 1)
_FEWEST, _MOST = 10, 200
DRAWS = 1000
_TAIL = 0.025


@dataclass(frozen=True)
class Units:
    """Stretches of time that are drawn whole. index: by row, numbers in the order of time."""

    index: NDArray[np.int64]
    count: int

    def sums(self, values: Floats) -> Floats:
        """Of each unit; (rows,) gives (units,), (rows, columns) gives (units, columns)."""
        if values.ndim == 1:
            return np.bincount(self.index, weights=values, minlength=self.count).astype(float, copy=False)
        return np.stack([self.sums(column) for column in values.T], axis=1)

    def sizes(self) -> Floats:
        return np.bincount(self.index, minlength=self.count).astype(float)

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Units:
        """The same units, for some of the rows; one may be left without rows."""
        return Units(self.index[rows], self.count)


def units_of(at_us: NDArray[np.int64]) -> Units:
    """Days; of a test of fewer than 10 days parts of days, of one of more than 200 days several days at a time.

    >>> units_of(np.arange(30) * 86_400_000_000).count, units_of(np.arange(24) * 3_600_000_000).count
    (30, 24)
    """
    for step in _STEPS_US:
        index = np.unique(at_us // step, return_inverse=True)[1]
        if index.max() + 1 >= _FEWEST:
            break
    else:
        # All at a few instants: nothing tells of time, so rows are dealt out.
        index = np.arange(len(at_us)) % min(len(at_us), _MOST // 2)
    index = index // -(-int(index.max() + 1) // _MOST)
    return Units(index, int(index.max()) + 1)


def units_by(entity: NDArray[np.int64]) -> Units:
    """Whole entities in place of stretches of time, in 200 groups at most. entity: by row, a number.

    >>> units_by(np.array([7, 9, 7, 30])).index
    array([0, 1, 0, 2])
    """
    index = np.unique(entity, return_inverse=True)[1] % _MOST
    return Units(index, int(index.max()) + 1)


@dataclass(frozen=True)
class Draws:
    """weights: (draws, units), how often each unit is in each draw. memory: what the blocks were made by."""

    weights: Floats
    memory: Memory

    @property
    def once(self) -> Floats:
        """Each unit as it is: (1, units)."""
        return np.ones((1, self.weights.shape[1]))

    def interval(
        self, value: float, drawn: Floats, units: Units, bounds: tuple[float, float] = (-np.inf, np.inf)
    ) -> tuple[float, float]:
        """95 % about `value`, from its value in each draw. NaN where it has none in half of the draws.

        units: of the rows it is computed from; few make it wider. bounds: what it can't go beyond.
        """
        drawn = drawn[np.isfinite(drawn)]
        blocks = np.count_nonzero(units.sizes()) / self.memory.length
        if not np.isfinite(value) or len(drawn) < len(self.weights) / 2 or blocks < 2:
            return np.nan, np.nan
        tail = ndtr(stdtrit(blocks - 1, _TAIL) * np.sqrt(blocks / (blocks - 1)))
        middle = np.median(drawn)
        low, high = middle + (np.quantile(drawn, [tail, 1 - tail]) - middle) * self.memory.widen
        return max(min(float(low), value), bounds[0]), min(max(float(high), value), bounds[1])


def draws_of(units: Units, memory: Memory, seed: int, draws: int = DRAWS) -> Draws:
    """Blocks of units that follow one another, in a ring, drawn with replacement until all is filled."""
    chance = np.random.default_rng([seed, 1])
    starts = chance.integers(0, units.count, (draws, -(-units.count // memory.length)))
    picked = ((starts[:, :, None] + np.arange(memory.length)) % units.count).reshape(draws, -1)[:, : units.count]
    flat = picked + np.arange(draws)[:, None] * units.count
    counts = np.bincount(flat.ravel(), minlength=draws * units.count)
    return Draws(counts.reshape(draws, units.count).astype(float), memory)


def draws_for(tally: Tally, units: Units, seed: int, draws: int = DRAWS) -> Draws:
    """In blocks as long as what moves the metric lasts: by unit, the metric without it."""
    return draws_of(units, memory_of(tally(1 - np.eye(units.count))), seed, draws)


def interval_of(
    tally: Tally, units: Units, seed: int, bounds: tuple[float, float] = (-np.inf, np.inf)
) -> tuple[float, float, float]:
    """The value and its 95 %, from draws that suit its own memory."""
    draws = draws_for(tally, units, seed)
    value = float(tally(draws.once)[0])
    return (value, *draws.interval(value, tally(draws.weights), units, bounds))
