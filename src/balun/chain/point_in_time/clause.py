"""The SELECTs that formulations share: rows and probes as plain integers and values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import duckdb

from balun.chain.point_in_time.measure import Survey
from balun.chain.point_in_time.question import Probes, Question, Rows
from balun.quoting import quoted

Cell = tuple[int, int]  # numbers of a part and of a window

ORDERED = frozenset({"first", "last", "latest", "ordered_sum", "ordered_std", "sql"})


def cell(part: int, window: int) -> str:
    """The column's name.

    >>> cell(2, 0)
    'p2_0'
    """
    return f"p{part}_{window}"


def keys(count: int, table: str = "") -> list[str]:
    """
    >>> keys(2, "e.")
    ['e.k0', 'e.k1']
    """
    return [f"{table}k{i}" for i in range(count)]


def same_entity(count: int) -> str:
    return " AND ".join(f"p.k{i} = e.k{i}" for i in range(count)) or "TRUE"


def known(number: int) -> str:
    """The column with when a row is known; that of number 0 is the event time."""
    return f"w{number}"


def rows(of: Rows, parts: Sequence[str], *, numbered: bool) -> str:
    """SELECT k0 …, us, w0 …, what `parts` name; and n, the rows' place in their order, where it is asked for.

    Rows without a time or an entity are left out, since no example sees them.
    """
    columns = [f"{sql} AS k{i}" for i, sql in enumerate(of.keys)]
    columns += [f"{of.us} AS us", *(f"{sql or of.us} AS {known(i)}" for i, sql in enumerate(of.known))]
    if numbered:
        order = ", ".join(f"{sql} NULLS FIRST" for sql in (of.us, *of.order))
        columns.append(f"row_number() OVER (ORDER BY {order}) AS n")
    conditions = [f"({of.where})"] if of.where else []
    conditions += [f"({of.us}) IS NOT NULL", *(f"({sql}) IS NOT NULL" for sql in of.keys)]
    return f"SELECT {', '.join((*columns, *parts))} FROM {of.relation} WHERE {' AND '.join(conditions)}"


def probes(of: Probes, windows: Iterable[int]) -> str:
    """SELECT id, k0 …, t, and low0 … for each of `windows`."""
    columns = [f"{quoted(of.id)} AS id", *(f"{sql} AS k{i}" for i, sql in enumerate(of.keys))]
    columns += [f"{of.t} AS t", *(f"{of.lows[window]} AS low{window}" for window in windows)]
    return f"SELECT {', '.join(columns)} FROM {of.relation}"


def ks(us: str, survey: Survey | None, *, later: int = 0, t: str = "t") -> tuple[str, str]:
    """SQL for places in the stack: of a row at `us`, or so much later, and of a probe at `t`.

    A probe comes before the rows of its microsecond.
    """
    type_ = "" if _is_near(survey) else "::HUGEINT"
    row = f"({us}{type_} + {later})" if later else f"{us}{type_}"
    return f"2 * {row} + 1", f"2 * {t}{type_}"


def windows_of(cells: Iterable[Cell]) -> list[int]:
    return sorted({window for _, window in cells})


def parts_of(cells: Iterable[Cell]) -> list[int]:
    return sorted({part for part, _ in cells})


def _is_near(survey: Survey | None) -> bool:
    """Whether twice any time fits 64 bits, with room for the longest window."""
    bounds = () if survey is None else (survey.first, survey.last)
    return bool(bounds) and all(bound is not None and abs(bound) < 2**61 for bound in bounds)


def has_late(question: Question, cells: Iterable[Cell]) -> bool:
    """Whether a row may be known to any of these later than it happened."""
    return any(question.rows.known[question.parts[part].known] is not None for part in parts_of(cells))


def timeless(of: Probes, cells: Iterable[Cell], value: str) -> str:
    """SELECT id and the cells, for examples without a time."""
    columns = ", ".join(f"{value} AS {cell(*at)}" for at in cells)
    return f"SELECT id, {columns} FROM ({probes(of, ())}) WHERE t IS NULL"


def running(order: str) -> str:
    """OVER (…) for a sum that runs along rows sorted by `order`.

    SQL doesn't promise that a window without an order takes its rows as a subquery sorted them. DuckDB does, where it
    plans a streaming window over the sort, which is several times faster. Where it plans otherwise, the order is said.
    """
    return "OVER (ROWS UNBOUNDED PRECEDING)" if _streams() else f"OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING)"


def along(order: str) -> str:
    """OVER (…) for the row before or after, along rows sorted by `order`."""
    return "OVER ()" if _streams() else f"OVER (ORDER BY {order})"


@cache
def _streams() -> bool:
    sums = ", ".join(
        f"{sql} OVER (ROWS UNBOUNDED PRECEDING)"
        for sql in ("count(*) FILTER (k & 1 = 1)", "sum(v) FILTER (k & 1 = 1)", "last_value(v IGNORE NULLS)", "max(v)")
    )
    sums += ", lag(v) OVER (), lead(v) OVER ()"
    stacked = "SELECT range AS k, range AS v FROM range(9) UNION ALL SELECT range, -range FROM range(9)"
    with duckdb.connect(config={"preserve_insertion_order": True}) as connection:
        plan = connection.execute(f"EXPLAIN SELECT {sums} FROM (SELECT * FROM ({stacked}) ORDER BY k, v)").fetchall()
    steps = [line.strip(" ╭╮─┴│┬") for line in str(plan[0][1]).splitlines() if line.startswith("╭")]
    return [step for step in steps if step != "Projection"][:2] == ["Streaming Window", "Order By"]
