"""Joins in the terminal: the likeliest first, each with why, what it does to rows, and its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from balun.joins.in_time import InTime
from balun.joins.joins import Joins
from balun.joins.percent import percent
from balun.joins.proposal import Proposal
from balun.map.fitted_text import wrapped

if TYPE_CHECKING:
    from rich.console import Console


def draw(found: Joins, console: Console, *, limit: int = 10) -> None:
    """limit: joins at most, and as many in time."""
    for line in _lines(found, limit, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Joins, limit: int, width: int) -> Iterator[Text]:
    for one in found.proposed[:limit]:
        yield from _proposal(one, width)
    if found.proposed_in_time:
        yield Text("In time", "bold")
        yield Text()
    for near in found.proposed_in_time[:limit]:
        yield from _near(near, width)
    yield Text(_last(found, limit))


def _proposal(one: Proposal, width: int) -> Iterator[Text]:
    yield Text.assemble(
        (f"{one.left.name} > {one.right.name}", "bold"), f"   {one.measured.cardinality}   {_known(one)}"
    )
    yield from _told(one.join, width, "cyan")
    yield from _told(f"{', '.join(one.why())}", width)
    yield from _told(_rows(one), width)
    if one.mends:
        yield from _told(f"mends {', '.join(one.mends)}", width, "yellow")
    yield Text()


def _known(one: Proposal | InTime) -> str:
    parts = ["documented"] if isinstance(one, Proposal) and one.documented else []
    parts.append(f"in {', '.join(node.replace(':', ' ') for node in one.used)}" if one.used else "nobody's yet")
    return ", ".join(parts)


def _rows(one: Proposal) -> str:
    counted = one.measured
    lost, nulls = counted.rows - counted.met, counted.rows - counted.valued
    told = [f"{counted.rows:,} rows of {one.left.name}, {counted.met:,} matched"]
    if lost:
        null = f", {nulls:,} of them null" if nulls else ""
        told.append(f"{lost:,} lost ({percent(lost / counted.rows)}{null})")
    if one.lost:
        told.append(one.lost.words())
    if counted.most > 1:
        told.append(f"each meets {counted.fan_out:,.2f} on average, {counted.most:,} at most")
    met = f"{percent(counted.other_coverage)} of {one.right.name} are met"
    return "; ".join([*told, f"{met}, by {counted.other_fan_out:,.1f} on average, {counted.other_most:,} at most"])


def _near(one: InTime, width: int) -> Iterator[Text]:
    how = "in its period" if one.interval is not None else "nearest before"
    yield Text.assemble((f"{one.left.name} > {one.right.name}", "bold"), f"   {how}   {_known(one)}")
    yield from _told(one.join, width, "cyan")
    yield from _told(one.words(), width)
    yield Text()


def _told(words: str, width: int, style: str = "") -> Iterator[Text]:
    yield from (Text(f"  {part}", style) for part in wrapped(words, width - 2))


def _last(found: Joins, limit: int) -> str:
    count, timed = len(found.proposed), len(found.proposed_in_time)
    if not count and not timed:
        return "No join stands out: no key's values are found elsewhere more than by accident"
    hidden = max(0, count - limit) + max(0, timed - limit)
    below = len(found.found) - count + len(found.in_time) - timed
    parts = [f"{count} joins" if count != 1 else "1 join", *([f"{timed} in time"] if timed else [])]
    more = [f"-n {max(count, timed)} shows {hidden} more"] if hidden else []
    less = [f"--json has {below} that are less likely"] if below else []
    return "; ".join([", ".join(parts), *more, *less])
