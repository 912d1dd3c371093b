"""Features compiled to SQL, on examples small enough to check by eye; every formulation gives the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Function, Latest, Value
from balun.chain.point_in_time import FORMULATIONS, Examples, Source, Survey, compile_feature, survey
from balun.errors import ProjectError
from balun.finding import Place

PLACE = Place("features.py", 7)


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def table(db: duckdb.DuckDBPyConnection, name: str, columns: str, *rows: str) -> dict[str, str]:
    """A table of SQL rows; its columns' types."""
    db.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    for row in rows:
        db.execute(f"INSERT INTO {name} VALUES ({row})")
    return {row[0]: row[1] for row in db.execute(f"DESCRIBE {name}").fetchall()}


def visits(db: duckdb.DuckDBPyConnection, *rows: str) -> Source:
    """Rows of who, when, number, amount, price, known."""
    columns = (
        '"who" VARCHAR, "when" TIMESTAMPTZ, "number" INTEGER, "amount" INTEGER, "price" DOUBLE, "known" TIMESTAMPTZ'
    )
    return Source("visits", table(db, "visits", columns, *rows), ("number",))


def askers(db: duckdb.DuckDBPyConnection, *rows: str) -> Examples:
    """Rows of who, at; numbered from 0."""
    columns = '"example" BIGINT, "who" VARCHAR, "at" TIMESTAMPTZ'
    return Examples("askers", table(db, "askers", columns, *(f"{i}, {row}" for i, row in enumerate(rows))))


def day(time: str, date: str = "2024-01-01") -> str:
    return f"'{date} {time}+00'"


def ann(time: str, date: str = "2024-01-01") -> str:
    """An example of ann's, or how a row of hers begins."""
    return f"'ann', '{date} {time}+00'"


def aggregate(*values: Value, over: str = "1h", **more: object) -> Aggregate:
    windows = tuple(Duration.parse(window) for window in over.split(", "))
    return replace(Aggregate("visits", ("who",), "when", windows, values, PLACE), **more)  # type: ignore[arg-type]


def latest(*names: str, **more: object) -> Latest:
    return replace(Latest("visits", ("who",), "when", names, PLACE), **more)  # type: ignore[arg-type]


def value(function: Function, expression: str | None = "amount") -> Value:
    return Value(function, function, expression)


COUNT = value("count", None)


def rows_of(
    db: duckdb.DuckDBPyConnection, feature: Feature, source: Source, examples: Examples
) -> list[tuple[object, ...]]:
    """Rows without the example's number, the same by every formulation, surveyed or not."""
    texts = {
        compile_feature("f", feature, source, examples, seen, formulation=formulation)
        for seen in (None, survey(db, feature, source, examples))
        for formulation in (None, *FORMULATIONS)
    }
    answers = [db.execute(sql).fetchall() for sql in sorted(texts)]
    assert all(repr(answer) == repr(answers[0]) for answer in answers)
    assert [row[0] for row in answers[0]] == list(range(len(answers[0])))
    return [row[1:] for row in answers[0]]


THREE = (
    f"{ann('10:00')}, 1, 5, 0.1, {day('10:00')}",
    f"{ann('10:30')}, 2, 7, 0.2, {day('12:00')}",
    f"'bob', {day('10:30')}, 3, 9, 0.7, {day('10:30')}",
)


def test_window_holds_its_start_and_not_its_end(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, ann("10:00"), ann("10:30"), ann("11:00"), ann("11:01"))
    found = rows_of(db, aggregate(COUNT, value("sum")), visits(db, *THREE), asked)
    assert found == [(0, None), (1, 5), (2, 12), (1, 7)]


def test_inclusive_window_holds_its_end_and_not_its_start(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, ann("10:00"), ann("10:30"), ann("11:00"))
    found = rows_of(db, aggregate(COUNT, value("sum"), inclusive=True), visits(db, *THREE), asked)
    assert found == [(1, 5), (2, 12), (1, 7)]


