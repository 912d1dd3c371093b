"""The model, fitted on some rows of its corpus and asked about others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from balun.fit import faults
from balun.fit.fitted import Fitted
from balun.fit.fitting import fitted_on
from balun.fit.guess import gives, guess_of
from balun.fit.metric import Guess, Truth, brier, log_loss
from balun.fit.threads import one_thread
from balun.stocktake.stock import Floats, Ints, Stock


@dataclass(frozen=True)
class Answer:
    """guess: as the metric takes it. best: of a classifier the most it tells. loss: by row; `loss_name` says which."""

    guess: Guess
    best: Guess
    loss: Floats


def trained(stock: Stock, training: Ints, weights: Floats | None = None) -> Fitted:
    """training: numbers of rows. Raises ProjectError where the estimator fails on them."""
    assert stock.model is not None
    rows, label = stock.of(training), stock.label_of(training)
    # Threads that wait for each other on a busy machine make a small fit ten to a hundred times as slow.
    with one_thread():
        return fitted_on(
            stock.model, stock.corpus, rows, label, stock.inputs, snapshot=stock.snapshot, weights=weights
        )[0]


def asked(stock: Stock, fitted: Fitted, rows: Ints) -> Answer:
    """Raises ProjectError where the estimator fails, or answers what is no number."""
    assert stock.label is not None
    assert stock.model is not None
    matrix, classes, most = fitted.encoder.matrix(stock.of(rows)), stock.label.classes, gives(fitted.estimator)
    with one_thread(), faults.blamed_on(stock.model, "can't predict"):
        guess = best = guess_of(fitted.estimator, matrix, classes, most)
        if stock.metric.takes == "label" and classes is not None and most != "label":
            guess = guess_of(fitted.estimator, matrix, classes, "label")
    faults.refuse(faults.number_faults(stock.model, best))
    return Answer(guess, best, _loss(stock, stock.label.truth[rows], best))


def loss_name(stock: Stock) -> str:
    """What a row's loss is: the metric's own where it is a mean over rows, else the nearest that is."""
    assert stock.model is not None
    assert stock.label is not None
    if stock.label.classes is None:
        return "absolute error" if stock.metric.name == "mae" else "squared error"
    if gives(stock.model.estimator) != "probability":
        return "share of errors"
    return "log loss" if stock.metric.name == "log_loss" else "Brier score"


def _loss(stock: Stock, truth: Truth, best: Guess) -> Floats:
    match loss_name(stock):
        case "absolute error":
            return np.asarray(np.abs(truth - best.score))
        case "squared error":
            return np.asarray((truth - best.score) ** 2)
        case "share of errors":
            return np.asarray((truth != best.label).astype(float))
        case "log loss":
            return log_loss(truth, best)
        case _:
            return brier(truth, best)
