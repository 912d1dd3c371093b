"""The relational form says what the query does: written back as SQL, it gives the same rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from balun.relational.bound import relation_of
from balun.relational.dtype import RESERVED
from balun.relational.expression import Call, Computed, Expression, Literal, Window, walk
from balun.relational.normal import normal
from balun.relational.relation import Column, Filter, Group, Limit, Project, Relation, Scan, Unknown, Windows, ordered
from balun.relational.written import sql_of

# Each gives the same rows each time.
SELECTS = (Path(__file__).parent / "facts" / "selects.sql").read_text(encoding="utf-8").split(";\n")[:-1]
_TABLES = """
CREATE TABLE t (a INTEGER, b VARCHAR, c DOUBLE, d DATE, l INTEGER[], s STRUCT(x INTEGER, y VARCHAR), ts TIMESTAMP,
                j JSON, e ENUM('u', 'v'), h HUGEINT, n DECIMAL(30,2));
CREATE TABLE u (a INTEGER, k VARCHAR, g INTEGER);
"""
_T: tuple[tuple[object, ...], ...] = (
    (1, 2, 3), ("p", "q", "x", "ü"), (0.5, 2.0, float("nan")), ("2020-01-01", "2020-01-02"), ([], [1], [2, None]),
    ({"x": 1, "y": "z"},), ("2020-01-01 10:00",), ('{"x": 1}', "null"), ("u", "v"), (1, 2), (1, 2.5),
)  # fmt: skip
_U = ((1, 2, 3), ("p", "q", "x"), (1, 2, 3))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(config={"threads": 1})
    made.execute("SET TimeZone = 'UTC'")
    made.execute(_TABLES)
    return made


def read(connection: duckdb.DuckDBPyConnection, sql: str) -> Relation:
    told = connection.execute(f"DESCRIBE {sql}").fetchall()
    return relation_of(connection, sql, [Column(name, dtype) for name, dtype, *_ in told])


def fill(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    chance = random.Random(seed)
    for name, values, count in (("t", _T, chance.choice((0, 7, 10))), ("u", _U, chance.choice((0, 5, 8)))):
        connection.execute(f"DELETE FROM {name}")
        for _ in range(count):
            row = [chance.choice((None, *one, *one)) for one in values]
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)


def written(relation: Relation) -> str:
    """The tests' one function that makes rows is range(5)."""
    return sql_of(relation, unknown="SELECT * FROM range(5)")


def bag(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[str] | str:
    """Its rows; the kind of error where it fails, as some do on some rows."""
    try:
        return Counter(map(repr, connection.execute(sql).fetchall()))
    except duckdb.Error as exc:
        return type(exc).__name__


@pytest.mark.parametrize("sql", SELECTS)
def test_form_written_back_gives_the_same_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    again = written(read(connection, sql))
    for seed in range(5):
        fill(connection, seed)
        assert bag(connection, again) == bag(connection, sql), again


@pytest.mark.parametrize("sql", SELECTS)
def test_normal_form_gives_the_same_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    relation = read(connection, sql)
    forms = {written(normal(relation, joins=joins)) for joins in (False, True)}
    for seed in range(5):
        fill(connection, seed)
        for form in forms:
            assert bag(connection, form) == bag(connection, sql), form


@pytest.mark.parametrize("sql", SELECTS)
def test_types_are_the_binders(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    relation = read(connection, sql)
    told = [one[1] for one in connection.execute(f"DESCRIBE {sql}").fetchall()]
    assert [one.dtype for one in relation.columns] == told
    if isinstance(relation, Project):
        assert [one.dtype for one in relation.outputs] == told


@pytest.mark.parametrize("tail", ["LIMIT 10 %", "LIMIT 3 OFFSET 2", "USING SAMPLE 50 %", "USING SAMPLE 3 ROWS"])
def test_limits_give_some_of_the_rows(connection: duckdb.DuckDBPyConnection, tail: str) -> None:
    relation = read(connection, f"SELECT * FROM u {tail}")
    assert any(isinstance(one, Limit) for one in ordered(relation))
    fill(connection, 1)
    some, whole = bag(connection, f"SELECT * FROM u {tail}"), bag(connection, written(relation))
    assert isinstance(some, Counter)
    assert isinstance(whole, Counter)
    assert some <= whole


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 5) SELECT * FROM r",
            "reads itself",
        ),
        ("SELECT x FROM u, range(u.a) AS r(x)", "range() of the columns of a row"),
        ("SELECT " + "a + " * 300 + "a AS x FROM u", "nested too deep"),
        ("SELECT " + "NOT " * 900 + "true AS x", "nested too deep"),
    ],
)
def test_what_cannot_be_read_is_unknown_with_its_reason(
    connection: duckdb.DuckDBPyConnection, sql: str, reason: str
) -> None:
    assert any(isinstance(one, Unknown) and reason in one.reason for one in ordered(read(connection, sql)))


