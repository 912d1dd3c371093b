"""The proof: each change is judged without rows, then done to the rows, and what became of each column compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from balun.build import Bench, build
from balun.chain.change import KINDS, Change
from balun.chain.config import read_config
from balun.chain.contract import Contract, over
from balun.chain.graph import Graph, Node
from balun.chain.load import load_graph
from balun.chain.model import Model
from balun.chain.surface import Surface
from balun.difference.captured import captured
from balun.effect import Effect, Verdict, worst
from balun.engine import Engine
from balun.errors import ProjectError, UsageError, nearest
from balun.facts.known import Chain
from balun.impact import Standing, chain_of, fallen, judged, stand
from balun.kept import FILE, Kept
from balun.plan import Plan, make_plan
from balun.prove.compared import compared, same_rows
from balun.prove.sampled import Sampled, sampled
from balun.prove.tally import Cell, Tally, tally
from balun.prove.trials import Held, trials
from balun.quoting import in_parquet, literal
from balun.run import Silent, Watch, event_files
from balun.snapshot import Snapshot, Store, digest

# Raise it when the same rows come to be compared otherwise.
_FORMAT = 1
ROWS = 4000
_OF_ROWS = frozenset({"nullable", "blank", "coarsen", "recode", "pool", "add value", "remove value", "sample", "thin"})


@dataclass(frozen=True)
class Proof:
    """cells: every verdict beside its truth. skipped: changes that can't be done to these rows, and why."""

    project: str
    changes: int
    cells: tuple[Cell, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def missed(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.missed)

    @property
    def false_alarms(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.false_alarm)

    @property
    def whole(self) -> Tally:
        return tally(self.cells)

    def kinds(self) -> dict[str, Tally]:
        present = dict.fromkeys(cell.kind for cell in self.cells)
        return {kind: tally(cell for cell in self.cells if cell.kind == kind) for kind in KINDS if kind in present}

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "changes": self.changes,
            "whole": self.whole.as_json(),
            "kinds": {kind: told.as_json() for kind, told in self.kinds().items()},
            "missed": [cell.as_json() for cell in self.missed],
            "false_alarms": [cell.as_json() for cell in self.false_alarms],
            "skipped": [{"change": change, "why": why} for change, why in self.skipped],
        }


def prove(
    folder: Path,
    *,
    rows: int = ROWS,
    kinds: Sequence[str] = (),
    events: Sequence[str] = (),
    fresh: bool = False,
    watch: Watch | None = None,
) -> Proof:
    """Try every kind of change on every captured column of the project in `folder`.

    rows: of an event, about, that are taken to execute changes on. kinds, events: only these.
    fresh: forget what an earlier proof, or one that was stopped, found of the same project and rows.
    Models are not fitted: what they are made of is compared. Raises ProjectError, UsageError.
    """
    _known_kinds(kinds)
    watch = watch or Silent()
    config = read_config(folder)
    store = Store(config.snapshots / "prove")
    try:
        with store.locked():
            return _proved(load_graph(folder), store, rows, kinds, events, fresh, watch)
    finally:
        watch.end()
        store.close()


def _known_kinds(kinds: Sequence[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"there is no kind of change {kind}{nearest(kind, list(KINDS))}: {', '.join(KINDS)}")


def _proved(
    whole: Graph, store: Store, rows: int, kinds: Sequence[str], events: Sequence[str], fresh: bool, watch: Watch
) -> Proof:
    graph = _without_models(whole)
    for name in events:
        if graph.find(name).kind != "event":
            raise UsageError(f"{name} is no event")
    kept = Kept(store.folder / FILE)
    few = sampled(graph, chain_of(graph, kept).supply, store, rows, watch.say)
    bench = Trial(few, chain_of(few.graph, kept), store)
    changes = [one for one in _all(few, kinds) if not events or one.event in events]
    notes = Notes(store.folder / "found.jsonl", digest({"format": _FORMAT, "base": bench.base_names}))
    known = {} if fresh else notes.read()
    watch.begin([str(change) for change in changes])
    cells: list[Cell] = []
    skipped: list[tuple[str, str]] = []
    for change in changes:
        watch.start(str(change))
        said = str(change)
        if said not in known:
            known[said] = bench.tried(change)
            notes.add(said, known[said])
        found = known[said]
        if isinstance(found, str):
            skipped.append((said, found))
        else:
            cells += found
        watch.done()
    return Proof(whole.config.name, len(changes) - len(skipped), tuple(cells), tuple(skipped))


def _without_models(graph: Graph) -> Graph:
    kept = {id_: node for id_, node in graph.nodes.items() if not isinstance(node.declared, Model | Surface)}
    return Graph(graph.config, kept)


def _all(few: Sampled, kinds: Sequence[str]) -> list[Change]:
    found: list[Change] = []
    with Engine(threads=1) as engine:
        reads = {in_parquet(file): few.contract(id_) for id_, file in few.rows.items()}
        for rows, contract in reads.items():
            others = {other: one for other, one in reads.items() if other != rows}
            found += trials(contract, Held(engine.connection, rows, others))
    return [change for change in found if not kinds or change.kind in kinds]


@dataclass(frozen=True)
class Notes:
    """What was found of each change, a line each, so that a proof that was stopped goes on where it was.

    of: the project, its rows and how they are compared; lines of others count as not there.
    """

    file: Path
    of: str

    def read(self) -> dict[str, list[Cell] | str]:
        known: dict[str, list[Cell] | str] = {}
        if not self.file.exists():
            return known
        for line in self.file.read_text(encoding="utf-8").splitlines():
            try:
                told = json.loads(line)
            except ValueError:  # it was cut short
                continue
            if told.get("of") == self.of:
                cells = told["cells"]
                known[told["change"]] = cells if isinstance(cells, str) else [Cell.from_json(one) for one in cells]
        return known

    def add(self, change: str, cells: list[Cell] | str) -> None:
        told = cells if isinstance(cells, str) else [cell.as_json() for cell in cells]
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"of": self.of, "change": change, "cells": told}) + "\n")


