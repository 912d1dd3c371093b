"""What is said of columns is counted on rows: each fact has rows that hold it and rows that contradict it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import duckdb
import pytest

from balun.facts.dependency import Dependencies, differing, repeated
from balun.facts.domain import Domain
from balun.facts.extent import NEVER, Extent, Only, Range, may_be, only, ranged
from balun.facts.finite import FINITE
from balun.facts.grid import DAY, HOUR, MINUTE, NULL, UNKNOWN, Steps, grid
from balun.facts.moment import Moment, MomentFact, Never, Span
from balun.facts.nullable import Nullable
from balun.facts.number_step import of_type
from balun.facts.off_grid import off_grid
from balun.facts.on_rows import claims, columns_of, counted, dtype_claim, key_claim
from balun.facts.outside import outside
from balun.facts.presence import Presence
from balun.facts.privacy import PrivacyFact
from balun.facts.propagate import FACTS, State
from balun.facts.resolution import Resolution
from balun.facts.sampling import SamplingFact
from balun.facts.unit import UnitFact
from balun.facts.zone import Zone
from balun.relational.relation import Column
from held import Row, Worlds, is_unique
from on_grid import lies
from queries import random_query
from timed import rows, timed


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(config={"threads": 1})
    made.execute("SET TimeZone = 'UTC'")
    return made


_DAYS = frozenset({("e", "d")})
_T, _U = ("e", "t"), ("e", "u")
# A fact, what is said, the columns' types, rows that hold it, rows that contradict it.
_SAID: tuple[tuple[Any, tuple[Any, ...], str, str, str], ...] = (
    (Nullable(), (False,), "a INT", "(1), (2)", "(NULL)"),
    (Nullable(), (True,), "a INT", "(1), (NULL)", ""),
    (FINITE, (True,), "a DATE", "('2020-01-01'), (NULL)", "('infinity'), ('-infinity')"),
    (FINITE, (True,), "a TIMESTAMPTZ", "('2020-01-01 00:00:00+00')", "('infinity')"),
    (Presence(), (frozenset(),), "a INT", "(1)", "(NULL)"),
    (Presence(), (_DAYS, _DAYS), "a INT, b INT", "(1, 1), (NULL, NULL)", "(1, NULL), (NULL, 1)"),
    (Presence(), (_DAYS, _DAYS | {("e", "x")}), "a INT, b INT", "(1, NULL), (NULL, NULL)", "(NULL, 1)"),
    (Domain(), (only("a", "it's"),), "a VARCHAR", "('a'), ('it''s'), (NULL)", "('b'), ('A')"),
    (Domain(), (only(1, 2, 999),), "a TINYINT", "(1), (2), (NULL)", "(3)"),
    (Domain(), (only(Decimal("0.5")),), "a DECIMAL(9,2)", "(0.5)", "(0.51)"),
    (Domain(), (only(True),), "a BOOLEAN", "(true)", "(false)"),
    (Domain(), (NEVER,), "a INT", "(NULL)", "(0)"),
    (Domain(), (ranged(0, 10, open_high=True),), "a BIGINT", "(0), (9), (NULL)", "(-1), (10)"),
    (Domain(), (ranged(Decimal("0.255"), 1),), "a DECIMAL(9,2)", "(0.26), (1)", "(0.25), (1.01)"),
    (Domain(), (ranged(Decimal("0.1")),), "a DOUBLE", "(0.1), ('nan'), ('inf')", "(0.0999)"),
    (Domain(), (ranged(high=1, open_high=True),), "a DOUBLE", "(0.5)", "(1), ('nan')"),
    (Domain(), (ranged(300),), "a UTINYINT", "(NULL)", "(255)"),
    (Resolution(), (grid(15 * MINUTE),), "a TIMESTAMP", "('1969-12-31 23:45')", "('2020-01-01 10:50')"),
    (Resolution(), (grid(DAY, 5 * HOUR),), "a TIMESTAMPTZ", "('2020-01-01 05:00+00')", "('2020-01-01 00:00+00')"),
    (Resolution(), (grid(7 * DAY, 4 * DAY),), "a DATE", "('2020-01-06'), ('1960-01-04')", "('2020-01-07')"),
    (Resolution(), (grid(3, 1, "firsts"),), "a DATE", "('1969-11-01')", "('2020-02-02'), ('2020-03-01')"),
    (Resolution(), (grid(5 * MINUTE),), "a TIME", "('10:05')", "('10:06')"),
    (Resolution(), (grid(1_000),), "a TIMESTAMP_NS", "('2020-01-01 00:00:00.001')", "('2020-01-01 00:00:00.0010001')"),
    (Resolution(), (grid(HOUR),), "a INTERVAL", "(INTERVAL 1 DAY)", "(INTERVAL 1 MONTH), (INTERVAL 1 MINUTE)"),
    (Resolution(), (grid(3, line="months"),), "a INTERVAL", "(INTERVAL 1 YEAR)", "(INTERVAL 1 MONTH)"),
    (Resolution(), (grid(10, 3),), "a BIGINT", "(13), (-7), (NULL)", "(10), (-3)"),
    (Resolution(), (grid(0, 7),), "a INT", "(7)", "(8)"),
    (Resolution(), (grid(Fraction(1, 20)),), "a DECIMAL(9,2)", "(0.35), (-0.05)", "(0.36)"),
    (Resolution(), (grid(Fraction(1, 100)),), "a DOUBLE", "(0.07), (-12.34), ('inf')", "(0.071), (0.1 + 0.2::DOUBLE)"),
    (Resolution(), (grid(Fraction(1, 10)),), "a FLOAT", "(0.1), (7.3)", "(0.15)"),
    (Resolution(), (NULL,), "a INT", "(NULL)", "(0)"),
    (MomentFact(), (Never(),), "a DATE", "(NULL)", "('2020-01-01')"),
    (MomentFact(), (Moment(_T, 0, 0), Moment(_T, 0, HOUR)), "a TIMESTAMP, b TIMESTAMPTZ",
     "('2020-01-01', '2020-01-01 00:59+00'), (NULL, '2020-01-01')",
     "('2020-01-01', '2020-01-01 01:01+00'), ('2020-01-01', '2019-12-31 23:59+00')"),
    (MomentFact(), (Moment(_T, 0, 0), Moment(_U, 0, 0)), "a DATE, b DATE", "('2020-01-01', '2021-01-01')", ""),
    (MomentFact(), (Span(0, HOUR),), "a INTERVAL", "(INTERVAL 1 HOUR)", "(INTERVAL 61 MINUTE)"),
    (UnitFact(), (UnitFact().unknown,), "a INT", "(1)", ""),
    (Zone(), ("Europe/Paris",), "a TIMESTAMP", "('2020-01-01')", ""),
    (SamplingFact(), (SamplingFact().unknown,), "a INT", "(1)", ""),
    (PrivacyFact(), (PrivacyFact().unknown,), "a INT", "(1)", ""),
)  # fmt: skip


@pytest.mark.parametrize(("fact", "said", "types", "holding", "breaking"), _SAID)
def test_rows_that_contradict_are_counted(
    connection: duckdb.DuckDBPyConnection, fact: Any, said: Sequence[Any], types: str, holding: str, breaking: str
) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE it ({types})")
    connection.execute(f"INSERT INTO it VALUES {holding}")
    assert not any(_counts(connection, fact, said))
    if breaking:
        connection.execute("DELETE FROM it")
        connection.execute(f"INSERT INTO it VALUES {breaking}")
        (rows,) = connection.execute("SELECT count(*) FROM it").fetchone() or (0,)
        assert sum(_counts(connection, fact, said)) in {rows, rows * len(said)}


def _counts(connection: duckdb.DuckDBPyConnection, fact: Any, said: Sequence[Any]) -> list[int]:
    """Of a relation of whose columns only one fact is said."""
    columns = columns_of(connection, "it")
    values = {one.name: tuple(one.unknown for _ in columns) for one in FACTS} | {fact.name: tuple(said)}
    told = list(claims([one.name for one in columns], State(values, Dependencies()), columns, "it"))
    assert {one.fact for one in told} <= {fact.name}
    return list(counted(connection, "it", told)[1])


@pytest.mark.parametrize(
    ("dtype", "far"), [("DATE", "500000-01-01"), ("TIMESTAMP_S", "294247-01-01"), ("DATE", "infinity")]
)
def test_times_beyond_microseconds_are_not_counted(connection: duckdb.DuckDBPyConnection, dtype: str, far: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE it (a {dtype}, b {dtype})")
    connection.execute(f"INSERT INTO it VALUES ('{far}', '{far}'), ('2020-01-03', '2020-01-01')")
    assert _counts(connection, Resolution(), (grid(7 * DAY), grid(1, line="firsts"))) == [1, 0]
    assert _counts(connection, MomentFact(), (Moment(_T, 0, 0), Moment(_T, 0, 0))) == [1, 1]


@pytest.mark.parametrize(
    "dtype", ["TINYINT", "HUGEINT", "UHUGEINT", "DECIMAL(5,2)", "DECIMAL(38,10)", "DOUBLE", "FLOAT"]
)
@pytest.mark.parametrize("size", [-400, -30, -3, 0, 3, 30, 37, 39, 400])
def test_steps_and_bounds_of_any_size_can_be_asked(
    connection: duckdb.DuckDBPyConnection, dtype: str, size: int
) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE it AS SELECT 7::{dtype} AS a")
    number, step = Decimal(f"3e{size}"), Fraction(3) * Fraction(10) ** size
    assert _counts(connection, Domain(), (ranged(number, number),)) == [1]
    assert _counts(connection, Domain(), (only(number, 7),)) == [0]
    assert _counts(connection, Resolution(), (grid(step),)) in ([], [0], [1])
    assert _counts(connection, Resolution(), (grid(0, step),)) in ([], [1])


def test_a_type_that_is_another_contradicts_each_row(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TABLE it AS SELECT 1::INTEGER AS a FROM range(3)")
    told = [dtype_claim(Column("a", dtype)) for dtype in ("INTEGER", "BIGINT", "DATE")]
    assert counted(connection, "it", told) == (3, (0, 3, 3))


@pytest.mark.parametrize("sql", ["1::HUGEINT", "TIMESTAMP_S '2020-01-01'", "'a'::ENUM('a', 'b')", "[1, 2]::INTEGER[2]"])
def test_a_type_that_parquet_has_not_is_read_as_another(tmp_path: Any, sql: str) -> None:
    connection, rows = duckdb.connect(), f"read_parquet('{tmp_path}/it.parquet')"
    dtype = str((connection.execute(f"SELECT typeof({sql})").fetchone() or [""])[0])
    connection.execute(f"COPY (SELECT {sql} AS a) TO '{tmp_path}/it.parquet'")
    assert columns_of(connection, rows)[0].dtype != dtype
    assert counted(connection, rows, [dtype_claim(Column("a", dtype))]) == (1, (0,))


def test_keys_count_the_rows_beyond_the_first(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TABLE it (a INT, b INT)")
    connection.execute("INSERT INTO it VALUES (1, 1), (1, 2), (1, 2), (NULL, 3), (NULL, 3)")
    told = [key_claim(names, "it") for names in (["a"], ["a", "b"], [])]
    assert counted(connection, "it", told) == (5, (3, 2, 4))


def test_all_of_a_relation_is_one_statement(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TABLE it AS SELECT 1 AS a, NULL::INT AS b FROM range(2)")
    state = _unknown(2, nullable=(False, False), domain=(only(2), None), dependencies=Dependencies(
        frozenset({(frozenset[int](), 0)}), frozenset({frozenset({0})}), frozenset({(0, frozenset({1}))})
    ))  # fmt: skip
    told = list(claims(["a", "b"], state, columns_of(connection, "it"), "it"))
    number, counts = counted(connection, "it", told)
    found = {(one.fact, one.columns): count for one, count in zip(told, counts, strict=True)}
    assert number == 2
    assert found == {
        ("domain", ("a",)): 2, ("nullable", ("a",)): 0, ("nullable", ("b",)): 2, ("key", ("a",)): 1,
        ("follows", ("a",)): 0, ("numbered", ("a",)): 0,
    }  # fmt: skip


def test_nothing_is_said_of_a_column_that_rows_have_not(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TABLE it AS SELECT 1 AS a")
    state = _unknown(2, nullable=(False, False), dependencies=Dependencies(keys=frozenset({frozenset({0, 1})})))
    told = claims(["a", "gone"], state, columns_of(connection, "it"), "it")
    assert [(one.fact, one.columns) for one in told] == [("nullable", ("a",))]


def _unknown(width: int, *, dependencies: Dependencies, **values: tuple[Any, ...]) -> State:
    nothing = {one.name: (one.unknown,) * width for one in FACTS}
    return State({**nothing, **values}, dependencies)


# -- against what Python says


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    return Worlds(20, seed=11)


def test_no_proved_fact_is_contradicted_and_wrong_ones_are(worlds: Worlds) -> None:
    """Of random queries over random rows; what is wrong is counted as Python counts it."""
    told = wrong = 0
    for seed in range(5_000, 5_220):
        sql, chance = random_query(seed), Random(seed)
        worlds.use(seed % worlds.count)
        try:
            state = worlds.proved(sql)
            worlds.connection.execute(f"CREATE OR REPLACE TEMP TABLE it AS {sql}")
        except duckdb.Error:
            continue
        columns = columns_of(worlds.connection, "it")
        names = [one.name for one in columns]
        said = list(claims(names, state, columns, "it"))
        number, counts = counted(worlds.connection, "it", said)
        assert not any(counts), (seed, sql, [one for one, count in zip(said, counts, strict=True) if count])
        found = [tuple(row) for row in worlds.connection.execute("FROM it").fetchall()]
        assert number == len(found)
        told += len(said)
        wrong += _wrong(worlds.connection, columns, found, chance)
    assert told > 700
    assert wrong > 200


def _wrong(connection: duckdb.DuckDBPyConnection, columns: Sequence[Column], found: list[Row], chance: Random) -> int:
    """How many rows contradict what is said by chance; asserts that Python finds as many."""
    at, other = chance.randrange(len(columns)), chance.randrange(len(columns))
    names = [f'"{one.name}"' for one in columns]
    extent = chance.choice((only(1), only("p", 2), ranged(1), ranged(high=1, open_high=True), ranged(1, 2), NEVER))
    told = {
        f"count(*) FILTER (WHERE {names[at]} IS NULL)": sum(row[at] is None for row in found),
    }
    if columns[at].dtype in {"INTEGER", "BIGINT", "VARCHAR"}:
        condition = outside(extent, names[at], columns[at].dtype)
        told[f"count(*) FILTER (WHERE {condition})"] = sum(
            row[at] is not None and not may_be(extent, row[at])  # type: ignore[arg-type]
            for row in found
        )
    if not any("DOUBLE" in columns[one].dtype or "[" in columns[one].dtype for one in (at, other)):
        grounds, both = {row[at] for row in found}, {(row[at], row[other]) for row in found}
        told[repeated([names[at]], "it")] = len(found) - len(grounds)
        told[differing([names[at]], names[other], "it")] = len(both) - len(grounds)
        assert is_unique([at], found) == (len(grounds) == len(found))
    counts = connection.execute(f"SELECT {', '.join(told)} FROM it").fetchall()[0]
    assert list(counts) == list(told.values()), (told, columns[at])
    return sum(counts)


_TYPES = ("TINYINT", "BIGINT", "UINTEGER", "HUGEINT", "DECIMAL(5,2)", "DECIMAL(38,3)", "DOUBLE")


@pytest.mark.parametrize("dtype", _TYPES)
def test_values_outside_an_extent_are_counted_as_python_counts(
    connection: duckdb.DuckDBPyConnection, dtype: str
) -> None:
    chance = Random(dtype)
    for _ in range(60):
        values = [value for value in (_number(chance) for _ in range(20)) if _fits(connection, value, dtype)]
        if not values:
            continue
        connection.execute(f"CREATE OR REPLACE TABLE it (a {dtype})")
        connection.executemany(f"INSERT INTO it VALUES (?::VARCHAR::{dtype})", [[str(value)] for value in values])
        extent = _extent(chance, values)
        kept = [row[0] for row in connection.execute("SELECT a FROM it").fetchall()]
        condition = outside(extent, "a", dtype)
        counts = connection.execute(f"SELECT count(*) FILTER (WHERE {condition or 'FALSE'}) FROM it").fetchall()
        assert counts == [(sum(not may_be(extent, value) for value in kept),)], (extent, condition, kept)


def _number(chance: Random) -> Decimal:
    digits = "".join(chance.choices("0123456789", k=chance.randint(1, 30)))
    return Decimal(f"{chance.choice('+-')}{digits}e-{chance.randint(0, 3)}")


def _fits(connection: duckdb.DuckDBPyConnection, value: Decimal, dtype: str) -> bool:
    found = connection.execute(f"SELECT TRY_CAST('{value:f}' AS {dtype}) IS NOT NULL").fetchall()
    return bool(found[0][0])


def _extent(chance: Random, values: Sequence[Decimal]) -> Extent:
    if chance.random() < 0.3:
        return Only(frozenset([*chance.sample(values, chance.randint(0, len(values))), _number(chance)]))
    low, high = sorted(chance.choice([*values, _number(chance)]) for _ in range(2))
    ends = [None if chance.random() < 0.2 else one for one in (low, high)]
    return Range(ends[0], ends[1], chance.random() < 0.5, chance.random() < 0.5)


def test_values_off_a_grid_are_counted_as_python_counts(connection: duckdb.DuckDBPyConnection) -> None:
    """Of contracts' own grids, which no row is off, and of such as are said by chance."""
    event, chance = timed("src"), Random(3)
    types = ", ".join(f"{one.name} {one.dtype}" for one in event.columns)
    connection.execute(f"CREATE OR REPLACE TABLE it ({types})")
    marks = ", ".join("?" * len(event.columns))
    connection.executemany(f"INSERT INTO it VALUES ({marks})", rows(3, 200, (1750, 2150)))
    off = 0
    for column in event.columns:
        own = Resolution().captured(column, event)
        assert _off(connection, own, column.name, column.dtype) == 0
        if column.dtype in {"DOUBLE", "FLOAT"}:  # of greater ones nothing is said
            connection.execute(f"UPDATE it SET {column.name} = NULL WHERE abs({column.name}) > 1e12")
        utc = f"{column.name}::TIMESTAMP" if "ZONE" in column.dtype else column.name
        values = [row[0] for row in connection.execute(f"SELECT {utc} FROM it").fetchall()]
        for on in (_grid(chance, column.dtype) for _ in range(12)):
            expected = sum(not lies(value, on, column.dtype) for value in values)
            assert _off(connection, on, column.name, column.dtype) == expected, (column.name, on)
            off += expected
    assert off > 10_000


