"""`balun history`: an event or a table from run to run, by the profiles that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from balun.chain.graph import Graph, Node
from balun.drift.compare import LEVEL, Compared
from balun.drift.from_profiles import compare_profiles
from balun.errors import UsageError, nearest
from balun.history import Entry, History
from balun.snapshot import Store


@dataclass(frozen=True)
class State:
    """One run's. moved: against the state before; None: it is the first."""

    entry: Entry
    moved: Compared | None

    @property
    def nulls(self) -> float:
        """The share of all cells."""
        profile = self.entry.profile
        cells = profile.rows * len(profile.columns)
        return sum(one.nulls for one in profile.columns) / cells if cells else 0.0

    def as_json(self) -> dict[str, object]:
        return {
            "run": self.entry.run,
            "when": self.entry.when,
            "snapshot": self.entry.snapshot,
            "rows": self.entry.rows,
            "nulls": self.nulls,
            "moved": self.moved.as_json() if self.moved else None,
        }


@dataclass(frozen=True)
class Runs:
    """The states of a node, the oldest first. column: the one that is asked for; None: all."""

    node: Node
    states: tuple[State, ...]
    column: str | None = None

    def as_json(self) -> dict[str, object]:
        told: dict[str, object] = {"node": self.node.id, "states": [one.as_json() for one in self.states]}
        if self.column is not None:
            told["column"] = self.column
            told["profiles"] = [_column_json(one.entry, self.column) for one in self.states]
        return told


def _column_json(entry: Entry, column: str) -> dict[str, object] | None:
    found = entry.profile.column(column)
    if found is None:
        return None
    from dataclasses import asdict

    return {"run": entry.run, **asdict(found)}


def runs(graph: Graph, store: Store, word: str, column: str | None = None) -> Runs:
    """Raises UsageError for a node or column that isn't there, and where nothing is kept yet."""
    node = graph.find(word, "event", "table")
    if node.kind not in {"event", "table"}:
        raise UsageError(f"of {node.id} no profiles are kept: name an event or a table")
    entries = History(store).of(node.id)
    if not entries:
        raise UsageError(f"nothing is kept of {node.id} yet: run the project first")
    return Runs(node, _states(entries), _spelt(entries, column) if column else None)


def _states(entries: Sequence[Entry]) -> tuple[State, ...]:
    first = State(entries[0], None)
    after = [State(now, compare_profiles(old.profile, now.profile, LEVEL)) for old, now in pairwise(entries)]
    return (first, *after)


def _spelt(entries: Sequence[Entry], column: str) -> str:
    known = {one.name.lower(): one.name for entry in entries for one in entry.profile.columns}
    if column.lower() not in known:
        raise UsageError(f"no run had a column {column}{nearest(column, known.values())}")
    return known[column.lower()]
