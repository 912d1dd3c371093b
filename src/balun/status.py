"""What is stale, and why. Reads no rows and makes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from balun.chain.contract import Contract
from balun.chain.graph import Graph
from balun.chain.load import load_graph
from balun.chain.needed import needed
from balun.facts.known import Chain, known_of
from balun.facts.reach import looked_at
from balun.facts.supply import supply_of
from balun.plan import State, make_plan, states
from balun.run import event_files
from balun.scan.limit import nothing_kept, over_limit
from balun.snapshot import Store

_MOST = 5


@dataclass(frozen=True)
class Match:
    """What is captured, held against what is needed, by names of columns.

    unproved: measured needs of a step that no contract promises, or that isn't captured.
    """

    used: tuple[str, ...]
    unused: tuple[str, ...]
    unproved: tuple[str, ...]
    measured: tuple[str, ...]

    def words(self) -> str:
        """
        >>> Match(("ride.fare",), ("ride.tip",), (), ()).words()
        'captured and used: 1 column; captured and unused: 1 (ride.tip); needs: none measured'
        """
        unused = f"captured and unused: {len(self.unused)}{_named(self.unused)}"
        unproved = f"needed and unproved: {len(self.unproved)}{_named(self.unproved)}"
        needs = f"needs measured: {len(self.measured)}; {unproved}" if self.measured else "needs: none measured"
        return f"captured and used: {_count(len(self.used))}; {unused}; {needs}"


def _count(number: int) -> str:
    return f"{number} column{'' if number == 1 else 's'}"


def _named(names: tuple[str, ...]) -> str:
    most = ", ".join(names[:_MOST])
    return f" ({most}{', …' if len(names) > _MOST else ''})" if names else ""


@dataclass(frozen=True)
class Status:
    """states: of each step, in the order of the chain."""

    project: str
    states: tuple[State, ...]
    match: Match

    @property
    def stale(self) -> int:
        return sum(not state.fresh for state in self.states)

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "stale": self.stale,
            "steps": [
                {
                    "step": state.step.id,
                    "owner": state.step.node.owner,
                    "snapshot": state.step.name,
                    "fresh": state.fresh,
                    "why": state.why,
                }
                for state in self.states
            ],
            "match": {name: list(names) for name, names in vars(self.match).items()},
        }


def status(folder: Path) -> Status:
    """Raises ProjectError."""
    graph = load_graph(folder)
    store = Store(graph.config.snapshots)
    try:
        supply = supply_of(graph)
        plan = make_plan(graph, supply, event_files(graph), store)
        found = tuple(_stopped(graph, store, state) for state in states(plan, store))
        return Status(graph.config.name, found, match(known_of(graph, supply)))
    finally:
        store.close()


def _stopped(graph: Graph, store: Store, state: State) -> State:
    """An event that was made, and of which more rows are set aside than may be: a run stops at it."""
    contract, made = state.step.node.declared, store.find(state.step.name)
    counts = made.info.get("collected") if made else None
    if not isinstance(contract, Contract) or not isinstance(counts, Mapping):
        return state
    over = over_limit(contract, graph.config.limit, counts) if counts["kept"] else nothing_kept(contract, counts)
    return replace(state, fresh=False, why=f"a run stops here: {over.message}") if over else state


def match(chain: Chain) -> Match:
    """What the chain captures against what it uses, and was measured to need."""
    used = looked_at(chain)
    captured = {
        f"{node.name}.{column.name}": ((node.name, column.name) in used, column.resolution is not None)
        for node in chain.graph.of("event")
        if isinstance(node.declared, Contract)
        for column in node.declared.columns
    }
    needs = [one.need for one in needed(chain.graph)]
    promised = {name.lower() for name, (_, told) in captured.items() if told}
    there = {name.lower() for name in captured}
    unproved = [
        one.name for one in needs if one.name.lower() not in (promised if one.resolution is not None else there)
    ]
    return Match(
        tuple(name for name, (is_used, _) in captured.items() if is_used),
        tuple(name for name, (is_used, _) in captured.items() if not is_used),
        tuple(dict.fromkeys(unproved)),
        tuple(dict.fromkeys(one.name for one in needs)),
    )
