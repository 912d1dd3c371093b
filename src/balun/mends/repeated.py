"""Rows that come more than once, whole or under a number of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from balun.mends.doubt import Doubt
from balun.mends.rule import Once
from balun.mends.sheet import Codes, Column, Sheet

_MOST_SHARE = 0.3


def duplicate(sheet: Sheet) -> Iterator[Doubt]:
    """Exact ones first; then those but for a column that numbers the rows, where chance could not make them."""
    if len(sheet.columns) < 3 or sheet.count < 10 or not sheet.whole:
        return
    whole = _again(sheet.columns, sheet.count)
    if 0 < len(whole) <= _MOST_SHARE * sheet.count and _is_rich(sheet.columns, sheet.count):
        yield _doubt(sheet, sheet.columns, (), whole, 0.95, "the whole row stands there more than once")
    numbers = [one for one in sheet.columns if one.kind in {"integer", "text"}]
    for number in (one for one in numbers if one.distinct >= 0.97 * sheet.count - len(whole)):
        rest = tuple(one for one in sheet.columns if one is not number)
        again = np.setdiff1d(_again(rest, sheet.count), whole)
        if 0 < len(again) <= 0.1 * sheet.count and _is_rich(rest, sheet.count):
            told = f"the row stands there more than once, but for {number.name}"
            yield _doubt(sheet, rest, (number,), again, 0.8, told)


def _doubt(
    sheet: Sheet, columns: tuple[Column, ...], order: tuple[Column, ...], rows: Codes, sure: float, told: str
) -> Doubt:
    none = np.full(len(rows), None, dtype=object)
    return Doubt("duplicate", sheet.columns[0], rows, np.full(len(rows), sure), none, told, Once(columns, order))


def _again(columns: Sequence[Column], rows: int) -> Codes:
    """Positions of rows that have a row like them above."""
    key = np.zeros(rows, dtype=np.int64)
    for one in columns:
        key = np.unique(key * (one.distinct + 1) + one.codes + 1, return_inverse=True)[1].astype(np.int64)
    first = np.unique(key, return_index=True)[1]
    seen = np.ones(rows, dtype=bool)
    seen[first] = False
    return np.flatnonzero(seen)


def _is_rich(columns: Sequence[Column], rows: int) -> bool:
    """Whether the columns could tell far more rows apart than there are, were they free of each other."""
    bits = 0.0
    for one in columns:
        share = one.counts[one.counts > 0] / max(1, one.counts.sum())
        bits += float(-(share * np.log2(share)).sum())
    wide = max((one.distinct for one in columns), default=0)
    return bits > 2 * np.log2(max(2, rows)) + 8 and wide > 0.02 * rows
