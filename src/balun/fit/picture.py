"""A model's test as a PNG; needs `balun[picture]`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from balun.fit.result import Calibration, Residual, Result

_INK, _SOFT = "#1b4965", "#9aa5ab"
_MOST = 12


def picture(result: Result, path: Path) -> bool:
    """Write it to `path`. False, and nothing written, where matplotlib isn't installed."""
    if find_spec("matplotlib") is None:
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 8), layout="constrained")
    panels = figure.subplots(2, 2)
    _against_baselines(panels[0][0], result)
    if result.calibration:
        _calibration(panels[0][1], result.calibration)
    elif result.residuals:
        _residuals(panels[0][1], result.residuals)
    else:
        panels[0][1].axis("off")
    leaned = [(one.input, one.drop, one.low, one.high) for one in result.importances[:_MOST]]
    _dots(panels[1][0], leaned, f"loss of {result.metric} if shuffled")
    parts = [(f"{one.column} {one.value}", one.metric, one.low, one.high) for one in result.slices[:_MOST]]
    _dots(panels[1][1], parts, f"{result.metric} by slice, worst first")
    figure.suptitle(f"{result.model}: {result.metric} on {result.test.rows:,} later rows")
    # No date and no version in the file: the same result gives the same bytes.
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
    return True


def _against_baselines(axes: Axes, result: Result) -> None:
    rows = [("model", result.value, result.low, result.high)]
    rows += [(one.name, one.value, one.low, one.high) for one in result.baselines]
    _dots(axes, rows, f"{result.metric}, {'higher' if result.greater_is_better else 'lower'} is better")


def _dots(axes: Axes, rows: list[tuple[str, float, float, float]], title: str) -> None:
    if not rows:
        axes.axis("off")
        return
    for place, (_, value, low, high) in enumerate(rows):
        axes.plot([low, high], [place, place], color=_SOFT, linewidth=3, solid_capstyle="round")
        axes.plot([value], [place], "o", color=_INK)
    # A name is data: $ in it is no formula.
    axes.set_yticks(range(len(rows)), [name.replace("$", r"\$")[:40] for name, *_ in rows])
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _calibration(axes: Axes, calibration: Calibration) -> None:
    bins = calibration.bins
    top = max(max(one.predicted, one.observed) for one in bins) * 1.1
    axes.plot([0, top], [0, top], color=_SOFT, linewidth=1)
    for one in bins:
        axes.plot([one.predicted, one.predicted], [one.low, one.high], color=_SOFT, linewidth=3)
    axes.plot([one.predicted for one in bins], [one.observed for one in bins], "o", color=_INK)
    axes.set(xlabel="predicted", ylabel="observed")
    axes.set_title(f"calibration, off by {calibration.error:.3f} on average", loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _residuals(axes: Axes, residuals: tuple[Residual, ...]) -> None:
    axes.axvline(0, color=_SOFT, linewidth=1)
    axes.plot([one.value for one in residuals], [one.share for one in residuals], "o-", color=_INK)
    axes.set(xlabel="truth minus prediction", ylabel="share of rows below")
    axes.set_title("residuals", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
