"""How far a zone's clocks are from UTC, from 1970 on: before, clocks went by odd minutes and seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import gcd
from zoneinfo import ZoneInfo

from balun.facts.grid import MINUTE, SECOND

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
_EVERY = timedelta(days=7)


@lru_cache(maxsize=256)
def offsets_us(zone: str) -> frozenset[int] | None:
    """All that its clocks have been ahead of UTC, in microseconds; None where it is no zone.

    >>> sorted(one // 3_600_000_000 for one in offsets_us("America/New_York"))
    [-5, -4]
    """
    seen = _history(zone.lower())
    return frozenset(one * SECOND for one in seen) if seen else None


@lru_cache(maxsize=1024)
def same_clock(one: str, other: str) -> bool:
    """Whether clocks of both have always shown the same.

    >>> same_clock("UTC", "Etc/UTC"), same_clock("US/Eastern", "America/New_York"), same_clock("UTC", "Europe/London")
    (True, True, False)
    """
    return one.lower() == other.lower() or (_history(one.lower()) or one) == (_history(other.lower()) or other)


def whole_hours(zone: str) -> bool:
    """Whether its minutes are always those of UTC."""
    found = offsets_us(zone)
    return found is not None and all(one % (60 * MINUTE) == 0 for one in found)


def is_fixed(zone: str) -> bool:
    """Whether its clocks have never been put forward or back.

    >>> is_fixed("UTC"), is_fixed("America/New_York")
    (True, False)
    """
    return len(offsets_us(zone) or ()) == 1


@lru_cache(maxsize=256)
def steps_us(zone: str) -> int:
    """What all its offsets, and the times of their changes, are whole steps of: an hour at most; 1 where it is none.

    >>> steps_us("America/New_York") // MINUTE, steps_us("Asia/Kolkata") // MINUTE, steps_us("nowhere")
    (60, 30, 1)
    """
    seen, named = _history(zone.lower()), _named(zone.lower())
    if not seen or named is None:
        return 1
    step = gcd(60 * MINUTE, *(one * SECOND for one in seen))
    for week, (last, now) in enumerate(pairwise(seen)):
        if last != now:
            step = gcd(step, _change_us(named, _FIRST + week * _EVERY))
    return step


def _change_us(zone: ZoneInfo, low: datetime) -> int:
    """When its offset changed in the week from `low` on, in microseconds since 1970."""
    high = low + _EVERY
    new = high.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (low, middle) if middle.astimezone(zone).utcoffset() == new else (middle, high)
    return round(high.timestamp()) * SECOND


@lru_cache(maxsize=256)
def _history(zone: str) -> tuple[int, ...] | None:
    """Seconds ahead of UTC, week by week."""
    found = _named(zone)
    if found is None:
        return None
    weeks = range((_LAST - _FIRST) // _EVERY)
    moments = ((_FIRST + week * _EVERY).astimezone(found) for week in weeks)
    return tuple(int((one.utcoffset() or timedelta()).total_seconds()) for one in moments)


def _named(zone: str) -> ZoneInfo | None:
    known = _zones().get(zone)
    return ZoneInfo(known) if known else None


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """DuckDB finds zones in any case."""
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones()}
