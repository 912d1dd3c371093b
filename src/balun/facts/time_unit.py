"""Units of time as DuckDB names them, and texts that hold times and lengths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from balun.facts.grid import DAY, HOUR, MINUTE, SECOND, WEEK, Grid, Number, grid
from balun.relational.expression import Interval

_MONDAY = 4 * DAY  # 1970-01-05
_UNITS: tuple[tuple[Grid, str], ...] = (
    (grid(1), "microsecond microseconds us usec usecs usecond useconds"),
    (grid(1_000), "millisecond milliseconds ms msec msecs"),
    (grid(SECOND), "second seconds sec secs s epoch"),
    (grid(MINUTE), "minute minutes min mins m"),
    (grid(HOUR), "hour hours hr hrs h"),
    (grid(DAY), "day days d dayofmonth dow dayofweek weekday isodow doy dayofyear"),
    (grid(WEEK, _MONDAY), "week weeks w weekofyear yearweek"),
    (grid(1, line="firsts"), "month months mon mons"),
    (grid(3, line="firsts"), "quarter quarters"),
    (grid(12, line="firsts"), "year years yr yrs y"),
    (grid(120, line="firsts"), "decade decades dec decs"),
    (grid(1_200, 360, "firsts"), "century centuries cent c"),
    (grid(12_000, 360, "firsts"), "millennium millennia millenium mil mils"),
)
UNITS = {name: unit for unit, names in _UNITS for name in names.split()}
"""What date_trunc leaves."""

_LENGTHS: Mapping[str, Number] = {name: unit.step for name, unit in UNITS.items() if unit.line == "exact"}
_MONTHS = {"mon": 1, "month": 1, "quarter": 3, "year": 12, "yr": 12, "y": 12}


def moment_us(text: str) -> int | None:
    """A day or a time as ISO 8601 writes it, in microseconds since 1970; UTC where it names no zone.

    >>> moment_us("1970-01-02"), moment_us("1970-01-01 01:00+01"), moment_us("infinity")
    (86400000000, 0, None)
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if re.search(r"\.\d{7}", text):
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def clock_us(text: str) -> int | None:
    """A time of day, in microseconds since midnight."""
    if not re.fullmatch(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", text):
        return None
    return moment_us(f"{date(1970, 1, 1)} {text}")


def length_of(text: str) -> Interval | None:
    """
    >>> length_of("1 hour 30 minutes").us
    5400000000
    """
    parts = re.findall(r"(\d+) ?([a-zA-Z]+)", text)
    if not parts or re.sub(r"\d+ ?[a-zA-Z]+", "", text).strip():
        return None
    months = 0
    length: Number = 0
    for number, word in parts:
        name = word.lower()
        if name in _LENGTHS:
            length += int(number) * _LENGTHS[name]
        elif name.removesuffix("s") in _MONTHS:
            months += int(number) * _MONTHS[name.removesuffix("s")]
        else:
            return None
    return Interval(months, 0, int(length))


def grid_of(length: Interval) -> Grid | None:
    """Of one length; none of what mixes months with days."""
    us = length.days * DAY + length.us
    if not length.months:
        return grid(0, us)
    return None if us else grid(0, length.months, "months")
