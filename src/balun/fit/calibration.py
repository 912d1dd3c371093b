"""Whether what is said to come one time in ten comes one time in ten."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Draws, Floats, Units, draws_for
from balun.fit.metric import Guess, Truth
from balun.fit.ranking import mean_tally
from balun.fit.result import Bin, Calibration, Residual

_BINS = 10
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def calibrate(truth: Truth, guess: Guess, units: Units, seed: int) -> Calibration:
    """In ten bins of as many rows; fewer where many rows share a prediction. guess: probabilities."""
    predicted, came = _said(truth, guess)
    # A level that is off for a while leaves ranks alone, so it has a memory of its own.
    draws = draws_for(mean_tally(came - predicted, units), units, seed)
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
    tally = mean_tally(came[rows], here)
    observed = float(came[rows].mean())
    low, high = draws.interval(observed, tally(draws.weights), here, (0.0, 1.0))
    return Bin(float(predicted[rows].mean()), observed, low, high, int(rows.sum()))


def residuals(truth: Truth, guess: Guess) -> tuple[Residual, ...]:
    """Quantiles of truth minus prediction."""
    found = np.quantile(truth - guess.score, _SHARES)
    return tuple(Residual(share, float(value)) for share, value in zip(_SHARES, found, strict=True))
