"""Labels in doubt, in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from balun.fit.drawn import number
from balun.stocktake.grid import MOST, Drawn, grid, short
from balun.stocktake.noise import SURE, Noise, Suspect
from balun.stocktake.outliers import BOUND, Outliers
from balun.stocktake.words import none_or, share


def noise_told(noise: Noise) -> Drawn:
    yield (
        f"confident learning puts {share(noise.rate)} of the labels in doubt ({noise.doubted:,} of {noise.rows:,} "
        f"rows, each judged by a model fitted without it on {noise.fitted_rows:,})"
    )
    if not noise.doubted:
        return
    yield _verdict(noise)
    yield from _suspects(noise.suspects, "its probability")


def _verdict(noise: Noise) -> str:
    sure = f"the model is sure of {noise.sure:,} of them ({SURE:.0%} or more)".replace("%", " %")
    if noise.sure < noise.doubted / 2:
        median = f"{noise.certainty:.0%}".replace("%", " %")
        return (
            f"most of that is likely chance, not error: the model gives the other class {median} at the median; "
            f"{noise.sure:,} of these rows get it at {SURE * 100:.0f} % or more"
        )
    return f"{sure}: read those; what the inputs can't tell counts too, so the share is the most it can be"


def outliers_told(outliers: Outliers, label: str) -> Drawn:
    yield (
        f"training rows over {BOUND:.0f} robust deviations (of {number(outliers.deviation)}) from what a model fitted "
        f"without them on {outliers.fitted_rows:,} says of {label}: {none_or(outliers.beyond)}"
        f"{'; a label with a long tail has such rows by nature' if outliers.beyond else ''}"
    )
    yield from _suspects(outliers.suspects, "deviations")


def _suspects(suspects: Sequence[Suspect], doubt: str) -> Drawn:
    if not suspects:
        return
    names = [name for name, _ in suspects[0].key]
    table = grid("most doubtful", *names, "label", "model says", doubt)
    for one in suspects[:MOST]:
        told = f"{one.doubt:.3f}" if one.doubt <= 1 else f"{one.doubt:,.1f}"
        table.add_row(Text(f"row {one.row}"), *(Text(short(value)) for _, value in one.key), one.label, one.said, told)
    yield table
