"""Names and values as SQL writes them."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from pathlib import Path


def quoted(name: str) -> str:
    """A SQL identifier.

    >>> quoted("hour of day")
    '"hour of day"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A SQL literal of text, a number, a truth value or nothing.

    >>> literal("it's"), literal(None), literal(True), literal(1.5)
    ("'it''s'", 'NULL', 'TRUE', '1.5')
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return str(value)
        case float():
            return f"'{value!r}'::DOUBLE" if not isfinite(value) else repr(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
    raise TypeError(f"{type(value).__name__} has no SQL literal here")


def decimal(units: int, dtype: str, scale: int) -> str:
    """A DECIMAL by how many of its smallest steps it is.

    >>> decimal(-5, "DECIMAL(9,2)", 2), decimal(7, "DECIMAL(9,0)", 0)
    ("'-0.05'::DECIMAL(9,2)", "'7'::DECIMAL(9,0)")
    """
    digits = f"{abs(units):0{scale + 1}d}"
    whole, part = (digits[:-scale], f".{digits[-scale:]}") if scale else (digits, "")
    return f"'{'-' if units < 0 else ''}{whole}{part}'::{dtype}"


def in_parquet(file: Path) -> str:
    """What FROM reads of one Parquet file: just that one, whatever signs are in its path, and only its own columns.

    >>> in_parquet(Path("data/of=2024/a[1].parquet"))
    "read_parquet('data/of=2024/a[[]1].parquet', hive_partitioning = false)"
    """
    return f"read_parquet({literal(no_glob(str(file)))}, hive_partitioning = false)"


def no_glob(path: str) -> str:
    """A path that DuckDB takes as it is.

    >>> no_glob("data/a[1].parquet")
    'data/a[[]1].parquet'
    """
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)
