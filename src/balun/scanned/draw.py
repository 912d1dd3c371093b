"""A scan in the terminal: each check, and what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from balun.scanned.result import Check, Scanned

if TYPE_CHECKING:
    from rich.console import Console

    from balun.profile import ColumnProfile, Profile


def draw(found: Scanned, console: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("check", "rows", "rule", "owner"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for one in sorted(found.checks, key=lambda one: not one.failed):
        table.add_row(*_cells(one))
    console.print(table)
    console.print()
    for line in _last(found):
        console.print(Text(line))
    if found.profile is not None:
        console.print()
        console.print(_profile(found.profile))


def _cells(one: Check) -> tuple[Text, Text, Text, str]:
    style = "red" if one.failed else "yellow" if one.broken is None else "dim"
    says = Text(one.says if not one.note else f"{one.says}: {one.note}", style)
    return says, Text(_rows(one), style), Text(one.rule, style), one.owner or ""


def _rows(one: Check) -> str:
    if one.broken is None:
        return "not asked"
    if one.is_of_all:
        return "fails" if one.failed else "holds"
    if one.proved:
        return "0, by the footers"
    return f"{one.broken:,}"


def _last(found: Scanned) -> list[str]:
    files = ", ".join(found.files[:3]) + (f" and {len(found.files) - 3} more" if len(found.files) > 3 else "")
    failed, proved = len(found.failed), sum(one.proved for one in found.checks)
    told = [f"{found.rows:,} rows of {found.node} in {files}: {found.failing:,} of them break something"]
    by = f", {proved} of them proved by the files' footers" if proved else ""
    told.append(
        f"{len(found.checks)} checks{by}; {failed} failed" if failed else f"{len(found.checks)} checks{by}; all hold"
    )
    if found.extra:
        told.append(f"not in the contract: {', '.join(found.extra)}")
    if found.written is not None:
        told.append(f"rows that break something, with their reasons: {found.written}")
    return told


def _profile(profile: Profile) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("column", "null", "distinct", "least", "median", "most", "most frequent"):
        counted = name in {"null", "distinct"}
        table.add_column(
            name,
            justify="right" if counted else "left",
            overflow="ellipsis",
            no_wrap=True,
            min_width=8 if counted or name == "column" else 4,
            ratio=None if counted else 3 if name == "most frequent" else 2,
        )
    for one in profile.columns:
        table.add_row(*_of_column(one, profile.rows))
    return table


def _of_column(one: ColumnProfile, rows: int) -> tuple[str, ...]:
    is_time = one.dtype.startswith(("TIME", "DATE"))
    median = f"{one.quantiles[len(one.quantiles) // 2]:g}" if one.quantiles and not is_time else ""
    top = ", ".join(each.value for each in one.top[:3])
    null = f"{100 * one.nulls / rows:.3g} %" if rows and one.nulls else "0"
    return one.name, null, f"{one.distinct:,}", one.least or "", median, one.most or "", top
