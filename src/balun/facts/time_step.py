"""How times' and lengths' grids pass through arithmetic, truncation, casts, zones and the making of times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce

from balun.facts.grid import (
    DAY,
    HOUR,
    MIDNIGHTS,
    MINUTE,
    SECOND,
    UNKNOWN,
    WHOLE,
    Grid,
    Steps,
    add,
    as_firsts,
    common,
    exact,
    floored,
    grid,
    join,
    multiples,
    times,
    within,
)
from balun.facts.number_step import FLOATS, INTEGERS
from balun.facts.time_unit import UNITS, clock_us, grid_of, length_of, moment_us
from balun.facts.zone_offset import offsets_us
from balun.relational.expression import Call, Expression, Interval, Literal

INSTANT = "TIMESTAMP WITH TIME ZONE"
INSTANTS = frozenset({INSTANT, "TIMESTAMPTZ_NS"})
CLOCKS = frozenset({*INSTANTS, "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"})


def of_text(text: str, dtype: str) -> Steps:
    """Of a constant that is written as text."""
    if dtype == "INTERVAL":
        length = length_of(text)
        return (grid_of(length) if length else None) or UNKNOWN
    if dtype == "TIME":
        found = clock_us(text)
    elif dtype == INSTANT or re.fullmatch(_PLAIN.get(dtype, "-"), text):
        found = moment_us(text)
    else:
        return UNKNOWN
    return UNKNOWN if found is None else grid(0, found)


_PLAIN = {"DATE": r"[-\d]{10}", "TIMESTAMP": r"[-\d]{10}([ T][:.\d]+)?"}


# -- arithmetic


def plus(of: Call, args: Sequence[Steps]) -> Steps:
    return _moved(of, args, 1)


def minus(of: Call, args: Sequence[Steps]) -> Steps:
    if len(args) == 1:
        return times(args[0], grid(0, -1))
    return _moved(of, args, -1)


def _moved(of: Call, args: Sequence[Steps], sign: int) -> Steps:
    left, right = (one.dtype for one in of.args)
    one, other = args
    if left in CLOCKS and right in CLOCKS:
        found = add(_exact(one), _exact(other), sign)
        return times(found, grid(0, Fraction(1, DAY))) if of.dtype in INTEGERS else found
    if right in CLOCKS or (right == "TIME" and left == "INTERVAL"):  # an interval + a time
        left, right, one, other = right, left, other, one
    if left == right == "INTERVAL" and _line(one) != _line(other):
        return UNKNOWN
    if right in INTEGERS:  # a date and days
        other = times(other, grid(0, DAY))
    return _around(add(one, other, sign)) if of.dtype == "TIME" else add(one, other, sign)


def _exact(one: Steps) -> Steps:
    return exact(one) if isinstance(one, Grid) else one


def _line(one: Steps) -> str:
    return one.line if isinstance(one, Grid) else "exact"


def _around(of: Steps) -> Steps:
    """A clock begins anew at midnight."""
    return time_of_day(of) if isinstance(of, Grid) else of


def product(of: Call, args: Sequence[Steps]) -> Steps:
    if any(one.dtype not in INTEGERS and one.dtype != "INTERVAL" for one in of.args):
        return UNKNOWN
    return times(args[0], args[1])


# -- casts


def cast(of: Call, arg: Steps) -> Steps:
    """From and to times. The session's zone is UTC, so that an instant and its clock time are one number."""
    given, made = of.args[0].dtype, of.dtype
    if isinstance(of.args[0], Literal) and isinstance(of.args[0].value, str):
        return of_text(of.args[0].value, made)
    if given in CLOCKS and made in CLOCKS:
        return _to_clock(made, arg)
    if given in CLOCKS and made == "TIME":
        return time_of_day(arg)
    return arg if given == made else UNKNOWN


def _to_clock(made: str, arg: Steps) -> Steps:
    if made == "DATE":
        return floored(arg, MIDNIGHTS)
    kept = {"TIMESTAMP_S": SECOND, "TIMESTAMP_MS": 1_000}.get(made, 1)
    return arg if within(arg, grid(kept)) else UNKNOWN


def time_of_day(of: Steps) -> Steps:
    if not isinstance(of, Grid):
        return of
    found = exact(of)
    return grid(0, found.offset % DAY) if found.step % DAY == 0 else grid(common(found.step, DAY), found.offset)


def zoned(of: Call, args: Sequence[Steps]) -> Steps:
    """timezone(zone, time): an instant becomes a clock time, or a clock time an instant."""
    if len(args) != 2 or of.args[1].dtype not in CLOCKS:
        return UNKNOWN
    return in_zone(args[1], of.args[0], 1 if of.args[1].dtype in INSTANTS else -1)


def in_zone(of: Steps, zone: Expression, sign: int) -> Steps:
    """sign: 1 from UTC to the zone's clocks, −1 back."""
    ahead = offsets_us(zone.value) if isinstance(zone, Literal) and isinstance(zone.value, str) else None
    if ahead is None:
        return UNKNOWN
    if ahead == {0}:
        return of
    return reduce(join, (add(_exact(of), grid(0, sign * one)) for one in sorted(ahead)))


# -- truncation


def truncated(of: Call, args: Sequence[Steps]) -> Steps:
    """date_trunc(unit, time)"""
    units = unit_of(of)
    if units is None or of.args[1].dtype not in CLOCKS:
        return UNKNOWN
    if units.line == "firsts" and units.step > 12:  # before the year 0 DuckDB goes up
        return units
    return floored(args[1], units)


def unit_of(of: Call) -> Grid | None:
    """What date_trunc leaves, where its unit is written."""
    unit = of.args[0]
    return UNITS.get(unit.value.lower()) if isinstance(unit, Literal) and isinstance(unit.value, str) else None


