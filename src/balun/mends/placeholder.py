"""Words and numbers that stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from balun.mends.doubt import Doubt, by_value
from balun.mends.sheet import Codes, Column, Floats, Sheet

_SURE = frozenset(
    {"n/a", "#n/a", "null", "nan", "<null>", "<na>", "\\n", "not available", "not applicable", "#value!", "#null!"}
)
_LIKELY = frozenset(
    {"na", "none", "nil", "unknown", "missing", "undefined", "-", "--", "---", "?", "??", "tbd", ".", "(null)", "n.a."}
)
_NINES = re.compile(r"-?9{2,}(\.0+)?|-1(\.0+)?|-9(\.0+)?")
_DAYS = frozenset({"1970-01-01", "1900-01-01", "0001-01-01", "1899-12-30", "9999-12-31", "2999-12-31", "1753-01-01"})
_MOST_SHARE = 0.6


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
    for code in known.tolist():
        if not _is_mark(column, code, values[code]) or counts[code] < 2:
            continue
        rest = known[known != code]
        low, high = _bulk(values[rest], counts[rest])
        gap = float(max(values[code] - high, low - values[code]))
        heap = counts[code] / max(1.0, float(np.median(counts[rest])))
        if gap > (high - low or 1.0) or (values[code] < 0 <= low and (heap >= 3 or gap > 5)):
            told = (
                f"{column.texts[code]} is in {counts[code]:,} rows, and others lie from {_plain(low)} to {_plain(high)}"
            )
            yield by_value("placeholder", column, {code: None}, 0.9 if counts[code] >= 5 else 0.75, told)


def _bulk(values: Floats, counts: Codes) -> tuple[float, float]:
    """All but half a per cent on either side."""
    order = np.argsort(values)
    share = np.cumsum(counts[order]) / counts.sum()
    low, high = np.minimum(np.searchsorted(share, (0.005, 0.995)), len(order) - 1)
    return float(values[order][low]), float(values[order][high])


def _is_mark(column: Column, code: int, value: float) -> bool:
    return bool(_NINES.fullmatch(column.texts[code])) or value in {-1.0, -9.0}


def _plain(number: float) -> str:
    return f"{number:,.10g}"


def _days(column: Column) -> Iterator[Doubt]:
    marks = {
        code: None
        for code, text in enumerate(column.texts if column.is_text else _times(column))
        if text[:10] in _DAYS and text[10:].strip(" T0:.+Z") == ""
    }
    share = column.counts[list(marks)].sum() / max(1, column.counts.sum()) if marks else 0.0
    if not marks or share > _MOST_SHARE:
        return
    others = [text for code, text in enumerate(column.texts) if code not in marks and re.match(r"\d{4}-", text)]
    near = [text for text in others if any(abs(int(text[:4]) - int(column.texts[code][:4])) <= 1 for code in marks)]
    if others and not near:
        told = f"{column.texts[next(iter(marks))]} is where a clock begins; all others lie from {min(others)[:10]} on"
        yield by_value("placeholder", column, marks, 0.93, told)


def _times(column: Column) -> list[str]:
    return column.texts if column.distinct <= 2_000_000 else []
