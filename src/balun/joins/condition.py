"""What a join holds of one side against what of the other, as its SQL says it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from balun.joins.used import traced
from balun.quoting import quoted
from balun.relational.expression import Call, Expression, Ref, conjuncts, refs
from balun.relational.relation import Column, Join, Relation, scans
from balun.relational.written import written

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Condition:
    """Of one join."""

    of: Join

    @property
    def sides(self) -> tuple[Relation, Relation]:
        return self.of.left, self.of.right

    @cached_property
    def names(self) -> tuple[str, str]:
        """Of the sides: the parents whose columns it reads; all, where none can be named."""
        read = {at for part in self._parts for at in refs(part)}
        left, right = {at for at in read if at < self._split}, {at - self._split for at in read if at >= self._split}
        return _parents(self.of.left, left), _parents(self.of.right, right)

    @cached_property
    def pairs(self) -> Pairs:
        """Left and right columns that are set equal; none where it says anything else."""
        found = [] if self.of.asof else [self._pair(part) for part in self._parts]
        pairs = tuple(pair for pair in found if pair is not None)
        return pairs if len(pairs) == len(found) else ()

    @property
    def is_equality(self) -> bool:
        """Whether something must be equal, so that few pairs are looked at."""
        return any(isinstance(part, Call) and part.name == "=" for part in self._parts)

    def keys(self) -> dict[str, str]:
        """SQL of what it reads of a left row, by the left columns' names."""
        read = {at for part in self._parts for at in refs(part) if at < self._split}
        return {name: f"l.{quoted(name)}" for name in (self._heads[0][at] for at in sorted(read))}

    def sql(self) -> str:
        """Over `l` and `r`, whose columns are called as `heads` has them."""
        return " AND ".join(f"({written(part, self._named)})" for part in self._parts)

    def words(self) -> str:
        if self.pairs:
            return ", ".join(one if one == other else f"{one} = {other}" for one, other in self.pairs)
        said = " and ".join(written(part, self._told) for part in self._parts)
        return f"{said}, the nearest" if self.of.asof else said

    @cached_property
    def _parts(self) -> list[Expression]:
        return [part for one in self.of.conditions for part in conjuncts(one)]

    @property
    def _split(self) -> int:
        return len(self.of.left.columns)

    @cached_property
    def _heads(self) -> tuple[list[str], list[str]]:
        return heads(self.of.left.columns), heads(self.of.right.columns)

    def _side(self, ref: Ref) -> tuple[int, str]:
        """Which it is, and the column's name there."""
        return (0, self._heads[0][ref.at]) if ref.at < self._split else (1, self._heads[1][ref.at - self._split])

    def _named(self, ref: Ref) -> str:
        side, name = self._side(ref)
        return f"{'lr'[side]}.{quoted(name)}"

    def _told(self, ref: Ref) -> str:
        """With the parent that it comes from; of a side that is the other side's like, `other`."""
        side, name = self._side(ref)
        read = traced(self.sides[side], ref.at - self._split * side)
        if side and self.names[0] == self.names[1]:
            return f"other.{name}"
        return f"{read[0]}.{read[1]}" if read else name

    def _pair(self, part: Expression) -> tuple[str, str] | None:
        if not isinstance(part, Call) or part.name != "=":
            return None
        found = [self._side(arg) for arg in part.args if isinstance(arg, Ref)]
        if sorted(side for side, _ in found) != [0, 1]:
            return None
        (_, own), (_, theirs) = sorted(found)
        return own, theirs


def heads(columns: Sequence[Column]) -> list[str]:
    """Names that tell columns apart, in any case.

    >>> heads([Column("k", ""), Column("K", ""), Column("", "")])
    ['k', 'K_2', 'column_3']
    """
    found: list[str] = []
    for at, one in enumerate(columns, 1):
        name = one.name or f"column_{at}"
        while name.lower() in {other.lower() for other in found}:
            name = f"{name}_{at}"
        found.append(name)
    return found


def _parents(side: Relation, places: AbstractSet[int]) -> str:
    read = [place for at in sorted(places) if (place := traced(side, at)) is not None]
    named = [parent for parent, _ in read] or [one.parent for one in scans(side)]
    return ", ".join(dict.fromkeys(named))
