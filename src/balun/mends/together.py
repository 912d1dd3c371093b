"""Faults between columns: two values in each other's place, or two in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from balun.mends.doubt import Doubt, shown
from balun.mends.pattern import shape
from balun.mends.rule import Given, Values
from balun.mends.sheet import Codes, Column, Sheet

_MOST = 100_000
_FEWEST, _SMALLEST = 3, 50


class _Fit:
    """How well a text fits a column: by how often it is there, and how often its shape is."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.rows = max(1, int(column.counts.sum()))
        self.shapes: Counter[str] = Counter()
        for code, text in enumerate(column.texts):
            self.shapes[shape(text)] += int(column.counts[code])
        # Where values come again and again, one that never came is foreign whatever its shape.
        self.new = float(column.counts[column.counts <= 2].sum()) / self.rows

    def of(self, text: str, *, own: bool) -> float:
        """own: the text is one of this column's rows, which doesn't speak for itself."""
        code = self.column.code_of.get(text)
        there = (int(self.column.counts[code]) if code is not None else 0) - own
        alike = max(0, self.shapes[shape(text)] - own)
        return (0.5 * there + 0.5 * min(1.0, self.new + 0.001) * alike / 20) / self.rows + 1e-7


def swapped(sheet: Sheet) -> Iterator[Doubt]:
    """Rows in which each of two columns holds what fits the other far better."""
    fits = [_Fit(one) for one in sheet.columns if 2 <= one.distinct <= _MOST and one.kind in {"text", "integer"}]
    if sheet.count < _SMALLEST:
        return
    for one, other in combinations(fits, 2):
        if one.column.kind == other.column.kind == "integer":
            continue
        rows = _misplaced(one, other)
        if 0 < len(rows) <= 0.2 * sheet.count:
            yield from _exchange(one.column, other.column, rows)


def _misplaced(one: _Fit, other: _Fit) -> Codes:
    away = _foreign(one, other)
    back = _foreign(other, one)
    if not away.any() or not back.any():
        return np.empty(0, dtype=np.int64)
    first = np.append(away, False)[one.column.codes]
    second = np.append(back, False)[other.column.codes]
    rows = np.flatnonzero(first & second)
    texts = one.column.texts, other.column.texts
    differs = [texts[0][one.column.codes[row]] != texts[1][other.column.codes[row]] for row in rows.tolist()]
    return np.asarray(rows[np.array(differs, dtype=bool)])


def _foreign(own: _Fit, other: _Fit) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By value of `own`: whether it fits the other column ten times better, and is at home there."""
    found = np.zeros(own.column.distinct, dtype=bool)
    for code, text in enumerate(own.column.texts):
        there = other.of(text, own=False)
        found[code] = (
            there > 0.0004 and there > 10 * own.of(text, own=True) and own.column.counts[code] < 0.05 * own.rows
        )
    return found


def _exchange(one: Column, other: Column, rows: Codes) -> Iterator[Doubt]:
    sure = np.full(len(rows), 0.93 if len(rows) >= _FEWEST else 0.7)
    pairs = sorted({(one.texts[one.codes[row]], other.texts[other.codes[row]]) for row in rows.tolist()})
    for own, theirs, turned in ((one, other, False), (other, one, True)):
        rights = np.array([theirs.texts[code] for code in theirs.codes[rows]], dtype=object)
        cases = tuple(((pair[0],), pair[1], pair[0]) if turned else ((pair[1],), pair[0], pair[1]) for pair in pairs)
        first = rows[0]
        told = (
            f"{own.name} and {theirs.name} are in each other's place: {shown(own.text_at(int(first)))} and "
            f"{shown(theirs.text_at(int(first)))}"
        )
        yield Doubt("swapped", own, rows, sure, rights, told, Given(own, (theirs,), cases))


def run_together(sheet: Sheet) -> Iterator[Doubt]:
    """Values that end in what belongs into another column, which is empty there."""
    texts = [one for one in sheet.columns if one.is_text and one.distinct <= _MOST]
    for other in texts:
        if not other.nulls or other.distinct > 5000:
            continue
        for column in texts:
            if column is not other:
                yield from _split(column, other)


def _split(column: Column, other: Column) -> Iterator[Doubt]:
    empty = other.codes < 0
    ends: dict[int, tuple[str, str]] = {}
    for code in np.unique(column.codes[empty & (column.codes >= 0)]).tolist():
        before, _, end = column.texts[code].rpartition(" ")
        if before and end in other.code_of and other.counts[other.code_of[end]] >= 2:
            ends[code] = (before.rstrip(" ,;"), end)
    rows = np.flatnonzero(np.append(np.isin(np.arange(column.distinct), list(ends)), False)[column.codes] & empty)
    there = int((empty & (column.codes >= 0)).sum())
    if len(rows) < _FEWEST or len(rows) < 0.5 * there:
        return
    # Where the other column isn't empty such ends must be rare, else the end is part of the value.
    mixed = np.append(np.isin(np.arange(column.distinct), list(ends)), False)[column.codes] & ~empty
    if mixed.sum() > 0.5 * len(rows):
        return
    sure = np.full(len(rows), 0.96)
    codes = column.codes[rows].tolist()
    first = ends[codes[0]]
    told = f"'{column.texts[codes[0]]}' is '{first[0]}', and {other.name} is '{first[1]}': {other.name} is empty there"
    pairs = tuple((column.texts[code], ends[code][0]) for code in sorted(ends))
    cases = tuple(((column.texts[code],), None, ends[code][1]) for code in sorted(ends))
    short = np.array([ends[code][0] for code in codes], dtype=object)
    long = np.array([ends[code][1] for code in codes], dtype=object)
    yield Doubt("run together", column, rows, sure, short, told, Values(column, pairs))
    yield Doubt("run together", other, rows, sure, long, told, Given(other, (column,), cases))
