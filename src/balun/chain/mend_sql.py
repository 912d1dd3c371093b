"""The SQL of a mend: one expression over the raw columns of its own row, which gives the same each time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from balun.errors import nearest
from balun.quoting import quoted

PLACES = ("source_file", "source_row", "source_line")
"""What an expression may read besides the raw columns; one of the contract's own of that name comes first."""
_LONGEST = 4000
_REFUSED = {
    "SUBQUERY": "a subquery", "WINDOW": "a window", "STAR": "a star", "PARAMETER": "a parameter",
    "DEFAULT": "DEFAULT", "POSITIONAL_REFERENCE": "a column by its number",
}  # fmt: skip
_SEALED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False, "temp_directory": "", "threads": 1,
}  # fmt: skip
# DuckDB's limit of memory doesn't hold for long texts.
_INFLATES = frozenset({"repeat", "range", "generate_series", "list_resize", "array_resize", "bar"})
# What hangs on the clock, on chance or on the session: a run would not give the same rows again.
_UNSTABLE = re.compile(
    r"current_.*|get_current_.*|now|today|ago|age|transaction_timestamp|random|uuid.*|gen_random_uuid|txid_current|"
    r"nextval|currval|setval|setseed|sleep_ms|pg_.*|write_log|getvariable|getenv|in_search_path|version|stats|"
    r"vector_type|user|session_user|error|read_.*|query.*|inet_.*|has_.*"
)


def fault_of(sql: str, columns: Sequence[str]) -> str | None:
    """What is wrong with it, in words that follow a subject; None: nothing.

    >>> fault_of("replace(delay, ',', '.')", ["delay"])
    >>> fault_of("replace(dely, ',', '.')", ["delay"])
    'reads dely, which is no column of the contract (did you mean delay?)'
    >>> fault_of("now()", []), fault_of("(SELECT 1)", [])
    ('calls now, which does not give the same each time', 'holds a subquery')
    """
    if len(sql) > _LONGEST or not sql.strip() or "\0" in sql:
        return "is empty, too long, or holds a null byte"
    with duckdb.connect(config=_SEALED) as connection:
        tree = _parsed(connection, sql)
        if isinstance(tree, str):
            return tree
        parts = list(_parts(tree))
        own = {name for part in parts if part["class"] == "LAMBDA" for name in _names(part["lhs"])}
        known = [*columns, *PLACES, *own]
        found = next((fault for part in parts if (fault := _fault(connection, part, known))), None)
        return found or _refusal(connection, sql, columns)


def _refusal(connection: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[str]) -> str | None:
    """What DuckDB says that it can't do on rows of text. Nothing is worked out, not even what is constant."""
    connection.execute("SET disabled_optimizers = 'expression_rewriter'")
    try:
        connection.execute(f"SELECT (\n{sql}\n)::VARCHAR FROM ({no_rows(columns)})")
    except duckdb.Error as exc:
        return f"can't be done: {str(exc).splitlines()[0]}"
    return None


def no_rows(columns: Sequence[str]) -> str:
    """A SELECT of what an expression may read, without a row."""
    taken = {name.lower() for name in columns}
    dtypes = {"source_row": "BIGINT"}
    places = [f"NULL::{dtypes.get(name, 'VARCHAR')} AS {name}" for name in PLACES if name not in taken]
    return f"SELECT {', '.join([*places, *(f'NULL::VARCHAR AS {quoted(name)}' for name in columns)])} LIMIT 0"


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any] | str:
    (told,) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [f"SELECT {sql}\n"]).fetchall()[0]
    found = json.loads(told)
    if found["error"]:
        first = str(found["error_message"]).splitlines()[0]
        return "is no single SQL expression" if first.startswith("Only SELECT") else f"can't be read: {first}"
    statements = found["statements"]
    node = statements[0]["node"] if len(statements) == 1 else {}
    plain = node.get("type") == "SELECT_NODE" and len(node["select_list"]) == 1
    given = plain and (
        node["modifiers"] or node["cte_map"]["map"] or node["where_clause"] or node["group_expressions"]
        or node["having"] or node["qualify"] or node["from_table"]["type"] != "EMPTY" or node["select_list"][0]["alias"]
    )  # fmt: skip
    if not plain or given:
        return "is no single SQL expression"
    tree: dict[str, Any] = node["select_list"][0]
    return tree


def _names(lambda_side: object) -> list[str]:
    return [part["column_names"][0] for part in _parts(lambda_side) if part["class"] == "COLUMN_REF"]


def _parts(tree: object) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "class" in one:
                yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _fault(connection: duckdb.DuckDBPyConnection, part: dict[str, Any], known: Sequence[str]) -> str | None:
    kind = part["class"]
    if kind in _REFUSED:
        return f"holds {_REFUSED[kind]}"
    if kind == "FUNCTION":
        return _fault_of_function(connection, str(part["function_name"]).lower())
    if kind == "COLUMN_REF":
        names = [str(name) for name in part["column_names"]]
        if names[0].lower() not in {name.lower() for name in known}:
            shown = ".".join(names)
            return f"reads {shown}, which is no column of the contract{nearest(shown, known)}"
    return None


def _fault_of_function(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    if _UNSTABLE.fullmatch(name):
        return f"calls {name}, which does not give the same each time"
    if name in _INFLATES:
        return f"calls {name}, which may need more memory than there is"
    asked = "SELECT DISTINCT function_type FROM duckdb_functions() WHERE lower(function_name) = ?"
    kinds = {kind for (kind,) in connection.execute(asked, [name]).fetchall()}
    if name == "unnest" or (kinds and kinds <= {"aggregate", "window", "table", "table_macro", "pragma"}):
        return f"calls {name}, which is about more than one row"
    return None
