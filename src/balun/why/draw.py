"""Why, in the terminal: facts and how they are known, where nulls come from, and how the column is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from balun.finding import Place
from balun.map.fitted_text import wrapped
from balun.why.evidence import Evidence
from balun.why.steps import Step
from balun.why.why import Told, Why

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = {"proved": "green", "tested": "cyan", "assumed": "yellow", "unknown": "dim"}
_FACT = 10


def draw(found: Why, console: Console) -> None:
    """Never wider than the console."""
    for line in _lines(found, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Why, width: int) -> Iterator[Text]:
    node = found.node
    yield Text.assemble(
        (f"{node.kind} ", "dim"), (node.name, "bold"), ".", (found.column, "bold"), f"   {node.owner or 'no owner'}"
    )
    keys = " or ".join(f"({', '.join(one)})" for one in found.keys)
    yield from (
        Text(line) for line in wrapped(f"a row is unique by {keys}" if found.keys else "rows may repeat", width)
    )
    yield Text()
    yield from _facts(found.facts, width)
    if found.nulls:
        yield Text()
        yield Text("Its nulls come from", "bold")
        for cause in found.nulls:
            yield from _said(f"  {cause.why}", cause.place, cause.text, 4, width)
    yield Text()
    yield Text("How it is made", "bold")
    yield from _step(found.made, 0, width)


def _facts(facts: tuple[Told, ...], width: int) -> Iterator[Text]:
    """Those that are known alike, together."""
    groups: dict[Evidence, list[Told]] = {}
    for one in facts:
        groups.setdefault(one.evidence, []).append(one)
    for evidence, told in groups.items():
        yield Text.assemble((evidence.how, _STYLE[evidence.how]), f"   {evidence.place or ''}")
        yield from (Text(f"  {line}", "dim") for line in wrapped(evidence.by, width - 2))
        if evidence.rows:
            style = "red" if evidence.rows.denying else "dim"
            yield from (Text(f"  {line}", style) for line in wrapped(str(evidence.rows), width - 2))
        for one in told:
            first, *more = wrapped(one.value, width - _FACT - 6)
            yield Text.assemble(f"    {one.fact:<{_FACT}}  ", (first, "bold"))
            yield from (Text(" " * (_FACT + 6) + line, "bold") for line in more)


def _step(step: Step, depth: int, width: int) -> Iterator[Text]:
    ahead = "  " * min(depth, 12)
    told = " (told above)" if step.again else ""
    mark = "" if step.column else "· "
    yield from _said(
        f"{ahead}{mark}{step.what}{told}",
        step.place,
        "" if step.again else step.text,
        len(ahead) + 2,
        width,
        bold=bool(step.column),
    )
    for fact, before, after in step.changes:
        yield from (
            Text(f"{ahead}    {line}", "yellow")
            for line in wrapped(f"{fact}: {before or 'nothing'} → {after or 'nothing'}", width - len(ahead) - 4)
        )
    deeper = depth + 1 if len(step.below) > 1 or step.column is None else depth
    for one in step.below:
        yield from _step(one, deeper, width)


def _said(what: str, place: Place | None, text: str, indent: int, width: int, *, bold: bool = False) -> Iterator[Text]:
    line = Text(what, "bold" if bold else "")
    if place:
        line.append(f"   {place}", "dim")
    yield line
    if text:
        room = width - indent - 2
        yield Text(" " * (indent + 2) + (text if len(text) <= room else text[: room - 1] + "…"), "cyan")
