"""How an error falls with rows: a + b·n^−c.

Sources: Hestness et al. 2017 (that it does, over orders of magnitude); Viering & Loog 2022 (that it needn't).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.stocktake.stock import Floats

_POWERS = np.geomspace(0.05, 2.0, 400)


@dataclass(frozen=True)
class PowerLaw:
    """The error at n rows is a + b·n^−c; each (draws,). b is under 0 where rows did harm; c is within 0.05 and 2."""

    a: Floats
    b: Floats
    c: Floats

    def at(self, rows: float) -> Floats:
        return np.asarray(self.a + self.b * rows**-self.c)

    def fall(self, rows: float, to: float) -> Floats:
        """By how much the error is lower at `to` rows than at `rows`."""
        return np.asarray(self.b * (rows**-self.c - to**-self.c))


def fitted_law(rows: Floats, error: Floats, weights: Floats, least: float = -np.inf) -> PowerLaw:
    """By least squares: for each c of a fine grid a and b follow, and the best is taken.

    rows: (sizes,). error: (draws, sizes). weights: (sizes,). least: what `a` can't be under.

    >>> rows = np.array([100.0, 200.0, 400.0, 800.0])
    >>> law = fitted_law(rows, 0.1 + 3 / np.sqrt(rows)[None], np.ones(4))
    >>> [round(float(one[0]), 1) for one in (law.a, law.b, law.c)]
    [0.1, 3.0, 0.5]
    """
    share, scale = weights / weights.sum(), float(rows.max())
    tried = [_at_power(power, rows / scale, error, share, least) for power in _POWERS]
    rest = np.stack([one[2] for one in tried])
    best = rest.argmin(axis=0)
    a, b = (np.stack([one[part] for one in tried])[best, np.arange(len(error))] for part in (0, 1))
    return PowerLaw(a, b * scale ** _POWERS[best], _POWERS[best])


def _at_power(power: float, rows: Floats, error: Floats, share: Floats, least: float) -> tuple[Floats, Floats, Floats]:
    """a, b and the sum of squares that is left, each (draws,)."""
    x = rows**-power
    middle, mean = share @ x, error @ share
    b = ((error - mean[:, None]) @ (share * (x - middle))) / (share @ (x - middle) ** 2)
    a = mean - b * middle
    low = a < least
    if low.any():
        forced = (error - least) @ (share * x) / (share @ x**2)
        a, b = np.where(low, least, a), np.where(low, forced, b)
    return a, b, ((error - a[:, None] - b[:, None] * x) ** 2) @ share
