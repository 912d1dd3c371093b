"""A corpus's stock in the terminal: what matters in words, the numbers below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from balun.map.fitted_text import wrapped
from balun.stocktake.doubt_told import noise_told, outliers_told
from balun.stocktake.gain_told import curve_told, sample_told, wants_told
from balun.stocktake.grid import Drawn
from balun.stocktake.rows_told import amount_told, diverse_told, twins_told
from balun.stocktake.stocktake import Stocktake

if TYPE_CHECKING:
    from rich.console import Console


def draw(found: Stocktake, console: Console) -> None:
    """Never wider than the console."""
    model = f", by model {found.model}" if found.model else ""
    console.print(
        Text.assemble(("corpus ", "dim"), (found.corpus, "bold"), f"   {found.owner or 'no owner'}{model}"),
        overflow="fold",
    )
    for title, parts in _sections(found):
        body = list(parts)
        if not body:
            continue
        console.print()
        console.print(Text(title, "bold"))
        for part in body:
            _put(part, console)
    if found.notes:
        console.print()
    for note in found.notes:
        _put(f"note: {note}", console, indent=0)


def _put(part: str | Table, console: Console, indent: int = 2) -> None:
    if isinstance(part, str):
        for at, line in enumerate(wrapped(part, console.width - indent - 2)):
            console.print(Text(" " * (indent + 2 * (at > 0)) + line), no_wrap=True, overflow="ellipsis")
    else:
        console.print(Padding(part, (0, 0, 0, indent)))


def _sections(found: Stocktake) -> Iterator[tuple[str, Iterable[str | Table]]]:
    yield "How much", amount_told(found.amount)
    yield "How diverse", diverse_told(found.clusters, found.coverage, found.amount)
    yield "How clean", _clean(found)
    yield "Learning curve", curve_told(found.curve, found.fits) if found.curve else ()
    yield "What to capture more of", wants_told(found.wants) if found.wants else ()
    yield "Sample", sample_told(found.sample) if found.sample else ()


def _clean(found: Stocktake) -> Drawn:
    if found.cleanness:
        yield from twins_told(found.cleanness, found.amount)
    if found.noise:
        yield from noise_told(found.noise)
    if found.outliers:
        yield from outliers_told(found.outliers, found.amount.label)
