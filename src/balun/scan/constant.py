"""A value that a contract writes, as its column's type holds it."""

from __future__ import annotations

import duckdb

from balun.chain.contract import Column
from balun.errors import ProjectError
from balun.quoting import literal
from balun.scan import from_text, reading


def constant(connection: duckdb.DuckDBPyConnection, column: Column, value: object, zone: str, owner: str | None) -> str:
    """SQL. zone: of a time that says none. Raises ProjectError where the type can't hold it."""
    kind = reading.family(column.dtype)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and kind in {"integer", "float", "decimal"}:
        return literal(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "text":
        return literal(text)
    one = from_text.from_csv(column, "NULL", literal(text), column.zone or zone, ())
    sql = one.value.replace("{local}", f"({one.local})").replace("{given}", literal(text))
    found = connection.execute(f"SELECT ({sql})::VARCHAR").fetchall()[0][0]
    if found is None:
        raise ProjectError.at(
            "bound-unreadable",
            column.place,
            f"{column.name} is promised against {text}, which can't be read as {column.dtype}",
            mend=f"write a value of type {column.dtype}",
            owner=owner,
        )
    return f"{literal(found)}::{column.dtype}"
