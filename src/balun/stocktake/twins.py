"""Rows whose inputs are equal, or nearly so, found in near linear time.

Equal rows have one hash. Nearly equal rows fall into one cell of a coarse grid, or of one of two grids that lie
otherwise, and there they are neighbours along a random line; each pair that is found so is then verified.
Source: Datar, Immorlica, Indyk & Mirrokni 2004 (random projections as a locality-sensitive hash).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.fit.column import CATEGORICAL, kind_of, numbers, plain
from balun.stocktake.stock import Bools, Floats, Ints

CLOSE = 0.01
_CELL, _GRIDS, _NEIGHBOURS = 0.5, 3, 4
Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Twins:
    """group: by row, the number of the rows whose inputs are equal to its own. near: (pairs, 2) of groups."""

    group: Ints
    near: Ints

    @property
    def count(self) -> int:
        return int(self.group.max(initial=-1)) + 1


@dataclass(frozen=True)
class _Matrix:
    """codes: (rows, categories). values: (rows, numbers), in deviations, NaN for missing."""

    codes: Ints
    values: Floats

    def of(self, rows: Ints) -> _Matrix:
        return _Matrix(self.codes[rows], self.values[rows])


def twins_of(rows: pa.Table, inputs: tuple[str, ...], at_us: Ints, seed: int) -> Twins:
    """Near: all that is no number equal, missing where the other is, and each number within 1 % of its deviation.

    A deviation is the middle half's, as in a normal distribution: outliers don't stretch it.
    """
    matrix = _matrix(rows, inputs, at_us)
    exact = _hash(matrix.codes, matrix.values)
    first, group = np.unique(exact, return_index=True, return_inverse=True)[1:]
    return Twins(group, _near(matrix.of(first), np.random.default_rng([seed, 2])))


def _matrix(rows: pa.Table, inputs: tuple[str, ...], at_us: Ints) -> _Matrix:
    codes, values = [], []
    for name in inputs:
        if kind_of(rows[name].type) in CATEGORICAL:
            coded = plain(rows[name]).dictionary_encode(null_encoding="encode").combine_chunks()
            codes.append(coded.indices.to_numpy().astype(np.int64))
        else:
            values.append(_scaled(numbers(rows[name], at_us.astype(float))))
    count = rows.num_rows
    return _Matrix(
        np.stack(codes, axis=1) if codes else np.empty((count, 0), dtype=np.int64),
        np.stack(values, axis=1) if values else np.empty((count, 0)),
    )


def _scaled(found: Floats) -> Floats:
    there = found[~np.isnan(found)]
    if not len(there):
        return found
    low, high = np.quantile(there, [0.25, 0.75])
    deviation = (high - low) / 1.349 or there.std() or 1.0
    scaled: Floats = found / deviation + 0.0  # −0.0 is 0.0
    return scaled


def _hash(codes: Ints, values: Floats) -> Hashes:
    found = np.zeros(len(codes), dtype=np.uint64)
    for column in codes.T:
        found = _mixed(found ^ _mixed(np.ascontiguousarray(column).view(np.uint64)))
    for column in values.T:
        plain_nan = np.where(np.isnan(column), np.nan, column)
        found = _mixed(found ^ _mixed(np.ascontiguousarray(plain_nan).view(np.uint64)))
    return found


def _mixed(bits: Hashes) -> Hashes:
    """SplitMix64 (Steele, Lea & Flood 2014): two of a million rows collide once in 30 million times."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _near(matrix: _Matrix, chance: np.random.Generator) -> Ints:
    if not matrix.values.shape[1] or len(matrix.values) < 2:
        return np.empty((0, 2), dtype=np.int64)
    found = np.sort(np.concatenate([_in_cells(matrix, chance) for _ in range(_GRIDS)]), axis=1)
    count = len(matrix.values)
    return np.stack(np.divmod(np.unique(found[:, 0] * count + found[:, 1]), count), axis=1)


def _in_cells(matrix: _Matrix, chance: np.random.Generator) -> Ints:
    width = matrix.values.shape[1]
    # A number of many dimensions falls on an edge more easily: the cells grow with them.
    cell = _CELL * max(1.0, width / 16)
    cells = np.floor(matrix.values / cell + chance.random(width))
    hashes = _hash(matrix.codes, cells)
    along = np.nan_to_num(matrix.values) @ chance.normal(size=width)
    order = np.lexsort((along, hashes))
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
        one, other = order[:-step], order[step:]
        same = hashes[one] == hashes[other]
        one, other = one[same], other[same]
        close = _close(matrix, one, other)
        pairs.append(np.stack([one[close], other[close]], axis=1))
    return np.concatenate(pairs)


def _close(matrix: _Matrix, one: Ints, other: Ints) -> Bools:
    equal = (matrix.codes[one] == matrix.codes[other]).all(axis=1)
    a, b = matrix.values[one], matrix.values[other]
    near = (np.abs(a - b) <= CLOSE) | (np.isnan(a) & np.isnan(b))
    return np.asarray(equal & near.all(axis=1))
