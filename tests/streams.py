"""Generated cases: a source of events, the examples that ask, and a feature, with what its SQL means.

Times stand on a coarse grid around a change of clocks, so that rows tie and stand exactly where windows begin and end.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Function, Latest, Value
from balun.chain.point_in_time import Examples, Source
from balun.finding import Place
from meanings import FORMULAS, KINDS, WHOLES, Kind
from oracle import EPOCH, Meaning, Row, World, from_wall, rank, to_us

PLACE = Place("features.py", 7)
HOUR = 3_600_000_000
DAY = 24 * HOUR
STEPS = (HOUR // 2, 2 * HOUR, 6 * HOUR)

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True, repr=False)
class Case:
    """unique: whether the source says that its key is."""

    world: World
    feature: Feature
    examples: tuple[Row, ...]
    asked: Mapping[str, str]
    unique: bool

    def __repr__(self) -> str:
        return f"{self.feature}\n{self.source()}\n{self.tables(shuffled=False)}"

    def source(self) -> Source:
        world = self.world
        available = {name: meaning.sql for name, meaning in world.available.items()}
        row = world.row_available.sql if world.row_available else None
        return Source("events", world.columns, world.key, available, row, world.zone, self.unique)

    def asking(self) -> Examples:
        return Examples("asked", self.asked)

    def tables(self, *, shuffled: bool) -> str:
        """SQL that makes both."""
        events = self.world.rows[::-1][1:] + self.world.rows[-1:] if shuffled else self.world.rows
        zone = self.world.zone
        return f"{table('events', self.world.columns, events, zone)}; {table('asked', self.asked, self.examples, zone)}"


# SQL


def table(name: str, columns: Mapping[str, str], rows: Sequence[Row], zone: str) -> str:
    typed = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
    values = ", ".join(
        f"({', '.join(literal(row[column], type_, zone) for column, type_ in columns.items())})" for row in rows
    )
    return f"CREATE OR REPLACE TABLE {name} ({typed}){f'; INSERT INTO {name} VALUES {values}' if rows else ''}"


def literal(value: Any, type_: str, zone: str) -> str:
    """SQL; times come as microseconds."""
    if value is None:
        return "NULL"
    if type_.startswith("TIMESTAMP"):
        return _time(value, type_)
    if isinstance(value, float):
        return f"'{value!r}'::{type_}"
    if type_ == "DATE" and not isinstance(value, dt.date):
        value = local(value, zone).date()
    return str(value) if isinstance(value, bool | int | Decimal) else "'" + str(value).replace("'", "''") + "'"


def _time(us: float, type_: str) -> str:
    if math.isinf(us):
        return f"'{'-' if us < 0 else ''}infinity'::{type_}"
    return f"make_timestamptz({us})" if "ZONE" in type_ else f"make_timestamp({us})::{type_}"


def local(us: int, zone: str) -> datetime:
    """What the wall clock shows."""
    return (EPOCH + timedelta(microseconds=us)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


# Time


# Just when a clock went forward or back; at midnight in São Paulo, by half an hour on Lord Howe, by a day in Apia.
CHANGES: tuple[tuple[str, datetime], ...] = (
    ("UTC", datetime(1970, 1, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 3, 10, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 11, 3, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
)
WINDOWS = tuple(
    Duration.parse(text)
    for text in (
        "1us",
        "30min",
        "1h",
        "2h",
        "3h",
        "6h",
        "12h",
        "1d",
        "36h",
        "30d",
        "1 local day",
        "2 local days",
        "7 local days",
    )
)
LATE = {"known": "TIMESTAMP WITH TIME ZONE", "told": "TIMESTAMP", "due": "DATE"}
TIMES = ("TIMESTAMP WITH TIME ZONE",) * 4 + ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_STEPS = {"TIMESTAMP_S": 1_000_000, "TIMESTAMP_MS": 1_000}


@dataclass(frozen=True)
class Grid:
    """Times around a change of clocks."""

    zone: str
    middle: int
    step: int

    def times(self, type_: str, steps: range, odd: Sequence[float | None]) -> st.SearchStrategy[float | None]:
        """What a column of this type may hold; now and then beside the grid, a day on, or what is `odd`."""
        near = [self.middle + number * self.step for number in steps]
        rare = [at + us for at in near[::2] for us in (-1, 1)] + [at + DAY for at in near]
        return st.sampled_from([self.held(at, type_) for at in near * 6 + rare] + [*odd] * 3)

    def held(self, us: int, type_: str) -> int:
        """As the type holds it."""
        if type_ == "DATE":
            return from_wall(datetime.combine(local(us, self.zone).date(), dt.time()), self.zone)
        return us - us % _STEPS.get(type_, 1)


def grids() -> st.SearchStrategy[Grid]:
    changes = st.sampled_from([(zone, to_us(at)) for zone, at in CHANGES])
    return st.builds(lambda change, step: Grid(change[0], change[1], step), changes, st.sampled_from(STEPS))


# Entities


@dataclass(frozen=True)
class Entity:
    """A column's types in the source and in the examples, and values that may stand in each."""

    types: tuple[str, str]
    values: tuple[tuple[Any, ...], tuple[Any, ...]]

    def held(self, side: int) -> st.SearchStrategy[Any]:
        """Mostly the first, so that rows and examples meet."""
        first, *others = self.values[side]
        return st.sampled_from([*[first] * 9, *others * 2, None])


