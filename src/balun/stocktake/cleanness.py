"""How clean the rows are of what is told twice: in training, and from training to the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.stocktake.stock import Bools, Floats, Ints, Stock
from balun.stocktake.twins import Twins, twins_of


@dataclass(frozen=True)
class Cleanness:
    """events_again: rows of the same entity and time as an earlier one; None where the corpus names no entity.

    Of the training rows: repeats: rows whose inputs are those of an earlier one; near: further rows with inputs close
    to another's. conflicts: rows among them that a twin of another label contradicts.
    Of the test rows: test_repeats: inputs are those of a training row; test_near: close to those of one.
    seen: of their entities, rows whose entity training has too; None where the corpus names no entity.
    """

    events_again: int | None
    events_conflicts: int | None
    rows: int
    repeats: int
    repeat_conflicts: int
    near: int
    near_conflicts: int
    test_rows: int
    test_repeats: int
    test_near: int
    seen: int | None


def cleanness_of(stock: Stock, seed: int) -> Cleanness | None:
    """None where there is no input to compare rows by."""
    if not stock.inputs or not stock.rows.num_rows:
        return None
    twins = twins_of(stock.rows, stock.inputs, stock.at_us, seed)
    trained = _counts(twins, stock.train) > 0
    close = _beside(twins, trained)
    again, torn = _events(stock)
    mine, theirs = twins.group[stock.train], twins.group[stock.test]
    apart, close_apart = _contradicted(stock, twins)
    known = np.isin(stock.entity[stock.test], stock.entity[stock.train])
    lonely = _counts(twins, stock.train)[mine] == 1
    return Cleanness(
        events_again=again,
        events_conflicts=torn,
        rows=len(mine),
        repeats=len(mine) - int(trained.sum()),
        repeat_conflicts=int(apart[mine].sum()),
        near=int((close[mine] & lonely).sum()),
        near_conflicts=int((close_apart[mine] & lonely).sum()),
        test_rows=len(theirs),
        test_repeats=int(trained[theirs].sum()),
        test_near=int((close[theirs] & ~trained[theirs]).sum()),
        seen=int(known.sum()) if stock.corpus.entity else None,
    )


def _counts(twins: Twins, rows: Ints) -> Ints:
    return np.bincount(twins.group[rows], minlength=twins.count)


def _beside(twins: Twins, those: Bools) -> Bools:
    """By group, whether one of those is close to it."""
    found = np.zeros(twins.count, dtype=bool)
    one, other = twins.near.T
    found[one[those[other]]] = True
    found[other[those[one]]] = True
    return found


def _contradicted(stock: Stock, twins: Twins) -> tuple[Bools, Bools]:
    """By group, whether training rows of it differ in their label, and whether those of a close group do from them."""
    apart, close = np.zeros(twins.count, dtype=bool), np.zeros(twins.count, dtype=bool)
    if stock.label is None or not len(stock.train):
        return apart, close
    low, high = np.full(twins.count, np.inf), np.full(twins.count, -np.inf)
    truth, home = stock.label.truth[stock.train].astype(float), twins.group[stock.train]
    np.minimum.at(low, home, truth)
    np.maximum.at(high, home, truth)
    least = 0.0 if stock.label.classes is not None else float(truth.std())
    apart = _far(low, high, least)
    one, other = twins.near[(np.isfinite(low[twins.near])).all(axis=1)].T
    torn = _far(np.minimum(low[one], low[other]), np.maximum(high[one], high[other]), least)
    close[one[torn]] = True
    close[other[torn]] = True
    return apart, close


def _far(low: Floats, high: Floats, least: float) -> Bools:
    """Classes differ at all; values by more than their deviation. A group without training rows doesn't."""
    return np.asarray(high > low + least)


def _events(stock: Stock) -> tuple[int | None, int | None]:
    """Rows of an entity at a time that it had a row at before, and rows whose label another of them contradicts."""
    if not stock.corpus.entity or not stock.timed:
        return None, None
    home = np.unique(np.stack([stock.entity, stock.at_us], axis=1), axis=0, return_inverse=True)[1].ravel()
    again = len(home) - int(home.max(initial=-1) + 1)
    if stock.label is None:
        return again, 0
    twins = Twins(home, np.empty((0, 2), dtype=np.int64))
    return again, int(_contradicted(stock, twins)[0][home[stock.train]].sum())
