"""The columns of a node with all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.facts.supply import EXAMPLE, LABEL_KNOWN, Supply
from balun.near.dtypes import dtypes_of
from balun.near.facts import Facts, facts_of
from balun.near.lineage import Came, Lineages, uses_of


@dataclass(frozen=True)
class Column:
    """known: SQL over the node's columns for when the value can first be known, where that is later than its row.

    known_parts: times that must all have passed by then. lost: it is known late, and nothing says when.
    used: by child's id, what for; None: that can't be told.
    """

    name: str
    dtype: str
    facts: Facts
    came: Came
    known: str | None
    known_parts: tuple[str, ...]
    lost: bool
    used: Mapping[str, tuple[str, ...]]

    def as_json(self) -> dict[str, object]:
        sources = self.came.sources
        return {
            "name": self.name,
            "type": self.dtype,
            **self.facts.as_json(),
            "from": None if sources is None else [source.as_json() for source in sources],
            "copy_of": self.came.copy.as_json() if self.came.copy else None,
            "or_null": self.came.or_null,
            "known": self.known,
            "known_lost": self.lost,
            "used_by": [{"node": child, "uses": list(uses)} for child, uses in self.used.items()],
        }


def columns_of(lineages: Lineages, node: Node) -> tuple[Column, ...]:
    graph, supply = lineages.graph, lineages.supply
    uses = uses_of(lineages, node)
    anyhow = uses.get("*", {})
    found = []
    for name, dtype in dtypes_of(graph, supply, node).items():
        known, parts, lost = _known(supply, node, name)
        came = lineages.of(node.id).columns.get(name, Came(() if node.kind == "event" else None))
        used = {**anyhow, **uses.get(name, {})}
        in_order = {child.id: used[child.id] for child in graph.children(node) if child.id in used}
        found.append(Column(name, dtype, facts_of(lineages, node.id, name), came, known, parts, lost, in_order))
    return tuple(found)


def row_known(supply: Supply, node: Node) -> tuple[str, ...]:
    """Times that must have passed for a row to be known; empty: its own."""
    known = supply.available.get(_step(node))
    return tuple(part[0] for part in known.parts_of(None)) if known and known.row else ()


def row_lost(supply: Supply, node: Node) -> bool:
    """Whether rows are known late, and nothing says when."""
    known = supply.available.get(_step(node))
    return known is not None and any(lost.column is None for lost in known.lost)


def _step(node: Node) -> str:
    return node.id.replace("corpus:", "examples:", 1)


def _known(supply: Supply, node: Node, name: str) -> tuple[str | None, tuple[str, ...], bool]:
    """Of features and models nothing: they look only at what was known, before the example's time."""
    known = supply.available.get(_step(node))
    if known is None or name in {EXAMPLE, LABEL_KNOWN} or node.kind == "feature":
        return None, (), False
    if isinstance(node.declared, Corpus) and name == node.declared.label and node.declared.label_available:
        return node.declared.label_available, (node.declared.label_available,), False
    if name not in known.columns:
        return None, (), any(lost.column == name for lost in known.lost)
    parts = tuple(part[0] for part in known.parts_of(name))
    return known.columns[name], parts, any(lost.column == name for lost in known.lost)
