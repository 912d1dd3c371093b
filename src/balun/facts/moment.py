"""moment: a time as one captured time and a range of microseconds after it, so that two times can be put in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from math import ceil, floor

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.domain import Domain
from balun.facts.extent import as_range
from balun.quoting import quoted
from balun.relational.expression import Aggregate, Call, Expression, Interval, Literal, Window
from balun.relational.relation import Column

_DAY_US = 86_400_000_000
UNITS_US: Mapping[str, int] = {
    "microsecond": 1, "millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000,
    "day": _DAY_US, "week": 7 * _DAY_US, "month": 31 * _DAY_US, "quarter": 92 * _DAY_US, "year": 366 * _DAY_US,
}  # fmt: skip
_LENGTHS = {f"to_{unit}s": us for unit, us in UNITS_US.items() if us <= 7 * _DAY_US}
_DOMAIN = Domain()
# Nanoseconds would be cut.
_IN_US = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"})


@dataclass(frozen=True, slots=True)
class Moment:
    """base: a captured time, and the read of it. low, high: microseconds after it."""

    base: tuple[object, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time between these."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Never:
    """There is no value but null."""


When = Moment | Span | Never | None


def is_by(one: When, other: When) -> bool:
    """Whether one time is proved to be no later than the other, wherever both are there.

    >>> is_by(Moment(("t",), -5, 0), Moment(("t",), 0, 9)), is_by(Moment(("t",), 0, 1), Moment(("t",), 0, 9))
    (True, False)
    """
    return isinstance(one, Moment) and isinstance(other, Moment) and one.base == other.base and one.high <= other.low


class MomentFact(ColumnFact[When]):
    name = "moment"
    unknown: When = None

    def captured(self, column: contract.Column, event: contract.Contract) -> When:
        return Moment((event.name, column.name), 0, 0) if column.dtype.startswith(("TIMESTAMP", "DATE")) else None

    def read(self, values: tuple[When, ...], by: object) -> tuple[When, ...]:
        """Of another read of the same rows."""
        return tuple(replace(one, base=(by, *one.base)) if isinstance(one, Moment) else one for one in values)

    def join(self, one: When, other: When) -> When:
        if Never() in (one, other):
            return other if one == Never() else one
        match one, other:
            case (Moment(base=base), Moment(base=same)) if base == same:
                return Moment(base, min(one.low, other.low), max(one.high, other.high))
            case Span(), Span():
                return Span(min(one.low, other.low), max(one.high, other.high))
        return None

    def literal(self, of: Literal) -> When:
        if of.value is None:
            return Never()
        if isinstance(of.value, Interval) and not of.value.months:
            us = of.value.us + of.value.days * _DAY_US  # times are kept in UTC, where each day is as long
            return Span(us, us)
        return None

    def denials(self, values: Sequence[When], columns: Sequence[Column]) -> tuple[str | None, ...]:
        """Two times that are told by one captured time lie farther apart than they may."""
        return tuple(_denied(at, values, columns) for at in range(len(columns)))

    def call(self, of: Call, args: Sequence[When], sight: Sight[When]) -> When:
        if Never() in args and of.name in {"+", "-", "cast", "try_cast", "date_trunc", *_LENGTHS}:
            return Never()
        if of.name in _LENGTHS:
            return _length(of.args[0], _LENGTHS[of.name], sight)
        if of.name == "coalesce":
            return reduce(self.join, args)
        known = _CALLS.get(of.name)
        return known(of, args) if known else None

    def aggregate(self, of: Aggregate, args: Sequence[When], sight: Sight[When], *, some: bool) -> When:  # noqa: ARG002
        return None  # it may be of any of the rows

    def window(self, of: Window, args: Sequence[When], sight: Sight[When]) -> When:  # noqa: ARG002
        return None


def _denied(at: int, values: Sequence[When], columns: Sequence[Column]) -> str | None:
    match values[at]:
        case Never():
            return f"{quoted(columns[at].name)} IS NOT NULL"
        case Span(low, high) if columns[at].dtype == "INTERVAL":
            return _beyond(f"epoch_us({quoted(columns[at].name)})", low, high)
        case Moment() as one if columns[at].dtype in _IN_US:
            apart = [
                _beyond(f"epoch_us({quoted(columns[at].name)}) - epoch_us({quoted(column.name)})", low, high)
                for place, (other, column) in enumerate(zip(values, columns, strict=True))
                if isinstance(other, Moment) and other.base == one.base and place != at and column.dtype in _IN_US
                for low, high in [(one.low - other.high, one.high - other.low)]
            ]
            return " OR ".join(apart) or None
    return None


def _beyond(us: str, low: int, high: int) -> str:
    return f"{us} NOT BETWEEN {low} AND {high}"


def _length(number: Expression, unit_us: int, sight: Sight[When]) -> When:
    """`to_minutes(x)`: as long as x may be."""
    domains = sight.others.get(Domain.name)
    if domains is None:
        return None
    found = as_range(_DOMAIN.of(number, Sight(domains)))  # type: ignore[arg-type]
    if found is None or found.low is None or found.high is None:
        return None
    return Span(floor(Decimal(found.low) * unit_us), ceil(Decimal(found.high) * unit_us))


def _plus(_: Call, args: Sequence[When]) -> When:
    match tuple(args):
        case (Moment() as at, Span() as by) | (Span() as by, Moment() as at):
            return Moment(at.base, at.low + by.low, at.high + by.high)
        case Span() as one, Span() as other:
            return Span(one.low + other.low, one.high + other.high)
    return None


def _minus(_: Call, args: Sequence[When]) -> When:
    match tuple(args):
        case Moment() as at, Span() as by:
            return Moment(at.base, at.low - by.high, at.high - by.low)
        case Moment(base=base) as one, Moment(base=same) as other if base == same:
            return Span(one.low - other.high, one.high - other.low)
        case Span() as one, Span() as other:
            return Span(one.low - other.high, one.high - other.low)
        case (Span() as one,):
            return Span(-one.high, -one.low)
    return None


def _truncated(of: Call, args: Sequence[When]) -> When:
    unit, at = of.args[0], args[1]
    us = UNITS_US.get(str(unit.value).lower().removesuffix("s")) if isinstance(unit, Literal) else None
    return Moment(at.base, at.low - us + 1, at.high) if us and isinstance(at, Moment) else None


def _cast(of: Call, args: Sequence[When]) -> When:
    at, have = args[0], of.args[0].dtype
    if not isinstance(at, Moment) or not have.startswith(("TIMESTAMP", "DATE")):
        return None
    if of.dtype == "DATE" and have != "DATE":
        return Moment(at.base, at.low - _DAY_US + 1, at.high)
    return at if of.dtype.startswith(("TIMESTAMP", "DATE")) else None


def _either(_: Call, args: Sequence[When]) -> When:
    """greatest and least skip nulls: any of the times may be the answer, where the others aren't there."""
    return reduce(MomentFact().join, args)


_CALLS: Mapping[str, Callable[[Call, Sequence[When]], When]] = {
    "+": _plus, "-": _minus, "date_trunc": _truncated, "cast": _cast, "try_cast": _cast,
    "greatest": _either, "least": _either,
}  # fmt: skip
