"""A node and what is around it in the terminal: the most telling first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from balun.map.draw import OTHER_OWNER, SAME_OWNER
from balun.map.fitted_text import wrapped
from balun.near.column_table import column_table
from balun.near.made_text import made_briefly, made_whole
from balun.near.matrix import matrix
from balun.near.near import Near, Part
from balun.near.plain import short
from balun.near.through import here, through, whole

if TYPE_CHECKING:
    from rich.console import Console

_MOST_BESIDE = 12


def draw(found: Near, console: Console) -> None:
    """Never wider than the console."""
    for line in _lines(found, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Near, width: int) -> Iterator[Text]:
    yield from _head(found, width)
    yield Text()
    yield from _around(found, width)
    for title, lines in _sections(found, width):
        body = list(lines)
        if body:
            yield Text()
            yield Text(title, "bold")
            yield from body


def _sections(found: Near, width: int) -> Iterator[tuple[str, Iterable[Text]]]:
    yield "Findings", _findings(found, width)
    yield "Made by", made_whole(found.here, width)
    yield "Its joins", _joins(found, width)
    yield "Rows, before and after" if found.up else "Rows", matrix(found, width)
    yield "Set aside, in raw form", _quarantined(found, width)
    yield "Columns", column_table(found, width)
    yield ("What it needs" if found.node.kind == "model" else "What models need of it"), _needs(found, width)
    yield "Its inputs, and how they are made", _beside(found.up, width)
    yield "What is made of it, and how", _beside(found.down, width)


def _head(found: Near, width: int) -> Iterator[Text]:
    node = found.node
    line = Text.assemble((f"{node.kind} ", "dim"), (node.name, "bold"), f"   {node.owner or 'no owner'}   ")
    yield line.append(str(node.declared.place), "dim")
    description = getattr(node.declared, "description", None)
    yield from (Text(part) for part in wrapped(description or "", width) if part)
    yield from (Text(part) for part in wrapped(_facts(found), width) if part)


def _facts(found: Near) -> str:
    parts = [whole(found.here)]
    if found.here.tested:
        parts.append(str(found.here.tested))
    if found.columns:
        what = "input" if found.node.kind == "model" else "column"
        parts.append(f"{len(found.columns)} {what}{'s' if len(found.columns) != 1 else ''}")
    if found.key:
        parts.append(f"key {', '.join(found.key)}")
    if found.at:
        parts.append(f"{'as of' if found.node.kind == 'corpus' else 'time'} {found.at}")
    if found.known:
        known = ", ".join(found.known)
        parts.append(f"known at {known}" if len(found.known) == 1 else f"known at the latest of {known}")
    if found.known_lost:
        parts.append("known late, and nothing says when")
    return "; ".join(part for part in parts if part)


def _around(found: Near, width: int) -> Iterator[Text]:
    """A small tree: what it is made from above it, what is made of it below."""
    parts = [*found.up, found.here, *found.down]
    names = max(cell_len(part.node.name) for part in parts) + 2
    owners = max(len(part.node.owner or "") for part in parts) + 2
    for at, part in enumerate(found.up):
        yield from _one("╭─" if at == 0 else "├─", part, names, owners, through(part, found.here), width)
    yield from _one("", found.here, names, owners, here(found.here), width)
    for at, part in enumerate(found.down):
        last = at == len(found.down) - 1
        yield from _one("╰─" if last else "├─", part, names, owners, through(found.here, part), width)
    if any(part.interface for part in parts):
        yield Text(f"{OTHER_OWNER} another owner: an interface", "dim")


def _one(stroke: str, part: Part, names: int, owners: int, rows: str, width: int) -> Iterator[Text]:
    """Where there is no room for the rows beside it, they go below."""
    mark = OTHER_OWNER if part.interface else SAME_OWNER
    line = Text(f"{stroke}{mark}".ljust(4)).append(f"{part.node.kind:<8}", "dim")
    line.append(set_cell_size(part.node.name, names), "" if stroke else "bold")
    line.append((part.node.owner or "").ljust(owners), "magenta" if part.interface else "dim")
    if line.cell_len + len(rows) <= width:
        line.append(rows).rstrip()
        yield line
    else:
        line.rstrip()
        yield line
        yield Text(f"{'' if stroke.startswith('╰') or not stroke else '│'}".ljust(12)).append(rows)


def _findings(found: Near, width: int) -> Iterator[Text]:
    for finding in found.findings:
        text = f"{finding.get('rule')}: {finding.get('message')}; mend: {finding.get('mend')}"
        yield from (Text(f"  {part}", "yellow") for part in wrapped(text, width - 2))


def _joins(found: Near, width: int) -> Iterator[Text]:
    for one in found.joins:
        first, *more = wrapped(one.words(), width - 4)
        yield Text(f"  {first}")
        yield from (Text(f"    {part}") for part in more)


def _quarantined(found: Near, width: int) -> Iterator[Text]:
    for rows, message in found.here.counts.reasons:
        yield Text(f"  {rows:,} × {message}", "yellow")
    for row in found.quarantined:
        reasons = row.get("reasons")
        why = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
        yield Text(f"  {row.get('source_file')} row {row.get('source_row')}: {why}")
        values = ", ".join(
            f"{name} {short(value)}"
            for name, value in row.items()
            if not name.startswith("source_") and name != "reasons" and value is not None
        )
        yield from (Text(f"    {part}", "dim") for part in wrapped(values, width - 4))


def _needs(found: Near, width: int) -> Iterator[Text]:
    for one in found.needs:
        first, *more = wrapped(str(one), width - 4)
        yield Text(f"  {first}")
        yield from (Text(f"    {part}") for part in more)


def _beside(parts: Sequence[Part], width: int) -> Iterator[Text]:
    for at, part in enumerate(parts[:_MOST_BESIDE]):
        if at:
            yield Text()
        yield from made_briefly(part, width)
    if len(parts) > _MOST_BESIDE:
        yield Text(f"  … {len(parts) - _MOST_BESIDE} more: --json has them", "dim")
