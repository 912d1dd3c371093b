"""Captured columns that tell the same: of two copies of a signal each is worth nothing while the other is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from balun.fit.column import CATEGORICAL, kind_of, microseconds, numbers, texts

_PARTS = 16
_ROWS = 50_000
ALIKE = 0.8
Codes = NDArray[np.int64]


def groups(columns: Mapping[str, Sequence[str]], rows: pa.Table, at: str) -> list[tuple[str, ...]]:
    """Columns whose inputs correlate by 0.8 or more, each with each; groups of two or more.

    columns: the inputs whose values each is used for. rows: examples, of which 50,000 are looked at.
    """
    told = correlations(columns, rows, at)
    return together(columns, {pair for pair, found in told.items() if found >= ALIKE})


def correlations(columns: Mapping[str, Sequence[str]], rows: pa.Table, at: str) -> dict[frozenset[str], float]:
    """Of every two columns, the highest of an input of the one and another of the other. As `groups` takes them."""
    step = max(1, rows.num_rows // _ROWS)
    some = rows.take(pa.array(np.arange(0, rows.num_rows, step)))
    wanted = sorted({name for names in columns.values() for name in names})
    at_us = microseconds(some[at])
    codes = {name: _codes(some[name], at_us) for name in wanted}
    known = {frozenset(pair): correlation(codes[pair[0]], codes[pair[1]]) for pair in combinations(wanted, 2)}

    def highest(one: str, other: str) -> float:
        pairs = [frozenset((a, b)) for a in columns[one] for b in columns[other] if a != b]
        return max((known[pair] for pair in pairs), default=0.0)

    return {frozenset(pair): highest(*pair) for pair in combinations(columns, 2)}


def together(columns: Iterable[str], near: Collection[frozenset[str]]) -> list[tuple[str, ...]]:
    """Groups of two or more, in the order of the columns, in which all are near each other: no chains.

    >>> together("abcde", [frozenset(pair) for pair in ("ac", "cd", "be")])
    [('a', 'c'), ('b', 'e')]
    """
    found: list[list[str]] = []
    for name in columns:
        group = next((some for some in found if all(frozenset((name, one)) in near for one in some)), None)
        if group is None:
            found.append([name])
        else:
            group.append(name)
    return [tuple(some) for some in found if len(some) > 1]


def joined(columns: Iterable[str], near: Collection[frozenset[str]]) -> list[tuple[str, ...]]:
    """What hangs together by pairs, chains too, each group of two or more in the order of the columns.

    >>> joined("abcd", [frozenset("ac"), frozenset("cd")])
    [('a', 'c', 'd')]
    """
    columns = list(columns)
    group = {name: {name} for name in columns}
    for one, other in combinations(columns, 2):
        if frozenset((one, other)) in near and group[one] is not group[other]:
            group[one] |= group[other]
            group |= dict.fromkeys(group[other], group[one])
    found = {id(some): tuple(name for name in columns if name in some) for some in group.values()}
    return [some for some in found.values() if len(some) > 1]


def correlation(one: Codes, other: Codes) -> float:
    """Of two columns in parts, from 0 to 1; of normal ones |ρ|.

    The informational coefficient of correlation, of mutual information without what chance gives it.
    Sources: Linfoot 1957; Miller 1955.

    >>> same = np.arange(1000) % 10
    >>> round(correlation(same, same), 2), correlation(same, np.arange(1000) // 100)
    (0.99, 0.0)
    """
    wide = int(other.max()) + 1
    both = np.bincount(one * wide + other, minlength=(int(one.max()) + 1) * wide).reshape(-1, wide) / len(one)
    rows, columns = both.sum(axis=1, keepdims=True), both.sum(axis=0, keepdims=True)
    there = both > 0
    told = float((both[there] * np.log(both[there] / (rows * columns)[there])).sum())
    chance = (np.count_nonzero(rows) - 1) * (np.count_nonzero(columns) - 1) / (2 * len(one))
    return float(np.sqrt(1 - np.exp(-2 * max(0.0, told - chance))))


def _codes(column: pa.ChunkedArray, at_us: NDArray[np.float64]) -> Codes:
    """In sixteen parts at most, and one for null."""
    if kind_of(column.type) in CATEGORICAL:
        words = texts(column)
        counted = sorted(words.drop_null().value_counts().to_pylist(), key=lambda one: (-one["counts"], one["values"]))
        known = pa.array([one["values"] for one in counted[: _PARTS - 1]], pa.string())
        found = pc.fill_null(pc.index_in(words, known, skip_nulls=True), _PARTS).to_numpy().astype(np.int64)
        return np.where(words.is_valid().to_numpy(), found, _PARTS + 1)
    values = numbers(column, at_us)
    there = ~np.isnan(values)
    ends = np.unique(np.quantile(values[there], np.linspace(0, 1, _PARTS + 1)[1:-1])) if there.any() else np.empty(0)
    return np.where(there, np.searchsorted(ends, values, side="right"), _PARTS + 1)
