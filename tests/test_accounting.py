"""Nothing is lost: random contracts, faults, order and files, with mends and without; and runs killed in between."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balun.chain.contract import Column, Contract, Files
from balun.engine import Engine
from balun.quarantine.preview import preview
from balun.quarantine.quarantine import Quarantine
from balun.quoting import quoted
from balun.scan import Collected, collect
from balun.scan.scan import MENDED, raw_names
from balun.snapshot import Snapshot
from mended_rows import Both, Judged, Line, judged_with, mends
from plain_validator import Raw, judged_cell
from test_scan_property import NULLS, PHASES, PLACE, QUICK, TEXTS, contracts, from_json

T = TypeVar("T")
ZONE = "America/New_York"
FEW = settings(QUICK, max_examples=7, phases=PHASES)
MANY = settings(QUICK, max_examples=500, phases=PHASES)
NAMES = ("rows.parquet", "quarantine.parquet", MENDED)


@dataclass(frozen=True)
class Case:
    """contract: without mends. lines: in the order of the files. starts: how many lines are in files before each.

    raw: of each line its raw texts by column, or its bytes where it can't be split.
    """

    contract: Contract
    lines: Sequence[Line]
    raw: Sequence[list[str | None] | bytes]
    starts: dict[str, int]
    null: set[str]


def good(column: Column) -> list[str]:
    """Texts that keep the column's promises."""
    return [text for text in TEXTS[column.dtype] if not judged_cell(column, Raw(text), ZONE)[1]]


def possible(data: st.DataObject) -> Contract:
    """One without promises that no text keeps; in two of three no column is unique."""
    contract = data.draw(contracts())
    free = {"allowed": (), "minimum": None, "maximum": None, "min_length": None, "max_length": None, "pattern": None}
    columns = [column if good(column) else replace(column, **free) for column in contract.columns]  # type: ignore[arg-type]
    if data.draw(st.integers(0, 2)):
        columns = [replace(column, unique=False) for column in columns]
    return replace(contract, columns=tuple(columns))


def mostly(right: Sequence[T], any_of: Sequence[T]) -> st.SearchStrategy[T]:
    """Four in five are right, the rest may be anything."""
    return st.integers(0, 4).flatmap(lambda die: st.sampled_from([*right] if die else [*any_of]))


def json_of(column: Column, text: str) -> object:
    """What a text is in JSON, where numbers and truth values are written without quotes."""
    if column.logical in {"number", "integer"} and not column.dtype.startswith("DECIMAL"):
        return float(text) if column.logical == "number" else int(float(text))
    return text.strip().lower() in {"true", "t", "yes", "1"} if column.logical == "boolean" else text


def csv_case(data: st.DataObject, folder: Path) -> Case:
    contract = possible(data)
    width = len(contract.columns)
    cells = [mostly(good(column), ["", "NA", *TEXTS[column.dtype]]) for column in contract.columns]
    table = [list(row) for row in data.draw(st.lists(st.tuples(*cells), min_size=6, max_size=30))]
    broken = {at for at in range(len(table)) if data.draw(st.integers(0, 7)) == 0}
    texts = []
    for at, row in enumerate(table):
        whole = row if at not in broken else [*row, "surplus"] if at % 2 else ["gone"] * (width - 1)
        texts.append(_csv_line(whole))
    files, starts = split(data, texts)
    header = _csv_line([column.name for column in contract.columns])
    for name, held in files.items():
        (folder / f"{name}.csv").write_text("".join([header, *held]), encoding="utf-8", newline="")
    source = Files("csv", tuple(f"{name}.csv" for name in files), PLACE, null=NULLS)
    lines, raw = [], list[list[str | None] | bytes]()
    for at, row in enumerate(table):
        if at in broken:
            rule = "fields-surplus" if at % 2 else "fields-missing"
            lines.append(Line((), [None] * width, rule))
            raw.append(texts[at].removesuffix("\n").encode())
        else:
            lines.append(Line([None if cell in NULLS else Raw(cell) for cell in row], list(row)))
            raw.append(list(row))
    return Case(
        replace(contract, source=source), lines, raw, {f"{one}.csv": at for one, at in starts.items()}, set(NULLS)
    )


