"""Clocks of two zones taken for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from balun.facts.propagate import State
from balun.facts.view import View, place_of, views
from balun.facts.zone import INSTANTS, KEPT, NO_CLOCK, SESSION, UNKNOWN, WALL, Zone, clock
from balun.facts.zone_offset import same_clock
from balun.relational.expression import Call, Case, Computed, Literal, Window
from balun.relational.relation import Relation, SetOperation, inputs, ordered

_COMPARED = frozenset({"=", "<>", "<", ">", "<=", ">=", "in", "not_in", "is_distinct", "is_not_distinct"})
_DIFFERENCES = frozenset({"date_diff", "datediff", "date_sub", "datesub"})


@dataclass(frozen=True)
class ZoneFault:
    """rule: the fault's name. relation: where. place: in the SQL, in bytes, where one is known. one, other: zones."""

    rule: str
    relation: Relation
    place: int | None
    one: str
    other: str


_Rule = Callable[[View[str]], Iterator[tuple[Computed, Sequence[str]]]]


def faults(relation: Relation, states: Mapping[int, State]) -> list[ZoneFault]:
    """All of a relation and of those below it; of one relation the first for each rule and pair of zones.

    states: by identity, as `states_of` has them.
    """
    found: dict[tuple[str, int, frozenset[str]], ZoneFault] = {}
    for view in views(relation, states, Zone()):
        for name, rule in RULES:
            for at, zones in rule(view):
                for one, other in _apart(zones):
                    fault = ZoneFault(name, view.relation, place_of(at), one, other)
                    found.setdefault((name, id(view.relation), frozenset({one, other})), fault)
    return [*found.values(), *_united(relation, states)]


def _united(relation: Relation, states: Mapping[int, State]) -> Iterator[ZoneFault]:
    for union in ordered(relation):
        if isinstance(union, SetOperation):
            columns = zip(*(states[id(one)].values[Zone.name] for one in inputs(union)), strict=True)
            for zones in columns:
                yield from (ZoneFault("zones-mixed", union, None, one, other) for one, other in _apart(zones))


def _apart(zones: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The first two that show different times."""
    named = [one for one in zones if one not in {UNKNOWN, NO_CLOCK}]
    yield from ((one, other) for one, other in pairwise(named) if not same_clock(one, other))


def compared(view: View[str]) -> Iterator[tuple[Computed, Sequence[str]]]:
    """Clocks of two zones are compared, or joined on."""
    return ((one, [view.of(arg) for arg in one.args]) for one in view.calls if one.name in _COMPARED)


def subtracted(view: View[str]) -> Iterator[tuple[Computed, Sequence[str]]]:
    """What lies between the clocks of two zones isn't the time between them."""
    for one in view.calls:
        if (one.name == "-" and all(arg.dtype in WALL for arg in one.args)) or one.name in _DIFFERENCES:
            yield one, [clock(arg.dtype, view.of(arg)) for arg in one.args[-2:]]


def mixed(view: View[str]) -> Iterator[tuple[Computed, Sequence[str]]]:
    """Clocks of two zones become one column, or one time."""
    for one in view.parts:
        if isinstance(one, Call) and one.name in KEPT and one.name != "-":
            yield one, [view.of(arg) for arg in one.args]
        elif isinstance(one, Window) and one.name in {"lag", "lead"}:
            yield one, [view.of(arg) for arg in (one.args[0], *one.args[2:])]
        elif isinstance(one, Case):
            yield one, [view.of(then) for _, then in one.whens] + [view.of(one.otherwise)]


def misread(view: View[str]) -> Iterator[tuple[Computed, Sequence[str]]]:
    """A clock of one zone is read as that of another."""
    for one in view.calls:
        match one:
            case Call("timezone", (Literal(str(zone)), arg)) if one.dtype in INSTANTS:
                yield one, [view.of(arg), zone]
            case Call("cast" | "try_cast", (arg,)) if one.dtype in INSTANTS and arg.dtype in WALL:
                yield one, [view.of(arg), SESSION]
            case Call("make_timestamptz", (*args, Literal(str(zone)))):
                yield one, [*map(view.of, args), zone]
            case Call("make_timestamptz", args):
                yield one, [*map(view.of, args), SESSION]


RULES: tuple[tuple[str, _Rule], ...] = (
    ("zones-compared", compared),
    ("zones-subtracted", subtracted),
    ("zones-mixed", mixed),
    ("zone-misread", misread),
)
