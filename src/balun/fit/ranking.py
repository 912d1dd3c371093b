"""Metrics of rank, for many weightings of time at once, without sorting again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Floats, Tally, Units

_GROUPS = 1024


def roc_auc(truth: NDArray[np.bool_], score: Floats, units: Units) -> Tally:
    """The chance that a positive scores above a negative, ties half.

    With weights w by unit it is w'Aw ÷ (w'p · w'n), where A[b, c] counts the pairs of a positive of unit b over a
    negative of unit c: one pass, and each draw costs units² however many rows there are.
    """
    rank = np.unique(score, return_inverse=True)[1]
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    order = positives[np.argsort(rank[positives], kind="stable")]
    needles, home = rank[order], units.index[order]
    pairs = np.zeros((units.count, units.count))
    for unit, others in _by_unit(negatives, units):
        below = np.sort(rank[others])
        beaten = np.searchsorted(below, needles, "left") + np.searchsorted(below, needles, "right")
        pairs[:, unit] = np.bincount(home, weights=beaten / 2, minlength=units.count)
    own = np.bincount(units.index[positives], minlength=units.count).astype(float)
    other = np.bincount(units.index[negatives], minlength=units.count).astype(float)

    def tally(weights: Floats) -> Floats:
        return ratio(((weights @ pairs) * weights).sum(axis=1), (weights @ own) * (weights @ other))

    return tally


def _by_unit(rows: NDArray[np.int64], units: Units) -> list[tuple[int, NDArray[np.int64]]]:
    home = units.index[rows]
    order = np.argsort(home, kind="stable")
    found, starts = np.unique(home[order], return_index=True)
    # Without rows there are no units, and yet one part.
    return list(zip(found.tolist(), np.split(rows[order], starts[1:]), strict=False))


def average_precision(truth: NDArray[np.bool_], score: Floats, units: Units) -> Tally:
    """Precision, averaged over recall, as scikit-learn has it.

    Beyond 1,024 distinct scores the draws see groups of neighbouring scores, moved so that the value itself is exact.
    """
    group = np.unique(-score, return_inverse=True)[1]
    count = int(group.max()) + 1
    if count <= _GROUPS:
        return _precision(truth, group, count, units)
    exact = _precision(truth, group, count, Units(np.zeros(len(group), dtype=np.int64), 1))(np.ones((1, 1)))
    rank = np.empty(len(group), dtype=np.int64)
    rank[np.argsort(group, kind="stable")] = np.arange(len(group))
    # Neighbours go together, and rows of one score are never parted.
    first = np.full(count, len(group), dtype=np.int64)
    np.minimum.at(first, group, rank)
    coarse = _precision(truth, first[group] * _GROUPS // len(group), _GROUPS, units)
    moved = exact - coarse(np.ones((1, units.count)))
    return lambda weights: coarse(weights) + moved


def _precision(truth: NDArray[np.bool_], group: NDArray[np.int64], count: int, units: Units) -> Tally:
    cell = units.index * count + group
    shape = (units.count, count)
    hit = np.bincount(cell[truth], minlength=units.count * count).reshape(shape).astype(float)
    every = np.bincount(cell, minlength=units.count * count).reshape(shape).astype(float)

    def tally(weights: Floats) -> Floats:
        hits = weights @ hit
        found, seen = np.cumsum(hits, axis=1), np.cumsum(weights @ every, axis=1)
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        return ratio((hits * precision).sum(axis=1), found[:, -1])

    return tally


def mean_tally(values: Floats, units: Units) -> Tally:
    """The mean of a value of each row."""
    sums, sizes = units.sums(values), units.sizes()
    return lambda weights: ratio(weights @ sums, weights @ sizes)


def ratio(upper: Floats, lower: Floats) -> Floats:
    """NaN where `lower` is 0."""
    return np.divide(upper, lower, out=np.full_like(upper, np.nan), where=lower != 0)
