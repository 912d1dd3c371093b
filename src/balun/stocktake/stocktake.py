"""How much data a corpus has, how diverse and how clean it is, and what to capture more of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from balun.chain.corpus import Corpus
from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.errors import ProjectError, UsageError, nearest
from balun.fit.guess import gives
from balun.run import Silent, Watch
from balun.snapshot import Snapshot, damaged, rows_in
from balun.stocktake.amount import Amount, amount_of
from balun.stocktake.cleanness import Cleanness, cleanness_of
from balun.stocktake.clusters import Clusters, clusters_of
from balun.stocktake.coverage import Coverage, coverage_of
from balun.stocktake.curve import Curve, Grown, curve_of, grown
from balun.stocktake.folds import OutOfFold, out_of_fold
from balun.stocktake.noise import Noise, noise_of
from balun.stocktake.outliers import Outliers, outliers_of
from balun.stocktake.sample import Sample, refuse, sample_of
from balun.stocktake.stock import Stock, read_stock
from balun.stocktake.wanted import Wants, wants_of
from balun.told import told

ROWS = 100_000
_T = TypeVar("_T")


@dataclass(frozen=True)
class Asked:
    """limit: training rows to fit on at most, where many fits are needed. sample: how many rows to draw; None: none.

    out: the file to write them to.
    """

    limit: int = ROWS
    sample: int | None = None
    out: Path | None = None
    seed: int = 0


@dataclass(frozen=True)
class Stocktake:
    """Of a corpus as the last run left it. A part that couldn't be told is None or empty; `notes` say why.

    model: the one whose split, metric and estimator were used. fits: training rows that fits used at most.
    """

    corpus: str
    owner: str | None
    model: str | None
    estimator: str | None
    snapshot: str
    amount: Amount
    clusters: tuple[Clusters, ...]
    coverage: tuple[Coverage, ...]
    cleanness: Cleanness | None
    noise: Noise | None
    outliers: Outliers | None
    curve: Curve | None
    wants: Wants | None
    sample: Sample | None
    fits: int
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Plain data; NaN is null."""
        plain = told(self)
        assert isinstance(plain, dict)
        return plain


def corpus_node(graph: Graph, word: str) -> Node:
    """The corpus of that name. Raises UsageError for another kind of node, or none."""
    found = graph.nodes.get(f"corpus:{word}") or graph.find(word)
    if found.kind != "corpus":
        names = ", ".join(node.name for node in graph.of("corpus")) or "none"
        raise UsageError(f"{found.id} is no corpus; there is {names}")
    return found


def model_node(graph: Graph, corpus: Node, word: str | None) -> Node | None:
    """The model that uses it. Raises UsageError where several do and `word` names none of them."""
    models = [node for node in graph.children(corpus) if node.kind == "model"]
    names = [node.name for node in models]
    if word is None:
        if len(models) > 1:
            raise UsageError(f"several models use {corpus.name}: say which with --model: {', '.join(names)}")
        return models[0] if models else None
    found = next((node for node in models if word in {node.name, node.id}), None)
    if found is None:
        there = f"these do: {', '.join(names)}" if names else "none does"
        raise UsageError(f"no model {word} uses {corpus.name}{nearest(word, names)}; {there}")
    return found


def read_rows(snapshot: Snapshot) -> pa.Table:
    """Raises ProjectError where its file is damaged."""
    try:
        return rows_in(snapshot.rows)
    except (OSError, ValueError) as exc:
        raise damaged(snapshot, str(exc)) from exc


def stocktake(
    corpus: Corpus,
    model: Model | None,
    rows: pa.Table,
    inputs: tuple[str, ...],
    asked: Asked | None = None,
    *,
    snapshot: str,
    watch: Watch | None = None,
) -> Stocktake:
    """rows: of the corpus, with `label_known`, as a run makes it. inputs: a model's, in order.

    Raises UsageError where a sample is asked for and can't be drawn.
    """
    asked, watch = asked or Asked(), watch or Silent()
    stock = read_stock(model, corpus, rows, inputs, snapshot)
    if asked.sample is not None and stock.unfit:
        raise UsageError(f"a sample needs a model that can be fitted: {'; '.join(stock.unfit)}")
    if asked.sample is not None:
        refuse(stock, asked.sample, asked.out)
    return _Taking(stock, asked, watch).all()


