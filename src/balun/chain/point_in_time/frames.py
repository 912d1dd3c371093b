"""Least and greatest values of long windows: rows and probes in one stack, and a window of SQL that ends at each probe.

DuckDB keeps a tree over each entity's rows, so that a long window costs little more than a short one.
"""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain.point_in_time import clause
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Question


def can_frame(question: Question, at: Cell) -> bool:
    part, window = question.parts[at[0]], question.windows[at[1]]
    return part.function in {"min", "max"} and question.rows.known[part.known] is None and window is not None


def frames(question: Question, cells: Sequence[Cell], _: Survey | None) -> str:
    """SELECT id and the cells, one row for each example."""
    keys, parts, windows = clause.keys(len(question.rows.keys)), clause.parts_of(cells), clause.windows_of(cells)
    values = [f"{question.parts[part].sql} AS a{part}" for part in parts]
    lows = [f"t - low{window} AS back{window}" for window in windows]
    rows = f"SELECT {', '.join((*keys, 'us', *(f'a{part}' for part in parts)))}"
    stack = (
        f"{rows} FROM ({clause.rows(question.rows, values, numbered=False)}) UNION ALL BY NAME"
        f" SELECT {', '.join((*keys, 't AS us', 'id', *lows))}"
        f" FROM ({clause.probes(question.probes, windows)}) WHERE t IS NOT NULL"
    )
    by = f"PARTITION BY {', '.join(keys)} " if keys else ""
    columns = ", ".join(
        f"{question.parts[part].function}(a{part}) OVER ({by}ORDER BY us"
        f" RANGE BETWEEN coalesce(back{window}, 1) PRECEDING AND 1 PRECEDING) AS {cell(part, window)}"
        for part, window in cells
    )
    names = ", ".join(cell(*at) for at in cells)
    found = f"SELECT id, {names} FROM (SELECT id, {columns} FROM ({stack})) WHERE id IS NOT NULL"
    return f"{found} UNION ALL {clause.timeless(question.probes, cells, 'NULL')}"
