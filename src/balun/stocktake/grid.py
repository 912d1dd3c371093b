"""Tables without lines."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

Drawn = Iterator[str | Table]
MOST = 8
_NAME = 36


def grid(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    left = {"input", "slice", "fitted on", "most doubtful", "largest"}
    for at, name in enumerate(names):
        table.add_column(name, justify="left" if at == 0 or name in left else "right", overflow="fold")
    return table


def short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
