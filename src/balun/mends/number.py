"""Numbers that are out of line: outliers, and shares of the rows in another unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from balun.mends.doubt import Doubt
from balun.mends.rule import Formula
from balun.mends.sheet import Codes, Column, Floats, Sheet

_FEWEST, _FAR = 50, 7.0


def outlier(sheet: Sheet) -> Iterator[Doubt]:
    """Numbers far beyond the rest, with a gap before them, on a scale that bends with the column's skew."""
    for column in sheet.columns:
        if not _is_number(column) or column.distinct < 15 or column.counts.sum() < _FEWEST:
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


def _is_number(column: Column) -> bool:
    return column.kind in {"integer", "float", "decimal"} or column.kind == "text" and column.numeric_share > 0.95


def _far(values: Floats, counts: Codes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By value: whether it stands apart from all others on its side."""
    order = np.argsort(values)
    weights = np.cumsum(counts[order]) / counts.sum()
    quantile = lambda share: float(values[order][min(np.searchsorted(weights, share), len(order) - 1)])  # noqa: E731
    middle, spread = quantile(0.5), quantile(0.75) - quantile(0.25)
    scale = spread or float(np.abs(values - middle).mean()) or 1.0
    bent = np.arcsinh((values - middle) / scale)
    ends = np.arcsinh((np.array([quantile(0.02), quantile(0.98)]) - middle) / scale)
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


@dataclass(frozen=True)
class Change:
    """there: from the usual unit to the foreign one. back: in SQL."""

    words: str
    factor: float
    shift: float = 0.0

    def there(self, value: Floats) -> Floats:
        return (value - self.shift) * self.factor

    def back(self, value: str) -> str:
        plain = f"{value} / {self.factor!r}" if self.factor >= 1 else f"{value} * {1 / self.factor:.10g}"
        return f"{plain} + {self.shift:g}" if self.shift else plain

    def home(self, value: Floats) -> Floats:
        return value / self.factor + self.shift


_RATIOS = (
    ("miles in kilometres", 1.609344), ("in thousandths", 1000.0), ("in hundredths", 100.0), ("times 10", 10.0),
    ("in sixtieths (minutes in seconds)", 60.0), ("hours in seconds", 3600.0), ("inches in centimetres", 2.54),
    ("feet in metres", 0.3048), ("pounds in kilograms", 0.45359237), ("days in hours", 24.0),
    ("gallons in litres", 3.785411784), ("ounces in grams", 28.349523), ("knots in kilometres per hour", 1.852),
)  # fmt: skip
_CHANGES = (
    *(Change(words, ratio) for words, ratio in _RATIOS),
    *(Change(f"the other way round: {words}", 1 / ratio) for words, ratio in _RATIOS),
    Change("Fahrenheit in Celsius", 1 / 1.8, 32.0),
    Change("Celsius in Fahrenheit", 1.8, -32 / 1.8),
)


def unit(sheet: Sheet) -> Iterator[Doubt]:
    """Rows whose number fits what others beside it have, once it is turned into another unit."""
    beside = [one for one in sheet.columns if 2 <= one.distinct <= sheet.count / 8]
    for column in sheet.columns:
        if not _is_number(column) or column.distinct < 8 or column.counts.sum() < _FEWEST:
            continue
        values = np.append(column.numbers, np.nan)[column.codes]
        found = _best_unit(sheet, column, values, [one for one in beside if one is not column])
        if found is not None:
            yield found


def _best_unit(sheet: Sheet, column: Column, values: Floats, beside: list[Column]) -> Doubt | None:
    pick = np.arange(len(values)) if len(values) <= 20_000 else np.linspace(0, len(values) - 1, 20_000).astype(int)
    sets = [(), *((one,) for one in beside), *combinations(beside, 2)]
    ranked = sorted(((_spread(values[pick], _group(some, len(values))[pick]), at) for at, some in enumerate(sets)))
    best: Doubt | None = None
    for _, at in ranked[:4]:
        found = _foreign(column, values, sets[at], _group(sets[at], len(values)))
        if found is not None and (best is None or len(found) > len(best)):
            best = found
    return best


def _group(columns: tuple[Column, ...], rows: int) -> Codes:
    group = np.zeros(rows, dtype=np.int64)
    for one in columns:
        group = group * (one.distinct + 1) + one.codes + 1
    return np.asarray(np.unique(group, return_inverse=True)[1])


def _medians(values: Floats, group: Codes) -> tuple[Floats, Codes]:
    """Of each row the median of its group, and how many of the group have a number."""
    order = np.lexsort((values, group))
    known = np.isfinite(values)
    counts = np.bincount(group, weights=known).astype(np.int64)
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes  # NaN is sorted to the end of its group
    at = np.minimum(starts + np.maximum(counts - 1, 0) // 2, len(values) - 1)
    return values[order][at][group], counts[group]


def _spread(values: Floats, group: Codes) -> float:
    """How wide values lie about the median of their group, with what many small groups win by chance taken off."""
    middle, counts = _medians(values, group)
    fit = np.isfinite(values) & (counts >= 4)
    if fit.sum() < 0.5 * np.isfinite(values).sum():
        return np.inf
    typical = float(np.median(np.abs(values[fit]))) or 1.0
    return float(np.median(np.abs(values[fit] - middle[fit]))) / typical + 1e-6 * len(np.unique(group))


def _foreign(column: Column, values: Floats, beside: tuple[Column, ...], group: Codes) -> Doubt | None:
    middle, counts = _medians(values, group)
    fit = np.isfinite(values) & (counts >= 4)
    if fit.sum() < _FEWEST:
        return None
    off = np.abs(values - middle)
    floor = 0.01 * float(np.median(np.abs(values[fit]))) or 1e-9
    scale = max(float(np.quantile(off[fit], 0.5)) * 1.4826, floor)
    width = np.maximum(scale, 0.05 * np.abs(middle)) if not beside else np.maximum(scale, 0.01 * np.abs(middle))
    strange = fit & (off > 4 * width)
    if strange.sum() < max(8, 0.003 * fit.sum()) or strange.sum() > 0.45 * fit.sum():
        return None
    best, most = None, 0
    for change in _CHANGES:
        there = change.there(middle)
        near = strange & (np.abs(values - there) < 2.5 * width * abs(change.factor)) & (there * values >= 0)
        if near.sum() > most:
            best, most = (change, near), int(near.sum())
    if best is None or most < 0.6 * strange.sum():
        return None
    change, near = best
    rows = np.flatnonzero(near)
    return _doubt(column, beside, rows, change, values, most / strange.sum())


def _doubt(
    column: Column, beside: tuple[Column, ...], rows: Codes, change: Change, values: Floats, share: float
) -> Doubt:
    others = np.delete(values, rows)
    digits = 0 if np.mean(np.mod(others[np.isfinite(others)], 1) == 0) > 0.95 else 2
    home = np.round(change.home(values[rows]), digits)
    rights = np.array([f"{one:.{digits}f}" for one in home], dtype=object)
    number = column.sql if column.kind != "text" else f"try_cast({column.sql} AS DOUBLE)"
    over = f"PARTITION BY {', '.join(one.sql for one in beside)}" if beside else ""
    middle = f"median({number}) OVER ({over})"
    there = f"({middle} - {change.shift:g}) * {change.factor:.10g}" if change.shift else f"{middle} * {change.factor:.10g}"
    cast = "::VARCHAR" if column.kind == "text" else ""
    where = " of the same " + " and ".join(one.name for one in beside) if beside else ""
    told = f"{change.words}: {share:.0%} of the numbers that are far from the median{where} are near it then"
    rule = Formula(
        f"abs({number} - {there}) * {3 / abs(change.factor):.6g} < abs({number} - {middle})",
        f"round({change.back(number)}, {digits}){cast}",
    )
    return Doubt("unit", column, rows, np.full(len(rows), 0.6 + 0.35 * share), rights, told, rule)
