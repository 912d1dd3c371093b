"""Rows of an event, and faults planted in them on purpose: which row, which fault, and what the file then holds."""

from __future__ import annotations

import csv
import io
import json
import random
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files
from balun.finding import Place

PLACE = Place("contracts/order.odcs.yaml", 3)
HEADER = ("order_id", "placed", "shop", "amount", "code", "note")
SHOPS = ("berlin", "london", "paris")
Row = list[str]
Format = Literal["csv", "json", "parquet"]


@dataclass(frozen=True)
class Fault:
    """rule: the reason that must be given. cells: the faulty row, from the row and an earlier, whole one.

    spoil: the line that a row becomes, where the fault isn't in a cell. formats: in which it can be.
    """

    name: str
    rule: str
    cells: Callable[[Row, Row], Row] = lambda row, _: row
    spoil: Callable[[Row], bytes] | None = None
    formats: tuple[Format, ...] = ("csv", "json", "parquet")


@dataclass(frozen=True)
class Planted:
    """row: counted from 1, without the header. cells: of the faulty row. line: as it stands in a file of lines."""

    row: int
    fault: Fault
    cells: Row
    line: bytes


def contract(path: str, form: Format = "csv") -> Contract:
    columns = (
        Column("order_id", "integer", "BIGINT", PLACE, key=1),
        Column("placed", "timestamp", "TIMESTAMP WITH TIME ZONE", PLACE, required=True, zone="Europe/Berlin"),
        Column("shop", "string", "VARCHAR", PLACE, required=True, allowed=SHOPS),
        Column("amount", "number", "DOUBLE", PLACE, minimum=0, maximum=1000),
        Column("code", "string", "VARCHAR", PLACE, pattern="[A-Z]{2}[0-9]{4}"),
        Column("note", "string", "VARCHAR", PLACE, max_length=40),
    )
    return Contract("order", "shop", "1.0.0", PLACE, columns, Files(form, (path,), PLACE))


def rows(count: int, seed: int) -> list[Row]:
    """Whole rows; one note in five needs quotes, for a comma, a quote or a line's end in it."""
    rng = random.Random(seed)
    start = datetime(2024, 6, 1)  # noqa: DTZ001
    notes = ("", "gift", "ring twice, please", 'the "blue" one', "leave it\nat the door")
    return [
        [
            str(number),
            (start + timedelta(minutes=rng.randrange(100_000))).isoformat(sep=" "),
            rng.choice(SHOPS),
            "" if rng.random() < 0.05 else f"{rng.uniform(0, 1000):.2f}",
            f"{rng.choice('ABC')}{rng.choice('XYZ')}{rng.randrange(10_000):04}",
            rng.choice(notes) if rng.random() < 0.3 else "",
        ]
        for number in range(1, count + 1)
    ]


def csv_line(row: Row) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().removesuffix("\n").encode()


def json_line(row: Row) -> bytes:
    return json.dumps(dict(zip(HEADER, map(_json, HEADER, row), strict=True)), ensure_ascii=False).encode()


def _json(name: str, cell: str) -> object:
    number = name in {"order_id", "amount"} and cell.replace(".", "", 1).isdigit()
    return None if cell == "" else json.loads(cell) if number else cell


LINES: dict[Format, Callable[[Row], bytes]] = {"csv": csv_line, "json": json_line, "parquet": csv_line}


def _put(at: int, value: str) -> Callable[[Row, Row], Row]:
    return lambda row, _: [*row[:at], value, *row[at + 1 :]]


FAULTS = (
    Fault("null in a required column", "value-null", _put(2, "")),
    Fault("null in the key", "key-null", _put(0, "")),
    Fault("unknown category", "value-unknown", _put(2, "rome")),
    Fault("text in a number column", "value-unreadable", _put(3, "12 EUR")),
    Fault("too high", "value-high", _put(3, "1000.01")),
    Fault("a day that isn't", "value-unreadable", _put(1, "2024-06-31 12:00:00")),
    Fault("an hour that the clock skipped", "time-nonexistent", _put(1, "2024-03-31 02:30:00")),
    Fault("pattern broken", "pattern-broken", _put(4, "AX12")),
    Fault("text too long", "text-long", _put(5, "x" * 41)),
    Fault("key sent twice", "duplicate-key", lambda row, earlier: [earlier[0], *row[1:]]),
    Fault("line cut short", "fields-missing", spoil=lambda row: csv_line(row[:4]), formats=("csv",)),
    Fault("line too long", "fields-surplus", spoil=lambda row: csv_line([*row, "more"]), formats=("csv",)),
    Fault(
        "quote that never closes", "quotes-broken", spoil=lambda row: csv_line(row[:5]) + b',"gift', formats=("csv",)
    ),
    Fault("bytes of Latin-1", "bytes-broken", spoil=lambda row: csv_line(row[:5]) + b",Stra\xdfe", formats=("csv",)),
    Fault("JSON cut short", "json-broken", spoil=lambda row: json_line(row)[:-9], formats=("json",)),
    Fault("JSON that is no object", "json-broken", spoil=lambda row: b'["order", 7]', formats=("json",)),
    Fault("a key twice", "json-key-twice", spoil=lambda row: json_line(row)[:-1] + b', "note": ""}', formats=("json",)),
    Fault("bytes of Latin-1 in JSON", "bytes-broken", spoil=lambda row: b'{"note": "Stra\xdfe"}', formats=("json",)),
)


def of(form: Format) -> list[Fault]:
    return [fault for fault in FAULTS if form in fault.formats]


def plant(whole: list[Row], share: float, seed: int, form: Format = "csv") -> dict[int, Planted]:
    """By row: every fault that the format can have, as often as any other."""
    rng = random.Random(seed)
    chosen = sorted(rng.sample(range(1, len(whole)), round(share * len(whole))))
    spared = sorted({*range(len(whole))} - {*chosen})
    planted = {}
    for nth, at in enumerate(chosen):
        fault = of(form)[nth % len(of(form))]
        earlier = spared[rng.randrange(bisect_left(spared, at))]
        cells = fault.cells(whole[at], whole[earlier])
        planted[at + 1] = Planted(at + 1, fault, cells, fault.spoil(cells) if fault.spoil else LINES[form](cells))
    return planted


def write(file: Path, whole: list[Row], planted: dict[int, Planted], form: Format, end: bytes = b"\n") -> None:
    if form == "parquet":
        cells = [planted[at].cells if at in planted else row for at, row in enumerate(whole, 1)]
        columns = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*cells, strict=True)]
        pq.write_table(pa.table(columns, list(HEADER)), file, row_group_size=10_000)
        return
    lines = [planted[at].line if at in planted else LINES[form](row) for at, row in enumerate(whole, 1)]
    header = [",".join(HEADER).encode()] if form == "csv" else []
    file.write_bytes(end.join([*header, *lines, b""]))
