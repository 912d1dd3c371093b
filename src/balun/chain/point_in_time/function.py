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
    return _UNLISTED | {name for name, kind, _ in _listed() if kind == "aggregate"}


@cache
def macros() -> frozenset[str]:
    """Those made of aggregates, which can't be narrowed to some of the rows.

    >>> "geomean" in macros(), "list_sum" in macros()
    (True, False)
    """
    found = ((name, set(re.findall(r"(\w+)\(", text))) for name, kind, text in _listed() if kind == "macro")
    return frozenset(name for name, called in found if called & aggregates())


@cache
def _listed() -> tuple[tuple[str, str, str], ...]:
    """Name, kind, and what a macro is made of."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT DISTINCT lower(function_name), function_type, coalesce(lower(macro_definition), '')"
            " FROM duckdb_functions() WHERE function_type IN ('aggregate', 'macro')"
        ).fetchall()
    return tuple((str(name), str(kind), str(text)) for name, kind, text in found)
