"""How many labels are likely wrong, by confident learning.

A row counts as of a class if the model, fitted without it, gives that class at least what it gives the class's own
rows on average. Where that class isn't the label's, the label is in doubt.
Source: Northcutt, Jiang & Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.stocktake.folds import OutOfFold
from balun.stocktake.stock import Floats, Ints, Stock

SURE = 0.9
MOST_SUSPECTS = 50
_SLACK = 1e-6  # the means' own rounding


@dataclass(frozen=True)
class Suspect:
    """A training row whose label is in doubt. row: its place in the corpus. key: its entity and time.

    said: what the model, fitted without it, holds for more likely. doubt: its probability; of a number how many robust
    deviations lie between.
    """

    row: int
    key: tuple[tuple[str, str], ...]
    label: str
    said: str
    doubt: float


@dataclass(frozen=True)
class Noise:
    """Of a classifier. rate: the share of labels that the confident joint puts in doubt.

    doubted: rows that it counts under another class. sure: those of them to which the model gives that class 0.9 or
    more. certainty: what it gives it at the median; NaN where no row is in doubt.
    joint: by label, then by the class it is held for, shares of all rows; classes names both.
    suspects: those the model is surest of first.
    """

    rate: float
    doubted: int
    sure: int
    certainty: float
    classes: tuple[str, ...]
    joint: tuple[tuple[float, ...], ...]
    suspects: tuple[Suspect, ...]
    rows: int
    fitted_rows: int


@dataclass(frozen=True)
class Joint:
    """counts: (label, held for). held: by row, the class it is counted under; −1: under none.

    given: by class, how many rows have it for a label.
    """

    counts: Ints
    held: Ints
    given: Ints

    @property
    def shares(self) -> Floats:
        """Of all rows: each label's counts are brought to how often it is given."""
        rows = self.counts * (self.given / np.maximum(self.counts.sum(axis=1), 1))[:, None]
        return np.asarray(rows / rows.sum())


def confident_joint(label: Ints, score: Floats) -> Joint:
    """label: (rows,) class numbers. score: (rows, classes) probabilities, from a model fitted without the row.

    As in the source, each class has one row at least that is counted under it rightly.

    >>> score = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])
    >>> confident_joint(np.array([0, 0, 0, 1]), score).counts.tolist()
    [[2, 1], [0, 1]]
    """
    count = score.shape[1]
    given = np.bincount(label, minlength=count)
    sums = np.stack([np.bincount(label, weights=column, minlength=count) for column in score.T], axis=1)
    # A class that no row has is never held for another's.
    least = np.where(given > 0, np.diag(sums) / np.maximum(given, 1), np.inf)
    enough = score >= least - _SLACK
    held = np.where(enough.any(axis=1), np.where(enough, score, -np.inf).argmax(axis=1), -1)
    there = held >= 0
    counts = np.bincount(label[there] * count + held[there], minlength=count * count).reshape(count, count)
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1))
    return Joint(counts, held, given)


def noise_of(stock: Stock, folds: OutOfFold) -> Noise:
    """Of a stock with classes, from probabilities."""
    assert stock.label is not None
    assert stock.label.classes is not None
    label, score = stock.label.truth[stock.train].astype(np.int64), folds.best.score
    joint = confident_joint(label, score)
    doubted = np.flatnonzero((joint.held >= 0) & (joint.held != label))
    certain = score[doubted, joint.held[doubted]]
    own = score[doubted, label[doubted]]
    order = np.lexsort((doubted, own - certain))[:MOST_SUSPECTS]
    names = tuple(map(str, stock.label.classes))
    shares = joint.shares
    return Noise(
        rate=float(1 - np.trace(shares)),
        doubted=len(doubted),
        sure=int((certain >= SURE).sum()),
        certainty=float(np.median(certain)) if len(certain) else np.nan,
        classes=names,
        joint=tuple(tuple(row) for row in shares.tolist()),
        suspects=tuple(
            _suspect(stock, int(stock.train[doubted[at]]), names[joint.held[doubted[at]]], float(certain[at]))
            for at in order.tolist()
        ),
        rows=len(label),
        fitted_rows=folds.fitted_rows,
    )


def _suspect(stock: Stock, row: int, said: str, doubt: float) -> Suspect:
    return Suspect(row, stock.key_of(row), stock.label_word(row), said, doubt)
