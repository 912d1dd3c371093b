"""Every formulation gives what the oracle gives, row by row, on generated streams of events."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy, one_of

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Function, Latest, Value
from balun.chain.point_in_time import FORMULATIONS, Examples, Source, compile_feature, survey
from balun.chain.point_in_time.ask import ask
from balun.chain.point_in_time.compiled import select
from oracle import Overflow, Row, agree, answers, rank, start, types, visible
from streams import PLACE, Case, cases

Database = duckdb.DuckDBPyConnection
Stream = SearchStrategy[Case]

ONE_CASE = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
SHORT_CASES, LONG_CASES = 100, 2_500  # of each of four streams
STREAMS: dict[str, Stream] = {
    f"{'latest' if latest else 'aggregate'}_{'late' if late else 'on_time'}": cases(latest=latest, late=late)
    for latest in (True, False)
    for late in (True, False)
}


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[Database, Database]]:
    """One thread and the rows as they come; four threads and the rows shuffled."""
    with duckdb.connect(config={"threads": 1}) as one, duckdb.connect(config={"threads": 4}) as four:
        for connection in (one, four):
            connection.execute("SET TimeZone = 'UTC'")
        yield one, four


@pytest.mark.parametrize("stream", STREAMS)
def test_every_formulation_agrees_with_the_oracle(databases: tuple[Database, Database], stream: str) -> None:
    few = settings(ONE_CASE, max_examples=SHORT_CASES, derandomize=True)
    few(given(STREAMS[stream])(lambda case: check(case, databases)))()


@pytest.mark.long
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("stream", STREAMS)
def test_every_formulation_agrees_with_the_oracle_at_length(
    databases: tuple[Database, Database], stream: str, part: int
) -> None:
    many = settings(ONE_CASE, max_examples=LONG_CASES // 2)
    seed(part)(many(given(STREAMS[stream])(lambda case: check(case, databases))))()


def check(case: Case, databases: tuple[Database, Database]) -> None:
    """The chosen formulations run on both databases, each forced one on either."""
    for shuffled, connection in enumerate(databases):
        connection.execute(case.tables(shuffled=bool(shuffled)))
    expected = answers(case.feature, case.world, case.examples)
    chosen, forced = texts(case, databases[0])
    for number, sql in enumerate(forced):
        for connection in databases if sql in chosen else (databases[number % 2],):
            verify(case, connection, sql, expected)


def texts(case: Case, connection: Database) -> tuple[set[str], list[str]]:
    """What is chosen: without a survey, with one, and with one of windows too full for a join; and all others too."""
    given = case.feature, case.source(), case.asking()
    seen = survey(connection, *given)
    crowded = replace(seen, pairs=dict.fromkeys(seen.pairs, 1e18))
    chosen = [compile_feature("f", *given, one) for one in (None, seen, crowded)]
    asked = [(ask("f", *given, one), one) for one in (None, seen)]
    forced = [select(question, one, name) for question, one in asked for name in FORMULATIONS]
    return set(chosen), list(dict.fromkeys([*chosen, *forced]))


def verify(case: Case, connection: Database, sql: str, expected: list[list[Any]]) -> None:
    if any(isinstance(value, Overflow) for row in expected for value in row):
        with pytest.raises(duckdb.Error, match=r"out of range|Overflow"):
            connection.execute(sql).fetchall()
        return
    found = connection.execute(sql)
    columns = [(name, str(type_)) for name, type_, *_ in found.description or []]
    names = [name for name, *_ in case.feature.outputs("f")]
    assert columns == list(zip(["example", *names], ["BIGINT", *types(case.feature, case.world)], strict=True))
    rows = found.fetchall()
    assert len(rows) == len(expected)
    for wanted, row in zip(expected, rows, strict=True):
        for (name, type_), one, other in zip(columns, wanted, row, strict=True):
            assert agree(shown(one, type_), other), f"{name} of example {row[0]}: {one!r} expected, {other!r} by\n{sql}"


def shown(value: Any, type_: str) -> Any:
    """As it is put out: a 128-bit whole number is a decimal there."""
    return Decimal(value) if type_ == "DECIMAL(38,0)" and isinstance(value, int) else value


def test_streams_hold_what_goes_wrong() -> None:
    """A proof on streams where nothing happens would prove nothing. Shares of cases; least ones beside them."""
    least = {
        "a row is seen": 0.5, "a window is empty": 0.3, "rows of an entity tie": 0.3, "a row stands at a bound": 0.3,
        "an answer waits": 0.1, "a value lacks": 0.4, "an example comes twice": 0.2, "the key is unique": 0.1,
    }  # fmt: skip
    seen: Counter[str] = Counter()
    several = settings(ONE_CASE, max_examples=400, derandomize=True, phases=[Phase.generate])
    several(given(one_of(*STREAMS.values()))(lambda case: seen.update(["all", *traits(case)])))()
    assert not {trait: seen[trait] for trait, share in least.items() if seen[trait] < share * seen["all"]}


def traits(case: Case) -> Iterator[str]:
    feature, rows, examples = case.feature, case.world.rows, case.examples
    windows = feature.over if isinstance(feature, Aggregate) else (feature.max_age,)
    numbers = [len(visible(feature, case.world, one, window, ())) for one in examples for window in windows]
    told_at_once = replace(case.world, available={}, row_available=None)
    ends = {bound for example in examples for window in windows for bound in bounds(case, example, window)}
    tied = [(row["when"], *(rank(row[name]) for name in feature.by)) for row in rows if row["when"] is not None]
    yield from ["a row is seen"] * any(numbers)
    yield from ["a window is empty"] * (0 in numbers)
    yield from ["an answer waits"] * (
        repr(answers(feature, case.world, examples)) != repr(answers(feature, told_at_once, examples))
    )
    yield from ["rows of an entity tie"] * (len(set(tied)) < len(tied))
    yield from ["a row stands at a bound"] * any(row["when"] in ends for row in rows)
    yield from ["a value lacks"] * any(value is None for row in rows for value in row.values())
    yield from ["an example comes twice"] * (len({repr({**one, "example": 0}) for one in examples}) < len(examples))
    yield from ["the key is unique"] * case.unique


def bounds(case: Case, example: Row, window: Duration | None) -> list[float]:
    """The example's time and where its window begins."""
    t = example["at"]
    if t is None or math.isinf(t):
        return []
    return [t] if window is None else [t, start(t, window, case.world.zone)]


