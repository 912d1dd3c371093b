"""Rows of an event, and faults planted in them on purpose: which row, which fault, and what the file then holds."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from balun.chain.contract import Column, Contract, Files
from balun.finding import Place

PLACE = Place("contracts/order.odcs.yaml", 3)
HEADER = ("order_id", "placed", "shop", "amount", "code", "note")
SHOPS = ("berlin", "london", "paris")
Row = list[str]


@dataclass(frozen=True)
class Fault:
    """rule: the reason that must be given. change: makes the faulty line, from the row and an earlier, whole one."""

    name: str
    rule: str
    change: Callable[[Row, Row], bytes]


@dataclass(frozen=True)
class Planted:
    """row: counted from 1, without the header. line: as it stands in the file."""

    row: int
    fault: Fault
    line: bytes


def contract(path: str) -> Contract:
    columns = (
        Column("order_id", "integer", "BIGINT", PLACE, key=1),
        Column("placed", "timestamp", "TIMESTAMP WITH TIME ZONE", PLACE, required=True, zone="Europe/Berlin"),
        Column("shop", "string", "VARCHAR", PLACE, required=True, allowed=SHOPS),
        Column("amount", "number", "DOUBLE", PLACE, minimum=0, maximum=1000),
        Column("code", "string", "VARCHAR", PLACE, pattern="[A-Z]{2}[0-9]{4}"),
        Column("note", "string", "VARCHAR", PLACE, max_length=40),
    )
    return Contract("order", "shop", "1.0.0", PLACE, columns, Files("csv", (path,), PLACE))


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


def line(row: Row) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().removesuffix("\n").encode()


def _put(at: int, value: str) -> Callable[[Row, Row], bytes]:
    return lambda row, _: line([*row[:at], value, *row[at + 1 :]])


FAULTS = (
    Fault("null in a required column", "value-null", _put(2, "")),
    Fault("unknown category", "value-unknown", _put(2, "rome")),
    Fault("text in a number column", "value-unreadable", _put(3, "12 EUR")),
    Fault("out of range", "value-high", _put(3, "1000.01")),
    Fault("a day that isn't", "value-unreadable", _put(1, "2024-06-31 12:00:00")),
    Fault("an hour that the clock skipped", "time-nonexistent", _put(1, "2024-03-31 02:30:00")),
    Fault("pattern broken", "pattern-broken", _put(4, "AX12")),
    Fault("text too long", "text-long", _put(5, "x" * 41)),
    Fault("key sent twice", "duplicate-key", lambda row, earlier: line([earlier[0], *row[1:]])),
    Fault("line cut short", "fields-missing", lambda row, _: line(row[:4])),
    Fault("line too long", "fields-surplus", lambda row, _: line([*row, "more"])),
    Fault("quote that never closes", "quotes-broken", lambda row, _: line(row[:5]) + b',"gift'),
    Fault("byte of another encoding", "bytes-broken", lambda row, _: line(row[:5]) + b",Stra\xdfe"),
)


def plant(whole: list[Row], share: float, seed: int) -> tuple[list[bytes], tuple[Planted, ...]]:
    """The lines of the file, and what was planted in them: every fault as often as any other."""
    rng = random.Random(seed)
    chosen = sorted(rng.sample(range(1, len(whole)), round(share * len(whole))))
    spared = [at for at in range(len(whole)) if at not in set(chosen)]
    lines = [line(row) for row in whole]
    planted = []
    for nth, at in enumerate(chosen):
        fault = FAULTS[nth % len(FAULTS)]
        earlier = rng.choice([one for one in spared[: at + 1] if one < at])
        lines[at] = fault.change(whole[at], whole[earlier])
        planted.append(Planted(at + 1, fault, lines[at]))
    return lines, tuple(planted)
