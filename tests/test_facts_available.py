"""Availability is tested by execution: what is said to be known at a time is there, with that value, in what could be
built at that time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from balun.chain.table import PythonTable, Table
from balun.facts.available import Availability, Lost, availability, late_check_sql, lost_findings
from balun.finding import Place

START = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA = {
    "d": {"id": "INTEGER", "k": "INTEGER", "x": "INTEGER", "y": "INTEGER", "t": "TIMESTAMPTZ", "m": "INTEGER"},
    "r": {"rid": "INTEGER", "k": "INTEGER", "z": "INTEGER", "came": "TIMESTAMPTZ"},
    "p": {"k": "INTEGER", "seats": "INTEGER"},
}
PARENTS = {
    "d": Availability(columns={"x": "t + to_minutes(m)", "y": "t + INTERVAL 2 MINUTE"}),
    "r": Availability(row="came"),
    "p": Availability(),
}


def table(sql: str, **more: object) -> Table:
    return Table("made", "me", Place("tables/made.sql"), sql, ("d", "r", "p"), **more)  # type: ignore[arg-type]


def derive(sql: str, **more: object) -> Availability:
    return availability(table(sql, **more), SCHEMA, PARENTS)


KNOWN = (
    "SELECT * FROM d",
    "SELECT id, t AS start, m AS minutes, x + y AS total FROM d",
    "SELECT id, t + to_minutes(m) AS left_gate, x * 2 AS twice FROM d",
    "SELECT * FROM d WHERE x IS NOT NULL",
    "SELECT id, t, m, coalesce(x, 0) AS x FROM d WHERE y > 1 OR y IS NULL",
    "SELECT d.*, p.seats FROM d LEFT JOIN p USING (k)",
    "SELECT d.*, r.rid, r.z, r.came FROM d LEFT JOIN r ON d.k = r.k",
    "SELECT d.*, r.rid, r.z, r.came, r.rid IS NULL AS missing FROM d LEFT JOIN r ON d.k = r.k AND d.x > 1",
    "SELECT d.*, r.rid, r.z, r.came FROM d JOIN r ON d.x = r.z",
    "SELECT r.*, d.id, d.x, d.t, d.m FROM d RIGHT JOIN r ON d.k = r.k",
    "SELECT a.id, b.id AS other, a.t, a.m, a.x, b.x AS x2, b.t AS t2, b.m AS m2 FROM d a JOIN d b ON a.k = b.k",
    "WITH c AS (SELECT *, x + 1 AS w FROM d) SELECT id, t, m, w FROM c WHERE k > 0",
    "SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY t DESC, id) n FROM d) WHERE n = 1",
    "SELECT * FROM d QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id) = 1",
    "SELECT DISTINCT ON (k) * FROM r ORDER BY k, z DESC, rid",
    "SELECT * FROM r ORDER BY z, rid LIMIT 3",
    "SELECT id, t, m, x FROM d UNION ALL SELECT id + 100, t, m, x FROM d",
    "SELECT s.id, s.x + 1 AS x, s.t, s.m FROM (SELECT * FROM d UNION ALL SELECT * FROM d) s WHERE s.k > 0",
    "SELECT DISTINCT t, m, x FROM d",
    "SELECT id, t, m, max(x) AS x FROM d GROUP BY id, t, m",
    "SELECT d.id, d.t, d.m, p.seats, d.x FROM d JOIN p ON p.k = d.k WHERE p.seats > 1",
    "SELECT d.id, r.rid, r.came, r.z FROM d ASOF JOIN r ON d.k = r.k AND d.t >= r.came",
    "SELECT rid, k, came, l.z FROM r, LATERAL (SELECT r.z) AS l",
    "SELECT * FROM d WHERE EXISTS (SELECT 1 FROM p WHERE p.k = d.k)",
    "SELECT id, t, m, (SELECT max(seats) FROM p WHERE p.k = d.k) AS seats, x FROM d",
    "SELECT id, t, m, CASE WHEN x > 2 THEN 'late' END AS c, unnest([1, 2]) AS u FROM d",
)


def rows(seed: int) -> duckdb.DuckDBPyConnection:
    chance = random.Random(seed)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, columns in SCHEMA.items():
        connection.execute(f"CREATE TABLE all_{name} ({', '.join(f'{c} {dtype}' for c, dtype in columns.items())})")
        for number in range(8):
            row = [
                number if at == 0 and name != "p" else _value(chance, dtype)
                for at, dtype in enumerate(columns.values())
            ]
            connection.execute(f"INSERT INTO all_{name} VALUES ({', '.join('?' * len(row))})", row)
    return connection


def _value(chance: random.Random, dtype: str) -> object:
    if chance.random() < 0.15:
        return None
    return START + timedelta(minutes=chance.randrange(6)) if dtype == "TIMESTAMPTZ" else chance.randrange(5)


def as_known_at(connection: duckdb.DuckDBPyConnection, minute: int | None) -> None:
    """Views of what could be read at that minute: rows that had come, values that were known; None: of everything."""
    now = "TIMESTAMPTZ 'infinity'" if minute is None else f"TIMESTAMPTZ '{START + timedelta(minutes=minute)}'"
    for name, columns in SCHEMA.items():
        known = PARENTS[name]
        values = [
            f"CASE WHEN {known.columns[c]} <= {now} THEN {c} END AS {c}"
            if c in known.columns and minute is not None
            else c
            for c in columns
        ]
        where = f"WHERE {known.row} <= {now}" if known.row and minute is not None else ""
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(values)} FROM all_{name} {where}")


@pytest.mark.parametrize("sql", KNOWN)
def test_what_is_known_at_a_time_is_in_what_is_built_at_that_time(sql: str) -> None:
    found = derive(sql)
    assert not found.lost
    for seed in range(4):
        connection = rows(seed)
        as_known_at(connection, None)
        connection.execute(f"CREATE TABLE whole AS {sql}")
        names = [row[0] for row in connection.execute("DESCRIBE whole").fetchall()]
        for minute in range(0, 12, 2):
            as_known_at(connection, minute)
            connection.execute(f"CREATE OR REPLACE TABLE built AS {sql}")
            assert missing(connection, found, names, START + timedelta(minutes=minute)) == []


def missing(
    connection: duckdb.DuckDBPyConnection, found: Availability, names: list[str], now: datetime
) -> list[tuple[object, ...]]:
    """Rows of the whole table, as far as they are said to be known, that the table of then doesn't have."""
    here = f"TIMESTAMPTZ '{now}'"
    match = " AND ".join(
        f"(w.{name} IS NOT DISTINCT FROM n.{name}"
        + (f" OR NOT coalesce(known_{name}, false))" if name in found.columns else ")")
        for name in names
    )
    known = "".join(f", ({text}) <= {here} AS known_{name}" for name, text in found.columns.items())
    row = f"WHERE ({found.row}) <= {here}" if found.row else ""
    sql = f"FROM (SELECT *{known} FROM whole {row}) AS w WHERE NOT EXISTS (FROM built AS n WHERE {match})"
    return connection.execute(f"SELECT {', '.join(names)} {sql}").fetchall()


