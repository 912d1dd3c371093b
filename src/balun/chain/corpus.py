"""A corpus: examples, their label and their features, frozen."""

from __future__ import annotations

from dataclasses import dataclass

from balun.chain.feature import Columns
from balun.finding import Place


@dataclass(frozen=True)
class Corpus:
    """A training set, declared.

    examples: a SELECT over events and tables; each row is an example, its `at` the time at which it is to be known.
    features: in the order of their columns: names of features, and columns of the examples themselves.
    parents: events and tables that `examples` reads.
    entity: columns that say whom an example is about; the last-value baseline looks back along them; empty: all as one.
    label: the column to predict; a row without one is counted and left out.
    label_available: SQL over the examples' columns for when the label is known; None: its column's own availability.
    """

    name: str
    owner: str | None
    examples: str
    label: str
    features: tuple[str | Columns, ...]
    parents: tuple[str, ...]
    place: Place
    at: str = "at"
    entity: tuple[str, ...] = ()
    label_available: str | None = None
    description: str | None = None
