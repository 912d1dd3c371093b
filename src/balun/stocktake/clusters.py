"""How many independent examples rows amount to, where those of one entity or of one day are alike.

Sources: Kish 1965 (the design effect); Donner 1986 (the intraclass correlation by analysis of variance).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from balun.stocktake.stock import Floats, Ints, Stock

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Clusters:
    """Rows of one entity, or of one day. by: in words.

    alike: the intraclass correlation of the label, from 0 (no more alike than any two rows) to 1 (all the same).
    effect: by how much the variance of a mean over rows exceeds that over as many independent ones.
    effective: rows / effect.
    """

    by: str
    count: int
    alike: float
    effect: float
    effective: float


def clusters_of(stock: Stock) -> tuple[Clusters, ...]:
    """Of the training rows."""
    if stock.label is None or len(stock.train) < 2:
        return ()
    truth = stock.label.truth[stock.train]
    values = truth[:, None].astype(float)
    if stock.label.classes is not None:
        values = (truth[:, None] == np.arange(len(stock.label.classes))).astype(float)
    return tuple(_cluster(by, home, values) for by, home in _homes(stock))


def _homes(stock: Stock) -> Iterator[tuple[str, Ints]]:
    if stock.corpus.entity:
        yield ", ".join(stock.corpus.entity), stock.entity[stock.train]
    if stock.timed:
        yield "day", stock.at_us[stock.train] // _DAY_US


def _cluster(by: str, home: Ints, values: Floats) -> Clusters:
    index = np.unique(home, return_inverse=True)[1]
    sizes = np.bincount(index).astype(float)
    alike = intraclass(values, index)
    effect = max(1.0, 1 + (float((sizes**2).sum() / sizes.sum()) - 1) * alike)
    return Clusters(by, len(sizes), alike, effect, len(index) / effect)


def intraclass(values: Floats, index: Ints) -> float:
    """The share of the values' variance that lies between clusters; 0 where nothing can be told.

    values: (rows, columns), the columns told together. index: by row, the number of its cluster.

    >>> intraclass(np.array([[1.0], [1.0], [5.0], [5.0]]), np.array([0, 0, 1, 1]))
    1.0
    """
    sizes = np.bincount(index).astype(float)
    rows, count = len(index), len(sizes)
    if count < 2 or rows == count:
        return 0.0
    means = np.stack([np.bincount(index, weights=column) / sizes for column in values.T], axis=1)
    within = float(((values - means[index]) ** 2).sum()) / (rows - count)
    between = float((sizes[:, None] * (means - values.mean(axis=0)) ** 2).sum()) / (count - 1)
    usual = (rows - float((sizes**2).sum()) / rows) / (count - 1)
    spread = between + (usual - 1) * within
    return min(max((between - within) / spread, 0.0), 1.0) if spread > 0 else 0.0
