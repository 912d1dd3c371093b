"""The order of a picture's rows: parents before children, and each close to what it is for."""

from __future__ import annotations

from collections.abc import Mapping

from balun.chain.graph import Graph, Node


def rows_of(graph: Graph) -> list[Node]:
    """Each node once. A node stands right above the first thing made from it, so that few lines are open at a time.

    What is made from most comes first, at the end of the chain and again among the parents of each node.
    """
    weights = _weights(graph)
    ends = [node for node in graph if not graph.children(node)]
    done: dict[str, Node] = {}
    todo = list(reversed(_heaviest_first(ends, weights)))
    while todo:  # no recursion: a chain may be as long as it likes
        node = todo[-1]
        missing = [parent for parent in _heaviest_first(graph.parents(node), weights) if parent.id not in done]
        if node.id in done or not missing:
            done[todo.pop().id] = node
        else:
            todo.extend(reversed(missing))
    return list(done.values())


def _heaviest_first(nodes: list[Node], weights: Mapping[str, int]) -> list[Node]:
    return sorted(nodes, key=lambda node: -weights[node.id])


def _weights(graph: Graph) -> dict[str, int]:
    """How many nodes each is made from, itself counted."""
    bits: dict[str, int] = {}
    for place, node in enumerate(graph):
        bits[node.id] = 1 << place
        for parent in node.parents:
            bits[node.id] |= bits[parent]
    return {name: found.bit_count() for name, found in bits.items()}
