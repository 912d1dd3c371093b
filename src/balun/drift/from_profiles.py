"""Two profiles held against each other, where the rows of one are gone: what can be said for certain of less.

Of numbers 129 quantiles are known, so a distance is told only as far as it exceeds what lies between two of them; of
texts the 100 most frequent, so what is missing there may have as many rows as the last. Rows count as independent, as
nothing tells of their days: an effect must be twice as large as where rows are compared.
Sources: Dvoretzky, Kiefer & Wolfowitz 1956 with Massart's constant; Holm 1979.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from balun.drift.column import kind_of
from balun.drift.compare import Compared
from balun.drift.moved import LEAST, Moved, percent, written
from balun.profile import ColumnProfile, Profile

Floats = NDArray[np.float64]
_TIMES_AS_LARGE = 2.0
_MIDDLE = 64
_TELLS_APART = 0.9


def compare_profiles(before: Profile, now: Profile, level: float) -> Compared:
    """level: the chance that anything at all is called an alarm where both sides are of one kind."""
    schema = tuple(_schema(before, now))
    found = [
        part
        for one in now.columns
        if (old := before.column(one.name)) is not None and kind_of(old.dtype) == kind_of(one.dtype)
        for part in _column(before, old, now, one)
    ]
    moved = sorted(_held(found, level), key=lambda one: (not one.alarm, -one.effect / LEAST[one.aspect], one.column))
    return Compared((before.rows, now.rows), "profiles", (before.seen, now.seen), tuple(moved), schema, exact=False)


def _schema(before: Profile, now: Profile) -> Iterator[Moved]:
    for one in before.columns:
        other = now.column(one.name)
        if other is None:
            yield Moved(one.name, "schema", 1.0, 0.0, True, f"is missing; it was {one.dtype}")
        elif other.dtype != one.dtype:
            yield Moved(one.name, "schema", 1.0, 0.0, True, f"is {other.dtype} now; it was {one.dtype}")
    for one in now.columns:
        if before.column(one.name) is None:
            yield Moved(one.name, "schema", 0.0, 1.0, False, f"is new, {one.dtype}")


def _held(found: list[Moved], level: float) -> Iterator[Moved]:
    """Holm: the least likely must be so among all, the next among the others."""
    left, open_ = len(found), True
    for one in sorted(found, key=lambda each: each.chance):
        chance = min(1.0, one.chance * left)
        open_ = open_ and chance <= level
        left -= 1
        alarm = open_ and one.effect >= _TIMES_AS_LARGE * LEAST[one.aspect]
        yield Moved(one.column, one.aspect, one.effect, chance, alarm, one.words, one.spreads)


def _column(before: Profile, old: ColumnProfile, now: Profile, new: ColumnProfile) -> Iterator[Moved]:
    had, has = old.nulls / max(before.rows, 1), new.nulls / max(now.rows, 1)
    words = f"null in {percent(had)}, now {percent(has)}"
    yield _maybe(new, "nulls", abs(has - had), _of_shares(had, before.rows, has, now.rows), words)
    seen = before.seen * (1 - had), now.seen * (1 - has)
    if _goes_on(old, new, before, now):
        return
    if old.quantiles and new.quantiles:
        yield _numbers(old, new, seen)
    elif old.top and new.top:
        yield from _texts(old, new, seen)


def _goes_on(old: ColumnProfile, new: ColumnProfile, before: Profile, now: Profile) -> bool:
    """Times, and whole numbers that tell rows apart, are others in each run."""
    if kind_of(new.dtype) == "time":
        return True
    whole = new.dtype.endswith(("INT", "INTEGER"))
    return whole and all(
        one.distinct >= _TELLS_APART * max(rows.rows - one.nulls, 1) for one, rows in ((old, before), (new, now))
    )


def _maybe(one: ColumnProfile, aspect: str, effect: float, chance: float, words: str) -> Moved:
    return Moved(one.name, aspect, float(effect), float(chance), False, words)


def _of_shares(had: float, of_had: float, has: float, of_has: float) -> float:
    """The chance that two shares of one kind are that far apart."""
    if not of_had or not of_has:
        return 1.0
    pooled = (had * of_had + has * of_has) / (of_had + of_has)
    spread = np.sqrt(max(pooled * (1 - pooled), 1 / (of_had + of_has)) * (1 / of_had + 1 / of_has))
    return float(2 * ndtr(-abs(has - had) / spread))


def _numbers(old: ColumnProfile, new: ColumnProfile, seen: tuple[float, float]) -> Moved:
    before, now = np.array(old.quantiles), np.array(new.quantiles)
    apart = _least_distance(before, now)
    rows = seen[0] * seen[1] / max(sum(seen), 1.0)
    chance = min(1.0, 2 * float(np.exp(-2 * apart**2 * rows)))
    kind = "time" if kind_of(new.dtype) == "time" else "number"
    words = f"median {written(before[_MIDDLE], kind)}, now {written(now[_MIDDLE], kind)}"
    found = _maybe(new, "values", apart, chance, words)
    spread = float(before.std())
    spreads = float(np.abs(before - now).mean() / spread) if spread else None
    return Moved(**{**vars(found), "spreads": spreads})


def _least_distance(before: Floats, now: Floats) -> float:
    """What two distributions of these quantiles differ by at least, somewhere.

    >>> _least_distance(np.arange(129.0), np.arange(129.0)), _least_distance(np.arange(129.0), np.arange(129.0) + 64)
    (0.0, 0.4921875)
    """
    at = np.union1d(before, now)
    low, high = zip(*(_bracket(one, at) for one in (before, now)), strict=True)
    return float(max((low[0] - high[1]).max(), (low[1] - high[0]).max(), 0.0))


def _bracket(quantiles: Floats, at: Floats) -> tuple[Floats, Floats]:
    steps = len(quantiles) - 1
    found = np.searchsorted(quantiles, at, "right")
    return np.maximum(found - 1, 0) / steps, np.minimum(found, steps) / steps


def _texts(old: ColumnProfile, new: ColumnProfile, seen: tuple[float, float]) -> Iterator[Moved]:
    """Differences that hold whatever the values have that aren't told."""
    tops = [
        {each.value: each.rows / max(rows, 1.0) for each in one.top} for one, rows in zip((old, new), seen, strict=True)
    ]
    unknown = [
        0.0 if one.distinct <= len(top) else min(top.values()) for one, top in zip((old, new), tops, strict=True)
    ]
    values = sorted({*tops[0], *tops[1]})
    apart = {}
    for value in values:
        had = (tops[0].get(value, 0.0), tops[0].get(value, unknown[0]))
        has = (tops[1].get(value, 0.0), tops[1].get(value, unknown[1]))
        apart[value] = max(has[0] - had[1], 0.0) - max(had[0] - has[1], 0.0)
    base = {value: tops[0].get(value, unknown[0]) for value in values}
    chance = {value: _of_shares(base[value], seen[0], base[value] + gap, seen[1]) for value, gap in apart.items()}
    effect = max(sum(gap for gap in apart.values() if gap > 0), -sum(gap for gap in apart.values() if gap < 0))
    most = sorted(values, key=lambda value: (-abs(apart[value]), value))[:2]
    words = ", ".join(
        f"{value!r} in {percent(tops[0].get(value, 0.0))}, now {percent(tops[1].get(value, 0.0))}" for value in most
    )
    least = min(1.0, min(chance.values()) * len(values))
    yield _maybe(new, "values", effect, least, words)
    unseen = [value for value in values if value not in tops[0]] if not unknown[0] else []
    if unseen:
        share = sum(tops[1][value] for value in unseen)
        named = ", ".join(f"{value!r} in {percent(tops[1][value])}" for value in unseen[:3])
        told = min(1.0, min(chance[value] for value in unseen) * len(values))
        yield _maybe(new, "new", share, told, f"not seen before: {named}")
