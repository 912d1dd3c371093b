"""How diverse the rows are: of each input its slices, how many they amount to, the rare, and those training lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from balun.fit.column import CATEGORICAL, kind_of, microseconds, numbers, texts
from balun.stocktake.stock import Floats, Ints, Stock

RARE_ROWS = 50
_MOST_VALUES, _STEPS, _TOLD = 20, 10, 5
_MISSING = "missing"
_DAY_S = 86_400


@dataclass(frozen=True)
class Part:
    """A slice of an input: its training rows and its test rows."""

    value: str
    rows: int
    test_rows: int


@dataclass(frozen=True)
class Coverage:
    """An input's slices: its values, or ten even steps of a number between its first and last hundredth.

    effective: how many evenly filled slices would be as diverse. largest: the slice with most rows.
    rare: how many have fewer than 50 training rows, and fewest: the ones with the fewest.
    unseen: what the test has and training lacks, the most frequent first; unseen_rows: test rows of all of them.
    outside: test rows beyond the least and the greatest number of training.
    """

    input: str
    slices: int
    effective: float
    largest: Part
    rare: int
    fewest: tuple[Part, ...]
    unseen: tuple[Part, ...]
    unseen_rows: int
    outside: int


def hill_number(counts: Sequence[int] | Ints) -> float:
    """The effective number of kinds: the exponential of their entropy (Hill 1973, order 1).

    >>> hill_number([5, 5, 5, 5]), round(hill_number([97, 1, 1, 1]), 2)
    (4.0, 1.18)
    """
    shares = np.asarray(counts, dtype=float)
    shares = shares[shares > 0] / max(shares.sum(), 1)
    return round(float(np.exp(-(shares * np.log(shares)).sum())), 9)


def coverage_of(stock: Stock) -> tuple[Coverage, ...]:
    """The least even input first: by effective over all slices."""
    train, test = stock.of(stock.train), stock.of(stock.test)
    found = [_covered(name, train, test, stock.corpus.at) for name in stock.inputs] if train.num_rows else []
    return tuple(sorted((one for one in found if one), key=lambda one: one.effective / one.slices))


def _covered(name: str, train: pa.Table, test: pa.Table, at: str) -> Coverage | None:
    if train[name].null_count == train.num_rows:
        return None
    if kind_of(train[name].type) in CATEGORICAL:
        return _by_value(name, _counted(texts(train[name])), _counted(texts(test[name])))
    mine, theirs = (_numbers(rows, name, at) for rows in (train, test))
    there = mine[~np.isnan(mine)]
    if not len(there):
        return None
    if len(np.unique(there)) <= _MOST_VALUES:
        return _by_value(name, _valued(mine), _valued(theirs))
    return _by_step(name, mine, theirs)


def _numbers(rows: pa.Table, name: str, at: str) -> Floats:
    """Times and lengths in days: of a time from the example's own."""
    kind = kind_of(rows[name].type)
    found = numbers(rows[name], microseconds(rows[at]) if kind == "time" else None)
    return found / _DAY_S if kind in {"time", "length"} else found


def _counted(words: pa.ChunkedArray) -> dict[str, int]:
    pairs = words.value_counts().to_pylist()
    return {_MISSING if pair["values"] is None else pair["values"]: pair["counts"] for pair in pairs}


def _valued(found: Floats) -> dict[str, int]:
    values, counts = np.unique(found, return_counts=True)
    return {
        _MISSING if np.isnan(value) else f"{value:.6g}": int(count) for value, count in zip(values, counts, strict=True)
    }


def _by_value(name: str, train: dict[str, int], test: dict[str, int]) -> Coverage:
    parts = [Part(value, count, test.get(value, 0)) for value, count in train.items()]
    unseen = sorted((Part(value, 0, count) for value, count in test.items() if value not in train), key=_by_test)
    return _told(name, parts, unseen, 0)


def _by_test(part: Part) -> tuple[int, str]:
    return -part.test_rows, part.value


def _by_step(name: str, mine: Floats, theirs: Floats) -> Coverage:
    low, high = np.nanquantile(mine, [0.01, 0.99])
    edges = np.unique(np.linspace(low, high, _STEPS + 1)[1:-1])
    counts, test_counts = (_stepped(found, edges) for found in (mine, theirs))
    bounds = [f"under {edges[0]:.4g}", *(f"{a:.4g} to {b:.4g}" for a, b in pairwise(edges.tolist()))]
    names = [*bounds, f"{edges[-1]:.4g} and over", _MISSING]
    parts = [Part(*one) for one in zip(names, counts.tolist(), test_counts.tolist(), strict=True)]
    outside = int(((theirs < np.nanmin(mine)) | (theirs > np.nanmax(mine))).sum())
    unseen = [part for part in parts[-1:] if part.test_rows and not part.rows]
    return _told(name, [part for part in parts if part.rows or part.value != _MISSING], unseen, outside)


def _stepped(found: Floats, edges: Floats) -> Ints:
    """Rows of each step, those that are missing last."""
    place = np.where(np.isnan(found), len(edges) + 1, np.searchsorted(edges, found, "right"))
    return np.bincount(place, minlength=len(edges) + 2)


def _told(name: str, parts: list[Part], unseen: list[Part], outside: int) -> Coverage:
    rare = sorted((part for part in parts if part.rows < RARE_ROWS), key=lambda part: (part.rows, -part.test_rows))
    return Coverage(
        name,
        len(parts),
        hill_number([part.rows for part in parts]),
        max(parts, key=lambda part: part.rows),
        len(rare),
        tuple(rare[:_TOLD]),
        tuple(unseen[:_TOLD]),
        sum(part.test_rows for part in unseen),
        outside,
    )
