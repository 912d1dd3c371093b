"""`logicalTypeOptions` minimum and maximum: numbers for numbers, ISO 8601 text for dates and times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from zoneinfo import ZoneInfo

from balun.chain.contract import Bound, LogicalType
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import scalar
from balun.chain.yaml_lines import Mapping, Scalar

NUMBERS = ("integer", "number")
TIMES = ("date", "timestamp", "time")
_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})?([T ]?[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?"
)


@dataclass(frozen=True)
class Bounds:
    minimum: Bound | None = None
    maximum: Bound | None = None
    open_minimum: bool = False
    open_maximum: bool = False


@dataclass(frozen=True)
class Kind:
    """What a bound or an allowed value must be. pattern: the column's own strptime pattern, where it has one."""

    logical: LogicalType
    dtype: str
    zone: str | None = None
    pattern: str | None = None


def read_bounds(options: Mapping, kind: Kind, faults: Faults) -> Bounds:
    if kind.logical not in (*NUMBERS, *TIMES):
        return Bounds()
    low, open_low = _one(options, ("minimum", "exclusiveMinimum"), kind, faults)
    high, open_high = _one(options, ("maximum", "exclusiveMaximum"), kind, faults)
    if low is not None and high is not None:
        a, b = _measure(low, kind), _measure(high, kind)
        if a > b or (a == b and (open_low or open_high)):  # type: ignore[operator]
            key = "maximum" if "maximum" in options.entries else "exclusiveMaximum"
            message = f"no value can be: the minimum is {low}, and the maximum {high}"
            faults.wrong(options.line_of(key), message, mend="mend one of the two")
    return Bounds(low, high, open_low, open_high)


def _one(options: Mapping, keys: tuple[str, str], kind: Kind, faults: Faults) -> tuple[Bound | None, bool]:
    closed, open_ = scalar(options, keys[0]), scalar(options, keys[1])
    if closed and open_:
        faults.wrong(open_, f"{keys[0]} and {keys[1]} stand together", mend="keep one of them")
    found = closed or open_
    if found is None:
        return None, False
    bound = _bound(found, kind)
    if bound is None and not (kind.logical in NUMBERS and type(found.value) not in {int, float}):
        key, needed = keys[0] if closed else keys[1], needed_for(kind)
        faults.wrong(found, f"{key} is {found.text}; it must be {needed}", mend=f"write {needed}")
    return bound, closed is None


def needed_for(kind: Kind) -> str:
    return {
        "integer": "a whole number",
        "number": "a number",
        "date": "a date such as 2024-03-10",
        "timestamp": "a time such as 2024-03-10T14:22:35Z",
        "time": "a time of day such as 14:22:35",
        "boolean": "true or false",
    }.get(kind.logical, "text")


def _bound(node: Scalar, kind: Kind) -> Bound | None:
    if kind.logical in TIMES:
        return iso_text(node.text, kind)
    return number(node, kind)


def number(node: Scalar, kind: Kind) -> int | float | Decimal | None:
    """As the column keeps it: exact in a decimal column, whole in one of integers."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    if kind.logical == "integer":
        return int(value) if value == int(value) else None
    return Decimal(node.text) if kind.dtype.startswith("DECIMAL") else value


def iso_text(text: str, kind: Kind) -> str | None:
    """ISO 8601 as it stands; text in the column's own format is rewritten; None where it is neither."""
    moment = _moment(text, kind)
    if moment is not None:  # Python takes more forms than DuckDB: 20240310, 2024-W10-7
        return text if _WRITTEN.fullmatch(text) else moment.isoformat()
    try:
        found = datetime.strptime(text, (kind.pattern or "%").replace("%-", "%"))  # noqa: DTZ007 - as written
    except (ValueError, OverflowError):
        return None
    in_kind: dict[str, date | time] = {"date": found.date(), "time": found.time()}
    return in_kind.get(kind.logical, found).isoformat()


def _moment(text: str, kind: Kind) -> date | time | None:
    kinds: dict[str, type[date] | type[time]] = {"date": date, "time": time, "timestamp": datetime}
    try:
        return kinds[kind.logical].fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def _measure(bound: Bound, kind: Kind) -> object:
    """Something to compare by: times without a zone are in the column's."""
    if not isinstance(bound, str):
        return bound
    moment = _moment(bound, kind)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=ZoneInfo(kind.zone) if kind.zone else UTC)
    return moment.replace(tzinfo=None) if isinstance(moment, time) else moment
