"""Names as a person writes them in SQL: quoted only where they must be."""

from __future__ import annotations

import re
from functools import cache

from balun.engine import sealed
from balun.quoting import quoted


def spelt(name: str) -> str:
    """
    >>> spelt("plane"), spelt("order"), spelt("Tail number")
    ('plane', '"order"', '"Tail number"')
    """
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in _reserved() else quoted(name)


def aliases(left: str, right: str) -> tuple[str, str]:
    """Short names for two sides, not alike.

    >>> aliases("departure", "plane"), aliases("payment", "plane")
    (('d', 'p'), ('pa', 'pl'))
    """
    for size in range(1, 4):
        found = _short(left, size), _short(right, size)
        if found[0] != found[1] and not _reserved() & set(found) and all(found):
            return found
    return "l", "r"


def _short(name: str, size: int) -> str:
    return re.sub(r"[^a-z]", "", name.lower())[:size]


@cache
def _reserved() -> frozenset[str]:
    connection = sealed()
    try:
        rows = connection.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
        return frozenset(str(name) for (name,) in rows.fetchall())
    finally:
        connection.close()
