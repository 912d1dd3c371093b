"""A smaller model in the terminal: the frontier, what is kept, what may go, and how the test came out."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from balun.fit.drawn import number
from balun.minimize.bill import Bill
from balun.minimize.result import Gone, Minimized, Point, Tested

_WIDE = 40
_BEFORE, _BEYOND = 2.0, 6.0  # margins that the plot shows on either side of nothing lost


def print_minimized(found: Minimized, console: Console) -> None:
    for line in _head(found):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(_frontier(found))
    console.print(Text(_legend(found), style="dim"), soft_wrap=True)
    if found.gap is None:
        console.print("nothing can go, and nothing can come coarser, at a loss that stays under the margin for sure")
    else:
        console.print(_kept(found))
    if found.blur > found.margin and not found.measurable:
        console.print(Text(_blurred(found)), soft_wrap=True)
    for line in _below(found):
        console.print(Text(line), soft_wrap=True)


def _head(found: Minimized) -> Iterator[str]:
    better = "higher" if found.greater_is_better else "lower"
    part = found.validation
    yield f"{found.model}: {found.metric} {found.value:.4f}, {better} is better, on {part.rows:,} rows before the test"
    share = f"{100 * found.share:g} % of what it gains over the training's average, {found.gain:.4g}"
    if found.measurable:
        yield f"may lose one standard error, and no more than {found.margin:.2g}: {share}"
    else:
        yield f"may lose {found.margin:.2g}: {share}"


def _frontier(found: Minimized) -> Grid:
    """The cheapest first; each loss with its interval as a bar, and the margin as a line."""
    table = _grid("columns", "bytes", "waits", found.metric, "lost", "95 %", "")
    for point in found.frontier:
        bill = point.bill
        cells = [str(bill.columns), f"{bill.bytes:.1f}", _length(bill.late_s), number(point.value)]
        gap = point.gap
        lost = ["breaks", ""] if gap is None else [f"{gap.value:+.2g}", f"{gap.low:+.2g} to {gap.high:+.2g}"]
        style = "bold" if point.chosen else "" if point.holds else "dim"
        table.add_row(
            *(Text(one, style=style) for one in [*cells, *lost]), Text(_bar(point, found.margin), style=style)
        )
    return table


def _bar(point: Point, margin: float) -> str:
    """
    >>> from balun.fit.paired import Gap
    >>> gap = Gap(0.0, -1.0, 0.5, 0.1, 0.0, 1, 1, 1, (-1.0, 0.5, 0.1))
    >>> _bar(Point((), (), Bill(1, 1.0, 0.0), 1.0, gap, True), 1.0).rstrip()
    '     ─────●──  ┊'
    """
    cells = [" "] * _WIDE
    cells[_place(1.0)] = "┊"
    gap = point.gap
    if gap is None or isnan(gap.low) or isnan(gap.high):
        return "".join(cells)
    low, middle, high = (_place(one / margin) for one in (gap.low, gap.value, gap.high))
    for at in range(low, high + 1):
        cells[at] = "┼" if cells[at] == "┊" else "─"
    cells[middle] = "●"
    if gap.value / margin > _BEYOND:
        cells[-1] = "▶"
    return "".join(cells) + ("  chosen" if point.chosen else "")


def _place(margins: float) -> int:
    share = (margins + _BEFORE) / (_BEFORE + _BEYOND)
    return min(max(round(share * _WIDE), 0), _WIDE - 1)


def _legend(found: Minimized) -> str:
    searched = "cheapest first" if found.cost == "columns" else f"least {found.cost} first"
    if found.measurable:
        limit = f"not ┊, {100 * found.share:g} % of the gain"
        return f"{searched}; a bar must reach as far below 0 as its middle lies above, that {limit}; dim: it doesn't"
    return f"{searched}; ┊ the margin, under which the whole bar must lie; dim: it doesn't"


def _blurred(found: Minimized) -> str:
    return (
        f"these rows tell a loss to ± {found.blur:.2g} only, more than the margin: what is worth nothing may be kept "
        f"all the same; --margin {100 * 2 * found.blur / found.gain:.1g}% would tell"
    )


def _kept(found: Minimized) -> Grid:
    table = _grid("kept", "as captured", "will do at", "bytes", "owner")
    for one in found.kept:
        table.add_row(one.name, one.resolution or "", one.step or "", f"{one.bytes:.2f}", one.owner or "")
    return table


def _below(found: Minimized) -> Iterator[str]:
    free = [one for one in found.gone if one.may_go]
    if free:
        yield f"may stop being captured: {', '.join(map(_owned, free))}"
    for one in found.gone:
        if not one.may_go:
            yield f"no input any more, and captured all the same: {one.name}, {_why(one)}"
    for name, why in found.label_only:
        yield f"never an input: {name}, {why or 'decides on rows'}"
    if found.unused:
        yield f"captured, and of no use to it: {', '.join(found.unused)}"
    if found.tested is not None:
        yield from _tested(found, found.tested)
        yield from _bills(found.before, found.after)
    told = ", ".join(f"{count} {why}" for why, count in found.fits.items() if count)
    yield f"{sum(found.fits.values())} fits: {told}"
    if found.written:
        yield f"written: {found.written}"
    if found.picture:
        yield f"drawn: {found.picture}"


def _owned(one: Gone) -> str:
    return f"{one.name} ({one.owner})" if one.owner else one.name


def _why(one: Gone) -> str:
    others = [f"{id_.replace(':', ' ')} ({owner})" if owner else id_.replace(":", " ") for id_, owner in one.others]
    return ", ".join([*([one.stays] if one.stays else []), *others])


def _tested(found: Minimized, tested: Tested) -> Iterator[str]:
    gap = tested.gap
    if gap is None:
        yield "on the test: the smaller model can't be made"
        return
    if found.measurable:
        said = "not to be told from nothing" if tested.holds else "which can be told from nothing"
    else:
        said = f"{'under' if tested.holds else 'NOT surely under'} the margin of {tested.margin:.2g}"
    yield (
        f"on the test, looked at once, {found.test.rows:,} rows: {found.metric} {tested.before:.4f} to "
        f"{tested.after:.4f}, lost {gap.value:+.4f} ({gap.low:+.4f} to {gap.high:+.4f}), {said}"
    )
    if any(one.step for one in found.kept):
        yield f"with the fewer columns as finely captured as now: {tested.fine:.4f}"


def _bills(before: Bill, after: Bill) -> Iterator[str]:
    yield (
        f"columns {before.columns} to {after.columns}; bytes a row {before.bytes:.1f} to {after.bytes:.1f}; "
        f"the last known after {_length(before.late_s)}, then {_length(after.late_s)}; a prediction takes "
        f"{before.alone_us:,.0f} µs alone, then {after.alone_us:,.0f}; {before.bulk_us:,.1f} µs of many, then "
        f"{after.bulk_us:,.1f}"
    )


def _length(seconds: float) -> str:
    """
    >>> _length(0), _length(90), _length(5400)
    ('0', '90 s', '90 min')
    """
    if not seconds:
        return "0"
    return (
        f"{seconds:.3g} s"
        if seconds < 120
        else f"{seconds / 60:.3g} min"
        if seconds < 7200
        else f"{seconds / 3600:.3g} h"
    )


def _grid(*names: str) -> Grid:
    table = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=not name)
    return table
