"""The chain: all of a project's declarations as one graph, from contract to surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from balun.chain.config import Config
from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Feature, Latest
from balun.chain.link import LinkTable
from balun.chain.model import Model
from balun.chain.surface import Surface
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.errors import UsageError, nearest

Declared = Contract | AnyTable | Feature | Corpus | Model | Surface
KINDS = ("event", "table", "feature", "corpus", "model", "surface")
_KIND: Mapping[type, str] = {
    Contract: "event", Table: "table", PythonTable: "table", OpaqueTable: "table", LinkTable: "table",
    Aggregate: "feature", Latest: "feature", Corpus: "corpus", Model: "model", Surface: "surface",
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One declaration in its place in the graph.

    id: `kind:name`, such as `feature:weather`; events, tables, features … each have names of their own.
    parents: ids of what it is made from, in the order they are named.
    """

    kind: str
    name: str
    owner: str | None
    declared: Declared
    parents: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def time(self) -> str | None:
        """The column that says when a row happened, of an event, a table or a corpus that names one."""
        if isinstance(self.declared, Contract):
            return self.declared.time.name if self.declared.time else None
        return self.declared.at if isinstance(self.declared, AnyTable | Corpus) else None


@dataclass(frozen=True)
class Interface:
    """An edge of the chain whose two ends have different owners."""

    supplier: Node
    consumer: Node


@dataclass(frozen=True)
class Graph:
    """nodes: by id, parents before children; among equals in the order of kinds, then names."""

    config: Config
    nodes: Mapping[str, Node]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def parents(self, node: Node) -> list[Node]:
        return [self.nodes[parent] for parent in node.parents]

    def children(self, node: Node) -> list[Node]:
        return [self.nodes[child] for child in self._children.get(node.id, ())]

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {}
        for node in self:
            for parent in node.parents:
                children.setdefault(parent, []).append(node.id)
        return children

    def above(self, node: Node) -> list[Node]:
        """Everything it is made from, nearest parents last, each once."""
        found: dict[str, None] = {}
        todo = list(node.parents)
        while todo:
            name = todo.pop()
            if name not in found:
                found[name] = None
                todo.extend(self.nodes[name].parents)
        return [other for other in self if other.id in found]

    def below(self, node: Node) -> list[Node]:
        """Everything made from it, in the graph's order."""
        found = {node.id}
        for other in self:
            if found & set(other.parents):
                found.add(other.id)
        return [other for other in self if other.id in found and other.id != node.id]

    def interfaces(self) -> list[Interface]:
        return [
            Interface(parent, node)
            for node in self
            for parent in self.parents(node)
            if parent.owner != node.owner and parent.owner and node.owner
        ]

    def of(self, kind: str) -> list[Node]:
        return [node for node in self if node.kind == kind]

    def find(self, word: str, *kinds: str) -> Node:
        """The node of that id or name. Raises UsageError for none, with the nearest, or for several, with their ids.

        kinds: where nodes of several kinds have the name, those of these are meant.
        """
        if word in self.nodes:
            return self.nodes[word]
        named = [node for node in self if node.name == word]
        found = [node for node in named if node.kind in kinds] or named
        if len(found) == 1:
            return found[0]
        if found:
            ids = " or ".join(node.id for node in found)
            raise UsageError(f"{word} may mean {ids}: write one of these")
        names = [node.name for node in self]
        raise UsageError(f"there is no {word} in {self.config.name}{nearest(word, [*names, *self.nodes])}")


def kind_of(declared: Declared) -> str:
    return _KIND[type(declared)]
