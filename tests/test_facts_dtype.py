"""Types come from DuckDB's binder; what it refuses is a finding at its line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from balun.chain.contract import Column, Contract
from balun.chain.table import Table
from balun.errors import ProjectError
from balun.facts.dtype import Binder
from balun.finding import Finding, Place

FILE = Place("tables/flown.sql")
FRONT = "/* owner: data-platform\n   key: [carrier] */\n"


@pytest.fixture
def binder() -> Iterator[Binder]:
    with Binder() as binder:
        departure = [("carrier", "VARCHAR"), ("dep_delay", "BIGINT"), ("t", "TIMESTAMPTZ"), ("tailnum", "VARCHAR")]
        binder.bind_declared("departure", departure, FILE)
        binder.bind_declared("plane", [("tailnum", "VARCHAR"), ("seats", "BIGINT")], FILE)
        yield binder


def refused(binder: Binder, sql: str) -> Finding:
    with pytest.raises(ProjectError) as raised:
        binder.bind_table(Table("flown", "data-platform", FILE, FRONT + sql, ()))
    (finding,) = raised.value.findings
    return finding


def test_event_has_the_types_of_its_contract(binder: Binder) -> None:
    columns = (Column("at", "timestamp", "TIMESTAMPTZ", FILE), Column("fare", "number", "DECIMAL(18, 3)", FILE))
    contract = Contract("ride", "me", "1", FILE, columns, None)
    assert binder.bind_event(contract) == {"at": "TIMESTAMP WITH TIME ZONE", "fare": "DECIMAL(18,3)"}


def test_table_is_there_for_the_next_one(binder: Binder) -> None:
    binder.bind_table(
        Table("flown", None, FILE, "SELECT Carrier, avg(dep_delay) AS mean FROM departure GROUP BY ALL", ())
    )
    assert binder.bind_select("SELECT *, mean > 3 AS late FROM flown", FILE) == {
        "carrier": "VARCHAR",
        "mean": "DOUBLE",
        "late": "BOOLEAN",
    }


@pytest.mark.parametrize(
    ("sql", "rule", "line", "says"),
    [
        ("SELECT\n  depdelay\nFROM departure", "column-missing", 4, "did you mean dep_delay?"),
        ("SELECT d.carier\nFROM departure d", "column-missing", 3, "d has no column carier (did you mean carrier?)"),
        ("SELECT p.carrier\nFROM departure d", "table-missing", 3, "nothing in FROM is called p"),
        ("SELECT *\nFROM departur", "table-missing", 4, "did you mean departure?"),
        ("SELECT *\nFROM departure\nJOIN plane USING (tailno)", "column-missing", 5, "tailno"),
        ("SELECT flor(dep_delay)\nFROM departure", "function-missing", 3, "did you mean floor"),
        ("SELECT carrier,\n carrier + dep_delay FROM departure", "type-mismatch", 4, "VARCHAR + BIGINT"),
        ("SELECT 1\nFROM departure WHERE carrier > t", "type-mismatch", 4, "VARCHAR is compared with TIMESTAMP"),
        ("SELECT CASE WHEN true THEN t ELSE dep_delay END FROM departure", "type-mismatch", 3, "BIGINT is mixed with"),
        ("SELECT carrier, sum(dep_delay) AS s\nFROM departure", "group-by-missing", 3, "carrier"),
        ("SELECT tailnum\nFROM departure d JOIN plane p ON true", "column-ambiguous", 3, "more than one"),
        ("SELECT 1 +\nFROM departure", "sql-syntax", 4, "FROM"),
        ("SELECT d.tailnum, p.tailnum FROM departure d, plane p", "column-twice", None, "2 columns"),
        ("SELECT NULL AS x", "type-unknown", None, "x is NULL"),
    ],
)
def test_refusal_is_a_finding_at_its_line(binder: Binder, sql: str, rule: str, line: int | None, says: str) -> None:
    finding = refused(binder, sql)
    assert (finding.rule, finding.place.line, finding.owner if rule != "sql-syntax" else "") == (
        rule,
        line,
        "data-platform" if rule != "sql-syntax" else "",
    )
    assert says in finding.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "COPY departure TO 'x.csv'",
        "ATTACH 'x.db'",
        "PRAGMA database_list",
        "SET threads = 9",
        "INSTALL httpfs",
        "DROP TABLE departure",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE departure",
        "WITH x AS (INSERT INTO plane VALUES ('a', 1) RETURNING *) SELECT * FROM x",
        "SELECT * FROM (DESCRIBE departure)",
        "FROM (PIVOT departure ON carrier USING count(*))",
    ],
)
def test_anything_but_one_select_over_the_chain_is_refused(binder: Binder, sql: str) -> None:
    assert refused(binder, sql).rule in {
        "outside-access", "table-missing", "select-needed", "columns-unknown", "sql-syntax",
    }  # fmt: skip
    assert binder.bind_select("SELECT tailnum FROM departure", FILE) == {"tailnum": "VARCHAR"}


def test_expression_has_a_type(binder: Binder) -> None:
    assert binder.bind_expression("departure", "t + to_minutes(dep_delay) -- late", FILE) == "TIMESTAMP WITH TIME ZONE"
    assert binder.bind_expression("departure", "sum(dep_delay) / count(*)", FILE, aggregate=True) == "DOUBLE"


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("max(t)", "sql-invalid"),
        ("row_number() OVER ()", "sql-invalid"),
        ("(SELECT max(t) FROM departure)", "select-inside"),
        ("1), (2", "sql-syntax"),
        ("1) FROM plane; DROP TABLE plane; SELECT (1", "sql-syntax"),
        ("", "sql-syntax"),
        ("tt", "column-missing"),
    ],
)
def test_expression_that_is_no_value_of_a_row_is_refused(binder: Binder, sql: str, rule: str) -> None:
    with pytest.raises(ProjectError) as raised:
        binder.bind_expression("departure", sql, FILE)
    assert raised.value.findings[0].rule == rule


@pytest.mark.parametrize("dtype", ["FOO", "INT) , (1", "INT; DROP TABLE plane", ""])
def test_what_is_no_type_is_refused(binder: Binder, dtype: str) -> None:
    with pytest.raises(ProjectError, match="no type of DuckDB"):
        binder.bind_declared("made", [("x", dtype)], FILE)


def test_select_of_a_python_file_says_its_own_line(binder: Binder) -> None:
    with pytest.raises(ProjectError) as raised:
        binder.bind_select("SELECT carrier,\n  nothing\nFROM departure", Place("features.py", 40))
    (finding,) = raised.value.findings
    assert (finding.place.line, finding.message.endswith("in line 2 of its SQL")) == (40, True)
