"""A model's test as a PNG; needs `balun[picture]`."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from balun.fit.drawn import judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from balun.fit.result import Calibration, Residual, Result

_INK, _SOFT, _PALE = "#1b4965", "#8fb3c7", "#c3cbd0"
_MOST, _NAME = 12, 28
Dot = tuple[str, float, float, float]


def picture(result: Result, path: Path) -> bool:
    """Write it to `path`. False, and nothing written, where matplotlib isn't installed."""
    if find_spec("matplotlib") is None:
        return False
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # A name is data: $ in it is no formula. A letter that the font lacks is drawn as a box, which says enough.
    with rc_context({"text.parse_math": False, "font.size": 10}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=(12, 8), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.2, h_pad=0.15)  # type: ignore[union-attr, call-arg]
        _panels(result, figure.subplots(2, 2, gridspec_kw={"height_ratios": [4, 5]}))
        figure.suptitle(_title(result), x=0.01, ha="left", fontsize=14, fontweight="bold", color=_INK)
        # No date and no version in the file: the same result gives the same bytes.
        figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
    return True


def _title(result: Result) -> str:
    test = result.test
    when = f"{test.first:%Y-%m-%d} to {test.last:%Y-%m-%d}"
    return f"{result.model}: {judged(result)}, tested on {test.rows:,} rows, {when}"


def _panels(result: Result, panels: list[list[Axes]]) -> None:
    better = "higher" if result.greater_is_better else "lower"
    _dots(panels[0][0], _against_baselines(result), f"{result.metric}, {better} is better", None)
    if result.calibration:
        _calibration(panels[0][1], result.calibration)
    elif result.residuals:
        _residuals(panels[0][1], result.residuals)
    else:
        panels[0][1].axis("off")
    leaned = [(one.input, one.drop, one.low, one.high) for one in result.importances[:_MOST]]
    _dots(panels[1][0], leaned, f"loss of {result.metric} if shuffled", 0.0)
    parts = [(f"{one.column} {one.value}", one.metric, one.low, one.high) for one in result.slices[:_MOST]]
    _dots(panels[1][1], parts, f"{result.metric} by slice, worst first; the line is the whole", result.value)


def _against_baselines(result: Result) -> list[Dot]:
    rows = [("model", result.value, result.low, result.high)]
    return rows + [(one.name, one.value, one.low, one.high) for one in result.baselines]


def _dots(axes: Axes, rows: list[Dot], title: str, line: float | None) -> None:
    """A dot a row, with its interval; `line` is where it would be if nothing were the matter."""
    if not rows:
        axes.axis("off")
        return
    if line is not None:
        axes.axvline(line, color=_PALE, linewidth=1, zorder=0)
    for place, (_, value, low, high) in enumerate(rows):
        axes.plot([low, high], [place, place], color=_SOFT, linewidth=4, solid_capstyle="round", zorder=1)
        axes.plot([value], [place], "o", color=_INK, zorder=2)
    axes.set_yticks(range(len(rows)), [_short(name) for name, *_ in rows])
    axes.set_ylim(max(len(rows), 3) - 0.4, -0.6)
    axes.margins(x=0.08)
    _plain(axes, title)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _calibration(axes: Axes, calibration: Calibration) -> None:
    bins = calibration.bins
    ends = [value for one in bins for value in (one.predicted, one.observed, one.low, one.high)]
    top = min(1.0, 1.05 * max(value for value in ends if value == value))  # noqa: PLR0124  NaN where too few
    axes.plot([0, top], [0, top], color=_PALE, linewidth=1, zorder=0)
    for one in bins:
        axes.plot([one.predicted] * 2, [one.low, one.high], color=_SOFT, linewidth=4, solid_capstyle="round")
    axes.plot([one.predicted for one in bins], [one.observed for one in bins], "o", color=_INK)
    axes.set(xlabel="predicted", ylabel="observed")
    _plain(axes, f"calibration, off by {calibration.error:.3f} on average")


def _residuals(axes: Axes, residuals: tuple[Residual, ...]) -> None:
    axes.axvline(0, color=_PALE, linewidth=1, zorder=0)
    axes.plot([one.value for one in residuals], [one.share for one in residuals], "o-", color=_INK)
    axes.set(xlabel="truth minus prediction", ylabel="share of rows below", ylim=(0, 1))
    _plain(axes, "residuals")


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.grid(axis="x", color="#eceff1", linewidth=0.8, zorder=-1)
    axes.set_axisbelow(True)
