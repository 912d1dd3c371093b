"""Grids: values that lie whole steps away from an offset.

Numbers lie on a line of their own, times on one of microseconds since 1970, clock times on one of microseconds since
midnight, lengths of time on one of microseconds. Firsts of months lie on a line of months since 1970 besides, as they
are no even number of days apart; so do lengths of whole months, which have no number of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import gcd, lcm
from typing import Final
from typing import Literal as OneOf

UNKNOWN: Final = "unknown"
NULL: Final = "null"
Number = int | Fraction
"""Exact; whole ones are int, which is faster."""

Line = OneOf["exact", "firsts", "months"]
"""exact: numbers or microseconds; firsts: midnights that begin a month; months: lengths of whole months."""


@dataclass(frozen=True, slots=True)
class Grid:
    """offset + k × step for whole k, in the line's measure. step: 0 of a constant. offset: from 0 to below the step.

    Made by `grid` alone, so that equal grids are equal.
    """

    step: Number
    offset: Number = 0
    line: Line = "exact"


Steps = Grid | OneOf["unknown", "null"]
"""unknown: the value may lie anywhere; null: there is no value but null."""


def grid(step: Number, offset: Number = 0, line: Line = "exact") -> Grid:
    """
    >>> grid(60, -15).offset
    45
    """
    step = _plain(step if step >= 0 else -step)
    return Grid(step, _plain(offset % step if step else offset), line)


def _plain(number: Number) -> Number:
    return number if isinstance(number, int) or number.denominator > 1 else number.numerator


SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
WEEK = 7 * DAY
MIDNIGHTS = grid(DAY)
WHOLE = grid(1)


def common(one: Number, other: Number) -> Number:
    """The greatest step that both are whole multiples of; 0 is one of each.

    >>> common(Fraction(3, 2), 1)
    Fraction(1, 2)
    """
    if isinstance(one, int) and isinstance(other, int):
        return gcd(one, other)
    top = gcd(one.numerator * other.denominator, other.numerator * one.denominator)
    return Fraction(top, one.denominator * other.denominator)


def join(one: Steps, other: Steps) -> Steps:
    """Where a value that is on either lies.

    >>> join(grid(60), grid(60, 15)) == grid(15)
    True
    """
    if other in (one, NULL):
        return one
    if one == NULL:
        return other
    pair = _alike(one, other) if isinstance(one, Grid) and isinstance(other, Grid) else None
    if pair is None:
        return UNKNOWN
    step = common(common(pair[0].step, pair[1].step), pair[0].offset - pair[1].offset)
    return grid(step, pair[0].offset, pair[0].line)


def meet(one: Steps, other: Steps) -> Steps:
    """Where a value that is on both lies; null where none is.

    >>> meet(grid(4, 1), grid(6, 3)) == grid(12, 9), meet(grid(2), grid(2, 1))
    (True, 'null')
    """
    if other in (one, UNKNOWN):
        return one
    if one == UNKNOWN:
        return other
    if not (isinstance(one, Grid) and isinstance(other, Grid)):
        return NULL
    if one.line == other.line:
        return _meeting(one, other)
    if "months" in (one.line, other.line):
        return one
    return _on_firsts(one, other) if one.line == "firsts" else _on_firsts(other, one)


def _on_firsts(firsts: Grid, other: Grid) -> Steps:
    found = as_firsts(other)
    if found is not None:
        return _meeting(firsts, found)
    return firsts if _meeting(exact(firsts), other) != NULL else NULL


def _meeting(one: Grid, other: Grid) -> Steps:
    scale = lcm(*(part.denominator for part in (one.step, one.offset, other.step, other.offset)))
    a, p, b, q = (int(part * scale) for part in (one.step, one.offset, other.step, other.offset))
    both = gcd(a, b)
    if (q - p) % both if both else q != p:
        return NULL
    if not a or not b:
        return other if not b else one
    steps = (q - p) // both * pow(a // both, -1, b // both) % (b // both)
    return grid(Fraction(lcm(a, b), scale), Fraction(p + a * steps, scale), one.line)


def add(one: Steps, other: Steps, sign: int = 1) -> Steps:
    """Of a sum, or with sign −1 of a difference. of times: `other` is a length.

    >>> add(grid(1, line="firsts"), grid(0, HOUR)) == grid(DAY, HOUR)
    True
    """
    if NULL in (one, other):
        return NULL
    if not (isinstance(one, Grid) and isinstance(other, Grid)):
        return UNKNOWN
    if other.line == "months" and one.line != "months":
        found = as_firsts(one)
        if found is None:  # the day changes, and the time of day doesn't
            return grid(common(one.step, DAY), one.offset)
        one = found
    elif one.line != other.line:
        if one.line == "months":
            return UNKNOWN
        one = exact(one)
    return grid(common(one.step, other.step), one.offset + sign * other.offset, one.line)


def times(one: Steps, other: Steps) -> Steps:
    """Of a product of a number, or of a length and a number.

    >>> times(grid(60, 30), grid(2)) == grid(60)
    True
    """
    if NULL in (one, other):
        return NULL
    if not (isinstance(one, Grid) and isinstance(other, Grid)):
        return UNKNOWN
    step = common(common(one.step * other.step, one.step * other.offset), other.step * one.offset)
    return grid(step, one.offset * other.offset, "months" if "months" in (one.line, other.line) else "exact")


def multiples(of: Steps) -> Steps:
    """Of a sum of so many values, each of them on the grid."""
    return grid(common(of.step, of.offset), 0, of.line) if isinstance(of, Grid) else of


def floored(of: Steps, units: Grid) -> Steps:
    """Of a value's nearest point at or below it on the grid `units`.

    >>> floored(grid(DAY, 90 * MINUTE), grid(HOUR)) == grid(DAY, HOUR)
    True
    """
    if not isinstance(of, Grid):
        return NULL if of == NULL else units
    if of.line == "firsts" and units.line == "exact":
        below = floored(exact(of), units)
        return of if below == exact(of) else below
    found = as_firsts(of) if units.line == "firsts" else of
    if found is None or found.step % units.step:
        return units
    return grid(found.step, found.offset - (found.offset - units.offset) % units.step, units.line)


def within(one: Steps, other: Steps) -> bool:
    """Whether each value on `one` is surely on `other`."""
    return other == UNKNOWN or join(one, other) == other


def _alike(one: Grid, other: Grid) -> tuple[Grid, Grid] | None:
    """Both on one line, where there is one."""
    if one.line == other.line:
        return one, other
    if "months" in (one.line, other.line):
        return None
    firsts = as_firsts(one), as_firsts(other)
    return (firsts[0], firsts[1]) if firsts[0] and firsts[1] else (exact(one), exact(other))


def exact(of: Grid) -> Grid:
    """Firsts of months on the line of microseconds: they are midnights."""
    if of.line != "firsts":
        return of
    months = int(of.offset)
    year = 1970 + months // 12
    if of.step or not 1 <= year <= 9999:
        return MIDNIGHTS
    return grid(0, (date(year, months % 12 + 1, 1).toordinal() - _EPOCH) * DAY)


def as_firsts(of: Grid) -> Grid | None:
    """The same on the line of firsts, where it is there or is one of them."""
    if of.line != "exact" or of.step or of.offset % DAY:
        return of if of.line == "firsts" else None
    try:
        day = date.fromordinal(int(of.offset / DAY) + _EPOCH)
    except (ValueError, OverflowError):
        return None
    return grid(0, (day.year - 1970) * 12 + day.month - 1, "firsts") if day.day == 1 else None


_EPOCH = date(1970, 1, 1).toordinal()
