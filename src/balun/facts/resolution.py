"""resolution: the grid that a column's values lie on: whole minutes, cents, midnights.

It is said of each value that isn't null, NaN or infinite; of times and lengths whose microseconds a double tells apart,
such as the years 1684 to 2255; and of clocks of named zones from 1970 on. A double or a float is on a grid where it is
the one nearest to a point of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from math import isfinite

from balun.chain import contract
from balun.chain.duration import Duration
from balun.facts import number_step, time_part, time_step
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.grid import DAY, NULL, UNKNOWN, WHOLE, Grid, Number, Steps, common, grid, join, meet, within
from balun.facts.number_step import FLOATS, INTEGERS, is_number, of_type, total
from balun.facts.off_grid import off_grid
from balun.facts.time_unit import grid_of
from balun.relational.expression import Aggregate, Call, Expression, Interval, Literal, Ref, Window
from balun.relational.relation import Relation, Unnest

Passage = Callable[[Call, Sequence[Steps]], Steps]
_ONE_OF_ITS_VALUES = frozenset({
    "min", "max", "first", "last", "any_value", "arbitrary", "mode", "arg_min", "arg_max", "min_by", "max_by",
    "arg_min_null", "arg_max_null", "quantile_disc", "first_value", "last_value", "nth_value",
})  # fmt: skip
_COUNTED = frozenset({"DATE", "TIME", "TIMESTAMP", time_step.INSTANT})
_EITHER = frozenset({"coalesce", "greatest", "least"})


class Resolution(ColumnFact[Steps]):
    name = "resolution"
    unknown: Steps = UNKNOWN

    def captured(self, column: contract.Column, event: contract.Contract) -> Steps:  # noqa: ARG002
        found = meet(of_type(column.dtype), declared(column))
        return found if column.dtype in FLOATS and found != UNKNOWN else meet(found, _listed(column))

    def join(self, one: Steps, other: Steps) -> Steps:
        return join(one, other)

    def literal(self, of: Literal) -> Steps:
        match of.value:
            case None:
                return NULL
            case Interval():
                return grid_of(of.value) or UNKNOWN
            case str():
                return _or_type(time_step.of_text(of.value, of.dtype), of.dtype)
            case bool():
                return UNKNOWN
            case int() if of.dtype in INTEGERS:
                return grid(0, of.value)
            case int() if of.dtype in _COUNTED:  # DuckDB counts a constant's days, or microseconds
                return meet(grid(0, of.value * (DAY if of.dtype == "DATE" else 1)), of_type(of.dtype))
        return grid(0, Fraction(str(of.value))) if isfinite(of.value) and is_number(of.dtype) else of_type(of.dtype)

    def denial(self, of: Steps, value: str, dtype: str) -> str | None:
        return off_grid(of, value, dtype)

    def call(self, of: Call, args: Sequence[Steps], sight: Sight[Steps]) -> Steps:  # noqa: ARG002
        return _or_type(_called(of, args), of.dtype)

    def aggregate(self, of: Aggregate, args: Sequence[Steps], sight: Sight[Steps], *, some: bool) -> Steps:  # noqa: ARG002
        return _gathered(of, args)

    def window(self, of: Window, args: Sequence[Steps], sight: Sight[Steps]) -> Steps:  # noqa: ARG002
        if of.name in {"lag", "lead"}:
            return reduce(join, (args[0], *args[2:]))
        return _gathered(of, args)

    def narrowed(self, condition: Expression, sight: Sight[Steps]) -> tuple[Steps, ...]:
        match condition:
            case Call("=" | "is_not_distinct", (one, other)):
                return self._equal(one, other, sight)
            case Call("in", (one, *others)):
                found = reduce(join, (self.of(other, sight) for other in others))
                return _pressed(one, found, sight.values)
            case Call("or", parts):
                ways = (self.where((part,), sight).values for part in parts)
                return tuple(reduce(join, column) for column in zip(*ways, strict=True))
        return sight.values

    def _equal(self, one: Expression, other: Expression, sight: Sight[Steps]) -> tuple[Steps, ...]:
        both = self.of(one, sight), self.of(other, sight)
        return _pressed(other, both[0], _pressed(one, both[1], sight.values))

    def passes(self, relation: Relation, inputs: Sequence[Sight[Steps]]) -> tuple[Steps, ...]:
        found = super().passes(relation, inputs)
        if isinstance(relation, Unnest):
            found = (*inputs[0].values, *(self._element(one, inputs[0]) for one in relation.lists))
        if UNKNOWN not in found:
            return found
        return tuple(_or_type(one, column.dtype) for one, column in zip(found, relation.columns, strict=True))

    def _element(self, of: Expression, sight: Sight[Steps]) -> Steps:
        match of:
            case Call("range" | "generate_series", args):
                return time_step.series([self.of(one, sight) for one in args])
            case Call("list_value", args) if args:
                return reduce(join, [self.of(one, sight) for one in args])
        return UNKNOWN


def declared(column: contract.Column) -> Steps:
    """By a contract's `resolution`: steps count from 0, from 1970 and from midnight, all in UTC."""
    if column.resolution is None:
        return UNKNOWN
    if column.logical in {"integer", "number"}:
        return grid(Fraction(Decimal(column.resolution)))
    length = Duration.parse(column.resolution)
    zone = Literal(column.zone or "UTC", "VARCHAR")
    # Of what is no part of a day nobody says on which day it begins.
    if not length.local_days:
        return grid(common(length.us, DAY))
    return time_step.in_zone(grid(DAY), zone, -1) if column.dtype == time_step.INSTANT else grid(DAY)


