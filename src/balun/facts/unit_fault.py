"""Where units clash in a relation, and which constants stand beside which units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Literal as OneOf

from balun.facts.column_fact import Sight, together
from balun.facts.computed import computed_in
from balun.facts.measure import Measure, agreed, base, measure
from balun.facts.propagate import State
from balun.facts.unit import ANY, CHOSEN, COMPARED, MIXED, UnitFact, V, alike, is_number, may_be, needed_by
from balun.relational.expression import Aggregate, Call, Case, Computed, Expression, Literal, Window, parts
from balun.relational.relation import Join, Project, Relation, SetOperation, inputs, ordered

Kind = OneOf["mixed", "wrong_argument", "undeclared_after_conversion"]


@dataclass(frozen=True)
class UnitFault:
    """Two units where one must be.

    kind: `mixed`: beside each other in + − a comparison, coalesce, CASE, a union; `wrong_argument`: seconds given to
    to_minutes; `undeclared_after_conversion`: constants have made a unit that has no name.
    found, needed: units; `needed` is the first operand's where both are operands.
    place: in the SQL, in bytes, where it is known. column: the output, where the fault is in one.
    """

    kind: Kind
    found: str
    needed: str
    place: int | None
    column: str | None = None


@dataclass(frozen=True)
class Beside:
    """A constant that is read in a unit, since it stands beside it. value: None where it is computed."""

    value: Literal | None
    unit: Measure


def faults(relation: Relation, states: Mapping[int, State]) -> list[UnitFault]:
    """Each place where units clash, in the order that rows flow. states: of each relation below, by identity."""
    watch = Watch()
    watched(relation, states, watch)
    return [*watch.faults, *_unnamed(relation, states)]


def watched(relation: Relation, states: Mapping[int, State], watch: Watch) -> None:
    """Shows `watch` all that a relation computes, in the order that rows flow."""
    for one in ordered(relation):
        below = [Sight(states[id(each)].values[watch.name]) for each in inputs(one)]
        if isinstance(one, SetOperation):
            watch.branches(one, below)
        elif below:
            sight = together(*below) if isinstance(one, Join) else below[0]
            for computed in computed_in(one):
                watch.see(computed, sight)


class Watch(UnitFact):
    """The fact, which notes what it meets: `faults`, and constants `beside` units."""

    def __init__(self) -> None:
        self.faults: list[UnitFault] = []
        self.beside: list[Beside] = []

    def see(self, of: Computed, sight: Sight[V]) -> V:
        if not isinstance(of, Aggregate | Window):
            return self.of(of, sight)
        values = [self.of(part, sight) for part in parts(of)]
        args = values[: len(of.args)]
        found = self.window(of, args, sight) if isinstance(of, Window) else self.aggregate(of, args, sight, some=True)
        self._met(found, args, of.place)
        return found

    def of(self, one: Expression, sight: Sight[V]) -> V:
        if isinstance(one, Case):
            return self._chosen(one, sight)
        return super().of(one, sight)

    def call(self, of: Call, args: Sequence[V], sight: Sight[V]) -> V:
        found = super().call(of, args, sight)
        if needed_by(of) is None:
            self._met(found, args, of.place)
        if of.name in COMPARED or of.name in CHOSEN or of.name in {"+", "-", "%", "mod", "fmod"}:
            self._constants(of.args, args)
        self._given(of, args)
        return found

    def branches(self, of: SetOperation, below: Sequence[Sight[V]]) -> None:
        """Columns that a union puts below each other."""
        for at, column in enumerate(of.columns):
            values = [sight.values[at] for sight in below]
            self._met(alike(values), values, _place_of(of.branches[-1], at), column.name or None)

    def _chosen(self, of: Case, sight: Sight[V]) -> V:
        for when, _ in of.whens:
            self.of(when, sight)
        results = (*(then for _, then in of.whens), of.otherwise)
        values = [self.of(one, sight) for one in results]
        found = alike(values)
        self._met(found, values, of.place)
        self._constants(results, values)
        return found

    def _met(self, found: V, args: Sequence[V], place: int | None, column: str | None = None) -> None:
        if found is not MIXED or MIXED in args:
            return
        first = next(one for one in args if isinstance(one, Measure))
        others = (one for one in args if isinstance(one, Measure) and agreed(first, one) is None)
        self.faults.append(UnitFault("mixed", str(next(others, first)), str(first), place, column))

    def _constants(self, of: Sequence[Expression], values: Sequence[V]) -> None:
        unit = next((one for one in values if isinstance(one, Measure) and one.unit.powers), None)
        if unit is None:
            return
        for one, value in zip(of, values, strict=True):
            if value is ANY and not (isinstance(one, Literal) and one.value is None):
                self.beside.append(Beside(one if isinstance(one, Literal) else None, unit))

    def _given(self, of: Call, args: Sequence[V]) -> None:
        """Of numbers that become times."""
        needed = needed_by(of)
        if needed is None:
            return
        for one, value in zip(of.args, args, strict=True):
            if is_number(one.dtype) and isinstance(value, Measure) and not may_be(value, needed):
                self.faults.append(UnitFault("wrong_argument", str(value), str(needed), of.place))


def _place_of(relation: Relation, at: int) -> int | None:
    return relation.outputs[at].place if isinstance(relation, Project) else None


def _unnamed(relation: Relation, states: Mapping[int, State]) -> Iterator[UnitFault]:
    for at, (column, value) in enumerate(
        zip(relation.columns, states[id(relation)].values[UnitFact.name], strict=True)
    ):
        if isinstance(value, Measure) and value.factor not in {1.0, None}:
            place = _place_of(relation, at)
            yield UnitFault("undeclared_after_conversion", str(value), str(value.unit), place, column.name)


def fits(value: V, declared: str) -> bool:
    """Whether a column may be said to be in a unit: false only where it is proved to be in another.

    A constant that is cut short, as 1.609, is meant all the same.

    >>> fits(measure("minute"), "min"), fits(measure("second"), "minute"), fits(ANY, "minute")
    (True, False, True)
    """
    if not isinstance(value, Measure) or value.factor is None:
        return True
    (size, bases), (wanted, others) = base(value.unit), base(measure(declared).unit)
    return bases == others and isclose(size / value.factor, wanted, rel_tol=0.01)
