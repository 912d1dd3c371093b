"""What a day is expected to come to: by the days before it and the same weekday's, holidays and trends allowed for.

Medians and means of the middle half are used, so that a holiday, an outage or a step in the level, once past, moves
nothing for long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
WEEK = 7
_WEEKS, _LEVEL, _DRIFT, _SPREAD = 12, 14, 28, 84
FEWEST_DAYS = 35
_FREEDOM = 20.0  # what a spread told from the median of 84 is worth
_FREEDOM_OF_WEEKS = 15.0  # of 24 weeks that overlap
_MONTH = 28
_MAD = 1.4826
_YEAR = 365


@dataclass(frozen=True)
class Forecast:
    """By day. expected: as `values`; NaN where too little is known. spread: of one day about it.

    chance: of a day that far off, either way.
    """

    expected: Floats
    spread: Floats
    chance: Floats


def forecast(values: Floats, least_spread: Floats) -> Forecast:
    """Each day from those before it alone.

    values: by day, without gaps; on a scale where days differ by sums. least_spread: what counting alone does to each.
    """
    days = len(values)
    if days < FEWEST_DAYS:
        return _unknown(days)
    weekday = _weekday(values)
    even = values - weekday
    level = _before(even, _LEVEL, _middle)
    first = values - level - weekday
    lag = _before(first, _DRIFT, _middle)
    expected = level + weekday + np.nan_to_num(lag)
    rest = values - expected
    spread = np.maximum(_MAD * _before(np.abs(rest), _SPREAD, _median), least_spread * np.sqrt(1 + 1 / WEEK))
    score = np.abs(rest) / np.maximum(spread, 1e-9)
    chance = np.where(np.isnan(score), 1.0, 2 * stdtr(_FREEDOM, -np.nan_to_num(score)))
    chance[: FEWEST_DAYS - WEEK] = 1.0
    return Forecast(expected, spread, _holidays(rest, chance))


def weekly(values: Floats, least_spread: Floats) -> Forecast:
    """The last week up to each day against the four before it: what is too small for any one day.

    values, least_spread: as for `forecast`.
    """
    days = len(values)
    if days < _SPREAD:
        return _unknown(days)
    week, month = _mean(values, WEEK), _mean(_later(values, WEEK), _MONTH)
    apart = week - month
    apart[: WEEK + _MONTH] = np.nan
    counted = _mean(least_spread**2, WEEK) * (1 / WEEK + 1 / _MONTH)
    spread = np.maximum(_MAD * _before(np.abs(apart), 2 * _SPREAD, _median), np.sqrt(counted))
    score = np.abs(apart) / np.maximum(spread, 1e-9)
    chance = np.where(np.isnan(score), 1.0, 2 * stdtr(_FREEDOM_OF_WEEKS, -np.nan_to_num(score)))
    chance[:_SPREAD] = 1.0
    return Forecast(month, spread, chance)


def _later(values: Floats, days: int) -> Floats:
    return np.concatenate([np.zeros(days), values[:-days]])


def _unknown(days: int) -> Forecast:
    nothing = np.full(days, np.nan)
    return Forecast(nothing, nothing, np.ones(days))


def _mean(values: Floats, days: int) -> Floats:
    """Of each and those before it."""
    summed = np.cumsum(np.concatenate([np.zeros(days), values]))
    found: Floats = (summed[days:] - summed[:-days]) / days
    return found


def _weekday(values: Floats) -> Floats:
    """How far the same weekday was off its week before, as a rule; 0 where there were too few weeks to tell."""
    days = len(values)
    middle = np.full(days, np.nan)
    middle[3 : days - 3] = np.median(sliding_window_view(values, WEEK), axis=1)
    off = values - middle
    back = np.full((days, _WEEKS), np.nan)
    for week in range(1, min(_WEEKS, (days - 1) // WEEK) + 1):
        back[WEEK * week :, week - 1] = off[: days - WEEK * week]
    known = (~np.isnan(back)).sum(axis=1)
    found = np.zeros(days)
    enough = known >= 3
    found[enough] = _middle(back[enough])
    return found


def _middle(values: Floats) -> Floats:
    """The mean of the middle half of each row, NaN left out."""
    ordered = np.sort(values, axis=1)  # NaN last
    known = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
    place = np.arange(values.shape[1])
    cut = known // 4
    kept = (place >= cut) & (place < known - cut)
    found: Floats = np.where(kept, ordered, 0.0).sum(axis=1) / kept.sum(axis=1)
    return found


def _before(values: Floats, days: int, of: Callable[[Floats], Floats]) -> Floats:
    """Of the `days` before each, or of as many as there are, a week at least."""
    padded = np.concatenate([np.full(days, np.nan), values])
    windows = sliding_window_view(padded, days)[: len(values)]
    found = np.full(len(values), np.nan)
    enough = (~np.isnan(windows)).sum(axis=1) >= WEEK
    found[enough] = of(windows[enough])
    return found


def _median(values: Floats) -> Floats:
    found: Floats = np.nanmedian(values, axis=1)
    return found


def _holidays(rest: Floats, chance: Floats) -> Floats:
    """A day that was as far off, the same way, at the same time of last year is what happens on that day."""
    found = chance.copy()
    for day in np.flatnonzero(chance < 0.01):
        year_ago = rest[max(0, day - _YEAR - 1) : max(0, day - _YEAR + 2)]
        same = year_ago[np.sign(year_ago) == np.sign(rest[day])]
        if len(same) and np.nanmax(np.abs(same)) >= 0.5 * abs(rest[day]):
            found[day] = 1.0
    return found
