"""How numbers' grids pass through types, arithmetic and rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce

from balun.facts.grid import (
    DAY,
    UNKNOWN,
    WHOLE,
    Grid,
    Number,
    Steps,
    add,
    common,
    floored,
    grid,
    join,
    multiples,
    times,
    within,
)
from balun.relational.constant import scale_of
from balun.relational.expression import Call, Literal

FLOATS = frozenset({"DOUBLE", "FLOAT"})
INTEGERS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
})  # fmt: skip
SMALL = frozenset({"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"})
_TIMES: Mapping[str, Number] = {
    "DATE": DAY, "TIMESTAMP_S": 1_000_000, "TIMESTAMP_MS": 1_000, "TIMESTAMP": 1,
    "TIMESTAMP WITH TIME ZONE": 1, "TIME": 1, "TIMESTAMP_NS": Fraction(1, 1_000),
    "TIMESTAMPTZ_NS": Fraction(1, 1_000),
}  # fmt: skip


@lru_cache(maxsize=1024)
def of_type(dtype: str) -> Steps:
    """Where all values of a type lie. Of an interval nothing is known: it may hold months.

    >>> of_type("DECIMAL(9,2)").step
    Fraction(1, 100)
    """
    if dtype in INTEGERS:
        return WHOLE
    if dtype in _TIMES:
        return grid(_TIMES[dtype])
    return grid(Fraction(1, 10 ** scale_of(dtype))) if dtype.startswith("DECIMAL") else UNKNOWN


def is_number(dtype: str) -> bool:
    return dtype in INTEGERS or dtype in FLOATS or dtype.startswith("DECIMAL")


def whole_bits(of: Steps) -> Steps:
    """What doubles keep through arithmetic: multiples of a power of two, of which rounding only makes more.

    A double is on a grid where it is the one nearest to a point of it: 0.1 is on steps of 0.1, 0.1 + 0.2 isn't.

    >>> whole_bits(grid(60)) == grid(4), whole_bits(grid(Fraction(1, 100)))
    (True, 'unknown')
    """
    if not isinstance(of, Grid):
        return of
    step = common(of.step, of.offset)
    if not step:
        return grid(0)
    if step.denominator & (step.denominator - 1):
        return UNKNOWN
    return grid(Fraction(step.numerator & -step.numerator, step.denominator))


# -- casts


def cast(of: Call, arg: Steps) -> Steps:
    """Between types of numbers."""
    given, made = of.args[0].dtype, of.dtype
    if made in FLOATS:
        return _to_float(given, made, arg)
    if not is_number(given):
        return UNKNOWN
    if given in FLOATS and (given == "FLOAT" or not _is_narrow(made)):
        arg = whole_bits(arg)
        if made not in INTEGERS:  # DuckDB multiplies by the scale, which rounds
            return UNKNOWN
    return arg if within(arg, of_type(made)) else UNKNOWN


def _to_float(given: str, made: str, arg: Steps) -> Steps:
    if made == "DOUBLE" and (
        given in INTEGERS or given == "DOUBLE" or (given.startswith("DECIMAL") and _is_narrow(given))
    ):
        return arg
    return whole_bits(arg) if is_number(given) else UNKNOWN


def _is_narrow(dtype: str) -> bool:
    """Whether a double tells all its values apart."""
    return dtype in SMALL or (dtype.startswith("DECIMAL") and int(dtype[8:].partition(",")[0]) <= 15)


# -- arithmetic


def plus(of: Call, args: Sequence[Steps]) -> Steps:
    return _arithmetic(of, args, add)


def minus(of: Call, args: Sequence[Steps]) -> Steps:
    if len(args) == 1:
        return times(args[0], grid(0, -1))
    return _arithmetic(of, args, lambda one, other: add(one, other, -1))


def product(of: Call, args: Sequence[Steps]) -> Steps:
    return _arithmetic(of, args, times)


def _arithmetic(of: Call, args: Sequence[Steps], made: Callable[[Steps, Steps], Steps]) -> Steps:
    if of.dtype in FLOATS:
        return whole_bits(made(whole_bits(args[0]), whole_bits(args[1])))
    return made(args[0], args[1])


def quotient(of: Call, args: Sequence[Steps]) -> Steps:
    """Of a division of whole numbers that goes even; of others nothing is known but their type."""
    one, other = args
    if of.dtype in FLOATS or not (isinstance(one, Grid) and isinstance(other, Grid)) or other.step or not other.offset:
        return UNKNOWN
    found = times(one, grid(0, Fraction(1) / other.offset))
    return found if within(found, WHOLE) else UNKNOWN


def remainder(of: Call, args: Sequence[Steps]) -> Steps:
    one, other = args
    if of.dtype in FLOATS:
        one, other = whole_bits(one), whole_bits(other)
    found = add(one, multiples(other))
    # A multiple of the divisor that is nearer to zero than it.
    return grid(0) if within(one, multiples(other)) and isinstance(other, Grid) and not other.step else found


def absolute(of: Call, args: Sequence[Steps]) -> Steps:
    return join(args[0], minus(of, args)) if of.dtype not in FLOATS else whole_bits(args[0])


# -- rounding


def rounded(of: Call, args: Sequence[Steps]) -> Steps:
    """round(x), round(x, digits)."""
    digits = of.args[1] if len(of.args) > 1 else Literal(0, "INTEGER")
    if not isinstance(digits, Literal) or not isinstance(digits.value, int) or abs(digits.value) > 15:
        return UNKNOWN
    units = grid(Fraction(1, 10) ** digits.value)
    if of.dtype not in FLOATS:
        return args[0] if within(args[0], units) else units
    if of.dtype == "FLOAT" and digits.value:
        return UNKNOWN
    bits = whole_bits(args[0])
    return bits if not digits.value and within(bits, units) else units


def down(of: Call, args: Sequence[Steps]) -> Steps:
    """floor"""
    if of.dtype in FLOATS:
        return _cut(of, args)
    return floored(args[0], WHOLE)


def up(of: Call, args: Sequence[Steps]) -> Steps:
    """ceil"""
    if of.dtype in FLOATS:
        return _cut(of, args)
    below = floored(minus(of, args[:1]), WHOLE)
    return times(below, grid(0, -1))


def cut(of: Call, args: Sequence[Steps]) -> Steps:
    """trunc(x)"""
    return _cut(of, args) if len(args) == 1 else UNKNOWN


def _cut(of: Call, args: Sequence[Steps]) -> Steps:
    kept = whole_bits(args[0]) if of.dtype in FLOATS else args[0]
    return kept if within(kept, WHOLE) else WHOLE


def either(_: Call, args: Sequence[Steps]) -> Steps:
    """One of the arguments."""
    return reduce(join, args)


def total(dtype: str, arg: Steps) -> Steps:
    """sum()"""
    return whole_bits(arg) if dtype in FLOATS else multiples(arg)


NUMBERS: Mapping[str, Callable[[Call, Sequence[Steps]], Steps]] = {
    "+": plus, "-": minus, "*": product, "//": quotient, "divide": quotient, "%": remainder, "mod": remainder,
    "abs": absolute, "round": rounded, "floor": down, "ceil": up, "ceiling": up, "trunc": cut,
}  # fmt: skip
