"""What a relation computes, beside what its expressions see of a fact: faults are looked for here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from balun.facts.column_fact import ColumnFact, Sight, together
from balun.facts.propagate import State
from balun.relational.expression import Call, Computed, Expression, walk
from balun.relational.relation import Filter, Group, Join, Project, Relation, Unnest, Windows, inputs, ordered

V = TypeVar("V")


@dataclass(frozen=True)
class View(Generic[V]):
    relation: Relation
    fact: ColumnFact[V]
    sight: Sight[V]
    computed: tuple[Computed, ...]

    def of(self, one: Expression) -> V:
        return self.fact.of(one, self.sight)

    @cached_property
    def parts(self) -> tuple[Computed, ...]:
        """All that is computed, and what it is made of."""
        return tuple(part for one in self.computed for part in walk(one))

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        return tuple(one for one in self.parts if isinstance(one, Call))


def views(relation: Relation, states: Mapping[int, State], fact: ColumnFact[V]) -> Iterator[View[V]]:
    """Of a relation and of those below it, inputs first. states: by identity, as `states_of` has them."""
    for one in ordered(relation):
        below = [Sight(states[id(it)].values[fact.name], states[id(it)].values) for it in inputs(one)]
        if below:
            yield View(one, fact, together(*below) if isinstance(one, Join) else below[0], computed_by(one))


def computed_by(relation: Relation) -> tuple[Computed, ...]:
    match relation:
        case Filter() | Join():
            return relation.conditions
        case Project():
            return relation.outputs
        case Group():
            return (*relation.keys, *relation.aggregates)
        case Windows():
            return relation.windows
        case Unnest():
            return relation.lists
    return ()


def place_of(one: Computed) -> int | None:
    """Where the first of it that has a place stands in the SQL, in bytes."""
    return next((part.place for part in walk(one) if part.place is not None), None)


def equalities(view: View[V]) -> Iterator[tuple[Call, Expression, Expression]]:
    """Pairs of values that are asked to be equal."""
    for one in view.calls:
        match one:
            case Call("=" | "is_not_distinct", (left, right)):
                yield one, left, right
            case Call("in", (left, *others)):
                yield from ((one, left, other) for other in others)
