"""What DuckDB's functions do with rows, by their names in lower case."""

from __future__ import annotations

import re
from functools import cache

import duckdb

# The parser turns these into other names, so that DuckDB's own list lacks them.
_UNLISTED = frozenset({"percentile_cont", "percentile_disc"})
MULTIPLYING = frozenset({"unnest", "unlist", "generate_subscripts"})


@cache
def aggregates() -> frozenset[str]:
    """
    >>> "sum" in aggregates(), "percentile_cont" in aggregates(), "abs" in aggregates()
    (True, True, False)
    """
    return _UNLISTED | {name for name, _ in _listed("aggregate")}


@cache
def macros() -> frozenset[str]:
    """Those made of aggregates, which can't be narrowed to some of the rows.

    >>> "geomean" in macros(), "list_sum" in macros()
    (True, False)
    """
    return frozenset(name for name, text in _listed("macro") if aggregates() & set(re.findall(r"(\w+)\(", text)))


def _listed(kind: str) -> list[tuple[str, str]]:
    asked = "SELECT lower(function_name), lower(macro_definition) FROM duckdb_functions() WHERE function_type = ?"
    with duckdb.connect() as connection:
        return [(str(name), str(text)) for name, text in connection.execute(asked, [kind]).fetchall()]