def test_example_without_time_or_entity_or_rows_sees_nothing(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, "'ann', NULL", f"NULL, {day('11:00')}", f"'eve', {day('11:00')}", "'ann', 'infinity'")
    functions = ("count", "sum", "mean", "std", "min", "max", "first", "last", "count_distinct")
    found = rows_of(db, aggregate(*(value(function) for function in functions)), visits(db, *THREE), asked)  # type: ignore[arg-type]
    assert found == [(0, None, None, None, None, None, None, None, 0)] * 4
    assert rows_of(db, latest("amount"), visits(db, *THREE), asked) == [(None,)] * 4


def test_rows_without_time_or_entity_are_seen_by_nobody(db: duckdb.DuckDBPyConnection) -> None:
    lost = (f"NULL, {day('10:00')}, 1, 1, 1, NULL", "'ann', NULL, 2, 1, 1, NULL", "'ann', '-infinity', 3, 1, 1, NULL")
    asked = askers(db, ann("10:30"), f"NULL, {day('10:30')}")
    assert rows_of(db, aggregate(COUNT, over="30d"), visits(db, *lost), asked) == [(0,), (0,)]


def test_same_example_twice_has_two_rows(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, *[ann("11:00")] * 2)
    assert rows_of(db, aggregate(COUNT), visits(db, *THREE), asked) == [(2,), (2,)]


def test_value_known_late_is_not_seen_before(db: duckdb.DuckDBPyConnection) -> None:
    source = replace(visits(db, *THREE), available={"amount": "known"})
    asked = askers(db, ann("11:00"), ann("12:00"), ann("12:00:01"))
    found = rows_of(db, aggregate(COUNT, value("sum"), over="1h, 3h"), source, asked)
    assert found == [(2, 2, 5, 5), (0, 2, None, 5), (0, 2, None, 12)]


def test_value_never_known_is_never_seen(db: duckdb.DuckDBPyConnection) -> None:
    source = replace(visits(db, f"{ann('10:00')}, 1, 5, 1, NULL"), available={"amount": "known"})
    asked = askers(db, ann("10:30"))
    assert rows_of(db, aggregate(COUNT, Value("known", "count", "amount")), source, asked) == [(1, 0)]
    assert rows_of(db, latest("amount", "price"), source, asked) == [(None, 1.0)]


def test_condition_waits_for_what_it_reads(db: duckdb.DuckDBPyConnection) -> None:
    source = replace(visits(db, *THREE), available={"amount": "known"})
    asked = askers(db, ann("11:00"))
    assert rows_of(db, aggregate(COUNT, where="amount > 0"), source, asked) == [(1,)]


def test_infinite_availability_is_never_and_minus_infinite_always(db: duckdb.DuckDBPyConnection) -> None:
    two = (f"{ann('10:00')}, 1, 5, 1, 'infinity'", f"{ann('10:01')}, 2, 7, 1, '-infinity'")
    source = replace(visits(db, *two), row_available="known")
    assert rows_of(db, aggregate(COUNT, value("sum")), source, askers(db, ann("10:30"))) == [(1, 7)]


def test_column_is_waited_for_where_a_parameter_has_its_name(db: duckdb.DuckDBPyConnection) -> None:
    source = replace(visits(db, *THREE), available={"price": "known"})
    sql = "list_sum(list_transform([amount], lambda price: price)) * price"
    asked = askers(db, ann("11:00"), ann("12:01"))
    assert rows_of(db, aggregate(value("max", sql), over="3h"), source, asked) == [(0.5,), (1.4000000000000001,)]


def test_latest_takes_the_later_row_by_key_at_a_tie(db: duckdb.DuckDBPyConnection) -> None:
    tie = (f"{ann('10:00')}, 2, 7, 1, NULL", f"{ann('10:00')}, 1, 5, 1, NULL")
    asked = askers(db, ann("11:00"))
    for unique in (False, True):
        assert rows_of(db, latest("amount"), replace(visits(db, *tie), unique=unique), asked) == [(7,)]


def test_latest_takes_the_later_row_by_other_columns_where_keys_tie(db: duckdb.DuckDBPyConnection) -> None:
    tie = (f"{ann('10:00')}, 1, 7, 2, NULL", f"{ann('10:00')}, 1, NULL, 9, NULL")
    assert rows_of(db, latest("amount", "price"), visits(db, *tie), askers(db, ann("11:00"))) == [(7, 2.0)]