def _off(connection: duckdb.DuckDBPyConnection, on: Steps, name: str, dtype: str) -> int:
    condition = off_grid(on, name, dtype)
    found = connection.execute(f"SELECT count(*) FILTER (WHERE {condition or 'FALSE'}) FROM it").fetchall()
    return int(found[0][0])


def _grid(chance: Random, dtype: str) -> Steps:
    if dtype.startswith(("TIME", "DATE")):
        step = chance.choice((MINUTE, 15 * MINUTE, HOUR, DAY, 7 * DAY, 1_000))
        firsts = dtype != "TIME" and chance.random() < 0.3
        return (
            grid(chance.choice((1, 3, 12)), chance.randint(0, 12), "firsts")
            if firsts
            else grid(step, chance.choice((0, step // 4)))
        )
    part = Fraction(chance.choice((1, 2, 5, 6, 7, 60)), chance.choice((1, 2, 10, 100)))
    return grid(part if chance.random() < 0.9 else 0, Fraction(chance.randint(0, 30), chance.choice((1, 4, 10))))


def test_what_is_unknown_is_not_counted() -> None:
    assert off_grid(UNKNOWN, "a", "BIGINT") is off_grid(grid(1), "a", "BOOLEAN") is outside(None, "a", "BIGINT") is None
    assert of_type("TIME WITH TIME ZONE") == UNKNOWN
