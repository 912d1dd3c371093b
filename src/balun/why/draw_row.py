"""A row in the terminal: what was changed in it, from what, and by which branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from balun.map.fitted_text import wrapped
from balun.why.row import Cell, Row

if TYPE_CHECKING:
    from rich.console import Console


def draw_row(found: Row, console: Console) -> None:
    """Never wider than the console."""
    for line in _lines(found, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Row, width: int) -> Iterator[Text]:
    node, parent = found.node, found.parent
    yield Text.assemble((f"{node.kind} ", "dim"), (node.name, "bold"), f"   {node.owner or 'no owner'}")
    told = ", ".join(f"{name} = {value}" for name, value in found.key)
    yield from (Text(line) for line in wrapped(f"the row where {told}, beside its row of {parent.name}", width))
    yield Text()
    for cell in found.cells:
        yield from _cell(cell, parent.name, width)
    alike = sum(one.in_parent and not one.changed for one in found.cells)
    yield Text(f"{alike} of {len(found.cells)} values are as in {parent.name}")


def _cell(cell: Cell, parent: str, width: int) -> Iterator[Text]:
    if cell.in_parent and not cell.changed:
        yield Text.assemble((f"{cell.column}  ", "dim"), _shown(cell.value))
        return
    yield Text.assemble((cell.column, "bold"), f"  {_shown(cell.value)}", (f"   {cell.place or ''}", "dim"))
    was = f"was {_shown(cell.was)} in {parent}" if cell.in_parent else f"{parent} has no such column"
    yield from (Text(f"  {line}", "yellow") for line in wrapped(was, width - 2))
    yield from (Text(f"  {line}", "dim") for line in wrapped(cell.note, width - 2) if cell.note)
    if cell.text:
        room = width - 2
        yield Text("  " + (cell.text if len(cell.text) <= room else cell.text[: room - 1] + "…"), "cyan")


def _shown(value: object) -> str:
    return "null" if value is None else str(value)
