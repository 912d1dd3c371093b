"""A corpus's rows as far as they can be read: what stock is taken of, though no model may be fit for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model
from balun.errors import ProjectError
from balun.fit import faults
from balun.fit.baseline import entity_numbers
from balun.fit.column import kind_of, microseconds, numbers, plain
from balun.fit.fitting import declared_faults
from balun.fit.label import Label, UnfitLabel, read_label
from balun.fit.labelled import known_of, labelled
from balun.fit.metric import Metric, metric_of
from balun.fit.split import Split, split_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_TEST_SHARE = 0.2
_MOST_CLASSES = 20


@dataclass(frozen=True)
class Stock:
    """rows: those with a label, or all where none has one. at_us: 0 where no row has a time.

    inputs: of those declared, the ones that are there and that a model could take.
    label: None where it is nothing a model could learn. entity: by row, the number of whom it is about.
    every: rows of the corpus. unlabelled: those without a label.
    unfit: why no model can be fitted on them; empty: one can.
    """

    corpus: Corpus
    model: Model | None
    inputs: tuple[str, ...]
    rows: pa.Table
    at_us: Ints
    timed: bool
    label: Label | None
    split: Split
    entity: Ints
    every: int
    unlabelled: int
    snapshot: str
    unfit: tuple[str, ...]

    @property
    def train(self) -> Ints:
        """Numbers of the training rows."""
        return np.flatnonzero(self.split.train)

    @property
    def test(self) -> Ints:
        return np.flatnonzero(self.split.test)

    @property
    def metric(self) -> Metric:
        """Of a stock that a model fits."""
        assert self.model is not None
        return metric_of(self.model.metric)

    @property
    def model_slices(self) -> tuple[str, ...]:
        """By which the model breaks its error down; empty: it doesn't say."""
        return () if self.model is None else self.model.slices

    def of(self, rows: Ints) -> pa.Table:
        return self.rows.take(pa.array(rows))

    def label_of(self, rows: Ints) -> Label:
        assert self.label is not None
        return Label(self.label.truth[rows], self.label.classes)

    def label_word(self, row: int) -> str:
        assert self.label is not None
        value = self.label.truth[row]
        return f"{value:.4g}" if self.label.classes is None else str(self.label.classes[int(value)])

    def key_of(self, row: int) -> tuple[tuple[str, str], ...]:
        """What tells a row to people: whom it is about, and when."""
        names = [name for name in (*self.corpus.entity, self.corpus.at) if name in self.rows.column_names]
        return tuple((name, _word(self.rows[name][row].as_py())) for name in names)


def read_stock(model: Model | None, corpus: Corpus, rows: pa.Table, inputs: Sequence[str], snapshot: str) -> Stock:
    """Split as the model splits; without one, or where it can't be fitted, the last fifth of the time is the test."""
    there = tuple(name for name in inputs if name in rows.column_names and kind_of(rows[name].type) is not None)
    if model is None:
        return _unfitted(None, corpus, rows, there, snapshot, ("no model uses this corpus",))
    try:
        faults.refuse(declared_faults(model, corpus, rows, inputs))
        data = labelled(model, corpus, rows)
    except ProjectError as exc:
        return _unfitted(model, corpus, rows, there, snapshot, tuple(one.message for one in exc.findings))
    return Stock(
        corpus, model, there, data.rows, data.at_us, True, data.label, data.split,
        entity_numbers(data.rows, corpus.entity), rows.num_rows, data.unlabelled, snapshot, (),
    )  # fmt: skip


def _unfitted(
    model: Model | None, corpus: Corpus, rows: pa.Table, inputs: tuple[str, ...], snapshot: str, unfit: tuple[str, ...]
) -> Stock:
    found = rows[corpus.label] if corpus.label in rows.column_names else pa.chunked_array([pa.nulls(rows.num_rows)])
    some = 0 < found.null_count < len(found)
    kept = rows.filter(found.is_valid()) if some else rows
    label = None if found.null_count == len(found) else _label(corpus.label, kept[corpus.label])
    at_us, timed = _times(corpus, kept)
    known_us = known_of(kept, at_us) if timed else at_us
    entity = entity_numbers(kept, [name for name in corpus.entity if name in kept.column_names])
    split = _split(model, at_us, known_us, timed)
    return Stock(
        corpus, model, inputs, kept, at_us, timed, label, split, entity, rows.num_rows, found.null_count, snapshot,
        unfit,
    )  # fmt: skip


def _label(name: str, column: pa.ChunkedArray) -> Label | None:
    """Classes where it is text, a boolean, or a few whole numbers; else values."""
    column = plain(column)
    kind = kind_of(column.type)
    classify = kind in {"text", "boolean"} or (kind == "number" and _few_whole(column))
    try:
        return read_label(name, column, classify=classify)
    except UnfitLabel:
        return None


def _few_whole(column: pa.ChunkedArray) -> bool:
    found = numbers(column, None)
    return bool((found == np.round(found)).all()) and len(np.unique(found)) <= _MOST_CLASSES


def _times(corpus: Corpus, rows: pa.Table) -> tuple[Ints, bool]:
    """Rows that have none count with the first."""
    nothing = np.zeros(rows.num_rows, dtype=np.int64)
    if corpus.at not in rows.column_names or kind_of(rows[corpus.at].type) != "time":
        return nothing, False
    told = microseconds(rows[corpus.at])
    if np.isnan(told).all():
        return nothing, False
    return np.where(np.isnan(told), np.nanmin(told), told).astype(np.int64), True


def _split(model: Model | None, at_us: Ints, known_us: Ints, timed: bool) -> Split:
    if not timed or at_us.min() == at_us.max():
        every = np.ones(len(at_us), dtype=bool)
        return Split(every, ~every, ~every, int(at_us.max(initial=0)))
    if model is not None:
        return split_rows(at_us, known_us, model.split)
    start = int(at_us.max() - _TEST_SHARE * (at_us.max() - at_us.min()))
    test = at_us >= start
    train = known_us < start
    return Split(train, test, ~(test | train), start)


def _word(value: object) -> str:
    if value is None:
        return "missing"
    minutes = getattr(value, "isoformat", None)
    return str(value).replace("+00:00", "") if minutes else str(value)
