"""Two sets of rows held against each other, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from balun.drift.column import bins_of, kind_of
from balun.drift.dealt import Counted, chances
from balun.drift.moved import LEAST, Limit, Moved, moved
from balun.drift.tally import Tally, tally
from balun.drift.unit import Side, Units, units_of
from balun.engine import types_of

Floats = NDArray[np.float64]
Say = Callable[[str], None]
LEVEL = 0.02
FEWEST_ROWS = 30
MOST_ROWS = 200_000
_SAMPLE = 20_000
_OF_THE_CALENDAR = 0.95


@dataclass(frozen=True)
class Compared:
    """rows: before and now. moved: every aspect of every column, alarms first, then the largest effects.

    by: what was dealt out: days, stretches of time or rows. schema: what is missing, extra or of another type.
    left_out: columns whose values go with the calendar, so that they differ at any other time.
    """

    rows: tuple[int, int]
    by: str
    units: tuple[int, int]
    moved: tuple[Moved, ...]
    schema: tuple[Moved, ...] = ()
    left_out: tuple[str, ...] = ()
    exact: bool = True

    @property
    def alarms(self) -> tuple[Moved, ...]:
        return tuple(one for one in (*self.schema, *self.moved) if one.alarm)

    def as_json(self) -> dict[str, object]:
        return {
            "rows": list(self.rows),
            "by": self.by,
            "units": list(self.units),
            "exact": self.exact,
            "moved": [one.as_json() for one in (*self.schema, *self.moved)],
            "left_out": list(self.left_out),
        }


def compare(
    connection: duckdb.DuckDBPyConnection,
    before: Side,
    now: Side,
    *,
    time: str | None = None,
    level: float = LEVEL,
    names: Sequence[str] = (),
    typed: bool = True,
    seed: int = 0,
    say: Say | None = None,
) -> Compared:
    """time: the column that `Side.time` is made of. names: columns to look at; none: all that both have.

    level: the chance that anything at all is called an alarm where both sides are of one kind.
    typed: types are said by who wrote the rows; else they were guessed from text, and only kinds are compared.
    """
    tell = say or (lambda _: None)
    had, has = types_of(connection, before.relation), types_of(connection, now.relation)
    schema = _schema(had, has, names, typed=typed)
    common = [(name, dtype) for name, dtype in has.items() if _same_kind(had.get(name), dtype)]
    columns = [(name, dtype) for name, dtype in common if not names or name in names]
    if min(before.rows, now.rows) < FEWEST_ROWS or not columns:
        return Compared((before.rows, now.rows), "rows", (0, 0), (), schema)
    rows = before.rows, now.rows
    before, now = (_looked_at(connection, side, place, seed) for place, side in enumerate((before, now)))
    units = units_of(connection, before, now)
    tell(f"{rows[0]:,} and {rows[1]:,} rows")
    samples = [_sampled(connection, side, place, seed) for place, side in enumerate((before, now))]
    since = now.time if units.sides.in_time and before.time == now.time else None
    ours = [one for one in columns if one[0] != time]
    bins = bins_of(connection, ours, samples[0], samples[1], since)
    bins += bins_of(connection, [one for one in columns if one[0] == time], samples[0], samples[1])
    return _judged(tally(connection, bins, before, now, units, seed), rows, units, time, level, schema, seed)


def _looked_at(connection: duckdb.DuckDBPyConnection, side: Side, place: int, seed: int) -> Side:
    """At most so many rows, drawn: more tell nothing of effects that are large enough to matter."""
    if side.rows <= MOST_ROWS:
        return side
    name = f"looked_at_{place}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS "
        f"SELECT * FROM {side.relation} USING SAMPLE reservoir({MOST_ROWS} ROWS) REPEATABLE ({seed + 11})"
    )
    return Side(name, MOST_ROWS, side.time)


def _sampled(connection: duckdb.DuckDBPyConnection, side: Side, place: int, seed: int) -> str:
    name = f"sample_{place}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS "
        f"SELECT * FROM {side.relation} USING SAMPLE reservoir({_SAMPLE} ROWS) REPEATABLE ({seed + 1})"
    )
    return name


def _same_kind(had: str | None, has: str) -> bool:
    return had is not None and kind_of(had) == kind_of(has)


def _schema(had: Mapping[str, str], has: Mapping[str, str], names: Sequence[str], *, typed: bool) -> tuple[Moved, ...]:
    found = []
    for name, dtype in had.items():
        if names and name not in names:
            continue
        if name not in has:
            found.append(Moved(name, "schema", 1.0, 0.0, alarm=True, words=f"is missing; it was {dtype}"))
        elif has[name] != dtype and (typed or not _same_kind(dtype, has[name])):
            words = f"is {has[name]} now; it was {dtype}"
            found.append(Moved(name, "schema", 1.0, 0.0, alarm=True, words=words))
    if not names:
        extra = [(name, dtype) for name, dtype in has.items() if name not in had]
        found += [Moved(name, "schema", 0.0, 1.0, alarm=False, words=f"is new, {dtype}") for name, dtype in extra]
    return tuple(found)


def _judged(
    tallies: Sequence[Tally],
    rows: tuple[int, int],
    units: Units,
    time: str | None,
    level: float,
    schema: tuple[Moved, ...],
    seed: int,
) -> Compared:
    sides = units.sides
    left_out = [one.bins.name for one in tallies if sides.in_time and _of_the_calendar(one, sides.now)]
    counted: list[Counted] = []
    for one in tallies:
        values = one.bins.name not in left_out and one.bins.name != time  # time goes on
        counted += _counted(one, values=values)
    found = chances(counted, sides, level, seed)
    by_column: dict[str, dict[str, Floats]] = {}
    for aspect, chance in zip(counted, found, strict=True):
        by_column.setdefault(aspect.column, {})[aspect.aspect] = chance
    told = [part for one in tallies for part in moved(one, by_column[one.bins.name], sides.now, Limit(level))]
    return Compared(
        rows,
        _by(units),
        (int((~sides.now).sum()), int(sides.now.sum())),
        tuple(sorted(told, key=lambda one: (not one.alarm, -one.effect / LEAST[one.aspect], one.column))),
        schema,
        tuple(left_out),
    )


def _by(units: Units) -> str:
    if units.step_s is None:
        return "rows"
    return "days" if units.step_s == 86400 else f"stretches of {units.step_s // 60} minutes"


def _counted(one: Tally, *, values: bool) -> list[Counted]:
    name, valued = one.bins.name, one.valued
    found = [Counted(name, "nulls", one.nulls[:, None], one.rows, family="nulls")]
    if values and one.by_bin.any() and one.bins.kind != "other":
        found.append(Counted(name, "values", one.bins.contrasts(one.by_bin), valued))
        if one.bins.ordered:
            ranks, variance = one.bins.ranks(one.by_bin)
            found.append(Counted(name, "ranks", ranks, valued, counts=False, variance=variance))
    if one.bins.steps and one.by_bin.any():
        found.append(Counted(name, "steps", one.on_steps, valued))
    return found


def _of_the_calendar(one: Tally, now: NDArray[np.bool_]) -> bool:
    """Whether, before, nearly all of what differs does so between units, and not within them."""
    by_bin, valued = one.by_bin[~now], one.valued[~now]
    if not valued.any() or one.bins.kind == "other":
        return False
    if one.bins.ordered:
        share = by_bin.sum(axis=0) / valued.sum()
        score = np.cumsum(share) - share / 2 - 0.5
        within = float(share @ score**2)
        between = float(((by_bin @ score) ** 2 / np.maximum(valued, 1.0)).sum() / valued.sum())
    else:
        share = by_bin.sum(axis=0) / valued.sum()
        within = float((share * (1 - share)).sum())
        own = by_bin / np.maximum(valued, 1.0)[:, None]
        between = float((((own - share) ** 2).sum(axis=1) * valued).sum() / valued.sum())
    return within > 1e-9 and between > _OF_THE_CALENDAR * within and (valued > 1).sum() >= 3
