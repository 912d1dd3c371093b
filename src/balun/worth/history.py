"""What the last run made of a project: the history that changes are replayed on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from balun.against import project_at
from balun.build import Bench, build
from balun.chain.config import read_config
from balun.chain.graph import Graph
from balun.chain.load import load_graph
from balun.errors import ProjectError
from balun.facts.known import Chain
from balun.impact import chain_of
from balun.kept import FILE, Kept
from balun.plan import Step, make_plan
from balun.run import Watch, event_files, run
from balun.snapshot import Snapshot, Store


@dataclass(frozen=True)
class History:
    """made: snapshots of the last run, by step. store: where what changes make is kept, apart from the run's own."""

    chain: Chain
    made: Mapping[str, Snapshot]
    store: Store

    @property
    def name(self) -> str:
        """The same where all that was made is."""
        return " ".join(sorted(one.name for one in self.made.values()))


@contextmanager
def history(folder: Path, watch: Watch) -> Iterator[History]:
    """Of the project in `folder`, once what is stale of it is made. Raises ProjectError, Busy."""
    report = run(folder, watch=watch)
    if report.stopped:
        raise ProjectError(report.findings)
    past = history_of(folder)
    try:
        with past.store.locked():
            _sweep(past.store)
            yield past
    finally:
        past.store.close()


def history_of(folder: Path) -> History:
    """Of a project that was run."""
    graph = load_graph(folder)
    store = _store(graph)
    chain = chain_of(graph, Kept(store.folder / FILE))
    return History(chain, {step.id: made for step, made in _found(chain, store) if made is not None}, store)


@contextmanager
def history_at(folder: Path, revision: str, watch: Watch) -> Iterator[History]:
    """Of the project as it was declared at a revision in git, on the data that lie there now.

    What no run made is made in the store of replays. Raises UsageError where there is no such revision, ProjectError.
    """
    with project_at(folder, revision) as was:
        then, now = load_graph(was), read_config(folder)
        graph = Graph(replace(then.config, folder=now.folder, snapshots=now.snapshots), then.nodes)
        store = _store(graph)
        try:
            with store.locked():
                chain = chain_of(graph, Kept(store.folder / FILE))
                made = _made(chain, store, watch)
                store.settle({step: one.name for step, one in made.items()})
                _sweep(store)
                yield History(chain, made, store)
        finally:
            store.close()


def _sweep(store: Store) -> None:
    """Delete what a replay that was stopped left."""
    store.prune()
    shutil.rmtree(store.folder / "rows", ignore_errors=True)


def _store(graph: Graph) -> Store:
    store = Store(graph.config.snapshots / "worth")
    store.folder.mkdir(parents=True, exist_ok=True)
    return store


def _found(chain: Chain, store: Store) -> list[tuple[Step, Snapshot | None]]:
    """What the project's runs, or replays, made of each step."""
    base = Store(chain.graph.config.snapshots)
    try:
        plan = make_plan(chain.graph, chain.supply, event_files(chain.graph), base)
        return [(step, base.find(step.name) or store.find(step.name)) for step in plan]
    finally:
        base.close()


def _made(chain: Chain, store: Store, watch: Watch) -> dict[str, Snapshot]:
    made: dict[str, Snapshot] = {}
    steps = _found(chain, store)
    watch.begin([step.id for step, found in steps if found is None])
    try:
        for step, found in steps:
            if found is None:
                watch.start(step.id)
                found = build(Bench(chain.graph, chain.supply, store, made, watch.say), step)  # noqa: PLW2901
                watch.done()
            made[step.id] = found
    finally:
        watch.end()
    return made
