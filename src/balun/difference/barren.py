"""Nodes that can't have a row: what they are chosen by is never true of what is captured."""

from __future__ import annotations

from collections.abc import Container, Mapping

from balun.facts.domain import Domain
from balun.facts.extent import NEVER
from balun.facts.known import Chain
from balun.facts.nullable import Nullable
from balun.facts.propagate import State
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Windows,
    inputs,
    ordered,
)


def barren(chain: Chain, among: Container[str]) -> frozenset[str]:
    """Ids, among some, of tables and examples of which it is proved that they have no rows."""
    found: set[str] = set()
    for id_, known in chain.nodes.items():
        relation = known.relation if id_ in among and id_.startswith(("table:", "examples:")) else None
        if relation is not None and _is_barren(relation, known.states, chain, found):
            found.add(id_)
    return frozenset(found)


def _is_barren(relation: Relation, states: Mapping[int, State], chain: Chain, known: set[str]) -> bool:
    empty: dict[int, bool] = {}
    for one in ordered(relation):
        below = [empty[id(each)] for each in inputs(one)]
        empty[id(one)] = _passed(one, below, chain, known) or _holds_nothing(one, states[id(one)])
    return empty[id(relation)]


def _passed(relation: Relation, below: list[bool], chain: Chain, known: set[str]) -> bool:
    match relation:
        case Scan():
            return chain.read(relation.parent) in known
        case Join():
            left, right = below
            kept = {"inner": left or right, "semi": left or right, "right": right, "full": left and right}
            return kept.get(relation.kind, left)
        case SetOperation():
            return all(below) if relation.kind == "union" else below[0]
        case Group():
            return below[0] and all(relation.sets)
        case Filter() | Project() | Windows() | Unnest() | Distinct() | Sort() | Limit():
            return below[0]
    return False


def _holds_nothing(relation: Relation, state: State) -> bool:
    """Whether a column that is never null can be nothing."""
    if not isinstance(relation, Filter | Join):
        return False
    pairs = zip(state.values[Domain.name], state.values[Nullable.name], strict=True)
    return any(extent == NEVER and not null for extent, null in pairs)