def test_unknown_keeps_what_it_is_made_of(connection: duckdb.DuckDBPyConnection) -> None:
    relation = read(connection, "SELECT x FROM u, range(u.a) AS r(x)")
    unknown = next(one for one in ordered(relation) if isinstance(one, Unknown))
    assert any(isinstance(one, Scan) and one.parent == "u" for one in ordered(unknown))


def test_long_chain_of_withs_is_read(connection: duckdb.DuckDBPyConnection) -> None:
    steps = ", ".join(f"w{at} AS (SELECT a FROM w{at - 1})" for at in range(1, 120))
    relation = read(connection, f"WITH w0 AS (SELECT a FROM u), {steps} SELECT * FROM w119")
    assert not any(isinstance(one, Unknown) for one in ordered(relation))


@pytest.mark.parametrize("word", ["upper(k)", "+ a", "7 + a", "17"])
def test_places_count_bytes(connection: duckdb.DuckDBPyConnection, word: str) -> None:
    sql = "SELECT 'üß' || upper(k), sum(a) FROM u WHERE 'ä' <> k AND g > 17 AND 7 + a = 7 GROUP BY 1"
    found = {one.place for one in _computed(read(connection, sql))}
    assert sql.encode().index(word.encode()) in found


def _computed(relation: Relation) -> list[Computed]:
    found: list[Computed] = []
    for one in ordered(relation):
        told: Sequence[Computed] = ()
        match one:
            case Project():
                told = one.outputs
            case Filter():
                told = one.conditions
            case Group():
                told = (*one.keys, *one.aggregates)
        found += [part for each in told for part in walk(each)]
    return found


def test_lambdas_that_differ_are_not_equal(connection: duckdb.DuckDBPyConnection) -> None:
    one, other, same = _outputs(
        connection,
        "SELECT list_transform(l, lambda x: x + 1) AS p, list_transform(l, lambda x: x + 2) AS q,"
        " list_transform(l, lambda y: y + 1) AS r FROM t",
    )
    assert one == same
    assert one != other


def test_random_inside_a_lambda_is_seen(connection: duckdb.DuckDBPyConnection) -> None:
    (one,) = _outputs(connection, "SELECT list_transform([1, 2], lambda x: x + random()) AS p FROM t")
    assert any(isinstance(part, Call) and part.name == "random" for part in walk(one))


def test_row_number_by_an_order_of_its_own_keeps_it_apart(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT row_number(ORDER BY a) OVER (ORDER BY g) AS n FROM u"
    window = next(one for one in ordered(read(connection, sql)) if isinstance(one, Windows)).windows[0]
    assert isinstance(window, Window)
    assert len(window.order) == len(window.arg_order) == 1


@pytest.mark.parametrize(
    ("sql", "value"),
    [("0::HUGEINT", 0), ("0::DECIMAL(30,2)", 0), ("170141183460469231731687303715884105727", 2**127 - 1), ("-7", -7)],
)
def test_constants_of_any_width_are_numbers(connection: duckdb.DuckDBPyConnection, sql: str, value: int) -> None:
    (one,) = _outputs(connection, f"SELECT {sql} AS x")
    assert isinstance(one, Literal)
    assert one.value == value


@pytest.mark.parametrize("sql", ["300 AS TINYINT", "-1 AS UINTEGER", "1000.5 AS DECIMAL(4,1)", "'2023-02-29' AS DATE"])
def test_try_cast_that_fails_is_no_constant(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    (one,) = _outputs(connection, f"SELECT TRY_CAST({sql}) AS x")
    assert isinstance(one, Call)
    assert one.name == "try_cast"


@pytest.mark.parametrize(
    "dtype",
    ["ENUM('a b', 'c''d')", 'STRUCT("a b" INTEGER, "select" VARCHAR, Ab JSON)', "UNION(a INTEGER, b VARCHAR)",
     "INTEGER[3]", "MAP(VARCHAR, INTEGER[])", "DECIMAL(4,1)[]", "TIMESTAMP WITH TIME ZONE", "JSON", "VARIANT", "BIT",
     "TIME_NS", "UHUGEINT"],
)  # fmt: skip
def test_type_is_written_as_duckdb_does(connection: duckdb.DuckDBPyConnection, dtype: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE typed (x {dtype})")
    scan = next(one for one in ordered(read(connection, "SELECT x FROM typed")) if isinstance(one, Scan))
    assert scan.columns[0].dtype == dtype


def test_reserved_words_are_duckdbs(connection: duckdb.DuckDBPyConnection) -> None:
    told = connection.execute(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    ).fetchall()
    assert {name for (name,) in told} == RESERVED


def _outputs(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[Expression]:
    relation = read(connection, sql)
    assert isinstance(relation, Project)
    inner = relation
    while isinstance(inner.input, Project):
        inner = inner.input
    return inner.outputs
