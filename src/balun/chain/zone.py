"""Time zones, by their IANA names."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def is_zone(name: str) -> bool:
    """
    >>> is_zone("America/New_York"), is_zone("New York")
    (True, False)
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
