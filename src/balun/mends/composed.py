"""Columns that are put together of two others, with the same signs between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import permutations

import numpy as np

from balun.mends.dependency import Dependency, Votes
from balun.mends.sheet import Codes, Column, Sheet

_DRAWN, _LEAST_SHARE, _AS_MANY = 400, 0.8, 50


def composed(sheet: Sheet) -> Iterator[tuple[Dependency, Votes]]:
    """As a dependency of which every row but those that break it tells alike."""
    texts = [one for one in sheet.columns if one.kind in {"text", "integer"} and 2 <= one.distinct <= 50_000]
    for column in texts:
        if column.kind == "text":
            found = next(
                (pair for pair in permutations(texts, 2) if column not in pair and _sign(column, *pair) is not None),
                None,
            )
            if found is not None:
                yield _as_votes(column, *found, str(_sign(column, *found)))


def _sign(column: Column, first: Column, second: Column) -> str | None:
    """What stands between the two, in most of the rows."""
    rows = np.linspace(0, len(column.codes) - 1, min(_DRAWN, len(column.codes))).astype(int)
    between: Counter[str | None] = Counter()
    for number, row in enumerate(rows.tolist()):
        one, start, end = column.text_at(row), first.text_at(row), second.text_at(row)
        fits = one and start and end and one.startswith(start) and one.endswith(end) and len(one) >= len(start + end)
        between[one[len(start) : len(one) - len(end)] if one and start and end and fits else None] += 1
        if number == 20 and between[None] > 10:
            return None
    sign, count = between.most_common(1)[0]
    return sign if sign is not None and count >= _LEAST_SHARE * len(rows) and len(sign) <= 3 else None


def _as_votes(column: Column, first: Column, second: Column, sign: str) -> tuple[Dependency, Votes]:
    known = (first.codes >= 0) & (second.codes >= 0)
    pairs, at = np.unique(first.codes * (second.distinct + 1) + second.codes, return_inverse=True)
    one, other = pairs // (second.distinct + 1), pairs % (second.distinct + 1)
    right = [
        column.code_of.get(first.texts[a] + sign + second.texts[b], -1) if a >= 0 and b < second.distinct else -1
        for a, b in zip(one.tolist(), other.tolist(), strict=True)
    ]
    usual: Codes = np.where(known, np.array(right, dtype=np.int64)[at], -1)
    told = (usual >= 0) & known
    size = np.where(told, _AS_MANY, 0)
    own = np.where(told, np.where(usual == column.codes, _AS_MANY, 1), 0)
    group: Codes = np.where(known, at, -1)
    return (
        Dependency((first, second), column, 1.0, group),
        Votes(usual, np.where(told, _AS_MANY - 1, 0), own, size, 0.0, 0.01),
    )
