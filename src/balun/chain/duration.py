"""A length of time: exact, or counted in days of a calendar."""

from __future__ import annotations

import re
from dataclasses import dataclass

_US = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_WORDS = {
    "us": "us", "microsecond": "us",
    "ms": "ms", "millisecond": "ms",
    "s": "s", "sec": "s", "second": "s",
    "m": "min", "min": "min", "minute": "min",
    "h": "h", "hr": "h", "hour": "h",
    "d": "d", "day": "d",
    "w": "w", "week": "w",
}  # fmt: skip
_LONGEST_US = 100 * 366 * _US["d"]


@dataclass(frozen=True, order=True)
class Duration:
    """`us` microseconds, or, where `local_days` is not 0, that many days of the contract's zone.

    >>> Duration.parse("90 min").us
    5400000000
    >>> str(Duration.parse("36h")), str(Duration.parse("1 local week"))
    ('36h', '7 local days')
    """

    us: int = 0
    local_days: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `3h`, `15 min`, `1.5 d` or `1 local day`. Raises ValueError that names what is allowed."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(local\s+)?([a-zA-Z]+)\s*", text)
        word = found[3].lower() if found else ""
        unit = _WORDS.get(word) or _WORDS.get(word.removesuffix("s"))
        if not found or unit is None:
            raise ValueError(
                f"{text!r} is no duration; write one such as '90s', '15 min', '3h', '30d' or '1 local day'"
            )
        if found[2]:
            return cls._local(text, float(found[1]), unit)
        us = float(found[1]) * _US[unit]
        if us != int(us) or not 0 < us <= _LONGEST_US:
            raise ValueError(
                f"{text!r} is no duration: it must be a whole number of microseconds, over 0, to 100 years"
            )
        return cls(us=int(us))

    @classmethod
    def _local(cls, text: str, number: float, unit: str) -> Duration:
        days = number * {"d": 1, "w": 7}.get(unit, 0)
        if days < 1 or days != int(days) or days > 36_600:
            raise ValueError(f"{text!r} is no duration: a local one counts whole days or weeks, as '1 local day'")
        return cls(local_days=int(days))

    @property
    def label(self) -> str:
        """What ends a feature's column name: `3h`, `1d`, `7ld` for seven local days."""
        return f"{self.local_days}ld" if self.local_days else str(self)

    def __str__(self) -> str:
        if self.local_days:
            return f"{self.local_days} local day" + ("s" if self.local_days > 1 else "")
        unit = next(unit for unit in ("d", "h", "min", "s", "ms", "us") if self.us % _US[unit] == 0)
        return f"{self.us // _US[unit]}{unit}"
