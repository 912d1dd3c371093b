"""What DuckDB's types mean here."""

from __future__ import annotations

import re

_BITS = {
    "TINYINT": 7,
    "SMALLINT": 15,
    "INTEGER": 31,
    "BIGINT": 63,
    "UTINYINT": 8,
    "USMALLINT": 16,
    "UINTEGER": 32,
    "UBIGINT": 64,
}
HUGE = ("HUGEINT", "UHUGEINT")
TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def is_whole(type_: str) -> bool:
    return type_ in _BITS or type_ in HUGE


def bits(type_: str) -> int | None:
    """The type's whole numbers lie within ±2^bits; None for other types and the widest."""
    return _BITS.get(type_)


def is_float(type_: str) -> bool:
    return type_ in {"FLOAT", "DOUBLE"}


def decimal(type_: str) -> tuple[int, int] | None:
    """Digits, and digits after the point.

    >>> decimal("DECIMAL(10,2)"), decimal("DOUBLE")
    ((10, 2), None)
    """
    found = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", type_)
    return (int(found[1]), int(found[2])) if found else None


def family(type_: str) -> str:
    """Values of one family can be compared.

    >>> family("INTEGER"), family("ENUM('a', 'b')")
    ('number', 'text')
    """
    if is_whole(type_) or is_float(type_) or decimal(type_):
        return "number"
    if type_ == "VARCHAR" or type_.startswith("ENUM("):
        return "text"
    return "time" if type_ in TIMES else type_


def kept(sql: str, type_: str) -> str:
    """The same value in a type that Parquet keeps: DuckDB would write a HUGEINT as a DOUBLE."""
    return f"{sql}::DECIMAL(38,0)" if type_ in HUGE else sql
