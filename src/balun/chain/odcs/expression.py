"""`available`: SQL over the contract's own columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from balun.chain.odcs.faults import Faults
from balun.chain.yaml_lines import Scalar
from balun.errors import nearest

_LONGEST = 4000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def check_expression(node: Scalar, columns: Sequence[str], faults: Faults) -> bool:
    """True where it is one SQL expression over these columns and nothing else; else adds what is wrong."""
    before = len(faults.found)
    if _CONTROL.search(node.text) or len(node.text) > _LONGEST or not node.text.strip():
        mend = "write a SQL expression such as `left_gate + INTERVAL 5 MINUTE`"
        faults.add("sql-syntax", node, "available is empty, too long, or holds control characters", mend=mend)
    else:
        _check_tree(node, columns, faults)
    return len(faults.found) == before


def _check_tree(node: Scalar, columns: Sequence[str], faults: Faults) -> None:
    import sqlglot
    import sqlglot.expressions as exp
    from sqlglot.errors import SqlglotError

    first = node.line + 1 if node.block else node.line
    try:
        trees = sqlglot.parse(f"SELECT {node.text}\n", dialect="duckdb")
    except (SqlglotError, RecursionError, ValueError) as exc:
        errors = getattr(exc, "errors", None) or [{}]
        reason = errors[0].get("description") or "it can't be read"
        at = min(errors[0].get("line") or 1, node.text.count("\n") + 1)
        mend = "mend the SQL; it is read as DuckDB's dialect"
        faults.add("sql-syntax", first + at - 1, f"available: {_reason(reason)}", mend=mend)
        return
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or set(_given(tree)) - {"expressions", "kind"}:
        mend = "write one expression over the columns, without FROM, WHERE or a semicolon"
        faults.add("sql-syntax", first, "available is no single SQL expression", mend=mend)
        return
    _check_parts(tree.expressions[0], first, columns, faults)


def _given(tree: object) -> list[str]:
    return [name for name, value in getattr(tree, "args", {}).items() if value]


def _check_parts(tree: object, first: int, columns: Sequence[str], faults: Faults) -> None:
    import sqlglot.expressions as exp

    assert isinstance(tree, exp.Expression)
    known = {column.lower() for column in columns}
    refused = (exp.Subquery, exp.Select, exp.Window, exp.AggFunc, exp.Star, exp.Placeholder, exp.Parameter)
    for part in tree.walk():
        if isinstance(part, refused):
            mend = "use the row's own columns alone: no subquery, aggregate, window or parameter"
            faults.add("sql-syntax", first, f"available holds {part.key.upper()}", mend=mend)
            return
        if isinstance(part, exp.Column) and (part.table or part.name.lower() not in known):
            line = first + (part.this.meta.get("line") or 1) - 1 if isinstance(part.this, exp.Identifier) else first
            shown = part.sql(dialect="duckdb")
            message = f"available reads {shown}, which is no column of the contract{nearest(part.name, columns)}"
            faults.add("column-missing", line, message, mend="name a column of the same contract")


def _reason(text: str) -> str:
    if text.startswith("Required keyword"):  # sqlglot names its own classes here
        return "a part of the expression is missing"
    return re.sub(r"\.? *Line \d+.*", "", text, flags=re.DOTALL).rstrip(".")