def test_a_time_is_said_in_the_tables_own_columns() -> None:
    assert derive("SELECT id, t AS start, m, x FROM d").columns == {"x": "start + to_minutes(m)"}


def test_a_column_that_holds_the_time_stands_for_it() -> None:
    found = derive("SELECT id, t + to_minutes(d.m) AS left_gate, x FROM d")
    assert found.columns == {"x": "left_gate"}


def test_a_time_outlives_the_columns_it_is_made_of() -> None:
    first = derive("SELECT id, t, m, t + to_minutes(m) AS left_gate, x FROM d")
    schema = {"flown": dict.fromkeys(("id", "t", "m", "left_gate", "x"), "INTEGER")}
    for kept in ("left_gate", "t, m"):
        then = availability(table(f"SELECT id, {kept}, x FROM flown"), schema, {"flown": first})
        assert then.columns["x"] == ("left_gate" if kept == "left_gate" else "t + to_minutes(m)")


def test_latest_of_two_is_null_where_one_is() -> None:
    text = derive("SELECT x + y AS s, t, m FROM d").columns["s"]
    connection = duckdb.connect()
    row = connection.execute(
        f"SELECT {text} FROM (SELECT TIMESTAMPTZ '2024-01-01' AS t, NULL::INTEGER AS m)"
    ).fetchone()
    assert row == (None,)


def test_a_late_filter_makes_the_row_late() -> None:
    found = derive("SELECT id, k, t, m FROM d WHERE x > 3")
    assert (found.row, dict(found.columns)) == ("t + to_minutes(m)", {})


