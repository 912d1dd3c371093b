"""Rules of quality are asked of the kept rows, and see nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from balun.chain.contract import Column, Contract, Quality
from balun.chain.odcs import read_contracts
from balun.finding import Place
from balun.scan import quality

PLACE = Place("contracts/order.odcs.yaml", 9)
COLUMNS = (Column("id", "integer", "BIGINT", PLACE), Column("shop", "string", "VARCHAR", PLACE))


def told(folder: Path, *rules: Quality, longest_s: float = 60.0) -> list[str]:
    table = pa.table({"id": [1, 2, 3, 3], "shop": ["a", "b", None, "?"]})
    pq.write_table(table, folder / "kept")
    contract = Contract("order", "web", "1", PLACE, COLUMNS, None, quality=rules)
    return [f"{one.rule}: {one.message}" for one in quality.broken(contract, folder / "kept", longest_s)]


def rule(kind: str, operator: str, *bounds: float, columns: tuple[str, ...] = (), **more: object) -> Quality:
    return Quality("it", kind, operator, bounds, PLACE, columns, **more)  # type: ignore[arg-type]


def sql(query: str) -> Quality:
    return rule("sql", "mustBe", 0, query=query)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (rule("rowCount", "mustBe", 4), 4),
        (rule("nullValues", "mustBe", 1, columns=("shop",)), 1),
        (rule("nullValues", "mustBe", 25, columns=("shop",), percent=True), 25),
        (rule("missingValues", "mustBe", 2, columns=("shop",), arguments=(("missingValues", ("?",)),)), 2),
        (rule("invalidValues", "mustBe", 1, columns=("shop",), arguments=(("validValues", ("a", "b")),)), 1),
        (rule("invalidValues", "mustBe", 1, columns=("shop",), arguments=(("pattern", ("[ab]",)),)), 1),
        (rule("duplicateValues", "mustBe", 1, columns=("id",)), 1),
        (rule("duplicateValues", "mustBe", 0, columns=("id", "shop")), 0),
        (rule("sql", "mustBe", 2.25, query='SELECT avg(id) FROM "order"'), 2.25),
    ],
)
def test_each_metric_gives_its_number(tmp_path: Path, asked: Quality, number: float) -> None:
    assert asked.bounds == (number,)
    assert told(tmp_path, asked) == []


@pytest.mark.parametrize(
    ("operator", "bounds", "holds"),
    [
        ("mustNotBe", (4,), False),
        ("mustBeGreaterThan", (4,), False),
        ("mustBeGreaterOrEqualTo", (4,), True),
        ("mustBeLessThan", (4,), False),
        ("mustBeLessOrEqualTo", (4,), True),
        ("mustBeBetween", (4, 5), True),
        ("mustNotBeBetween", (4, 5), False),
    ],
)
def test_each_operator_compares(tmp_path: Path, operator: str, bounds: tuple[float, ...], holds: bool) -> None:
    assert (told(tmp_path, rule("rowCount", operator, *bounds)) == []) is holds


def test_broken_rule_says_number_and_need(tmp_path: Path) -> None:
    said = "quality-broken: it is 4 in the kept rows of order, and must be from 5 to 6"
    assert told(tmp_path, rule("rowCount", "mustBeBetween", 5, 6)) == [said]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM read_csv('/etc/passwd', sep = '\\0', header = false)",
        "SELECT count(*) FROM '/etc/passwd'",
        "SELECT count(*) FROM glob('/*')",
        "SELECT count(*) FROM read_text('https://example.com')",
        "COPY (SELECT 1) TO 'out.csv'",
        "ATTACH 'other.db'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 0",
        "SELECT count(*) FROM rules",
        "SELECT 0, 0",
        "SELECT NULL",
        "SELECT 'text'",
        "SELEC",
    ],
)
def test_query_reaches_nothing_but_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.chdir(tmp_path)
    (said,) = told(tmp_path, sql(query))
    assert said.startswith("quality-unanswered: it gives no number: ")
    assert {file.name for file in tmp_path.iterdir()} == {"kept"}


def test_query_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    endless = sql("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
    (said,) = told(tmp_path, endless, longest_s=0.3)
    assert said == "quality-unanswered: it gives no number: took longer than 0.3 s"


def test_query_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    (said,) = told(tmp_path, sql("SELECT len(list(range::VARCHAR || repeat('x', 1000))) FROM range(3000000)"))
    assert "could not allocate" in said.lower() or "out of memory" in said.lower()


@pytest.mark.parametrize("written", ["{object}", "${table}", '"{model}"', "{schema.name}"])
def test_placeholders_stand_for_names_that_need_quotes(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\n"
        "schema:\n  - name: order\n    properties:\n"
        "      - name: group\n        logicalType: integer\n        quality:\n"
        f"          - {{type: sql, mustBe: 0, query: 'SELECT count({{column}}) FROM {written}'}}\n",
        encoding="utf-8",
    )
    (contract,) = read_contracts(tmp_path / "a.odcs.yaml", tmp_path)
    assert contract.quality[0].query == 'SELECT count("group") FROM "order"'
