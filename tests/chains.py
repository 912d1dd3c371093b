"""Chains drawn by lot, as graphs without files behind them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from balun.chain.config import Config
from balun.chain.graph import KINDS, Graph, Node
from balun.chain.surface import Surface
from balun.finding import Place

_OWNERS = ("app", "checkout", "data-platform", "ml-rank", "ml-fraud", None)


def chain(nodes: Iterable[Node]) -> Graph:
    return Graph(Config("made", Path("/made"), Path("/made/.balun")), {node.id: node for node in nodes})


def node(kind: str, name: str, owner: str | None, *parents: Node) -> Node:
    declared = Surface(name, (), owner, Place("made.py", 1))
    return Node(kind, name, owner, declared, tuple(parent.id for parent in parents))


def random_chain(size: int, seed: int) -> Graph:
    """Any node may read any earlier one."""
    chance = random.Random(seed)
    nodes: list[Node] = []
    for number in range(size):
        parents = chance.sample(nodes, min(number, chance.choice([0, 1, 1, 1, 2, 2, 3, 8])))
        name = f"n{number}" + chance.choice(["", " of a rather long name that says it all", "·名前", "[bold]"])
        nodes.append(node(chance.choice(KINDS), name, chance.choice(_OWNERS), *parents))
    return chain(nodes)
