"""Intervals by a bootstrap over blocks of time.

Rows of one day share its weather, its outage, its campaign: to draw them one by one makes intervals too short. Whole
stretches of time are drawn instead, as long as the errors remember.
Sources: Politis & Romano 1992 (circular blocks); Politis & White 2004 with Patton's correction of 2009 (their length);
Hesterberg 2015 (percentiles widened for few blocks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

Floats = NDArray[np.float64]
_DAY_US = 86_400_000_000
_STEPS_US = (_DAY_US, *(hours * 3_600_000_000 for hours in (12, 6, 3, 1)), 900_000_000, 60_000_000, 1_000_000, 1_000, 1)
_FEWEST, _MOST = 10, 200
DRAWS = 1000
_TAIL = 0.025


@dataclass(frozen=True)
class Units:
    """Stretches of time that are drawn whole. index: by row, in the order of time; each unit has rows."""

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


def block_length(loss: Floats, units: Units) -> int:
    """How many units a block needs so that blocks are as good as independent; a tenth of the units at most.

    loss: of each row; its mean by unit is the series whose memory counts.

    >>> steady = np.repeat(np.sin(np.arange(60) / 8), 5)
    >>> block_length(steady, Units(np.repeat(np.arange(60), 5), 60)) > 1
    True
    """
    series = units.sums(loss) / units.sizes()
    most = max(1, units.count // _FEWEST)
    spread = series - series.mean()
    variance = float(spread @ spread) / len(series)
    if most == 1 or variance <= 0:
        return 1
    lags = min(len(series) - 1, int(np.ceil(np.sqrt(len(series)))) + 5)
    covariance = np.array([spread[lag:] @ spread[: len(spread) - lag] for lag in range(lags + 1)]) / len(series)
    best = _politis_white(covariance, len(series))
    return int(np.clip(np.ceil(best), 1, most))


def _politis_white(covariance: Floats, count: int) -> float:
    """The length of a circular block with the least error. covariance: by lag, from 0."""
    bound = 2 * np.sqrt(np.log10(count) / count)
    small = np.abs(covariance[1:] / covariance[0]) < bound
    run = max(5, int(np.sqrt(np.log10(count))))
    quiet = [lag for lag in range(len(small)) if small[lag : lag + run].all()]
    last = quiet[0] if quiet else len(small)
    reach = min(2 * max(last, 1), len(covariance) - 1)
    lag = np.arange(1, reach + 1)
    window = np.clip(2 * (1 - lag / reach), 0, 1)
    spectrum = covariance[0] + 2 * window @ covariance[1 : reach + 1]
    slope = 2 * window @ (lag * covariance[1 : reach + 1])
    if spectrum <= 0:
        return 1.0
    return float((1.5 * slope**2 / spectrum**2) ** (1 / 3) * count ** (1 / 3))


@dataclass(frozen=True)
class Draws:
    """weights: (draws, units), how often each unit is in each draw. length: units a block."""

    weights: Floats
    length: int

    @property
    def once(self) -> Floats:
        """Each unit as it is: (1, units)."""
        return np.ones((1, self.weights.shape[1]))

    def interval(self, value: float, drawn: Floats, units: Units) -> tuple[float, float]:
        """95 % about `value`, from its value in each draw. NaN where it has none in half of the draws.

        units: of the rows it is computed from; few make it wider.
        """
        drawn = drawn[np.isfinite(drawn)]
        blocks = np.count_nonzero(units.sizes()) / self.length
        if not np.isfinite(value) or len(drawn) < len(self.weights) / 2 or blocks < 2:
            return np.nan, np.nan
        tail = ndtr(stdtrit(blocks - 1, _TAIL) * np.sqrt(blocks / (blocks - 1)))
        low, high = np.quantile(drawn, [tail, 1 - tail])
        return min(float(low), value), max(float(high), value)


def draws_of(units: Units, length: int, seed: int, draws: int = DRAWS) -> Draws:
    """Blocks of `length` units that follow one another, in a ring, drawn with replacement until all is filled."""
    chance = np.random.default_rng([seed, 1])
    starts = chance.integers(0, units.count, (draws, -(-units.count // length)))
    picked = ((starts[:, :, None] + np.arange(length)) % units.count).reshape(draws, -1)[:, : units.count]
    flat = picked + np.arange(draws)[:, None] * units.count
    counts = np.bincount(flat.ravel(), minlength=draws * units.count)
    return Draws(counts.reshape(draws, units.count).astype(float), length)
