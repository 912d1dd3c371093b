"""Rows as the matrix an estimator takes; all that is learnt for it is learnt from training rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from balun.fit.column import CATEGORICAL, kind_of, microseconds, numbers, texts
from balun.fit.style import Style

Floats = NDArray[np.float64] | NDArray[np.float32]
# Where numbers are scaled, or are to fit in 32 bits: a value beyond it counts as this, and its square is still finite.
_LARGEST = 1e30


@dataclass(frozen=True)
class Input:
    """One input, as its training rows were.

    dtype: its type in Arrow's words. kind: as `kind_of` has it.
    empty: null in every training row; such an input is a constant.
    categories: the most frequent first; pooled: there were rarer ones too, and any other value counts as one of them.
    missing: it was null somewhere. fill: the median. centre, scale: what makes it mean 0 and deviation 1.
    """

    name: str
    dtype: str
    kind: str
    empty: bool = False
    categories: tuple[str, ...] = ()
    pooled: bool = False
    missing: bool = False
    fill: float = 0.0
    centre: float = 0.0
    scale: float = 1.0

    @property
    def categorical(self) -> bool:
        return self.kind in CATEGORICAL and not self.empty

    def codes(self, column: pa.ChunkedArray) -> NDArray[np.float64]:
        """Numbers of categories from 0; the rare are the last; NaN for null, and for the unseen where none was rare."""
        words = texts(column)
        found = pc.index_in(words, pa.array(self.categories, pa.string()), skip_nulls=True).cast(pa.float64())
        codes: NDArray[np.float64] = found.to_numpy()
        if self.pooled:
            codes = np.where(np.isnan(codes) & words.is_valid().to_numpy(), len(self.categories), codes)
        return codes

    @property
    def slots(self) -> int:
        """Columns of the matrix, where categories take one each."""
        if self.categorical:
            return len(self.categories) + self.pooled + self.missing
        return 1 + self.missing

    def spread(self, column: pa.ChunkedArray, at_us: NDArray[np.float64] | None, out: Floats) -> None:
        """Write its columns to `out`, which is zeros: (rows, slots)."""
        if self.categorical:
            codes = self.codes(column)
            there = np.flatnonzero(~np.isnan(codes))
            out[there, codes[there].astype(np.int64)] = 1
            gone = np.isnan(codes)
        else:
            found = np.clip(numbers(column, at_us), -_LARGEST, _LARGEST)
            gone = np.isnan(found)
            out[:, 0] = (np.where(gone, self.fill, found) - self.centre) / self.scale
        if self.missing:
            out[:, -1] = gone


@dataclass(frozen=True)
class Encoder:
    """at: the name of the column with the examples' time, in whose terms times are told."""

    inputs: tuple[Input, ...]
    style: Style
    at: str

    @classmethod
    def learn(cls, rows: pa.Table, names: Iterable[str], at: str, style: Style) -> Encoder:
        """From training rows alone."""
        at_us = microseconds(rows[at])
        return cls(tuple(_learn(name, rows[name], at_us, style) for name in names), style, at)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that rows must have: the inputs, and the examples' time where an input is a time."""
        names = [one.name for one in self.inputs]
        told = any(one.kind == "time" and not one.empty for one in self.inputs)
        return (*names, self.at) if told and self.at not in names else tuple(names)

    @property
    def categorical(self) -> list[bool]:
        return [one.categorical for one in self.inputs]

    def places(self) -> list[slice]:
        """Of each input, its columns in the matrix."""
        sizes = [1 if self.style.codes else one.slots for one in self.inputs]
        ends = np.cumsum(sizes).tolist()
        return [slice(end - size, end) for size, end in zip(sizes, ends, strict=True)]

    def matrix(self, rows: pa.Table) -> Floats:
        """(rows, columns); rows that aren't training rows change nothing of how any row is encoded."""
        places = self.places()
        at_us = microseconds(rows[self.at]) if self.at in self.needed else None
        dtype = np.float32 if self.style.single else np.float64
        out = np.zeros((rows.num_rows, places[-1].stop), dtype, order="F" if self.style.codes else "C")
        for one, place in zip(self.inputs, places, strict=True):
            if one.empty:
                continue
            column = rows[one.name]
            if not self.style.codes:
                one.spread(column, at_us, out[:, place])
            elif one.categorical:
                out[:, place.start] = one.codes(column)
            else:
                out[:, place.start] = numbers(column, at_us)
        return out

    def as_json(self) -> dict[str, object]:
        return {"inputs": [asdict(one) for one in self.inputs], "style": asdict(self.style), "at": self.at}

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Encoder:
        """Raises KeyError, TypeError or ValueError where `told` isn't what `as_json` gave."""
        inputs, style = told["inputs"], told["style"]
        if not isinstance(inputs, list) or not isinstance(style, dict):
            raise TypeError("an encoder is told by its inputs and its style")
        read = (Input(**{**one, "categories": tuple(one["categories"])}) for one in inputs)
        return cls(tuple(read), Style(**style), str(told["at"]))


def _learn(name: str, column: pa.ChunkedArray, at_us: NDArray[np.float64], style: Style) -> Input:
    kind, dtype = kind_of(column.type), str(column.type)
    if kind is None:
        raise TypeError(f"{name} is {dtype}, no input of a model")
    if kind in CATEGORICAL:
        return _learn_categories(name, kind, dtype, column, style)
    found = numbers(column, at_us)
    gone = np.isnan(found)
    if gone.all():
        return Input(name, dtype, kind, empty=True)
    if style.codes:
        return Input(name, dtype, kind, missing=bool(gone.any()))
    found = np.clip(found, -_LARGEST, _LARGEST)
    fill = float(np.median(found[~gone]))
    centre, scale = _scale(np.where(gone, fill, found)) if style.scaled else (0.0, 1.0)
    return Input(name, dtype, kind, missing=bool(gone.any()), fill=fill, centre=centre, scale=scale)


def _scale(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation. The deviation of equal values is the rounding of their mean, so it counts as 1."""
    if values.min() == values.max():
        return float(values[0]), 1.0
    return float(values.mean()), float(values.std())


def _learn_categories(name: str, kind: str, dtype: str, column: pa.ChunkedArray, style: Style) -> Input:
    words = texts(column)
    counted = [(pair["values"], pair["counts"]) for pair in words.drop_null().value_counts().to_pylist()]
    if not counted:
        return Input(name, dtype, kind, empty=True)
    counted.sort(key=lambda pair: (-pair[1], pair[0]))
    fewest = min(style.fewest, max(1, len(words) // 100))
    kept = [word for word, count in counted if count >= fewest][: style.categories]
    if len(kept) == style.categories < len(counted):
        kept = kept[:-1]  # leaves a place for the pool
    pooled = len(kept) < len(counted)
    return Input(name, dtype, kind, categories=tuple(kept), pooled=pooled, missing=words.null_count > 0)
