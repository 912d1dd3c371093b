"""Lineage is tested by execution: what isn't named as an origin can change without a trace."""

from __future__ import annotations

import random

import duckdb
import pytest

from balun.facts.origin import Origin, Origins, origins

SCHEMA = {
    "d": {"id": "INTEGER", "k": "INTEGER", "x": "INTEGER", "y": "INTEGER", "t": "INTEGER"},
    "p": {"k": "INTEGER", "z": "INTEGER", "x": "INTEGER"},
}
QUERIES = (
    "SELECT * FROM d",
    "FROM d",
    "SELECT d.*, p.z FROM d LEFT JOIN p USING (k) WHERE d.t > 1",
    "SELECT k, z FROM d JOIN p USING (k)",
    "SELECT k, z, id FROM d RIGHT JOIN p USING (k)",
    "SELECT k, z, id FROM d FULL JOIN p USING (k)",
    "SELECT coalesce(d.k, p.k) AS k FROM d JOIN p ON d.k = p.k + 1",
    "SELECT * EXCLUDE (x) REPLACE (y * 2 AS y) FROM d",
    "SELECT * RENAME (x AS was_x) FROM d",
    "SELECT x AS y, y AS x2 FROM d",
    "SELECT x + 1 AS y, y + 1 AS w, w + 1 AS v FROM d",
    "SELECT x + 1 AS t, id FROM d WHERE t > 2",
    "SELECT x AS t, count(*) AS n FROM d GROUP BY x HAVING t > 1",
    "SELECT k, count(*) AS n, sum(x) FILTER (WHERE y > 2) AS s FROM d GROUP BY ALL",
    "SELECT k, max(t) AS m FROM d GROUP BY k HAVING min(y) > 0",
    "SELECT max(x) AS m FROM d",
    "SELECT arg_max(x, id) AS a, list(y ORDER BY id) AS l FROM d",
    "SELECT DISTINCT x, y FROM d",
    "SELECT DISTINCT ON (k) k, x FROM d ORDER BY k, id",
    "SELECT *, row_number() OVER w AS rn FROM d WINDOW w AS (PARTITION BY k ORDER BY id) QUALIFY rn = 1",
    "SELECT id, x FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY t, id) AS rn FROM d) WHERE rn = 1",
    "SELECT id, sum(x) OVER (PARTITION BY k ORDER BY id) AS run FROM d",
    "WITH a AS (SELECT id, x FROM d WHERE y > 1), b AS (SELECT * FROM a) SELECT a.id, b.x FROM a JOIN b USING (id)",
    "SELECT a.x, b.y FROM d AS a JOIN d AS b ON a.id = b.t",
    "SELECT id, (SELECT max(z) FROM p WHERE p.k = d.k) AS m FROM d",
    "SELECT id FROM d WHERE k IN (SELECT k FROM p WHERE z > 2)",
    "SELECT id FROM d WHERE NOT EXISTS (SELECT 1 FROM p WHERE p.k = d.k)",
    "SELECT d.id FROM d SEMI JOIN p USING (k)",
    "SELECT d.id FROM d ANTI JOIN p ON p.k = d.k AND p.z > 2",
    "SELECT x, id FROM d UNION ALL SELECT z, k FROM p",
    "SELECT s.w, s.id FROM (SELECT id, x AS w FROM d UNION SELECT k, z FROM p) AS s WHERE s.w > 1",
    "SELECT x, k FROM d UNION ALL BY NAME SELECT k, x FROM p",
    "SELECT id, u.v FROM d, unnest([x, y]) AS u(v)",
    "SELECT id, unnest([x, 1]) AS v FROM d",
    "SELECT id, list_transform([1, 2], lambda i: i + x) AS l FROM d",
    "SELECT s.a AS a FROM (SELECT {'a': x, 'b': y} AS s FROM d)",
    "SELECT id, x FROM d ORDER BY t, id LIMIT 3",
    "SELECT d.id, p.z FROM d ASOF LEFT JOIN p ON d.k = p.k AND d.t >= p.z",
    "SELECT * FROM d NATURAL JOIN p",
    "SELECT COLUMNS('x|y') FROM d",
    "SELECT d FROM d",
    "SELECT #2 FROM d",
    "SELECT k, x, count(*) AS n FROM d GROUP BY ROLLUP (k, x)",
    "PIVOT d ON k IN (1, 2) USING sum(x) GROUP BY id",
    "FROM (UNPIVOT d ON x, y)",
    "SELECT l.v FROM d, LATERAL (SELECT d.x + 1 AS v) AS l",
    "SELECT id, CASE WHEN x > 2 THEN y END AS c FROM d WHERE t BETWEEN 1 AND 4",
    "SELECT t, y FROM (SELECT x AS t, y AS k, k AS y FROM d) WHERE k > 1 ORDER BY t",
    "SELECT x AS a, a AS x FROM (SELECT x, y AS a FROM d)",
)


