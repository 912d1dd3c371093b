"""Joins that the project's SQL has already: which columns of which events and tables it sets equal, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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

Read = tuple[str, str]


@dataclass(frozen=True)
class Used:
    """Two columns that are set equal, each as `(parent, column)` in lower case; where; and whether times are, too.

    in_time: the nearest row before is taken, or a period is asked for.
    """

    pairs: frozenset[frozenset[Read]]
    node: str
    in_time: bool


def used(graph: Graph, supply: Supply) -> tuple[Used, ...]:
    return (*_in_tables(graph, supply), *_in_features(graph))


def _in_tables(graph: Graph, supply: Supply) -> Iterator[Used]:
    for node in graph:
        id_ = f"examples:{node.name}" if node.kind == "corpus" else node.id
        if isinstance(node.declared, Table) or node.kind == "corpus":
            relation = supply.relations.get(id_)
            yield from _in_relation(relation, node.id) if relation is not None else ()


def _in_relation(relation: Relation, node: str) -> Iterator[Used]:
    for one in ordered(relation):
        if isinstance(one, Join | Filter):
            parts = [part for condition in one.conditions for part in conjuncts(condition)]
            pairs = frozenset(pair for part in parts if (pair := _pair(part, one)) is not None)
            ranged = any(isinstance(part, Call) and part.name in {"<", "<=", ">", ">=", "between"} for part in parts)
            if pairs:
                yield Used(pairs, node, isinstance(one, Join) and (one.asof or ranged))


def _pair(part: Expression, of: Join | Filter) -> frozenset[Read] | None:
    if not isinstance(part, Call) or part.name != "=" or len(part.args) != 2:
        return None
    within = of if isinstance(of, Join) else of.input
    found = [_read(arg, within) for arg in part.args]
    if found[0] is None or found[1] is None or found[0] == found[1]:
        return None
    return frozenset({found[0], found[1]})


def _read(value: Expression, of: Relation) -> Read | None:
    """The one parent's column that a value is made of."""
    places = {ref.at for ref in refs(value)}
    return _traced(of, places.pop()) if len(places) == 1 else None


def _traced(of: Relation, at: int) -> Read | None:
    match of:
        case Scan():
            return of.parent.lower(), of.columns[at].name.lower()
        case Filter() | Sort() | Limit() | Distinct():
            return _traced(of.input, at)
        case Project():
            return _read(of.outputs[at], of.input)
        case Group():
            return _read(of.keys[at], of.input) if at < len(of.keys) else None
        case Windows() | Unnest():
            return _traced(of.input, at) if at < len(of.input.columns) else None
        case Join():
            # Of a join both sides are looked into; a join on its own condition stands above its sides.
            split = len(of.left.columns)
            return _traced(of.left, at) if at < split else _traced(of.right, at - split)
    return None


def _in_features(graph: Graph) -> Iterator[Used]:
    """A feature takes rows of its source before each example: of the same entity, as its examples call it."""
    for node in graph:
        if not isinstance(node.declared, Latest | Aggregate):
            continue
        source = graph.nodes[node.parents[0]].name
        for corpus in graph.children(node):
            for parent in graph.parents(corpus):
                if parent.kind in {"event", "table"}:
                    names = node.declared.by
                    pairs = frozenset(frozenset({(source.lower(), n.lower()), (parent.name.lower(), n.lower())}) for n in names)
                    yield Used(frozenset(pair for pair in pairs if len(pair) == 2), node.id, True)

