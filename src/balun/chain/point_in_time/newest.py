"""The last row before an example, or the first in its window, from one sort.

Rows and probes are stacked, and each probe takes the row above it.

fetch: only the row's number is carried down the stack, and its columns are joined to what arrives.
carry: the columns themselves are carried; where no one number tells rows apart.
ahead: the same from the last row to the first, for the first row of a window: probes stand where it begins.
ranked: rows are numbered in their order first, then stacked by when they are known; a probe takes the highest number
that was known above it, so that an older row that comes late replaces nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain.point_in_time import clause
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Question

_ROWS, _PROBES = "_balun_rows", "_balun_probes"  # no relation of the user's is called so
PICKED = frozenset({"latest", "last"})


def can_fetch(question: Question, at: Cell) -> bool:
    part, window = question.parts[at[0]], question.windows[at[1]]
    exact = window is None or not window.local_days
    return part.function == "latest" and _on_time(question, at) and question.rows.number is not None and exact


def can_carry(question: Question, at: Cell) -> bool:
    return question.parts[at[0]].function in PICKED and _on_time(question, at)


def can_look_ahead(question: Question, at: Cell) -> bool:
    window = question.windows[at[1]]
    return question.parts[at[0]].function == "first" and _on_time(question, at) and window is not None


def can_rank(question: Question, at: Cell) -> bool:
    return question.parts[at[0]].function in PICKED


def _on_time(question: Question, at: Cell) -> bool:
    return question.rows.known[question.parts[at[0]].known] is None


def fetch(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example. All cells are of one window."""
    keys, rows = clause.keys(len(question.rows.keys)), question.rows
    window = question.windows[cells[0][1]]
    row_k, probe_k = clause.ks("us", survey)
    values = [f"{question.parts[part].sql} AS a{part}" for part, _ in cells]
    stack = (
        f"SELECT {', '.join((*keys, f'{row_k} AS k', 'number::BIGINT AS v'))}"
        f" FROM ({clause.rows(rows, [f'{rows.number} AS number'], numbered=False)})"
        f" UNION ALL SELECT {', '.join((*keys, f'{probe_k} AS k', 'id AS v'))}"
        f" FROM ({clause.probes(question.probes, ())}) WHERE t IS NOT NULL"
    )
    order = ", ".join((*keys, "k", "v"))
    above = f"last_value(CASE WHEN k & 1 = 1 THEN v END IGNORE NULLS) {clause.running(order)} AS number"
    found = f"SELECT *, {above} FROM (SELECT * FROM ({stack}) ORDER BY {order})"
    probes = f"SELECT v AS id, {', '.join((*keys, 'k', 'number'))} FROM ({found}) WHERE k & 1 = 0"
    young = "" if window is None else f" AND e.us >= (p.k >> 1) - {window.us}"
    columns = ", ".join(f"e.a{part} AS {cell(part, at)}" for part, at in cells)
    fetched = clause.rows(rows, [f"{rows.number}::BIGINT AS number", *values], numbered=False)
    met = (
        f"SELECT p.id, {columns} FROM ({probes}) AS p LEFT JOIN ({fetched}) AS e"
        f" ON e.number = p.number AND {clause.same_entity(len(keys))}{young}"
    )
    return f"{met} UNION ALL {clause.timeless(question.probes, cells, 'NULL')}"


