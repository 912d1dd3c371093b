"""Joins that the project's SQL has already: which columns of which events and tables it sets equal, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from balun.chain.feature import Aggregate, Latest
from balun.chain.graph import Graph
from balun.chain.table import Table
from balun.facts.supply import Supply
from balun.relational.expression import Call, Expression, conjuncts, refs
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Project,
    Relation,
    Scan,
    Sort,
    Unnest,
    Windows,
    ordered,
)

Kind = Literal["plain", "before", "period"]
_RANGES = frozenset({"<", "<=", ">", ">=", "between"})
Read = tuple[str, str]
Pair = tuple[Read, Read]


@dataclass(frozen=True)
class Used:
    """Pairs of columns that are set equal, left and right, each as `(parent, column)` in lower case; and where.

    kind: `plain`; `before`, where the nearest row before is taken; `period`, where times lie in one.
    """

    pairs: frozenset[Pair]
    node: str
    kind: Kind


@dataclass(frozen=True)
class Traces:
    """Where columns of tables come from, unchanged or as a function of that one column alone."""

    graph: Graph
    supply: Supply

    def origins(self, read: Read) -> tuple[Read, ...]:
        """The column itself, then where it comes from, table by table."""
        found = [read]
        while (above := self._above(found[-1])) is not None and above not in found:
            found.append(above)
        return tuple(found)

    def _above(self, read: Read) -> Read | None:
        node = next((one for one in self.graph.of("table") if one.name.lower() == read[0]), None)
        return self.output(node.id, read[1]) if node is not None else None

    def output(self, id_: str, name: str) -> Read | None:
        """id_: as the supply's relations are called."""
        relation = self.supply.relations.get(id_)
        if relation is None:
            return None
        at = next((at for at, one in enumerate(relation.columns) if one.name.lower() == name.lower()), None)
        return None if at is None else traced(relation, at)

    def widened(self, pairs: Iterable[Pair]) -> frozenset[Pair]:
        return frozenset(both for one, other in pairs for both in product(self.origins(one), self.origins(other)))


def used(traces: Traces) -> tuple[Used, ...]:
    return (*_in_tables(traces), *_in_features(traces))


def _in_tables(traces: Traces) -> Iterator[Used]:
    for node in traces.graph:
        id_ = f"examples:{node.name}" if node.kind == "corpus" else node.id
        if isinstance(node.declared, Table) or node.kind == "corpus":
            relation = traces.supply.relations.get(id_)
            for pairs, kind in _in_relation(relation) if relation is not None else ():
                yield Used(traces.widened(pairs), node.id, kind)


def _in_relation(relation: Relation) -> Iterator[tuple[set[Pair], Kind]]:
    for one in ordered(relation):
        if isinstance(one, Join | Filter):
            parts = [part for condition in one.conditions for part in conjuncts(condition)]
            pairs = {pair for part in parts if (pair := _pair(part, one)) is not None}
            if pairs:
                yield pairs, _kind(one, parts)


def _kind(of: Join | Filter, parts: Iterable[Expression]) -> Kind:
    if isinstance(of, Join) and of.asof:
        return "before"
    ranged = any(isinstance(part, Call) and part.name in _RANGES for part in parts)
    return "period" if isinstance(of, Join) and ranged else "plain"


def _pair(part: Expression, of: Join | Filter) -> Pair | None:
    if not isinstance(part, Call) or part.name != "=" or len(part.args) != 2:
        return None
    within = of if isinstance(of, Join) else of.input
    found = [_read(arg, within) for arg in part.args]
    if found[0] is None or found[1] is None or found[0] == found[1]:
        return None
    return found[0], found[1]


def _read(value: Expression, of: Relation) -> Read | None:
    """The one parent's column that a value is made of."""
    places = set(refs(value))
    return traced(of, places.pop()) if len(places) == 1 else None


def traced(of: Relation, at: int) -> Read | None:
    """The parent's column, in lower case, that a column is unchanged, or is made of alone."""
    match of:
        case Scan():
            return of.parent.lower(), of.columns[at].name.lower()
        case Filter() | Sort() | Limit() | Distinct():
            return traced(of.input, at)
        case Project():
            return _read(of.outputs[at], of.input)
        case Group():
            return _read(of.keys[at], of.input) if at < len(of.keys) else None
        case Windows() | Unnest():
            return traced(of.input, at) if at < len(of.input.columns) else None
        case Join():
            # Of a join both sides are looked into; a join on its own condition stands above its sides.
            split = len(of.left.columns)
            return traced(of.left, at) if at < split else traced(of.right, at - split)
    return None


def _in_features(traces: Traces) -> Iterator[Used]:
    """A feature takes rows of its source before each example: of the same entity, as its examples call it."""
    for node in traces.graph:
        declared = node.declared
        if not isinstance(declared, Latest | Aggregate):
            continue
        source = traces.graph.nodes[node.parents[0]].name.lower()
        for corpus in traces.graph.children(node):
            reads = [(traces.output(f"examples:{corpus.name}", name), (source, name.lower())) for name in declared.by]
            pairs = [(own, theirs) for own, theirs in reads if own is not None]
            if len(pairs) == len(reads):
                yield Used(traces.widened(pairs), node.id, "before")