_ANN, _BOB = UUID(int=1), UUID(int=2**127)
ENTITIES: tuple[Entity, ...] = (
    *[Entity(("VARCHAR", "VARCHAR"), (("ann", "bob"), ("ann", "bob", "eve")))] * 3,
    Entity(("INTEGER", "BIGINT"), ((1, 2), (1, 2, 2**40))),
    Entity(("UBIGINT", "BIGINT"), ((1, 2**64 - 1), (1, -1))),
    Entity(("HUGEINT", "SMALLINT"), ((1, 2**100), (1, 2))),
    Entity(("DOUBLE", "BIGINT"), ((1.0, 1.5, math.nan, math.inf, -0.0), (1, 2, 0))),
    Entity(("FLOAT", "DOUBLE"), ((0.5, math.nan, -0.0), (0.5, math.nan, 0.0, 0.1))),
    Entity(("DECIMAL(9,2)", "INTEGER"), ((Decimal("1.00"), Decimal("1.50")), (1, 2**31 - 1))),
    Entity(("DECIMAL(9,2)", "DECIMAL(12,3)"), ((Decimal("1.50"), Decimal(1)), (Decimal("1.50"), Decimal("1.001")))),
    Entity(("ENUM('ann', 'bob')", "VARCHAR"), (("ann", "bob"), ("ann", "bob", "eve"))),
    Entity(("BOOLEAN", "BOOLEAN"), ((True, False), (True, False))),
    Entity(("DATE", "DATE"), ((dt.date(2024, 1, 1), dt.date(1960, 1, 1)), (dt.date(2024, 1, 1), dt.date(2024, 1, 2)))),
    Entity(("UUID", "UUID"), ((_ANN, _BOB), (_ANN, _BOB))),
)  # fmt: skip
SECOND = Entity(("INTEGER", "INTEGER"), ((1, 2), (1, 2)))


# Sources


def _many(one: st.SearchStrategy[Row], sizes: Sequence[int]) -> st.SearchStrategy[list[Row]]:
    """Lists of these sizes alike; left to Hypothesis most would be short."""
    return st.sampled_from(sizes).flatmap(lambda size: st.lists(one, min_size=size, max_size=size))


