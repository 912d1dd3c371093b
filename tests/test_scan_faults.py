"""Faults planted in rows are found, all of them and nothing else, each with its reason and its raw form."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import faults
from balun.engine import Engine
from balun.scan import Collected, collect


def _collected(folder: Path, lines: list[bytes], end: bytes = b"\n") -> tuple[Collected, list[dict[str, object]]]:
    (folder / "orders.csv").write_bytes(end.join([",".join(faults.HEADER).encode(), *lines, b""]))
    with Engine() as engine:
        found = collect(engine, faults.contract("orders.csv"), folder, "UTC", folder / "kept", folder / "aside")
    return found, pq.read_table(folder / "aside").to_pylist()


@pytest.mark.parametrize("seed", [1, 2])
def test_exactly_the_planted_rows_are_set_aside(tmp_path: Path, seed: int) -> None:
    lines, planted = faults.plant(faults.rows(20_000, seed), 0.01, seed)
    found, aside = _collected(tmp_path, lines, b"\r\n" if seed == 2 else b"\n")
    assert found.collected == 20_000 == found.kept + found.quarantined + found.duplicates
    assert {one.fault.name for one in planted} == {fault.name for fault in faults.FAULTS}
    assert [row["source_row"] for row in aside] == [one.row for one in planted]
    for row, one in zip(aside, planted, strict=True):
        assert [str(reason).split(":")[0] for reason in row["reasons"]] == [one.fault.rule], (row, one)  # type: ignore[attr-defined]
    assert found.duplicates == sum(one.fault.rule == "duplicate-key" for one in planted)


def test_raw_form_is_what_the_file_held(tmp_path: Path) -> None:
    lines, planted = faults.plant(faults.rows(3_000, 3), 0.02, 3)
    _, aside = _collected(tmp_path, lines)
    for row, one in zip(aside, planted, strict=True):
        if row["source_line"] is None:
            fields = next(csv.reader(io.StringIO(one.line.decode(), newline="")))
            assert [row[name] for name in faults.HEADER] == fields
        else:
            assert row["source_line"] == one.line


def test_kept_rows_are_the_whole_rows_in_their_order(tmp_path: Path) -> None:
    whole = faults.rows(3_000, 4)
    lines, planted = faults.plant(whole, 0.02, 4)
    _collected(tmp_path, lines)
    spoilt = {one.row for one in planted}
    kept = pq.read_table(tmp_path / "kept")
    assert kept.column("order_id").to_pylist() == [int(row[0]) for row in whole if int(row[0]) not in spoilt]
    assert [note or "" for note in kept.column("note").to_pylist()] == [
        row[5] for row in whole if int(row[0]) not in spoilt
    ]


def test_reasons_are_counted_most_frequent_first(tmp_path: Path) -> None:
    lines, planted = faults.plant(faults.rows(2_000, 5), 0.05, 5)
    found, _ = _collected(tmp_path, lines)
    assert sum(reason.rows for reason in found.reasons) == len(planted)
    assert [reason.rows for reason in found.reasons] == sorted((reason.rows for reason in found.reasons), reverse=True)
