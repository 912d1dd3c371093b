"""The general formulations: each example meets the rows of its entity in its longest window.

They compute everything, need nothing proved, and cost time for each pair of a row and an example.
"""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain.point_in_time import clause
from balun.chain.point_in_time.aggregate_sql import narrowed
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Part, Question
from balun.quoting import quoted

_FORMS = {
    "rows": "count(*)",
    "count": "count({v})",
    "sum": "sum({v})",
    "min": "min({v})",
    "max": "max({v})",
    "first": "arg_min({v}, _balun_n)",
    "last": "arg_max({v}, _balun_n)",
    "latest": "arg_max_null({v}, _balun_n)",
    "distinct": "count(DISTINCT {v})",
    "ordered_sum": "sum({v} ORDER BY _balun_n)",
    "ordered_std": "stddev_samp({v} ORDER BY _balun_n)",
}


def can_join(_: Question, __: Cell) -> bool:
    return True


def can_bucket(question: Question, at: Cell) -> bool:
    return question.windows[at[1]] is not None


def join(question: Question, cells: Sequence[Cell], _: Survey | None) -> str:
    """SELECT id and the cells, one row for each example."""
    return _grouped(question, cells, None)


def buckets(question: Question, cells: Sequence[Cell], _: Survey | None) -> str:
    """The same, meeting only the rows of the example's own stretch of time and the one before it.

    Time is cut into stretches as long as the longest window. Each row is put in its own and in the next, each example
    in its own only, so that stretches are joined as equals.
    """
    return _grouped(question, cells, max(_longest(question, window) for window in clause.windows_of(cells)))


def _longest(question: Question, window: int) -> int:
    """Microseconds; a local day may last longer than 24 hours, and a zone may once have skipped a day."""
    duration = question.windows[window]
    if duration is None:
        raise ValueError("a window without a start has no length")
    return duration.us or (duration.local_days + 2) * 86_400_000_000


def _grouped(question: Question, cells: Sequence[Cell], stretch: int | None) -> str:
    parts, windows = clause.parts_of(cells), clause.windows_of(cells)
    pairs = f"SELECT {', '.join(_pair(question, parts, cells))} {_met(question, parts, windows, stretch)}"
    aggregates = [f"{_aggregate(question, *at, _all_visible(question, cells))} AS {cell(*at)}" for at in cells]
    grouped = f"SELECT _balun_id AS id, {', '.join(aggregates)} FROM ({pairs}) GROUP BY _balun_id"
    if _outer(question, parts):
        return grouped
    examples = f"SELECT id FROM ({clause.probes(question.probes, ())})"
    return f"SELECT id, {', '.join(cell(*at) for at in cells)} FROM ({examples}) LEFT JOIN ({grouped}) USING (id)"


def _outer(question: Question, parts: Sequence[int]) -> bool:
    """Whether examples that meet no row must be grouped too: only SQL of the user's own says what it makes of none."""
    return any(question.parts[part].function == "sql" for part in parts)


def _all_visible(question: Question, cells: Sequence[Cell]) -> bool:
    """Whether every row that an example meets is visible to every cell."""
    parts, windows = clause.parts_of(cells), clause.windows_of(cells)
    return len(windows) == 1 and not clause.has_late(question, cells) and not _outer(question, parts)


def _met(question: Question, parts: Sequence[int], windows: Sequence[int], stretch: int | None) -> str:
    numbered = any(question.parts[part].function in clause.ORDERED for part in parts)
    values = [column for part in parts for column in _values(question.parts[part], part)]
    rows = clause.rows(question.rows, list(dict.fromkeys(values)), numbered=numbered)
    low = ", ".join(f"p.low{window}" for window in windows)
    low = f"least({low})" if len(windows) > 1 else low
    probes, near = clause.probes(question.probes, windows), ""
    if stretch is not None:
        rows = f"SELECT *, us // {stretch} + unnest([0, 1]) AS stretch FROM ({rows})"
        probes, near = f"SELECT *, t // {stretch} AS stretch FROM ({probes})", " AND p.stretch = e.stretch"
    return (
        f"FROM ({probes}) AS p {'LEFT ' if _outer(question, parts) else ''}JOIN ({rows}) AS e"
        f" ON {clause.same_entity(len(question.rows.keys))}{near} AND e.us < p.t AND e.us >= {low}"
    )


def _values(part: Part, number: int) -> list[str]:
    if part.function == "sql":
        return [f"{quoted(name)} AS {_carried(name)}" for name in part.inputs]
    return [] if part.sql is None else [f"{part.sql} AS _v{number}"]


def _carried(name: str) -> str:
    """A name for the user's column where ours stand beside it."""
    return quoted(f"column {name}")


def _pair(question: Question, parts: Sequence[int], cells: Sequence[Cell]) -> list[str]:
    """The row of an example and one of its rows, and by which windows and availabilities the row is visible."""
    numbered = any(question.parts[part].function in clause.ORDERED for part in parts)
    seen = sorted({(question.parts[part].known, window) for part, window in cells})
    columns = ["p.id AS _balun_id", *(["e.n AS _balun_n"] if numbered else [])]
    columns += [
        f"e.{clause.known(known)} < p.t AND e.us >= p.low{window} AS _balun_in{known}_{window}"
        for known, window in seen
    ]
    inputs = dict.fromkeys(
        f"e.{_carried(name)} AS {quoted(name)}" for part in parts for name in question.parts[part].inputs
    )
    values = [f"e._v{part}" for part in parts if question.parts[part].function != "sql" and question.parts[part].sql]
    return [*columns, *inputs, *values]


def _aggregate(question: Question, number: int, window: int, all_visible: bool) -> str:
    part = question.parts[number]
    visible = f"_balun_in{part.known}_{window}"
    if part.function == "sql":
        return f"({narrowed(part.sql or '', visible, '_balun_n')}\n)"
    value = f"_v{number}"
    conditions = [] if all_visible else [visible]
    conditions += [f"{value} IS NOT NULL"] if part.function in {"first", "last"} else []
    form = _FORMS[part.function].format(v=value)
    return f"{form} FILTER (WHERE {' AND '.join(conditions)})" if conditions else form