def test_times_of_two_reads_are_not_mixed() -> None:
    found = derive("SELECT a.id, a.x, b.t, b.m FROM d a JOIN d b ON a.k = b.k")
    assert [(lost.column, lost.missing) for lost in found.lost] == [("x", ("m", "t"))]


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        ("SELECT id, x FROM d", "x"),
        ("SELECT k, avg(x) AS a FROM d GROUP BY k", "a"),
        ("SELECT id, t, m, sum(x) OVER (PARTITION BY k) AS s FROM d", "s"),
        ("SELECT id, t, m, (SELECT max(x) FROM d e WHERE e.k = d.k) AS s FROM d", "s"),
        ("SELECT k, count(*) AS n FROM r GROUP BY k", None),
        ("SELECT k FROM d WHERE x IN (SELECT z FROM r)", None),
        ("SELECT * FROM r LIMIT 3 OFFSET 1", None),
        ("SELECT id, x, t, m FROM d UNION ALL SELECT rid, z, came, k FROM r", None),
        ("SELECT d.id, d.t, r.came FROM d FULL JOIN r USING (k)", None),
    ],
)
def test_what_cannot_be_said_is_lost(sql: str, column: str | None) -> None:
    assert [lost.column for lost in derive(sql).lost] == [column]


def test_a_group_is_known_with_the_last_of_its_rows() -> None:
    schema, parents = {"d": SCHEMA["d"]}, {"d": Availability()}
    sql = "SELECT k, date_trunc('day', t) AS day, count(*) AS n FROM d GROUP BY ALL"
    assert availability(table(sql), schema, parents).lost == ()
    (lost,) = availability(table(sql), schema, parents, ats={"d": "t"}).lost
    assert (lost.column, lost.expression) == (None, "t")


def test_a_time_that_is_there_without_the_row_is_lost_through_an_outer_join() -> None:
    parents = {**PARENTS, "r": Availability(row="coalesce(came, TIMESTAMPTZ '2024-01-01')")}
    sql = "SELECT d.id, r.rid, r.came FROM d LEFT JOIN r USING (k)"
    assert [lost.column for lost in availability(table(sql), SCHEMA, parents).lost] == ["rid", "came"]


def test_a_declared_time_wins() -> None:
    found = derive("SELECT id, x, t FROM d", available=(("x", "t + INTERVAL 1 DAY"),))
    assert (found.columns, found.lost) == ({"x": "t + INTERVAL 1 DAY"}, ())


def test_declaring_every_column_makes_a_lost_row_good() -> None:
    sql = "SELECT k, count(*) AS n, max(came) AS seen FROM r GROUP BY k"
    assert derive(sql, key=("k",), available=(("n", "seen"),)).lost
    assert not derive(sql, key=("k",), available=(("n", "seen"), ("seen", "seen"))).lost


def test_what_a_parent_lost_stays_lost() -> None:
    parents = {"d": Availability(lost=(Lost("x", "up", "then", ("then",)),))}
    found = availability(table("SELECT id, x + 1 AS w, y FROM d"), {"d": SCHEMA["d"]}, parents)
    assert [lost.column for lost in found.lost] == ["w"]


def test_python_table_over_late_rows_must_declare() -> None:
    columns = (("k", "INTEGER"), ("n", "INTEGER"), ("seen", "TIMESTAMPTZ"))
    made = PythonTable("made", "me", Place("t.py", 3), print, ("r",), columns, "", key=("k",))
    assert availability(made, SCHEMA, PARENTS).lost
    declared = replace(made, at="seen", available=(("n", "seen"),))
    assert availability(declared, SCHEMA, PARENTS).columns == {"n": "seen"}


def test_lost_column_says_what_to_carry() -> None:
    made = table("SELECT id, t, x FROM d")
    (finding,) = lost_findings(made, availability(made, SCHEMA, PARENTS))
    assert finding.message == "made.x is known only at `t + to_minutes(m)` of d, and made doesn't carry d.m"
    assert finding.mend == "add d.m to the SELECT, or declare `available: {x: …}`"


def test_late_values_are_counted() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE e AS FROM (VALUES (1, 2), (2, 2), (3, 2), (NULL, 2)) AS v(known, moment)")
    assert connection.execute(f"SELECT {late_check_sql('known', 'moment')} FROM e").fetchall() == [(2,)]
