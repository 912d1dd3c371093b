"""A table made by matching records that have no common key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from balun.chain.table import PythonTable

KINDS: Mapping[str, str] = {
    "name": "short text, by Jaro-Winkler similarity; rare values weigh more",
    "text": "text of several words, by the cosine of character TF-IDF",
    "date": "by day, by digits that differ, by year",
    "number": "by relative distance",
    "code": "digits and letters, by edits",
    "category": "few values, equal or not",
    "words": "a list, by how many of its words are shared",
}


@dataclass(frozen=True)
class Linking:
    """How records are matched.

    left, right: tables or events; without right, left's records are matched with each other.
    on: columns of each side, with their kind where it isn't to be guessed.
    block: columns that compared pairs agree on, several ways; none: chosen.
    threshold: the least probability of a match; None: chosen, so that `precision` of the matches are right.
    one_to_one: no record matches two.
    """

    left: str
    right: str | None
    on: tuple[tuple[str, str | None], ...]
    block: tuple[tuple[str, ...], ...] = ()
    threshold: float | None = None
    precision: float = 0.95
    one_to_one: bool = False
    seed: int = 1

    @property
    def sides(self) -> tuple[str, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)


@dataclass(frozen=True)
class LinkTable(PythonTable):
    """The crosswalk: Balun's own code stands in the place of a Python table's function.

    Of one table: a row a record, with its key, `cluster` (the key of the cluster's first record) and `confidence`.
    Of two: a row a matched pair, with the keys of both (`left_key`, `right_key`) and `confidence`.
    columns: known by name when the project is read; their types are known with those of the parents.
    keys: of each side, in the order of its parents.
    """

    linking: Linking = field(kw_only=True)
    keys: tuple[tuple[str, ...], ...] = field(kw_only=True, default=())

    def looks_at(self, side: int, column: str) -> bool:
        """Whether a column of a parent is compared, or of its key."""
        names = (*self.keys[side], *(name for name, _ in self.linking.on))
        return column.lower() in {name.lower() for name in names}


def key_columns(linking: Linking, keys: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """What the crosswalk calls each side's key.

    >>> key_columns(Linking("acm", "dblp", on=(("title", None),)), (("id",), ("id",)))
    (('acm_id',), ('dblp_id',))
    """
    if linking.right is None:
        return keys
    return tuple(tuple(f"{side}_{name}" for name in key) for side, key in zip(linking.sides, keys, strict=True))
