"""Who belongs together: components of linked pairs, taken apart where a bridge is all that holds them."""

from __future__ import annotations

import numpy as np

_MOST = 8.0  # what one pair may say for or against a cluster, in bits
_UNSEEN = -1.0  # what a pair says that wasn't compared


def components(left: np.ndarray, right: np.ndarray, many: int) -> np.ndarray:
    """The first record of each one's component.

    >>> components(np.array([0, 1]), np.array([1, 3]), 5).tolist()
    [0, 0, 2, 0, 4]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(many, many))
    _, labels = connected_components(graph, directed=False)
    return _first(labels)


def _first(labels: np.ndarray) -> np.ndarray:
    first = np.full(int(labels.max(initial=-1)) + 1, len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    return np.asarray(first[labels])


def clusters(left: np.ndarray, right: np.ndarray, bits: np.ndarray, many: int) -> np.ndarray:
    """The first record of each one's cluster.

    bits: of every compared pair, how far it is above the threshold (below: negative).
    The strongest pairs come first; two clusters become one only where all that is known between them, with what wasn't
    compared counting a little against it, speaks for it. So a single weak bridge makes no giant.

    >>> clusters(np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([5.0, 2.0, -6.0]), 3).tolist()
    [0, 0, 2]
    """
    found = components(left[bits > 0], right[bits > 0], many)
    sizes = np.bincount(found, minlength=many)
    inner = (found[left] == found[right]) & (sizes[found[left]] > 2)
    order = np.lexsort((right, left, -bits))
    groups = _Groups()
    for at in order[inner[order]]:
        groups.add(int(left[at]), int(right[at]), float(bits[at]))
    for at in order[inner[order] & (bits[order] > 0)]:
        groups.join(int(left[at]), int(right[at]))
    for record in np.flatnonzero(sizes[found] > 2):
        found[record] = groups.first(int(record))
    return found


class _Groups:
    """Records in groups, and what speaks for joining two of them."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        self.between: dict[int, dict[int, tuple[float, int]]] = {}

    def add(self, one: int, other: int, bits: float) -> None:
        for record in (one, other):
            if record not in self.of:
                self.of[record], self.members[record], self.between[record] = record, [record], {}
        capped = max(-_MOST, min(_MOST, bits)) if abs(bits) < 1000 else bits
        self.between[one][other] = self.between[other][one] = (capped, 1)

    def join(self, one: int, other: int) -> None:
        one, other = self.of[one], self.of[other]
        if one == other:
            return
        if len(self.members[one]) < len(self.members[other]):
            one, other = other, one
        said, seen = self.between[one].get(other, (0.0, 0))
        unseen = len(self.members[one]) * len(self.members[other]) - seen
        if said + _UNSEEN * unseen > 0:
            self._merge(one, other)

    def _merge(self, one: int, other: int) -> None:
        for record in self.members.pop(other):
            self.of[record] = one
            self.members[one].append(record)
        for third, (bits, seen) in self.between.pop(other).items():
            del self.between[third][other]
            if third != one:
                before, many = self.between[one].get(third, (0.0, 0))
                self.between[one][third] = self.between[third][one] = (before + bits, many + seen)

    def first(self, record: int) -> int:
        return min(self.members[self.of[record]])