def carry(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example."""
    return _carried(question, cells, survey, ahead=False)


def ahead(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example. All cells are of one window."""
    return _carried(question, cells, survey, ahead=True)


def _carried(question: Question, cells: Sequence[Cell], survey: Survey | None, *, ahead: bool) -> str:
    keys, rows, windows = clause.keys(len(question.rows.keys)), question.rows, clause.windows_of(cells)
    places = {sql: f"o{i}" for i, sql in enumerate(rows.order)}
    values = {part: places.get(question.parts[part].sql or "", f"a{part}") for part in clause.parts_of(cells)}
    carried = [f"{sql} AS {name}" for sql, name in places.items()]
    carried += [f"{question.parts[part].sql} AS a{part}" for part, name in values.items() if name == f"a{part}"]
    stand, bounds = (f"low{windows[0]}", ["t"]) if ahead else ("t", [f"low{window}" for window in windows])
    row_k, probe_k = clause.ks("us", survey, t=stand)
    stack = (
        f"SELECT *, {row_k} AS k FROM ({clause.rows(rows, carried, numbered=False)})"
        f" UNION ALL BY NAME SELECT {', '.join((*keys, f'{probe_k} AS k', 'id', *bounds))}"
        f" FROM ({clause.probes(question.probes, windows)}) WHERE t IS NOT NULL"
    )
    after, null = (" DESC", "DESC NULLS LAST") if ahead else ("", "NULLS FIRST")
    order = ", ".join((*keys, f"k{after}", *(f"{name} {null}" for name in places.values()), "id"))
    picks = _picks(question, values)
    above = ", ".join(
        f"last_value(CASE WHEN {condition} THEN {{{_struct(keys, some, values)}}} END IGNORE NULLS)"
        f" {clause.running(order)} AS {name}"
        for name, condition, some in picks
    )
    found = f"SELECT *, {above} FROM (SELECT * FROM ({stack}) ORDER BY {order})"
    pick_of = {part: name for name, _, some in picks for part in some}
    columns = ", ".join(
        f"CASE WHEN {_met(pick_of[part], keys, window, ahead)} THEN {pick_of[part]}.a{part} END AS {cell(part, window)}"
        for part, window in cells
    )
    timeless = clause.timeless(question.probes, cells, "NULL")
    return f"SELECT id, {columns} FROM ({found}) WHERE id IS NOT NULL UNION ALL {timeless}"


def _picks(question: Question, values: dict[int, str]) -> list[tuple[str, str, list[int]]]:
    """Name, which rows, and the parts that take them: all `latest` together, each `first` and `last` by itself."""
    latest = [part for part in values if question.parts[part].function == "latest"]
    found = [("x", "k & 1 = 1", latest)] if latest else []
    alone = [part for part in values if part not in latest]
    return [*found, *((f"x{part}", f"k & 1 = 1 AND {values[part]} IS NOT NULL", [part]) for part in alone)]


def _struct(keys: Sequence[str], parts: Sequence[int], values: dict[int, str]) -> str:
    fields = {**{key: key for key in keys}, "us": "us", **{f"a{part}": values[part] for part in parts}}
    return ", ".join(f"'{name}': {value}" for name, value in fields.items())


def _met(name: str, keys: Sequence[str], window: int, ahead: bool) -> str:
    seen = f"{name}.us < t" if ahead else f"{name}.us >= low{window}"
    return " AND ".join((seen, *(f"{name}.{key} = {key}" for key in keys)))


def ranked(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example."""
    keys, rows = clause.keys(len(question.rows.keys)), question.rows
    parts, windows = clause.parts_of(cells), clause.windows_of(cells)
    values = [f"{question.parts[part].sql} AS a{part}" for part in parts]
    values += [f"{sql} AS o{i}" for i, sql in enumerate(rows.order)]
    order = ", ".join((*keys, "us", *(f"o{i} NULLS FIRST" for i in range(len(rows.order)))))
    known = sorted({question.parts[part].known for part in parts})
    kept = [*keys, "us", *(clause.known(i) for i in known), *(f"a{part}" for part in parts)]
    numbered = (
        f"SELECT {', '.join(kept)}, row_number() {clause.running(order)} AS n"
        f" FROM (SELECT * FROM ({clause.rows(rows, values, numbered=False)}) ORDER BY {order})"
    )
    picks = _picks(question, {part: f"a{part}" for part in parts})
    groups: dict[tuple[int, str], list[int]] = {}
    for _, condition, some in picks:
        for part in some:
            groups.setdefault((question.parts[part].known, condition), []).append(part)
    probes = clause.probes(question.probes, windows)
    withs = [f"{_ROWS} AS MATERIALIZED ({numbered})", f"{_PROBES} AS ({probes})"]
    columns, joins = [], []
    for i, ((number, condition), some) in enumerate(groups.items()):
        rows_in = condition.removeprefix("k & 1 = 1").removeprefix(" AND ") or "TRUE"
        withs.append(f"_balun_highest{i} AS ({_highest(keys, clause.known(number), rows_in, survey)})")
        joins.append(
            f"LEFT JOIN _balun_highest{i} AS g{i} USING (id) LEFT JOIN {_ROWS} AS e{i} ON e{i}.n = g{i}.n"
            f" AND {' AND '.join(f'e{i}.{key} = q.{key}' for key in keys) or 'TRUE'}"
        )
        columns += [
            f"CASE WHEN e{i}.us >= q.low{window} THEN e{i}.a{part} END AS {cell(part, window)}"
            for part, window in cells
            if part in some
        ]
    return f"WITH {', '.join(withs)} SELECT q.id, {', '.join(columns)} FROM {_PROBES} AS q {' '.join(joins)}"


def _highest(keys: Sequence[str], known: str, condition: str, survey: Survey | None) -> str:
    order = ", ".join((*keys, "k", "v"))
    row_k, probe_k = clause.ks(known, survey)
    stack = (
        f"SELECT {', '.join((*keys, f'{row_k} AS k', 'n AS v'))} FROM {_ROWS}"
        f" WHERE {known} IS NOT NULL AND {condition}"
        f" UNION ALL SELECT {', '.join((*keys, f'{probe_k} AS k', 'id AS v'))} FROM {_PROBES}"
        f" WHERE t IS NOT NULL"
    )
    highest = f"max(CASE WHEN k & 1 = 1 THEN v END) {clause.running(order)} AS n"
    found = f"SELECT k, v, {highest} FROM (SELECT * FROM ({stack}) ORDER BY {order})"
    return f"SELECT v AS id, n FROM ({found}) WHERE k & 1 = 0"
