"""A column is compared with a number that is none of its own, and would be one in another unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import Extent, Only, Range, as_range
from balun.facts.known import Chain
from balun.facts.measure import Measure, instead_of, is_offset
from balun.facts.unit import UnitFact, V, number
from balun.finding import Finding
from balun.relational.expression import Call, Computed, Expression, refs, walk
from balun.relational.relation import Relation
from balun.rules.site import Site, names_of, sites, textual, written

RULE = "threshold-in-another-unit"
_COMPARED = frozenset({"=", "<>", "<", ">", "<=", ">=", "is_distinct", "is_not_distinct"})


@dataclass(frozen=True)
class Misread:
    """side: what is compared. value: with what. has: its unit. within: its values. other: the unit that `value` seems
    to be in, and `meant` what it is then, in the side's own.
    """

    side: Expression
    value: float
    has: Measure
    within: Range
    other: str
    meant: float


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for relation in site.relations():
            for whole, inputs in written(relation):
                for one in walk(whole):
                    wrong = misread(site, one, inputs)
                    if wrong:
                        yield _found(site, one, inputs, wrong)


def misread(site: Site, one: Computed, inputs: Sequence[Relation]) -> Misread | None:
    """A comparison with a constant that is beyond all values there are, and in another unit is one of them."""
    if not isinstance(one, Call) or one.name not in _COMPARED or len(one.args) != 2:
        return None
    for side, other in (one.args, one.args[::-1]):
        value = number(other) if not refs(other) else None
        if value and refs(side):
            units: Sight[V] = site.sight(UnitFact.name, *inputs)  # type: ignore[assignment]
            extents: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
            return _misread(side, value, UnitFact().of(side, units), Domain().of(side, extents))
    return None


def _misread(side: Expression, value: float, has: V, known: Extent) -> Misread | None:
    within = as_range(known)
    if not isinstance(has, Measure) or has.factor != 1 or is_offset(has) or within is None or isinstance(known, Only):
        return None
    meant = [(abs(log(by)), str(unit), value * by) for unit, by in instead_of(has.unit)]
    near = sorted(one for one in meant if one[2] in within)
    return Misread(side, value, has, within, near[0][1], near[0][2]) if near and _is_far(value, within) else None


def _is_far(value: float, within: Range) -> bool:
    """Twice as big as all values, or half as small: what is just beyond them is a bound, and no other unit."""
    low, high = (None if one is None else float(one) for one in (within.low, within.high))
    if value in within:
        return False
    if value < 0:
        return low is not None and value <= 2 * low < 0
    return (high is not None and value >= 2 * high) or (low is not None and value <= low / 2)


def _found(site: Site, one: Computed, inputs: tuple[Relation, ...], wrong: Misread) -> Finding:
    what = textual(wrong.side, names_of(inputs))
    message = (
        f"{what} is compared with {wrong.value:.12g}, and is {wrong.within} {wrong.has}: "
        f"{wrong.value:.12g} {wrong.other} would be {wrong.meant:.6g} {wrong.has}"
    )
    return site.finding(RULE, one, message, f"write the number in {wrong.has}")