MANY = """
    CREATE TABLE events AS SELECT (hash(i) % 40)::INTEGER AS who,
      make_timestamptz(((hash(i, 1) % 2000) * 3600000000)::BIGINT) AS "when", (hash(i, 2) % 3)::INTEGER AS number,
      (hash(i, 3) % 50)::INTEGER AS amount, (hash(i, 4) % 1000)::DOUBLE / 7 AS price,
      make_timestamptz(((hash(i, 1) % 2000 + hash(i, 5) % 40) * 3600000000)::BIGINT) AS known
      FROM range(130000) t(i) ORDER BY {order};
    CREATE TABLE asked AS SELECT i AS example, (hash(i, 6) % 41)::INTEGER AS who,
      make_timestamptz(((hash(i, 7) % 2000) * 3600000000)::BIGINT) AS "at" FROM range(700) t(i)
"""


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", ["latest", "aggregate"])
def test_many_rows_that_tie_are_the_same_by_every_formulation_thread_and_order(name: str, late: bool) -> None:
    """Enough rows for many vectors and for two threads to share; no formulation may depend on who comes first."""
    functions: tuple[Function, ...] = ("first", "last", "sum", "count_distinct", "max")
    values = (*(Value(function, function, "amount") for function in functions), Value("s", "sum", "price"))
    windows = (Duration.parse("2d"), Duration.parse("20d"))
    features: dict[str, Feature] = {
        "latest": Latest("events", ("who",), "when", ("amount", "price"), PLACE),
        "aggregate": Aggregate("events", ("who",), "when", windows, values, PLACE),
    }
    assert len(set(_many_answers(features[name], "known" if late else None))) == 1


def _many_answers(feature: Feature, row_available: str | None) -> Iterator[str]:
    for threads, order in ((1, "i"), (4, "i"), (4, "hash(i, 9)")):
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(MANY.format(order=order))
            columns = [
                {name: str(type_) for name, type_, *_ in connection.execute(f"FROM {table}").description or []}
                for table in ("events", "asked")
            ]
            source = Source("events", columns[0], ("number",), row_available=row_available)
            given = feature, source, Examples("asked", columns[1])
            seen = survey(connection, *given)
            for sql in {compile_feature("f", *given, seen, formulation=name) for name in (None, *FORMULATIONS)}:
                yield repr(connection.execute(sql).fetchall())