def test_latest_gives_the_null_of_its_row(db: duckdb.DuckDBPyConnection) -> None:
    two = (f"{ann('10:00')}, 1, 5, 1, NULL", f"{ann('10:10')}, 2, NULL, 2, NULL")
    source, asked = visits(db, *two), askers(db, ann("11:00"))
    assert rows_of(db, latest("amount", "price"), source, asked) == [(None, 2.0)]
    assert rows_of(db, aggregate(value("last")), source, asked) == [(5,)]


def test_latest_is_no_older_than_its_age(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, ann("11:30"), ann("11:30:00.000001"))
    assert rows_of(db, latest("amount", max_age=Duration.parse("1h")), visits(db, *THREE), asked) == [(7,), (None,)]


def test_latest_is_not_replaced_by_an_older_row_that_comes_late(db: duckdb.DuckDBPyConnection) -> None:
    two = (f"{ann('10:00')}, 1, 5, 1, {day('11:00')}", f"{ann('10:30')}, 2, 7, 1, {day('10:30')}")
    asked = askers(db, ann("10:15"), ann("10:45"), ann("11:30"))
    assert rows_of(db, latest("amount"), replace(visits(db, *two), row_available="known"), asked) == [
        (None,),
        (7,),
        (7,),
    ]


def test_sums_of_whole_numbers_do_not_wrap(db: duckdb.DuckDBPyConnection) -> None:
    two = [f"{ann('10:00')}, {i}, 2147483647, 1, NULL" for i in (1, 2)]
    found = rows_of(
        db, aggregate(value("sum"), value("mean"), value("std")), visits(db, *two), askers(db, ann("11:00"))
    )
    assert found == [(4294967294, 2147483647.0, 0.0)]


def test_sum_beyond_64_bits_is_an_error_and_not_another_number(db: duckdb.DuckDBPyConnection) -> None:
    source = visits(db, *[f"{ann('10:00')}, {i}, 2, 1, NULL" for i in (1, 2)])
    sql = compile_feature(
        "f", aggregate(value("sum", "amount * 4611686018427387903")), source, askers(db, ann("11:00"))
    )
    with pytest.raises(duckdb.ConversionException):
        db.execute(sql).fetchall()


@pytest.mark.parametrize("poison", ["1e17", "'nan'", "'infinity'", "1e300"])
def test_sum_of_doubles_does_not_feel_rows_outside_its_window(db: duckdb.DuckDBPyConnection, poison: str) -> None:
    rows = (
        f"{ann('08:00')}, 1, 1, {poison}, NULL",
        f"{ann('10:00')}, 2, 1, 0.1, NULL",
        f"{ann('10:10')}, 3, 1, 0.2, NULL",
    )
    found = rows_of(
        db,
        aggregate(value("sum", "price"), value("mean", "price")),
        visits(db, *rows),
        askers(db, ann("10:30")),
    )
    assert found == [(0.1 + 0.2, (0.1 + 0.2) / 2)]


def test_sum_of_doubles_holds_what_is_not_finite(db: duckdb.DuckDBPyConnection) -> None:
    rows = (
        f"{ann('10:00')}, 1, 1, 'infinity', NULL",
        f"{ann('10:10')}, 2, 1, '-infinity', NULL",
        f"'bob', {day('10:00')}, 3, 1, 2.5, NULL",
    )
    asked = askers(db, ann("10:05"), ann("10:30"), f"'bob', {day('10:30')}")
    assert repr(rows_of(db, aggregate(value("sum", "price")), visits(db, *rows), asked)) == "[(inf,), (nan,), (2.5,)]"


@pytest.mark.parametrize(("prices", "total"), [("5e-324 1e-320", 1.0005e-320), ("1e-300 3e-300", 4e-300)])
def test_sum_of_the_tiniest_doubles(db: duckdb.DuckDBPyConnection, prices: str, total: float) -> None:
    """The unit of which all of them are whole numbers is no double's inverse."""
    rows = [f"{ann('10:00')}, {i}, 1, {price}, NULL" for i, price in enumerate(prices.split())]
    found = rows_of(db, aggregate(value("sum", "price")), visits(db, *rows), askers(db, ann("10:30")))
    assert found == [(total,)]


