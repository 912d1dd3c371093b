"""Counts and sums of any number of windows from one sort.

Rows and probes are stacked and put in order, and a sum runs down the stack. A probe stands where a window begins or
ends, before the rows of that microsecond; what ran up between two probes of an example is its window. The sum runs on
from one entity to the next, since only differences within an entity are taken.

A row that is known late is stacked twice: entering when it is known, leaving by its event time. It counts for a window
only where it was known before the window had passed it, so that whatever left had entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from balun.chain.point_in_time import clause
from balun.chain.point_in_time.clause import Cell, cell
from balun.chain.point_in_time.dtype import HUGE, bits, decimal, is_whole
from balun.chain.point_in_time.measure import WIDEST, Survey
from balun.chain.point_in_time.question import Part, Question

_DIGITS = 28  # of a DECIMAL; 10 more are left for the number of rows


def can_stream(question: Question, at: Cell) -> bool:
    """Whether a running sum gives the cell exactly, and can't overflow where the window's own sum doesn't."""
    part, window = question.parts[at[0]], question.windows[at[1]]
    late = question.rows.known[part.known] is not None
    if window is None or (late and window.local_days):  # a local day's start may step back when clocks do
        return False
    return part.function in {"rows", "count"} or (part.function == "sum" and _adds(part))


def _adds(part: Part) -> bool:
    digits = decimal(part.type)
    if digits is not None:
        return digits[0] <= _DIGITS
    return is_whole(part.type) and (part.type not in HUGE or (part.bits is not None and part.bits <= WIDEST))


def stream(question: Question, cells: Sequence[Cell], survey: Survey | None) -> str:
    """SELECT id and the cells, one row for each example. All cells are of one availability."""
    stack = _stack(question, cells, survey)
    return _pivot(stack, _running(stack))


@dataclass(frozen=True)
class _Stack:
    """windows: their numbers; probe 0 is at the end, probe i + 1 begins windows[i].

    shared: rows keep their value in v, where probes have their number.
    """

    question: Question
    cells: tuple[Cell, ...]
    windows: tuple[int, ...]
    parts: tuple[int, ...]
    late: bool
    shared: bool
    survey: Survey | None

    @property
    def shift(self) -> int:
        """An example's probes are numbered id << shift, and on."""
        return len(self.windows).bit_length()

    def valued(self) -> list[int]:
        return [part for part in self.parts if self.question.parts[part].sql is not None]

    def known(self) -> str:
        return clause.known(self.question.parts[self.parts[0]].known)


def _stack(question: Question, cells: Sequence[Cell], survey: Survey | None) -> _Stack:
    parts = tuple(clause.parts_of(cells))
    late = clause.has_late(question, cells)
    return _Stack(
        question,
        tuple(cells),
        tuple(clause.windows_of(cells)),
        parts,
        late,
        shared=not late and _shares([question.parts[part] for part in parts]),
        survey=survey,
    )


def _shares(parts: Sequence[Part]) -> bool:
    """Whether rows have at most one value, never null and whole: one column is then enough for rows and probes."""
    valued = [part for part in parts if part.sql is not None]
    return len(valued) <= 1 and all(part.sure and (bits(part.type) or 64) < 64 for part in valued)


def _running(stack: _Stack) -> str:
    """SELECT v of each probe and what ran up to it."""
    keys = clause.keys(len(stack.question.rows.keys))
    order = ", ".join((*keys, "k", "v"))
    stacked = " UNION ALL ".join((*_row_branches(stack), _probe_branch(stack)))
    over = clause.running(order)
    sums = ", ".join(f"{_narrow(stack, part, sql.format(over=over))} AS {name}" for name, part, sql in _sums(stack))
    return f"SELECT k & 1 AS is_row, v, {sums} FROM (SELECT * FROM ({stacked}) ORDER BY {order})"


