"""A project's links by name: what they came to, what they would compare, and what to ask a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balun.chain.link import LinkTable
from balun.chain.link_labels import Labels, labels_file, read_labels
from balun.engine import Engine
from balun.errors import UsageError
from balun.linking.match import planned
from balun.linking.records import Side
from balun.linking.told import Kept, Planned
from balun.quoting import in_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from balun.chain.graph import Graph, Node
    from balun.snapshot import Snapshot, Store


def link_of(graph: Graph, word: str) -> tuple[Node, LinkTable]:
    """Raises UsageError where it is no link, with those there are."""
    node = graph.find(word)
    if not isinstance(node.declared, LinkTable):
        known = [other.name for other in graph if isinstance(other.declared, LinkTable)]
        told = f"the links are {', '.join(known)}" if known else "declare one with bl.link()"
        raise UsageError(f"{word} is no link: {told}")
    return node, node.declared


def kept_of(graph: Graph, store: Store, word: str) -> Kept:
    node, table = link_of(graph, word)
    return Kept(table, _made(store, node))


def labels_of(graph: Graph, table: LinkTable) -> tuple[Path, Labels]:
    """Where answers of a link are kept, and those that are there."""
    root = graph.config.folder
    file = labels_file(root, table.name)
    return file, read_labels(file, table.keys, root)


def plan_of(graph: Graph, store: Store, word: str) -> Planned:
    """By the rows of the last run."""
    node, table = link_of(graph, word)
    sides = [
        Side(parent.name, in_parquet(_made(store, parent).rows), key)
        for parent, key in zip(graph.parents(node), table.keys, strict=True)
    ]
    with Engine.of(graph.config) as engine:
        return Planned.of(table.name, *planned(engine.connection, sides, table.linking))


def _made(store: Store, node: Node) -> Snapshot:
    found = store.current(node.id)
    if found is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    return found
