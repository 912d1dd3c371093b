"""What nodes are called where people read it."""

from __future__ import annotations

from collections import Counter

from balun.chain.graph import Graph


def shown_names(graph: Graph) -> dict[str, str]:
    """By id, the name where it is the only one of that name, else the id."""
    often = Counter(node.name for node in graph)
    return {node.id: node.name if often[node.name] == 1 else node.id for node in graph}
