"""Of each cell of a column what the detectors and its own frequency say, for choosing whom to ask and for learning."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from balun.mends.combined import agreed
from balun.mends.doubt import Doubt
from balun.mends.pattern import shape
from balun.mends.sheet import Codes, Column, Floats


@dataclass(frozen=True, eq=False)
class Features:
    """By row of one column. sure: how sure the detectors are that it is wrong. alike: cells of one kind share a number.

    values: one line a kind.
    """

    column: Column
    sure: Floats
    alike: Codes
    values: Floats


def features(column: Column, found: Sequence[Doubt]) -> Features:
    rows = len(column.codes)
    sure = agreed(found, rows) if found else np.zeros(rows)
    kinds = sorted({one.kind for one in found})
    said: dict[str, Floats] = defaultdict(lambda: np.zeros(rows))
    for one in found:
        said[one.kind][one.rows] = np.maximum(said[one.kind][one.rows], one.confidence)
    own = _of_values(column)[np.where(column.codes < 0, column.distinct, column.codes)]
    table = np.column_stack([np.round(_odds(sure), 0), *(np.round(4 * said[kind]) / 4 for kind in kinds), own])
    values, alike = np.unique(table, axis=0, return_inverse=True)
    return Features(column, sure, alike.ravel().astype(np.int64), values)


def _odds(sure: Floats) -> Floats:
    return np.asarray(np.log((sure + 0.01) / (1.01 - sure)))


def _of_values(column: Column) -> Floats:
    """Of each value, and of null as the last: how common it is and its shape, whether it is null."""
    rows = max(1, len(column.codes))
    often = np.round(np.log10(np.append(column.counts, max(1, column.nulls)) / rows))
    null = np.append(np.zeros(column.distinct), 1.0)
    if not column.is_text:
        return np.column_stack([often, np.zeros(len(often)), null])
    shapes = [shape(text)[:12] for text in column.texts]
    total: Counter[str] = Counter()
    for one, count in zip(shapes, column.counts.tolist(), strict=True):
        total[one] += count
    alike = np.array([np.round(np.log10(total[one] / rows)) for one in shapes] + [0.0])
    return np.column_stack([often, alike, null])
