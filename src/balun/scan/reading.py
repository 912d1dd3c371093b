"""How raw values become a column of the contract: SQL that gives the value, or null where it can't be read.

Casts alone won't do: DuckDB reads '1.5' as the BIGINT 2, '1_000' as 1000, '+-9' as -9, 'nan' as a number, 'epoch' as a
date, and 31 o'clock in Auckland as a time zone. What is read here is read exactly, or set aside; times are kept to the
microsecond, and what is finer is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass

READABLE, UNREADABLE, NO_SUCH_TIME = 0, 1, 2

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_FAMILIES = {
    "DOUBLE": "float",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "VARCHAR": "text",
    "UUID": "text",
    "DATE": "date",
    "TIME_NS": "time",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMPTZ_NS": "timestamptz",
}


@dataclass(frozen=True)
class Reading:
    """SQL in layers, each of which may use those before it.

    raw: text as it was, over the source's own columns. given: the value to be read, null where the source says null.
    local: for a time without a zone, its clock time, over `given`. value: over `given` and `local`.
    sure: every value can be read, so that nothing need be looked at.
    """

    raw: str
    given: str
    value: str
    local: str | None = None
    zone: str = "UTC"
    sure: bool = False


def family(dtype: str) -> str:
    """What a DuckDB type is about.

    >>> family("DECIMAL(9,2)"), family("TIMESTAMP WITH TIME ZONE"), family("STRUCT(a BIGINT)"), family("BIGINT[]")
    ('decimal', 'timestamptz', 'nested', 'nested')
    """
    dtype = dtype.upper()
    if dtype.endswith("]") or dtype.startswith(("STRUCT", "MAP", "UNION")):
        return "nested"
    if dtype in _INTEGERS:
        return "integer"
    if dtype.startswith("DECIMAL"):
        return "decimal"
    return _FAMILIES.get(dtype, dtype.lower())


def bounded(value: str) -> str:
    """Years 1 to 9999: what other tools can hold, and neither `infinity`."""
    return f"CASE WHEN {value} >= '0001-01-01' AND {value} < '10000-01-01' THEN {value} END"
