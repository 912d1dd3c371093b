"""A fitted model, tested on the rows after its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model
from balun.fit import faults
from balun.fit.baseline import entity_numbers, last_known, last_value, prior
from balun.fit.bootstrap import Draws, Tally, Units, draws_for, interval_of, units_of
from balun.fit.calibration import calibrate, residuals
from balun.fit.cost import cost_of
from balun.fit.fitted import Fitted
from balun.fit.guess import Matrix, gives, guess_of
from balun.fit.importance import importances
from balun.fit.labelled import Labelled
from balun.fit.metric import Guess, Metric, metric_of
from balun.fit.result import Baseline, Calibration, Importance, Result
from balun.fit.slices import slices_of
from balun.fit.style import is_slow
from balun.fit.threads import one_thread

_PREDICTIONS, _SLOW_PREDICTIONS = 300_000, 30_000
Say = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """What is tested. notes: what the fit has to tell. fit_s: how long it took. model_bytes: what it weighs."""

    model: Model
    corpus: Corpus
    data: Labelled
    fitted: Fitted
    notes: list[str]
    fit_s: float
    model_bytes: int

    @property
    def metric(self) -> Metric:
        return metric_of(self.model.metric)

    @property
    def estimator(self) -> object:
        return self.fitted.estimator

    @property
    def classes(self) -> NDArray[np.generic] | None:
        return self.data.label.classes

    def answer(self, matrix: Matrix) -> Guess:
        """As far as the metric needs it."""
        return guess_of(self.estimator, matrix, self.classes, self.metric.takes)

    def first_answer(self, matrix: Matrix) -> Guess:
        """Raises ProjectError where the estimator fails, or answers what is no number."""
        with faults.blamed_on(self.model, "can't predict"):
            guess = self.answer(matrix)
        faults.refuse(faults.number_faults(self.model, guess))
        return guess


@dataclass(frozen=True)
class Judge:
    """The metric of the test rows, and draws that suit it."""

    metric: Metric
    truth: NDArray[np.int64] | NDArray[np.float64]
    units: Units
    tally: Tally
    draws: Draws


def tested(trial: Trial, say: Say) -> Result:
    data, metric, model = trial.data, trial.metric, trial.model
    rows = data.of(data.split.test)
    say(f"testing on {rows.num_rows:,} rows")
    matrix = trial.fitted.encoder.matrix(rows)
    guess = trial.first_answer(matrix)
    judge = _judge(trial, guess)
    value, low, high = interval_of(judge.tally, judge.units, model.seed, metric.bounds)
    baselines = tuple(_baseline(name, one, judge, model.seed) for name, one in _baselines(trial).items())
    say("testing on slices")
    judged = (metric, judge.truth, guess)
    slices = slices_of(rows, model.slices, trial.fitted.inputs, judged, judge.units, judge.draws)
    return Result(
        model=model.name,
        estimator=type(trial.estimator).__name__,
        metric=metric.name,
        value=value,
        low=low,
        high=high,
        greater_is_better=metric.greater_is_better,
        label=trial.corpus.label,
        positive=str(trial.classes[1]) if trial.classes is not None and len(trial.classes) == 2 else None,
        baselines=baselines,
        train=data.stretch(data.split.train),
        test=data.stretch(data.split.test),
        embargoed=int(data.split.embargoed.sum()),
        unlabelled=data.unlabelled,
        calibration=_calibration(trial, matrix, guess, judge),
        residuals=residuals(judge.truth, guess) if trial.classes is None else (),
        slices=slices,
        importances=_importances(trial, matrix, judge, say),
        cost=cost_of(trial.fitted, rows, trial.fit_s, trial.model_bytes),
        snapshot=trial.fitted.snapshot,
        seed=model.seed,
        draws=len(judge.draws.weights),
        blocks=-(-judge.units.count // judge.draws.memory.length),
        block_days=_block_days(data.at_us[data.split.test], judge),
        notes=tuple(trial.notes),
    )


def _judge(trial: Trial, guess: Guess) -> Judge:
    data, metric = trial.data, trial.metric
    truth, units = data.label.of(data.split.test).truth, units_of(data.at_us[data.split.test])
    tally = metric.tally(truth, guess, units)
    return Judge(metric, truth, units, tally, draws_for(tally, units, trial.model.seed))


def _baselines(trial: Trial) -> dict[str, Guess]:
    data, metric = trial.data, trial.metric.name
    last = last_known(entity_numbers(data.rows, trial.corpus.entity), data.at_us, data.known_us)
    return {
        "prior": prior(data.label, data.split, metric),
        "last value": last_value(data.label, data.split, last, metric),
    }


def _baseline(name: str, guess: Guess, judge: Judge, seed: int) -> Baseline:
    own = judge.metric.tally(judge.truth, guess, judge.units)
    return Baseline(
        name,
        *interval_of(own, judge.units, seed, judge.metric.bounds),
        *interval_of(lambda weights: judge.tally(weights) - own(weights), judge.units, seed),
    )


def _calibration(trial: Trial, matrix: Matrix, guess: Guess, judge: Judge) -> Calibration | None:
    if trial.classes is None or gives(trial.estimator) != "probability":
        return None
    if trial.metric.takes == "label":
        guess = guess_of(trial.estimator, matrix, trial.classes, "probability")
    return calibrate(judge.truth, guess, judge.units, trial.model.seed)


def _importances(trial: Trial, matrix: Matrix, judge: Judge, say: Say) -> tuple[Importance, ...]:
    with one_thread():
        return importances(
            trial.fitted.inputs,
            trial.fitted.encoder.places(),
            matrix,
            trial.answer,
            (judge.metric, judge.truth),
            judge.units,
            judge.draws,
            seed=trial.model.seed,
            predictions=_SLOW_PREDICTIONS if is_slow(trial.estimator) else _PREDICTIONS,
            say=say,
        )


def _block_days(at_us: NDArray[np.int64], judge: Judge) -> float:
    span = timedelta(microseconds=int(at_us.max()) - int(at_us.min()))
    return span / timedelta(days=1) / judge.units.count * judge.draws.memory.length
