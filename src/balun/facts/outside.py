"""Whether a value lies outside an extent, in SQL."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, inf, nextafter

from balun.facts.extent import Extent, Number, Only, Scalar
from balun.facts.number_step import FLOATS, INTEGERS
from balun.quoting import decimal, literal
from balun.relational.constant import scale_of

_BITS = {"TINY": 8, "SMALL": 16, "": 32, "BIG": 64, "HUGE": 128}


def outside(of: Extent, value: str, dtype: str) -> str | None:
    """True of a value that isn't in it; None where any may be, or the type is none that extents are told of.

    >>> from balun.facts.extent import only, ranged
    >>> outside(only("a", "b"), "c", "VARCHAR"), outside(ranged(0, 1.5), "c", "BIGINT")
    ("c NOT IN ('a', 'b')", 'c < 0 OR c > 1')
    >>> outside(ranged(0, 999), "c", "UTINYINT") is None, outside(ranged(0, open_low=True), "c", "DOUBLE")
    (True, "c <= '0.0'::DOUBLE")
    """
    if of is None or not (dtype in {"VARCHAR", "BOOLEAN"} or _is_number(dtype)):
        return None
    if isinstance(of, Only):
        listed = sorted(told for told in (_written(one, dtype) for one in of.values) if told)
        return f"{value} NOT IN ({', '.join(listed)})" if listed else f"{value} IS NOT NULL"
    if not _is_number(dtype):
        return f"{value} IS NOT NULL"
    beyond = _beyond_double if dtype in FLOATS else _beyond_exact
    ends = ((of.low, of.open_low, 1), (of.high, of.open_high, -1))
    found = [beyond(end, is_open, way, value, dtype) for end, is_open, way in ends if end is not None]
    return " OR ".join(one for one in found if one) or None


def _is_number(dtype: str) -> bool:
    return dtype in INTEGERS or dtype in FLOATS or dtype.startswith("DECIMAL")


def _written(one: Scalar, dtype: str) -> str | None:
    """A value as the type has it; None where the type has none that is equal to it."""
    if dtype == "VARCHAR":
        return literal(one) if isinstance(one, str) else None
    if isinstance(one, str) or not Decimal(one).is_finite():
        return None
    if dtype == "BOOLEAN":
        return literal(bool(one)) if one in {0, 1} else None
    if dtype in FLOATS:
        return _double(float(Decimal(one))) if Decimal(float(Decimal(one))) == Decimal(one) else None
    units = Fraction(one) * 10 ** scale_of(dtype)
    least, most = _limits(dtype)
    return _exact(int(units), dtype) if units.denominator == 1 and least <= units <= most else None


def _beyond_exact(end: Number, is_open: bool, way: int, value: str, dtype: str) -> str | None:
    """Of whole numbers and decimals: in the units that they count. way: 1 of a lower end, -1 of an upper."""
    least, most = _limits(dtype)
    if not Decimal(end).is_finite():
        return f"{value} IS NOT NULL" if (end > 0) == (way > 0) else None
    units = Fraction(end) * 10 ** scale_of(dtype) * way
    edge = (floor(units) + 1 if is_open else ceil(units)) * way
    if least <= edge <= most:
        return None if edge == (least if way > 0 else most) else f"{value} {_SIGN[way]} {_exact(edge, dtype)}"
    return f"{value} IS NOT NULL" if (edge > most) == (way > 0) else None


def _beyond_double(end: Number, is_open: bool, way: int, value: str, dtype: str) -> str | None:  # noqa: ARG001
    """The first double that is within takes the end's place."""
    edge = float(Decimal(end))
    if Decimal(edge) != Decimal(end):
        inside = (Decimal(edge) > Decimal(end)) == (way > 0)
        edge, is_open = (edge if inside else nextafter(edge, inf * way)), False
    return f"{value} {_SIGN[way]}{'=' if is_open else ''} {_double(edge)}"


_SIGN = {1: "<", -1: ">"}


def _double(value: float) -> str:
    return f"'{value!r}'::DOUBLE"


def _exact(units: int, dtype: str) -> str:
    return str(units) if dtype in INTEGERS else decimal(units, dtype, scale_of(dtype))


def _limits(dtype: str) -> tuple[int, int]:
    """The least and the greatest of a type, in the units that it counts."""
    if dtype.startswith("DECIMAL"):
        most = 10 ** int(dtype[8:].partition(",")[0]) - 1
        return -most, most
    name = dtype.removesuffix("INTEGER").removesuffix("INT")
    if name.startswith("U"):
        return 0, 2 ** _BITS[name[1:]] - 1
    return -(2 ** (_BITS[name] - 1)), 2 ** (_BITS[name] - 1) - 1
