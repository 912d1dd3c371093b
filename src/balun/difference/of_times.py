"""How a time that was cut down to a step passes through functions of times: longer units stay the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from balun.difference.delta import MOVED, OTHER, SAME, Coarse, Delta, Same
from balun.facts.grid import DAY, HOUR, MINUTE, SECOND
from balun.facts.zone_offset import steps_us
from balun.relational.expression import Call, Interval, Literal

_DATES = ("day", "week", "month", "quarter", "year", "decade", "century", "millennium")
_UNITS = {
    "microsecond": 1, "microseconds": 1, "millisecond": 1_000, "milliseconds": 1_000, "second": SECOND,
    "minute": MINUTE, "hour": HOUR, **dict.fromkeys(_DATES, DAY),
}  # fmt: skip
# What each part of a time is told by: all of it above this length.
_PARTS = {
    "minute": MINUTE, "hour": HOUR,
    **dict.fromkeys((
        "day", "dayofmonth", "dayofweek", "isodow", "weekday", "dayofyear", "week", "weekofyear", "yearweek", "isoyear",
        "month", "quarter", "year", "decade", "century", "millennium", "era", "dayname", "monthname", "last_day",
        "julian_day",
    ), DAY),
}  # fmt: skip
TIMED = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE")


def _truncated(of: Call, args: list[Delta]) -> Delta | None:
    unit, given = of.args[0], args[1] if len(args) == 2 else OTHER
    if not (isinstance(unit, Literal) and isinstance(args[0], Same) and isinstance(given, Coarse)):
        return None
    return _whole(_UNITS.get(str(unit.value).lower()), given)


def _whole(length: int | None, given: Coarse) -> Delta | None:
    return SAME if length is not None and length % given.step == 0 and DAY % given.step == 0 else None


def _part(of: Call, args: list[Delta]) -> Delta | None:
    given = args[0]
    if not isinstance(given, Coarse) or of.args[0].dtype not in TIMED:
        return None
    return _whole(_PARTS.get(of.name), given)


def _named_part(of: Call, args: list[Delta]) -> Delta | None:
    unit, given = of.args[0], args[-1]
    if not (isinstance(unit, Literal) and isinstance(given, Coarse)):
        return None
    return _whole(_PARTS.get(str(unit.value).lower()), given)


def _zoned(of: Call, args: list[Delta]) -> Delta | None:
    zone, given = of.args[0], args[-1]
    if not (isinstance(zone, Literal) and isinstance(given, Coarse) and len(args) == 2):
        return None
    if of.args[1].dtype == "TIMESTAMP WITH TIME ZONE":
        return given if steps_us(str(zone.value)) % given.step == 0 else MOVED
    return given if zone.value == "UTC" else MOVED


def plus(of: Call, args: list[Delta]) -> Delta | None:
    coarse = [one for one in args if isinstance(one, Coarse)]
    lengths = [one for one in of.args if isinstance(one, Literal) and isinstance(one.value, Interval)]
    if len(coarse) != 1 or len(lengths) != 1 or of.dtype not in TIMED:
        return None
    length = lengths[0].value
    assert isinstance(length, Interval)
    step = coarse[0].step
    fits = not length.months and not length.us % step and (not length.days or not DAY % step)
    return coarse[0] if fits else None


def _between(of: Call, args: list[Delta]) -> Delta | None:
    """date_diff counts the ends of units that lie between."""
    unit = of.args[0]
    if not isinstance(unit, Literal) or not all(isinstance(one, Same | Coarse) for one in args):
        return None
    length = _UNITS.get(str(unit.value).lower())
    return SAME if all(_whole(length, one) for one in args if isinstance(one, Coarse)) else None


def _bucket(of: Call, args: list[Delta]) -> Delta | None:
    width, given = of.args[0], args[1]
    if len(args) != 2 or not (isinstance(width, Literal) and isinstance(width.value, Interval)):
        return None
    if not isinstance(given, Coarse) or width.value.months:
        return None
    return _whole(width.value.days * DAY + width.value.us, given)


TIMES: Mapping[str, Callable[[Call, list[Delta]], Delta | None]] = {
    "date_trunc": _truncated,
    "datetrunc": _truncated,
    "date_part": _named_part,
    "datepart": _named_part,
    "timezone": _zoned,
    "+": plus,
    "-": plus,
    "date_diff": _between,
    "datediff": _between,
    "time_bucket": _bucket,
    **dict.fromkeys(_PARTS, _part),
}
"""What a call is where its arguments have these deltas, by name; None where that isn't told by its times."""


def as_date(given: Coarse) -> Delta:
    """Of a time's day."""
    return _whole(DAY, given) or MOVED