_MONDAY = 10_959 * DAY  # 2000-01-03, where DuckDB's buckets begin


def bucketed(of: Call, args: Sequence[Steps]) -> Steps:
    """time_bucket(width, time), with an offset or an origin behind them."""
    width, moved = of.args[0], args[2] if len(args) > 2 else grid(0)
    if not (isinstance(width, Literal) and isinstance(width.value, Interval)) or len(args) > 3:
        return UNKNOWN
    length = grid_of(width.value)
    if length is None or not length.offset or not isinstance(moved, Grid) or of.args[1].dtype == "INTERVAL":
        return UNKNOWN
    if length.line == "months":
        return grid(length.offset, 360, "firsts") if len(args) == 2 else UNKNOWN
    origin = len(args) > 2 and of.args[2].dtype in CLOCKS
    if moved.step or moved.line != "exact":
        return UNKNOWN
    start = moved.offset if origin else _MONDAY + moved.offset
    found = floored(args[1], grid(length.offset, start))
    return floored(found, MIDNIGHTS) if of.dtype == "DATE" else found


# -- times made of numbers

_MADE = (DAY, DAY, DAY, HOUR, MINUTE, SECOND)


def made_of_parts(of: Call, args: Sequence[Steps]) -> Steps:
    """make_timestamp(year, month, day, hour, minute, second), make_date(year, month, day) and their like."""
    zone = of.args[-1] if of.args[-1].dtype == "VARCHAR" else None
    parts = args[:-1] if zone else args
    if len(parts) == 1:
        return parts[0]  # microseconds
    if len(parts) == 3 and of.dtype == "DATE":
        return grid(1, line="firsts") if parts[2] == grid(0, 1) else MIDNIGHTS
    if of.dtype == "TIME":
        return _around(_sum(parts, (HOUR, MINUTE, SECOND)))
    if len(parts) != 6:
        return UNKNOWN
    if parts[2] == grid(0, 1) and all(one == grid(0) for one in parts[3:]):
        found: Steps = grid(1, line="firsts")
    else:
        found = _sum([WHOLE, WHOLE, WHOLE, *parts[3:]], _MADE)
    return in_zone(found, zone, -1) if zone else found


def _sum(parts: Sequence[Steps], units: Sequence[int]) -> Steps:
    """Microseconds, to which DuckDB rounds seconds."""
    found = reduce(add, (times(one, grid(0, unit)) for one, unit in zip(parts, units, strict=True)))
    return found if isinstance(found, Grid) and not common(found.step, found.offset) % 1 else UNKNOWN


def scaled(unit: int, line: str = "exact") -> Callable[[Call, Sequence[Steps]], Steps]:
    """A number of units."""

    def made(of: Call, args: Sequence[Steps]) -> Steps:
        if line == "months":
            found = args[0]
            return grid(found.step * unit, found.offset * unit, "months") if isinstance(found, Grid) else found
        if of.args[0].dtype in FLOATS and not within(args[0], WHOLE):
            return UNKNOWN
        return times(args[0], grid(0, unit))

    return made


_FINEST = (("fgnzZsxXcT", None), ("S", SECOND), ("M", MINUTE), ("HIp", HOUR), ("", DAY))


def parsed(of: Call, args: Sequence[Steps]) -> Steps:  # noqa: ARG001 - of a text nothing is known
    """strptime(text, format): as fine as the finest of what the format reads."""
    form = of.args[1]
    if not isinstance(form, Literal) or not isinstance(form.value, str):
        return UNKNOWN
    letters = set(re.findall(r"%-?(.)", form.value))
    step = next(step for names, step in _FINEST if letters & set(names) or not names)
    return grid(step) if step else UNKNOWN


def difference(of: Call, args: Sequence[Steps]) -> Steps:
    """date_diff(unit, from, to), of times that are whole units."""
    units = unit_of(of)
    if units is None or not all(within(one, units) for one in args[1:]):
        return UNKNOWN
    pair = [as_firsts(one) if units.line == "firsts" else exact(one) for one in args[1:] if isinstance(one, Grid)]
    one, other = pair if len(pair) == 2 else (None, None)
    return times(add(other, one, -1), grid(0, Fraction(1) / units.step)) if one and other else UNKNOWN


def series(args: Sequence[Steps]) -> Steps:
    """Of an element of range() or generate_series()."""
    start, step = args[0], args[2] if len(args) > 2 else WHOLE
    return add(start, multiples(step)) if len(args) > 1 else multiples(step)


TIMES: Mapping[str, Callable[[Call, Sequence[Steps]], Steps]] = {
    "timezone": zoned,
    "date_trunc": truncated,
    "datetrunc": truncated,
    "time_bucket": bucketed,
    "date_diff": difference,
    "datediff": difference,
    "date_sub": difference,
    "datesub": difference,
    "make_timestamp": made_of_parts,
    "make_timestamptz": made_of_parts,
    "make_date": made_of_parts,
    "make_time": made_of_parts,
    "to_timestamp": scaled(SECOND),
    "make_timestamp_ms": scaled(1_000),
    "to_microseconds": scaled(1),
    "to_milliseconds": scaled(1_000),
    "to_seconds": scaled(SECOND),
    "to_minutes": scaled(MINUTE),
    "to_hours": scaled(HOUR),
    "to_days": scaled(DAY),
    "to_weeks": scaled(7 * DAY),
    "to_months": scaled(1, "months"),
    "to_quarters": scaled(3, "months"),
    "to_years": scaled(12, "months"),
    "strptime": parsed,
    "last_day": lambda _, __: MIDNIGHTS,
}  # fmt: skip
ARITHMETIC: Mapping[str, Callable[[Call, Sequence[Steps]], Steps]] = {"+": plus, "-": minus, "*": product}
