"""A project from Python: the same verbs as the command line, and its rows as Arrow, Polars or pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from balun.chain.config import find_project
from balun.chain.corpus import Corpus
from balun.chain.graph import Graph, Node
from balun.chain.load import load_graph
from balun.chain.model import Model
from balun.engine import Engine
from balun.errors import UsageError
from balun.facts.supply import Supply, supply_of
from balun.quoting import in_parquet
from balun.run import Report, Watch, run
from balun.snapshot import PROFILE, Snapshot, Store, rows_in

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from balun.against import Against
    from balun.chain.change import Change
    from balun.check import Checked
    from balun.drift import Asked, Drift, Runs
    from balun.fit import Fitted, Result
    from balun.impact import Impact
    from balun.joins import Joins
    from balun.linking import Explained, Linked, Pair, Planned
    from balun.mends import Mending, ToLabel
    from balun.minimize import Minimized
    from balun.near import Near
    from balun.profile import Profile
    from balun.prove import Proof
    from balun.quarantine import Overview, Preview, Quarantine, Released
    from balun.scanned import Scanned
    from balun.status import Status
    from balun.stocktake import Stocktake
    from balun.why import Row, Why
    from balun.worth import Table, Worth


def load(folder: str | Path = ".") -> Project:
    """Open the project in `folder`, or the nearest one above it. Raises ProjectError with all that is wrong with it."""
    return Project(find_project(Path(folder)))


class Project:
    """A chain and its snapshots.

    `project["flown"]` is a node by its name, or by its id (`feature:weather`) where two kinds share a name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.graph: Graph = load_graph(folder)
        self.store = Store(self.graph.config.snapshots)

    @cached_property
    def supply(self) -> Supply:
        """Columns, types and availability of each node."""
        return supply_of(self.graph)

    @property
    def name(self) -> str:
        return self.graph.config.name

    def __repr__(self) -> str:
        return f"<Project {self.name}: {len(self.graph.nodes)} nodes>"

    def __iter__(self) -> Iterator[Part]:
        return (Part(self, node) for node in self.graph)

    def __getitem__(self, word: str) -> Part:
        """Raises UsageError for a name that isn't there, with the nearest, or that may mean several."""
        return Part(self, self.graph.find(word))

    def run(self, *, wait: bool = False, watch: Watch | None = None) -> Report:
        """Make what is stale. Raises ProjectError, and Busy where another run works on it and `wait` is False."""
        return run(self.folder, wait=wait, watch=watch)

    def status(self) -> Status:
        """What is stale, and why."""
        from balun.status import status

        return status(self.folder)

    def near(self, word: str) -> Near:
        """One level up and one level down of a node, with sample rows."""
        from balun.near import near

        return near(self.graph, SnapshotRows(self), self.graph.find(word))

    def why(self, word: str) -> Why:
        """Why a column, as `flown.dep_delay`, is as it is: its facts and their evidence, its nulls, how it is made.

        Raises UsageError for names that aren't there, with the nearest.
        """
        from balun.why import why

        return why(self.folder, word)

    def why_row(self, word: str, key: str) -> Row:
        """Why a row of a table is as it is, value by value: `beer_mended` or `beer_mended.ounces`, and its key.

        Raises UsageError where it isn't made row by row of one parent, or not exactly one row has the key.
        """
        from balun.why import why_row

        return why_row(self.folder, word, key)

    def check(self) -> Checked:
        """What can be proved without a row, and what can't be right."""
        from balun.check import check

        return check(self.folder)

    def impact(self, change: str | Change) -> Impact:
        """What a change of what is captured would do downstream: a phrase, as `drop departure.tailnum`, or a Change.

        Raises UsageError where it doesn't fit the project.
        """
        from balun.chain.change import read_change
        from balun.impact import impact

        return impact(self.graph, read_change(change) if isinstance(change, str) else change)

    def against(self, revision: str) -> Against:
        """What differs from a revision in git, and what that does downstream.

        Raises UsageError where there is no such revision.
        """
        from balun.against import against

        return against(self.folder, revision)

    def prove(self, *, rows: int = 4000, kinds: Sequence[str] = (), watch: Watch | None = None) -> Proof:
        """Every kind of change on every captured column: what is said of it, held against what it does to rows.

        rows: of an event, about, that changes are executed on.
        """
        from balun.prove import prove

        return prove(self.folder, rows=rows, kinds=kinds, watch=watch)

    def worth(
        self, *changes: str | Change, share: float = 1.0, fresh: bool = False, watch: Watch | None = None
    ) -> Worth:
        """What changes, all at once, cost every model below them, on the day and after retraining.

        share: of the training rows, on which models are fitted again: with fewer it is faster, and intervals are wider.
        Raises UsageError where one doesn't fit the project.
        """
        from balun.worth import worth

        return worth(self.folder, changes, share=share, fresh=fresh, watch=watch)

    def worth_of(
        self, model: str, *, share: float = 1.0, workers: int | None = None, watch: Watch | None = None
    ) -> Table:
        """What every captured column, and coarser steps of it, are worth to a model.

        share: of the training rows, as `worth` has it.
        workers: processes that share the work; None: one for each core, four at most.
        """
        from balun.worth import table

        return table(self.folder, model, share=share, workers=workers, watch=watch)

    def minimize(
        self,
        model: str,
        *,
        cost: str = "columns",
        margin: float | str = 0.005,
        steps: bool = True,
        write: bool = False,
        workers: int | None = None,
        watch: Watch | None = None,
    ) -> Minimized:
        """The fewest captured columns, and the coarsest steps of them, that a model needs.

        cost: `columns`, `bytes` or `latency`. margin: the share of the metric's gain over the training's average that
        may be lost. steps: coarser ones are looked for. write: the smaller model is declared in a new file.
        """
        from balun.minimize import minimize

        return minimize(
            self.folder, model, cost=cost, margin=margin, steps=steps, writing=write, workers=workers, watch=watch
        )

    def stocktake(
        self,
        word: str,
        *,
        model: str | None = None,
        rows: int = 100_000,
        sample: int | None = None,
        out: str | Path | None = None,
        watch: Watch | None = None,
    ) -> Stocktake:
        """How much data a corpus has, how diverse and how clean it is, and what to capture more of.

        model: by whose split, metric and estimator; needed where several use the corpus.
        rows: training rows to fit on at most, where many fits are needed.
        sample: how many rows a smaller corpus is to have; out: the Parquet file to write it to.
        Raises UsageError for names that aren't there, and before the first run.
        """
        from balun.stocktake import Asked, corpus_node, model_node, read_rows, stocktake

        node = corpus_node(self.graph, word)
        user = model_node(self.graph, node, model)
        made = self.snapshot(node)
        asked = Asked(rows, sample, Path(out) if out is not None else None)
        declared, by = node.declared, user.declared if user else None
        assert isinstance(declared, Corpus)
        assert by is None or isinstance(by, Model)
        inputs = self.supply.inputs[node.id]
        return stocktake(declared, by, read_rows(made), inputs, asked, snapshot=made.name, watch=watch)

    def scan(
        self,
        word: str,
        *,
        data: Sequence[str | Path] = (),
        failing: str | Path | None = None,
        profile: bool = False,
        now: datetime | None = None,
        watch: Watch | None = None,
    ) -> Scanned:
        """An event's source, or a table's rows, held against all that is promised of them; nothing is made.

        data: files in place of its own, such as today's. failing: a Parquet file to write the rows to that break
        anything, with their reasons. now: the clock that freshness goes by; None: when the newest file was written.
        Raises UsageError for names that aren't there, with the nearest, and for a table that wasn't run.
        """
        from balun.scanned import Asked, scan

        asked = Asked(tuple(map(Path, data)), now, None if failing is None else Path(failing), profile)
        return scan(
            self.graph,
            SnapshotRows(self).current,
            self.graph.find(word, "event", "table"),
            asked,
            watch.say if watch else None,
        )

    def joins(self, *words: str, watch: Watch | None = None) -> Joins:
        """How events and tables join, by the rows of the last run: all, or those of these nodes with any other.

        Raises UsageError before the first run, and for names that aren't there, with the nearest.
        """
        from balun.joins import joins

        return joins(self.graph, self.supply, SnapshotRows(self).current, words, watch.say if watch else None)

    def link(self, word: str, *, examples: int = 3) -> Linked:
        """What a link came to in the last run. Raises UsageError before it, and for what is no link."""
        from balun.linking import kept_of

        return kept_of(self.graph, self.store, word).told(examples)

    def link_plan(self, word: str) -> Planned:
        """Which pairs a link would compare, counted before any is. Raises UsageError as `link` does."""
        from balun.linking import plan_of

        return plan_of(self.graph, self.store, word)

    def link_explained(self, word: str, key: str) -> Explained:
        """A record's cluster and what holds it. key: its values, with commas between them."""
        from balun.linking import kept_of

        return kept_of(self.graph, self.store, word).explain(key)

    def unsure(self, word: str, *, many: int = 20) -> tuple[Pair, ...]:
        """A link's pairs that nobody has judged yet, those first whose answer tells most."""
        from balun.linking import kept_of, labels_of, link_of

        _, labels = labels_of(self.graph, link_of(self.graph, word)[1])
        return kept_of(self.graph, self.store, word).unsure(labels, many)

    def judge(self, word: str, answers: Iterable[tuple[Pair, bool]]) -> Path:
        """Keep what people say of a link's pairs; the next run goes by it. Returns the file."""
        from balun.chain.link_labels import add_labels
        from balun.linking import labels_of, link_of

        _, table = link_of(self.graph, word)
        file, _ = labels_of(self.graph, table)
        add_labels(file, table.keys, ((pair.left, pair.right, same) for pair, same in answers))
        return file

    def quarantine(self) -> Overview:
        """What the last run set aside of every event. Raises UsageError before the first run."""
        from balun.quarantine import overview

        return overview(self.graph, self.store)

    def drift(self, *words: str, asked: Asked | None = None, watch: Watch | None = None) -> Drift:
        """What has moved in the rows of nodes, by default of all events and tables, and which days stand out.

        asked: against what; None: the state before the current one.
        Raises UsageError before the first run, and for names that aren't there, with the nearest.
        """
        from balun.drift import drift

        return drift(self.graph, self.supply, self.store, words, asked, watch.say if watch else None)

    def baseline(self, *words: str, name: str = "baseline") -> Path:
        """Keep the last run's state of nodes, by default of all events and tables, as one to hold later ones against.

        Returns the file, relative to the project's folder.
        """
        from balun.drift import write_baseline
        from balun.history import History

        every = (*self.graph.of("event"), *self.graph.of("table"))
        nodes = [self.graph.find(word, "event", "table") for word in words] or every
        history = History(self.store)
        entries = [entry for node in nodes if (entry := next(history.back(node.id), None)) is not None]
        if not entries:
            raise UsageError("no run is kept yet: run the project first")
        return write_baseline(self.folder, name, entries)

    def history(self, word: str, column: str | None = None) -> Runs:
        """An event or a table, or one column of it, from run to run."""
        from balun.drift import runs

        return runs(self.graph, self.store, word, column)

    def map(self) -> dict[str, object]:
        """The chain as data: nodes, edges and interfaces between owners."""
        from balun.map import as_json

        return as_json(self.graph)

    def snapshot(self, node: Node, step: str | None = None) -> Snapshot:
        """The current snapshot of a node. Raises UsageError where there is none yet."""
        found = self.store.current(step or node.id)
        if found is None:
            raise UsageError(f"{step or node.id} has no rows yet: run the project first")
        return found


