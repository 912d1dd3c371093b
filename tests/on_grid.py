"""Whether values that DuckDB made lie on a grid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from balun.facts.grid import Grid, Steps

_FIRST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Beyond, a double doesn't tell microseconds apart.
_SPAN = dt.date(1684, 8, 1), dt.date(2255, 6, 1)


def read(sql: str, dtype: str) -> str:
    """SQL for a value of the type as `lies` takes it."""
    if dtype != "INTERVAL":
        return f"({sql})::TIMESTAMP" if dtype in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"} else sql
    months = "date_part('year', v) * 12 + date_part('month', v)"
    us = "(date_part('hour', v) * 60 + date_part('minute', v)) * 60000000 + date_part('microsecond', v)"
    whole = f"[{months}, date_part('day', v), {us}]"
    return f"list_transform([{sql}], lambda v: CASE WHEN v IS NOT NULL THEN {whole} END)[1]"


def lies(value: Any, on: Steps, dtype: str) -> bool:
    if value is None or on == "unknown":
        return True
    if isinstance(value, str) or (isinstance(value, float) and not isfinite(value)):  # a time beyond Python's
        return True
    if not isinstance(on, Grid):
        return False
    if isinstance(value, list):
        return _length(value, on)
    if isinstance(value, float):
        return _nearest(value, on, dtype)
    if isinstance(value, dt.date) and not _in_span(value):
        return True
    if on.line == "firsts":
        months = (value.year - 1970) * 12 + value.month - 1
        midnight = not isinstance(value, dt.datetime) or value.time() == dt.time()
        return bool(value.day == 1 and midnight and _on(Fraction(months), on))
    return _on(_number(value), on)


def _in_span(value: dt.date) -> bool:
    return _SPAN[0] <= dt.date(value.year, value.month, value.day) <= _SPAN[1]


def _number(value: Any) -> Fraction:
    match value:
        case dt.datetime():
            return Fraction((value.replace(tzinfo=dt.UTC) - _FIRST) // dt.timedelta(microseconds=1))
        case dt.date():
            return Fraction((value - _FIRST.date()).days * 86_400_000_000)
        case dt.time():
            return Fraction(((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond)
        case Decimal() | int():
            return Fraction(value)
    raise TypeError(type(value).__name__)


def _on(number: Fraction, on: Grid) -> bool:
    return (number - on.offset) % on.step == 0 if on.step else number == on.offset


def _length(value: Sequence[int], on: Grid) -> bool:
    months, days, us = value
    if abs(days * 86_400_000_000 + us) > 2**53:
        return True
    if on.line == "months":
        return not days and not us and _on(Fraction(months), on)
    return not months and _on(Fraction(days * 86_400_000_000 + us), on)


def _nearest(value: float, on: Grid, dtype: str) -> bool:
    middle = round((Fraction(value) - on.offset) / on.step) if on.step else 0
    points = (float(on.offset + at * on.step) for at in range(middle - 2, middle + 3))
    return any(value == (float(np.float32(point)) if dtype == "FLOAT" else point) for point in points)
