"""A model's test in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import floor, isnan, log10
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from balun.fit.result import Result

_MOST_SLICES, _MOST_INPUTS, _BAR, _NAME = 6, 10, 16, 32
Told = tuple[float, float, float]


def draw(result: Result, console: Console) -> None:
    """The metric with its interval, the baselines, the worst slices, the inputs it leans on."""
    from rich.text import Text

    better = "higher" if result.greater_is_better else "lower"
    value, interval = columns([(result.value, result.low, result.high)])[0]
    told = f" ({interval})" if interval else ""
    # Names, values and notes are data: brackets in them are no markup.
    console.print(Text.assemble(f"{judged(result)} ", (value, "bold"), f"{told}, {better} is better"))
    for table in _tables(result):
        console.print(table)
    for line in _lines(result):
        console.print(line, style="dim", highlight=False, markup=False)


def judged(result: Result) -> str:
    """The metric and what it is the metric of.

    `roc_auc of late`, `f1 of churn = yes`, `mae of delay`.
    """
    positive = f" = {result.positive}" if result.positive not in {None, "True", "1"} else ""
    return f"{result.metric} of {result.label}{positive}"


def _tables(result: Result) -> Iterator[Table]:
    yield _baselines(result)
    if result.slices:
        parts = result.slices[:_MOST_SLICES]
        names = [f"{part.column} {part.value}" for part in parts]
        told = columns([(part.metric, part.low, part.high) for part in parts])
        rows = [(name, *pair, f"{part.rows:,}") for name, pair, part in zip(names, told, parts, strict=True)]
        yield _grid(("worst slices", result.metric, "", "rows"), rows)
    if result.importances:
        leans = result.importances[:_MOST_INPUTS]
        most = max(leans[0].drop, 1e-12)
        bars = ["━" * round(_BAR * max(lean.drop, 0) / most) for lean in leans]
        told = columns([(lean.drop, lean.low, lean.high) for lean in leans])
        rows = [(lean.input, *pair, bar) for lean, pair, bar in zip(leans, told, bars, strict=True)]
        yield _grid(("inputs", "loss if shuffled", "", ""), rows)


def _baselines(result: Result) -> Table:
    sign = 1 if result.greater_is_better else -1
    gains = [_signed(sign, one.difference, one.difference_low, one.difference_high) for one in result.baselines]
    own = columns([(one.value, one.low, one.high) for one in result.baselines])
    rows = [(one.name, *a, *b) for one, a, b in zip(result.baselines, own, columns(gains), strict=True)]
    return _grid(("baseline", result.metric, "", "model's gain", ""), rows)


def _signed(sign: int, value: float, low: float, high: float) -> Told:
    return (value, low, high) if sign == 1 else (-value, -high, -low)


def _grid(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if name and number else "left", overflow="fold")
    for first, *rest in rows:
        table.add_row(Text(_short(first)), *map(Text, rest))
    return table


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _lines(result: Result) -> Iterable[str]:
    train, test = result.train, result.test
    yield (
        f"trained on {train.rows:,} rows, {train.first:%Y-%m-%d} to {train.last:%Y-%m-%d}; tested on {test.rows:,}, "
        f"{test.first:%Y-%m-%d} to {test.last:%Y-%m-%d}; {result.embargoed:,} in neither: label not known by then"
    )
    if result.calibration:
        yield f"calibration: predicted and observed differ by {result.calibration.error:.3f} on average"
    if result.residuals:
        told = ", ".join(f"{one.share:.0%} {number(one.value)}" for one in result.residuals)
        yield f"truth minus prediction, quantiles: {told}"
    cost = result.cost
    yield (
        f"fitted in {cost.fit_s:.1f} s; a prediction takes {cost.bulk_us:,.1f} µs in bulk, "
        f"{cost.single_us:,.0f} µs alone, {cost.row_bytes:,.0f} bytes of inputs; "
        f"the model {cost.model_bytes / 1e6:,.2f} MB"
    )
    hidden = len(result.importances) - _MOST_INPUTS, len(result.slices) - _MOST_SLICES
    if max(hidden) > 0:
        yield f"not shown: {max(hidden[0], 0)} inputs, {max(hidden[1], 0)} slices; --json has all"
    yield from (f"note: {note}" for note in result.notes)


def columns(told: Sequence[Told]) -> list[tuple[str, str]]:
    """Values, and their intervals in words, all with as many decimals as the usual interval can bear.

    >>> columns([(0.77577, 0.74617, 0.79323), (0.5, 0.5, 0.5)])
    [('0.7758', '0.7462 to 0.7932'), ('0.5000', '0.5000 to 0.5000')]
    >>> columns([(float("nan"), float("nan"), float("nan")), (1234567.8, 1200000.0, 1260000.0)])
    [('–', ''), ('1,234,568', '1,200,000 to 1,260,000')]
    """
    widths = [high - low for _, low, high in told if high > low]
    if not widths:
        return [(number(value), _range(number(low), number(high))) for value, low, high in told]
    decimals = min(max(2 - floor(log10(median(widths))), 0), 12)
    shown = [[_fixed(one, decimals) for one in row] for row in told]
    return [(value, _range(low, high)) for value, low, high in shown]


def _fixed(value: float, decimals: int) -> str:
    return "–" if isnan(value) else f"{value:,.{decimals}f}"


def number(value: float) -> str:
    """Four digits, where no interval says how many it can bear."""
    return "–" if isnan(value) else f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _range(low: str, high: str) -> str:
    return "" if "–" in {low, high} else f"{low} to {high}"