class Part:
    """One node of a project, with its rows as of the last run."""

    def __init__(self, project: Project, node: Node) -> None:
        self.project = project
        self.node = node

    def __repr__(self) -> str:
        return f"<{self.node.id} of {self.project.name}, owner {self.node.owner}>"

    @property
    def owner(self) -> str | None:
        return self.node.owner

    @property
    def parents(self) -> list[Part]:
        return [Part(self.project, node) for node in self.project.graph.parents(self.node)]

    @property
    def children(self) -> list[Part]:
        return [Part(self.project, node) for node in self.project.graph.children(self.node)]

    def path(self) -> Path:
        """The Parquet file of its rows; of a feature, beside the examples of the first corpus that uses it."""
        return self.project.snapshot(self.node, self._step()).rows

    def rows(self, limit: int | None = None) -> pa.Table:
        """Rows as an Arrow table; events after quarantine, features with the number of their example."""

        if limit is None:
            return rows_in(self.path())
        return _head(self.path(), limit)

    def pl(self, limit: int | None = None) -> pl.DataFrame:
        """Rows as a Polars frame; needs `balun[polars]`."""
        import polars

        frame = polars.from_arrow(self.rows(limit))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def df(self, limit: int | None = None) -> pd.DataFrame:
        """Rows as a pandas frame; needs `balun[pandas]`."""
        frame: pd.DataFrame = self.rows(limit).to_pandas()
        return frame

    def quarantine(self) -> Quarantine:
        """What the last run set aside of an event: `.groups("reason")`, `.sample(5)`, `.where(column="amount")`.

        Where a run stopped at it, what it would have set aside. Raises UsageError for other nodes, and before the first
        run.
        """
        from balun.quarantine import quarantine_of

        return quarantine_of(self.project.graph, self.project.store, self.node)

    def preview(self, *sets: str, where: str | None = None) -> Preview:
        """What would come of an event's rows that were set aside, without reading the source.

        sets: a mend in trial, as `amount = replace(amount, ',', '.')`; where: a reason, or SQL over the raw columns.
        """
        from balun.quarantine import mend_of, preview

        part = self.quarantine()
        return preview(part, mend_of(part.contract, sets, where, None) if sets else None)

    def release(
        self, *sets: str, where: str | None = None, why: str | None = None, watch: Watch | None = None
    ) -> Released:
        """Write a mend beside an event's contract, and run; without `sets`, only run, after the contract was mended.

        What this project holds is as it was loaded: load it again to see the mend in it. Raises UsageError where a mend
        would let no row in.
        """
        from balun.quarantine import mend_of, release

        part = self.quarantine()
        mend = mend_of(part.contract, sets, where, why) if sets else None
        return release(self.project.graph, part, mend, watch=watch)

    def quarantined(self) -> pa.Table:
        """An event's rows that were set aside, in raw form, with source, row and all reasons."""

        if self.node.kind != "event":
            raise UsageError(f"{self.node.id} is no event; only events have a quarantine")
        return rows_in(self.project.snapshot(self.node).folder / "quarantine.parquet")

    def profile(self) -> Profile:
        """What the rows of an event or a table look like. Raises UsageError for other nodes, and before the first run.

        A snapshot of an earlier version of Balun has none.
        """
        from balun.profile import Profile

        if self.node.kind not in {"event", "table"}:
            raise UsageError(f"{self.node.id} has no profile; only events and tables have one")
        file = self.project.snapshot(self.node).folder / PROFILE
        if not file.exists():
            raise UsageError(f"{self.node.id} was made before profiles were kept: balun run makes one when it changes")
        return Profile.from_json(json.loads(file.read_text(encoding="utf-8")))

    @property
    def result(self) -> Result:
        """A model's test. Raises UsageError for other nodes."""
        from balun.fit import Result

        told = self._model().info["result"]
        assert isinstance(told, Mapping)
        return Result.from_json(told)

    def fitted(self) -> Fitted:
        """A model as it was fitted: `.predict(rows)`, `.predict_proba(rows)`. Raises UsageError for other nodes."""
        from balun.fit import Fitted

        return Fitted.load(self._model().folder)

    def stocktake(
        self,
        *,
        model: str | None = None,
        rows: int = 100_000,
        sample: int | None = None,
        out: str | Path | None = None,
        watch: Watch | None = None,
    ) -> Stocktake:
        """As `Project.stocktake`, of a corpus. Raises UsageError for other nodes."""
        return self.project.stocktake(self.node.id, model=model, rows=rows, sample=sample, out=out, watch=watch)

    def mend(self, *, labels: str | Path | None = None, least: float = 0.6, watch: Watch | None = None) -> Mending:
        """What is likely wrong in an event's or a table's rows, and how to mend it; nothing is changed.

        labels: a CSV of `row,column,right value` with what a person said of a few rows. least: of confidence, for a
        cell to be told. Raises UsageError for other nodes, before the first run, and where labels don't fit.
        """
        from balun.mends import asked, mend

        graph = self.project.graph
        given = asked(graph, self.node.id, SnapshotRows(self.project).current)
        file = Path(labels) if labels is not None else None
        return mend(graph, given, labels=file, least=least, say=watch.say if watch else None)

    def to_label(self, count: int = 20, *, watch: Watch | None = None) -> tuple[ToLabel, ...]:
        """The rows of which a person's word tells most for mending the others."""
        from balun.mends import asked, to_label

        graph = self.project.graph
        given = asked(graph, self.node.id, SnapshotRows(self.project).current)
        return to_label(graph, given, count, watch.say if watch else None)

    def _model(self) -> Snapshot:
        if self.node.kind != "model":
            raise UsageError(f"{self.node.id} is no model")
        return self.project.snapshot(self.node)

    def _step(self) -> str:
        if self.node.kind in {"model", "surface"}:
            raise UsageError(f"{self.node.id} has no rows; a model has .result and .fitted()")
        if self.node.kind != "feature":
            return self.node.id
        corpora = self.project.graph.children(self.node)
        if not corpora:
            raise UsageError(f"{self.node.id} is used by no corpus, so it has no rows")
        return f"{self.node.id}@{corpora[0].name}"


class SnapshotRows:
    """What `near` reads: what the declarations supply, and the rows of the last run where there was one."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def supply(self) -> Supply:
        return self._project.supply

    def current(self, step: str) -> Snapshot | None:
        """The snapshot of a step as of the last run. Before the first there is none, and looking makes no folder."""
        store = self._project.store
        return store.current(step) if store.folder.is_dir() else None


def _head(file: Path, limit: int) -> pa.Table:
    with Engine(threads=2) as engine:
        sql = f"SELECT * FROM {in_parquet(file)} LIMIT {int(limit)}"
        return engine.connection.sql(sql).to_arrow_table()