@st.composite
def worlds(draw: Draw, grid: Grid, entities: Mapping[str, Entity], *, late: bool) -> World:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=3, unique=True))
    when = draw(st.sampled_from(TIMES))
    columns = {
        "number": "INTEGER", **{name: entity.types[0] for name, entity in entities.items()}, "when": when,
        **{kind.name: kind.type for kind in kinds}, **LATE,
    }  # fmt: skip
    rows = draw(_many(_row(grid, columns, entities, kinds), (0, 6, 8, 12, 12, 16, 20, 24)))
    if draw(st.booleans()):
        rows = [{**row, "number": i * 7 % 25} for i, row in enumerate(rows)]  # no two alike
    meanings = draw(st.permutations(_availabilities(columns, grid.zone)))[:3]
    names = [kind.name for kind in kinds]
    waiting = [(), *((name,) for name in ("number", "when", *entities, *names * 2)), (names[0], names[1], "who")]
    columns_late = draw(st.sampled_from(waiting)) if late else ()
    row_late = late and (not columns_late or draw(st.sampled_from([False, False, True])))
    return World(
        rows=tuple(rows),
        columns=columns,
        key=draw(st.sampled_from([("number",), ("number",), (), ("number", kinds[0].name)])),
        available={name: meanings[i % 3] for i, name in enumerate(columns_late) if name in columns},
        row_available=meanings[0] if row_late else None,
        zone=grid.zone,
        meanings=_meanings(columns, kinds),
        wholes={whole.sql: whole for whole in WHOLES if {*whole.reads} <= {*columns}},
    )


def _row(
    grid: Grid, columns: Mapping[str, str], entities: Mapping[str, Entity], kinds: Sequence[Kind]
) -> st.SearchStrategy[Row]:
    often = (None, math.inf, -math.inf)
    held: dict[str, st.SearchStrategy[Any]] = {
        "number": st.sampled_from([*range(6), None]),
        "when": grid.times(columns["when"], range(-6, 3), often),
        **{kind.name: st.sampled_from([*kind.values, None]) for kind in kinds},
        **{name: grid.times(columns[name], range(-3, 7), often) for name in LATE},
        **{name: entity.held(0) for name, entity in entities.items()},
    }
    return st.fixed_dictionaries({name: held[name] for name in columns})


def _meanings(columns: Mapping[str, str], kinds: Sequence[Kind]) -> dict[str, Meaning]:
    bare = [Meaning(kind.name, lambda row, name=kind.name: row[name], (kind.name,), kind.type) for kind in kinds]  # type: ignore[misc]
    bare += [Meaning("who", lambda row: row["who"], ("who",), columns["who"])] if "who" in columns else []
    made = [
        Meaning(formula.sql, formula.value, formula.reads, formula.type)
        for formula in FORMULAS
        if {*formula.reads} <= {*columns}
    ]
    return {meaning.sql: meaning for meaning in (*bare, *made)}


