"""Functional dependencies: which columns follow from which. Sources: Armstrong 1974; Darwen & Date for outer joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

Set = frozenset[int]
Pairs = frozenset[tuple[int, int]]
NOTHING: Set = frozenset()
MOST = 12


@dataclass(frozen=True)
class Dependencies:
    """What holds among the columns of a relation, by their positions; nulls count as equal to each other.

    follows: pairs (of, one): rows that agree in all of `of` agree in `one`. Nothing: `one` is the same in every row.
    keys: no two rows agree in all of one; none of them holds another. The empty key: there is one row at most.
    numbered: columns that once counted 1, 2, 3 … within rows that agreed in the given columns: none is below 1.
    merged: pairs of columns, of which one at least is there: no two rows agree in the `coalesce` of each pair.
    """

    follows: frozenset[tuple[Set, int]] = frozenset()
    keys: frozenset[Set] = frozenset()
    numbered: frozenset[tuple[int, Set]] = frozenset()
    merged: frozenset[Pairs] = frozenset()

    def closure(self, of: Iterable[int]) -> Set:
        """All that follows from some columns.

        >>> sorted(Dependencies(frozenset({(frozenset({0}), 1), (frozenset({1}), 2)})).closure([0]))
        [0, 1, 2]
        """
        found = set(of)
        left = list(self.follows)
        grew = True
        while grew:
            later = [(of, one) for of, one in left if not of <= found]
            found.update(one for of, one in left if of <= found)
            grew, left = len(later) < len(left), later
        return frozenset(found)

    def is_key(self, of: Iterable[int]) -> bool:
        reached = self.closure(of)
        return any(key <= reached for key in self.keys)

    def small(self, of: Set) -> Set:
        """The same columns without those that follow from the rest: later ones go first."""
        for one in sorted(of, reverse=True):
            if one in self.closure(of - {one}):
                of -= {one}
        return of

    def with_keys(self, keys: Iterable[Set]) -> Dependencies:
        return replace(self, keys=self._least(keys))

    def with_follows(self, more: Iterable[tuple[Set, int]]) -> Dependencies:
        """With more known, keys may need fewer columns."""
        known = replace(self, follows=self.follows | {(of, one) for of, one in more if one not in of})
        return known.with_keys(self.keys)

    def spelled_out(self, columns: Iterable[int]) -> Dependencies:
        """With all that follows from its keys: for where a key is lost and this is not. columns: of the relation."""
        return self.with_follows([(key, at) for at in columns for key in self.keys])

    def _least(self, keys: Iterable[Set]) -> frozenset[Set]:
        small = sorted({self.small(key) for key in keys}, key=lambda key: (len(key), sorted(key)))
        kept: list[Set] = []
        for key in small:
            if not any(other <= key for other in kept):
                kept.append(key)
        return frozenset(kept[:MOST])

    def moved(self, by: int) -> Dependencies:
        """The same of columns that stand so much later."""
        return Dependencies(
            frozenset((_moved(of, by), one + by) for of, one in self.follows),
            frozenset(_moved(key, by) for key in self.keys),
            frozenset((one + by, _moved(of, by)) for one, of in self.numbered),
        )

    def renamed(self, names: Mapping[int, tuple[int, ...]]) -> Dependencies:
        """What of it holds among new columns. names: for each old column, the new ones that are equal to it."""
        told = {one: self.closure({one}) for one in sorted(names)}
        follows = {
            (new, other)
            for of, one in self.follows
            for new in _renamings(_reached(of, told), names)
            for other in names.get(one, ())
            if other not in new
        }
        keys = {new for key in self.keys for new in _renamings(_reached(key, told), names)}
        numbered = {
            (new, other) for one, of in self.numbered for other in _renamings(of, names) for new in names.get(one, ())
        }
        bare = Dependencies(frozenset(follows), frozenset(), frozenset(numbered))
        return bare.with_keys(keys)


def repeated(key: Iterable[str], rows: str) -> str:
    """SQL, a number for all rows: how many come after the first of their key.

    key: SQL for each part of it; nulls are equal. rows: what FROM reads.

    >>> repeated(["a"], "t")
    '(SELECT count(*) FROM t) - (SELECT count(*) FROM (SELECT DISTINCT a FROM t))'
    """
    return f"(SELECT count(*) FROM {rows}) - {_grounds(key, rows)}"


def differing(of: Iterable[str], one: str, rows: str) -> str:
    """SQL, a number for all rows: how many more outcomes there are of `one` than grounds of it.

    >>> differing(["a"], "b", "t")
    '(SELECT count(*) FROM (SELECT DISTINCT a, b FROM t)) - (SELECT count(*) FROM (SELECT DISTINCT a FROM t))'
    """
    grounds = list(of)
    return f"{_grounds([*grounds, one], rows)} - {_grounds(grounds, rows)}"


def _grounds(of: Iterable[str], rows: str) -> str:
    return f"(SELECT count(*) FROM (SELECT DISTINCT {', '.join(of) or '1'} FROM {rows}))"


def _reached(of: Set, told: Mapping[int, Set]) -> Set:
    """Columns that are kept in place of those that are not, where one follows from another. told: by those kept."""
    for gone in [one for one in of if one not in told]:
        instead = next((kept for kept, reached in told.items() if gone in reached), None)
        if instead is None:
            return of
        of = of - {gone} | {instead}
    return of


def _moved(of: Set, by: int) -> Set:
    return frozenset(one + by for one in of)


def _renamings(of: Set, names: Mapping[int, tuple[int, ...]]) -> list[Set]:
    """Each way to say the same columns by new names; none where one has none."""
    if any(not names.get(one) for one in of):
        return []
    return [frozenset(one) for one in islice(product(*(names[one] for one in sorted(of))), MOST)]
