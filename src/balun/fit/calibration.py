"""Whether what is said to come one time in ten comes one time in ten."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Draws, Floats, Units
from balun.fit.metric import Guess, Truth
from balun.fit.ranking import ratio
from balun.fit.result import Bin, Calibration, Residual

_BINS = 10
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def calibrate(truth: Truth, guess: Guess, units: Units, draws: Draws) -> Calibration:
    """In ten bins of as many rows; fewer where many rows share a prediction. guess: probabilities."""
    predicted, came = _said(truth, guess)
    edges = np.unique(np.quantile(predicted, np.arange(1, _BINS) / _BINS))
    home = np.searchsorted(edges, predicted, side="right")
    bins = [_bin(predicted, came, home == number, units, draws) for number in np.unique(home)]
    error = sum(one.rows * abs(one.predicted - one.observed) for one in bins) / len(predicted)
    return Calibration(float(error), tuple(bins))


def _said(truth: Truth, guess: Guess) -> tuple[Floats, Floats]:
    """The probability that was given, and whether it came so."""
    if guess.score.shape[1] == 2:
        return guess.score[:, 1], truth.astype(float)
    return guess.score.max(axis=1), (truth == guess.label).astype(float)


def _bin(predicted: Floats, came: Floats, rows: NDArray[np.bool_], units: Units, draws: Draws) -> Bin:
    here = units.of(rows)
    hits, sizes = here.sums(came[rows]), here.sizes()
    observed = float(came[rows].mean())
    low, high = draws.interval(observed, ratio(draws.weights @ hits, draws.weights @ sizes), here)
    return Bin(float(predicted[rows].mean()), observed, low, high, int(rows.sum()))


def residuals(truth: Truth, guess: Guess) -> tuple[Residual, ...]:
    """Quantiles of truth minus prediction."""
    found = np.quantile(truth - guess.score, _SHARES)
    return tuple(Residual(share, float(value)) for share, value in zip(_SHARES, found, strict=True))
