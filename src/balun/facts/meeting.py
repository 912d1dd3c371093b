"""Where rows of two sides meet by equal columns: in a JOIN, or in a list of FROM whose WHERE joins it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from balun.facts.dependency import Dependencies
from balun.facts.joined import equal_columns
from balun.facts.propagate import State
from balun.facts.told import said
from balun.relational.expression import Call, Expression, Literal, Ref, conjuncts, moved, refs
from balun.relational.relation import Filter, Join, Relation

_KINDS = frozenset({"inner", "left", "right", "full"})


@dataclass(frozen=True)
class Meeting:
    """pairs: of equal columns, each by its place on its own side. left_known, right_known: of those rows that meet.

    first: the place of the left's first column in the relation where they meet. kind: as of a Join; `listed` where FROM
    lists both. narrowed: other conditions may leave one row of several: a period, a kind, a flag.
    """

    left: Relation
    right: Relation
    kind: str
    pairs: tuple[tuple[int, int], ...]
    left_known: Dependencies
    right_known: Dependencies
    first: int
    narrowed: bool

    @property
    def left_once(self) -> bool:
        """Whether a row of the right meets one of the left at most."""
        return self.left_known.is_key(one for one, _ in self.pairs)

    @property
    def right_once(self) -> bool:
        return self.right_known.is_key(other for _, other in self.pairs)

    @property
    def on(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.left.columns[one].name or "?" for one, _ in self.pairs))


def meetings(relation: Relation, states: Mapping[int, State]) -> Iterator[Meeting]:
    """Those that a relation itself makes. states: of each relation below, by identity."""
    match relation:
        case Join() if relation.kind in _KINDS and not relation.asof:
            parts = [part for one in relation.conditions for part in conjuncts(one)]
            yield from _met(relation, parts, 0, states, relation.kind)
        case Filter(Join() as join) if _is_listed(join):
            parts = [part for one in relation.conditions for part in conjuncts(one)]
            yield from _listed(join, parts, 0, states)


def _is_listed(of: Relation) -> bool:
    return isinstance(of, Join) and of.kind == "inner" and not of.conditions and not of.asof


def _listed(join: Join, parts: Sequence[Expression], first: int, states: Mapping[int, State]) -> Iterator[Meeting]:
    """Of each two that stand side by side, and within each."""
    yield from _met(join, parts, first, states, "listed")
    own, others = _sides(parts, len(join.left.columns))
    if isinstance(join.left, Join) and _is_listed(join.left):
        yield from _listed(join.left, own, first, states)
    if isinstance(join.right, Join) and _is_listed(join.right):
        yield from _listed(join.right, others, first + len(join.left.columns), states)


def _met(
    join: Join, parts: Sequence[Expression], first: int, states: Mapping[int, State], kind: str
) -> Iterator[Meeting]:
    split = len(join.left.columns)
    pairs, _ = equal_columns(parts, split)
    if pairs:
        sides = zip((join.left, join.right), _sides(parts, split), strict=True)
        left, right = (_with(states[id(side)].dependencies, own) for side, own in sides)
        narrowed = any(_narrows(one, split) for one in parts if equal_columns((one,), split)[1])
        own = tuple((one, other - split) for one, other in pairs)
        yield Meeting(join.left, join.right, kind, own, left, right, first, narrowed)


def _with(known: Dependencies, parts: Sequence[Expression]) -> Dependencies:
    return known.with_follows(said(parts, known))


def _sides(parts: Sequence[Expression], split: int) -> tuple[list[Expression], list[Expression]]:
    """Conditions of the left's columns alone, and of the right's, by their own places."""
    left = [part for part in parts if all(at < split for at in refs(part))]
    right = [part for part in parts if refs(part) and all(at >= split for at in refs(part))]
    return left, [moved(part, lambda ref: replace(ref, at=ref.at - split)) for part in right]


def _narrows(part: Expression, split: int) -> bool:
    read = refs(part)
    if any(at < split for at in read) and any(at >= split for at in read):
        return True
    match part:
        case Call("=", (Ref(), Literal()) | (Literal(), Ref())):
            return is_flag(part)  # what equals a constant is known to
        case Call("=" | "in" | "is_null" | "is_not_null"):
            return True
    return is_flag(part)


def is_flag(part: Expression) -> bool:
    """Whether it is a column that is true or false, as `is_current` is, or says of one which it is."""
    match part:
        case Call("=", (one, Literal(value=True))) | Call("not", (one,)):
            return is_flag(one)
    return isinstance(part, Ref) and part.dtype == "BOOLEAN"