def test_least_of_two_zeros_has_no_sign(db: duckdb.DuckDBPyConnection) -> None:
    """Of equal values any may be met first, and the same inputs must give the same bytes."""
    for prices in (("-0.0", "0.0"), ("0.0", "-0.0")):
        rows = [f"{ann('10:00')}, {i}, 1, '{price}'::DOUBLE, NULL" for i, price in enumerate(prices)]
        values = value("min", "price"), value("max", "price::FLOAT")
        found = rows_of(db, aggregate(*values), visits(db, *rows), askers(db, ann("10:30")))
        assert repr(found) == "[(0.0, 0.0)]"


def test_value_of_one_entity_is_counted_for_the_next_too(db: duckdb.DuckDBPyConnection) -> None:
    rows = (f"{ann('10:00')}, 1, 5, 1, NULL", f"'bob', {day('10:10')}, 2, 5, 1, NULL")
    asked = askers(db, ann("10:30"), f"'bob', {day('10:30')}", f"'bob', {day('10:05')}")
    assert rows_of(db, aggregate(value("count_distinct")), visits(db, *rows), asked) == [(1,), (1,), (0,)]


def test_first_is_not_a_row_after_the_example(db: duckdb.DuckDBPyConnection) -> None:
    asked = askers(db, ann("09:59"), ann("10:00"), ann("10:01"), ann("11:15"))
    found = rows_of(db, aggregate(value("first")), visits(db, *THREE), asked)
    assert found == [(None,), (None,), (5,), (7,)]


def test_rate_leaves_out_rows_where_the_condition_is_unknown(db: duckdb.DuckDBPyConnection) -> None:
    rows = [f"{ann('10:00')}, {i}, {amount}, 1, NULL" for i, amount in enumerate(("1", "5", "NULL", "9"))]
    found = rows_of(db, aggregate(value("rate", "amount > 4")), visits(db, *rows), askers(db, ann("11:00")))
    assert found == [(2 / 3,)]


def test_aggregate_in_sql_sees_only_visible_rows_in_their_order(db: duckdb.DuckDBPyConnection) -> None:
    rows = [f"{ann(f'10:{40 - i}')}, {i}, {i}, 1, NULL" for i in range(3)]
    lists = (Value("l", "sql", "list(amount)"), Value("q", "sql", "count(*) FILTER (amount > 0) * 10"))
    found = rows_of(db, aggregate(*lists), visits(db, *rows), askers(db, ann("10:40"), ann("09:00")))
    assert found == [([2, 1], 20), (None, 0)]


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("percentile_cont(0.5) WITHIN GROUP (ORDER BY amount)", 7.0),
        ("percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FILTER (amount > 0)", 7),
        ("mode() WITHIN GROUP (ORDER BY amount)", 7),
        ("quantile_cont(amount, 0.5)", 7.0),
        ("arg_max(amount, price, 2)", [7]),
        ("sum(DISTINCT amount) + 0 -- of all", 7),
        ("list(amount ORDER BY price DESC)[1] /* first */", 7),
        ('"max"(amount)', 7),
    ],
)
def test_aggregate_in_sql_sees_no_value_known_later(db: duckdb.DuckDBPyConnection, sql: str, seen: object) -> None:
    two = (f"{ann('10:00')}, 1, 5, 9, {day('12:00')}", f"{ann('10:10')}, 2, 7, 2, {day('10:10')}")
    source = replace(visits(db, *two), row_available="known")
    assert rows_of(db, aggregate(Value("x", "sql", sql)), source, askers(db, ann("10:30"))) == [(seen,)]


def test_local_day_is_as_long_as_the_clock_says(db: duckdb.DuckDBPyConnection) -> None:
    """At 12:00 in Berlin after the clock went forward one local day is 23 hours."""
    rows = [f"{ann(time, '2024-03-30')}, {i}, 1, 1, NULL" for i, time in enumerate(("10:59", "11:00"))]
    source = replace(visits(db, *rows), zone="Europe/Berlin")
    asked = askers(db, ann("10:00", "2024-03-31"))
    assert rows_of(db, aggregate(COUNT, over="1 local day, 1d"), source, asked) == [(1, 2)]


