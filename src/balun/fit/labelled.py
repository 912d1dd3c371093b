"""A corpus's labelled rows, in training, test and neither."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.model import Model, TimeSplit
from balun.errors import ProjectError
from balun.fit import faults
from balun.fit.column import microseconds
from balun.fit.label import Label, UnfitLabel, read_label
from balun.fit.result import Stretch
from balun.fit.split import Split, before_test, split_rows

LABEL_KNOWN = "label_known"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_US = 2**62


@dataclass(frozen=True)
class Labelled:
    """Labelled rows, in their order, and what is known of each.

    known_us: when its label was known, at its own time at the earliest. unlabelled: how many rows were left out.
    """

    rows: pa.Table
    at_us: NDArray[np.int64]
    known_us: NDArray[np.int64]
    label: Label
    split: Split
    unlabelled: int

    def of(self, part: NDArray[np.bool_]) -> pa.Table:
        return self.rows.filter(pa.array(part))

    def before_test(self, rule: TimeSplit) -> Labelled:
        """The same rows, of which the test's are in neither part, and the last of the training's stand for them."""
        return replace(self, split=before_test(self.split, self.at_us, self.known_us, rule))

    def stretch(self, part: NDArray[np.bool_]) -> Stretch:
        times = self.at_us[part]
        return Stretch(len(times), time_of(times.min()), time_of(times.max()))


def labelled(model: Model, corpus: Corpus, rows: pa.Table) -> Labelled:
    """Raises ProjectError where the rows have no label, no time, or too few of either part."""
    found = rows[corpus.label]
    kept = rows.filter(found.is_valid()) if found.null_count else rows
    faults.refuse(faults.row_faults(model, corpus, kept))
    try:
        label = read_label(corpus.label, kept[corpus.label], classify=faults.kind(model) == "classifier")
    except UnfitLabel as exc:
        raise ProjectError([faults.fault(model, "label-unfit", str(exc), exc.mend)]) from exc
    at_us = microseconds(kept[corpus.at]).astype(np.int64)
    known_us = known_of(kept, at_us)
    split = split_rows(at_us, known_us, model.split)
    faults.refuse(faults.split_faults(model, split, label, at_us))
    return Labelled(kept, at_us, known_us, label, split, rows.num_rows - kept.num_rows)


def known_of(rows: pa.Table, at_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """When each label was known. Where the corpus doesn't say: at the example's own time.

    Null or infinite in some rows: never.
    """
    if LABEL_KNOWN not in rows.column_names or rows[LABEL_KNOWN].null_count == rows.num_rows:
        return at_us
    told = microseconds(rows[LABEL_KNOWN])
    return np.maximum(np.where(np.isnan(told), _NEVER_US, told).astype(np.int64), at_us)


def time_of(us: np.int64) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))
