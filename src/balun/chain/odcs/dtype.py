"""An ODCS type becomes a DuckDB type: `logicalType` tells the kind, `physicalType` and the format its width."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from balun.chain.contract import LogicalType

if TYPE_CHECKING:
    import sqlglot.expressions as exp

_PLAIN: dict[LogicalType, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
    "array": "JSON",
    "object": "JSON",
}
_INTEGERS = {
    **dict.fromkeys(("tinyint", "int1", "i8", "byte"), "TINYINT"),
    **dict.fromkeys(("smallint", "int2", "i16", "short"), "SMALLINT"),
    **dict.fromkeys(("int", "integer", "int4", "int32", "i32", "mediumint"), "INTEGER"),
    **dict.fromkeys(("bigint", "int8", "int64", "i64", "long"), "BIGINT"),  # int8 has 8 bytes in Postgres and DuckDB
    **dict.fromkeys(("hugeint", "int128", "i128"), "HUGEINT"),
    **dict.fromkeys(("utinyint", "uint8", "u8"), "UTINYINT"),
    **dict.fromkeys(("usmallint", "uint16", "u16"), "USMALLINT"),
    **dict.fromkeys(("uinteger", "uint32", "u32"), "UINTEGER"),
    **dict.fromkeys(("ubigint", "uint64", "u64"), "UBIGINT"),
    **dict.fromkeys(("uhugeint", "uint128", "u128"), "UHUGEINT"),
}
_FLOATS = {
    **dict.fromkeys(("float", "float4", "real", "f32", "float32"), "FLOAT"),
    **dict.fromkeys(("double", "double precision", "float8", "f64", "float64"), "DOUBLE"),
}
_OTHERS: dict[str, LogicalType] = {
    **dict.fromkeys(
        ("string", "varchar", "text", "char", "bpchar", "uuid", "character varying", "character"), "string"
    ),
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    "date": "date",
    **dict.fromkeys(("timestamp", "timestamptz", "datetime", "timestamp_ntz", "timestamp_ltz"), "timestamp"),
    **dict.fromkeys(("timestamp with time zone", "timestamp without time zone"), "timestamp"),
    "time": "time",
    **dict.fromkeys(("array", "list"), "array"),
    **dict.fromkeys(("json", "jsonb", "struct", "map", "object", "record"), "object"),
}
_DECIMAL = re.compile(r"(decimal|numeric|number|dec)(?:\(\s*(\d{1,4})\s*(?:,\s*(\d{1,4})\s*)?\))?")
_LEAVES = {
    "TEXT": "VARCHAR",
    "INT": "INTEGER",
    "REAL": "FLOAT",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "INT128": "HUGEINT",
}
_NESTED = re.compile(r"(struct|map|list|array)\b.*|.*\[\d*\]", flags=re.DOTALL)


def logical_of(physical: str) -> LogicalType | None:
    """The kind that a physical type alone tells.

    >>> logical_of("VARCHAR(18)"), logical_of("NUMERIC(10, 2)"), logical_of("bigint"), logical_of("blob")
    ('string', 'number', 'integer', None)
    """
    name = _name(physical)
    if name in _INTEGERS:
        return "integer"
    if name in _FLOATS or _DECIMAL.fullmatch(physical.strip().lower()):
        return "number"
    return "array" if name.endswith("]") else _OTHERS.get(name)


def duckdb_type(logical: LogicalType, physical: str | None, format: str | None) -> str:  # noqa: A002 - ODCS's own word
    """format: `i8` to `u128`, `f32`, `f64`. A physical type of another kind says how the source keeps it, and is no
    matter here: a date kept as text is a DATE once read. Raises ValueError where the type can't be.

    >>> duckdb_type("integer", "INT", None), duckdb_type("number", "DECIMAL(9,2)", None)
    ('INTEGER', 'DECIMAL(9,2)')
    >>> duckdb_type("date", "TEXT", None)
    'DATE'
    """
    for width in (physical or "", format or ""):
        if logical == "integer" and _name(width) in _INTEGERS:
            return _INTEGERS[_name(width)]
        if logical == "number" and width:
            exact = _exact(width)
            if exact:
                return exact
    if logical in {"array", "object"} and physical and _NESTED.fullmatch(physical.strip().lower()):
        return _nested(physical)
    return _PLAIN[logical]


def _name(physical: str) -> str:
    return re.sub(r"\(.*?\)", "", " ".join(physical.lower().split())).strip()


def _exact(physical: str) -> str | None:
    found = _DECIMAL.fullmatch(physical.strip().lower())
    if not found:
        return _FLOATS.get(_name(physical))
    precision, scale = int(found[2] or 18), int(found[3] or (0 if found[2] else 3))  # DuckDB's own defaults
    if not 1 <= precision <= 38 or scale > precision:
        raise ValueError(f"{physical} can't be: a decimal has 1 to 38 digits, and no more of them after the point")
    return f"DECIMAL({precision},{scale})"


def _nested(physical: str) -> str:
    import sqlglot
    import sqlglot.expressions as exp
    from sqlglot.errors import SqlglotError

    fault = f"{physical if len(physical) <= 40 else physical[:39] + '…'} is no type that DuckDB has"
    try:
        kind = sqlglot.parse_one(physical, into=exp.DataType, dialect="duckdb")
    except (SqlglotError, RecursionError, ValueError) as exc:
        raise ValueError(fault) from exc
    written = _written(kind) if isinstance(kind, exp.DataType) else None
    if written is None:
        raise ValueError(fault)
    return written


def _written(kind: exp.DataType) -> str | None:
    """As DuckDB itself names the type; None where it has none such."""
    import sqlglot.expressions as exp

    name, parts = kind.this, kind.expressions
    if name in {exp.DataType.Type.USERDEFINED, exp.DataType.Type.UNKNOWN}:
        return None
    if name not in {exp.DataType.Type.STRUCT, exp.DataType.Type.MAP, exp.DataType.Type.LIST, exp.DataType.Type.ARRAY}:
        leaf = kind.sql(dialect="duckdb").replace(", ", ",")
        return _LEAVES.get(leaf, leaf)
    inner = [_written(part.args["kind"] if isinstance(part, exp.ColumnDef) else part) for part in parts]
    if not parts or None in inner:
        return None if parts else "JSON"
    match name:
        case exp.DataType.Type.STRUCT:
            names = [part.this.sql(dialect="duckdb") for part in parts if isinstance(part, exp.ColumnDef)]
            pairs = zip(names, inner, strict=False)
            return f"STRUCT({', '.join(f'{name} {of}' for name, of in pairs)})" if len(names) == len(inner) else None
        case exp.DataType.Type.MAP:
            return f"MAP({inner[0]}, {inner[1]})" if len(inner) == 2 else None
    size = ",".join(value.sql() for value in kind.args.get("values") or ())
    return f"{inner[0]}[{size}]"
