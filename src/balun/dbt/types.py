"""A warehouse's types become DuckDB's."""

from __future__ import annotations

import re
from functools import lru_cache

import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError

_KEPT = re.compile(r"(DECIMAL|NUMERIC)\(\d+(, ?\d+)?\)")
_PLAIN = {
    "TEXT": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT", "BLOB": "BLOB", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "VARIANT": "JSON", "OBJECT": "JSON", "SUPER": "JSON",
    "TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_S": "TIMESTAMP", "DATETIME": "TIMESTAMP",
}  # fmt: skip
# Without digits, DECIMAL is of as many as the warehouse says; where any are kept, no step can be told.
_DECIMAL = {"snowflake": "DECIMAL(38, 0)", "bigquery": "DECIMAL(38, 9)", "duckdb": "DECIMAL(18, 3)"}
_KNOWN = frozenset({
    "VARCHAR", "INTEGER", "FLOAT", "DOUBLE", "BIGINT", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER",
    "USMALLINT", "UTINYINT", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME", "JSON", "UUID",
    "INTERVAL", "BLOB",
})  # fmt: skip


def dtype_in_duckdb(dtype: exp.DataType, dialect: str) -> str | None:
    """None where it says too little.

    >>> dtype_in_duckdb(exp.DataType.build("string", dialect="bigquery"), "bigquery")
    'VARCHAR'
    """
    return _spelt(dtype.sql(dialect="duckdb"), dialect)


@lru_cache(maxsize=2000)
def dtype_of(written: str, dialect: str) -> str | None:
    """What somebody wrote as a column's type; None where it is none that can be kept.

    >>> dtype_of("TIMESTAMP_NTZ", "snowflake"), dtype_of("array<string>", "bigquery"), dtype_of("geography", "bigquery")
    ('TIMESTAMP', 'VARCHAR[]', None)
    """
    if written.upper().startswith("BIGNUMERIC"):
        return "DOUBLE"
    try:
        return dtype_in_duckdb(exp.DataType.build(written, dialect=dialect, udt=True), dialect)
    except (SqlglotError, ValueError):
        return None


def _spelt(text: str, dialect: str) -> str | None:
    upper = text.upper()
    upper = re.sub(r"^(TEXT|VARCHAR|CHAR)\(.*\)$", "VARCHAR", upper)
    upper = re.sub(r"^(TIMESTAMP|TIMESTAMPTZ|TIME|FLOAT|DATETIME)\(.*\)$", r"\1", upper)
    if upper in {"DECIMAL", "NUMERIC"}:
        return _DECIMAL.get(dialect, "DOUBLE")
    upper = _PLAIN.get(upper, upper)
    if upper in _KNOWN or _KEPT.fullmatch(upper):
        return upper
    if upper.endswith("[]"):
        inner = _spelt(text[:-2], dialect)
        return f"{inner}[]" if inner else None
    return text if upper.startswith(("STRUCT(", "MAP(")) and not re.search(r"GEOGRAPHY|OBJECT|VARIANT", upper) else None
