"""What the grids of values prove wrong in a relation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from balun.facts import time_part
from balun.facts.grid import DAY, NULL, Grid, Number, Steps, meet
from balun.facts.number_step import FLOATS, of_type
from balun.facts.propagate import State
from balun.facts.resolution import Resolution, length
from balun.facts.time_step import unit_of
from balun.facts.view import View, equalities, place_of, views
from balun.relational.expression import Call, Computed, Expression, Interval, Literal, Window, conjuncts, refs
from balun.relational.relation import Filter, Join, Relation


@dataclass(frozen=True)
class ResolutionFault:
    """rule: the fault's name. relation: where. place: in the SQL, in bytes, where one is known.

    finer, coarser: the two that don't fit; of a fault of one value, what it is and what becomes of it.
    """

    rule: str
    relation: Relation
    place: int | None
    finer: Steps
    coarser: Steps


_View = View[Steps]


def faults(relation: Relation, states: Mapping[int, State]) -> list[ResolutionFault]:
    """All of a relation and of those below it, inputs first. states: by identity, as `states_of` has them."""
    seen = views(relation, states, Resolution())
    return list(dict.fromkeys(fault for view in seen for rule in RULES for fault in rule(view)))


def _fault(rule: str, view: _View, one: Computed, finer: Steps, coarser: Steps) -> ResolutionFault:
    return ResolutionFault(rule, view.relation, place_of(one), finer, coarser)


# -- rules


def equal_across(view: _View) -> Iterator[ResolutionFault]:
    """Equality of a finer and a coarser value holds only where the finer happens to lie on the coarser's grid."""
    for one, *pair in equalities(view):
        finer, coarser = sorted(((view.of(side), side) for side in pair), key=lambda end: _fineness(end[0]))
        meets = meet(finer[0], coarser[0]) not in {NULL, finer[0]}
        if meets and _is_told(*finer) and _steps(coarser[0]) and not refs(pair[0]) & refs(pair[1]):
            yield _fault("resolutions-equated", view, one, finer[0], coarser[0])


def equal_never(view: _View) -> Iterator[ResolutionFault]:
    """Equality of values whose grids have no point in common is never true."""
    for one, left, right in equalities(view):
        values = view.of(left), view.of(right)
        if NULL not in values and left.dtype not in FLOATS | {"INTERVAL"} and meet(*values) == NULL:
            yield _fault("resolutions-disjoint", view, one, *values)


def window_short(view: _View) -> Iterator[ResolutionFault]:
    """A range of times that is shorter than the step of either end holds nothing for most rows."""
    if not isinstance(view.relation, Filter | Join):
        return
    for one, ends in _ranges(view.relation.conditions):
        finer, coarser = sorted(((view.of(end), end) for end in ends), key=lambda end: _fineness(end[0]))
        width = one.high - one.low
        if isinstance(coarser[0], Grid) and _is_told(*coarser) and 0 <= width < length(coarser[0]):
            yield _fault("window-short", view, one.at, finer[0], coarser[0])


def frame_short(view: _View) -> Iterator[ResolutionFault]:
    """A RANGE frame that is shorter than the step of what it runs over holds its row's own time alone."""
    for one in view.computed:
        if isinstance(one, Window) and len(one.order) == 1 and _by_range(one):
            by = one.order[0].by
            found, moved = view.of(by), [_moved(bound) for bound in one.bounds]
            reach = [shift if shift >= 0 else -shift for base, shift in moved if base == by]
            if isinstance(found, Grid) and reach and max(reach) < length(found) and _is_told(found, by):
                yield _fault("window-short", view, by, found, found)


def trunc_idle(view: _View) -> Iterator[ResolutionFault]:
    """date_trunc to less than the step changes nothing."""
    for one in view.calls:
        if one.name in {"date_trunc", "datetrunc"}:
            units, given = unit_of(one), view.of(one.args[1])
            if units and isinstance(given, Grid) and given.step and given == view.of(one) and _below(units, given):
                yield _fault("trunc-idle", view, one, units, given)


def part_constant(view: _View) -> Iterator[ResolutionFault]:
    """A part of a time that is finer than its step is always the same."""
    for one in view.calls:
        if one.name in time_part.NAMES:
            given, made = view.of(one.args[0]), view.of(one)
            if isinstance(given, Grid) and given.step and isinstance(made, Grid) and not made.step:
                yield _fault("part-constant", view, one, made, given)


RULES: tuple[Callable[[_View], Iterator[ResolutionFault]], ...] = (
    equal_across,
    equal_never,
    window_short,
    frame_short,
    trunc_idle,
    part_constant,
)


# -- what they look for


def _is_told(of: Steps, one: Expression) -> bool:
    """Whether more than the type tells the step: what nobody tells may be coarser than it looks. A day is a day."""
    while isinstance(one, Call) and one.name == "cast":
        (one,) = one.args
    return _steps(of) and (one.dtype == "DATE" or of != of_type(one.dtype))


def _steps(of: Steps) -> bool:
    return isinstance(of, Grid) and bool(of.step)


def _fineness(of: Steps) -> Number:
    return length(of) if isinstance(of, Grid) else 0


def _below(one: Grid, other: Grid) -> bool:
    return one.step < other.step if one.line == other.line else one.line == "exact" and one.step < 28 * DAY


def _by_range(of: Window) -> bool:
    ends = [end for end in of.frame[:2] if end.startswith("EXPR")]
    others = [end for end in of.frame[:2] if not end.startswith("EXPR")]
    return all("RANGE" in end for end in ends) and all(end.startswith("CURRENT_ROW") for end in others)


@dataclass(frozen=True)
class _Range:
    """low <= one end − the other <= high."""

    at: Call
    low: Number
    high: Number


def _ranges(conditions: Sequence[Expression]) -> Iterator[tuple[_Range, tuple[Expression, Expression]]]:
    """Pairs of times whose difference is bounded on both sides."""
    known: dict[tuple[Expression, Expression], dict[int, Number]] = {}
    for part in (part for condition in conditions for part in conjuncts(condition)):
        if not isinstance(part, Call) or part.name not in _SIDES:
            continue
        (left, before), (right, after) = map(_moved, part.args)
        side, bound = _SIDES[part.name], after - before
        if isinstance(left, Literal) or isinstance(right, Literal) or left == right:
            continue
        if (right, left) in known:
            left, right, side, bound = right, left, -side, -bound
        ends = known.setdefault((left, right), {})
        ends[side] = bound
        if len(ends) == 2:
            yield _Range(part, ends[-1], ends[1]), (left, right)


_SIDES = {"<": 1, "<=": 1, ">": -1, ">=": -1}


def _moved(of: Expression) -> tuple[Expression, Number]:
    """A time without the exact lengths that are added to it, and they."""
    match of:
        case Call("+" | "-" as sign, (base, Literal(Interval(0, days, us)))):
            found, shift = _moved(base)
            return found, shift + (1 if sign == "+" else -1) * (days * DAY + us)
    return of, 0
