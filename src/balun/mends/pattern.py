"""Shapes of values: which signs stand where, without which ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from balun.mends.doubt import Doubt, by_value
from balun.mends.sheet import Sheet


def shape(text: str) -> str:
    """
    >>> shape("N-12345"), shape("N123ab")
    ('A-9', 'A9a')
    """
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", text))))


def rare_pattern(sheet: Sheet) -> Iterator[Doubt]:
    """A shape that hardly any other value has, where nearly all share one. Tells no mend."""
    for column in sheet.columns:
        if not column.is_text or column.distinct < 5:
            continue
        shapes = [shape(text) for text in column.texts]
        rows = Counter[str]()
        for code, one in enumerate(shapes):
            rows[one] += int(column.counts[code])
        total = rows.total()
        (usual, most), *_ = rows.most_common(1)
        rare = {code: None for code, one in enumerate(shapes) if rows[one] <= max(2, 0.002 * total)}
        if most >= 0.9 * total and rare and len(rare) < 0.1 * column.distinct + 3:
            told = f"{most / total:.1%} look like {usual}"
            yield by_value("rare pattern", column, dict(rare), 0.45, told, known=False)
