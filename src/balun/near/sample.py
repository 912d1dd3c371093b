"""A few rows of a node, and beside each the rows that it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from balun.near.rows import Row

SAMPLES = 3
OLDER = "its rows are older than its declaration: run the project"


@dataclass(frozen=True)
class Before:
    """Rows of one parent. how: the way they were found, or why they weren't. of: how many such rows there are."""

    node: str
    how: str
    rows: tuple[Row, ...] = ()
    of: int | None = None


@dataclass(frozen=True)
class Sample:
    row: Row
    before: tuple[Before, ...]


@dataclass(frozen=True)
class Samples:
    """rows: spread over the whole of the node's. dropped: a parent's row that became none. note: why there are none."""

    rows: tuple[Sample, ...] = ()
    dropped: tuple[Before, ...] = ()
    note: str | None = None


def spread(count: int) -> list[int]:
    """Places of a few rows among many.

    >>> spread(600), spread(2), spread(0)
    ([100, 300, 500], [0, 1], [])
    """
    return sorted({count * (2 * nth + 1) // (2 * SAMPLES) for nth in range(SAMPLES)}) if count else []
