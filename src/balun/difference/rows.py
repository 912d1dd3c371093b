"""What a relation after a change differs in from the one before: its rows, and each column of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import IntEnum

from balun.difference.delta import OTHER, SAME, Delta, Plain, Same
from balun.difference.evaluated import Unclear, evaluated
from balun.difference.passage import Columns
from balun.facts.nullable import true_needs, value_needs
from balun.relational.expression import Expression, refs
from balun.relational.relation import Relation


class Rows(IntEnum):
    """alike: each row has its counterpart; fewer: each row after has one before; other: nothing is known."""

    ALIKE = 0
    FEWER = 1
    OTHER = 2


@dataclass(frozen=True)
class Difference:
    """Of a relation after a change to one before.

    deltas: of each column after, in rows that have a counterpart. origins: which column before it is; None: a new one.
    in_order: the rows come in the same order too.
    lost: columns after, where rows are fewer, with the value that each has in all rows that have no counterpart.
    """

    deltas: tuple[Delta, ...]
    origins: tuple[int | None, ...]
    rows: Rows = Rows.ALIKE
    in_order: bool = True
    lost: frozenset[tuple[int, Plain]] = frozenset()

    @property
    def columns(self) -> Columns:
        return Columns(self.deltas, self.origins)

    @property
    def is_same(self) -> bool:
        return self.rows is Rows.ALIKE and all(isinstance(one, Same) for one in self.deltas)


def unlike(before: Relation, after: Relation) -> Difference:
    """Nothing is known but names."""
    names = [one.name.lower() for one in before.columns]
    origins = tuple(
        names.index(one.name.lower()) if one.name and names.count(one.name.lower()) == 1 else None
        for one in after.columns
    )
    return Difference(tuple(OTHER for _ in after.columns), origins, Rows.OTHER, in_order=False)


def as_before(width: int) -> Difference:
    return Difference(tuple(SAME for _ in range(width)), tuple(range(width)))


def kept_rows(found: Difference, rows: Rows) -> Difference:
    """Where some rows may go, or come."""
    worst = max(found.rows, rows)
    in_order = found.in_order and worst is found.rows is Rows.ALIKE
    return Difference(found.deltas, found.origins, worst, in_order, found.lost if worst is found.rows else frozenset())


def found_again(found: Difference, conditions: Sequence[Expression], start: int = 0) -> Difference:
    """Where rows that went are none for which the conditions are true. start: where its columns stand in them."""
    if found.rows is Rows.FEWER and any(
        _is_never_true(one, at + start, value) for one in conditions for at, value in found.lost
    ):
        return replace(found, rows=Rows.ALIKE, lost=frozenset())
    return found


def _is_never_true(condition: Expression, at: int, value: Plain) -> bool:
    """Whether it isn't true where a column has a value."""
    if value is None and at in true_needs(condition):
        return True
    if refs(condition) != {at}:
        return False
    try:
        return evaluated(condition, value) is not True
    except Unclear:
        return False


def lost_in(output: Expression, lost: frozenset[tuple[int, Plain]]) -> Iterator[Plain]:
    """What an expression is in rows where columns have these values."""
    for at, value in lost:
        if value is None and at in value_needs(output):
            yield None
        elif refs(output) == {at}:
            with suppress(Unclear):
                yield evaluated(output, value)


def unordered(found: Difference) -> Difference:
    return replace(found, in_order=False)
