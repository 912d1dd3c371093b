"""What a detector says: cells that are likely wrong, why, and what is right, where it can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from balun.mends.rule import Rule, Values
from balun.mends.sheet import Codes, Column, Floats

Kind = Literal[
    "whitespace", "case", "mojibake", "placeholder", "form", "date form", "run together", "swapped", "unit", "zone",
    "smudge", "misspelt", "dependency", "missing", "outlier", "rare pattern", "duplicate", "labelled",
]  # fmt: skip
Rights = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Doubt:
    """One kind of fault in one column.

    rows: positions, rising. confidence: of each that it is wrong. rights: of each what is right, as text, None for
    null; without a rule it can't be told, and nothing is to be mended. evidence: in words.
    """

    kind: Kind
    column: Column
    rows: Codes
    confidence: Floats
    rights: Rights
    evidence: str
    rule: Rule | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, keep: npt.NDArray[np.bool_]) -> Doubt:
        return replace(self, rows=self.rows[keep], confidence=self.confidence[keep], rights=self.rights[keep])

    @property
    def sure(self) -> float:
        """The confidence over its cells."""
        return float(self.confidence.mean()) if len(self.rows) else 0.0


def by_value(
    kind: Kind,
    column: Column,
    rights: Mapping[int, str | None],
    confidence: Mapping[int, float] | float,
    evidence: str,
    rule: Rule | None = None,
    *,
    known: bool = True,
) -> Doubt:
    """All rows that have a value, by its code. known: it is known what is right; the rule is then a list of values."""
    codes = np.array(sorted(rights), dtype=np.int64)
    rows = column.rows_where(codes)
    right_of = np.full(column.distinct, None, dtype=object)
    sure_of = np.zeros(column.distinct)
    for code in codes:
        right_of[code] = rights[code]
        sure_of[code] = confidence if isinstance(confidence, float) else confidence[int(code)]
    if rule is None and known:
        order = sorted(rights, key=lambda code: -int(column.counts[code]))
        rule = Values(column, tuple((column.text_of(code), rights[code]) for code in order))
    at = column.codes[rows]
    return Doubt(kind, column, rows, sure_of[at], right_of[at], evidence, rule)


def shown(value: str | None, beside: str | None = None, most: int = 40) -> str:
    """A value in quotes, cut to `most` signs about where it begins to differ from `beside`.

    >>> shown(None), shown("a long text", "a lonk text", 6)
    ('null', "'…ong …'")
    """
    if value is None:
        return "null"
    if len(value) <= most:
        return f"'{value}'"
    other = beside or ""
    differs = next((at for at, (one, two) in enumerate(zip(value, other, strict=False)) if one != two), 0)
    start = max(0, min(differs - most // 2, len(value) - most + 1)) if other else 0
    cut = value[start + (start > 0) : start + most - 1]
    return f"'{'…' * (start > 0)}{cut}{'…' * (start + most - 1 < len(value))}'"
