"""What a table promises of a column's values, in the words that contracts use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isfinite
from typing import Any

from balun.chain.contract import Column
from balun.chain.odcs.pattern import pattern_fault
from balun.errors import nearest
from balun.finding import Place

_ENDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTHS = ("minLength", "maxLength")
WORDS = ("unique", "enum", *_ENDS, *_LENGTHS, "pattern", "references")
_REFERENCE = re.compile(r"[^.\s]+\.[^.\s]+")


@dataclass(frozen=True)
class Promised:
    """column: of the table. told: by the words of `WORDS`, in the order that they were written in."""

    column: str
    told: tuple[tuple[str, Any], ...]

    def on(self, column: Column) -> Column:
        """The column with what is promised of it."""
        told = dict(self.told)
        low, high = told.get("exclusiveMinimum"), told.get("exclusiveMaximum")
        return replace(
            column,
            unique=told.get("unique") is True,
            allowed=told.get("enum", ()),
            minimum=told.get("minimum") if low is None else low,
            maximum=told.get("maximum") if high is None else high,
            open_minimum=low is not None,
            open_maximum=high is not None,
            min_length=told.get("minLength"),
            max_length=told.get("maxLength"),
            pattern=told.get("pattern"),
            references=told.get("references", ()),
        )


def read_promised(column: str, told: object) -> Promised:
    """Raises ValueError that says what is wrong, as one sentence without a full stop.

    >>> read_promised("seats", {"minimum": 1, "maximum": 900}).told
    (('minimum', 1), ('maximum', 900))
    >>> read_promised("seats", {"minimun": 1})
    Traceback (most recent call last):
    ValueError: of seats, minimun can't be promised (did you mean minimum?); use unique, enum, minimum, maximum, \
exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern or references
    """
    if not isinstance(told, Mapping) or not told:
        raise ValueError(f"what {column} promises must be words with values, such as {{minimum: 0}}")
    read = []
    for word, value in told.items():
        if word not in WORDS:
            known = f"use {', '.join(WORDS[:-1])} or {WORDS[-1]}"
            raise ValueError(f"of {column}, {word} can't be promised{nearest(str(word), WORDS)}; {known}")
        found = _read(word, value)
        if found is None:
            raise ValueError(f"{word} of {column} must be {_NEEDED[word]}")
        read.append((str(word), found))
    _agree(column, dict(read))
    return Promised(column, tuple(read))


def _read(word: str, value: object) -> object | None:
    """None where it isn't what the word needs."""
    if word == "unique":
        return value if isinstance(value, bool) else None
    if word in _ENDS:
        return _end(value)
    if word in _LENGTHS:
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
    if word == "pattern":
        return value if isinstance(value, str) and pattern_fault(value) is None else None
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, Sequence) or not values:
        return None
    if word == "enum":
        fine = all(isinstance(one, str | int | float) and (isinstance(one, str) or isfinite(one)) for one in values)
    else:
        fine = all(isinstance(one, str) and _REFERENCE.fullmatch(one) for one in values)
    return tuple(values) if fine else None


def _end(value: object) -> object | None:
    if isinstance(value, str):
        return value or None
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool) and isfinite(value)
    return value if number else None


def _agree(column: str, told: Mapping[str, Any]) -> None:
    for word in ("Minimum", "Maximum"):
        if {word.lower(), f"exclusive{word}"} <= told.keys():
            raise ValueError(f"{word.lower()} and exclusive{word} of {column} stand together; keep one of them")
    low = told.get("minimum", told.get("exclusiveMinimum"))
    high = told.get("maximum", told.get("exclusiveMaximum"))
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        raise ValueError(f"no value of {column} can be: the minimum is {low}, and the maximum {high}")
    short, long = told.get("minLength", 0), told.get("maxLength")
    if long is not None and short > long:
        raise ValueError(f"no text of {column} can be: minLength is {short}, and maxLength {long}")


_NEEDED = {
    "unique": "true or false",
    "enum": "a list of values",
    **dict.fromkeys(_ENDS, "a number, or text for a date or a time"),
    **dict.fromkeys(_LENGTHS, "a whole number from 0"),
    "pattern": "a regular expression of RE2",
    "references": "column names of events or tables, as plane.tailnum",
}


def column_of(name: str, dtype: str, place: Place, promises: Sequence[Promised]) -> Column:
    """A table's column, with what is promised of it, as a contract would have it."""
    plain = Column(name, "string", dtype, place)
    own = (one for one in promises if one.column.lower() == name.lower())
    return next((one.on(plain) for one in own), plain)
