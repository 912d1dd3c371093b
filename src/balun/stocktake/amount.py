"""How much there is: rows and what part they are of, time, entities, labels, nulls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from balun.fit.labelled import time_of
from balun.stocktake.stock import Ints, Stock

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Balance:
    """A class, its training rows, and its share of training and of the test; NaN of a part without rows."""

    value: str
    rows: int
    share: float
    test_share: float


@dataclass(frozen=True)
class Quantile:
    """Of a label that is a number: the value under which `share` of training lies."""

    share: float
    value: float


@dataclass(frozen=True)
class Nulls:
    """The share of rows in which an input is null, of training and of the test; NaN of a part without rows."""

    input: str
    share: float
    test_share: float


@dataclass(frozen=True)
class Amount:
    """unlabelled: rows without a label, in no part. embargoed: before the test, their label not known by then.

    first, last: of the examples' times; None where they have none.
    entities: whom the rows are about; median_rows, most_rows: of an entity. top_share: rows of the largest hundredth
    of the entities, of fewer than 200 the largest.
    balance: the largest class first; quantiles: of a label that is a number. nulls: the emptiest input first.
    """

    rows: int
    unlabelled: int
    training: int
    embargoed: int
    test: int
    first: datetime | None
    last: datetime | None
    entity: tuple[str, ...]
    entities: int
    median_rows: float
    most_rows: int
    top_share: float
    label: str
    balance: tuple[Balance, ...]
    quantiles: tuple[Quantile, ...]
    inputs: int
    nulls: tuple[Nulls, ...]


def amount_of(stock: Stock) -> Amount:
    sizes = np.sort(np.unique(stock.entity, return_counts=True)[1])[::-1] if len(stock.entity) else np.zeros(1, int)
    top = sizes[: max(1, len(sizes) // 100)]
    timed = stock.timed and len(stock.at_us) > 0
    return Amount(
        rows=stock.every,
        unlabelled=stock.unlabelled,
        training=len(stock.train),
        embargoed=int(stock.split.embargoed.sum()),
        test=len(stock.test),
        first=time_of(stock.at_us.min()) if timed else None,
        last=time_of(stock.at_us.max()) if timed else None,
        entity=stock.corpus.entity,
        entities=len(sizes),
        median_rows=float(np.median(sizes)),
        most_rows=int(sizes[0]),
        top_share=float(top.sum() / max(sizes.sum(), 1)),
        label=stock.corpus.label,
        balance=_balance(stock),
        quantiles=_quantiles(stock),
        inputs=len(stock.inputs),
        nulls=_nulls(stock),
    )


def _balance(stock: Stock) -> tuple[Balance, ...]:
    if stock.label is None or stock.label.classes is None:
        return ()
    classes = stock.label.classes
    train, test = (
        np.bincount(stock.label.truth[rows].astype(np.int64), minlength=len(classes))
        for rows in (stock.train, stock.test)
    )
    shares, test_shares = train / _whole(train), test / _whole(test)
    found = [
        Balance(str(name), int(train[at]), float(shares[at]), float(test_shares[at])) for at, name in enumerate(classes)
    ]
    return tuple(sorted(found, key=lambda one: -one.rows))


def _whole(counts: Ints) -> float:
    return float(counts.sum()) or np.nan


def _quantiles(stock: Stock) -> tuple[Quantile, ...]:
    if stock.label is None or stock.label.classes is not None or not len(stock.train):
        return ()
    values = np.quantile(stock.label.truth[stock.train], _QUANTILES)
    return tuple(Quantile(share, float(value)) for share, value in zip(_QUANTILES, values, strict=True))


def _nulls(stock: Stock) -> tuple[Nulls, ...]:
    found = []
    for name in stock.inputs:
        gone = stock.rows[name].is_null(nan_is_null=True).to_numpy()
        shares = [float(gone[rows].mean()) if len(rows) else np.nan for rows in (stock.train, stock.test)]
        found.append(Nulls(name, *shares))
    return tuple(sorted(found, key=lambda one: -np.nan_to_num(one.share)))
