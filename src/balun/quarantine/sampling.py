"""A few of the rows that were set aside, spread over the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balun.quarantine.aside import NTH

if TYPE_CHECKING:
    from balun.quarantine.quarantine import Quarantine


def picked(part: Quarantine, count: int) -> str:
    """A SELECT of the numbers of so many rows, the same each time.

    A row stands for the rarest of its reasons. The reasons take turns, the rare ones first; each gives rows from
    anywhere in the source.
    """
    each = f"SELECT {NTH} AS n, unnest(reasons) AS reason FROM ({part.sql})"
    rare = (
        f"SELECT n, arg_min(reason, (many, reason)) AS reason, min(many) AS many FROM "
        f"(SELECT n, reason, count(*) OVER (PARTITION BY reason) AS many FROM ({each})) GROUP BY n"
    )
    turn = f"SELECT *, row_number() OVER (PARTITION BY reason ORDER BY md5(n::VARCHAR)) AS turn FROM ({rare})"
    return f"SELECT n FROM ({turn}) ORDER BY turn, many, reason LIMIT {int(count)}"
