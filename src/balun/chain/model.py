"""A model: an estimator, its corpus, its metric and its split, declared."""

from __future__ import annotations

from dataclasses import dataclass

from balun.chain.duration import Duration
from balun.chain.needs import Needs
from balun.finding import Place


@dataclass(frozen=True)
class TimeSplit:
    """The last `test` of the examples' time is the test; examples whose label wasn't known by then are in neither.

    embargo: what lies between the end of training and the test's start; None: as long as the labels take to be known.
    """

    test: Duration
    embargo: Duration | None = None


@dataclass(frozen=True)
class Model:
    """estimator: any scikit-learn classifier or regressor, unfitted; it is cloned, never fitted in place.

    metric: one of `balun.fit.metric.METRICS`.
    slices: columns of the corpus by which the error is broken down; empty: chosen from the categorical inputs.
    seed: for the bootstrap, the importances and an estimator without a `random_state` of its own.
    may: the highest classification of what it may learn from; None: nobody says.
    classification: of its answer; None: that of what it learns from.
    needs: what it was measured to need of what is captured; None: nobody measured.
    """

    name: str
    corpus: str
    owner: str | None
    estimator: object
    metric: str
    split: TimeSplit
    place: Place
    slices: tuple[str, ...] = ()
    seed: int = 0
    may: str | None = None
    classification: str | None = None
    description: str | None = None
    needs: Needs | None = None
