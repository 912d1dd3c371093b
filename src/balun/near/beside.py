"""The rows of a parent that belong to each of a few picked rows, as one query."""

from __future__ import annotations

from balun.near.rows import Row, ask
from balun.near.sample import Before
from balun.snapshot import Snapshot

ROW, _OF, _NTH = "_balun_row", "_balun_of", "_balun_nth"
PARENT_ROWS = 3


def beside(
    picked: str, joined: str, columns: str, order: str, made: Snapshot, parent: str, how: str
) -> dict[object, Before]:
    """By the picked row, the first rows that belong to it and how many there are."""
    numbered = (
        f"WITH picked AS ({picked}) SELECT picked.{ROW}, {columns}, count(*) OVER same AS {_OF}, "
        f"row_number() OVER (same ORDER BY {order}) AS {_NTH} {joined} WINDOW same AS (PARTITION BY picked.{ROW})"
    )
    limited = f"SELECT * FROM ({numbered}) WHERE {_NTH} <= {PARENT_ROWS} ORDER BY {ROW}, {_NTH}"
    groups: dict[object, list[Row]] = {}
    counts: dict[object, int] = {}
    for row in ask(limited, made):
        at, of = row.pop(ROW), row.pop(_OF)
        row.pop(_NTH)
        groups.setdefault(at, []).append(row)
        counts[at] = int(str(of))
    return {at: Before(parent, how, tuple(group), counts[at]) for at, group in groups.items()}
