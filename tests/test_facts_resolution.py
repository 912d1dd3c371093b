"""Resolutions are tested by execution: rows that DuckDB makes must lie on the grid that is said of them."""

from __future__ import annotations

from random import Random

import pytest

from balun.chain.contract import Column
from balun.facts.grid import DAY, HOUR, MINUTE, UNKNOWN, Steps, common, grid, join, meet
from balun.facts.grid_text import written
from balun.facts.number_step import of_type
from balun.facts.resolution import Resolution, coarsens, holds
from balun.facts.resolution_fault import faults
from fact_pairs import PLACE, Chain, Pair, event, pairs, walked
from on_grid import lies, read
from timed import KINDS, drawn, rows, timed

_FACT = Resolution()
_BIG, _ZONED = (1750, 2150), (1990, 2030)


def _chain(seed: int, years: tuple[int, int], number: int = 60) -> Chain:
    chain = Chain([timed("src"), timed("other")])
    for at, name in enumerate(chain.events):
        marks = ", ".join("?" * len(chain.events[name].columns))
        chain.connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows(seed + at, number, years))
    return chain


def _said(chain: Chain, sql: str) -> list[tuple[str, Steps, str]]:
    relation = chain.relation(sql)
    values = walked(relation, _FACT, chain.events)[id(relation)].values[_FACT.name]
    return [(one.name, value, one.dtype) for one, value in zip(relation.columns, values, strict=True)]


@pytest.mark.parametrize("pair", pairs("resolution"), ids=lambda pair: pair.title)
def test_resolution_is_as_expected(pair: Pair) -> None:
    chain = Chain([timed("src"), timed("other")])
    relation = chain.relation(pair.sql)
    states = walked(relation, _FACT, chain.events)
    values = states[id(relation)].values[_FACT.name]
    said = {one.name: written(value, one.dtype) for one, value in zip(relation.columns, values, strict=True)}
    assert said == pair.said
    assert tuple(one.rule for one in faults(relation, states)) == pair.faults


def test_rows_of_pairs_lie_on_their_grids() -> None:
    chain = _chain(0, _ZONED)
    for pair in pairs("resolution"):
        said = _said(chain, pair.sql)
        columns = ", ".join(read(f'v."{name}"', dtype) for name, _, dtype in said)
        for row in chain.connection.execute(f"SELECT {columns} FROM ({pair.sql}) AS v").fetchall():
            for value, (name, on, dtype) in zip(row, said, strict=True):
                assert lies(value, on, dtype), (pair.title, name, value)


def _prove(seed: int, expressions: int) -> tuple[int, int]:
    """How many expressions drawn by lot are told more than their type, and how many there are."""
    chance, zones = Random(seed), seed % 2 == 1
    chain, told, seen = _chain(seed, _ZONED if zones else _BIG), 0, 0
    for _ in range(expressions):
        sql = drawn(chance.choice(KINDS), chance, zones=zones)
        ((_, on, dtype),) = _said(chain, f"SELECT {sql} AS v FROM src")
        seen, told = seen + 1, told + (on not in {UNKNOWN, of_type(dtype)})
        for (value,) in chain.connection.execute(f"SELECT {read(f'TRY({sql})', dtype)} FROM src").fetchall():
            assert lies(value, on, dtype), (seed, sql, on, value)
    return told, seen


@pytest.mark.parametrize("seed", range(4))
def test_rows_lie_on_the_grid_said(seed: int) -> None:
    told, seen = _prove(seed, 150)
    assert told > seen / 2


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_rows_lie_on_the_grid_said_at_length(seed: int) -> None:
    _prove(seed, 400)


_CONDITIONS = (
    "minute({a}) = 0", "minute({a}) IN (0, 30)", "hour({a}) = 6", "src.{b} % 20 = 10", "src.{b} IN (20, 50)",
    "{a} = {c}", "date_trunc('hour', {a}) = {c}", "second({a}) = 0", "src.d = {a}",
)  # fmt: skip
_READ = "src.t, src.h, src.u, src.n, src.d, src.i, src.k, src.big, other.t AS x, other.h AS y"


def test_rows_lie_on_the_grid_after_filters_and_joins() -> None:
    chain = _chain(5, _ZONED, 200)
    chance = Random(5)
    for _ in range(60):
        where = " AND ".join(
            one.format(
                a=f"src.{chance.choice('thn')}", b=chance.choice(["k", "i", "big"]), c=f"other.{chance.choice('thn')}"
            )
            for one in chance.sample(_CONDITIONS, 2)
        )
        sql = f"SELECT {_READ} FROM src JOIN other ON {where}"
        said = _said(chain, sql)
        columns = ", ".join(read(f"v.{name}", dtype) for name, _, dtype in said)
        found = chain.connection.execute(f"SELECT {columns} FROM ({sql}) AS v LIMIT 300").fetchall()
        for row in found:
            assert all(lies(value, on, dtype) for value, (_, on, dtype) in zip(row, said, strict=True)), sql
        assert not found or " IN " in where or "resolutions-disjoint" not in _rules(chain, sql)


def _rules(chain: Chain, sql: str) -> set[str]:
    relation = chain.relation(sql)
    return {one.rule for one in faults(relation, walked(relation, _FACT, chain.events))}


def test_a_grid_meets_and_joins_as_sets_of_numbers_do() -> None:
    chance = Random(1)
    for _ in range(40):
        one, other = (grid(chance.randint(0, 12), chance.randint(0, 30)) for _ in range(2))
        sets = [{at for at in range(-99, 99) if lies(at, each, "BIGINT")} for each in (one, other)]
        both, either = meet(one, other), join(one, other)
        assert {at for at in range(-99, 99) if lies(at, both, "BIGINT")} == sets[0] & sets[1] or not sets[0] & sets[1]
        assert all(lies(at, either, "BIGINT") for at in sets[0] | sets[1])


@pytest.mark.parametrize(
    ("dtype", "logical", "resolution", "expected"),
    [
        ("TIMESTAMP WITH TIME ZONE", "timestamp", "1 min", "1 min"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp", "36 h", "12 h"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp", "1 local day", "1 h"),
        ("DATE", "date", "1 w", "1 d"),
        ("DATE", "date", "1 h", "1 d"),
        ("DECIMAL(9,2)", "number", "0.005", "0.01"),
        ("BIGINT", "integer", "2.5", "5"),
        ("DOUBLE", "number", None, "unknown"),
    ],
)  # fmt: skip
def test_a_declared_resolution_is_a_grid(dtype: str, logical: str, resolution: str | None, expected: str) -> None:
    zone = "America/New_York"
    column = Column("c", logical, dtype, PLACE, resolution=resolution, zone=zone)  # type: ignore[arg-type]
    assert written(_FACT.captured(column, event("e", [column])), dtype) == expected


def test_allowed_values_are_a_grid() -> None:
    column = Column("minute", "integer", "BIGINT", PLACE, allowed=(0, 15, 30, 45))
    assert _FACT.captured(column, event("e", [column])) == grid(15)


def test_an_hour_is_coarser_than_a_minute_and_holds_no_need_for_one() -> None:
    hour, minute, month = grid(HOUR), grid(MINUTE), grid(1, 0, "firsts")
    assert (coarsens(minute, hour), coarsens(hour, minute), coarsens(hour, hour)) == (True, False, False)
    assert (coarsens(UNKNOWN, hour), coarsens(grid(DAY), month)) == (True, True)
    assert (holds(minute, hour), holds(hour, minute), holds(month, hour), holds(hour, UNKNOWN)) == (
        False,
        True,
        True,
        None,
    )
    assert common(DAY, HOUR) == HOUR
