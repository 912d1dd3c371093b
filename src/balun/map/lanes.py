"""The lines of a picture: one for all edges that leave a node, or for all that reach it, as few as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from balun.chain.graph import Node

Edge = tuple[int, int]


@dataclass(frozen=True)
class Lane:
    """A vertical line. node: the row it belongs to. leaves: its edges leave that node; else they reach it.

    rows: those that it touches, in order; it runs from the first to the last.
    """

    node: int
    leaves: bool
    rows: tuple[int, ...]

    @property
    def edges(self) -> list[Edge]:
        """`(upper row, lower row)`."""
        return [(self.node, row) if self.leaves else (row, self.node) for row in self.rows if row != self.node]

    def within(self, most: int) -> Lane:
        """Without the rows that are more than `most` rows from its node."""
        return replace(self, rows=tuple(row for row in self.rows if abs(row - self.node) <= most))

    @property
    def top(self) -> int:
        return self.rows[0]

    @property
    def bottom(self) -> int:
        return self.rows[-1]


def lanes_of(rows: Sequence[Node]) -> list[Lane]:
    """Lanes that together hold each edge once.

    Five features of one table for one corpus are ten edges and two lanes. The fewest lanes are a minimum vertex cover
    of the graph of upper and lower ends. Source: Kőnig 1931.
    """
    edges = edges_of(rows)
    uppers = _covering_uppers(edges)
    ends: dict[tuple[int, bool], set[int]] = {}
    for upper, lower in edges:
        node = (upper, True) if upper in uppers else (lower, False)
        ends.setdefault(node, set()).update((upper, lower))
    return [Lane(node, leaves, tuple(sorted(touched))) for (node, leaves), touched in ends.items()]


def edges_of(rows: Sequence[Node]) -> list[Edge]:
    place = {node.id: at for at, node in enumerate(rows)}
    return [(place[parent], at) for at, node in enumerate(rows) for parent in dict.fromkeys(node.parents)]


def _covering_uppers(edges: Sequence[Edge]) -> set[int]:
    """The upper ends in a minimum vertex cover; edges of others are covered by their lower ends.

    >>> _covering_uppers([(0, 2), (1, 2), (2, 3), (2, 4)])
    {2}
    """
    lowers: dict[int, list[int]] = {}
    for upper, lower in edges:
        lowers.setdefault(upper, []).append(lower)
    match = _matching(lowers)
    seen = _alternating(lowers, match, [upper for upper in lowers if upper not in match.values()])
    return set(lowers) - seen


def _matching(lowers: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """A maximum matching: the upper end of each lower one."""
    match: dict[int, int] = {}
    for start in lowers:
        came: dict[int, int] = {}  # how each lower end was reached, to walk back along
        todo = [start]
        while todo:
            upper = todo.pop()
            free = None
            for lower in lowers[upper]:
                if lower not in came:
                    came[lower] = upper
                    if lower not in match:
                        free = lower
                        break
                    todo.append(match[lower])
            if free is not None:
                _turn(match, came, free, start)
                break
    return match


def _turn(match: dict[int, int], came: Mapping[int, int], lower: int, start: int) -> None:
    """Match along the path that led to `lower`."""
    matched = {upper: below for below, upper in match.items()}
    while True:
        upper = came[lower]
        match[lower] = upper
        if upper == start:
            return
        lower = matched[upper]


def _alternating(lowers: Mapping[int, Sequence[int]], match: Mapping[int, int], free: Iterable[int]) -> set[int]:
    """Upper ends that are reached from free ones by edges and back by matched ones."""
    seen = set(free)
    todo = list(seen)
    while todo:
        for lower in lowers[todo.pop()]:
            upper = match[lower]  # else the matching could be larger
            if upper not in seen:
                seen.add(upper)
                todo.append(upper)
    return seen


def columns_of(lanes: Iterable[Lane], most: int) -> dict[Lane, int]:
    """A column for each lane, counted from 0 beside the nodes outwards; the shortest inside.

    No two lanes of a column share a row. Lanes for which `most` columns don't suffice are left out.
    """
    columns: list[list[Lane]] = []
    found: dict[Lane, int] = {}
    for lane in sorted(lanes, key=lambda lane: (lane.bottom - lane.top, lane.top)):
        for at, held in enumerate(columns):
            if all(other.bottom < lane.top or lane.bottom < other.top for other in held):
                held.append(lane)
                found[lane] = at
                break
        else:
            if len(columns) < most:
                columns.append([lane])
                found[lane] = len(columns) - 1
    return found
