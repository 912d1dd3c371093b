"""Faults planted in rows are found, all of them and nothing else, each with its reason and its raw form."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import faults
from balun.engine import Engine
from balun.scan import Collected, collect


def _collected(
    folder: Path, whole: list[faults.Row], planted: dict[int, faults.Planted], form: faults.Format = "csv"
) -> tuple[Collected, list[dict[str, Any]]]:
    faults.write(folder / "orders", whole, planted, form)
    with Engine() as engine:
        found = collect(engine, faults.contract("orders", form), folder, "UTC", folder / "kept", folder / "aside")
    return found, pq.read_table(folder / "aside").to_pylist()


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_exactly_the_planted_rows_are_set_aside(tmp_path: Path, form: faults.Format) -> None:
    whole = faults.rows(100_000, 1)
    planted = faults.plant(whole, 0.01, 1, form)
    found, aside = _collected(tmp_path, whole, planted, form)
    twice = sum(one.fault.rule == "duplicate-key" for one in planted.values())
    assert len(faults.of(form)) >= 10
    assert {one.fault.name for one in planted.values()} == {fault.name for fault in faults.of(form)}
    assert (found.collected, found.kept, found.duplicates) == (100_000, 99_000, twice)
    assert found.collected == found.kept + found.quarantined + found.duplicates
    reasons = {row["source_row"]: [reason.split(":")[0] for reason in row["reasons"]] for row in aside}
    assert reasons == {row: [one.fault.rule] for row, one in planted.items()}


@pytest.mark.parametrize("share", [0.02, 0.9])
def test_kept_rows_are_the_whole_rows_in_their_order(tmp_path: Path, share: float) -> None:
    whole = faults.rows(5_000, 4)
    planted = faults.plant(whole, share, 4)
    _collected(tmp_path, whole, planted)
    kept = pq.read_table(tmp_path / "kept")
    left = [row for at, row in enumerate(whole, 1) if at not in planted]
    assert kept.column("order_id").to_pylist() == [int(row[0]) for row in left]
    assert [note or "" for note in kept.column("note").to_pylist()] == [row[5] for row in left]


def test_raw_form_is_what_the_file_held(tmp_path: Path) -> None:
    whole = faults.rows(3_000, 3)
    planted = faults.plant(whole, 0.02, 3)
    _, aside = _collected(tmp_path, whole, planted)
    for row in aside:
        line = planted[row["source_row"]].line
        if row["source_line"] is None:
            fields = next(csv.reader(io.StringIO(line.decode(), newline="")))
            assert [row[name] for name in faults.HEADER] == fields
        else:
            assert row["source_line"] == line


def test_raw_form_of_json_is_the_line(tmp_path: Path) -> None:
    whole = faults.rows(1_000, 6)
    planted = faults.plant(whole, 0.05, 6, "json")
    _, aside = _collected(tmp_path, whole, planted, "json")
    assert [row["source_line"] for row in aside] == [one.line for one in planted.values()]


def test_reasons_are_counted_most_frequent_first(tmp_path: Path) -> None:
    whole = faults.rows(2_000, 5)
    planted = faults.plant(whole, 0.05, 5)
    found, _ = _collected(tmp_path, whole, planted)
    assert sum(reason.rows for reason in found.reasons) == len(planted)
    assert [reason.rows for reason in found.reasons] == sorted((reason.rows for reason in found.reasons), reverse=True)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    whole = faults.rows(20_000, 7)
    planted = faults.plant(whole, 0.05, 7)
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        _collected(tmp_path / name, whole, planted)
        made.append([(tmp_path / name / file).read_bytes() for file in ("kept", "aside")])
    assert made[0] == made[1]
