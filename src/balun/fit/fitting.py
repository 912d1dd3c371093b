"""One model, fitted on the rows before its test and tested on the rest."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model
from balun.errors import ProjectError
from balun.finding import Finding
from balun.fit import faults
from balun.fit.encode import Encoder
from balun.fit.fitted import Fitted
from balun.fit.label import Label
from balun.fit.labelled import Labelled, labelled
from balun.fit.result import Result
from balun.fit.style import ready, style_of, takes_weights
from balun.fit.trial import Say, Trial, tested


def fit(
    model: Model,
    corpus: Corpus,
    rows: pa.Table,
    inputs: Sequence[str],
    *,
    snapshot: str,
    progress: Callable[[str], None] | None = None,
) -> tuple[Fitted, Result]:
    """Fit on rows whose label was known before the test, test on the last `model.split.test` of the rows' time.

    rows: the corpus, with `label_known`: when each label was known; null: never; null in all or not there: at once.
    snapshot: the corpus's content name. progress: told what is being done.
    Raises ProjectError at the model's place, with all that can be told at once.
    """
    say = progress or silent
    faults.refuse(declared_faults(model, corpus, rows, inputs))
    data = labelled(model, corpus, rows)
    fitted, seconds, notes = _fitted(model, corpus, data, inputs, snapshot, say)
    faults.refuse(faults.answer_faults(model, fitted.estimator))
    notes += [*_empty_inputs(fitted.encoder), *_unseen_classes(data)]
    return fitted, tested(Trial(model, corpus, data, fitted, notes, seconds, _size(model, fitted)), say)


def silent(words: str) -> None:
    pass


def declared_faults(model: Model, corpus: Corpus, rows: pa.Table, inputs: Sequence[str]) -> Iterator[Finding]:
    """What can be told before any row is read."""
    wrong = list(faults.estimator_faults(model))
    return chain(wrong, () if wrong else faults.metric_faults(model), faults.column_faults(model, corpus, rows, inputs))


def _fitted(
    model: Model, corpus: Corpus, data: Labelled, inputs: Sequence[str], snapshot: str, say: Say
) -> tuple[Fitted, float, list[str]]:
    """The model on its training rows, seconds to fit it, and what its estimator warned of."""
    rows = data.of(data.split.train)
    say(f"fitting {type(model.estimator).__name__} on {rows.num_rows:,} rows of {len(inputs)} inputs")
    return fitted_on(model, corpus, rows, data.label.of(data.split.train), inputs, snapshot=snapshot)


def fitted_on(
    model: Model,
    corpus: Corpus,
    rows: pa.Table,
    label: Label,
    inputs: Sequence[str],
    *,
    snapshot: str,
    weights: NDArray[np.float64] | None = None,
) -> tuple[Fitted, float, list[str]]:
    """The model on these rows, seconds to fit it, and what its estimator warned of.

    label: theirs. weights: how much each counts; only for an estimator that `takes_weights`.
    """
    encoder = Encoder.learn(rows, inputs, corpus.at, style_of(model.estimator))
    matrix, truth = encoder.matrix(rows), label.values()
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard, _seeded(model.seed), faults.blamed_on(model, "can't be fitted"):
        warnings.simplefilter("always")
        estimator, besides = ready(model.estimator, encoder.style, encoder.categorical, model.seed)
        if weights is not None:
            besides[str(takes_weights(estimator))] = weights
        estimator.fit(matrix, truth, **besides)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - started
    notes = [str(one.message).strip().splitlines()[0] for one in heard if issubclass(one.category, UserWarning)]
    fitted = Fitted(model.name, estimator, encoder, corpus.label, snapshot)
    return fitted, seconds, list(dict.fromkeys(notes))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """What draws numbers without a `random_state` takes them from numpy's global generator; it is left as it was."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)


def _empty_inputs(encoder: Encoder) -> list[str]:
    names = [one.name for one in encoder.inputs if one.empty]
    return [f"null in every training row, so of no use: {', '.join(names)}"] if names else []


def _unseen_classes(data: Labelled) -> list[str]:
    if data.label.classes is None:
        return []
    numbers = np.setdiff1d(data.label.truth[data.split.test], data.label.truth[data.split.train]).astype(np.int64)
    names = ", ".join(str(data.label.classes[number]) for number in numbers)
    return [f"classes of the test that training lacks, so never named: {names}"] if names else []


def _size(model: Model, fitted: Fitted) -> int:
    """Bytes of the model when it is saved; found before the test, so that one that can't be saved is told early."""
    try:
        return len(pickle.dumps(fitted.estimator, protocol=5))
    except (pickle.PicklingError, AttributeError, TypeError) as exc:
        message = f"{type(fitted.estimator).__name__} can't be saved: {exc}"
        mend = "give it functions that have a name and stand in a module of their own, no lambdas"
        raise ProjectError([faults.fault(model, "estimator-not-saved", message, mend)]) from exc
