"""A smaller training set: which rows it takes with what chance, so that weighted it stands for all.

Sources: Horvitz & Thompson 1952 (weights of one over the chance); Langberg & Schulman 2010 (chances by how much a row
may matter); Katharopoulos & Fleuret 2018 (by the norm of its gradient).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.fit.column import CATEGORICAL, kind_of, texts
from balun.stocktake.coverage import hill_number
from balun.stocktake.stock import Floats, Ints, Stock

_PERIODS, _PARTS, _MOST_VALUES = 4, 4, 50
_EVEN, _STRATUM = 1 / 3, 1 / 3


@dataclass(frozen=True)
class Strata:
    """index: by training row. told: what they are made by, in words."""

    index: Ints
    told: str

    @property
    def count(self) -> int:
        return int(self.index.max(initial=-1)) + 1


def strata_of(stock: Stock) -> Strata:
    """Label by slice by time. The slice is the model's, or the input's, whose categories are the most diverse."""
    column = _slice(stock)
    parts = [_label(stock), _period(stock)]
    if column is not None:
        coded = texts(stock.rows[column]).dictionary_encode(null_encoding="encode").combine_chunks()
        parts.append(coded.indices.to_numpy().astype(np.int64)[stock.train])
    index = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)[1].ravel()
    told = " × ".join([stock.corpus.label, *([column] if column else []), "quarter of the time"])
    return Strata(index, told)


def _label(stock: Stock) -> Ints:
    assert stock.label is not None
    truth = stock.label.truth[stock.train]
    if stock.label.classes is not None:
        return truth.astype(np.int64)
    return np.searchsorted(np.quantile(truth, np.arange(1, _PARTS) / _PARTS), truth)


def _period(stock: Stock) -> Ints:
    times = stock.at_us[stock.train]
    return np.searchsorted(np.quantile(times, np.arange(1, _PERIODS) / _PERIODS), times)


def _slice(stock: Stock) -> str | None:
    asked = [name for name in stock.model_slices if kind_of(stock.rows[name].type) in CATEGORICAL]
    for names in (asked, stock.inputs):
        counts = {
            name: [pair["counts"] for pair in texts(stock.rows[name]).value_counts().to_pylist()]
            for name in names
            if kind_of(stock.rows[name].type) in CATEGORICAL
        }
        fitting = {name: hill_number(each) for name, each in counts.items() if 2 <= len(each) <= _MOST_VALUES}
        if fitting:
            return max(fitting, key=fitting.__getitem__)
    return None


def chances(gradient: Floats, strata: Ints, size: int) -> Floats:
    """Of each row, its chance to be taken; they add up to `size`, and none is over 1.

    A third is the same for all rows, which keeps weights bounded, a third by the gradient's norm, a third the same for
    all strata.

    >>> chances(np.array([1.0, 1.0, 1.0, 9.0]), np.array([0, 0, 0, 1]), 2).round(2).tolist()
    [0.33, 0.33, 0.33, 1.0]
    """
    rows = len(gradient)
    total = float(gradient.sum())
    steep = gradient / total if total > 0 else np.full(rows, 1 / rows)
    sizes = np.bincount(strata)
    level = 1 / np.count_nonzero(sizes) / sizes[strata]
    matter = _EVEN / rows + _STRATUM * level + (1 - _EVEN - _STRATUM) * steep
    return _filled(matter, size)


def _filled(matter: Floats, size: int) -> Floats:
    """In proportion, but what would be over 1 is 1, and the rest shares what is left."""
    order = np.sort(matter)[::-1]
    left = order.sum() - np.concatenate([[0.0], np.cumsum(order)[:-1]])
    places = size - np.arange(len(order))
    over = order * places >= left
    whole = int(np.argmin(over)) if not over.all() else len(order)
    if whole >= size or whole == len(order):
        return np.asarray(np.where(np.argsort(np.argsort(-matter, kind="stable")) < size, 1.0, 0.0))
    return np.minimum(matter * (size - whole) / max(float(left[whole]), 1e-300), 1.0)


def drawn(chance: Floats, order: Ints, luck: np.random.Generator) -> Ints:
    """Numbers of the rows taken, ascending: each with exactly its chance, and along `order` evenly.

    Systematic sampling with unequal chances (Madow 1949).
    """
    ends = np.cumsum(chance[order])
    points = luck.random() + np.arange(round(float(ends[-1])))
    at = np.searchsorted(ends, np.minimum(points, np.nextafter(ends[-1], 0)), "right")
    return np.sort(order[np.unique(at)])
