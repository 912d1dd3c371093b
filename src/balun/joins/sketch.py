"""The least hashes of a column's values, which say of two columns how much of one is in the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 2048
# Of fewer values than this nothing is concluded, and the rows are asked.
_FEWEST = 24


@dataclass(frozen=True)
class Sketch:
    """below: each value whose hash is no greater is in it; None: all are."""

    hashes: frozenset[int]
    below: int | None


def complete(hashes: Iterable[int], distinct: int) -> Sketch:
    kept = frozenset(hashes)
    return Sketch(kept, None if distinct <= len(kept) else max(kept))


def contained(one: Sketch, other: Sketch) -> float | None:
    """About the share of one's values that are the other's too; exact where both are small; None: can't be told.

    Source: bottom-k sketches, Cohen and Kaplan 2007.

    >>> contained(complete([1, 2, 3, 4], 4), complete([2, 4, 6], 3))
    0.5
    """
    limits = [sketch.below for sketch in (one, other) if sketch.below is not None]
    if not limits:
        return len(one.hashes & other.hashes) / len(one.hashes) if one.hashes else 0.0
    limit = min(limits)
    seen = {value for value in one.hashes if value <= limit}
    return len(seen & other.hashes) / len(seen) if len(seen) >= _FEWEST else None
