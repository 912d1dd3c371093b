"""zone: whose wall clock a value is of, or is a part of: a zone's name.

A value of a zone is decided by what that zone's clocks showed. An instant, a length of time, a constant, and the minute
and second that all clocks share are of no clock: they go with any. Rows are read in UTC: so are an instant's own parts.
What follows a clock that was read in a wrong zone is said as if that were mended: `zone_fault` tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.number_step import is_number
from balun.facts.zone_offset import offsets_us, same_clock, whole_hours
from balun.relational.expression import Aggregate, Call, Literal, Window, refs

UNKNOWN: Final = "unknown"
NO_CLOCK: Final = "none"
SESSION: Final = "UTC"

INSTANTS = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS", "TIME WITH TIME ZONE"})
WALL = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE", "TIME"})
_TURNING = frozenset({
    "year", "month", "day", "dayofmonth", "hour", "quarter", "week", "weekofyear", "yearweek", "isoyear", "dayofweek",
    "isodow", "weekday", "dayofyear", "dayname", "monthname", "era", "century", "decade", "millennium", "julian",
})  # fmt: skip
_FINE = frozenset({"second", "millisecond", "microsecond", "nanosecond"})
PARTS = _TURNING | _FINE | {"minute"}
KEPT = frozenset({
    "date_trunc", "datetrunc", "time_bucket", "last_day", "coalesce", "greatest", "least", "make_timestamp",
    "make_date", "make_time", "strftime", "strptime", "round", "floor", "ceil", "trunc",
    "abs", "+", "-", "*", "/", "//", "%",
    "||", "concat", "to_microseconds", "to_milliseconds", "to_seconds", "to_minutes", "to_hours", "to_days", "to_weeks",
    "to_months", "to_quarters", "to_years",
})  # fmt: skip
_ONE_OF_ITS_VALUES = frozenset({
    "min", "max", "first", "last", "any_value", "arbitrary", "mode", "quantile_disc", "first_value", "last_value",
    "nth_value", "median", "avg", "quantile_cont", "arg_min", "arg_max", "min_by", "max_by",
})  # fmt: skip
_TODAY = frozenset({"today", "current_date", "current_localtimestamp", "current_localtime", "localtimestamp"})


class Zone(ColumnFact[str]):
    name = "zone"
    unknown = UNKNOWN

    def captured(self, column: contract.Column, event: contract.Contract) -> str:  # noqa: ARG002
        """A number that has a unit and no zone is an amount."""
        amount = NO_CLOCK if column.unit and is_number(column.dtype) else UNKNOWN
        return of_type(column.dtype) or column.zone or amount

    def join(self, one: str, other: str) -> str:
        if NO_CLOCK in {one, other}:
            return other if one == NO_CLOCK else one
        return one if UNKNOWN not in {one, other} and same_clock(one, other) else UNKNOWN

    def literal(self, of: Literal) -> str:  # noqa: ARG002 - a constant is of any clock
        return NO_CLOCK

    def call(self, of: Call, args: Sequence[str], sight: Sight[str]) -> str:  # noqa: ARG002
        return of_type(of.dtype) or self._called(of, args)

    def aggregate(self, of: Aggregate, args: Sequence[str], sight: Sight[str], *, some: bool) -> str:  # noqa: ARG002
        return _gathered(of, args)

    def window(self, of: Window, args: Sequence[str], sight: Sight[str]) -> str:  # noqa: ARG002
        if of.name in {"lag", "lead"}:
            return reduce(self.join, (args[0], *args[2:]))
        return _gathered(of, args)

    def _called(self, of: Call, args: Sequence[str]) -> str:
        clocks = [clock(one.dtype, arg) for one, arg in zip(of.args, args, strict=False)]
        name = of.name
        if name in _TODAY:
            return SESSION
        if name == "timezone":
            return _named(of)
        if name in _FINE or (name == "minute" and whole_hours(clocks[0])):
            return NO_CLOCK
        if name in PARTS or name.startswith("epoch"):
            return UNKNOWN if of.args[0].dtype == "INTERVAL" else clocks[0]
        if name in {"cast", "try_cast"}:
            return clocks[0] if of.dtype in WALL or of.dtype == "VARCHAR" or is_number(of.dtype) else UNKNOWN
        return self._combined(of, clocks) if name in KEPT else UNKNOWN

    def _combined(self, of: Call, clocks: Sequence[str]) -> str:
        """Of what is made of several; what lies between two clock times hangs on where they were cut."""
        between = of.name == "-" and of.dtype not in WALL
        if between and all(one.dtype in INSTANTS for one in of.args):
            return NO_CLOCK
        if between and all(one.dtype in WALL for one in of.args):
            return UNKNOWN
        found = reduce(self.join, clocks)
        return UNKNOWN if found == NO_CLOCK and of.dtype in WALL and refs(of) else found


def of_type(dtype: str) -> str | None:
    return NO_CLOCK if dtype in INSTANTS else None


def clock(dtype: str, zone: str) -> str:
    """Whose clock is read where a value is: of an instant that of the session."""
    return SESSION if dtype in INSTANTS else zone


def _named(of: Call) -> str:
    """timezone(zone, instant)"""
    match of.args:
        case (Literal(str(zone)), one) if one.dtype in INSTANTS and offsets_us(zone) is not None:
            return zone
    return UNKNOWN


def _gathered(of: Aggregate | Window, args: Sequence[str]) -> str:
    kept = of.name in _ONE_OF_ITS_VALUES and not of.dtype.endswith("]")
    return of_type(of.dtype) or (args[0] if kept else UNKNOWN)
