"""Where a model does worse than on the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from balun.fit.bootstrap import Draws, Units
from balun.fit.column import CATEGORICAL, kind_of, numbers, plain, texts
from balun.fit.metric import Guess, Metric, Truth
from balun.fit.result import Slice

_FEWEST_ROWS = 50
_MOST_VALUES = 20
_MOST_SLICES = 100
_QUARTERS = (0.25, 0.5, 0.75)
_MISSING = "missing"


def slices_of(
    rows: pa.Table,
    asked: Sequence[str],
    inputs: Sequence[str],
    judged: tuple[Metric, Truth, Guess],
    units: Units,
    draws: Draws,
) -> tuple[Slice, ...]:
    """Of the columns asked for, else of categorical inputs with 2 to 20 values and of inputs that are missing at times.

    rows: of the test. Left out are slices of fewer than 50 rows, those in which the metric has no value, and of a
    column all but the 100 largest.
    """
    metric, truth, guess = judged
    found = []
    for column, value, mask in parts_of(rows, asked) if asked else _chosen(rows, inputs):
        here = np.flatnonzero(mask)
        if len(here) < _FEWEST_ROWS:
            continue
        own = units.of(here)
        tally = metric.tally(truth[here], guess.of(here), own)
        at_once = float(tally(draws.once)[0])
        if np.isfinite(at_once):
            low, high = draws.interval(at_once, tally(draws.weights), own, metric.bounds)
            found.append(Slice(column, value, len(here), at_once, low, high))
    return tuple(sorted(found, key=lambda one: one.metric, reverse=not metric.greater_is_better))


def _chosen(rows: pa.Table, inputs: Sequence[str]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    for name in inputs:
        column = rows[name]
        if kind_of(column.type) in CATEGORICAL:
            if 2 <= len(column.unique()) <= _MOST_VALUES:
                yield from _values(name, texts(column))
        elif 0 < column.null_count < len(column):
            yield name, _MISSING, column.is_null().to_numpy()


def parts_of(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Of each column its values, of numbers that have many their quarters: column, value, and where it is so."""
    for name in names:
        column = plain(rows[name])
        kind = kind_of(column.type)
        # Arrow has no words for intervals.
        if kind == "length" or (kind == "number" and len(column.unique()) > _MOST_VALUES):
            yield from _quarters(name, column)
        else:
            yield from _values(name, column.cast(pa.string()))


def _values(name: str, words: pa.ChunkedArray) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    counts = [pair for pair in words.value_counts().to_pylist() if pair["counts"] >= _FEWEST_ROWS]
    counts.sort(key=lambda pair: -pair["counts"])
    for value in (pair["values"] for pair in counts[:_MOST_SLICES]):
        if value is None:
            yield name, _MISSING, words.is_null().to_numpy()
        else:
            yield name, value, pc.fill_null(pc.equal(words, value), False).to_numpy()


def _quarters(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    found = numbers(column, None)
    there = found[~np.isnan(found)]
    edges = np.unique(np.quantile(there, _QUARTERS)) if len(there) else np.empty(0)
    bounds = [-np.inf, *edges.tolist(), np.inf]
    for low, high in pairwise(bounds):
        yield name, _range(low, high), (found >= low) & (found < high)
    if np.isnan(found).any():
        yield name, _MISSING, np.isnan(found)


def _range(low: float, high: float) -> str:
    if np.isinf(low):
        return f"under {high:.4g}"
    return f"{low:.4g} and over" if np.isinf(high) else f"{low:.4g} to {high:.4g}"
