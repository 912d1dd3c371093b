"""How long errors remember: what the length of a bootstrap's blocks, and the width of its intervals, hang on.

Sources: Politis & White 2004 with Patton's correction of 2009 (the length of circular blocks); Andrews & Monahan 1992
(prewhitening by an autoregression); Shaman & Stine 1988 (the bias of its coefficients).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FEWEST_BLOCKS = 10
_ORDER, _VALUES_A_SHARE, _LONGEST = 3, 15, 0.95


@dataclass(frozen=True)
class Memory:
    """length: units a block. widen: by how much the spread of draws of such blocks falls short; 1 at least."""

    length: int = 1
    widen: float = 1.0


def memory_of(series: Floats) -> Memory:
    """Of a value by unit of time, in its order. Where a unit has none it is NaN.

    A block is as long as the memory, and a tenth of the series at most. Blocks that are too short for a long memory
    are made up for: intervals are widened to the spread of an autoregression.

    >>> memory_of(np.sin(np.arange(60) / 8)).length
    6
    >>> memory_of(np.tile([1.0, -1.0], 30)).widen
    1.0
    """
    there = series[np.isfinite(series)]
    if len(there) < 3 or np.ptp(there) <= 1e-12 * np.abs(there).max():
        return Memory()
    spread = np.nan_to_num(series - there.mean())
    count = len(spread)
    longest = max(1, count // _FEWEST_BLOCKS)
    lags = min(count - 1, max(int(np.ceil(np.sqrt(count))) + 5, longest))
    covariance = np.array([spread[lag:] @ spread[: count - lag] for lag in range(lags + 1)]) / count
    length = int(np.clip(np.ceil(_politis_white(covariance, count)), 1, longest))
    return Memory(length, _widen(covariance, count, length))


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


def _widen(covariance: Floats, count: int, length: int) -> float:
    """The spread of a mean under an autoregression over that under blocks."""
    lag = np.arange(1, length)
    blocks = covariance[0] + 2 * (1 - lag / length) @ covariance[1:length]
    return float(np.sqrt(max(1.0, _autoregression(covariance, count) / max(blocks, 1e-12 * covariance[0]))))


def _autoregression(covariance: Floats, count: int) -> float:
    """The variance of the mean, times `count`, where a value hangs on three before it; in a short series on fewer."""
    order = int(np.clip(count // _VALUES_A_SHARE, 1, min(_ORDER, len(covariance) - 1)))
    apart = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    shares = np.linalg.lstsq(covariance[apart], covariance[1 : order + 1])[0]
    kept = float(shares.sum())
    # Estimates fall short of the truth, the more so the fewer and the closer to 1.
    kept = min(max(kept + (1 + (2 + order) * kept) * (1 + order) / 2 / count, -_LONGEST), _LONGEST)
    return float(max(covariance[0] - shares @ covariance[1 : order + 1], 0.0) / (1 - kept) ** 2)
