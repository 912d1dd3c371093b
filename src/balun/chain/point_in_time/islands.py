"""Distinct values, from the stretches of time during which each is in the window.

A value is in the window from just after its row until a window's length later. Where rows of one value follow each
other within that length their stretches are one: an island. Begins and ends of islands are stacked with the probes and
put in order; begins less ends, counted down the stack, is how many values each probe sees. At the end of an entity all
its islands have ended, or no later entity's count would be right: so begins and ends are of whole islands always.
"""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain.point_in_time import clause
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Question

_SPELLS = "_balun_spells"  # no relation of the user's is called so


def can_island(question: Question, at: Cell) -> bool:
    part, window = question.parts[at[0]], question.windows[at[1]]
    on_time = question.rows.known[part.known] is None
    return part.function == "distinct" and on_time and window is not None and not window.local_days


def islands(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example. All cells are of one part."""
    keys, part = clause.keys(len(question.rows.keys)), cells[0][0]
    rows = clause.rows(question.rows, [f"{question.parts[part].sql} AS a"], numbered=False)
    order = ", ".join((*keys, "a", "us"))
    sorted_ = f"SELECT {', '.join((*keys, 'a', 'us'))} FROM ({rows}) WHERE a IS NOT NULL ORDER BY {order}"
    over = clause.along(order)
    same = [*(f"{{}}({key}) {over} = {key}" for key in keys), f"{{}}(a) {over} = a"]
    before, after = (" AND ".join(same).replace("{}", step) for step in ("lag", "lead"))
    joined = ", ".join(
        f"coalesce({same} AND {gap} <= {_length(question, window)}, FALSE) AS {name}{number}"
        for number, (_, window) in enumerate(cells)
        for name, same, gap in (("goes_on", before, f"us - lag(us) {over}"), ("lasts", after, f"lead(us) {over} - us"))
    )
    x = f"SELECT {', '.join((*keys, 'us', joined))} FROM ({sorted_})"
    marks = [
        mark for number, (_, window) in enumerate(cells) for mark in _marks(question, keys, window, number, survey)
    ]
    probe_k = clause.ks("us", survey)[1]
    probes = f"({clause.probes(question.probes, ())}) WHERE t IS NOT NULL"
    stack = " UNION ALL ".join((*marks, f"SELECT {', '.join((*keys, f'{probe_k} AS k', 'id AS v'))} FROM {probes}"))
    down = ", ".join((*keys, "k", "v"))
    counts = ", ".join(
        f"count(*) FILTER (v = {-1 - 2 * number}) {clause.running(down)}"
        f" - count(*) FILTER (v = {-2 - 2 * number}) {clause.running(down)} AS {cell(*at)}"
        for number, at in enumerate(cells)
    )
    names = ", ".join(cell(*at) for at in cells)
    counted = f"SELECT v AS id, {counts} FROM (SELECT * FROM ({stack}) ORDER BY {down})"
    return (
        f"WITH {_SPELLS} AS ({x}) SELECT id, {names} FROM ({counted}) WHERE id >= 0"
        f" UNION ALL {clause.timeless(question.probes, cells, '0')}"
    )


def _length(question: Question, window: int) -> int:
    duration = question.windows[window]
    if duration is None:
        raise ValueError("a window without a start has no length")
    return duration.us


def _marks(question: Question, keys: Sequence[str], window: int, number: int, survey: Survey | None) -> list[str]:
    """SELECTs of the islands' begins and ends, for one window."""
    begin = clause.ks("us", survey)[0]
    end = clause.ks("us", survey, later=_length(question, window))[0]
    return [
        f"SELECT {', '.join((*keys, f'{k} AS k', f'{v} AS v'))} FROM {_SPELLS} WHERE NOT {inside}{number}"
        for k, v, inside in ((begin, -1 - 2 * number, "goes_on"), (end, -2 - 2 * number, "lasts"))
    ]