class _Taking:
    """Its sections in order, each told to `watch` as it begins."""

    def __init__(self, stock: Stock, asked: Asked, watch: Watch) -> None:
        self.stock, self.asked, self.watch = stock, asked, watch
        self.notes: list[str] = []

    def all(self) -> Stocktake:
        stock, seed, model = self.stock, self.asked.seed, self.stock.model
        fitting = ["label noise", "learning curve", "what to capture"] if not stock.unfit else []
        sampled = ["sample"] if self.asked.sample is not None else []
        self.watch.begin(["how much", "how diverse", "how clean", *fitting, *sampled])
        amount = self._step("how much", lambda: amount_of(stock))
        clusters, coverage = self._step("how diverse", lambda: (clusters_of(stock), coverage_of(stock)))
        clean = self._step("how clean", lambda: cleanness_of(stock, seed))
        folds = grew = None
        if stock.unfit:
            told = "; ".join(stock.unfit)
            self.notes.append(f"no label noise, no learning curve and nothing to capture more of is told: {told}")
        else:
            folds, grew = self._tried("label noise", self._folds), self._tried("learning curve", self._grown)
        wants = self._step("what to capture", lambda: wants_of(stock, grew)) if grew else None
        sample = self._step("sample", lambda: self._sample(folds)) if folds and sampled else None
        if sampled and not sample:
            self.notes.append("no sample is drawn: the model can't be fitted on parts of the training rows")
        self.watch.end()
        return Stocktake(
            corpus=stock.corpus.name,
            owner=stock.corpus.owner,
            model=model.name if model else None,
            estimator=type(model.estimator).__name__ if model else None,
            snapshot=stock.snapshot,
            amount=amount,
            clusters=clusters,
            coverage=coverage,
            cleanness=clean,
            noise=self._noise(folds),
            outliers=outliers_of(stock, folds) if folds and not self._classes else None,
            curve=curve_of(stock, grew, seed) if grew else None,
            wants=wants,
            sample=sample,
            fits=min(self.asked.limit, len(stock.train)),
            notes=tuple(self.notes),
        )

    @property
    def _classes(self) -> bool:
        return self.stock.label is not None and self.stock.label.classes is not None

    def _step(self, name: str, make: Callable[[], _T]) -> _T:
        self.watch.start(name)
        made = make()
        self.watch.done()
        return made

    def _tried(self, name: str, make: Callable[[], _T]) -> _T | None:
        """An estimator that fails on some of the rows takes its own section with it, no more."""
        try:
            return self._step(name, make)
        except ProjectError as exc:
            self.notes.append(f"no {name} is told: {'; '.join(one.message for one in exc.findings)}")
            return None

    def _folds(self) -> OutOfFold:
        # Half of it is enough to tell what is odd, and four folds cost as much as the curve then.
        return out_of_fold(self.stock, self.asked.limit // 2, self.asked.seed, self.watch.say)

    def _grown(self) -> Grown | None:
        found = grown(self.stock, self.asked.limit, self.asked.seed, self.watch.say)
        if found is None:
            rows = f"{len(self.stock.train):,} training rows"
            self.notes.append(f"no learning curve is told: {rows} are too few, or the metric has no value on the test")
        return found

    def _noise(self, folds: OutOfFold | None) -> Noise | None:
        if folds is None or not self._classes or self.stock.model is None:
            return None
        if gives(self.stock.model.estimator) != "probability":
            name = type(self.stock.model.estimator).__name__
            self.notes.append(f"no label noise is told: it needs probabilities, and {name} gives none")
            return None
        return noise_of(self.stock, folds)

    def _sample(self, folds: OutOfFold) -> Sample:
        assert self.asked.sample is not None
        asked = self.asked
        return sample_of(self.stock, folds, asked.sample, asked.out, asked.seed, self.watch.say)  # type: ignore[arg-type]
