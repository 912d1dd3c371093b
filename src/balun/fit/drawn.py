"""A model's test in the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from balun.fit.result import Result

_MOST_SLICES, _MOST_INPUTS, _BAR = 6, 10, 20


def draw(result: Result, console: Console) -> None:
    """The metric with its interval, the baselines, the worst slices, the inputs it leans on."""
    better = "higher" if result.greater_is_better else "lower"
    of = f" of {result.positive}" if result.positive else ""
    console.print(
        f"{result.metric}{of} [bold]{_number(result.value)}[/bold] "
        f"{_range(result.low, result.high)}, {better} is better",
        highlight=False,
    )
    for table in _tables(result):
        console.print(table)
    for line in _lines(result):
        console.print(line, style="dim", highlight=False)


def _tables(result: Result) -> Iterable[Table]:
    baselines = _grid("baseline", result.metric, "", "model's gain", "")
    sign = 1 if result.greater_is_better else -1
    for one in result.baselines:
        bounds = sorted((sign * one.difference_low, sign * one.difference_high))
        baselines.add_row(
            one.name, _number(one.value), _range(one.low, one.high), _number(sign * one.difference), _range(*bounds)
        )
    yield baselines
    if result.slices:
        slices = _grid("worst slices", result.metric, "", "rows")
        for part in result.slices[:_MOST_SLICES]:
            slices.add_row(
                f"{part.column} {part.value}", _number(part.metric), _range(part.low, part.high), f"{part.rows:,}"
            )
        yield slices
    if result.importances:
        inputs = _grid("inputs", "loss if shuffled", "", "")
        most = max(result.importances[0].drop, 1e-12)
        for lean in result.importances[:_MOST_INPUTS]:
            bar = "━" * round(_BAR * max(lean.drop, 0) / most)
            inputs.add_row(lean.input, _number(lean.drop), _range(lean.low, lean.high), bar)
        yield inputs


def _grid(*names: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number == 0 or not name else "right", overflow="fold")
    return table


def _lines(result: Result) -> Iterable[str]:
    train, test = result.train, result.test
    yield (
        f"trained on {train.rows:,} rows, {train.first:%Y-%m-%d} to {train.last:%Y-%m-%d}; tested on {test.rows:,}, "
        f"{test.first:%Y-%m-%d} to {test.last:%Y-%m-%d}; {result.embargoed:,} in neither: label not known by then"
    )
    if result.calibration:
        yield f"calibration: predicted and observed differ by {result.calibration.error:.3f} on average"
    if result.residuals:
        told = ", ".join(f"{one.share:.0%} {_number(one.value)}" for one in result.residuals)
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


def _number(value: float) -> str:
    """Four digits, as many as an interval of a test can bear."""
    return "–" if isnan(value) else f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def _range(low: float, high: float) -> str:
    return "" if isnan(low) or isnan(high) else f"{_number(low)} to {_number(high)}"