def _csv_line(row: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()


def split(data: st.DataObject, rows: list[T]) -> tuple[dict[str, list[T]], dict[str, int]]:
    """Over one to three files, in the order of their names; each holds a row."""
    cuts = data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=2)) if len(rows) > 1 else set()
    ends = [0, *sorted(cuts), len(rows)]
    names = [f"part{number}" for number in range(len(ends) - 1)]
    files = {name: rows[start:end] for name, start, end in zip(names, ends, ends[1:], strict=False)}
    return files, dict(zip(names, ends, strict=False))


def json_case(data: st.DataObject, folder: Path) -> Case:
    contract = possible(data)
    odd = [None, 1, 1.5, True, "", "a", "5"]
    kinds = [mostly([json_of(column, text) for text in good(column)], odd) for column in contract.columns]
    table = data.draw(st.lists(st.tuples(*kinds), min_size=6, max_size=30))
    names = [column.name for column in contract.columns]
    texts = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in table]
    files, starts = split(data, texts)
    for name, held in files.items():
        (folder / f"{name}.json").write_text("\n".join(held), encoding="utf-8")
    source = Files("json", tuple(f"{name}.json" for name in files), PLACE)
    lines, raw = [], list[list[str | None] | bytes]()
    for row in table:
        cells = [from_json(column, cell) for column, cell in zip(contract.columns, row, strict=True)]
        lines.append(Line(cells, [_seen(cell) for cell in row]))
        raw.append([json.dumps(cell, ensure_ascii=False) for cell in row])
    return Case(replace(contract, source=source), lines, raw, {f"{one}.json": at for one, at in starts.items()}, set())


def _seen(cell: object) -> str | None:
    """What a mend sees of a JSON value."""
    return cell if isinstance(cell, str) else None if cell is None else json.dumps(cell)


TYPED: dict[str, tuple[pa.DataType, list[Any]]] = {
    "BIGINT": (pa.int64(), [0, 1, 5, -7]),
    "BOOLEAN": (pa.bool_(), [True, False]),
    "DATE": (pa.date32(), [date(2020, 1, 1), date(2020, 2, 29)]),
}


def parquet_case(data: st.DataObject, folder: Path) -> Case:
    contract = possible(data)
    kinds = [_kind(data, column) for column in contract.columns]
    cells = [
        mostly([one for one in values if isinstance(one, str) and one in good(column)] or values, [None, *values])
        for column, (_, values) in zip(contract.columns, kinds, strict=True)
    ]
    table = data.draw(st.lists(st.tuples(*cells), min_size=6, max_size=30))
    names = [column.name for column in contract.columns]
    files, starts = split(data, list(table))
    for name, held in files.items():
        arrays = [pa.array([row[at] for row in held], kind) for at, (kind, _) in enumerate(kinds)]
        pq.write_table(pa.table(arrays, names), folder / f"{name}.parquet", row_group_size=7)
    source = Files("parquet", tuple(f"{name}.parquet" for name in files), PLACE)
    seen = [[None if cell is None else _text(cell) for cell in row] for row in table]
    lines = [
        Line([Raw(cell) if isinstance(cell, str) else cell for cell in row], list(texts))
        for row, texts in zip(table, seen, strict=True)
    ]
    return Case(
        replace(contract, source=source), lines, [*seen], {f"{one}.parquet": at for one, at in starts.items()}, set()
    )


def _kind(data: st.DataObject, column: Column) -> tuple[pa.DataType, list[Any]]:
    text = (pa.string(), list[Any](TEXTS[column.dtype]))
    return data.draw(st.sampled_from([text, TYPED[column.dtype]])) if column.dtype in TYPED else text


def _text(cell: object) -> str:
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def collected(case: Case, contract: Contract, folder: Path) -> tuple[Collected, dict[str, bytes]]:
    """The account, and the bytes of all files that were written."""
    folder.mkdir()
    with Engine(threads=2) as engine:
        found = collect(engine, contract, folder.parent, ZONE, folder / NAMES[0], folder / NAMES[1])
    return found, {name: (folder / name).read_bytes() for name in NAMES if (folder / name).exists()}


