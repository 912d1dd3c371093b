"""Words and numbers that stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import numpy as np

from balun.mends.doubt import Doubt, by_value
from balun.mends.sheet import Codes, Column, Floats, Sheet

_SURE = frozenset(
    {"n/a", "#n/a", "null", "nan", "<null>", "<na>", "\\n", "not available", "not applicable", "#value!", "#null!"}
)
_LIKELY = frozenset(
    {"na", "none", "nil", "unknown", "missing", "undefined", "-", "--", "---", "?", "??", "tbd", ".", "(null)", "n.a."}
)
_MARKS = (-1, -9, *(sign * (10**digits - 1) for sign in (-1, 1) for digits in range(2, 10)))
_DAYS = frozenset({"1970-01-01", "1900-01-01", "0001-01-01", "1899-12-30", "9999-12-31", "2999-12-31", "1753-01-01"})
_DAY = re.compile(r"\d{4}-\d\d-\d\d([ T][\d:.]+)?(Z|[+-]\d\d(:?\d\d)?)?")
_MOST_SHARE, _NEAR_DAYS = 0.6, 400


def placeholder(sheet: Sheet) -> Iterator[Doubt]:
    for column in sheet.columns:
        if column.is_text:
            yield from _words(column)
        if column.kind in {"integer", "float", "decimal"} or (column.is_text and column.numeric_share > 0.8):
            yield from _numbers(column)
        if column.kind in {"date", "timestamp", "timestamptz"} or column.is_text:
            yield from _days(column)


def _words(column: Column) -> Iterator[Doubt]:
    found: dict[int, float] = {}
    short = np.mean([len(text) <= 3 for text in column.texts]) > 0.5
    for code, text in enumerate(column.texts):
        word = text.strip().lower()
        if word in _SURE:
            found[code] = 0.97
        elif word in _LIKELY and column.distinct > 2:
            # Among codes of two or three letters `NA` may be a code.
            found[code] = 0.35 if short and word.isalpha() else 0.8
    if found:
        told = " and ".join(
            f"'{column.texts[code]}'" for code in sorted(found, key=lambda one: -column.counts[one])[:3]
        )
        stands = "stands" if len(found) == 1 else "stand"
        yield by_value("placeholder", column, dict.fromkeys(found), found, f"{told} {stands} for nothing")


def _numbers(column: Column) -> Iterator[Doubt]:
    values, counts = column.numbers, column.counts
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 5:
        return
    for code in known[np.isin(values[known], _MARKS) & (counts[known] >= 2)].tolist():
        rest = known[known != code]
        low, high = _bulk(values[rest], counts[rest])
        gap = float(max(values[code] - high, low - values[code]))
        heap = counts[code] / max(1.0, float(np.median(counts[rest])))
        if gap > (high - low or 1.0) or (values[code] < 0 <= low and (heap >= 3 or gap > 5)):
            told = (
                f"{_plain(values[code])} is in {counts[code]:,} rows; others lie from {_plain(low)} to {_plain(high)}"
            )
            yield by_value("placeholder", column, {code: None}, 0.9 if counts[code] >= 5 else 0.75, told)


def _bulk(values: Floats, counts: Codes) -> tuple[float, float]:
    """All but half a per cent on either side."""
    order = np.argsort(values)
    share = np.cumsum(counts[order]) / counts.sum()
    low, high = np.minimum(np.searchsorted(share, (0.005, 0.995)), len(order) - 1)
    return float(values[order][low]), float(values[order][high])


def _plain(number: float) -> str:
    return f"{number:,.10g}"


def _days(column: Column) -> Iterator[Doubt]:
    days = _of_times(column) if column.kind != "text" else _of_texts(column)
    known = np.isfinite(days)
    marks = np.isin(days, [date.fromisoformat(one).toordinal() for one in _DAYS])
    others = days[known & ~marks]
    if not marks.any() or not len(others) or column.counts[marks].sum() > _MOST_SHARE * column.counts.sum():
        return
    if any(np.abs(others - mark).min() <= _NEAR_DAYS for mark in np.unique(days[marks])):
        return
    codes = np.flatnonzero(marks).tolist()
    first = date.fromordinal(int(others.min()))
    told = f"{column.text_of(codes[0])} is where a clock begins or ends; all others lie from {first} on"
    yield by_value("placeholder", column, dict.fromkeys(codes), 0.93, told)


def _of_times(column: Column) -> Floats:
    """Days, counted from the year 1."""
    import pyarrow as pa

    ticks = column.dictionary.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray(ticks // 86_400_000_000 + date(1970, 1, 1).toordinal(), dtype=float)


def _of_texts(column: Column) -> Floats:
    days = np.full(column.distinct, np.nan)
    for code, text in enumerate(column.texts):
        if _DAY.fullmatch(text):
            with suppress(ValueError):
                days[code] = date.fromisoformat(text[:10]).toordinal()
    return days
