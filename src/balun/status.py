"""What is stale, and why. Reads no rows and makes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balun.chain.load import load_graph
from balun.facts.supply import supply_of
from balun.plan import State, make_plan, states
from balun.run import event_files
from balun.snapshot import Store


@dataclass(frozen=True)
class Status:
    """states: of each step, in the order of the chain."""

    project: str
    states: tuple[State, ...]

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
        }


def status(folder: Path) -> Status:
    """Raises ProjectError."""
    graph = load_graph(folder)
    store = Store(graph.config.snapshots)
    try:
        plan = make_plan(graph, supply_of(graph), event_files(graph), store)
        return Status(graph.config.name, tuple(states(plan, store)))
    finally:
        store.close()
