"""Drift in the terminal: what moved, by how much, and what that reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from balun.drift.compare import Compared
from balun.drift.days import Days, Odd
from balun.drift.drift import Drift
from balun.drift.moved import LEAST, Moved, percent
from balun.drift.part import Part
from balun.drift.serving import PREDICTION, Served
from balun.map.fitted_text import wrapped

if TYPE_CHECKING:
    from rich.console import Console

_SIZE = {"values": "distance", "nulls": "share", "new": "share", "steps": "share", "schema": ""}


def draw(found: Drift, console: Console, *, limit: int = 10) -> None:
    """limit: alarms of a node that are shown, and as many of what is close."""
    for line in _lines(found, limit, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Drift, limit: int, width: int) -> Iterator[Text]:
    for part in found.parts:
        yield from _part(part, limit, width)
    alarms = len(found.findings)
    nodes = len(found.parts)
    told = f"{alarms} alarms" if alarms != 1 else "1 alarm"
    yield Text(f"{told if alarms else 'No alarm'} in {nodes} nodes" if nodes != 1 else (told if alarms else "No alarm"))


def _part(part: Part, limit: int, width: int) -> Iterator[Text]:
    owner = f"   {part.node.owner}" if part.node.owner else ""
    yield Text.assemble((part.node.id.replace(":", " "), "bold"), owner)
    if part.against:
        yield from _told(f"{_rows(part)} against {part.against}", width)
    if part.note:
        yield from _told(part.note, width)
    if part.compared and part.compared.moved + part.compared.schema:
        yield from _compared(part.compared, limit, width)
    if part.served:
        yield from _served(part.served, width)
    if part.days:
        yield from _days(part.days, limit, width)
    for names, columns in _hanging(part.hangs).items():
        yield from _told(f"hangs on {', '.join(columns)}: {', '.join(names)}", width)
    yield Text()


def _hanging(hangs: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """Columns by what hangs on them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for column, names in hangs.items():
        found.setdefault(names, []).append(column or "its rows")
    return found


def _rows(part: Part) -> str:
    return {"all": "its rows"}.get(part.rows, f"its rows, {part.rows}," if part.rows[0].isdigit() else part.rows)


def _compared(found: Compared, limit: int, width: int) -> Iterator[Text]:
    alarms = found.alarms
    for one in alarms[:limit]:
        yield from _told(f"{one.column}: {one.words}{_size(one)}", width, "yellow")
    if len(alarms) > limit:
        yield from _told(f"and {len(alarms) - limit} more: -n {len(alarms)} shows them", width)
    extra = [one for one in found.schema if not one.alarm]
    for one in extra:
        yield from _told(f"{one.column} {one.words}", width)
    quiet = [one for one in found.moved if not one.alarm]
    if not alarms and quiet:
        most = max(quiet, key=lambda one: one.effect / LEAST[one.aspect])
        yield from _told(f"nothing stands out; the most: {most.column}, {most.words}{_size(most)}", width)
    how = f"{found.rows[0]:,} rows before, {found.rows[1]:,} now"
    by = f", {found.units[0]} and {found.units[1]} {found.by}" if found.exact and found.by != "rows" else ""
    gone = "" if found.exact else "; told from profiles, as the rows before are gone: small shifts aren't seen"
    left = f"; not compared, as they go with the calendar: {', '.join(found.left_out)}" if found.left_out else ""
    yield from _told(f"{how}{by}{gone}{left}", width, "dim")


def _served(found: Served, width: int) -> Iterator[Text]:
    if found.missing:
        yield from _told(f"inputs that aren't logged: {', '.join(found.missing)}", width, "yellow")
    if found.extra:
        yield from _told(f"logged, but no inputs: {', '.join(found.extra)}", width, "dim")
    if found.matched is None:
        yield from _told("the log lacks the examples' entity or time: served values can't be held to computed", width)
        return
    yield from _told(f"{found.matched:,} of {found.rows:,} rows are of an example that Balun has", width)
    same = [one.name for one in found.equal if one.equal == one.rows and one.name != PREDICTION]
    if same:
        yield from _told(f"as computed, in each: {', '.join(same)}", width)
    for one in found.equal:
        if one.name in same:
            continue
        what = "answers that the model gives" if one.name == PREDICTION else f"{one.name}, as computed"
        said = "all equal" if one.equal == one.rows else f"{percent(one.share)} equal; {one.words}"
        yield from _told(f"{what}: {said}", width, "yellow" if one.alarm else "")


def _size(one: Moved) -> str:
    if one.aspect == "schema":
        return ""
    spreads = f", {one.spreads:.2g} sd" if one.spreads is not None else ""
    return f" ({_SIZE[one.aspect]} {one.effect:.2g}{spreads})"


def _days(found: Days, limit: int, width: int) -> Iterator[Text]:
    told = list(_together(found.odd))
    for words in told[:limit]:
        yield from _told(words, width, "yellow")
    if len(told) > limit:
        yield from _told(f"and {len(told) - limit} more: -n {len(told)} shows them", width)
    if found.first is not None:
        odd = "" if found.odd else ": none stands out"
        yield from _told(f"days from {found.first} to {found.last}{odd}", width, "dim")
    if found.note:
        yield from _told(found.note, width, "dim")


def _together(odd: tuple[Odd, ...]) -> Iterator[str]:
    """Columns that stand out alike on the same days are one line."""

    def alike(one: Odd) -> tuple[object, ...]:
        value = "" if one.value is not None and one.what == "new" else one.what
        return -one.last.toordinal(), one.what, one.first, value or one.value, round(10 * one.found)

    for _, some in groupby(sorted(odd, key=lambda one: (*map(str, alike(one)), one.column or "")), key=alike):
        group = list(some)
        columns = ", ".join(one.column for one in group if one.column)
        yield f"{columns}: {group[0].words}" if columns else group[0].words


def _told(words: str, width: int, style: str = "") -> Iterator[Text]:
    for place, part in enumerate(wrapped(words, width - 4)):
        yield Text(f"{'  ' if place == 0 else '    '}{part}", style)
