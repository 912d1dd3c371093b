"""Which rows of a parent a node's row came from, where that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.chain.table import PythonTable, Table
from balun.near.lineage import Came, Lineages, examples_lineage
from balun.quoting import quoted


@dataclass(frozen=True)
class Link:
    """pairs: `(the node's column, the parent's)` that are equal. copies: those that are copies, null for null.

    exact: they are the parent's key, and all of them copies, so that a row of the parent is told from all others.
    """

    pairs: tuple[tuple[str, str], ...]
    copies: frozenset[str] = frozenset()
    exact: bool = False

    def sql(self, lower: str, upper: str) -> str:
        return " AND ".join(
            f"{lower}.{quoted(own)} {'IS NOT DISTINCT FROM' if own in self.copies else '='} {upper}.{quoted(theirs)}"
            for own, theirs in self.pairs
        )

    def words(self) -> str:
        return "same " + ", ".join(
            own if own.lower() == theirs.lower() else f"{own} = {theirs}" for own, theirs in self.pairs
        )


def link_of(lineages: Lineages, node: Node, parent: Node) -> Link | None:
    """By the parent's key, else by the node's, else by all columns that were copied.

    A column counts as the parent's where it is an unchanged copy, or has its name and type, as in a join on it.
    """
    own, theirs = _columns(lineages, node), lineages.supply.columns[parent.id]
    copied = _copied(lineages, node, parent)
    same = _same(own, theirs, copied)
    upper_key = [_spelt(theirs, name) for name in lineages.supply.key(parent.id)]
    if upper_key and all(name in same for name in upper_key):
        found = _link({name: same[name] for name in upper_key}, copied)
        return replace(found, exact=len(found.copies) == len(found.pairs))
    lower_key = {name.lower() for name in _key(node)}
    by_own = {upper: lower for upper, lower in same.items() if lower.lower() in lower_key}
    chosen = by_own or copied
    return _link(chosen, copied) if chosen else None


def _link(pairs: Mapping[str, str], copied: Mapping[str, str]) -> Link:
    copies = frozenset(lower for upper, lower in pairs.items() if copied.get(upper) == lower)
    return Link(tuple((lower, upper) for upper, lower in pairs.items()), copies)


def _columns(lineages: Lineages, node: Node) -> Mapping[str, str]:
    return lineages.supply.columns[f"examples:{node.name}" if node.kind == "corpus" else node.id]


def _copied(lineages: Lineages, node: Node, parent: Node) -> dict[str, str]:
    """By the parent's column, the node's copy of it, of one read of the parent."""
    columns = _came(lineages, node)
    read = main_read(columns, parent.id)
    copied: dict[str, str] = {}
    for name, came in columns.items():
        if came.copy and came.copy.node == parent.id and came.read == read:
            copied.setdefault(came.copy.column, name)
    return copied


def main_read(columns: Mapping[str, Came], parent: str) -> tuple[object, ...]:
    """Of a parent that is read more than once, as in a join with itself, the read that gave most copies."""
    reads = Counter(came.read for came in columns.values() if came.copy and came.copy.node == parent)
    return reads.most_common(1)[0][0] if reads else ()


def _came(lineages: Lineages, node: Node) -> Mapping[str, Came]:
    if isinstance(node.declared, Corpus):
        return examples_lineage(lineages.graph, lineages.supply, node, node.declared).columns
    return lineages.of(node.id).columns


def _same(own: Mapping[str, str], theirs: Mapping[str, str], copied: Mapping[str, str]) -> dict[str, str]:
    """By the parent's column, the node's column that is the same."""
    lower = {name.lower(): name for name in own}
    named = {
        name: lower[name.lower()]
        for name, dtype in theirs.items()
        if name.lower() in lower and own[lower[name.lower()]] == dtype
    }
    return {**named, **copied}


def _spelt(names: Mapping[str, str], name: str) -> str:
    return next((known for known in names if known.lower() == name.lower()), name)


def _key(node: Node) -> tuple[str, ...]:
    declared = node.declared
    return declared.key if isinstance(declared, Table | PythonTable) else ()
