"""Mends in the terminal: what is wrong, how many cells, why, and how it would be mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from balun.map.fitted_text import wrapped
from balun.mends.mending import Mend, Mending, words

if TYPE_CHECKING:
    from rich.console import Console


def draw(found: Mending, console: Console, *, limit: int = 10) -> None:
    """limit: mends at most, and as many doubts without one; those with most cells first."""
    for line in _lines(found, limit, console.width):
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _lines(found: Mending, limit: int, width: int) -> Iterator[Text]:
    looked = "" if found.looked_at == found.rows else f", of which {found.looked_at:,} were looked at"
    yield Text.assemble((found.name, "bold"), f"   {found.rows:,} rows{looked}")
    yield Text()
    for one in sorted(found.mends, key=lambda one: -one.cells)[:limit]:
        yield from _mend(one, width)
    if found.unknown:
        yield Text("Likely wrong, and nothing here says what is right", "bold")
        yield Text()
        for one in sorted(found.unknown, key=lambda one: -one.cells)[:limit]:
            yield from _mend(one, width)
    yield from (Text(line) for line in wrapped(_last(found, limit), width))


def _mend(one: Mend, width: int) -> Iterator[Text]:
    what = _count(one.cells, "row" if one.column is None else "cell")
    yield Text.assemble((one.column or "whole rows", "bold"), f"   {one.kind}   {what}   {one.confidence:.0%} sure")
    yield from (Text(f"  {line}") for line in wrapped(one.evidence, width - 2))
    pairs = ", ".join(words(pair, known=one.number is not None) for pair in one.examples)
    yield from (Text(f"  {line}", "cyan") for line in wrapped(pairs, width - 2) if pairs)
    yield Text()


def _last(found: Mending, limit: int) -> str:
    if not found.mends and not found.unknown:
        return "Nothing looks wrong."
    cells, rows = (sum(one.cells for one in found.mends if (one.column is None) == whole) for whole in (False, True))
    counts = [_count(number, what) for number, what in ((cells, "cell"), (rows, "row")) if number]
    parts = [f"{_count(len(found.mends), 'mend')} of {' and '.join(counts)}"] if found.mends else []
    if found.unknown:
        parts.append(f"{_count(sum(one.cells for one in found.unknown), 'cell')} without one")
    hidden = max(len(found.mends), len(found.unknown))
    if hidden > limit:
        parts.append(f"-n {hidden} shows all")
    if found.sql:
        parts.append(f"--write puts them into tables/{found.table}.sql")
    return "; ".join(parts)


def _count(number: int, what: str) -> str:
    """
    >>> _count(1, "cell"), _count(2400, "cell")
    ('1 cell', '2,400 cells')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"
