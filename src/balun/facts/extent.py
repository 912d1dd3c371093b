"""Extents: which values a column may take, as a set or a range. Null is no value: `nullable` tells of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal

Number = int | Decimal | float
Scalar = bool | int | Decimal | float | str
_MOST = 256
_WIDE = Context(prec=700)  # as many digits as doubles and DuckDB's decimals have


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; None: without end. NaN lies in it only where it has no upper end."""

    low: Number | None = None
    high: Number | None = None
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: Scalar) -> bool:
        if isinstance(value, str):
            return False
        above = self.low is None or value > self.low or (value == self.low and not self.open_low)
        below = self.high is None or value < self.high or (value == self.high and not self.open_high)
        return above and below

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            if self.low is None:
                return f"{'under' if self.open_high else 'at most'} {self.high}"
            return f"{'over' if self.open_low else 'at least'} {self.low}"
        return f"{'over ' if self.open_low else ''}{self.low} to {'under ' if self.open_high else ''}{self.high}"


@dataclass(frozen=True, slots=True)
class Only:
    """These values and no others; none at all: there is no row with a value."""

    values: frozenset[Scalar]

    def __str__(self) -> str:
        shown = ", ".join(sorted(map(str, self.values))[:8])
        return f"one of {shown}" + (" …" if len(self.values) > 8 else "") if self.values else "nothing"


Extent = Only | Range | None
"""None: any value."""
NEVER = Only(frozenset())
TRUE, FALSE, EITHER = Only(frozenset({True})), Only(frozenset({False})), Only(frozenset({True, False}))


def only(*values: Scalar) -> Extent:
    return Only(frozenset(values)) if len(values) <= _MOST else None


def ranged(
    low: Number | None = None, high: Number | None = None, *, open_low: bool = False, open_high: bool = False
) -> Extent:
    """
    >>> ranged(2, 1) == NEVER, ranged() is None
    (True, True)
    """
    found = Range(low, high, open_low, open_high)
    if found.empty:
        return NEVER
    return None if low is None and high is None else found


def either(one: Extent, other: Extent) -> Extent:
    """
    >>> either(only(1), only(2)) == only(1, 2), str(either(only(1), Range(3, 9)))
    (True, '1 to 9')
    """
    if one is None or other is None:
        return None
    if isinstance(one, Only) and isinstance(other, Only):
        both = one.values | other.values
        return Only(both) if len(both) <= _MOST else _hull(as_range(one), as_range(other))
    if NEVER in (one, other):
        return other if one == NEVER else one
    return _hull(as_range(one), as_range(other))


def both(one: Extent, other: Extent) -> Extent:
    """
    >>> str(both(Range(1, 9), only(5, 12))), str(both(Range(1, None), Range(None, 3, open_high=True)))
    ('one of 5', '1 to under 3')
    """
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, Only):
        kept = one.values & other.values if isinstance(other, Only) else {v for v in one.values if v in other}
        return Only(frozenset(kept))
    if isinstance(other, Only):
        return both(other, one)
    low, open_low = max((one.low, one.open_low), (other.low, other.open_low), key=_low_key)
    high, open_high = min((one.high, one.open_high), (other.high, other.open_high), key=_high_key)
    return ranged(low, high, open_low=open_low, open_high=open_high)


def without(one: Extent, values: frozenset[Scalar]) -> Extent:
    """What is left once some values are taken out; of a range only its ends can be."""
    if isinstance(one, Only):
        return Only(one.values - values)
    if isinstance(one, Range):
        open_low = one.open_low or (one.low is not None and one.low in values)
        open_high = one.open_high or (one.high is not None and one.high in values)
        return ranged(one.low, one.high, open_low=open_low, open_high=open_high)
    return None


def as_range(one: Extent) -> Range | None:
    """The range about it; None where it has no order of numbers."""
    if isinstance(one, Range):
        return one
    if isinstance(one, Only) and one.values and not any(isinstance(value, str) for value in one.values):
        numbers = [value for value in one.values if not isinstance(value, str)]
        return Range(min(numbers), max(numbers))
    return None


def mapped(one: Extent, by: Callable[[Scalar], Scalar]) -> Extent:
    """Each value of a set through a function; of anything else nothing is known."""
    return Only(frozenset(map(by, one.values))) if isinstance(one, Only) else None


def exact_sum(one: Number, other: Number) -> Number:
    return one + other if isinstance(one, int) and isinstance(other, int) else _WIDE.add(Decimal(one), Decimal(other))


def exact_product(one: Number, other: Number) -> Number:
    if isinstance(one, int) and isinstance(other, int):
        return one * other
    return _WIDE.multiply(Decimal(one), Decimal(other))


def may_be(one: Extent, value: Scalar) -> bool:
    if isinstance(one, Only):
        return value in one.values
    return one is None or value in one


def _hull(one: Range | None, other: Range | None) -> Extent:
    if one is None or other is None:
        return None
    low, open_low = min((one.low, one.open_low), (other.low, other.open_low), key=_low_key)
    high, open_high = max((one.high, one.open_high), (other.high, other.open_high), key=_high_key)
    return ranged(low, high, open_low=open_low, open_high=open_high)


End = tuple[Number | None, bool]


def _low_key(end: End) -> tuple[float | Decimal, bool]:
    return (float("-inf") if end[0] is None else _exact(end[0])), end[1]


def _high_key(end: End) -> tuple[float | Decimal, bool]:
    return (float("inf") if end[0] is None else _exact(end[0])), not end[1]


def _exact(value: Number) -> float | Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)
