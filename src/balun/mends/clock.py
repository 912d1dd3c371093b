"""Times of which a share hangs hours off, against another time of the same row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from balun.mends.doubt import Doubt, Rights
from balun.mends.rule import Formula, spelt
from balun.mends.sheet import Codes, Column, Floats, Sheet

_HOUR = 3600.0
_NEAR_S, _FEWEST, _LEAST_SHARE, _LEAST_GAIN = 1200.0, 20, 0.002, 0.02


def zone(sheet: Sheet) -> Iterator[Doubt]:
    """By slice: rows of a category whose time lies a whole number of hours off from where all others' does."""
    times = [one for one in sheet.columns if one.kind in {"timestamp", "timestamptz"}]
    seconds = {one.name: _seconds(one) for one in times}
    slices = [one for one in sheet.columns if 2 <= one.distinct <= 200 and one.kind in {"text", "integer", "boolean"}]
    for column in times:
        best: tuple[int, Doubt] | None = None
        for other in times:
            if other is not column:
                for by in slices:
                    found = _off(column, seconds[column.name] - seconds[other.name], other, by)
                    if found is not None and (best is None or len(found) > best[0]):
                        best = (len(found), found)
        if best is not None:
            yield best[1]


def _seconds(column: Column) -> Floats:
    import pyarrow as pa

    ticks = column.dictionary.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False) / 1e6
    return np.append(np.asarray(ticks, dtype=float), np.nan)[column.codes]


def _off(column: Column, apart: Floats, other: Column, by: Column) -> Doubt | None:
    """The slices that lie off, where they are the fewer rows."""
    known = np.isfinite(apart) & (by.codes >= 0)
    if known.sum() < 5 * _FEWEST:
        return None
    middle = float(np.median(apart[known]))
    width = float(np.median(np.abs(apart[known] - middle)))
    if width > 0.35 * _HOUR * 6:
        return None
    off: dict[int, int] = {}
    for code in range(by.distinct):
        own = apart[known & (by.codes == code)]
        if len(own) < _FEWEST:
            continue
        shift = float(np.median(own)) - middle
        hours = round(shift / _HOUR)
        spread = float(np.median(np.abs(own - np.median(own))))
        if hours and abs(hours) <= 14 and abs(shift - hours * _HOUR) < _NEAR_S and spread < 3 * max(width, 60.0):
            off[code] = hours
    rows = np.flatnonzero(known & np.isin(by.codes, list(off)))
    if len(rows) < max(_FEWEST, _LEAST_SHARE * known.sum()) or len(rows) > 0.4 * known.sum():
        return None
    return _doubt(column, other, by, off, rows) if _is_off(column, other, rows, by, off) else None


def _is_off(column: Column, other: Column, rows: Codes, by: Column, off: dict[int, int]) -> bool:
    """Whether the hours of the day become more usual so, and more so than if the other time were moved instead."""
    back = {code: -hours for code, hours in off.items()}
    gain = _strange(column, rows, {}, by) - _strange(column, rows, off, by)
    return gain > max(_LEAST_GAIN, _strange(other, rows, {}, by) - _strange(other, rows, back, by))


def _strange(column: Column, rows: Codes, off: dict[int, int], by: Column) -> float:
    """How seldom others have the hours of these rows, in nats a row; with `off` taken back."""
    hours = np.floor(_seconds(column) / _HOUR)
    rest = np.ones(len(hours), dtype=bool)
    rest[rows] = False
    usual = np.bincount((hours[rest & np.isfinite(hours)] % 24).astype(int), minlength=24) + 0.5
    back = np.array([off.get(int(code), 0) for code in by.codes[rows]])
    own = ((hours[rows] - back) % 24).astype(int)
    return float(-np.log(usual / usual.sum())[own].mean())


def _doubt(column: Column, other: Column, by: Column, off: dict[int, int], rows: Codes) -> Doubt:
    hours = np.array([off[int(code)] for code in by.codes[rows]])
    rights: Rights = np.full(len(rows), None, dtype=object)
    micros = np.rint(_seconds(column)[rows] * 1e6).astype("int64") - hours.astype("int64") * 3_600_000_000
    rights[:] = [str(one).replace("T", " ").split(".")[0] for one in micros.astype("datetime64[us]")]
    values = ", ".join(spelt(by, by.texts[code]) for code in sorted(off))
    told = "; ".join(f"{by.name} {by.texts[code]}: {off[code]:+d} h" for code in sorted(off))
    cases = " ".join(f"WHEN {spelt(by, by.texts[code])} THEN {off[code]}" for code in sorted(off))
    rule = Formula(
        f"{by.sql} IN ({values}) AND {column.sql} IS NOT NULL", f"{column.sql} - to_hours(CASE {by.sql} {cases} END)"
    )
    words = f"whole hours off from {other.name}, as no others are: {told}"
    return Doubt("zone", column, rows, np.full(len(rows), 0.85), rights, words, rule)
