"""`balun drift`: what has moved in current rows, and which days stand out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.drift.asked import Asked
from balun.drift.blame import blamed
from balun.drift.desk import Desk
from balun.drift.part import Part
from balun.drift.serving import served
from balun.engine import Engine
from balun.errors import UsageError
from balun.facts.supply import Supply
from balun.finding import Finding
from balun.snapshot import Snapshot, Store, damaged

Say = Callable[[str], None]


@dataclass(frozen=True)
class Drift:
    parts: tuple[Part, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Alarms, with whose they are and what hangs on the column."""
        return tuple(finding for part in self.parts for finding in part.findings)

    def as_json(self) -> dict[str, object]:
        return {
            "parts": [part.as_json() for part in self.parts],
            "findings": [finding.as_json() for finding in self.findings],
        }


def drift(
    graph: Graph,
    supply: Supply,
    store: Store,
    words: Sequence[str] = (),
    asked: Asked | None = None,
    say: Say | None = None,
) -> Drift:
    """words: events, tables, corpora or models; none: all events and tables that were run.

    Raises UsageError for what isn't there or wasn't run.
    """
    asked, tell = asked or Asked(), say or (lambda _: None)
    if not store.is_there():
        raise UsageError("nothing has rows yet: run the project first")
    if asked.serving is not None:
        return _of_serving(graph, supply, store, words, asked.serving)
    nodes = _nodes(graph, store, words, asked)
    with Engine.of(graph.config) as engine:
        desk = Desk(engine.connection, graph, supply, store, asked, len(nodes), tell)
        parts = [_part(desk, node, _current(store, node)) for node in nodes]
    return Drift(blamed(graph, supply, parts))


def _part(desk: Desk, node: Node, made: Snapshot) -> Part:
    desk.say(node.id)
    try:
        return desk.part(node, made)
    except (duckdb.IOException, duckdb.InvalidInputException) as exc:
        if str(made.folder) in str(exc):
            raise damaged(made, str(exc).splitlines()[0]) from exc
        raise


def _of_serving(graph: Graph, supply: Supply, store: Store, words: Sequence[str], file: Path) -> Drift:
    node = graph.find(words[0]) if len(words) == 1 else None
    if node is None or not isinstance(node.declared, Model):
        raise UsageError("--serving is the log of one model: name it, as in `balun drift MODEL --serving FILE`")
    with Engine.of(graph.config) as engine:
        found = served(engine.connection, graph, store, node, supply.inputs[f"corpus:{node.declared.corpus}"], file)
    part = Part(node, f"corpus {node.declared.corpus}", f"what {file} was served", found.compared, served=found)
    return Drift(blamed(graph, supply, (part,)))


def _nodes(graph: Graph, store: Store, words: Sequence[str], asked: Asked) -> list[Node]:
    if asked.file is not None and len(words) != 1:
        raise UsageError("--file holds rows against those of one node: name it")
    if words:
        return [_node(graph, word) for word in words]
    nodes = [node for node in graph if node.kind in {"event", "table"} and store.current(node.id) is not None]
    if not nodes:
        raise UsageError("nothing has rows yet: run the project first")
    return nodes


def _node(graph: Graph, word: str) -> Node:
    """A model stands for its corpus."""
    node = graph.find(word, "event", "table")
    if isinstance(node.declared, Model):
        node = graph.nodes[f"corpus:{node.declared.corpus}"]
    if node.kind not in {"event", "table", "corpus"}:
        raise UsageError(f"{node.id} has no rows of its own to compare: name an event, a table, a corpus or a model")
    return node


def _current(store: Store, node: Node) -> Snapshot:
    made = store.current(node.id)
    if made is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    return made
