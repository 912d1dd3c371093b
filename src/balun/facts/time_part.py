"""Parts of times: the minute of an hourly time is always the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from balun.facts.grid import (
    DAY,
    HOUR,
    MINUTE,
    NULL,
    SECOND,
    UNKNOWN,
    WEEK,
    Grid,
    Number,
    Steps,
    common,
    exact,
    grid,
    meet,
    times,
    within,
)

WITHIN: Mapping[str, tuple[int, int]] = {
    "microsecond": (1, MINUTE),
    "millisecond": (1_000, MINUTE),
    "second": (SECOND, MINUTE),
    "minute": (MINUTE, HOUR),
    "hour": (HOUR, DAY),
}
"""By name, what a part counts, and what it starts anew with."""

_OF_DAY = ("day", "dayofmonth")
_WEEKDAYS = {"dayofweek": (4, 0), "weekday": (4, 0), "isodow": (3, 1)}  # 1970-01-01 was a Thursday
_EPOCHS: Mapping[str, Number] = {"epoch": SECOND, "epoch_ms": 1_000, "epoch_us": 1, "epoch_ns": Fraction(1, 1_000)}
NAMES = frozenset({*WITHIN, *_OF_DAY, *_WEEKDAYS, "month", "quarter", "year", "dayofyear"})


def part(name: str, of: Steps) -> Steps:
    """
    >>> part("minute", grid(HOUR)) == grid(0), part("minute", grid(15 * MINUTE)) == grid(15)
    (True, True)
    """
    if not isinstance(of, Grid):
        return of
    if name in WITHIN:
        return _within(exact(of), *WITHIN[name])
    if name in _WEEKDAYS:
        return _weekday(exact(of), *_WEEKDAYS[name])
    return _PARTS[name](of) if of.line == "firsts" and name in _PARTS else UNKNOWN


def _within(of: Grid, unit: int, whole: int) -> Steps:
    if of.step % unit:
        return UNKNOWN
    around = whole // unit
    step = common(of.step // unit, around)
    first = of.offset // unit
    return grid(0, first % around) if step == around else grid(step, first)


def _weekday(of: Grid, before: int, first: int) -> Steps:
    if of.step % WEEK:
        return UNKNOWN
    return grid(0, (of.offset // DAY + before) % 7 + first)


def _month(of: Grid) -> Steps:
    step = common(of.step, 12)
    return grid(0, of.offset % 12 + 1) if step == 12 else grid(step, of.offset + 1)


def _quarter(of: Grid) -> Steps:
    return grid(0, of.offset % 12 // 3 + 1) if of.step % 12 == 0 else UNKNOWN


def _year(of: Grid) -> Steps:
    return grid(of.step // 12, 1970 + of.offset // 12) if of.step % 12 == 0 else UNKNOWN


def _day_of_year(of: Grid) -> Steps:
    return grid(0, 1) if of.step % 12 == 0 and of.offset % 12 == 0 else UNKNOWN


_PARTS: Mapping[str, Callable[[Grid], Steps]] = {
    "day": lambda _: grid(0, 1),
    "dayofmonth": lambda _: grid(0, 1),
    "month": _month,
    "quarter": _quarter,
    "year": _year,
    "dayofyear": _day_of_year,
}


def epoch(name: str, of: Steps) -> Steps:
    """The number of seconds, or of smaller units, since 1970, or of a length of time without months."""
    if not isinstance(of, Grid) or of.line == "months":
        return NULL if of == NULL else UNKNOWN
    found = times(exact(of), grid(0, Fraction(1) / _EPOCHS[name]))
    return found if name == "epoch" or within(found, grid(1)) else UNKNOWN


EPOCHS = frozenset(_EPOCHS)


def back(name: str, value: int, of: Steps) -> Steps:
    """Where times lie whose part is `value`, of times on `of`.

    >>> back("minute", 30, grid(MINUTE)) == grid(HOUR, 30 * MINUTE)
    True
    """
    if name not in WITHIN or not isinstance(of, Grid):
        return of
    unit, whole = WITHIN[name]
    found = exact(of)
    return of if found.step % unit else meet(of, grid(whole, value * unit + found.offset % unit))
