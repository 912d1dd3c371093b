"""What is lost in a terminal: of changes, model by model; of a model, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from balun.fit.paired import Gap
from balun.worth.cost import Cost
from balun.worth.table import Captured, Table
from balun.worth.worth import Worth

_WORDS = frozenset({"feeds", "owner"})
_SIDES = ("on the day", "after retraining")
_LONG = 100
# Below it there is no room for a column's bytes and what it feeds; --json has them.
_WIDE = 110


def print_worth(worth: Worth, console: Console) -> None:
    """Each model's two numbers, with their 95 %, and which part of it is luck of what."""
    console.print(Text("; ".join(_short(str(change)) for change in worth.changes), style="bold"), soft_wrap=True)
    for cost in worth.costs:
        _print_cost(cost, console)
    if worth.costs and worth.share < 1:
        console.print(_fewer(worth.share))
    for model in worth.proved:
        console.print(f"{model}: the same, proved without a row")
    if not worth.costs and not worth.proved:
        console.print("no model hangs on it")
    again = f"built again: {', '.join(worth.rebuilt)}" if worth.rebuilt else "nothing was built again"
    console.print(Text(f"{again}; {worth.reused} reused", style="dim"), soft_wrap=True)


def _short(words: str) -> str:
    """
    >>> _short("pool ride.zone " + ", ".join(f"'{zone}'" for zone in range(1, 70)) + " into 'Manhattan'")
    "pool ride.zone '1', '2', '3', '4', '5', '6', '7', '8', '9', … '68', '69' into 'Manhattan'"
    """
    return words if len(words) <= _LONG else f"{words[:60].rsplit(' ', 1)[0]} … {words[-30:].split(' ', 1)[1]}"


def _print_cost(cost: Cost, console: Console) -> None:
    table = _grid(f"{cost.model}: {cost.metric} lost", "", "95 %", "test's luck", "fit's luck")
    broken: dict[str, None] = {}
    for side, gap, why in zip(_SIDES, (cost.on_day, cost.retrained), cost.why_not, strict=True):
        if gap is None:
            table.add_row(side, "breaks", "", "", "")
            broken[why] = None
        else:
            table.add_row(side, _signed(gap.value), _between(gap), f"± {_number(gap.sampling_sd)}", _fit(gap))
    console.print(table)
    for why in broken:
        console.print(Text(f"breaks: {why}", style="red"), soft_wrap=True)
    if cost.inputs:
        console.print(Text(f"inputs that differ: {', '.join(cost.inputs)}", style="dim"), soft_wrap=True)


def _fewer(share: float) -> str:
    return f"retrained: fitted on {share:.0%} of the training rows, without the change and with it"


def _fit(gap: Gap) -> str:
    if gap.fits == 1:
        return "the same fit"
    return f"± {_number(gap.refit_sd)}" if gap.refit_sd else "none seen"


def print_table(table: Table, console: Console) -> None:
    """Columns with their rungs below them, the most worth first."""
    better = "higher" if table.greater_is_better else "lower"
    console.print(f"{table.model}: {table.metric} {table.value:.4f}, {better} is better; lost without", highlight=False)
    is_wide = console.width >= _WIDE
    more = ["bytes", "feeds"] if is_wide else []
    grid = _grid("captured column", "on the day", "retrained", "95 %", *more, "owner")
    for one in table.columns:
        name = one.name + (f"  ({one.resolution})" if one.resolution else "")
        told = [f"{one.bytes:.2f}", _feeds(one)] if is_wide else []
        grid.add_row(name, *_sides(one.cost), *told, one.owner or "")
        for rung in one.rungs:
            grid.add_row(Text(f"  at {rung.step}", style="dim"), *_sides(rung.cost))
    console.print(grid)
    for line in _below(table):
        console.print(Text(line), soft_wrap=True)


def _sides(cost: Cost) -> tuple[str, str, str]:
    day, fitted = cost.on_day, cost.retrained
    return (
        "breaks" if day is None else _signed(day.value),
        "breaks" if fitted is None else _signed(fitted.value),
        "" if fitted is None else _between(fitted),
    )


def _feeds(one: Captured) -> str:
    parts = [
        *one.also,
        *one.features,
        *(name for name in one.inputs if not any(name.startswith(f"{f}_") for f in one.features)),
    ]
    return ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")


def _below(table: Table) -> Iterator[str]:
    if table.share < 1:
        yield _fewer(table.share)
    columns = {one.name: one for one in table.columns}
    for group in table.groups:
        yield f"tell the same: {', '.join(group)}"
        for name in group:
            first = columns[name].first
            if first is not None:
                yield (
                    f"  {name}: {_signed(first.value)} ({_between(first)}) as the first of them, "
                    f"{_last(columns[name])} as the last"
                )
    if any("label" in one.also for one in table.columns):
        yield "what the label is made of counts as an input alone: the label stays as it was"
    if table.unused:
        yield f"captured, and of no use to it: {', '.join(table.unused)}"


def _last(one: Captured) -> str:
    return "it breaks" if one.cost.retrained is None else _signed(one.cost.retrained.value)


def _between(gap: Gap) -> str:
    return f"{_signed(gap.low)} to {_signed(gap.high)}"


def _signed(value: float) -> str:
    if isnan(value):
        return "?"
    return f"{value:+.4f}" if abs(value) < 100 else f"{value:+,.1f}"


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.1f}"


def _grid(*names: str) -> Grid:
    """Numbers and names stay whole; words go on below."""
    table = Grid(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in names:
        if name in _WORDS:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table
