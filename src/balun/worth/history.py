"""What the last run made of a project: the history that changes are replayed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from balun.chain.load import load_graph
from balun.facts.known import Chain
from balun.impact import chain_of
from balun.kept import FILE, Kept
from balun.plan import make_plan
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
    run(folder, watch=watch)
    past = history_of(folder)
    try:
        with past.store.locked():
            yield past
    finally:
        past.store.close()


def history_of(folder: Path) -> History:
    """Of a project that was run."""
    graph = load_graph(folder)
    store = Store(graph.config.snapshots / "worth")
    store.folder.mkdir(parents=True, exist_ok=True)
    chain = chain_of(graph, Kept(store.folder / FILE))
    base = Store(graph.config.snapshots)
    try:
        plan = make_plan(graph, chain.supply, event_files(graph), base)
        found = {step.id: base.find(step.name) for step in plan}
    finally:
        base.close()
    return History(chain, {id_: made for id_, made in found.items() if made is not None}, store)
