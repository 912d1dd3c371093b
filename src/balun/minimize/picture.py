"""The frontier as a PNG; needs `balun[picture]`."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from balun.minimize.result import Minimized, Point

_INK, _SOFT, _PALE, _BAD = "#1b4965", "#8fb3c7", "#c3cbd0", "#b5651d"
_UNITS = {"columns": "captured columns", "bytes": "bytes a row", "latency": "seconds to know the inputs and to answer"}
_BEYOND = 12.0  # margins; what loses more lies at the edge


def picture(found: Minimized, path: Path) -> bool:
    """Write it to `path`. False, and nothing written, where matplotlib isn't installed."""
    if find_spec("matplotlib") is None:
        return False
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"text.parse_math": False, "font.size": 10}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure = Figure(figsize=(8, 5), layout="constrained")
        _frontier(found, figure.subplots())
        # No date and no version in the file: the same result gives the same bytes.
        figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
    return True


def _frontier(found: Minimized, axes: Axes) -> None:
    top = _BEYOND * found.margin
    axes.axhline(0, color=_PALE, linewidth=1, zorder=0)
    axes.axhline(found.margin, color=_BAD, linewidth=1, linestyle=":", zorder=0)
    for point in found.frontier:
        if point.gap is not None:
            _point(point, point.bill.of(found.cost), top, axes)
    axes.set_ylim(-top / 3, top * 1.05)
    axes.set(xlabel=_UNITS[found.cost], ylabel=f"loss of {found.metric}, 95 %")
    axes.set_title(f"{found.model}: dotted, what it may lose; ringed, the chosen", loc="left", color=_INK)
    axes.spines[["top", "right"]].set_visible(False)


def _point(point: Point, cost: float, top: float, axes: Axes) -> None:
    assert point.gap is not None
    low, value, high = (min(one, top) for one in (point.gap.low, point.gap.value, point.gap.high))
    axes.plot([cost, cost], [low, high], color=_SOFT, linewidth=3, solid_capstyle="round", zorder=1)
    axes.plot([cost], [value], "o" if point.holds else "x", color=_INK if point.holds else _BAD, zorder=2)
    if point.chosen:
        axes.plot([cost], [value], "o", markersize=14, markerfacecolor="none", color=_INK, zorder=3)
