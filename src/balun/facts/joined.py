"""key, of joins: which rows of one side meet at most one of the other, and what still follows where one is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from balun.facts.dependency import Dependencies, Pairs, Set
from balun.facts.nullable import true_needs
from balun.facts.told import is_told, said, same_as
from balun.relational.expression import Call, Expression, Ref, conjuncts, refs
from balun.relational.relation import Join

UNKNOWN = Dependencies()


@dataclass(frozen=True)
class _Side:
    """One side of a join. known: by the places that its columns have in the join. there: those that aren't null in
    rows that meet. met: columns that equal one of the other side. once: a row of the other side meets one at most.
    """

    known: Dependencies
    columns: range
    there: Set
    met: Set
    once: bool

    @property
    def kept(self) -> Dependencies:
        """Without keys, and all that followed from them."""
        return replace(self.known.spelled_out(self.columns), keys=frozenset())


def joined(relation: Join, left: Dependencies, right: Dependencies, nulls: Sequence[Sequence[bool]]) -> Dependencies:
    """Of a join, from those of its sides. nulls: of each side, whether each column may hold null."""
    split = len(nulls[0])
    match relation.kind:
        case "semi":
            told = said(relation.conditions, left)
            return left.with_follows((of, one) for of, one in told if one < split and all(at < split for at in of))
        case "anti":
            return left
        case "mark":
            return left.with_follows(_told(relation, range(split), [split]))
        case "positional":
            return UNKNOWN
    pairs, others = equal_columns(relation.conditions, split)
    needs = _needs(relation)
    one_right = relation.asof or relation.kind == "single"
    sides = [
        _side(left, 0, nulls[0], needs, frozenset(one for one, _ in pairs), once=False),
        _side(right.moved(split), split, nulls[1], needs, frozenset(other for _, other in pairs), once=one_right),
    ]
    if relation.kind == "full":
        return _full(relation, sides[0], sides[1], nulls, None if others else pairs)
    return _met(relation, sides[0], sides[1], alone=not (others or relation.asof))


def _side(known: Dependencies, first: int, nulls: Sequence[bool], needs: Set, met: Set, *, once: bool) -> _Side:
    columns = range(first, first + len(nulls))
    there = {at for at, null in zip(columns, nulls, strict=True) if not null or at in needs}
    return _Side(known, columns, frozenset(there), met, once or known.is_key(met))


def _needs(relation: Join) -> Set:
    return frozenset().union(*map(true_needs, relation.conditions))


def _met(relation: Join, left: _Side, right: _Side, *, alone: bool) -> Dependencies:
    """alone: rows meet where some columns are equal, and by nothing else."""
    kept, extended = (right, left) if relation.kind == "right" else (left, right)
    keys = {one | other for one in left.known.keys for other in right.known.keys}
    if extended.once:
        keys |= kept.known.keys
    if kept.once and relation.kind == "inner":
        keys |= extended.known.keys
    if relation.kind == "inner":
        both = Dependencies(left.kept.follows | right.kept.follows, numbered=left.known.numbered | right.known.numbered)
        follows = set(said(relation.conditions, both))
    else:
        held = {(of, one) for of, one in extended.kept.follows if of & extended.there}
        both = Dependencies(kept.kept.follows | held, numbered=kept.known.numbered)
        follows = {(kept.met, one) for one in extended.met} if alone else set()
    if extended.once and not relation.asof:
        follows |= set(_told(relation, kept.columns, extended.columns))
    return both.with_follows(follows).with_keys(keys)


def _told(relation: Join, by: range, columns: Iterable[int]) -> Iterable[tuple[Set, int]]:
    """What each row of one side meets follows from what the conditions read of it."""
    if not all(is_told(one) for condition in relation.conditions for one in conjuncts(condition)):
        return []
    read = frozenset().union(*map(refs, relation.conditions)) & frozenset(by)
    return [(read, one) for one in columns]


def _full(
    relation: Join, left: _Side, right: _Side, nulls: Sequence[Sequence[bool]], pairs: Sequence[tuple[int, int]] | None
) -> Dependencies:
    """A key needs a column of each side that tells by a null which side is missing."""
    split = right.columns.start
    there = {at for at, null in enumerate((*nulls[0], *nulls[1])) if not null}
    both = {one | other for one in left.known.keys for other in right.known.keys}
    keys = [key for key in both if any(at < split for at in key & there) and any(at >= split for at in key & there)]
    merged: set[Pairs] = set()
    if pairs and left.once and right.once and all(set(one) <= there for one in pairs) and _plain(relation):
        merged = {frozenset(pairs)}
    return Dependencies(merged=frozenset(merged)).with_keys(keys)


def _plain(relation: Join) -> bool:
    return all(
        isinstance(part, Call) and part.name == "=" and all(isinstance(one, Ref) for one in part.args)
        for condition in relation.conditions
        for part in conjuncts(condition)
    )


def equal_columns(conditions: Iterable[Expression], split: int) -> tuple[list[tuple[int, int]], bool]:
    """Columns of both sides that tell each other where the conditions are true, and whether there are others."""
    pairs: list[tuple[int, int]] = []
    others = False
    for part in (part for condition in conditions for part in conjuncts(condition)):
        match part:
            case Call("=" | "is_not_distinct", (one, other)):
                found = _pair(one, other, split)
                pairs += [found] if found else []
                others = others or found is None
            case _:
                others = True
    return pairs, others


def _pair(one: Expression, other: Expression, split: int) -> tuple[int, int] | None:
    ends = same_as(one), same_as(other)
    if ends[0] is None or ends[1] is None or (ends[0] < split) == (ends[1] < split):
        return None
    return min(ends[0], ends[1]), max(ends[0], ends[1])
