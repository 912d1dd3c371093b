"""Values as plain data for JSON, and as short text for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite


def plain(value: object) -> object:
    """Numbers, text, truth values, lists and dicts; times in ISO 8601, numbers that JSON lacks as text.

    >>> plain({"a": (1, float("nan")), "b": Decimal("1.50")})
    {'a': [1, 'nan'], 'b': '1.50'}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if isinstance(value, datetime) else str(value)


def short(value: object, most: int = 28) -> str:
    """One line of at most so many characters; `·` for null; times in UTC, without what is zero.

    >>> short(None), short(0.1 + 0.2), short(1234567), short("a" * 40, 6)
    ('·', '0.3', '1234567', 'aaaaa…')
    """
    match value:
        case None:
            text = "·"
        case bool():
            text = str(value).lower()
        case float():
            text = f"{value:.6g}"
        case Decimal():
            text = format(value, "f")
        case datetime():
            text = _time(value)
        case list() | tuple():
            text = "; ".join(short(item, most) for item in value)
        case _:
            text = _text(value)
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= most else line[: most - 1] + "…"


def _time(value: datetime) -> str:
    """
    >>> _time(datetime(2013, 1, 1, 5, 0)), _time(datetime(2013, 1, 1, 5, 0, 1, 500_000))
    ('2013-01-01 05:00', '2013-01-01 05:00:01.5')
    """
    if value.microsecond:
        return f"{value:%Y-%m-%d %H:%M:%S.%f}".rstrip("0")
    return f"{value:%Y-%m-%d %H:%M:%S}" if value.second else f"{value:%Y-%m-%d %H:%M}"
