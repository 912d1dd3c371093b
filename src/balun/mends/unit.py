"""Shares of the rows whose number is in another unit than the others'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from balun.mends.doubt import Doubt
from balun.mends.rule import Formula
from balun.mends.sheet import Codes, Column, Floats, Sheet

_FEWEST, _MOST_SETS, _DRAWN = 50, 48, 20_000


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
    """Rows whose number fits what others beside it have, once it is turned into another unit, with nothing between."""
    beside = [one for one in sheet.columns if 2 <= one.distinct <= sheet.count / 8]
    for column in sheet.columns:
        if not column.is_number or column.distinct < 8 or column.counts.sum() < _FEWEST:
            continue
        values = np.append(column.numbers, np.nan)[column.codes]
        found = _best_unit(column, values, [one for one in beside if one is not column])
        if found is not None:
            yield found


def _best_unit(column: Column, values: Floats, beside: list[Column]) -> Doubt | None:
    """Beside the columns that tell the number nearly best, and explain most: groups all of one unit show nothing."""
    drawn = (
        np.arange(len(values))
        if len(values) <= _DRAWN
        else np.sort(np.random.default_rng(1).choice(len(values), _DRAWN, False))
    )
    sets: list[tuple[Column, ...]] = [(), *((one,) for one in beside), *combinations(beside, 2)]
    spread = sorted((_spread(values[drawn], _group(some, drawn)), at) for at, some in enumerate(sets))
    near = [at for width, at in spread if np.isfinite(width)][:_MOST_SETS]
    found = [
        (one, at)
        for at in dict.fromkeys([*near, 0])
        if (one := _foreign(values[drawn], _group(sets[at], drawn))) is not None
    ]
    if not found:
        return None
    tightest = min(one.width for one, _ in found)
    best, at = max(
        ((one, at) for one, at in found if one.width <= 3 * tightest + 0.01),
        key=lambda pair: (len(pair[0].rows), -pair[0].width),
    )
    whole = best if len(drawn) == len(values) else _foreign(values, _group(sets[at], np.arange(len(values))))
    if whole is None or best.width > 4 * min(spread[0][0], 1.0) + 0.05:
        return None
    return _doubt(column, sets[at], whole, values)


def _group(columns: tuple[Column, ...], rows: Codes) -> Codes:
    group = np.zeros(len(rows), dtype=np.int64)
    for one in columns:
        group = group * (one.distinct + 1) + one.codes[rows] + 1
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


@dataclass(frozen=True, eq=False)
class _Foreign:
    """rows: that are in another unit. width: of what is at home, against how far away the other unit lies."""

    change: Change
    rows: Codes
    share: float
    width: float


def _foreign(values: Floats, group: Codes) -> _Foreign | None:
    """The change whose rows lie together about where it puts the median, with hardly any between here and there.

    Of each row `way` is how far it is from its group's median (0) to that in the other unit (1), ratios by their
    logarithm.
    """
    middle, counts = _medians(values, group)
    fit = np.isfinite(values) & (counts >= 4)
    if fit.sum() < _FEWEST:
        return None
    value, middle, rows = values[fit], middle[fit], np.flatnonzero(fit)
    best: tuple[float, _Foreign] | None = None
    logs = _way(value, middle, Change("", np.e))
    heaps = np.sort(logs[np.isfinite(logs)])
    for change in _CHANGES:
        if not change.shift and not _may_be(heaps, float(np.log(change.factor)), len(value)):
            continue
        way = _way(value, middle, change) if change.shift else logs / np.log(change.factor)
        at_home, there = np.abs(way) < 0.3, np.abs(way - 1) < 0.3
        # Where most of a group are foreign, those at home lie on the other side.
        between = ((way > 0.35) & (way < 0.65)) | (way < -0.4) & (np.abs(way + 1) > 0.3) | (way > 1.4)
        count = int(there.sum())
        if count < _least(len(way)) or count > 0.45 * len(way) or between.sum() > 0.15 * count or not at_home.any():
            continue
        home, away = float(np.median(np.abs(way[at_home]))), float(np.median(np.abs(way[there] - 1)))
        off = abs(float(np.median(way[there])) - 1)
        _, most = np.unique(value[there], return_counts=True)
        heaped = home < 0.11 and away < 1.5 * home + 0.01 and len(most) >= 8 and most.max() < 0.4 * count
        if heaped and (best is None or off < best[0]) and not _is_other_way(value, way, group[rows]):
            best = off, _Foreign(change, rows[there], count / len(way), home)
    return best[1] if best is not None and best[0] < 0.06 else None


def _is_other_way(value: Floats, way: Floats, group: Codes) -> bool:
    """Whether those that lie there are at home, and their groups' medians are not.

    What was turned into another unit is seldom whole; else the fewer rows are foreign.
    """
    there, here, behind = np.abs(way - 1) < 0.3, np.abs(way) < 0.3, np.abs(way + 1) < 0.3
    beside = here & np.isin(group, group[there])
    across = here & np.isin(group, group[behind])
    ours, theirs = (
        float(np.mean(value[there] % 1 == 0)),
        float(np.mean(value[beside] % 1 == 0)) if beside.any() else 0.0,
    )
    if abs(ours - theirs) > 0.5:
        return ours > theirs
    return bool(behind.sum() + beside.sum() < there.sum() + across.sum())


def _least(rows: int) -> float:
    return max(8.0, 0.003 * rows)


def _may_be(heaps: Floats, far: float, rows: int) -> bool:
    """By counts alone, of sorted logarithms: some lie there, and far fewer between."""
    low, high = sorted((0.7 * far, 1.3 * far))
    there = np.searchsorted(heaps, high) - np.searchsorted(heaps, low)
    low, high = sorted((0.35 * far, 0.65 * far))
    between = np.searchsorted(heaps, high) - np.searchsorted(heaps, low)
    return bool(_least(rows) <= there and between <= 0.15 * there)


def _way(value: Floats, middle: Floats, change: Change) -> Floats:
    if change.shift:
        step = change.there(middle) - middle
        return np.asarray((value - middle) / np.where(np.abs(step) < 1e-9, np.nan, step))
    apart = np.where((value > 0) & (middle > 0), value / np.where(middle > 0, middle, 1), np.nan)
    return np.asarray(np.log(apart) / np.log(change.factor))


def _doubt(column: Column, beside: tuple[Column, ...], found: _Foreign, values: Floats) -> Doubt:
    rows, change = found.rows, found.change
    others = np.delete(values, rows)
    digits = 0 if np.mean(np.mod(others[np.isfinite(others)], 1) == 0) > 0.95 else 2
    home = np.round(change.home(values[rows]), digits)
    rights = np.array([f"{one:.{digits}f}" for one in home], dtype=object)
    number = column.sql if column.kind != "text" else f"try_cast({column.sql} AS DOUBLE)"
    over = f"PARTITION BY {', '.join(one.sql for one in beside)}" if beside else ""
    middle = f"median({number}) OVER ({over})"
    there = (
        f"({middle} - {change.shift:g}) * {change.factor:.10g}" if change.shift else f"{middle} * {change.factor:.10g}"
    )
    cast = "::VARCHAR" if column.kind == "text" else ""
    where = " of the same " + " and ".join(one.name for one in beside) if beside else ""
    told = f"{change.words}: {found.share:.1%} of the numbers lie about the median{where} then, and none between"
    if change.shift:
        condition = f"abs({number} - ({there})) < 0.3 * abs({there} - {middle})"
    else:
        way = f"ln(nullif(greatest({number}, 0), 0) / nullif(greatest({middle}, 0), 0)) / ln({change.factor:.10g})"
        condition = f"abs({way} - 1) < 0.3"
    rule = Formula(
        condition,
        f"round({change.back(number)}, {digits}){cast}",
    )
    return Doubt("unit", column, rows, np.full(len(rows), 0.92 - 1.5 * found.width), rights, told, rule)