def _narrow(stack: _Stack, part: int, sql: str) -> str:
    """A sum that is proved to fit 64 bits takes half the room."""
    of = stack.question.parts[part]
    if of.function != "sum":
        return sql
    if of.bits is not None and stack.survey and of.bits + stack.survey.events.bit_length() < 63:
        return f"coalesce({sql}, 0)::BIGINT"
    return f"coalesce({sql}, 0)"


def _sums(stack: _Stack) -> list[tuple[str, int, str]]:
    """Name, part and SQL of each running sum."""
    if not stack.late:
        return [(f"s{part}", part, f"{_sum(stack, part)} FILTER (k & 1 = 1) {{over}}") for part in stack.parts]
    found = []
    for part, window in stack.cells:
        in_time = f"late < {_length(stack, window)}"
        found += [
            (f"{way}{part}_{window}", part, f"{_sum(stack, part)} FILTER (v = {mark} AND {in_time}) {{over}}")
            for way, mark in (("e", -1), ("l", -2))
        ]
    return found


def _length(stack: _Stack, window: int) -> int:
    duration = stack.question.windows[window]
    if duration is None:
        raise ValueError("a window without a start has no length")
    return duration.us


def _sum(stack: _Stack, part: int) -> str:
    function = stack.question.parts[part].function
    value = "v" if stack.shared else f"a{part}"
    return "count(*)" if function == "rows" else f"{function}({value})"


def _row_branches(stack: _Stack) -> list[str]:
    question, keys = stack.question, clause.keys(len(stack.question.rows.keys))
    values = [f"{question.parts[part].sql} AS a{part}" for part in stack.valued()]
    carried = [f"a{part}" for part in stack.valued()]
    rows = clause.rows(question.rows, values, numbered=False)
    if not stack.late:
        v = (f"a{stack.valued()[0]}::BIGINT" if carried else "-1") if stack.shared else "-1"
        columns = [*keys, f"{clause.ks('us', stack.survey)[0]} AS k", f"{v} AS v", *([] if stack.shared else carried)]
        return [f"SELECT {', '.join(columns)} FROM ({rows})"]
    known, longest = stack.known(), max(_length(stack, window) for window in stack.windows)
    late = f"{known} - us AS late"
    return [
        f"SELECT {', '.join((*keys, f'{clause.ks(us, stack.survey)[0]} AS k', mark, late, *carried))}"
        f" FROM ({rows}) WHERE {known} - us < {longest}"
        for us, mark in ((known, "-1 AS v"), ("us", "-2 AS v"))
    ]


def _probe_branch(stack: _Stack) -> str:
    question = stack.question
    empty = [] if stack.shared else ["NULL"] * (stack.late + len(stack.valued()))
    keys = clause.keys(len(question.probes.keys))
    columns = [*keys, f"{clause.ks('us', stack.survey)[1]} AS k", f"(id << {stack.shift}) + i AS v", *empty]
    ends = ["t", *(f"low{window}" for window in stack.windows)]
    listed = f"unnest([{', '.join(ends)}]) AS t, unnest(range({len(ends)})) AS i"
    rows = f"({clause.probes(question.probes, stack.windows)}) WHERE t IS NOT NULL"
    probes = f"SELECT {', '.join((*keys, 'id', listed))} FROM {rows}"
    return f"SELECT {', '.join(columns)} FROM ({probes})"


def _pivot(stack: _Stack, running: str) -> str:
    """Each example's probes in one row, less one another."""
    mask = (1 << stack.shift) - 1

    def at(probe: int, name: str) -> str:
        return f"max({name}) FILTER (v & {mask} = {probe})"

    columns = []
    for part, window in stack.cells:
        probe = stack.windows.index(window) + 1
        names = (f"e{part}_{window}", f"l{part}_{window}") if stack.late else (f"s{part}", f"s{part}")
        columns.append(f"{at(0, names[0])} - {at(probe, names[1])} AS {cell(part, window)}")
    found = f"SELECT v >> {stack.shift} AS id, {', '.join(columns)} FROM ({running}) WHERE is_row = 0 GROUP BY ALL"
    return f"{found} UNION ALL {clause.timeless(stack.question.probes, stack.cells, '0')}"
