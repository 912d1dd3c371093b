"""What a model is worth as it is: the examples it is judged on, and its answers, against which changes are held."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.chain.model import Model
from balun.errors import UsageError
from balun.fit.faults import split_faults
from balun.fit.fitted import Fitted
from balun.fit.fitting import fitted_on, silent
from balun.fit.given import given
from balun.fit.guess import guess_of
from balun.fit.label import Label
from balun.fit.labelled import Labelled, labelled
from balun.fit.metric import Guess, Metric, Truth, metric_of
from balun.fit.paired import Gap, Paired
from balun.fit.resampled import drawn_rows, refit_rows
from balun.fit.threads import one_if_busy
from balun.snapshot import rows_in
from balun.worth.history import History

Say = Callable[[str], None]
Bools = NDArray[np.bool_]


@dataclass
class Standard:
    """data: the labelled examples, in their order. fitted: the model in service.

    share: of the training rows, on which models are fitted again; they are held against one that was fitted on these
    rows too. On the day it is the model in service that meets changed rows, however many it was fitted on.
    """

    node: Node
    model: Model
    corpus: Corpus
    inputs: tuple[str, ...]
    data: Labelled
    fitted: Fitted
    share: float = 1.0
    _guesses: dict[int, Guess] = field(default_factory=dict)
    _paired: dict[int, Paired] = field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        return metric_of(self.model.metric)

    @property
    def truth(self) -> Truth:
        """Of the test."""
        return self.data.label.of(self.data.split.test).truth

    def value(self, guess: Guess) -> float:
        """Of the metric, on the test."""
        return self.metric.value(self.truth, guess)

    @property
    def test(self) -> pa.Table:
        return self.data.of(self.data.split.test)

    def answers(self, fitted: Fitted, rows: pa.Table) -> Guess:
        """Of a fitted model for served rows. Raises UsageError where it refuses them."""
        matrix = fitted.encoder.matrix(given(rows, fitted.encoder))
        return guess_of(fitted.estimator, matrix, self.data.label.classes, self.metric.takes)

    def own(self, r: int, say: Say) -> Guess:
        """The answers for the test of a model fitted on training rows `r`; of all rows, r = 0, that in service."""
        if r not in self._guesses:
            is_in_service = r == 0 and self.share == 1
            self._guesses[r] = self.answers(self.fitted if is_in_service else self.fit(self.data, r, say), self.test)
        return self._guesses[r]

    @cached_property
    def in_service(self) -> Guess:
        """The answers for the test of the model in service."""
        return self.own(0, silent) if self.share == 1 else self.answers(self.fitted, self.test)

    def take(self, answers: Sequence[Guess]) -> None:
        """What was answered by models fitted on training rows 0, 1 … elsewhere."""
        self._guesses |= dict(enumerate(answers))

    def fit(self, data: Labelled, r: int, say: Say, without: Collection[str] = ()) -> Fitted:
        """On training rows `r` of `data`, but for the inputs that it is to do without."""
        inputs = [name for name in self.inputs if name not in without]
        train = np.flatnonzero(data.split.train & drawn_rows(data.rows.num_rows, self.share, self.model.seed))
        some = train[refit_rows(data.at_us[train], self.model.seed, r)]
        say(f"fitting {type(self.model.estimator).__name__} on {len(some):,} rows of {len(inputs)} inputs")
        rows, label = data.rows.take(pa.array(some)), Label(data.label.truth[some], data.label.classes)
        with one_if_busy():
            return fitted_on(self.model, self.corpus, rows, label, inputs, snapshot=self.fitted.snapshot)[0]

    def gap_on_day(self, after: Guess) -> Gap:
        """after: what the model in service answers for changed rows."""
        return self._on_day.gap([after])

    @cached_property
    def _on_day(self) -> Paired:
        return self._held([self.in_service])

    def gap(self, after: Sequence[Guess], before: Sequence[Guess] | None = None) -> Gap:
        """after: of a changed model, fitted on training rows 0, 1 … before: of another; None: of the model as it is."""
        if before is not None:
            return self._held(before).gap(after)
        if len(after) not in self._paired:
            self._paired[len(after)] = self._held([self.own(r, silent) for r in range(len(after))])
        return self._paired[len(after)].gap(after)

    def _held(self, before: Sequence[Guess]) -> Paired:
        test = self.data.split.test
        return Paired(self.metric, self.truth, self.data.at_us[test], before, seed=self.model.seed)


def before_test(of: Standard, kept: Path, say: Say) -> Standard:
    """The model as it would have been, judged on the last of its training rows, which stand for the test.

    kept: a folder that its fit lies in, or is put into. Raises UsageError where there are too few such rows.
    """
    data = of.data.before_test(of.model.split)
    wrong = [one.message for one in split_faults(of.model, data.split, data.label, data.at_us)]
    if wrong:
        raise UsageError(f"{of.node.name}'s training rows are too few to search on a part of them: {'; '.join(wrong)}")
    made = replace(of, data=data, _guesses={}, _paired={})
    if not kept.exists():
        draft = kept.with_suffix(f".{os.getpid()}.draft")
        made.fit(data, 0, say).save(draft)
        draft.replace(kept)
    return replace(made, fitted=Fitted.load(kept))


def standard(history: History, node: Node) -> Standard:
    """Of a model of the last run."""
    model = node.declared
    assert isinstance(model, Model)
    corpus_node = history.chain.graph.nodes[node.parents[0]]
    corpus = corpus_node.declared
    assert isinstance(corpus, Corpus)
    rows = rows_in(history.made[corpus_node.id].rows)
    inputs = tuple(history.chain.supply.inputs[corpus_node.id])
    fitted = Fitted.load(history.made[node.id].folder)
    return Standard(node, model, corpus, inputs, labelled(model, corpus, rows), fitted)
