"""A number is converted to another unit, and nobody says to which."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from balun.chain.table import Table
from balun.facts.column_fact import Sight
from balun.facts.known import Chain
from balun.facts.measure import Measure, agreed
from balun.facts.unit import UnitFact, V, number
from balun.finding import Finding
from balun.relational.expression import Call, Computed, Expression, Ref
from balun.relational.relation import Distinct, Filter, Group, Limit, Project, Relation, Sort, Windows
from balun.rules.site import Site, sites

RULE = "unit-undeclared-after-conversion"
# What one unit is of another: of lengths of time, metric prefixes, money, length, weight, speed, information.
_FACTORS = (
    60, 3600, 86400, 1440, 24, 7, 168, 10, 100, 1000, 10_000, 100_000, 1e6, 1e9, 1.609344, 1.609, 1.852, 0.3048, 2.54,
    25.4, 0.9144, 0.45359237, 0.4536, 453.59237, 28.349523125, 3.6, 1.15078, 8, 1024, 1024**2,
)  # fmt: skip
_THROUGH = frozenset({"cast", "try_cast", "round", "floor", "ceil", "ceiling", "trunc", "abs", "coalesce"})
_GATHERED = frozenset({"sum", "avg", "min", "max", "median", "any_value", "first", "last"})


def find(chain: Chain) -> Iterator[Finding]:
    """Of what tables put out, where the factor is what one unit is of another: others, as a tax, make none."""
    for site in sites(chain):
        table = site.node.declared
        if not isinstance(table, Table):
            continue
        declared = {name.lower() for name, _ in table.units}
        for at, name in enumerate(site.known.columns):
            after = site.known.derived.values[UnitFact.name][at]
            if name.lower() not in declared and isinstance(after, Measure) and after.factor is not None:
                converted = next(_conversions(site, site.relation, at, after), None)
                if converted is not None:
                    yield _found(site, name, converted, after)


def _conversions(site: Site, relation: Relation, at: int, after: Measure) -> Iterator[Call]:
    """Products of a number in another unit and a constant, that a column is."""
    match relation:
        case Filter() | Sort() | Limit() | Distinct():
            yield from _conversions(site, relation.input, at, after)
        case Windows() if at < len(relation.input.columns):
            yield from _conversions(site, relation.input, at, after)
        case Project():
            yield from _in(site, relation.outputs[at], relation.input, after)
        case Group() if 0 <= at - len(relation.keys) < len(relation.aggregates):
            made = relation.aggregates[at - len(relation.keys)]
            if made.name in _GATHERED:
                yield from _in(site, made.args[0], relation.input, after)


def _in(site: Site, one: Expression, over: Relation, after: Measure) -> Iterator[Call]:
    match one:
        case Ref():
            yield from _conversions(site, over, one.at, after)
        case Call("*" | "/", args) if len(args) == 2:
            sight: Sight[V] = site.sight(UnitFact.name, over)  # type: ignore[assignment]
            for part, other in (args, args[::-1]):
                factor = number(other)
                if factor is not None and _is_factor(factor) and _is_other(UnitFact().of(part, sight), after):
                    yield one
            for part in args:
                yield from _in(site, part, over, after)
        case Call(name, (arg, *_)) if name in _THROUGH:
            yield from _in(site, arg, over, after)


def _is_factor(of: float) -> bool:
    return any(isclose(abs(of), one, rel_tol=1e-4) or isclose(abs(of) * one, 1, rel_tol=1e-4) for one in _FACTORS)


def _is_other(before: V, after: Measure) -> bool:
    return isinstance(before, Measure) and bool(before.unit.powers) and agreed(before, after) is None


def _found(site: Site, name: str, converted: Computed, after: Measure) -> Finding:
    is_named = after.factor == 1
    by = f": {after.unit} by its factor" if is_named else ": its factor makes no unit that has a name"
    message = f"{name} is converted from another unit, and nothing says to which{by}"
    unit = str(after.unit) if is_named else "…"
    mend = f"write units: {{{name}: {unit}}} into the comment at the table's top"
    return site.finding(RULE, converted, message, mend)
