"""What a relation computes, step by step, whether it puts it out or not."""

from __future__ import annotations

from collections.abc import Iterator

from balun.relational.expression import Computed
from balun.relational.relation import Distinct, Filter, Group, Join, Project, Relation, Sort, Unnest, Windows


def computed_in(relation: Relation) -> Iterator[Computed]:
    """Each expression that a relation computes, whether it puts it out or not."""
    match relation:
        case Filter() | Join():
            yield from relation.conditions
        case Project():
            yield from relation.outputs
        case Group():
            yield from (*relation.keys, *relation.aggregates)
        case Windows():
            yield from relation.windows
        case Unnest():
            yield from relation.lists
        case Distinct():
            yield from (*(relation.on or ()), *(one.by for one in relation.order))
        case Sort():
            yield from (one.by for one in relation.order)