def test_local_day_that_begins_in_the_skipped_or_the_repeated_hour(db: duckdb.DuckDBPyConnection) -> None:
    """02:30 is read as 03:30 where the clock went forward, and as the second 02:30 where it went back."""
    spring, autumn = "2024-03-31", "2024-10-27"
    rows = (
        f"{ann('01:29', spring)}, 1, 1, 1, NULL", f"{ann('01:30', spring)}, 2, 1, 1, NULL",
        f"{ann('01:29', autumn)}, 3, 1, 1, NULL", f"{ann('01:30', autumn)}, 4, 1, 1, NULL",
    )  # fmt: skip
    source = replace(visits(db, *rows), zone="Europe/Berlin")
    asked = askers(db, ann("00:30", "2024-04-01"), ann("01:30", "2024-10-28"))
    assert rows_of(db, aggregate(COUNT, over="1 local day"), source, asked) == [(1,), (1,)]


def test_dates_begin_at_their_midnight_in_the_zone(db: duckdb.DuckDBPyConnection) -> None:
    columns = table(db, "visits", '"who" VARCHAR, "when" DATE, "number" INTEGER', "'ann', '2024-01-02', 1")
    source = Source("visits", columns, ("number",), zone="Europe/Berlin")
    asked = askers(db, ann("23:00"), ann("23:00:01"))
    assert rows_of(db, latest("number"), source, asked) == [(None,), (1,)]


@pytest.mark.parametrize(
    ("ours", "theirs", "met"),
    [
        ("INTEGER", "BIGINT", [("1", "1"), ("1", "2")]),
        ("DOUBLE", "BIGINT", [("1.0", "1"), ("1.5", "2")]),
        ("DOUBLE", "DOUBLE", [("'nan'", "'nan'"), ("1.0", "2.0")]),
        ("DOUBLE", "FLOAT", [("0.0", "-0.0"), ("0.1", "0.1")]),
        ("ENUM('a', 'b')", "VARCHAR", [("'a'", "'a'"), ("'a'", "'c'")]),
        ("DATE", "DATE", [("'2024-01-01'", "'2024-01-01'"), ("'2024-01-01'", "'2024-01-02'")]),
    ],
)
def test_keys_of_many_types_meet_their_equals_only(
    db: duckdb.DuckDBPyConnection, ours: str, theirs: str, met: list[tuple[str, str]]
) -> None:
    for (source_key, example_key), count in zip(met, (1, 0), strict=True):
        source = Source("visits", table(db, "visits", f'"who" {ours}, "when" TIMESTAMP', f"{source_key}, '2024-01-01'"))
        columns = table(
            db, "askers", f'"example" BIGINT, "who" {theirs}, "at" TIMESTAMP', f"0, {example_key}, '2024-01-01 00:30'"
        )
        assert rows_of(db, aggregate(COUNT, value("count_distinct", "who")), source, Examples("askers", columns)) == [
            (count, count)
        ]


def test_entity_of_two_columns(db: duckdb.DuckDBPyConnection) -> None:
    columns = table(
        db, "visits", '"a" VARCHAR, "b" INTEGER, "when" TIMESTAMP', "'x', 1, '2024-01-01'", "'x', 2, '2024-01-01'"
    )
    asked = table(
        db, "askers", '"example" BIGINT, "b" INTEGER, "a" VARCHAR, "at" TIMESTAMP', "0, 2, 'x', '2024-01-01 00:01'"
    )
    feature = aggregate(COUNT, value("sum", "b"), by=("a", "b"))
    assert rows_of(db, feature, Source("visits", columns), Examples("askers", asked)) == [(1, 2)]


def test_no_entity_is_one_entity(db: duckdb.DuckDBPyConnection) -> None:
    functions = [
        value("sum"),
        value("max"),
        value("last"),
        value("count_distinct"),
        Value("q", "sql", "median(amount)"),
    ]
    source, asked = visits(db, *THREE), askers(db, ann("11:00"), f"NULL, {day('10:15')}")
    assert rows_of(db, aggregate(*functions, by=()), source, asked) == [(21, 9, 9, 3, 7.0), (5, 5, 5, 1, 5.0)]
    assert rows_of(db, latest("amount", by=()), source, asked) == [(9,), (5,)]


