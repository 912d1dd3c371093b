"""One test of everything that two sides could differ in, with one chance of a false alarm for all of it.

Rows come in units: stretches of time, or where both sides are of the same time, handfuls of rows. Were the two sides
of one kind, it would be chance alone that says which side a unit is on; so sides are dealt out again and again, and the
largest score of all columns at once says what chance can do.
Sources: Westfall & Young 1993 (the largest of many, by permutation); Newey & West 1987 (variance of what remembers);
Lazarus, Lewis, Stock & Watson 2018 (how far back to look, and what that costs); Anscombe 1948 (arcsines of shares).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_DRAWS = 1000
_AT_A_TIME = 250
_ENOUGH_WAYS = 4  # 10,000
_SHIFT = 3 / 8
_BLOCKS_OF_MEMORY = 1.3


@dataclass(frozen=True)
class Counted:
    """What one aspect of a column comes to, by unit.

    hits: (units, contrasts), parts of `of`. of: (units,), the rows they are parts of.
    counts: hits are numbers of rows, of which few are skewed; else they are sums of scores.
    variance: of the score of a row, by contrast, where they are scores.
    family: those of one are held against each other, and share its part of the chance of a false alarm: where few
    things can go wrong, little has to be overcome.
    """

    column: str
    aspect: str
    hits: Floats
    of: Floats
    counts: bool = True
    family: str = ""
    variance: Floats | None = None

    @property
    def row_variance(self) -> Floats:
        """What drawing one row alone does to a contrast."""
        if self.variance is not None:
            return self.variance
        share: Floats = self.hits.sum(axis=0) / max(self.of.sum(), 1.0)
        return share * (1 - share)


@dataclass(frozen=True)
class Sides:
    """now: by unit, whether it is of the current rows. in_time: units follow one another, side by side."""

    now: Bools
    in_time: bool

    @property
    def ways(self) -> float:
        """In how many ways sides could be dealt out, as the logarithm to base 10."""
        units, own = len(self.now), int(self.now.sum())
        return float(np.log10(np.arange(units - own + 1, units + 1)).sum() - np.log10(np.arange(1, own + 1)).sum())


def chances(counted: Sequence[Counted], sides: Sides, level: float, seed: int = 0) -> list[Floats]:
    """For each contrast of each aspect, how likely chance alone would make any of all stand out as much.

    level: below which it will be called an alarm; decides how often sides are dealt out.
    """
    if not counted or not 0 < sides.now.sum() < len(sides.now):
        return [np.ones(one.hits.shape[1]) for one in counted]
    families = sorted({one.family for one in counted})
    dealt = _dealt(sides.now, max(_DRAWS, int(np.ceil(4 * len(families) / level))), seed)
    highest = {family: np.zeros(len(dealt)) for family in families}
    seen = []
    for one in counted:
        own, drawn = _scores(_of_one_size(one, sides.now) if sides.in_time else one, sides.now, dealt)
        highest[one.family] = np.maximum(highest[one.family], drawn)
        seen.append(own)
    ranked = {family: np.sort(drawn) for family, drawn in highest.items()}
    found = [
        np.minimum(1.0, len(families) * _share_as_high(own, ranked[one.family]))
        for one, own in zip(counted, seen, strict=True)
    ]
    if not sides.in_time:
        return found
    tries = sum(one.hits.shape[1] for one in counted)
    return [
        np.maximum(_of_few(chance, sides, own, ranked[one.family][-1]), _in_time(one, sides, tries))
        for chance, one, own in zip(found, counted, seen, strict=True)
    ]


def _share_as_high(own: Floats, ranked: Floats) -> Floats:
    """How often chance comes as high, itself counted in."""
    share: Floats = (1 + len(ranked) - np.searchsorted(ranked, own - 1e-9)) / (1 + len(ranked))
    return share


def _of_few(chance: Floats, sides: Sides, own: Floats, highest: float) -> Floats:
    """Where there are hardly any ways to deal sides out, only that it is the most of all can be asked."""
    if sides.ways >= _ENOUGH_WAYS:
        return chance
    return np.where(own >= highest - 1e-9, 0.0, chance)


def _dealt(now: Bools, draws: int, seed: int) -> Floats:
    chance = np.random.default_rng([seed, 7])
    return chance.permuted(np.tile(now.astype(float), (draws, 1)), axis=1)


def _scores(one: Counted, now: Bools, dealt: Floats) -> tuple[Floats, Floats]:
    """The score of each contrast of an aspect as it is, and the largest in each draw."""
    share = one.hits.sum(axis=0) / max(one.of.sum(), 1.0)
    turned = one.counts & (share > 0.5)
    hits = np.where(turned, one.of[:, None] - one.hits, one.hits) if one.counts else one.hits
    share = np.where(turned, 1 - share, share)
    live = np.ptp(hits - one.of[:, None] * share, axis=0) > 1e-9
    own = np.zeros(len(share))
    if not live.any():
        return own, np.zeros(len(dealt))
    score = _Score(hits[:, live], one.of, share[live], now, counts=one.counts)
    own[live] = score.each(now.astype(float)[None])[0]
    parts = [score.each(dealt[at : at + _AT_A_TIME]).max(axis=1) for at in range(0, len(dealt), _AT_A_TIME)]
    return own, np.concatenate(parts)


class _Score:
    """Of shares on the scale of arcsines, on which few rows aren't skewed; of ranks as they are."""

    def __init__(self, hits: Floats, of: Floats, share: Floats, now: Bools, *, counts: bool) -> None:
        units, own = len(of), int(now.sum())
        self.rest, self.of, self.share, self.counts = hits - of[:, None] * share, of, share, counts
        self.total = share * of.sum()
        apart = own * (units - own) / units
        variance = (self.rest**2).sum(axis=0) / (units - 1) * apart
        dealt = self.total * apart / units
        least = 0.5 * dealt * (1 - share) if counts else 1e-12
        spread = np.sqrt(np.maximum(variance, np.maximum(least, 1e-12)))
        self.scale = np.sqrt(self.total * dealt) / spread if counts else 1 / spread

    def each(self, sides: Floats) -> Floats:
        """(draws, contrasts), of sides as 0 and 1: (draws, units)."""
        gained = sides @ self.rest
        if self.counts:
            expected = (sides @ self.of)[:, None] * self.share
            gained = 2 * (self._angle(gained + expected) - self._angle(expected))
        found: Floats = np.abs(gained * self.scale)
        return found

    def _angle(self, rows: Floats) -> Floats:
        share = (rows + _SHIFT) / (self.total + 2 * _SHIFT)
        angle: Floats = np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
        return angle


