"""One model, fitted on the rows before its test and tested on the rest."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from statistics import median

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model
from balun.errors import ProjectError
from balun.finding import Finding
from balun.fit import faults
from balun.fit.baseline import entity_numbers, last_known, last_value, prior
from balun.fit.bootstrap import Draws, Floats, Units, block_length, draws_of, units_of
from balun.fit.calibration import calibrate, residuals
from balun.fit.column import microseconds
from balun.fit.encode import Encoder
from balun.fit.fitted import Fitted
from balun.fit.guess import gives, guess_of
from balun.fit.importance import importances
from balun.fit.label import Label, UnfitLabel, read_label
from balun.fit.metric import METRICS, Guess, Metric, squared
from balun.fit.result import Baseline, Cost, Result, Stretch
from balun.fit.slices import slices_of
from balun.fit.split import Split, split_rows
from balun.fit.style import is_slow, ready, style_of
from balun.fit.threads import one_thread

LABEL_KNOWN = "label_known"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREDICTIONS, _SLOW_PREDICTIONS = 500_000, 30_000
_BULK_ROWS, _SLOW_BULK_ROWS, _SINGLE_ROWS = 20_000, 1_000, 20
Say = Callable[[str], None]


@dataclass(frozen=True)
class Data:
    """Labelled rows, in their order, and what is known of each."""

    rows: pa.Table
    at_us: NDArray[np.int64]
    known_us: NDArray[np.int64]
    label: Label
    split: Split
    unlabelled: int

    def stretch(self, part: NDArray[np.bool_]) -> Stretch:
        times = self.at_us[part]
        return Stretch(len(times), _time(times.min()), _time(times.max()))


def fit(
    model: Model,
    corpus: Corpus,
    rows: pa.Table,
    inputs: Sequence[str],
    *,
    snapshot: str,
    progress: Say | None = None,
) -> tuple[Fitted, Result]:
    """Fit on rows whose label was known before the test, test on the last `model.split.test` of the rows' time.

    rows: the corpus, with `label_known`: when each label was known; null: at the example's own time.
    snapshot: the corpus's content name. progress: told what is being done.
    Raises ProjectError at the model's place, with all that can be told at once.
    """
    say = progress or _silent
    faults.refuse(_declared_faults(model, corpus, rows, inputs))
    data = _data(model, corpus, rows)
    encoder = Encoder.learn(data.rows.filter(pa.array(data.split.train)), inputs, corpus.at, style_of(model.estimator))
    estimator, seconds, notes = _fitted_estimator(model, data, encoder, say)
    fitted = Fitted(model.name, estimator, encoder, corpus.label, snapshot)
    trial = Trial(model, corpus, data, fitted, [*notes, *_empty_inputs(encoder)], seconds)
    return fitted, _tested(trial, say)


def _silent(words: str) -> None:
    pass


def _declared_faults(model: Model, corpus: Corpus, rows: pa.Table, inputs: Sequence[str]) -> Iterator[Finding]:
    wrong = list(faults.estimator_faults(model))
    return chain(wrong, () if wrong else faults.metric_faults(model), faults.column_faults(model, corpus, rows, inputs))


def _data(model: Model, corpus: Corpus, rows: pa.Table) -> Data:
    there = rows[corpus.label].is_valid()
    labelled = rows.filter(there)
    faults.refuse(faults.row_faults(model, corpus, labelled))
    try:
        label = read_label(corpus.label, labelled[corpus.label], classify=faults.kind(model) == "classifier")
    except UnfitLabel as exc:
        raise ProjectError([faults.fault(model, "label-unfit", str(exc), exc.mend)]) from exc
    at = microseconds(labelled[corpus.at])
    known = microseconds(labelled[LABEL_KNOWN]) if LABEL_KNOWN in rows.column_names else at
    at_us, known_us = at.astype(np.int64), np.where(np.isnan(known), at, known).astype(np.int64)
    split = split_rows(at_us, known_us, model.split)
    faults.refuse(faults.split_faults(model, split, label, at_us))
    return Data(labelled, at_us, known_us, label, split, rows.num_rows - labelled.num_rows)


def _fitted_estimator(model: Model, data: Data, encoder: Encoder, say: Say) -> tuple[object, float, list[str]]:
    """The estimator, seconds to fit, and what it warned of."""
    estimator, besides = ready(model.estimator, encoder.style, encoder.categorical, model.seed)
    say(f"fitting {type(estimator).__name__} on {int(data.split.train.sum()):,} rows of {len(encoder.inputs)} inputs")
    matrix = encoder.matrix(data.rows.filter(pa.array(data.split.train)))
    truth = data.label.of(data.split.train).values()
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            estimator.fit(matrix, truth, **besides)  # type: ignore[attr-defined]
        except MemoryError:
            raise
        # An estimator may be anybody's code: whatever it raises is said at the place it was declared.
        except Exception as exc:
            message = f"{type(estimator).__name__} can't be fitted: {str(exc).strip() or type(exc).__name__}"
            mend = "mend the estimator's settings, or what the inputs hold"
            raise ProjectError([faults.fault(model, "estimator-fails", message, mend)]) from exc
    seconds = time.perf_counter() - started
    return estimator, seconds, list(dict.fromkeys(_first_line(one) for one in heard if _for_users(one)))


def _for_users(warning: warnings.WarningMessage) -> bool:
    return issubclass(warning.category, UserWarning)


def _first_line(warning: warnings.WarningMessage) -> str:
    return str(warning.message).strip().splitlines()[0]


def _empty_inputs(encoder: Encoder) -> list[str]:
    names = [one.name for one in encoder.inputs if one.empty]
    return [f"null in every training row, so of no use: {', '.join(names)}"] if names else []


@dataclass(frozen=True)
class Trial:
    """What is being tested."""

    model: Model
    corpus: Corpus
    data: Data
    fitted: Fitted
    notes: list[str]
    fit_s: float

    @property
    def metric(self) -> Metric:
        return next(metric for metric in METRICS if metric.name == self.model.metric)

    @property
    def estimator(self) -> object:
        return self.fitted.estimator

    @property
    def classes(self) -> NDArray[np.generic] | None:
        return self.data.label.classes

    def guess(self, matrix: NDArray[np.floating]) -> Guess:
        return guess_of(self.estimator, matrix, self.classes)


def _tested(trial: Trial, say: Say) -> Result:
    data, metric, model = trial.data, trial.metric, trial.model
    rows = data.rows.filter(pa.array(data.split.test))
    say(f"testing on {rows.num_rows:,} rows")
    matrix = trial.fitted.encoder.matrix(rows)
    guess, truth = trial.guess(matrix), data.label.of(data.split.test).truth
    units = units_of(data.at_us[data.split.test])
    draws = draws_of(units, block_length(squared(truth, _finite(guess)), units), model.seed)
    tally = metric.tally(truth, guess, units)
    value, drawn = float(tally(draws.once)[0]), tally(draws.weights)
    low, high = draws.interval(value, drawn, units)
    baselines = _baselines(trial, value, drawn, units, draws)
    say("testing on slices")
    slices = slices_of(rows, model.slices, trial.fitted.inputs, (metric, truth, guess), units, draws)
    with one_thread():
        leaned = importances(
            trial.fitted.inputs,
            trial.fitted.encoder.places(),
            matrix,
            trial.guess,
            (metric, truth),
            units,
            draws,
            seed=model.seed,
            predictions=_SLOW_PREDICTIONS if is_slow(trial.estimator) else _PREDICTIONS,
            say=say,
        )
    probable = trial.classes is not None and gives(trial.estimator) == "probability"
    return Result(
        model=model.name,
        estimator=type(trial.estimator).__name__,
        metric=metric.name,
        value=value,
        low=low,
        high=high,
        greater_is_better=metric.greater_is_better,
        positive=str(trial.classes[1]) if trial.classes is not None and len(trial.classes) == 2 else None,
        baselines=baselines,
        train=data.stretch(data.split.train),
        test=data.stretch(data.split.test),
        embargoed=int(data.split.embargoed.sum()),
        unlabelled=data.unlabelled,
        calibration=calibrate(truth, guess, units, draws) if probable else None,
        residuals=residuals(truth, guess) if trial.classes is None else (),
        slices=slices,
        importances=leaned,
        cost=_cost(trial, rows),
        snapshot=trial.fitted.snapshot,
        seed=model.seed,
        draws=len(draws.weights),
        blocks=-(-units.count // draws.length),
        block_days=_block_days(data.at_us[data.split.test], units, draws),
        notes=tuple(trial.notes),
    )


def _finite(guess: Guess) -> Guess:
    return Guess(np.nan_to_num(guess.score), guess.label)


def _baselines(trial: Trial, value: float, drawn: Floats, units: Units, draws: Draws) -> tuple[Baseline, ...]:
    data, metric = trial.data, trial.metric
    entity = entity_numbers(data.rows, trial.corpus.entity)
    last = last_known(entity, data.at_us, data.known_us)
    both = {
        "prior": prior(data.label, data.split, metric.name),
        "last value": last_value(data.label, data.split, last, metric.name),
    }
    truth = data.label.of(data.split.test).truth
    return tuple(_baseline(name, metric.tally(truth, both[name], units), value, drawn, units, draws) for name in both)


def _baseline(
    name: str, tally: Callable[[Floats], Floats], value: float, drawn: Floats, units: Units, draws: Draws
) -> Baseline:
    own, own_drawn = float(tally(draws.once)[0]), tally(draws.weights)
    low, high = draws.interval(own, own_drawn, units)
    less, more = draws.interval(value - own, drawn - own_drawn, units)
    return Baseline(name, own, low, high, value - own, less, more)


def _cost(trial: Trial, rows: pa.Table) -> Cost:
    """Through `predict`, from rows in Arrow, as it would be served."""
    fitted = trial.fitted
    many = rows.slice(0, _SLOW_BULK_ROWS if is_slow(trial.estimator) else _BULK_ROWS)
    bulk = _seconds(fitted, many) / many.num_rows
    single = median(_seconds(fitted, rows.slice(number, 1)) for number in range(min(_SINGLE_ROWS, rows.num_rows)))
    row_bytes = rows.select(list(fitted.inputs)).nbytes / rows.num_rows
    return Cost(trial.fit_s, bulk * 1e6, single * 1e6, row_bytes, _size(trial))


def _seconds(fitted: Fitted, rows: pa.Table) -> float:
    started = time.perf_counter()
    fitted.predict(rows)
    return time.perf_counter() - started


def _size(trial: Trial) -> int:
    try:
        return len(pickle.dumps(trial.estimator, protocol=5))
    except (pickle.PicklingError, AttributeError, TypeError) as exc:
        message = f"{type(trial.estimator).__name__} can't be saved: {exc}"
        mend = "give it functions that have a name and stand in a module of their own, no lambdas"
        raise ProjectError([faults.fault(trial.model, "estimator-not-saved", message, mend)]) from exc


def _block_days(at_us: NDArray[np.int64], units: Units, draws: Draws) -> float:
    span = timedelta(microseconds=int(at_us.max()) - int(at_us.min()))
    return span / timedelta(days=1) / units.count * draws.length


def _time(us: np.int64) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))
