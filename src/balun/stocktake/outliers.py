"""Labels that are numbers, and lie far from what the model says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.stocktake.folds import OutOfFold
from balun.stocktake.noise import MOST_SUSPECTS, Suspect
from balun.stocktake.stock import Floats, Stock

BOUND = 6.0


@dataclass(frozen=True)
class Outliers:
    """beyond: rows whose residual, out of fold, is over six robust deviations from its median.

    deviation: 1.4826 times the median distance from the median, in the label's unit: of a normal distribution its
    standard deviation. suspects: the farthest first.
    """

    beyond: int
    deviation: float
    suspects: tuple[Suspect, ...]
    rows: int
    fitted_rows: int


def outliers_of(stock: Stock, folds: OutOfFold) -> Outliers:
    assert stock.label is not None
    residual = stock.label.truth[stock.train] - folds.best.score
    middle, deviation = robust(residual)
    far = np.abs(residual - middle) / deviation if deviation > 0 else np.zeros(len(residual))
    order = np.argsort(-far, kind="stable")
    beyond = int((far > BOUND).sum())
    told = order[: min(beyond, MOST_SUSPECTS)]
    suspects = tuple(_suspect(stock, folds, int(at), float(far[at])) for at in told)
    return Outliers(beyond, deviation, suspects, len(residual), folds.fitted_rows)


def robust(values: Floats) -> tuple[float, float]:
    """Median, and deviation by the median distance from it; where over half are equal, by the mean distance.

    >>> robust(np.array([1.0, 2.0, 3.0, 4.0, 900.0]))
    (3.0, 1.4826)
    """
    middle = float(np.median(values))
    away = np.abs(values - middle)
    return middle, 1.4826 * float(np.median(away)) or 1.2533 * float(away.mean())


def _suspect(stock: Stock, folds: OutOfFold, at: int, far: float) -> Suspect:
    row = int(stock.train[at])
    return Suspect(row, stock.key_of(row), stock.label_word(row), f"{folds.best.score[at]:.4g}", far)
