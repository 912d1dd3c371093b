"""unit: what a number counts: minutes, cents, miles an hour.

Rescale what is captured, with its contract and the constants that stand beside it, and each column's numbers change by
exactly what its unit says, as long as the same rows are chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import reduce

from balun.chain import contract
from balun.chain.table import AnyTable
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.measure import PLAIN, Measure, agreed, difference, is_offset, measure, raised, scaled, times
from balun.relational.expression import Aggregate, Call, Expression, Interval, Literal, Window


class Said(Enum):
    """What is said of a column where no unit is."""

    UNKNOWN = "unknown"
    ANY = "any"
    """Constants: they take the unit of what stands beside them."""
    BARE = "bare"
    """A number to which nobody gave a unit, computed from none that has one."""
    MIXED = "mixed"
    """Several units, one beside the other: a fault, and told where it was made."""


V = Measure | Said
UNKNOWN, ANY, BARE, MIXED = Said.UNKNOWN, Said.ANY, Said.BARE, Said.MIXED

COMPARED = frozenset({"=", "<>", "<", ">", "<=", ">=", "in", "not_in", "is_distinct", "is_not_distinct", "__between"})
CHOSEN = frozenset({"coalesce", "greatest", "least"})
_TRUTHS = frozenset({"and", "or", "not", "xor"})
_KEPT = frozenset({
    "abs", "round", "floor", "ceil", "ceiling", "trunc", "round_even", "sum", "sum_no_overflow", "fsum", "kahan_sum",
    "avg", "favg", "mean", "min", "max", "first", "last", "any_value", "arbitrary", "median", "mode", "quantile",
    "quantile_cont", "quantile_disc", "approx_quantile", "mad", "stddev", "stddev_samp", "stddev_pop", "arg_min",
    "arg_max", "min_by", "max_by", "first_value", "last_value", "nth_value",
})  # fmt: skip
_ADDING = frozenset({"sum", "sum_no_overflow", "fsum", "kahan_sum", "+"})
_SPREADS = frozenset({"stddev", "stddev_samp", "stddev_pop", "mad", "variance", "var_samp", "var_pop"})
_SQUARED = frozenset({"variance", "var_samp", "var_pop"})
_NUMBERS = frozenset({
    "count", "count_star", "count_if", "countif", "approx_count_distinct", "regr_count", "row_number", "rank",
    "rank_dense", "dense_rank", "percent_rank", "cume_dist", "ntile", "corr", "regr_r2", "bool_and", "bool_or",
    "is_null", "is_not_null", "isnan", "isinf", "isfinite", "sign", "grouping", "mark",
})  # fmt: skip
_PARTS = ("nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week")
_DIFFERENCES = frozenset({"date_diff", "datediff", "date_sub", "datesub"})
# Numbers that a function makes of times, and the unit of those that it makes times of.
_FROM_TIMES = {
    "epoch": "second", "epoch_ms": "millisecond", "epoch_us": "microsecond", "epoch_ns": "nanosecond",
    "hour": "hour", "minute": "minute", "second": "second", "julian": "day",
}  # fmt: skip
_TO_TIMES = {
    **{f"to_{part}s": part for part in _PARTS}, "to_timestamp": "second", "epoch_ms": "millisecond",
    "make_timestamp": "microsecond", "make_timestamp_ms": "millisecond", "make_timestamp_ns": "nanosecond",
}  # fmt: skip
_TIMES = ("DATE", "TIME", "INTERVAL")
_WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE"})


class UnitFact(ColumnFact[V]):
    name = "unit"
    unknown = UNKNOWN

    def captured(self, column: contract.Column, event: contract.Contract) -> V:  # noqa: ARG002
        if not is_number(column.dtype):
            return UNKNOWN if column.dtype.endswith("]") or column.dtype.startswith(("STRUCT", "MAP")) else PLAIN
        return measure(column.unit) if column.unit else BARE

    def promised(self, table: AnyTable, columns: Sequence[str], values: tuple[V, ...]) -> tuple[V, ...]:
        """What a table declares is taken at its word; `unit-mixed` tells where its SQL makes another."""
        said = {name.lower(): measure(unit) for name, unit in table.units}
        return tuple(said.get(name.lower(), value) for name, value in zip(columns, values, strict=True))

    def join(self, one: V, other: V) -> V:
        return alike((one, other))

    def literal(self, of: Literal) -> V:
        return ANY if of.value is None or is_number(of.dtype) else PLAIN

    def call(self, of: Call, args: Sequence[V], sight: Sight[V]) -> V:  # noqa: ARG002
        if MIXED in args:
            return MIXED
        needed = needed_by(of)
        if needed is not None:
            return _made_time(of, args, needed)
        if of.name in {"cast", "try_cast"}:
            return _cast(of, args[0])
        if of.name in COMPARED:
            return _truth(args, alike(args))
        if of.name in _TRUTHS:
            return _truth(args, PLAIN)
        if of.name in CHOSEN or (of.name in {"%", "mod", "fmod"} and len(args) == 2):
            return alike(args)
        if of.name in {"+", "-", "*", "/", "//", "divide"}:
            return _arithmetic(of, args)
        return _called(of, args)

    def aggregate(self, of: Aggregate, args: Sequence[V], sight: Sight[V], *, some: bool) -> V:  # noqa: ARG002
        return _called(of, args)

    def window(self, of: Window, args: Sequence[V], sight: Sight[V]) -> V:  # noqa: ARG002
        if of.name in {"lag", "lead"}:
            return alike((args[0], args[2])) if len(args) == 3 else args[0]
        return _called(of, args)


def is_number(dtype: str) -> bool:
    """
    >>> is_number("DECIMAL(9,2)"), is_number("DATE")
    (True, False)
    """
    return dtype.removeprefix("U") in _WHOLE or dtype.startswith("DECIMAL") or dtype == "INTEGER_LITERAL"


def alike(values: Sequence[V]) -> V:
    """What values are in, that must be in one unit; MIXED where they can't be.

    >>> alike([measure("minute"), ANY, measure("minute")]) == measure("minute"), alike([PLAIN, measure("hour")])
    (True, <Said.MIXED: 'mixed'>)
    """
    return reduce(_alike, values)


def _alike(one: V, other: V) -> V:
    if isinstance(one, Measure) and isinstance(other, Measure):
        return agreed(one, other) or MIXED
    if one == other or other is ANY:
        return one
    if one is ANY:
        return other
    if MIXED in {one, other}:
        return MIXED
    return BARE if {one, other} == {BARE, PLAIN} else UNKNOWN


def _truth(args: Sequence[V], together: V) -> V:
    """Of a condition: neither true nor false by the units that were chosen."""
    if MIXED in {*args, together}:
        return MIXED
    return PLAIN if UNKNOWN not in args and together is not UNKNOWN else UNKNOWN


def _cast(of: Call, arg: V) -> V:
    if is_number(of.dtype) or of.dtype == of.args[0].dtype or arg is ANY:
        return arg
    return PLAIN if _is_free(arg) else UNKNOWN


def _is_free(arg: V) -> bool:
    """Whether it stays as it is, whatever units are captured."""
    return arg in {ANY, BARE, PLAIN}


def _arithmetic(of: Call, args: Sequence[V]) -> V:
    if any(is_time(one.dtype) for one in (of, *of.args)):
        return _of_times(of, args)
    if len(args) == 1:
        one = args[0]
        return UNKNOWN if isinstance(one, Measure) and is_offset(one) else one
    if of.name in {"+", "-"}:
        return _added(of, args[0], args[1])
    return _multiplied(of, args[0], args[1], 1 if of.name == "*" else -1)


def needed_by(of: Call) -> Measure | None:
    """The unit that a number must be in to become a time."""
    if of.name in _TO_TIMES and is_time(of.dtype):
        return measure(_TO_TIMES[of.name])
    if of.name in {"+", "-"} and of.dtype == "DATE":
        return measure("day")
    if of.name == "*" and of.dtype == "INTERVAL":
        steps = (
            _STEPS.get(one.value) for one in of.args if isinstance(one, Literal) and isinstance(one.value, Interval)
        )
        step = next(steps, None)
        return measure(step) if step else None
    return None


_STEPS = {
    Interval(us=1_000): "millisecond", Interval(us=1_000_000): "second", Interval(us=60_000_000): "minute",
    Interval(us=3_600_000_000): "hour", Interval(days=1): "day", Interval(days=7): "week",
}  # fmt: skip


def may_be(value: Measure, needed: Measure) -> bool:
    """Whether a number may be read in a unit: so may a plain one."""
    return not value.unit.powers or agreed(needed, value) is not None


def _made_time(of: Call, args: Sequence[V], needed: Measure) -> V:
    """Of a time that is made of numbers, and stays as it is where these are in the unit needed."""
    numbers = [value for one, value in zip(of.args, args, strict=True) if is_number(one.dtype)]
    if any(isinstance(one, Measure) and not may_be(one, needed) for one in numbers):
        return MIXED
    exact = all(_is_free(one) or (isinstance(one, Measure) and agreed(needed, one) == needed) for one in numbers)
    return PLAIN if exact and UNKNOWN not in args else UNKNOWN


def is_time(dtype: str) -> bool:
    return dtype.startswith(_TIMES)


def _of_times(of: Call, args: Sequence[V]) -> V:
    if UNKNOWN in args:
        return UNKNOWN
    if is_number(of.dtype) and all(one.dtype == "DATE" for one in of.args):
        return measure("day")
    return UNKNOWN if is_number(of.dtype) else PLAIN


def _added(of: Call, one: V, other: V) -> V:
    offset = [isinstance(value, Measure) and is_offset(value) for value in (one, other)]
    if not any(offset):
        return alike((one, other))
    if not all(isinstance(value, Measure) for value in (one, other)):
        return UNKNOWN  # a constant may be a temperature, or a difference of two
    if all(offset) and of.name == "-" and isinstance(one, Measure):
        return MIXED if alike((one, other)) is MIXED else difference(one)
    shifted = one if offset[0] else other
    step = other if offset[0] else one
    fits = isinstance(shifted, Measure) and not all(offset) and alike((difference(shifted), step)) is not MIXED
    return shifted if fits else MIXED


def _multiplied(of: Call, one: V, other: V, power: int) -> V:
    if any(isinstance(value, Measure) and is_offset(value) for value in (one, other)):
        return UNKNOWN
    if isinstance(one, Measure) and isinstance(other, Measure):
        return times(one, other, power)
    if isinstance(one, Measure) and other is ANY:
        by = number(of.args[1])
        return scaled(one, by if power == 1 or not by else 1 / by)
    if one is ANY and isinstance(other, Measure):
        return scaled(other if power == 1 else times(PLAIN, other, -1), number(of.args[0]))
    if UNKNOWN in {one, other}:
        return UNKNOWN
    if one is ANY and other is ANY:
        return ANY
    return BARE if all(map(_is_free, (one, other))) else UNKNOWN


def number(of: Expression) -> float | None:
    """The number that an expression of constants makes.

    >>> number(Call("/", (Literal(1, "INTEGER"), Literal(60, "INTEGER")), "DOUBLE"))
    0.016666666666666666
    """
    match of:
        case Literal(value=int() | float() | Decimal() as value):
            return float(value)
        case Call("cast" | "trunc" | "round" | "+", (arg,)):
            return number(arg)
        case Call("-", (arg,)):
            found = number(arg)
            return None if found is None else -found
        case Call("*" | "/" | "+" | "-" as name, (one, other)):
            left, right = number(one), number(other)
            if left is None or right is None or (name == "/" and right == 0):
                return None
            return {"*": left * right, "/": left / (right or 1), "+": left + right, "-": left - right}[name]
    return None


def _called(of: Call | Aggregate | Window, args: Sequence[V]) -> V:
    if MIXED in args:
        return MIXED
    if of.name in _NUMBERS:
        return PLAIN
    if of.name in _KEPT and args and not of.dtype.endswith("]"):
        return _kept(of.name, args[0])
    return _of_clock(of) or _powered(of, args) or _otherwise(of, args)


def _kept(name: str, arg: V) -> V:
    if not isinstance(arg, Measure) or not is_offset(arg):
        return arg
    if name in _ADDING:
        return MIXED
    if name == "abs":
        return UNKNOWN  # twice as cold in one unit isn't in the other
    return difference(arg) if name in _SPREADS else arg


def _of_clock(of: Call | Aggregate | Window) -> V | None:
    """Of numbers that are made of times."""
    if not of.args or not is_number(of.dtype):
        return None
    first = of.args[0]
    part = first.value if isinstance(first, Literal) and isinstance(first.value, str) else ""
    if of.name in _DIFFERENCES:
        return measure(part.rstrip("s")) if part.rstrip("s") in _PARTS else BARE
    if of.name in {"date_part", "datepart"}:
        return measure(_FROM_TIMES[part]) if part in _FROM_TIMES else BARE
    if of.name in _FROM_TIMES and is_time(first.dtype):
        return measure(_FROM_TIMES[of.name])
    return None


def _powered(of: Call | Aggregate | Window, args: Sequence[V]) -> V | None:
    if not args or not isinstance(args[0], Measure):
        return None
    one = args[0]
    if of.name in _SQUARED:
        return raised(difference(one), Fraction(2))
    if is_offset(one):
        return None
    match of.name:
        case "sqrt":
            return raised(one, Fraction(1, 2))
        case "pow" | "power" | "**" | "^" if (power := number(of.args[1])) is not None:
            return raised(one, Fraction(power).limit_denominator(12))
        case "covar_pop" | "covar_samp" if isinstance(args[1], Measure) and not is_offset(args[1]):
            return times(one, args[1])
        case "regr_slope" if isinstance(args[1], Measure) and not is_offset(args[1]):
            return times(one, args[1], -1)
    return None


def _otherwise(of: Call | Aggregate | Window, args: Sequence[V]) -> V:
    """Whatever a function makes of what no unit changes, no unit changes."""
    if not all(map(_is_free, args)):
        return UNKNOWN
    return BARE if is_number(of.dtype) else PLAIN
