"""What an aspect of a column has moved by, in its own size and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from balun.drift.column import LEVELS, Bins
from balun.drift.tally import Tally

Floats = NDArray[np.float64]
LEAST: Mapping[str, float] = {"nulls": 0.01, "values": 0.02, "new": 0.002, "steps": 0.05, "schema": 0.0}
_FACTORS = (
    (10.0, ""), (100.0, "cents for whole ones"), (1e3, "thousandths for whole ones"), (1e6, "millionths for whole"),
    (60.0, "seconds for minutes"), (3600.0, "seconds for hours"), (24.0, "hours for days"), (1.609344, "km for miles"),
    (2.54, "cm for inches"), (0.3048, "m for feet"), (0.45359237, "kg for pounds"),
)  # fmt: skip
_NEAR, _NEAR_TENS = 0.02, 0.08


@dataclass(frozen=True)
class Moved:
    """One aspect of one column: nulls, values, new (categories), steps (that values lie on), schema.

    effect: the difference in shares of rows: of nulls, of new categories, of values on a step; of values the total
    variation of categories, or the Kolmogorov-Smirnov distance of numbers and times.
    spreads: of numbers, how far values moved on average, in standard deviations.
    chance: of anything in the same call standing out as much by chance alone.
    """

    column: str
    aspect: str
    effect: float
    chance: float
    alarm: bool
    words: str
    spreads: float | None = None

    def as_json(self) -> dict[str, object]:
        return dict(vars(self))


@dataclass(frozen=True)
class Limit:
    """level: the chance below which something is called an alarm; it must have its least effect, too."""

    level: float

    def moved(self, column: str, aspect: str, effect: float, chance: float, words: str) -> Moved:
        alarm = bool(chance <= self.level and effect >= LEAST[aspect])
        return Moved(column, aspect, float(effect), float(chance), alarm, words)


def moved(one: Tally, chances: Mapping[str, Floats], now: NDArray[np.bool_], limit: Limit) -> Iterator[Moved]:
    """chances: by aspect, of each of its contrasts; ranks are looked at beside values."""
    name = one.bins.name
    sides = (~now, now)
    if "nulls" in chances:
        had, has = (_share(one.nulls[side].sum(), one.rows[side].sum()) for side in sides)
        words = f"null in {percent(had)}, now {percent(has)}"
        yield limit.moved(name, "nulls", abs(has - had), chances["nulls"].min(), words)
    if "values" in chances:
        yield from _values(one, chances, sides, limit)
    if "steps" in chances:
        yield from _steps(one, chances["steps"], sides, limit)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _values(
    one: Tally, chances: Mapping[str, Floats], sides: tuple[NDArray[np.bool_], ...], limit: Limit
) -> Iterator[Moved]:
    counts = [one.by_bin[side].sum(axis=0) for side in sides]
    if not all(count.sum() for count in counts):
        return
    had, has = (count / count.sum() for count in counts)
    if one.bins.ordered:
        yield _number(one.bins, had, has, chances, limit)
        return
    chance = chances["values"]
    words = ", ".join(
        f"{one.bins.told(place)!r} in {percent(had[place])}, now {percent(has[place])}"
        for place in np.argsort(-np.abs(has - had))[:2]
        if has[place] != had[place]
    )
    shape = "of another shape: " if one.bins.kind == "pattern" else ""
    effect = float(np.abs(has - had).sum() / 2)
    yield limit.moved(one.bins.name, "values", effect, chance.min(), shape + (words or "the same"))
    new = np.flatnonzero((counts[0][:-1] == 0) & (counts[1][:-1] > 0))
    if len(new):
        ordered = new[np.argsort(-has[new])]
        named = ", ".join(f"{one.bins.told(place)!r} in {percent(has[place])}" for place in ordered[:3])
        more = f" and {len(new) - 3} more" if len(new) > 3 else ""
        words = f"{shape}not seen before: {named}{more}"
        yield limit.moved(one.bins.name, "new", float(has[new].sum()), chance[new].min(), words)


def _number(bins: Bins, had: Floats, has: Floats, chances: Mapping[str, Floats], limit: Limit) -> Moved:
    gone = np.abs(has - had)
    apart = float(np.abs(np.cumsum(has) - np.cumsum(had)).max())
    at = float(gone[1::2].max(initial=0.0))
    chance = min(float(chances["values"].min()), float(chances["ranks"].min()))
    found = limit.moved(bins.name, "values", max(apart, at), chance, _number_words(bins, had, has))
    return Moved(**{**vars(found), "spreads": _spreads(bins)})


def _number_words(bins: Bins, had: Floats, has: Floats) -> str:
    before, now = bins.quantiles
    if not len(before) or not len(now):
        return "no values on one side"
    factor = _factor(before, now) if bins.kind == "number" else None
    middle = len(LEVELS) // 2
    words = f"median {written(before[middle], bins.kind)}, now {written(now[middle], bins.kind)}"
    if factor:
        return f"{words}: all times {factor}"
    atoms = np.abs(has - had)[1::2]
    apart = np.abs(np.cumsum(has) - np.cumsum(had)).max()
    if len(atoms) and atoms.max() > 0.7 * apart:
        place = 2 * int(atoms.argmax()) + 1
        value = written(float(bins.cuts[place // 2]), bins.kind)
        return f"{value} in {percent(had[place])}, now {percent(has[place])}"
    ends = [written(side[place], bins.kind) for place in (9, 89) for side in (before, now)]
    return f"{words}; a tenth is below {ends[0]}, now {ends[1]}, a tenth above {ends[2]}, now {ends[3]}"


def _factor(before: Floats, now: Floats) -> str | None:
    """Where all quantiles moved by one factor that has a meaning."""
    there = np.abs(before) > 1e-9
    if there.sum() < len(before) // 2 or (now[there] == 0).any():
        return None
    ratio = now[there] / before[there]
    middle = float(np.median(ratio))
    if middle <= 0 or np.quantile(np.abs(ratio / middle - 1), 0.7) > 0.1:
        return None
    for factor, words in _FACTORS:
        told = f" ({words}?)" if words else ""
        near = _NEAR if factor < 10 else _NEAR_TENS
        if abs(middle / factor - 1) < near:
            return f"{factor:,.6g}{told}"
        if abs(middle * factor - 1) < near:
            return f"1/{factor:,.6g}{' (' + ' for '.join(reversed(words.split(' for '))) + '?)' if words else ''}"
    return None


def _spreads(bins: Bins) -> float | None:
    """The Wasserstein distance over the standard deviation before, told from quantiles."""
    before, now = bins.quantiles
    if not len(before) or not len(now):
        return None
    spread = float(before.std())
    return float(np.abs(now - before).mean() / spread) if spread > 0 else None


def _steps(one: Tally, chance: Floats, sides: tuple[NDArray[np.bool_], ...], limit: Limit) -> Iterator[Moved]:
    had, has = (one.on_steps[side].sum(axis=0) / max(one.valued[side].sum(), 1.0) for side in sides)
    gone = np.abs(has - had)
    place = int(np.where(chance <= limit.level, gone, gone - 1).argmax())
    step = _step(one.bins.steps[place], one.bins.kind)
    words = f"on whole steps of {step} in {percent(had[place])}, now {percent(has[place])}"
    yield limit.moved(one.bins.name, "steps", gone[place], chance[place], words)


def _step(step: float, kind: str) -> str:
    if kind == "time":
        return {1.0: "1 s", 60.0: "1 min", 3600.0: "1 h", 86400.0: "1 day"}[step]
    return f"{step:g}"


def percent(share: float) -> str:
    """
    >>> percent(0.0312), percent(0.00042), percent(0.0), percent(1.0)
    ('3.1%', '0.04%', '0%', '100%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{share:.1%}" if 0.001 <= share <= 0.999 else f"{share:.2%}"


def written(value: float, kind: str) -> str:
    """A number shortly, a time as a time, or where it is a difference of times as days."""
    if kind == "time":
        if abs(value) < 3e8:
            return f"{value / 86400:.3g} days"
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M")
    return f"{value:,.6g}" if abs(value) >= 1000 else f"{value:.4g}"