def check(data: st.DataObject, make: Callable[[st.DataObject, Path], Case]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        case = make(data, folder)
        texts = [[*TEXTS[column.dtype], ""] for column in case.contract.columns]
        right = [good(column) for column in case.contract.columns]
        chosen = [
            data.draw(mends(case.contract, texts, right)) for _ in range(data.draw(st.sampled_from([3, 2, 4, 0])))
        ]
        mended = replace(case.contract, mends=tuple(one.mend for one in chosen))
        found, files = collected(case, mended, folder / "mended")
        agree(case, chosen, found, folder / "mended")
        if not chosen:
            return
        assert collected(case, mended, folder / "again")[1] == files
        before, _ = collected(case, case.contract, folder / "bare")
        if not any(column.unique for column in case.contract.columns):
            foretold(case, mended, before, found, folder / "bare")


def agree(case: Case, chosen: Sequence[Both], found: Collected, made: Path) -> None:
    told = judged_with(case.contract, case.lines, ZONE, chosen, case.null)
    aside = pq.read_table(made / NAMES[1]).to_pylist()
    mended = pq.read_table(made / MENDED).to_pylist() if chosen else []
    assert found.collected == len(case.lines) == found.kept + found.quarantined + found.duplicates
    assert (found.kept, found.mended) == (len(told.kept), len(told.mended))
    assert rules_of(case, aside) == by_rules(told.faults)
    assert rules_of(case, mended) == by_rules(told.mended)
    duplicates = {number for number, rules in told.faults.items() if ("duplicate-key", None) in rules}
    assert {number_of(case, row) for row in aside if row["kind"] == "duplicate"} == duplicates
    assert found.duplicates == len(duplicates)
    assert kept_of(case.contract, made) == told.kept
    reachable(case, told, aside, mended)


def reachable(case: Case, told: Judged, aside: list[dict[str, Any]], mended: list[dict[str, Any]]) -> None:
    """Every row is kept as it is, or its raw form is there, letter by letter."""
    own = ("source_file", "source_row", "source_line", "reasons", "kind")
    for rows, taken in ((aside, own), (mended, (*own, "mends", "after"))):
        names = raw_names(case.contract.columns, taken)
        for row in rows:
            raw = case.raw[number_of(case, row) - 1]
            assert (row["source_line"] if isinstance(raw, bytes) else [row[name] for name in names]) == raw
    numbers = [number_of(case, row) for row in (*aside, *mended)]
    as_they_are = len(told.kept) - len(mended)
    assert len(set(numbers)) == len(numbers) == len(case.lines) - as_they_are


def number_of(case: Case, row: dict[str, Any]) -> int:
    return case.starts[row["source_file"]] + int(row["source_row"])


def rules_of(case: Case, rows: list[dict[str, Any]]) -> dict[int, list[str]]:
    return {number_of(case, row): sorted(one.split(":")[0] for one in row["reasons"]) for row in rows}


def by_rules(faults: dict[int, set[tuple[str, str | None]]]) -> dict[int, list[str]]:
    return {number: sorted(rule for rule, _ in found) for number, found in faults.items()}


def kept_of(contract: Contract, made: Path) -> list[list[object]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(quoted(column.name) for column in contract.columns)
        return [list(row) for row in connection.execute(f"SELECT {columns} FROM '{made / NAMES[0]}'").fetchall()]


def foretold(case: Case, mended: Contract, before: Collected, after: Collected, made: Path) -> None:
    """What a preview says of the rows set aside, without the source, is what comes of them."""
    snapshot = Snapshot("thing", "event:thing", made, 0.0, {}, {"collected": before.as_json()}, {})
    said = preview(Quarantine(mended, "me", ZONE, snapshot, 0.0))
    assert said.rows == before.quarantined + before.duplicates
    assert said.admitted == after.kept - before.kept
    assert said.at_fault == after.quarantined


@FEW
@given(st.data())
def test_account_of_csv_holds_with_mends_and_without(data: st.DataObject) -> None:
    check(data, csv_case)


@FEW
@given(st.data())
def test_account_of_json_holds_with_mends_and_without(data: st.DataObject) -> None:
    check(data, json_case)


@FEW
@given(st.data())
def test_account_of_parquet_holds_with_mends_and_without(data: st.DataObject) -> None:
    check(data, parquet_case)


@pytest.mark.long
@pytest.mark.parametrize("make", [csv_case, json_case, parquet_case])
def test_accounts_hold_at_length(make: Callable[[st.DataObject, Path], Case]) -> None:
    MANY(given(st.data())(lambda data: check(data, make)))()
