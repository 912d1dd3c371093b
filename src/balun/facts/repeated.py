"""Rows that a join has repeated: each row of one side stands once for each that it meets on the other.

Of a join on a key of one side, which is no key of the other. Where it is a key of neither, rows of both multiply: that
is another fault. A join with conditions that may find one row of several, as of a period, is taken to find one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from balun.facts.dependency import Dependencies, Set
from balun.facts.joined import equal_columns
from balun.facts.known import Chain, Known
from balun.facts.propagate import State
from balun.relational.expression import Call, Expression, Literal, Ref, conjuncts, refs
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Windows,
    inputs,
    ordered,
    scans,
)

_KINDS = frozenset({"inner", "left", "right", "full"})


@dataclass(frozen=True)
class Repeated:
    """One side of a join, whose rows stand several times in a relation.

    side, by, on: what it is made of, what it is joined to, and the columns that both are joined on.
    values: its columns. same: columns that are the same wherever one of its rows stands; `values` among them.
    looked_up: it was joined to what was there, and not what was there to it.
    """

    side: str
    by: str
    on: tuple[str, ...]
    values: Set
    same: Set
    looked_up: bool

    def once(self, known: Dependencies, also: Set = frozenset()) -> bool:
        """Whether each of its rows stands once all the same, of rows that agree in `also`."""
        return known.is_key(self.same | also)


def repeated(chain: Chain) -> Mapping[int, tuple[Repeated, ...]]:
    """Of each relation of the chain, by identity; worked out once."""
    if "repeated" not in chain.whole:
        chain.whole["repeated"] = _repeated(chain)
    return cast("Mapping[int, tuple[Repeated, ...]]", chain.whole["repeated"])


def _repeated(chain: Chain) -> Mapping[int, tuple[Repeated, ...]]:
    found: dict[int, tuple[Repeated, ...]] = {}
    for known in chain.nodes.values():
        if known.relation is not None:
            for one in ordered(known.relation):
                state = known.states[id(one)].dependencies
                sides = _scanned(chain, one, found) if isinstance(one, Scan) else _passed(chain, one, known, found)
                found[id(one)] = tuple(side for side in sides if side.values and not side.once(state))
    return found


def _scanned(chain: Chain, scan: Scan, found: Mapping[int, tuple[Repeated, ...]]) -> Iterator[Repeated]:
    id_ = chain.read(scan.parent)
    parent = chain.nodes[id_] if id_ else None
    if parent is None or parent.relation is None:
        return
    lower = [name.lower() for name in parent.columns]
    old = [lower.index(one.name.lower()) if one.name.lower() in lower else -1 for one in scan.columns]
    for side in found[id(parent.relation)]:
        if not side.once(parent.out.dependencies):
            yield _renamed(side, {new: at for new, at in enumerate(old) if at >= 0})


def _renamed(side: Repeated, old: Mapping[int, int]) -> Repeated:
    """old: by the new columns."""
    kept = {name: frozenset(new for new, at in old.items() if at in getattr(side, name)) for name in ("values", "same")}
    return replace(side, **kept)  # type: ignore[arg-type]


def _passed(chain: Chain, one: Relation, known: Known, found: Mapping[int, tuple[Repeated, ...]]) -> Iterator[Repeated]:
    below = [found[id(each)] for each in inputs(one)]
    match one:
        case Filter():
            yield from (side for side in below[0] if not any(picks(part, side) for part in one.conditions))
        case Sort() | Limit() | Distinct() | Windows() | Unnest():
            yield from below[0]
        case Project():
            yield from (_projected(one, side) for side in below[0])
        case Join():
            yield from below[0]
            if one.kind in _KINDS:
                split = len(one.left.columns)
                for side in below[1]:
                    old = {at + split: at for at in range(len(one.right.columns))}
                    yield _renamed(side, old)
                yield from _multiplied(chain, one, known.states)


def _projected(of: Project, side: Repeated) -> Repeated:
    read = [refs(output) for output in of.outputs]
    values, same = (
        frozenset(at for at, some in enumerate(read) if some and some <= columns)
        for columns in (side.values, side.same)
    )
    return replace(side, values=values, same=same)


def picks(condition: Expression, side: Repeated) -> bool:
    """Whether a flag picks among the rows that one meets, as `is_current` does: maybe one of them."""
    return any(_is_flag(part) and not refs(part) <= side.same for part in conjuncts(condition))


def _is_flag(part: Expression) -> bool:
    match part:
        case Call("=", (one, Literal(value=True))) | Call("not", (one,)):
            return _is_flag(one)
    return isinstance(part, Ref) and part.dtype == "BOOLEAN"


def _multiplied(chain: Chain, join: Join, states: Mapping[int, State]) -> Iterator[Repeated]:
    split = len(join.left.columns)
    pairs, _ = equal_columns(join.conditions, split)
    if join.asof or not pairs or narrows(join):
        return
    left, right = (states[id(side)].dependencies for side in (join.left, join.right))
    keyed = left.is_key(one for one, _ in pairs), right.is_key(other - split for _, other in pairs)
    on = tuple(dict.fromkeys(join.left.columns[one].name or "?" for one, _ in pairs))
    names = _named(join.left), _named(join.right)
    width = len(join.columns)
    if keyed == (True, False) and has_grain(chain, join.right):
        own = frozenset(range(split))
        same = states[id(join)].dependencies.closure(own)
        yield Repeated(names[0], names[1], on, own, same, join.kind == "right")
    if keyed == (False, True) and has_grain(chain, join.left):
        own = frozenset(range(split, width))
        same = states[id(join)].dependencies.closure(own)
        yield Repeated(names[1], names[0], on, own, same, join.kind != "right")


def narrows(join: Join) -> bool:
    """Whether it has conditions besides equal columns that may leave one row of several: a period, a kind, a flag."""
    split = len(join.left.columns)
    others = [one for condition in join.conditions for one in conjuncts(condition)]
    return any(_narrows(one, split) for one in others if equal_columns((one,), split)[1])


def _narrows(part: Expression, split: int) -> bool:
    read = refs(part)
    both = any(at < split for at in read) and any(at >= split for at in read)
    return both or _is_flag(part) or (isinstance(part, Call) and part.name in {"=", "in", "is_null", "is_not_null"})


def has_grain(chain: Chain, of: Relation) -> bool:
    """Whether its keys would be known: a Scan leaves out the columns that nothing reads, and their keys with them."""
    match of:
        case Scan():
            id_ = chain.read(of.parent)
            return id_ is not None and bool(chain.nodes[id_].out.dependencies.keys)
        case Made():
            return of.rows is not None
        case Group():
            return True
        case Distinct(on=None):
            return True
        case Filter() | Project() | Sort() | Limit() | Windows() | Distinct() | Join():
            return all(has_grain(chain, one) for one in inputs(of))
        case SetOperation():
            return not of.all
    return False


def _named(of: Relation) -> str:
    return " and ".join(dict.fromkeys(scan.parent for scan in scans(of))) or "one side"
