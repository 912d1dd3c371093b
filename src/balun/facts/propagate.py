"""Facts walk a relation, step by step, from what the chain supplies to what it puts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from balun.facts import key
from balun.facts.apart import told_apart
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.dependency import Dependencies
from balun.facts.domain import Domain
from balun.facts.finite import FINITE
from balun.facts.moment import MomentFact
from balun.facts.nullable import Nullable
from balun.facts.presence import Presence, never_null
from balun.facts.privacy import PrivacyFact
from balun.facts.resolution import Resolution
from balun.facts.sampling import SamplingFact
from balun.facts.unit import UnitFact
from balun.facts.zone import Zone
from balun.relational.relation import Project, Relation, Scan, inputs, ordered

# In this order: a fact may look at those above it.
FACTS: tuple[ColumnFact[Any], ...] = (
    FINITE,
    Domain(),
    Nullable(),
    Presence(),
    MomentFact(),
    Resolution(),
    Zone(),
    UnitFact(),
    SamplingFact(),
    PrivacyFact(),
)


@dataclass(frozen=True)
class State:
    """What is known of a relation. values: by fact, one for each column. dependencies: keys, and what follows."""

    values: Mapping[str, tuple[Any, ...]]
    dependencies: Dependencies


Given = Callable[[Scan], State]


def states_of(relation: Relation, given: Given) -> dict[int, State]:
    """The state of each relation below `relation`, and of itself, by identity. given: of what the chain supplies."""
    found: dict[int, State] = {}
    for one in ordered(relation):
        found[id(one)] = (
            given(one) if isinstance(one, Scan) else _passed(one, [found[id(below)] for below in inputs(one)])
        )
    return found


def state_of(relation: Relation, given: Given) -> State:
    return states_of(relation, given)[id(relation)]


def _passed(relation: Relation, below: list[State]) -> State:
    values: dict[str, tuple[Any, ...]] = {}
    for fact in FACTS:
        # What a fact looks at besides itself: those above it, of the inputs.
        values[fact.name] = fact.passes(relation, [Sight(one.values[fact.name], one.values) for one in below])
    values[Nullable.name] = never_null(values[Nullable.name], values[Presence.name])
    nulls = [one.values[Nullable.name] for one in below]
    dependencies = key.passes(relation, [one.dependencies for one in below], nulls)
    if isinstance(relation, Project):
        dependencies = dependencies.with_follows(told_apart(relation, below[0].values))
    return State(values, dependencies)
