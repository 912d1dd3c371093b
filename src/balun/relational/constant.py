"""Constants in DuckDB's plans, with the casts that the binder put about them taken off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from balun.relational.expression import Call, Expression, Interval, Literal, Value
from balun.relational.instant import TIMES, time_text

_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_RANGES: dict[str, tuple[int, int]] = {
    "INTEGER_LITERAL": (-(2**127), 2**128 - 1),
    **{dtype: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for dtype, bits in _BITS.items()},
    **{f"U{dtype}": (0, 2**bits - 1) for dtype, bits in _BITS.items()},
}

_MOST_OF_DOUBLE: int = 10**300


def read_constant(told: Mapping[str, Any], dtype: str, place: int | None) -> Literal:
    """What a plan holds under `value`.

    >>> read_constant({"value": 15}, "DECIMAL(2,1)", None).value
    Decimal('1.5')
    >>> read_constant({"value": {"upper": -1, "lower": 2**64 - 1}}, "HUGEINT", None).value
    -1
    """
    return Literal(None if told.get("is_null") else _value(told.get("value"), dtype), dtype, place)


def _value(raw: Any, dtype: str) -> Value:
    if dtype == "INTERVAL":
        return Interval(raw.get("months", 0), raw.get("days", 0), raw.get("micros", 0))
    if isinstance(raw, Mapping) and {"upper", "lower"} >= raw.keys():  # more than 64 bits
        raw = (int(raw.get("upper", 0)) << 64) + int(raw.get("lower", 0))
    if dtype in TIMES and isinstance(raw, int):
        return time_text(raw, dtype)
    if dtype.startswith("DECIMAL") and isinstance(raw, int):
        return _scaled(raw, scale_of(dtype))
    if isinstance(raw, bool | int | float | str) or raw is None:
        return raw
    return str(raw)


def _scaled(raw: int, scale: int) -> Decimal:
    """Exact at any length, where `Decimal.scaleb` keeps 28 digits.

    >>> _scaled(-123456789012345678901234567890123, 2)
    Decimal('-1234567890123456789012345678901.23')
    """
    return Decimal((int(raw < 0), tuple(map(int, str(abs(raw)))), -scale))


def read_cast(of: Expression, dtype: str, *, safe: bool, place: int | None) -> Expression:
    """A cast; of a constant that loses nothing by it the constant itself.

    >>> read_cast(Literal(1, "INTEGER"), "BIGINT", safe=False, place=None)
    Literal(value=1, dtype='BIGINT', place=None)
    >>> read_cast(Literal(300, "INTEGER"), "TINYINT", safe=True, place=None).name
    'try_cast'
    """
    if isinstance(of, Literal) and _keeps(of, dtype):
        return Literal(of.value, dtype, of.place)
    return Call("try_cast" if safe else "cast", (of,), dtype, place)


def _keeps(of: Literal, dtype: str) -> bool:
    if of.value is None or of.dtype == dtype:
        return True
    if isinstance(of.value, int | Decimal) and not isinstance(of.value, bool):
        return _keeps_number(of.value, dtype)
    return isinstance(of.value, str) and of.dtype == "VARCHAR" and _is_time(of.value, dtype)


def _keeps_number(value: int | Decimal, dtype: str) -> bool:
    if dtype in _RANGES:
        least, most = _RANGES[dtype]
        return value == int(value) and least <= value <= most
    if dtype.startswith("DECIMAL"):
        places = Decimal(value).as_tuple()
        lost = scale_of(dtype) + int(places.exponent)
        return lost >= 0 and len(places.digits) + lost <= _width_of(dtype)
    return dtype == "DOUBLE" and -_MOST_OF_DOUBLE < value < _MOST_OF_DOUBLE and Decimal(float(value)) == value


def _is_time(text: str, dtype: str) -> bool:
    """Whether it is an instant or a day as ISO 8601 writes it, so that its text tells its order."""
    day, clock = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
    shape = {"DATE": day, "TIMESTAMP": f"{day}([ T]{clock})?"}.get(dtype)
    return shape is not None and re.fullmatch(shape, text, re.ASCII) is not None and _exists(text)


def _exists(text: str) -> bool:
    """
    >>> _exists("2023-02-29")
    False
    """
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def scale_of(dtype: str) -> int:
    """
    >>> scale_of("DECIMAL(9,2)")
    2
    """
    found = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", dtype)
    return int(found[1]) if found else 0


def _width_of(dtype: str) -> int:
    found = re.fullmatch(r"DECIMAL\((\d+),\d+\)", dtype)
    return int(found[1]) if found else 0
