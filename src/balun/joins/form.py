"""How two columns are compared: as they are, or mended first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product

from balun.joins.side import NUMBERS, Column
from balun.quoting import literal

_STEPS = {
    "whitespace": "trim({})",
    "case": "lower({})",
    "padding": "regexp_replace({}, '^0+(.)', '\\1')",
}
UNITS = ("second", "minute", "hour", "day")
_MOST_HOURS = 14


@dataclass(frozen=True)
class Form:
    """left, right: SQL of the column that stands for `{}`. mends: what differs, in words; none: nothing does."""

    left: str = "{}"
    right: str = "{}"
    mends: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        return not self.mends


PLAIN = Form()


def value_forms(left: Column, right: Column) -> Iterator[Form]:
    """Of texts and numbers: the plainest first."""
    if {left.kind, right.kind} <= NUMBERS or left.dtype == right.dtype == "UUID":
        yield PLAIN
        return
    base = [_as_text(one) for one in (left, right)]
    typed = ("type",) if base != ["{}", "{}"] else ()
    for steps in chain.from_iterable(combinations(_STEPS, size) for size in range(len(_STEPS) + 1)):
        for where in product("lrb", repeat=len(steps)):
            yield Form(_wrapped(base[0], steps, where, "l"), _wrapped(base[1], steps, where, "r"), (*typed, *steps))


def _as_text(column: Column) -> str:
    if column.kind == "integer" or column.dtype == "UUID":
        return "{}::VARCHAR"
    return "{}::HUGEINT::VARCHAR" if column.kind in NUMBERS else "{}"


def _wrapped(base: str, steps: tuple[str, ...], where: tuple[str, ...], side: str) -> str:
    for step, place in zip(steps, where, strict=True):
        if place in {side, "b"}:
            base = _STEPS[step].replace("{}", base)
    return base


def time_forms(left: Column, right: Column, zones: tuple[str, ...]) -> list[Form]:
    """Of times: as they are, on a coarser grid, read in another zone, hours apart."""
    kinds = (left.kind, right.kind)
    if kinds == ("date", "date"):
        return [PLAIN]
    if "date" in kinds:
        return [_day(kinds, zone) for zone in ("UTC", *zones)]
    if kinds[0] != kinds[1]:
        return [_clock(kinds, zone) for zone in ("UTC", *zones)]
    grids = [Form(f"date_trunc('{unit}', {{}})", "{}", ("resolution",)) for unit in UNITS]
    return [PLAIN, *grids, *(one for zone in zones for one in _misread(left.kind, zone)), *_shifts()]


def _day(kinds: tuple[str, str], zone: str) -> Form:
    def form(kind: str) -> str:
        if kind == "date":
            return "{}"
        return "{}::DATE" if zone == "UTC" else f"timezone({literal(zone)}, {{}})::DATE"

    mends = ("resolution",) if zone == "UTC" else ("resolution", "zone")
    return Form(form(kinds[0]), form(kinds[1]), mends)


def _clock(kinds: tuple[str, str], zone: str) -> Form:
    left, right = (f"timezone({literal(zone)}, {{}})" if kind == "timestamp" else "{}" for kind in kinds)
    return Form(left, right, ("zone",))


def _misread(kind: str, zone: str) -> Iterator[Form]:
    """Clock times of a zone that were taken for UTC, on either side."""
    utc, there = "'UTC'", literal(zone)
    read = f"timezone({there}, timezone({utc}, {{}}))"
    if kind == "timestamp":
        read = f"timezone({utc}, timezone({there}, {{}}))"
    yield Form(read, "{}", ("zone",))
    yield Form("{}", read, ("zone",))


def _shifts() -> list[Form]:
    hours = sorted((one for one in range(-_MOST_HOURS, _MOST_HOURS + 1) if one), key=abs)
    return [Form(f"{{}} {'+' if one > 0 else '-'} INTERVAL {abs(one)} HOUR", "{}", ("zone",)) for one in hours]


def is_shift(form: Form) -> bool:
    return "INTERVAL" in form.left


@dataclass(frozen=True)
class Link:
    """A column of the left rows, one of the right, and how they are compared. named: their names say so too."""

    left: Column
    right: Column
    named: bool
    form: Form = PLAIN

    def sides(self, left: str, right: str) -> tuple[str, str]:
        """SQL of both, given what stands for the columns."""
        return self.form.left.replace("{}", left), self.form.right.replace("{}", right)
