"""A person is asked of rows, one at a time, which cells are wrong and what is right."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from balun.errors import nearest
from balun.mends.doubt import shown
from balun.mends.labels import HEAD
from balun.mends.mending import ToLabel

if TYPE_CHECKING:
    from rich.console import Console

_HOW = "COLUMN=VALUE mends a cell, y takes what is proposed, Enter ends the row, q stops"


def interview(rows: Sequence[ToLabel], file: Path, console: Console, ask: Callable[[], str]) -> int:
    """Answers are written to `file` after each row, so that none is lost; rows that stand there are not asked again.

    ask: gives a line. Returns how many rows were looked at.
    """
    done = _done(file)
    console.print(_HOW, style="dim")
    for number, row in enumerate(rows, 1):
        if row.number in done:
            continue
        console.print()
        console.print(f"row {row.number}   {number} of {len(rows)}", style="bold")
        for line in _cells(row):
            console.print(line, soft_wrap=True)
        answer = _answer(row, console, ask)
        if answer is None:
            break
        _append(file, row.number, answer)
        done.add(row.number)
    return len(done)


def _cells(row: ToLabel) -> list[Text]:
    wide = max(len(name) for name, *_ in row.cells)
    lines = []
    for name, value, doubted in row.cells:
        line = Text.assemble((f"  {name:<{wide}}  ", "dim"), (shown(value, most=200), "yellow" if doubted else ""))
        if name in row.proposed:
            line.append(f"   likely {shown(row.proposed[name], most=200)}", "cyan")
        elif doubted:
            line.append("   likely wrong", "cyan")
        lines.append(line)
    return lines


def _answer(row: ToLabel, console: Console, ask: Callable[[], str]) -> dict[str, str] | None:
    """None: the person wants to stop."""
    known = {name.lower(): name for name, *_ in row.cells}
    right: dict[str, str] = {}
    while True:
        said = ask().strip()
        name, sign, value = said.partition("=")
        column = known.get(name.strip().lower())
        if said == "q":
            return None
        if not said:
            return right
        if said == "y":
            return {**{one: value or "" for one, value in row.proposed.items()}, **right}
        if sign and column:
            right[column] = value.strip()
        else:
            console.print(f"  {_HOW}{nearest(name.strip(), known.values())}", style="yellow")


def _done(file: Path) -> set[int]:
    if not file.exists():
        return set()
    with file.open(encoding="utf-8", newline="") as opened:
        return {int(line["row"]) for line in csv.DictReader(opened) if (line.get("row") or "").isdigit()}


def _append(file: Path, number: int, right: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    is_new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        if is_new:
            writer.writerow(HEAD)
        writer.writerows(([number, name, value] for name, value in right.items()) if right else [[number, "", ""]])
