"""Numbers that stand far from all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from balun.mends.doubt import Doubt
from balun.mends.sheet import Codes, Floats, Mask, Sheet

_FEWEST = 50


def outlier(sheet: Sheet) -> Iterator[Doubt]:
    """Numbers far beyond the rest, with a gap before them, on a scale that bends with the column's skew."""
    for column in sheet.columns:
        if not column.is_number or column.distinct < 15 or column.counts.sum() < _FEWEST:
            continue
        values = column.numbers
        known = np.flatnonzero(np.isfinite(values))
        far = _far(values[known], column.counts[known])
        if not far.any():
            continue
        codes = known[far]
        rows = column.rows_where(codes)
        if len(rows) > max(5, 0.01 * column.counts.sum()):
            continue
        rest = values[known[~far]]
        told = f"all others lie from {rest.min():,.6g} to {rest.max():,.6g}"
        sure = np.full(len(rows), 0.7)
        yield Doubt("outlier", column, rows, sure, np.full(len(rows), None, dtype=object), told)


def _far(values: Floats, counts: Codes) -> Mask:
    """By value: whether it stands apart from all others on its side."""
    order = np.argsort(values)
    weights = np.cumsum(counts[order]) / counts.sum()
    at = np.minimum(np.searchsorted(weights, (0.02, 0.25, 0.5, 0.75, 0.98)), len(order) - 1)
    low, quarter, middle, three_quarters, high = (float(one) for one in values[order][at])
    spread = three_quarters - quarter
    scale = spread or float(np.abs(values - middle).mean()) or 1.0
    bent = np.arcsinh((values - middle) / scale)
    ends = np.arcsinh((np.array([low, high]) - middle) / scale)
    far = np.zeros(len(values), dtype=bool)
    for side, end in ((-1, ends[0]), (1, ends[1])):
        reach = max(side * end, 0.8)
        ranked = order if side > 0 else order[::-1]
        steps = np.diff(side * bent[ranked])
        outside = side * bent[ranked][1:] > 1.7 * reach + 0.4
        apart = np.flatnonzero(outside & (steps > 0.35))
        if len(apart):
            far[ranked[apart[0] + 1 :]] = True
    return far
