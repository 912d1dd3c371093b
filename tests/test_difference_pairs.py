"""What one change does to one query, said in advance: same where that can be told, never same where it isn't."""

from __future__ import annotations

import random

import duckdb
import pytest

from balun.chain.change import read_change
from balun.difference.captured import captured
from balun.difference.delta import Same
from balun.difference.rows import Rows
from balun.relational.bound import relation_of
from balun.relational.relation import Column, Relation
from mutated import contract_of, difference
from worlds import TABLES, fill

_SAME = [
    ("coarsen e.r to 1 h", "SELECT date_trunc('day', r) AS x, year(r) AS y, r::DATE AS z FROM e"),
    ("coarsen e.r to 1 h", "SELECT hour(r) AS x FROM e"),
    ("coarsen e.r to 1 h", "SELECT r IS NULL AS x, count(r) AS y FROM e GROUP BY ALL"),
    ("coarsen e.r to 1 h", "SELECT date_trunc('day', r + INTERVAL 2 HOUR) AS x FROM e"),
    ("coarsen e.r to 1 h", "SELECT date_diff('day', r, DATE '2020-03-01') AS x FROM e"),
    ("coarsen e.r to 1 h", "SELECT date_trunc('month', max(r)) AS x FROM e"),
    ("coarsen t.a to 2", "SELECT a >= 2 AS x, a < 4 AS y FROM t"),
    ("rescale t.c from minute to second", "SELECT c > 0 AS x, count(c) AS y, -c < 0 AS z FROM t GROUP BY ALL"),
    ("recode t.b 'p' to 'new'", "SELECT b = 'q' AS x, b IN ('q', '2') AS y, length(b) > 5 AS z FROM t"),
    ("recode t.b 'p' to 'q'", "SELECT b IN ('p', 'q') AS x, CASE WHEN b = 'p' OR b = 'q' THEN 1 END AS y FROM t"),
    ("recode t.b 'p' to 'q'", "SELECT count(b) AS x FROM t"),
    ("recode t.b 'p' to 'q'", "SELECT id FROM t WHERE b = '2'"),
    ("recode t.b 'p' to 'q'", "SELECT id, a FROM t WHERE lower(b) <> 'z'"),
    ("pool t.b 'p', 'q' into 'r'", "SELECT b = '2' AS x, count(b) AS y FROM t GROUP BY ALL"),
    ("pool t.b 'p', 'q' into 'r'", "SELECT b IN ('p', 'q', 'r') AS x FROM t"),
    ("retype t.a to BIGINT", "SELECT id FROM t WHERE a > 1"),
    ("retype t.a to VARCHAR", "SELECT id, a::INTEGER + 1 AS x FROM t"),
    ("retype t.id to VARCHAR", "SELECT x.a FROM t AS x JOIN t AS y ON x.id = y.id"),
    ("sample u to 50%", "SELECT t.id, t.a FROM t LEFT JOIN (SELECT DISTINCT k FROM u) AS u ON t.id = u.k"),
    ("sample g to 50%", "SELECT id, EXISTS (SELECT 1 FROM u WHERE u.k = t.id) AS x FROM t"),
    ("require t.a", "SELECT id, b FROM t WHERE a > 0"),
    ("require t.a", "SELECT t.id, u.v FROM t JOIN u ON t.a = u.k"),
    ("remove value u.l 'p'", "SELECT k, v FROM u WHERE l <> 'p'"),
    ("drop t.f", "SELECT id, a FROM (SELECT * FROM t)"),
    ("rename t.f to flag", "SELECT id, a FROM (SELECT * FROM t)"),
    ("nullable t.d", "SELECT id, a, row_number() OVER (PARTITION BY b ORDER BY id) AS x FROM t"),
]
_OTHER = [
    ("coarsen e.r to 1 h", "SELECT minute(r) AS x FROM e"),
    ("coarsen e.r to 1 d", "SELECT date_trunc('hour', r) AS x FROM e"),
    ("coarsen e.r to 1 h", "SELECT date_trunc('day', r + INTERVAL 30 MINUTE) AS x FROM e"),
    ("coarsen e.r to 1 h", "SELECT p FROM e WHERE r > TIMESTAMP '2020-02-29'"),
    ("coarsen t.a to 2", "SELECT a >= 1 AS x FROM t"),
    ("coarsen t.a to 2", "SELECT count(*) AS x FROM t GROUP BY a"),
    ("rescale t.c from minute to second", "SELECT c > 1 AS x FROM t"),
    ("recode t.b 'p' to 'q'", "SELECT b = 'q' AS x FROM t"),
    ("recode t.b 'p' to 'q'", "SELECT id FROM t WHERE b = 'p'"),
    ("pool t.b 'p', 'q' into 'r'", "SELECT b IN ('p', 'q') AS x FROM t"),
    ("pool t.b 'p', 'q' into 'p'", "SELECT count(DISTINCT b) AS x FROM t"),
    ("pool t.b 'p', 'q' into 'p'", "SELECT count(*) AS x FROM t GROUP BY b"),
    ("pool t.b 'p', 'q' into 'r'", "SELECT x.id FROM t AS x JOIN t AS y ON x.b = y.b"),
    ("retype t.c to VARCHAR", "SELECT count(*) AS x FROM t GROUP BY c"),
    ("sample u to 50%", "SELECT t.id FROM t LEFT JOIN u ON t.id = u.k"),
    ("sample u to 50%", "SELECT t.id FROM t WHERE id NOT IN (SELECT k FROM u)"),
    ("sample t to 50%", "SELECT count(*) AS x FROM t"),
    ("require t.a", "SELECT id FROM t WHERE b = 'p'"),
    ("remove value u.l 'p'", "SELECT k FROM u WHERE l <> 'q'"),
    ("nullable t.d", "SELECT id FROM t WHERE d > DATE '2020-02-01'"),
    ("nullable t.d", "SELECT first(a ORDER BY d) AS x FROM t GROUP BY b"),
    ("recode t.b 'p' to 'q'", "SELECT count(DISTINCT b) AS x FROM t"),
    # Found by random queries.
    ("coarsen g.m to 2", "SELECT h AS x FROM (SELECT h, lead(m) OVER (PARTITION BY m ORDER BY o DESC) FROM g LIMIT 1)"),
    ("retype u.w to VARCHAR", "SELECT v AS x FROM u GROUP BY CUBE (v, w)"),
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(config={"threads": 1})
    made.execute("SET TimeZone = 'UTC'")
    for schema in ("before", "after"):
        made.execute(f"CREATE SCHEMA {schema}")
        made.execute(f"SET schema = '{schema}'")
        fill(made, random.Random(1))
    return made


def _relation(connection: duckdb.DuckDBPyConnection, sql: str) -> Relation:
    told = connection.execute(f"DESCRIBE {sql}").fetchall()
    return relation_of(connection, sql, [Column(name, dtype) for name, dtype, *_ in told])


def _is_same(connection: duckdb.DuckDBPyConnection, phrase: str, sql: str) -> bool:
    change = read_change(phrase)
    contract = contract_of(next(table for table in TABLES if table.name == change.event))
    changed = change.edit(contract)
    connection.execute("SET schema = 'before'")
    before = _relation(connection, sql)
    connection.execute("SET schema = 'after'")
    columns = ", ".join(f"{one.name} {one.dtype}" for one in changed.columns)
    connection.execute(f"CREATE OR REPLACE TABLE {contract.name} ({columns})")
    after = _relation(connection, sql)
    kept = ", ".join(f"{one.name} {one.dtype}" for one in contract.columns)
    connection.execute(f"CREATE OR REPLACE TABLE {contract.name} ({kept})")
    found = difference(before, after, change, captured(change, contract, changed))
    return found.rows is Rows.ALIKE and all(isinstance(one, Same) for one in found.deltas)


@pytest.mark.parametrize(("phrase", "sql"), _SAME)
def test_same_where_that_can_be_told(connection: duckdb.DuckDBPyConnection, phrase: str, sql: str) -> None:
    assert _is_same(connection, phrase, sql)


@pytest.mark.parametrize(("phrase", "sql"), _OTHER)
def test_never_same_where_values_may_differ(connection: duckdb.DuckDBPyConnection, phrase: str, sql: str) -> None:
    assert not _is_same(connection, phrase, sql)