@pytest.mark.parametrize(("ours", "theirs"), [("e", "p"), ("p", "q"), ("x", "s0"), ("source", "e0")])
def test_names_of_the_user_do_not_meet_ours(db: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> None:
    columns = table(db, ours, "k0 INTEGER, us TIMESTAMP, id INTEGER, n INTEGER, k INTEGER", "1, '2024-01-01', 4, 5, 6")
    asked = table(db, theirs, "id BIGINT, k0 INTEGER, t TIMESTAMP, v INTEGER", "0, 1, '2024-01-01 00:30', 9")
    source, examples = Source(ours, columns, ("id",), unique=True), Examples(theirs, asked, "t", "id")
    values = (Value("s", "sum", "id + n + k"), Value("d", "count_distinct", "us"), Value("q", "sql", "sum(id + n + k)"))
    feature = Aggregate(ours, ("k0",), "us", (Duration.parse("1h"),), values, PLACE, where="k0 = 1 AND n = 5")
    assert rows_of(db, feature, source, examples) == [(15, 1, 15)]
    assert rows_of(db, Latest(ours, ("k0",), "us", ("id", "n", "us"), PLACE), source, examples)[0][:2] == (4, 5)


def test_times_far_away_do_not_overflow(db: duckdb.DuckDBPyConnection) -> None:
    source = visits(db, "'ann', '200000-01-01 00:00+00', 1, 5, 1, NULL")
    asked = askers(db, "'ann', '200000-01-01 00:30+00'", "'ann', '294247-01-10 00:00+00'")
    assert rows_of(db, aggregate(COUNT, value("sum"), value("count_distinct")), source, asked) == [
        (1, 5, 1),
        (0, None, 0),
    ]
    assert rows_of(db, latest("amount", max_age=Duration.parse("1d")), source, asked) == [(5,), (None,)]


def test_no_output_is_of_a_type_that_parquet_would_round(db: duckdb.DuckDBPyConnection) -> None:
    source = visits(db, *THREE)
    values = (
        value("sum"),
        value("sql", "sum(amount)"),
        value("max", "amount::HUGEINT"),
        Value("s", "sum", "amount::HUGEINT"),
    )
    sql = compile_feature("f", aggregate(*values), source, askers(db, ann("11:00")))
    types = [row[1] for row in db.execute(f"DESCRIBE {sql}").fetchall()]
    assert types == ["BIGINT", "BIGINT", "BIGINT", "DECIMAL(38,0)", "BIGINT"]


def test_formulation_follows_the_survey(db: duckdb.DuckDBPyConnection) -> None:
    source, asked, hour = visits(db, *THREE), askers(db, ann("11:00")), Duration.parse("1h")
    feature = aggregate(value("sum"), value("max"))
    many = Survey(events=1000, examples=100, entities=3, pairs={hour: 1e9}, first=0, last=1)
    few = replace(many, pairs={hour: 5.0})
    forced = {name: compile_feature("f", feature, source, asked, many, formulation=name) for name in FORMULATIONS}
    assert compile_feature("f", feature, source, asked) == forced["join"]
    assert compile_feature("f", feature, source, asked, replace(many, ordered=False)) == forced["join"]
    assert compile_feature("f", feature, source, asked, few) == forced["buckets"]
    assert "stretch" not in compile_feature("f", feature, source, asked, many)


@pytest.mark.parametrize("formulation", ["fetch", "carry", "ahead", "ranked", "stream", "islands"])
def test_sorted_formulations_stream(db: duckdb.DuckDBPyConnection, formulation: str) -> None:
    """Where DuckDB plans no streaming window they would still be right, and several times slower."""
    source, asked = replace(visits(db, *THREE), unique=True), askers(db, ann("11:00"))
    aggregates = {"stream": "sum", "islands": "count_distinct", "ahead": "first"}
    picks = formulation not in aggregates
    feature = latest("amount") if picks else aggregate(value(aggregates[formulation]), over="1d")  # type: ignore[arg-type]
    sql = compile_feature("f", feature, source, asked, formulation=formulation)
    plan = str(db.execute(f"EXPLAIN {sql}").fetchall())
    assert "Streaming Window" in plan
    assert "─ Window" not in plan


def faults(db: duckdb.DuckDBPyConnection, feature: Feature) -> list[str]:
    with pytest.raises(ProjectError) as caught:
        compile_feature("f", feature, visits(db), askers(db))
    assert all(finding.place == PLACE for finding in caught.value.findings)
    return [finding.message.removeprefix("feature f: ") for finding in caught.value.findings]


def test_all_faults_are_told_at_once(db: duckdb.DuckDBPyConnection) -> None:
    found = faults(db, aggregate(value("sum", "amout"), by=("whom",), at="number", where="price"))
    assert len(found) == 5
    assert found[0] == "by names whom, which the source has no column for (did you mean who?)"
    assert "at is INTEGER, which is no time" in found[2]
    assert found[-1] == "sum reads amout, which the relation doesn't have (did you mean amount?)"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("amount +", "can't be read as SQL"),
        ("amount, price", "is not one SQL expression"),
        ("amount FROM x", "is not one SQL expression"),
        ("(SELECT 1)", "holds a subquery"),
        ("sum(amount) OVER ()", "holds a window function"),
        ("sum(amount)", "holds an aggregate"),
        ("product(price) + 1", "holds an aggregate"),
        ("geomean(price)", "calls geomean(), which is made of other aggregates"),
        ("unnest([amount, 1])", "makes many rows of one"),
        ("random() * amount", "calls rand"),
        ("epoch(now()) - amount", "calls "),
        ("who", "is VARCHAR, which can't be added up"),
        ("amount + [1]", "doesn't fit the columns"),
        ("nothing(amount)", "doesn't fit the columns"),
    ],
)
def test_expression_that_cannot_be_used(db: duckdb.DuckDBPyConnection, sql: str, told: str) -> None:
    (found,) = faults(db, aggregate(value("sum", sql)))
    assert told in found


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("amount + 1", "x is no aggregate"),
        ("geomean(price) + 1", "x calls geomean(), which is made of other aggregates; write those"),
        ("weighted_avg(price, amount)", "x calls weighted_avg(), which is made of other aggregates; write those"),
        ("json_group_array(price)", "x calls json_group_array(), which is made of other aggregates; write those"),
        ("unnest(list(amount))", "x makes many rows of one; compute it in a table"),
    ],
)
def test_sql_that_can_not_be_narrowed_to_visible_rows(db: duckdb.DuckDBPyConnection, sql: str, told: str) -> None:
    assert faults(db, aggregate(Value("x", "sql", sql))) == [told]


