"""Counts and shares in words."""

from __future__ import annotations

from math import isnan


def counted(count: int, what: str) -> str:
    """
    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def share(value: float) -> str:
    """Never 0 % of what is there, nor 100 % of what isn't all.

    >>> share(0.0), share(0.0004), share(0.123), share(0.9999), share(1.0)
    ('0 %', 'under 0.1 %', '12.3 %', 'over 99.9 %', '100 %')
    """
    if isnan(value):
        return "–"
    if 0 < value < 0.001:
        return "under 0.1 %"
    if 0.999 < value < 1:
        return "over 99.9 %"
    return f"{value:.1%}".removesuffix("%").removesuffix(".0") + " %"
