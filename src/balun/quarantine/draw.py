"""What was set aside, in the terminal: counts first, then groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from balun.quarantine.find import Overview
from balun.quarantine.grouping import Group
from balun.quarantine.preview import Preview
from balun.quarantine.quarantine import Quarantine

if TYPE_CHECKING:
    from rich.console import Console


_MOST = 20


def draw_overview(found: Overview, console: Console) -> None:
    """Of each event its counts, then of each reason how many rows and whose."""
    table = _grid("event", "owner", "collected", "quarantined", "duplicates", "mended", "share", "limit", "run")
    for one, limit in zip(found.events, found.limits, strict=True):
        counts = [f"{one.counts[name]:,}" for name in ("collected", "quarantined", "duplicates", "mended")]
        share = _share(one.counts["quarantined"] / one.counts["collected"])
        stopped = " stopped" if one.stopped else ""
        table.add_row(one.event, one.owner or "", *counts, share, limit or "", f"{one.run or ''}{stopped}")
    console.print(table)
    console.print()
    reasons = _grid("reason", "event", "column", "owner", "rows", "share")
    told = [(reason, one) for one in found.events for reason in one.reasons]
    for reason, one in sorted(told, key=lambda pair: -pair[0].rows):
        share = _share(reason.rows / one.counts["collected"])
        reasons.add_row(reason.rule, one.event, reason.column or "", one.owner or "", f"{reason.rows:,}", share)
    if told:
        console.print(reasons)


def draw_quarantine(part: Quarantine, by: str, groups: Sequence[Group], console: Console) -> None:
    """Whose it is, the account, and groups."""
    console.print(Text.assemble((f"event {part.event}", "bold"), f"   owner {part.owner or 'nobody'}   {_run(part)}"))
    if part.stopped:
        told = f"A run stopped here, and this is what it would have set aside: {part.stopped}"
        console.print(Text(told, "yellow"), soft_wrap=True)
    console.print(_account(part.counts), soft_wrap=True)
    if part.chosen:
        console.print(f"{part.rows:,} rows are chosen")
    console.print()
    if groups:
        console.print(_table(by, groups[:_MOST]))
        if len(groups) > _MOST:
            console.print(f"{len(groups) - _MOST:,} more; --json has all")
        console.print()


def _run(part: Quarantine) -> str:
    began = datetime.fromtimestamp(part.when, UTC).strftime("%Y-%m-%d %H:%M")
    return f"run {part.run}, {began} UTC" if part.run is not None else f"made {began} UTC"


def _account(counts: Mapping[str, int]) -> str:
    mended = f", {counts['mended']:,} of the kept mended" if counts["mended"] else ""
    share = _share(counts["quarantined"] / counts["collected"])
    return (
        f"collected {counts['collected']:,} = kept {counts['kept']:,} + quarantined {counts['quarantined']:,} "
        f"+ duplicates {counts['duplicates']:,}; {share} quarantined{mended}"
    )


def _table(by: str, groups: Sequence[Group]) -> Table:
    timed = any(one.since for one in groups)
    named = by == "reason"
    table = _grid(by, "rows", "share", *(["column"] if named else []), "where", *(["when"] if timed else []))
    for one in groups:
        own = [one.column or ""] if named else []
        when = [_span(one.since or "", one.until or "")] if timed else []
        table.add_row(
            _cell(one.rule if named else one.value), f"{one.rows:,}", _share(one.share), *own, _where(one), *when
        )
    return table


def _where(one: Group) -> str:
    (first, start), (last, end) = (place.rsplit(" row ", 1) for place in (one.first, one.last))
    if first != last:
        return f"{one.first} to {one.last}"
    return f"{first} row {start}" if start == end else f"{first} rows {start} to {end}"


def _span(since: str, until: str) -> str:
    """
    >>> _span("2024-02-04T10:57:00Z", "2024-05-15T02:40:00Z"), _span("2024-02-04T10:57:00Z", "2024-02-04T12:00:00Z")
    ('2024-02-04 to 2024-05-15', '2024-02-04')
    """
    days = list(dict.fromkeys((since[:10], until[:10])))
    return " to ".join(days)


def draw_preview(found: Preview, console: Console) -> None:
    """How many rows would be kept, what is wrong with the others, and some before and after."""
    for line in _preview(found):
        console.print(line, soft_wrap=True)


def _preview(found: Preview) -> Iterator[Text]:
    if not found.rows:
        yield Text(f"No row of {found.event} is set aside", "bold")
        return
    yield Text(f"{found.admitted:,} of {found.rows:,} rows that are set aside would be kept", "bold")
    if found.repeated:
        yield Text(f"{found.repeated:,} would repeat a row that is kept")
    if found.at_fault:
        yield Text(f"{found.at_fault:,} would still break a promise:")
    for reason in found.reasons:
        yield Text(f"  {reason.rows:,} × {reason.message}", "yellow")
    for one in found.examples:
        yield Text(one.place, "dim")
        for column, value in one.before.items():
            after = f" becomes {_cell(one.after[column])}" if column in one.after else ""
            yield Text(f"  {column}: {_cell(value)}{after}")


def _cell(value: str | None) -> str:
    return "·" if value is None else value or "''"


def _share(share: float) -> str:
    """
    >>> _share(0.02451), _share(0.000003), _share(0)
    ('2.45%', '<0.01%', '0%')
    """
    if share == 0:
        return "0%"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%"


_NUMBERS = frozenset({"collected", "quarantined", "duplicates", "mended", "share", "rows", "limit"})


def _grid(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        justify = "right" if column in _NUMBERS else "left"
        table.add_column(column, justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    return table
