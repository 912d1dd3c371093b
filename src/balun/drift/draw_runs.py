"""Runs in the terminal: rows, nulls and what moved, or one column with small pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from balun.drift.column import kind_of
from balun.drift.moved import percent, written
from balun.drift.runs import Runs, State
from balun.profile import ColumnProfile

if TYPE_CHECKING:
    from rich.console import Console

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 16


def draw_runs(found: Runs, console: Console, *, limit: int = 20) -> None:
    """limit: states at most, the newest."""
    owner = f"   {found.node.owner}" if found.node.owner else ""
    name = found.node.id.replace(":", " ") + (f".{found.column}" if found.column else "")
    console.print(Text.assemble((name, "bold"), owner))
    shown = found.states[-limit:]
    console.print(_of_column(shown, found.column) if found.column else _of_all(shown))
    if found.column:
        for line in _over_time(shown, found.column):
            console.print(line)
    if len(found.states) > limit:
        console.print(f"{len(found.states) - limit} before these: -n {len(found.states)} shows them")


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False, padding=(0, 2, 0, 0))
    for name, side in columns:
        wide = name in {"moved", "values"}
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold", no_wrap=not wide)
    return table


def _of_all(states: Sequence[State]) -> Table:
    table = _table(("run", "right"), ("of", ""), ("rows", "right"), ("nulls", "right"), ("moved", ""))
    for one in states:
        alarms = one.moved.alarms if one.moved else ()
        told = "; ".join(f"{each.column} {each.words}" for each in alarms[:2])
        more = f"; and {len(alarms) - 2} more" if len(alarms) > 2 else ""
        table.add_row(str(one.entry.run), _when(one), f"{one.entry.rows:,}", percent(one.nulls), told + more)
    return table


def _of_column(states: Sequence[State], column: str) -> Table:
    numbers = [(name, "right") for name in ("rows", "nulls", "distinct")]
    table = _table(("run", "right"), ("of", ""), *numbers, ("", ""), ("values", ""))
    profiles = [one.entry.profile.column(column) for one in states]
    ends = _ends([one for one in profiles if one])
    for one, profile in zip(states, profiles, strict=True):
        rows = f"{one.entry.rows:,}"
        if profile is None:
            table.add_row(str(one.entry.run), _when(one), rows, "", "", "", "isn't there")
            continue
        nulls = percent(profile.nulls / one.entry.rows) if one.entry.rows else ""
        table.add_row(
            str(one.entry.run),
            _when(one),
            rows,
            nulls,
            f"{profile.distinct:,}",
            _shape(profile, ends),
            _values(profile),
        )
    return table


def _when(one: State) -> str:
    return f"{datetime.fromtimestamp(one.entry.when, UTC):%Y-%m-%d %H:%M}"


def _ends(profiles: Sequence[ColumnProfile]) -> tuple[float, float] | None:
    """Of most values in all runs, so that pictures have one scale."""
    there = [one.quantiles for one in profiles if one.quantiles]
    return (min(one[6] for one in there), max(one[-7] for one in there)) if there else None


def _shape(profile: ColumnProfile, ends: tuple[float, float] | None) -> str:
    """A histogram of numbers, told from their quantiles; of texts, how frequent the most frequent are."""
    if profile.quantiles and ends:
        low, high = ends
        width = (high - low) or 1.0
        counts = [0] * _WIDTH
        for value in profile.quantiles:
            counts[min(_WIDTH - 1, max(0, int((value - low) / width * _WIDTH)))] += 1
        return sparkline(counts)
    return sparkline([one.rows for one in profile.top[:_WIDTH]])


def _values(profile: ColumnProfile) -> str:
    if profile.quantiles:
        kind = "time" if kind_of(profile.dtype) == "time" else "number"
        low, middle, high = (written(profile.quantiles[place], kind) for place in (13, 64, 115))
        return f"{low} … {middle} … {high}"
    return ", ".join(one.value for one in profile.top[:3])


def _over_time(states: Sequence[State], column: str) -> Iterator[str]:
    profiles = [one.entry.profile.column(column) for one in states]
    if len(states) < 3:
        return
    nulls = [one.nulls / max(state.entry.rows, 1) if one else 0.0 for one, state in zip(profiles, states, strict=True)]
    middles = [one.quantiles[64] if one and one.quantiles else None for one in profiles]
    yield f"nulls   {sparkline(nulls)}  {percent(nulls[0])} to {percent(nulls[-1])}"
    if all(one is not None for one in middles):
        told = [one for one in middles if one is not None]
        yield f"median  {sparkline([one - min(told) for one in told])}"


def sparkline(values: Sequence[float]) -> str:
    """
    >>> sparkline([0, 1, 4, 8]), sparkline([]), sparkline([0, 0])
    ('▁▂▅█', '', '▁▁')
    """
    most = max(values, default=0)
    if not most:
        return _BARS[0] * len(values)
    return "".join(_BARS[round((len(_BARS) - 1) * value / most)] for value in values)
