"""Why a model can't be fitted or tested: all the reasons that can be told before the fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model
from balun.errors import ProjectError, nearest
from balun.finding import Finding
from balun.fit.column import kind_of, microseconds
from balun.fit.guess import ANSWERS, gives
from balun.fit.label import Label
from balun.fit.metric import METRICS, Guess, metric_of
from balun.fit.split import Split
from balun.fit.style import inmost

_FEWEST = 10


def fault(model: Model, rule: str, message: str, mend: str) -> Finding:
    return Finding(rule, model.place, message, breaks=(model.name,), owner=model.owner, mend=mend)


def refuse(faults: Iterator[Finding]) -> None:
    """Raise ProjectError with all of them, if there are any."""
    found = list(faults)
    if found:
        raise ProjectError(found)


@contextmanager
def blamed_on(model: Model, what: str) -> Iterator[None]:
    """An estimator may be anybody's code: whatever it raises is told at the place it was declared."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as exc:
        message = f"{type(model.estimator).__name__} {what}: {str(exc).strip() or type(exc).__name__}"
        mend = "mend the estimator's settings, or what the inputs hold"
        raise ProjectError([fault(model, "estimator-fails", message, mend)]) from exc


def estimator_faults(model: Model) -> Iterator[Finding]:
    from sklearn.base import BaseEstimator

    estimator = model.estimator
    if isinstance(estimator, type):
        message = f"estimator is the class {estimator.__name__}, not one made of it"
        yield fault(model, "estimator-unknown", message, f"write {estimator.__name__}()")
    elif not isinstance(estimator, BaseEstimator) or kind(model) is None:
        message = (
            f"estimator is a {type(estimator).__name__}, neither a classifier nor a regressor of scikit-learn's shape"
        )
        yield fault(model, "estimator-unknown", message, "give it one, as HistGradientBoostingClassifier()")


def kind(model: Model) -> str | None:
    """`classifier`, `regressor`, or None."""
    from sklearn.base import is_classifier, is_regressor

    if is_classifier(model.estimator):
        return "classifier"
    return "regressor" if is_regressor(model.estimator) else None


def metric_faults(model: Model) -> Iterator[Finding]:
    """Of a model whose estimator is in order."""
    needs = kind(model)
    fitting = [metric.name for metric in METRICS if metric.needs == needs]
    metric = next((metric for metric in METRICS if metric.name == model.metric), None)
    name = type(model.estimator).__name__
    if metric is None:
        known = [one.name for one in METRICS]
        message = f"there is no metric {model.metric}{nearest(model.metric, known)}"
        yield fault(model, "metric-unknown", message, f"use one of {', '.join(fitting)}")
    elif metric.needs != needs:
        message = f"{metric.name} judges a {metric.needs}, and {name} is a {needs}"
        yield fault(model, "metric-unfit", message, f"use one of {', '.join(fitting)}")
    # What a stack gives hangs on its last estimator, and shows only once that is fitted.
    elif not hasattr(inmost(model.estimator), "final_estimator"):
        yield from answer_faults(model, model.estimator)


def answer_faults(model: Model, estimator: object) -> Iterator[Finding]:
    """Where the metric asks for more than the estimator gives."""
    metric = metric_of(model.metric)
    if metric.needs == "regressor" or ANSWERS.index(gives(estimator)) >= ANSWERS.index(metric.takes):
        return
    wanted = "probabilities" if metric.takes == "probability" else "probabilities or scores"
    message = f"{metric.name} needs {wanted}, and {type(estimator).__name__} gives none"
    yield fault(model, "metric-unfit", message, "use accuracy or f1, or put it in CalibratedClassifierCV")


def number_faults(model: Model, guess: Guess) -> Iterator[Finding]:
    """Where it answered what is no number."""
    wrong = int(np.count_nonzero(np.isnan(guess.score) | np.isposinf(guess.score)))
    if wrong:
        mend = "mend the estimator's settings, or scale what it is fitted on"
        message = (
            f"{wrong:,} of {type(model.estimator).__name__}'s {guess.score.size:,} predictions are NaN or infinite"
        )
        yield fault(model, "estimator-fails", message, mend)


def column_faults(model: Model, corpus: Corpus, rows: pa.Table, inputs: Sequence[str]) -> Iterator[Finding]:
    there = rows.column_names
    if not inputs:
        yield fault(model, "input-missing", f"corpus {corpus.name} has no inputs", "give it features")
    asked = [
        ("input", inputs),
        ("slice", model.slices),
        ("entity", corpus.entity),
        ("column", (corpus.at, corpus.label)),
    ]
    for role, names in asked:
        for name in names:
            if name not in there:
                message = f"the {role} {name} is no column of corpus {corpus.name}{nearest(name, there)}"
                yield fault(model, f"{role}-missing", message, "mend its name, or put it among the examples' columns")
    for role, names in asked[:2]:
        for name in names:
            if name in there and kind_of(rows[name].type) is None:
                message = f"the {role} {name} is {rows[name].type}; a model takes numbers, text, booleans and times"
                yield fault(model, f"{role}-unfit", message, "cast it in the examples or the table, or leave it out")


def row_faults(model: Model, corpus: Corpus, rows: pa.Table) -> Iterator[Finding]:
    """Of labelled rows."""
    if not rows.num_rows:
        message = f"no row of corpus {corpus.name} has a label in {corpus.label}"
        yield fault(model, "label-missing", message, "look at what the label is computed from")
        return
    at = rows[corpus.at]
    if kind_of(at.type) != "time":
        message = f"{corpus.at} of corpus {corpus.name} is {at.type}, no time"
        yield fault(model, "time-unfit", message, "give a timestamp: when the answer is wanted")
    elif missing := int(np.isnan(microseconds(at)).sum()):
        message = f"{missing:,} examples of corpus {corpus.name} have no time in {corpus.at}, or an infinite one"
        yield fault(model, "time-missing", message, "leave them out of the examples with WHERE")


def split_faults(model: Model, split: Split, label: Label, at_us: NDArray[np.int64]) -> Iterator[Finding]:
    train, test = int(split.train.sum()), int(split.test.sum())
    if test < _FEWEST:
        message = f"the test, the last {model.split.test} of the examples' time, has {test:,} examples"
        yield fault(model, "test-too-small", message, f"make it longer; it needs {_FEWEST} at least")
    if train < _FEWEST:
        days = (int(at_us.max()) - int(at_us.min())) / 86_400_000_000
        late = int(split.embargoed.sum())
        message = (
            f"training has {train:,} examples: all lie within {days:,.1f} days, the test is the last {model.split.test}"
            f", and {late:,} before it had no label by then"
        )
        yield fault(model, "training-too-small", message, f"make the test shorter; training needs {_FEWEST} at least")
    elif label.classes is not None:
        yield from _class_faults(model, split, label)


def _class_faults(model: Model, split: Split, label: Label) -> Iterator[Finding]:
    assert label.classes is not None
    ranked = any(metric.name == model.metric and metric.takes == "score" for metric in METRICS)
    parts = [("training", split.train), *([("the test", split.test)] if ranked else [])]
    for part, rows in parts:
        there = np.unique(label.truth[rows].astype(np.int64))
        if len(there) == 1:
            message = f"{part} has one class only: every label is {label.classes[there[0]]}"
            mend = "make the test longer" if part == "the test" else "make the test shorter, or look at the label"
            yield fault(model, "one-class", message, mend)
