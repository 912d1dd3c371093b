"""Training rows drawn again: what a fit would have been had other rows come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import units_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_PAIRS = 10


def refit_rows(at_us: Ints, seed: int, r: int) -> Ints:
    """Row numbers of training set `r`, ascending: 0 is all, 1 and 2 are the halves of one cut, 3 and 4 of the next.

    Two halves share no row, so that how far apart two fits fall tells how far a fit on new rows would. Rows are cut by
    stretches of time of about as many rows, twenty at most: of every two that follow one another a coin gives one to
    each half, so that both halves see all seasons, and rows of one day, which share its luck, stay together.

    >>> at = np.arange(6) * 86_400_000_000
    >>> refit_rows(at, 0, 0), refit_rows(at, 0, 1), refit_rows(at, 0, 2)
    (array([0, 1, 2, 3, 4, 5]), array([1, 3, 5]), array([0, 2, 4]))
    """
    if r == 0:
        return np.arange(len(at_us))
    cut, half = divmod(r - 1, 2)
    units = units_of(at_us)
    stretches = max(2, min(2 * _PAIRS, units.count - units.count % 2))
    sizes = units.sizes()
    middle = np.cumsum(sizes) - sizes / 2
    stretch = (middle * stretches / len(at_us)).astype(np.int64)[units.index]
    coins = np.random.default_rng([seed, 3, cut]).integers(0, 2, stretches // 2)
    return np.flatnonzero((stretch + coins[stretch // 2]) % 2 == half)


def drawn_rows(count: int, share: float, seed: int) -> Bools:
    """Which of `count` rows are among a share of them, drawn one by one: the same rows for the same seed.

    >>> drawn_rows(1000, 0.25, seed=0).sum(), drawn_rows(3, 1.0, seed=0)
    (np.int64(250), array([ True,  True,  True]))
    """
    lots = np.random.default_rng([seed, 4]).permutation(count)
    return lots < round(count * share)
