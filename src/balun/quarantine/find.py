"""Where what runs set aside is found: of one event, and of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.errors import UsageError
from balun.quarantine.quarantine import Quarantine
from balun.snapshot import Store


@dataclass(frozen=True)
class Overview:
    """Of all events that a run has made. limits: of each event the most rows that may be set aside, as written."""

    project: str
    events: tuple[Quarantine, ...]
    limits: tuple[str | None, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "events": [
                {
                    **one.as_json(),
                    "limit": limit,
                    "reasons": [vars(reason) for reason in one.reasons],
                }
                for one, limit in zip(self.events, self.limits, strict=True)
            ],
        }


def overview(graph: Graph, store: Store) -> Overview:
    """Raises UsageError before the first run."""
    found = [one for node in graph.of("event") if (one := _found(graph, store, node))]
    if not found:
        raise UsageError(f"{graph.config.name} has no rows yet: run the project first")
    limits = [one.contract.limit or graph.config.limit for one in found]
    return Overview(graph.config.name, tuple(found), tuple(limit.written if limit else None for limit in limits))


def quarantine_of(graph: Graph, store: Store, node: Node) -> Quarantine:
    """What the last run set aside of an event; where it stopped at that, what it would have.

    Raises UsageError for what is no event, and before the first run.
    """
    if node.kind != "event":
        near = ", ".join(one.name for one in _events_above(graph, node))
        told = f"; above it are {near}" if near else ""
        raise UsageError(f"{node.id} is no event; only events have a quarantine{told}")
    found = _found(graph, store, node)
    if found is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    return found


def _events_above(graph: Graph, node: Node) -> Iterator[Node]:
    return (one for one in graph.above(node) if one.kind == "event")


def _found(graph: Graph, store: Store, node: Node) -> Quarantine | None:
    contract = node.declared
    assert isinstance(contract, Contract)
    if not store.is_there():
        return None
    stopped = store.stopped().get(node.id)
    attempt = store.find(stopped.name) if stopped else None
    made = attempt or store.current(node.id)
    if made is None or "collected" not in made.info:
        return None
    began = store.started(made.run) if made.run is not None else None
    earlier = tuple(one for one in store.made_of(node.id) if one.name != made.name and one.created < made.created)
    why = stopped.why if stopped and attempt else None
    return Quarantine(contract, node.owner, graph.config.zone, made, began or made.created, why, earlier)
