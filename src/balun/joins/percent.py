"""Shares as words."""

from __future__ import annotations


def percent(share: float) -> str:
    """Never all where some are missing, nor none where there is one.

    >>> percent(1.0), percent(0.99999), percent(0.844), percent(0.00001)
    ('100%', '99.9%', '84.4%', '0.1%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{min(max(share, 0.001), 0.999):.1%}"