def _availabilities(columns: Mapping[str, str], zone: str) -> list[Meaning]:
    """When something is known. `known` also as what a mapping of contracts to tables makes of it."""

    def later(row: Row) -> float | None:
        both = [row[name] for name in ("known", "told") if row[name] is not None]
        return max(both, default=None)

    def soon(row: Row) -> float | None:
        return None if row["when"] is None else row["when"] + HOUR

    found = [
        Meaning("known", lambda row: row["known"], ("known",), "TIMESTAMP WITH TIME ZONE"),
        Meaning("told", lambda row: row["told"], ("told",), "TIMESTAMP"),
        Meaning("due", lambda row: row["due"], ("due",), "DATE"),
        Meaning("greatest(known, told AT TIME ZONE 'UTC')", later, ("known", "told"), "TIMESTAMP WITH TIME ZONE"),
        Meaning("CASE WHEN \"number\" < 3 THEN told END", lambda row: row["told"] if (row["number"] or 0) < 3
                and row["number"] is not None else None, ("number", "told"), "TIMESTAMP"),
    ]  # fmt: skip
    if columns["when"] in {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:
        found.append(Meaning('"when" + INTERVAL 1 HOUR', soon, ("when",), columns["when"]))
    return found


# Features

# Those with most to go wrong stand twice.
FUNCTIONS: tuple[Function, ...] = (
    "count", "count_distinct", "count_distinct", "min", "max", "first", "first", "last",
    "sum", "sum", "mean", "mean", "std", "rate", "sql",
)  # fmt: skip
NUMBERS = ("TINY", "INT", "BIG", "UBIG", "HUGE", "DEC", "FLO", "DOU")


@st.composite
def features(draw: Draw, grid: Grid, world: World, by: tuple[str, ...], *, latest: bool) -> Feature:
    conditions = [meaning for meaning in world.meanings.values() if meaning.type == "BOOLEAN"]
    late = [meaning.sql for meaning in conditions if {*meaning.reads} & {*world.available}]
    free = [None] * (len(conditions) + 1)
    where = draw(st.sampled_from([*late * 3, *(meaning.sql for meaning in conditions), *free]))
    lengths = [window for window in WINDOWS if window.local_days or window.us >= 2 * grid.step] * 2 + [WINDOWS[0]]
    shared = {"where": where, "inclusive": draw(st.booleans())}
    if latest:
        names = [name for name in world.columns if name not in {*by, "when", *LATE}]
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        age = draw(st.none() | st.sampled_from(lengths))
        return Latest("events", by, "when", tuple(chosen), PLACE, max_age=age, **shared)
    windows = draw(
        st.lists(st.sampled_from(lengths), min_size=draw(st.sampled_from([1, 2, 3])), max_size=3, unique=True)
    )
    values = draw(st.lists(_value(world), min_size=draw(st.sampled_from([1, 2, 3, 4])), max_size=4))
    named = tuple(Value(f"v{i}", function, sql) for i, (function, sql) in enumerate(values))
    return Aggregate("events", by, "when", tuple(windows), named, PLACE, **shared)


def _value(world: World) -> st.SearchStrategy[tuple[Function, str | None]]:
    """The function first, so that each comes as often whatever the columns are."""
    asked: dict[Function, list[str | None]] = {function: _fitting(function, world) for function in FUNCTIONS}
    asked["count"].append(None)
    functions = [function for function in FUNCTIONS if asked[function]]
    return st.sampled_from(functions).flatmap(lambda one: st.tuples(st.just(one), st.sampled_from(asked[one])))


def _fitting(function: Function, world: World) -> list[str | None]:
    if function == "sql":
        return list(world.wholes)
    types = {"sum": (*NUMBERS, "BOO"), "mean": (*NUMBERS, "BOO"), "std": (*NUMBERS, "BOO"), "rate": ("BOO",)}
    return [sql for sql, meaning in world.meanings.items() if meaning.type.startswith(types.get(function, ""))]


# Cases


@st.composite
def cases(draw: Draw, *, latest: bool, late: bool) -> Case:
    """latest: or an aggregate. late: whether any row may be known later than it happened."""
    grid = draw(grids())
    entities = draw(
        st.sampled_from([{}, *({"who": entity} for entity in ENTITIES), {"who": ENTITIES[0], "place": SECOND}])
    )
    world = draw(worlds(grid, entities, late=late))
    at = draw(st.sampled_from(TIMES))
    columns = {"example": "BIGINT", **{name: entity.types[1] for name, entity in entities.items()}, "at": at}
    held = {name: entity.held(1) for name, entity in entities.items()}
    asking = st.fixed_dictionaries({**held, "at": grid.times(at, range(-2, 7), (None, math.inf))})
    found = draw(_many(asking, (1, 3, 4, 5, 6)))
    found += found[: draw(st.integers(0, 1))]  # an equal one
    return Case(
        world=world,
        feature=draw(features(grid, world, tuple(entities), latest=latest)),
        examples=tuple({"example": i, **example} for i, example in enumerate(found)),
        asked=columns,
        unique=draw(st.sampled_from([True, True, True, False])) and _is_unique(world),
    )


def _is_unique(world: World) -> bool:
    """No two rows share the key, and none lacks a part of it."""
    keys = [tuple(rank(row[name]) for name in world.key) for row in world.rows]
    return bool(world.key) and len(set(keys)) == len(keys) and not any(rank(None) in key for key in keys)
