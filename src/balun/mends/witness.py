"""A number that goes along with another: which of two values fits the other number better."""

from __future__ import annotations

import numpy as np

from balun.mends.sheet import Codes, Column, Floats, Mask, Sheet

_DRAWN, _BINS, _LEAST = 5_000, 40, 0.75


def fits_better(sheet: Sheet, column: Column, rows: Codes, right: Codes) -> Mask:
    """Of each row whether the value that stands there lies nearer than the other to what other numbers let expect.

    right: codes of the other values. Where no column goes along with this one, nothing is said: False.
    """
    unsaid = np.zeros(len(rows), dtype=bool)
    values = np.append(column.numbers, np.nan)
    if column.numeric_share < 0.9 or column.distinct < 20 or not len(rows):
        return unsaid
    number = values[column.codes]
    best, beside = _nearest(sheet, column, number)
    if beside is None or best < _LEAST:
        return unsaid
    expected = _expected(number, beside)[rows]
    own, other = np.abs(number[rows] - expected), np.abs(values[right] - expected)
    return np.asarray(np.isfinite(expected) & (own <= other))


def _nearest(sheet: Sheet, column: Column, number: Floats) -> tuple[float, Floats | None]:
    """The column whose ranks go along best, on some rows."""
    drawn = np.unique(np.linspace(0, len(number) - 1, min(_DRAWN, len(number))).astype(int))
    best: tuple[float, Floats | None] = (0.0, None)
    for other in sheet.columns:
        if other is column or other.numeric_share < 0.9 or other.distinct < 20:
            continue
        beside = np.append(other.numbers, np.nan)[other.codes]
        known = np.isfinite(number[drawn]) & np.isfinite(beside[drawn])
        if known.sum() < 50:
            continue
        ranks = [one[drawn][known].argsort().argsort() for one in (number, beside)]
        together = abs(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))
        if together > best[0]:
            best = together, beside
    return best


def _expected(number: Floats, beside: Floats) -> Floats:
    """Of each row the median over the rows whose other number is about as large."""
    known = np.isfinite(number) & np.isfinite(beside)
    edges = np.unique(np.quantile(beside[known], np.linspace(0, 1, _BINS + 1)[1:-1]))
    at = np.searchsorted(edges, beside)
    medians = np.array([np.median(number[known & (at == one)]) if (known & (at == one)).any() else np.nan
                        for one in range(len(edges) + 1)])  # fmt: skip
    return np.where(np.isfinite(beside), medians[at], np.nan)
