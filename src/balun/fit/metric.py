"""What a model is judged by: each metric once, for its value and for its value in every draw of the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Floats, Tally, Units
from balun.fit.ranking import average_precision, mean_tally, ratio, roc_auc

_SMALLEST = float(np.finfo(float).eps)
Truth = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class Guess:
    """What was said of each row, by a model or by a baseline.

    score: (rows,) of a regressor; (rows, classes) of a classifier: probabilities, or scores where it gives none.
    label: (rows,) class numbers; of a regressor the scores again.
    """

    score: Floats
    label: Truth

    def of(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Guess:
        return Guess(self.score[rows], self.label[rows])


@dataclass(frozen=True)
class Metric:
    """needs: classifier or regressor. takes: what of a classifier: `label`, `score` (any order will do), `probability`.

    tally: from truth, guess and units to a function of weights (draws, units) that gives the metric of each draw;
    NaN where it has none. truth: class numbers from 0; with two classes 1 is the positive one.
    bounds: what it can't go beyond.
    """

    name: str
    needs: str
    greater_is_better: bool
    tally: Callable[[Truth, Guess, Units], Tally]
    takes: str = field(default="label", kw_only=True)
    bounds: tuple[float, float] = field(default=(0.0, 1.0), kw_only=True)

    def value(self, truth: Truth, guess: Guess) -> float:
        """On all rows at once.

        >>> guess = Guess(np.array([1.0, 4.0]), np.array([1.0, 4.0]))
        >>> next(metric for metric in METRICS if metric.name == "mae").value(np.array([2.0, 2.0]), guess)
        1.5
        """
        whole = Units(np.zeros(len(truth), dtype=np.int64), 1)
        return float(self.tally(truth, guess, whole)(np.ones((1, 1)))[0])


def _mean_of(loss: Callable[[Truth, Guess], Floats]) -> Callable[[Truth, Guess, Units], Tally]:
    return lambda truth, guess, units: mean_tally(loss(truth, guess), units)


def _rmse(truth: Truth, guess: Guess, units: Units) -> Tally:
    mean = mean_tally((truth - guess.score) ** 2, units)
    return lambda weights: np.sqrt(mean(weights))


def _r2(truth: Truth, guess: Guess, units: Units) -> Tally:
    centred = truth - np.median(truth)  # else the squares of large labels eat the digits
    error = (truth - guess.score) ** 2
    sums = units.sums(np.stack([error, centred**2, centred, np.ones(len(truth))], axis=1))

    def tally(weights: Floats) -> Floats:
        error, square, total, count = (weights @ sums).T
        spread = square - ratio(total**2, count)
        # What is left of equal labels is the rounding of their squares.
        return 1 - ratio(error, np.where(spread > 1e-12 * square, spread, 0))

    return tally


def brier(truth: Truth, guess: Guess) -> Floats:
    """By row, over all classes; of two, whose errors are the same, half of it."""
    came = truth[:, None] == np.arange(guess.score.shape[1])
    share = 0.5 if guess.score.shape[1] == 2 else 1.0
    return np.asarray(((guess.score - came) ** 2).sum(axis=1) * share)


def log_loss(truth: Truth, guess: Guess) -> Floats:
    """By row, from probabilities."""
    own = guess.score[np.arange(len(truth)), truth.astype(np.int64)]
    return np.asarray(-np.log(np.clip(own, _SMALLEST, 1 - _SMALLEST)))


def _each_class(
    one: Callable[[NDArray[np.bool_], Floats, Units], Tally],
) -> Callable[[Truth, Guess, Units], Tally]:
    """The positive class where there are two; else the plain mean over classes, each against the rest."""

    def tally(truth: Truth, guess: Guess, units: Units) -> Tally:
        classes = [1] if guess.score.shape[1] == 2 else np.unique(truth).tolist()
        tallies = [one(truth == number, guess.score[:, int(number)], units) for number in classes]
        return lambda weights: _mean([tally(weights) for tally in tallies])

    return tally


def _mean(each: list[Floats]) -> Floats:
    """Over the classes that a draw has; NaN where it has none."""
    found = np.stack(each)
    there = np.isfinite(found)
    return ratio(np.where(there, found, 0.0).sum(axis=0), there.sum(axis=0).astype(float))


def _f1(truth: Truth, guess: Guess, units: Units) -> Tally:
    """Of the positive class where there are two; else the plain mean over classes."""
    binary = guess.score.shape[1] == 2
    classes = [1] if binary else np.union1d(truth, guess.label).tolist()
    parts = []
    for number in classes:
        said, true = guess.label == number, truth == number
        parts.append(units.sums(np.stack([2.0 * (said & true), 1.0 * said + true], axis=1)))

    def tally(weights: Floats) -> Floats:
        each = [ratio(*(weights @ part).T) for part in parts]
        # As scikit-learn has it: 0 where the positive class is neither said nor true.
        return np.nan_to_num(each[0]) if binary else _mean(each)

    return tally


_LOSS = (0.0, np.inf)
METRICS: tuple[Metric, ...] = (
    Metric("roc_auc", "classifier", True, _each_class(roc_auc), takes="score"),
    Metric("average_precision", "classifier", True, _each_class(average_precision), takes="score"),
    Metric("log_loss", "classifier", False, _mean_of(log_loss), takes="probability", bounds=_LOSS),
    Metric("brier", "classifier", False, _mean_of(brier), takes="probability", bounds=(0.0, 2.0)),
    Metric("accuracy", "classifier", True, _mean_of(lambda truth, guess: (truth == guess.label).astype(float))),
    Metric("f1", "classifier", True, _f1),
    Metric("mae", "regressor", False, _mean_of(lambda truth, guess: np.abs(truth - guess.score)), bounds=_LOSS),
    Metric("rmse", "regressor", False, _rmse, bounds=_LOSS),
    Metric("r2", "regressor", True, _r2, bounds=(-np.inf, 1.0)),
)


def metric_of(name: str) -> Metric:
    """
    >>> metric_of("mae").greater_is_better
    False
    """
    return next(metric for metric in METRICS if metric.name == name)
