"""Types in DuckDB's plans become types as SQL writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from balun.quoting import literal, quoted

# A field of this name needs quotes: `duckdb_keywords()` tells them.
RESERVED = frozenset({
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast",
    "check", "collate", "column", "constraint", "create", "default", "deferrable", "desc", "describe",
    "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "group", "having",
    "in", "initially", "intersect", "into", "lambda", "lateral", "leading", "limit", "not", "null", "offset",
    "on", "only", "or", "order", "pivot", "pivot_longer", "pivot_wider", "placing", "primary", "qualify",
    "references", "returning", "select", "show", "some", "summarize", "symmetric", "table", "then", "to",
    "trailing", "true", "union", "unique", "unpivot", "using", "variadic", "when", "where", "window", "with",
})  # fmt: skip


def dtype_of(told: Mapping[str, Any]) -> str:
    """A type as DuckDB writes it.

    >>> dtype_of({"id": "DECIMAL", "type_info": {"width": 9, "scale": 2}})
    'DECIMAL(9,2)'
    >>> dtype_of({"id": "VARCHAR", "type_info": {"alias": "JSON"}})
    'JSON'
    """
    info = told.get("type_info") or {}
    if info.get("alias"):
        return str(info["alias"])
    match told["id"]:
        case "DECIMAL":
            return f"DECIMAL({info.get('width', 18)},{info.get('scale', 0)})"
        case "LIST":
            return f"{dtype_of(info['child_type'])}[]"
        case "ARRAY":
            return f"{dtype_of(info['child_type'])}[{info['size']}]"
        case "ENUM":
            return f"ENUM({', '.join(map(literal, info.get('values', ())))})"
        case "STRUCT" | "TUPLE" | "UNION":
            return f"{told['id']}({', '.join(_fields(told['id'], info))})"
        case "MAP":
            pair = info["child_type"]["type_info"]["child_types"]
            return f"MAP({dtype_of(pair[0]['second'])}, {dtype_of(pair[1]['second'])})"
    return '"NULL"' if told["id"] == "NULL" else str(told["id"])


def _fields(kind: str, info: Mapping[str, Any]) -> list[str]:
    told = [(one.get("first", ""), dtype_of(one["second"])) for one in info.get("child_types", ())]
    if kind == "UNION":
        told = told[1:]  # the first is its tag
    return [f"{_field(name)} {dtype}" if name else dtype for name, dtype in told]


def _field(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in RESERVED
    return name if plain else quoted(name)