def made(seed: int) -> duckdb.DuckDBPyConnection:
    """Small tables: values of two columns never coincide, so that a copy can be told."""
    chance = random.Random(seed)
    connection = duckdb.connect()
    for number, (name, columns) in enumerate(SCHEMA.items()):
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{c} INTEGER' for c in columns)})")
        rows = [[chance.choice([None, 0, 1, 2, 3, 4, 5]) for _ in columns] for _ in range(8)]
        for at, row in enumerate(rows):
            if number == 0:
                row[0] = at
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    return connection


def columns_of(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, list[str]]:
    found = connection.execute(sql)
    names = [column[0] for column in found.description or []]
    rows = found.fetchall()
    return {name: sorted(repr(row[at]) for row in rows) for at, name in enumerate(names)}


def follow(sql: str) -> Origins:
    return origins(sql, SCHEMA)


@pytest.mark.parametrize("sql", QUERIES)
def test_what_is_no_origin_can_change_without_a_trace(sql: str) -> None:
    for seed in range(4):
        connection = made(seed)
        found = follow(sql)
        before = columns_of(connection, sql)
        for parent, columns in SCHEMA.items():
            for column in columns:
                connection.execute("BEGIN")
                connection.execute(f"UPDATE {parent} SET {column} = (coalesce({column}, 0) * 5 + rowid + {seed}) % 7")
                after = columns_of(connection, sql)
                connection.execute("ROLLBACK")
                changed = {name for name in before if before[name] != after[name]}
                assert changed <= depending(found, parent, column), (parent, column)


def depending(found: Origins, parent: str, column: str) -> set[str]:
    def holds(some: frozenset[Origin] | None) -> bool:
        return some is None or any((one.parent, one.column) == (parent, column) for one in some)

    return {name for name, some in found.columns.items() if holds(some) or holds(found.rows)}


@pytest.mark.parametrize("sql", QUERIES)
def test_a_pass_is_a_copy_of_one_row_of_the_parent(sql: str) -> None:
    for seed in range(3):
        connection = made(seed)
        found = follow(sql)
        reads = {(passed.read, passed.parent) for passed in found.passes.values()}
        for read, parent in reads:
            same = {name: passed for name, passed in found.passes.items() if passed.read == read}
            outputs = ", ".join(f'"{name}"' for name in same)
            inputs = ", ".join(passed.column for passed in same.values())
            unlike = f"SELECT {outputs} FROM ({sql}) EXCEPT SELECT {inputs} FROM {parent}"
            rows = connection.execute(unlike).fetchall()
            extended = all(passed.extended for passed in same.values())
            assert [row for row in rows if not extended or any(value is not None for value in row)] == []


def test_all_but_the_recursive_is_followed() -> None:
    recursive = "WITH RECURSIVE r AS (SELECT id FROM d UNION SELECT id + 1 FROM r WHERE id < 9) SELECT * FROM r"
    assert [sql for sql in (*QUERIES, recursive) if origins(sql, SCHEMA).unknown] == [recursive]


def test_uses_are_told_apart() -> None:
    sql = "SELECT d.x + p.z AS s FROM d JOIN p ON d.k = p.k WHERE d.t > 1 ORDER BY d.id"
    found = origins(sql, SCHEMA)
    assert found.columns == {"s": frozenset({Origin("d", "x", "value"), Origin("p", "z", "value")})}
    rows = {Origin("d", "k", "join"), Origin("p", "k", "join"), Origin("d", "t", "filter"), Origin("d", "id", "order")}
    assert found.rows == frozenset(rows)


def test_names_keep_the_case_that_duckdb_gives_them() -> None:
    found = origins('SELECT X AS "Late", Y FROM D', {"D": {"X": "INT", "y": "INT"}})
    assert {name: (passed.parent, passed.column) for name, passed in found.passes.items()} == {
        "Late": ("D", "X"),
        "y": ("D", "y"),
    }