class Trial:
    """A project on which changes are tried, made once as it is."""

    def __init__(self, few: Sampled, chain: Chain, store: Store) -> None:
        self._few = few
        self._chain = chain
        self._store = store
        self._base, failed = self._made(few.graph, chain)
        for exc in failed.values():
            raise exc
        self._store.settle({step: made.name for step, made in self._base.items()})

    @property
    def base_names(self) -> list[str]:
        return sorted(made.name for made in self._base.values())

    def tried(self, change: Change) -> list[Cell] | str:
        """The cells of one change; why it can't be done to these rows, where it can't."""
        event = next(node for node in self._few.graph.of("event") if node.name == change.event)
        contract = event.declared
        assert isinstance(contract, Contract)
        file = self._store.folder / "rows" / "changed.parquet"
        try:
            new = over(change.edit(contract), file)
            with Engine(threads=1) as engine:
                self._write(engine, change, contract, self._few.rows[event.id], file)
                if change.kind in _OF_ROWS and same_rows(engine.connection, self._few.rows[event.id], file):
                    return "it changes none of these rows"
        except (duckdb.Error, UsageError) as exc:
            return str(exc).splitlines()[0]
        changed = Graph(self._few.graph.config, {**self._few.graph.nodes, event.id: replace(event, declared=new)})
        standing = stand(changed, self._chain.supply.kept)
        effects = judged(self._chain, event, captured(change, contract, new), standing)
        cells = list(self._cells(change, effects, standing))
        self._store.prune()
        return cells

    def _write(self, engine: Engine, change: Change, contract: Contract, rows: Path, file: Path) -> None:
        sql = change.rows(contract, in_parquet(rows))
        engine.connection.execute(f"COPY ({sql}) TO {literal(str(file))} (FORMAT parquet)")

    def _cells(self, change: Change, effects: Sequence[Effect], standing: Standing) -> Iterator[Cell]:
        made, failed = self._made(standing.chain.graph, standing.chain)
        lost = set(standing.broken) | set(fallen(failed, self._few.graph))
        said = {effect.node.id: effect for effect in effects}
        with Engine(threads=1) as engine:
            results = Results(engine.connection, self._base, made)
            for effect in effects:
                yield from _of_node(change, effect, results, lost, self._corpora(effect.node, said))

    def _corpora(self, node: Node, said: Mapping[str, Effect]) -> list[Effect]:
        """Of corpora that hold a feature's columns."""
        return [said[one.id] for one in self._few.graph.children(node) if node.kind == "feature" and one.id in said]

    def _made(self, graph: Graph, chain: Chain) -> tuple[dict[str, Snapshot], dict[str, ProjectError]]:
        """Every step that can be made, and what ended others."""
        plan: Plan = make_plan(graph, chain.supply, event_files(graph), self._store)
        made: dict[str, Snapshot] = {}
        failed: dict[str, ProjectError] = {}
        for step in plan:
            if any(parent not in made for parent in step.parents):
                continue
            found = self._store.find(step.name)
            try:
                made[step.id] = found or build(Bench(graph, chain.supply, self._store, made, lambda _: None), step)
            except ProjectError as exc:
                failed[step.id] = exc
        return made, failed


@dataclass(frozen=True)
class Results:
    """What each step made before the change and after it."""

    connection: duckdb.DuckDBPyConnection
    before: Mapping[str, Snapshot]
    after: Mapping[str, Snapshot]

    def truths(self, step: str, said: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """Of each of these columns, whatever was said of it."""
        if step not in self.before or step not in self.after:
            return {}
        before, after = self.before[step], self.after[step]
        if before.name == after.name:
            return dict.fromkeys(said, "same")
        return dict(compared(self.connection, before.rows, after.rows, said))

    def breaks_promise(self, step: str) -> bool:
        return len(_findings(self.after[step])) > len(_findings(self.before[step]))


def _of_node(
    change: Change, effect: Effect, results: Results, lost: set[str], corpora: Sequence[Effect]
) -> Iterator[Cell]:
    node = effect.node
    why = "; ".join(effect.why) or ("its rows" if effect.rows else "")

    def cell(column: str | None, said: Verdict, truth: Verdict) -> Cell:
        return Cell(str(change), change.kind, node.id, column, said, truth, why)

    if node.id in lost:
        yield cell(None, effect.verdict, "breaks")
        yield from (cell(name, said, "breaks") for name, said in effect.columns.items())
        return
    truths: dict[str, Verdict] = {}
    if node.kind == "feature":
        for corpus in corpora:
            if not corpus.rows:  # else its rows don't tell those of the feature
                truths |= results.truths(corpus.node.id, {**corpus.columns, **effect.columns})
    else:
        truths = results.truths(node.id, effect.columns)
    yield from (cell(name, said, truths[name]) for name, said in effect.columns.items() if name in truths)
    if node.kind == "table":
        truth: Verdict = "breaks" if results.breaks_promise(node.id) else worst(iter(truths.values()))
        yield cell(None, effect.verdict, truth)


def _findings(made: Snapshot) -> list[object]:
    found = made.info.get("findings")
    return found if isinstance(found, list) else []
