"""What the model says of each training row when it was fitted without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from balun.fit.metric import Guess
from balun.stocktake.stock import Floats, Ints, Stock
from balun.stocktake.trained import asked, trained

FOLDS = 4
_STRETCHES = 5 * FOLDS


@dataclass(frozen=True)
class OutOfFold:
    """By training row, in the stock's order. fitted_rows: how many a fold was fitted on, at most."""

    best: Guess
    loss: Floats
    fitted_rows: int


def out_of_fold(stock: Stock, limit: int, seed: int, say: Callable[[str], None]) -> OutOfFold:
    """Four folds, each of five stretches of time, so that no row is judged by its own day's neighbours.

    limit: rows to fit on at most; more are thinned out at random, but all are asked about.
    Raises ProjectError where the estimator fails.
    """
    assert stock.label is not None
    train, chance = stock.train, np.random.default_rng([seed, 3])
    fold = folds(stock.at_us[train])
    width = () if stock.label.classes is None else (len(stock.label.classes),)
    score, label, loss = np.full((len(train), *width), np.nan), np.zeros(len(train)), np.zeros(len(train))
    most = 0
    for number in range(FOLDS):
        here, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if not len(here):
            continue
        kept = rest if len(rest) <= limit else np.sort(chance.choice(rest, limit, replace=False))
        say(f"fold {number + 1} of {FOLDS}, on {len(kept):,} rows")
        answer = asked(stock, trained(stock, train[kept]), train[here])
        score[here], label[here], loss[here] = answer.best.score, answer.best.label, answer.loss
        most = max(most, len(kept))
    return OutOfFold(Guess(score, label), loss, most)


def folds(at_us: Ints) -> Ints:
    """By row its fold; rows of one instant are in one."""
    times, rank = np.unique(at_us, return_inverse=True)
    if len(times) < _STRETCHES:
        return np.asarray((rank if len(times) >= FOLDS else np.arange(len(at_us))) % FOLDS)
    place = np.searchsorted(np.sort(rank), rank, "left")
    return np.asarray(place * _STRETCHES // len(rank) % FOLDS)
