"""The contract's promises judged in plain Python, value by value: what a scan must agree with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from balun.chain.contract import Column, Contract

Rows = list[list[object]]
Faults = dict[int, set[tuple[str, str | None]]]
TRUTH = {"true": True, "t": True, "yes": True, "y": True, "1": True}
TRUTH |= {"false": False, "f": False, "no": False, "n": False, "0": False}


class Unreadable(Exception):
    """The value can't be read as its type."""


class Skipped(Exception):
    """The clock never showed this time."""


class Raw:
    """A text that is yet to be read."""

    def __init__(self, text: str) -> None:
        self.text = text


class NotText:
    """What no column can read, not even one of text."""


def refuse() -> NoReturn:
    raise Unreadable


def judged(contract: Contract, rows: Sequence[Sequence[object]], zone: str) -> tuple[Rows, Faults]:
    """Kept rows, and the faults of all others by their number, from cells as texts, values or faults."""
    values: dict[int, list[object]] = {}
    faults: Faults = {}
    for number, row in enumerate(rows, 1):
        cells = [judged_cell(column, cell, zone) for column, cell in zip(contract.columns, row, strict=True)]
        found = {
            (rule, column.name) for column, (_, rules) in zip(contract.columns, cells, strict=True) for rule in rules
        }
        if found:
            faults[number] = {*found}
        else:
            values[number] = [value for value, _ in cells]
    without_duplicates(contract, values, faults)
    without_repeats(contract, values, faults)
    return list(values.values()), faults


def judged_cell(column: Column, cell: object, zone: str) -> tuple[object, set[str]]:
    """The value, and the rules that it breaks."""
    try:
        value = read(column, cell, column.zone or zone)
    except Skipped:
        return None, {"time-nonexistent"}
    except (Unreadable, ValueError):
        return None, {"value-unreadable"}
    return value, broken(column, value)


def read(column: Column, cell: object, zone: str) -> object:
    """A cell as a value, by other means than the tool's."""
    if isinstance(cell, NotText):
        refuse()
    if isinstance(cell, Raw):
        cell = cell.text if column.dtype == "VARCHAR" else READERS[column.dtype](cell.text.strip(" \t"))
    return placed(cell, zone) if isinstance(cell, datetime) and cell.tzinfo is None else cell


def read_whole(bare: str) -> int:
    value = int(Decimal(bare)) if re.fullmatch(r"[+-]?\d+(\.0*)?", bare) else refuse()
    return value if -(2**63) <= value < 2**63 else refuse()


def as_number(bare: str) -> str:
    return bare if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", bare) else refuse()


def read_float(bare: str) -> float:
    value = float(as_number(bare))
    return value if math.isfinite(value) else refuse()


def read_decimal(bare: str) -> Decimal:
    value = Decimal(as_number(bare))
    return value if abs(value) < 1000 and value == round(value, 2) else refuse()


def read_moment(bare: str) -> datetime:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?)?", bare):
        refuse()
    value = datetime.fromisoformat(bare.replace(" UTC", "Z"))
    return value.astimezone(UTC) if value.tzinfo else value


READERS: dict[str, Callable[[str], object]] = {
    "BOOLEAN": lambda bare: TRUTH[bare.lower()] if bare.lower() in TRUTH else refuse(),
    "BIGINT": read_whole,
    "DOUBLE": read_float,
    "DECIMAL(5,2)": read_decimal,
    "DATE": lambda bare: date.fromisoformat(bare) if re.fullmatch(r"\d{4}-\d\d-\d\d", bare) else refuse(),
    "TIME": lambda bare: time.fromisoformat(bare) if re.fullmatch(r"\d\d:\d\d(:\d\d(\.\d+)?)?", bare) else refuse(),
    "TIMESTAMP WITH TIME ZONE": read_moment,
}


def placed(clock: datetime, zone: str) -> datetime:
    # Of an hour that comes twice, the later is meant.
    value = clock.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    if value.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != clock:
        raise Skipped
    return value


def broken(column: Column, value: Any) -> set[str]:
    """The rules that a value breaks, given that it could be read."""
    if value is None:
        return {"key-null"} if column.key else {"value-null"} if column.required else set()
    low, high = column.minimum, column.maximum
    rules = {
        "value-unknown": bool(column.allowed) and value not in column.allowed,
        "value-low": low is not None and (value < low or (column.open_minimum and value == low)),
        "value-high": high is not None and (value > high or (column.open_maximum and value == high)),
        "text-short": column.min_length is not None and len(value) < column.min_length,
        "text-long": column.max_length is not None and len(value) > column.max_length,
        "pattern-broken": column.pattern is not None and not re.fullmatch(column.pattern, value),
    }
    return {rule for rule, holds in rules.items() if holds}


def without_duplicates(contract: Contract, values: dict[int, list[object]], faults: Faults) -> None:
    """Moves rows that repeat a key from `values` to `faults`."""
    names = [column.name for column in contract.columns]
    seen: set[object] = set()
    for number, held in list(values.items()) if contract.key else ():
        key = tuple(held[names.index(name)] for name in contract.key)
        if key in seen:
            faults[number] = {("duplicate-key", None)}
            del values[number]
        seen.add(key)


def without_repeats(contract: Contract, values: dict[int, list[object]], faults: Faults) -> None:
    """Moves rows that repeat a unique value; each column is held against the same rows."""
    repeated: Faults = {}
    for at, column in enumerate(contract.columns):
        seen: set[object] = set()
        for number, held in values.items() if column.unique and contract.key != (column.name,) else ():
            if held[at] is not None and held[at] in seen:
                repeated.setdefault(number, set()).add(("value-repeated", column.name))
            seen.add(held[at])
    for number in repeated:
        del values[number]
    faults |= repeated