def test_keys_that_cannot_be_compared(db: duckdb.DuckDBPyConnection) -> None:
    columns = table(db, "askers", '"example" BIGINT, "who" INTEGER, "at" TIMESTAMP')
    with pytest.raises(ProjectError, match="by who is INTEGER in the examples and VARCHAR in the source"):
        compile_feature("f", aggregate(COUNT), visits(db), Examples("askers", columns))


def test_survey_tells_an_expression_that_fails_on_a_row(db: duckdb.DuckDBPyConnection) -> None:
    source = visits(db, f"{ann('10:00')}, 1, 5, 1, NULL")
    with pytest.raises(ProjectError, match="feature-fails"):
        survey(db, aggregate(value("sum", "who::INTEGER")), source, askers(db))


def test_survey_counts_pairs(db: duckdb.DuckDBPyConnection) -> None:
    source = visits(db, *(f"{ann('10:00')}::TIMESTAMPTZ + INTERVAL {i} MINUTE, {i}, 1, 0.5, NULL" for i in range(50)))
    asked = askers(db, ann("10:45"))
    found = survey(db, aggregate(value("sum", "price"), over="1h"), source, asked)
    assert (found.events, found.examples, found.entities) == (50, 1, 1)
    assert found.pairs[Duration.parse("1h")] == 50
    assert found.first == int(dt.datetime(2024, 1, 1, 10, tzinfo=dt.UTC).timestamp() * 1e6)
