"""Bounds of a numeric column: what its values suggest, with room for those to come."""

from __future__ import annotations

from decimal import Decimal

_NATURAL = {
    "percent": (0, 100),
    "pct": (0, 100),
    "lat": (-90, 90),
    "latitude": (-90, 90),
    "lon": (-180, 180),
    "lng": (-180, 180),
    "longitude": (-180, 180),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "weekday": (0, 7),
    "probability": (0, 1),
    "propensity": (0, 1),
}
LARGEST = Decimal(10) ** 15


def bounds(words: tuple[str, ...], low: Decimal, high: Decimal, *, complete: bool) -> tuple[Decimal, Decimal] | None:
    """Bounds that hold from `low` to `high`; None where numbers are too large to be bounded with sense.

    words: of the column's name. complete: every whole number between the two was seen, so they are the bounds.

    >>> bounds(("dep", "delay"), Decimal(-43), Decimal(1301), complete=False)
    (Decimal('-50'), Decimal('2000'))
    >>> bounds(("lat",), Decimal("40.1"), Decimal("41.2"), complete=False)
    (Decimal('-90'), Decimal('90'))
    """
    least, most = _NATURAL.get(words[-1] if words else "", (1, 0))
    if least <= low and high <= most:
        return Decimal(least), Decimal(most)
    if max(abs(low), abs(high)) >= LARGEST:
        return None
    if complete:
        return low, high
    return (Decimal(0) if low >= 0 else -_rounder(-low)), (_rounder(high) if high > 0 else Decimal(0))


def _rounder(number: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20, 50 … from `number` on.

    >>> [str(_rounder(Decimal(text))) for text in ("0.3", "7", "20", "21")]
    ['0.5', '10', '20', '50']
    """
    power = Decimal(10) ** number.adjusted()
    nice = next(step * power for step in (1, 2, 5, 10) if number <= step * power)
    return nice if nice < 1 else Decimal(int(nice))
