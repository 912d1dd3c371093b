"""What the pages say of contracts and quarantine is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pyarrow.parquet as pq
import pytest

from balun.chain.contract import Column, Contract, LogicalType
from balun.chain.mend import RULES
from balun.chain.odcs import custom, read_contracts
from balun.chain.odcs.dtype import duckdb_type
from balun.chain.odcs.quality import METRICS, OPERATORS
from balun.engine import Engine
from balun.finding import Place
from balun.scan import collect
from balun.scan.promises import duplicate_key, not_unique, promises
from balun.scan.scan import OWN

DOCS = Path(__file__).parent.parent / "docs"
PLACE = Place("a.odcs.yaml", 1)


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def block(text: str, kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def first_cells(text: str, head: str) -> list[str]:
    """The names in the first column of the table with that head."""
    table = text[text.index(f"| {head} |") :].partition("\n\n")[0].splitlines()[2:]
    return [name for row in table for name in re.findall(r"`([^`]+)`", row.removeprefix("|").partition("|")[0])]


def test_the_contract_of_the_page_gives_what_it_says(tmp_path: Path) -> None:
    text = page("contracts")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orders-1.csv").write_text(block(text, "csv"), encoding="utf-8")
    (tmp_path / "orders.odcs.yaml").write_text(block(text, "yaml"), encoding="utf-8")
    (contract,) = read_contracts(tmp_path / "orders.odcs.yaml", tmp_path)
    with Engine() as engine:
        found = collect(engine, contract, tmp_path, "UTC", tmp_path / "kept", tmp_path / "aside")
    set_aside = f"quarantined {found.quarantined} + duplicates {found.duplicates}"
    said = [f"collected {found.collected} = kept {found.kept} + {set_aside}\n"]
    aside = pq.read_table(tmp_path / "aside").to_pylist()
    said += [f"row {row['source_row']}: {reason}" for row in aside for reason in row["reasons"]]
    said += ["", *(f"{finding.rule}: {finding.message}" for finding in found.broken)]
    assert "\n".join(said) + "\n" == block(text, "text")


def test_every_reason_is_on_the_page_and_no_other() -> None:
    column = Column(
        "a", "string", "VARCHAR", PLACE, required=True, allowed=("x",), min_length=1, max_length=2, pattern="x"
    )
    time = Column("t", "timestamp", "TIMESTAMP WITH TIME ZONE", PLACE, key=1)
    number = Column("n", "number", "DOUBLE", PLACE, minimum=0, maximum=1)
    contract = Contract("e", "me", "1", PLACE, (column, time, number), None)
    every = [*promises(contract, lambda _, value: f"'{value}'"), duplicate_key(contract), not_unique(column)]
    told = first_cells(page("quarantine"), "reason")
    assert sorted(told) == sorted({promise.rule for promise in every})


def test_mends_know_the_reasons_of_a_row_alone() -> None:
    told = first_cells(page("quarantine"), "reason")
    assert sorted(RULES) == sorted({*told} - {"duplicate-key", "value-repeated"})


def test_every_column_of_the_quarantine_is_on_the_page() -> None:
    assert first_cells(page("quarantine"), "column") == list(OWN)


def test_every_custom_property_is_on_the_page() -> None:
    named = set(re.findall(r"custom(?:Properties:)? `?([a-zA-Z]+)`", page("contracts")))
    assert named == {*custom.FILE, *custom.SERVER, *custom.EVENT, *custom.COLUMN}


def test_every_rule_of_quality_is_on_the_page() -> None:
    text = page("contracts")
    assert first_cells(text, "rule") == ["metric: rowCount", *(f"metric: {name}" for name in METRICS[:-1]), "type: sql"]
    assert all(f"`{operator}`" in text for operator in OPERATORS)


@pytest.mark.parametrize("logical", get_args(LogicalType))
def test_types_on_the_page_are_what_columns_are_kept_as(logical: LogicalType) -> None:
    rows = [row.split("|") for row in page("contracts").splitlines() if row.startswith("| `") and row.count("|") == 4]
    (row,) = [row for row in rows if f"`{logical}`" in row[1]]
    kept, narrower = (re.findall(r"`([^`]+)`", cell) for cell in row[2:4])
    assert duckdb_type(logical, None, None) == kept[0]
    for physical in {"DECIMAL(9,2)", "VARCHAR[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, BIGINT)"} & {*narrower}:
        assert duckdb_type(logical, physical, None) == physical
