"""What is to be predicted, as numbers of classes or as floats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from balun.fit.column import kind_of, numbers, plain

_MOST_CLASSES = 200


class UnfitLabel(ValueError):
    """The label's values are nothing the estimator can learn; the message says why, `mend` what to do."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


@dataclass(frozen=True)
class Label:
    """truth: class numbers, or values. classes: the values of the classes in order; None of a regression."""

    truth: NDArray[np.int64] | NDArray[np.float64]
    classes: NDArray[np.generic] | None

    def of(self, rows: NDArray[np.bool_]) -> Label:
        return Label(self.truth[rows], self.classes)

    def values(self) -> NDArray[np.generic]:
        """As an estimator is given them."""
        return self.truth if self.classes is None else self.classes[self.truth.astype(np.int64)]


def read_label(name: str, column: pa.ChunkedArray, *, classify: bool) -> Label:
    """column: without nulls. Raises UnfitLabel.

    >>> read_label("late", pa.chunked_array([[True, False]]), classify=True)
    Label(truth=array([1, 0]), classes=array([False,  True]))
    """
    column = plain(column)
    kind = kind_of(column.type)
    if not classify:
        return _values(name, column, kind)
    if kind in {"text", "boolean"}:
        return _classes(name, column)
    if kind != "number":
        raise UnfitLabel(f"the label {name} is {column.type}, no class", "make it boolean, text or a whole number")
    found = numbers(column, None)
    if not (np.isfinite(found) & (found == np.round(found))).all():
        mend = "use a regressor, or make classes of it, as in amount > 100"
        raise UnfitLabel(f"the label {name} isn't whole numbers, and a classifier needs classes", mend)
    if np.abs(found).max(initial=0) >= 2**63:
        raise UnfitLabel(f"the label {name} has numbers beyond 64 bits", "make it boolean, text or smaller numbers")
    return _classes(name, column.cast(pa.int64(), safe=False))


def _values(name: str, column: pa.ChunkedArray, kind: str | None) -> Label:
    if kind != "number" or pt.is_null(column.type):
        mend = "use a classifier, or make a number of it"
        raise UnfitLabel(f"the label {name} is {column.type}, and a regressor needs numbers", mend)
    found = numbers(column, None)
    wrong = np.count_nonzero(~np.isfinite(found))
    if wrong:
        mend = "make them null in the examples, which leaves them out, or mend the SQL that divides"
        raise UnfitLabel(f"the label {name} is NaN or infinite in {wrong:,} of {len(found):,} rows", mend)
    return Label(found, None)


def _classes(name: str, column: pa.ChunkedArray) -> Label:
    coded = column.dictionary_encode().combine_chunks()
    values = coded.dictionary.to_pylist()
    if len(values) > _MOST_CLASSES:
        mend = "use a regressor, or put them in fewer groups"
        raise UnfitLabel(f"the label {name} has {len(values):,} classes, over {_MOST_CLASSES}", mend)
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    kept = [values[number] for number in order]
    dtype = object if values and isinstance(values[0], str) else None
    return Label(place[coded.indices.to_numpy()], np.array(kept, dtype=dtype))