# -- of sides that follow one another


def _in_time(one: Counted, sides: Sides, tries: int) -> Floats:
    """The same question where what moves a unit lasts, and where the units of one side are larger.

    The variance of the difference is that of the units' luck, by how long it lasts, and that of drawing so many rows.
    """
    now = sides.now
    units, rest, apart, by_rows, per_unit = len(now), np.zeros_like(one.hits), 0.0, 0.0, 0.0
    difference = np.zeros(one.hits.shape[1])
    for side, sign in ((now, 1.0), (~now, -1.0)):
        count, rows = int(side.sum()), max(float(one.of[side].sum()), 1.0)
        mean = one.hits[side].sum(axis=0) / rows
        difference += sign * mean
        rest[side] = (one.hits[side] - one.of[side, None] * mean) * count / rows
        apart += 1 / count
        by_rows += 1 / rows
        per_unit += count**2 / rows / units
    variance = (rest**2).sum(axis=0) / max(units - 2, 1)
    luck = np.maximum(variance - one.row_variance * per_unit, 0.0)
    lags = max(1, int(_BLOCKS_OF_MEMORY * np.sqrt(units)))
    lasting, freedom = _lasting(rest, now, lags), max(units - 2.0, 1.0)
    if _side_by_side(now):
        freedom = max(1.0, min(freedom, 1.5 * units / lags))
    spread = (luck + variance * (lasting - 1)) * apart + one.row_variance * by_rows
    score = np.abs(difference) / np.sqrt(np.maximum(spread, 1e-12))
    found: Floats = np.minimum(1.0, 2 * stdtr(freedom, -score) * tries)
    return found


def _of_one_size(one: Counted, now: Bools) -> Counted:
    """Units of the two sides made as large, so that they can be dealt out."""
    mean = one.of.mean()
    scale = np.where(now, mean / max(one.of[now].mean(), 1e-9), mean / max(one.of[~now].mean(), 1e-9))
    return replace(one, hits=one.hits * scale[:, None], of=one.of * scale)


def _weights(now: Bools) -> Floats:
    weights: Floats = np.where(now, 1 / now.sum(), -1 / (~now).sum())
    return weights


def _side_by_side(now: Bools) -> bool:
    weights = _weights(now)
    return bool(weights[1:] @ weights[:-1] > 0.3 * weights @ weights)


def _lasting(rest: Floats, now: Bools, lags: int) -> Floats:
    """By how much the variance of the difference exceeds that of units that forget."""
    weights = _weights(now)
    own = (rest**2).sum(axis=0)
    total = np.ones(rest.shape[1])
    for lag in range(1, min(lags, len(now) - 1) + 1):
        alike = (rest[lag:] * rest[:-lag]).sum(axis=0) / np.maximum(own, 1e-12)
        sides = weights[lag:] @ weights[:-lag] / (weights @ weights)
        total += 2 * (1 - lag / (lags + 1)) * alike * sides
    lasting: Floats = np.maximum(total, 1.0)
    return lasting