def _listed(column: contract.Column) -> Steps:
    """By the values that a contract allows."""
    if not column.allowed or not is_number(column.dtype):
        return UNKNOWN
    return reduce(join, (grid(0, Fraction(str(one))) for one in column.allowed))


def _or_type(found: Steps, dtype: str) -> Steps:
    return of_type(dtype) if found == UNKNOWN else found


def _called(of: Call, args: Sequence[Steps]) -> Steps:
    name = of.name
    if name in {"cast", "try_cast"}:
        if is_number(of.dtype) and is_number(of.args[0].dtype):
            return number_step.cast(of, args[0])
        return time_step.cast(of, args[0])
    if name in _EITHER:
        return reduce(join, args)
    if name in time_part.EPOCHS:
        return _epoch(of, args)
    if name in time_part.NAMES:
        return UNKNOWN if of.args[0].dtype == "INTERVAL" else time_part.part(name, args[0])
    if name in time_step.TIMES:
        return time_step.TIMES[name](of, args)
    numbers = is_number(of.dtype) and all(is_number(one.dtype) for one in of.args)
    table: Mapping[str, Passage] = number_step.NUMBERS if numbers else time_step.ARITHMETIC
    passes = table.get(name)
    return passes(of, args) if passes else UNKNOWN


def _epoch(of: Call, args: Sequence[Steps]) -> Steps:
    given = of.args[0].dtype
    if given in INTEGERS:  # epoch_ms(number) is a time
        return time_step.scaled(1_000)(of, args)
    found = time_part.epoch(of.name, args[0])
    # Of an instant DuckDB adds the second's fraction to the seconds, which rounds.
    rounds = of.name == "epoch" and given in time_step.INSTANTS and not within(found, WHOLE)
    return number_step.whole_bits(found) if rounds else found


def _gathered(of: Aggregate | Window, args: Sequence[Steps]) -> Steps:
    if of.name in _ONE_OF_ITS_VALUES and args and not of.dtype.endswith("]"):
        return args[0]
    if of.name == "sum" and is_number(of.args[0].dtype):
        return _or_type(total(of.dtype, args[0]), of.dtype)
    return of_type(of.dtype)


def _pressed(of: Expression, onto: Steps, values: tuple[Steps, ...]) -> tuple[Steps, ...]:
    """The columns where a value lies on a grid too."""
    match of:
        case Ref() if of.dtype != "INTERVAL":  # a month and 30 days are equal
            known = values[of.at]
            found = onto if known == UNKNOWN else known if of.dtype in FLOATS else meet(known, onto)
            return values if found == known else (*values[: of.at], found, *values[of.at + 1 :])
        case Call("cast", (Ref(_, given) as arg,)) if _keeps(given, of.dtype) and onto != UNKNOWN:
            return _pressed(arg, onto, values)
        case Call(name, (Ref() as arg,)) if name in time_part.WITHIN and arg.dtype not in {"INTERVAL", "TIME"}:
            told = onto.offset if isinstance(onto, Grid) and not onto.step else None
            return values if told is None else _pressed(arg, time_part.back(name, int(told), values[arg.at]), values)
        case Call("%", (Ref() as arg, Literal(int(by)))) if by and arg.dtype in INTEGERS and isinstance(onto, Grid):
            return _pressed(arg, grid(common(by, onto.step), onto.offset), values)
    return values


def _keeps(given: str, made: str) -> bool:
    """Whether a cast keeps the number, in microseconds that of a time too."""
    if given in FLOATS or made in FLOATS:
        return False
    if given in time_step.CLOCKS:
        return given != "TIMESTAMP_NS" and made in {"TIMESTAMP", time_step.INSTANT}
    return is_number(given) and is_number(made) and within(of_type(given), of_type(made))


def coarsens(before: Steps, after: Steps) -> bool:
    """Whether values that lay on `before` lie on fewer points after.

    >>> coarsens(grid(1), grid(60)), coarsens(grid(60), grid(1)), coarsens(grid(60), grid(60, 30))
    (True, False, False)
    """
    return after not in {before, NULL} and within(after, before)


def holds(needed: Steps, supplied: Steps) -> bool | None:
    """Whether values come in steps as small as needed; None where nobody knows.

    >>> holds(grid(10), grid(5)), holds(grid(10), grid(60)), holds(grid(10), UNKNOWN)
    (True, False, None)
    """
    if not (isinstance(needed, Grid) and isinstance(supplied, Grid)):
        return True if needed == UNKNOWN else None
    if not needed.step or not supplied.step:
        return needed.step == supplied.step
    return length(supplied) <= length(needed)


def length(of: Grid) -> Number:
    """How far apart two points of it may be, at the least."""
    return of.step * 28 * DAY if of.line != "exact" else of.step
