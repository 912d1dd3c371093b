"""What the rows show of each column, asked in one statement, and in a second one where few values are to be listed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from balun.chain.contract import Column
from balun.draft.step import STEPS, coarsest
from balun.draft.typed import Typed
from balun.engine import Engine
from balun.scan.reading import family

# A list of values is taken for all there are if each was seen more than once, and often on average.
MOST_LISTED = 50
_FEWEST_EACH = 20
_MOST_DENSE = 400
_AT_ONCE = 100
_BOUNDED = frozenset({"integer", "float", "decimal"})
_COUNTED = frozenset({"integer", "decimal", "text", "boolean", "date", "time", "timestamptz", "float"})


@dataclass(frozen=True)
class Seen:
    """Of one column: how many values, about how many differ, the least and the greatest as text, and their step.

    listed: all its values, where they are few and each is seen often. complete: each whole number between the least
    and the greatest was seen. span: how many values fit between these two, by the step; None where nobody knows.
    """

    values: int
    distinct: int
    low: str | None
    high: str | None
    step: str | None
    span: int | None = None
    listed: tuple[str, ...] = ()
    complete: bool = False


def profile(rows: Typed, engine: Engine) -> tuple[Seen, ...]:
    """In the order of the columns."""
    found: list[Seen] = []
    for start in range(0, len(rows.columns), _AT_ONCE):
        some = rows.columns[start : start + _AT_ONCE]
        asked = [_asked(at, column) for at, column in enumerate(some, start)]
        select = ", ".join(sql for parts in asked for sql in parts)
        row = iter(engine.connection.execute(f"SELECT {select} FROM {rows.relation}").fetchall()[0])
        for column, parts in zip(some, asked, strict=True):
            found.append(_seen(column, [next(row) for _ in parts]))
    paired = zip(rows.columns, found, strict=True)
    return tuple(_closer(at, rows, column, seen, engine) for at, (column, seen) in enumerate(paired))


def _asked(at: int, column: Column) -> list[str]:
    """How many values, about how many differ, least, greatest, how far these are apart, how many on each step."""
    kind, value = family(column.dtype), f"c{at}"
    steps = [f"count(*) FILTER ({step.holds.replace('{v}', value)})" for step in STEPS.get(kind, ())]
    if kind not in _COUNTED:
        return [f"count({value})", "0", "NULL", "NULL", "NULL"]
    # The shortest text of a FLOAT may lie on its other side.
    text = "DOUBLE::VARCHAR" if kind == "float" else "VARCHAR"
    least = [f"min({value})::{text}", f"max({value})::{text}"] if kind in _BOUNDED else ["NULL", "NULL"]
    spans = {
        "timestamptz": f"epoch_us(max({value})) - epoch_us(min({value}))",
        "date": f"(max({value}) - min({value}))::BIGINT",
        "integer": f"max({value})::HUGEINT - min({value})::HUGEINT" if column.dtype != "UHUGEINT" else "NULL",
    }
    return [f"count({value})", f"approx_count_distinct({value})", *least, spans.get(kind, "NULL"), *steps]


_STEP_US = {"1 d": 86_400_000_000, "1 h": 3_600_000_000, "15 min": 900_000_000, "1 min": 60_000_000, "1 s": 1_000_000}


def _seen(column: Column, row: list[object]) -> Seen:
    values, distinct, low, high, span, *on_step = row
    assert isinstance(values, int)
    assert isinstance(distinct, int)
    kind = family(column.dtype)
    step = coarsest(kind, tuple(int(str(count)) for count in on_step), values, distinct)
    width = _STEP_US.get(step or "", 1) if kind == "timestamptz" else 1
    known = None if span is None else int(str(span)) // width + 1
    return Seen(values, distinct, _text(low), _text(high), step, known)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _closer(at: int, rows: Typed, column: Column, seen: Seen, engine: Engine) -> Seen:
    """With its values listed, or found to be complete, where few of them make up many rows."""
    kind = family(column.dtype)
    often = seen.values >= _FEWEST_EACH * max(1, seen.distinct)
    if kind == "text" and often and seen.distinct <= MOST_LISTED * 1.1:
        select = f"SELECT c{at}, count(*) FROM {rows.relation} WHERE c{at} IS NOT NULL GROUP BY c{at} ORDER BY c{at}"
        found = engine.connection.execute(select).fetchmany(MOST_LISTED + 1)
        if len(found) <= MOST_LISTED and all(count > 1 for _, count in found):
            return replace(seen, distinct=len(found), listed=tuple(str(value) for value, _ in found))
    if kind == "integer" and often and 1 < (seen.span or 0) <= min(_MOST_DENSE, seen.distinct * 1.2):
        select = f"SELECT count(DISTINCT c{at}) FROM {rows.relation}"
        exact = int(engine.connection.execute(select).fetchall()[0][0])
        return replace(seen, distinct=exact, complete=exact == seen.span)
    return seen
