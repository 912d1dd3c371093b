"""Rows that a join has repeated: each row of one side stands once for each that it meets on the other.

Of a join on a key of one side, which is no key of the other. Where it is a key of neither, rows of both multiply: that
is another fault. A join with conditions that may find one row of several, as of a period, is taken to find one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from balun.facts.dependency import Dependencies, Set
from balun.facts.known import Chain, Known
from balun.facts.meeting import is_flag, meetings
from balun.facts.propagate import State
from balun.relational.expression import Expression, conjuncts, refs
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


@dataclass(frozen=True)
class Repeated:
    """One side of a join, whose rows stand several times in a relation.

    side, by, on: what it is made of, what it is joined to, and the columns that both are joined on.
    values: its columns. same: columns that are the same wherever one of its rows stands; `values` among them.
    looked_up: it was joined to what was there, and not what was there to it; or FROM lists both, and nobody can tell.
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


Sides = tuple[Repeated, ...]


def repeated(chain: Chain, known: Known, read: Mapping[str, Sides]) -> Mapping[int, Sides]:
    """Of each relation of one node's SELECT, by identity. read: what stands several times in what it reads, by name."""
    found: dict[int, Sides] = {}
    assert known.relation is not None
    for one in ordered(known.relation):
        state = known.states[id(one)].dependencies
        sides = _scanned(chain, one, read) if isinstance(one, Scan) else _passed(chain, one, known, found)
        found[id(one)] = _several(sides, state)
    return found


def handed_on(known: Known, found: Mapping[int, Sides]) -> Sides:
    """What still stands several times in what a node puts out, by what it promises."""
    return _several(found[id(known.relation)], known.out.dependencies)


def _several(sides: Iterable[Repeated], known: Dependencies) -> Sides:
    return tuple(side for side in sides if side.values and not side.once(known))


def _scanned(chain: Chain, scan: Scan, read: Mapping[str, Sides]) -> Iterator[Repeated]:
    id_ = chain.read(scan.parent)
    sides = read.get(scan.parent, ())
    if id_ is not None and sides:
        lower = [name.lower() for name in chain.nodes[id_].columns]
        old = [lower.index(one.name.lower()) if one.name.lower() in lower else -1 for one in scan.columns]
        for side in sides:
            yield _renamed(side, {new: at for new, at in enumerate(old) if at >= 0})


def _renamed(side: Repeated, old: Mapping[int, int]) -> Repeated:
    """old: by the new columns."""
    kept = {name: frozenset(new for new, at in old.items() if at in getattr(side, name)) for name in ("values", "same")}
    return replace(side, **kept)  # type: ignore[arg-type]


def _passed(chain: Chain, one: Relation, known: Known, found: Mapping[int, tuple[Repeated, ...]]) -> Iterator[Repeated]:
    below = [found[id(each)] for each in inputs(one)]
    match one:
        case Filter():
            sides = (*below[0], *_multiplied(chain, one, known.states))
            yield from (side for side in sides if not any(picks(part, side) for part in one.conditions))
        case Sort() | Limit() | Distinct() | Windows() | Unnest():
            yield from below[0]
        case Project():
            yield from (_projected(one, side) for side in below[0])
        case Join():
            yield from below[0]
            if one.kind in {"inner", "left", "right", "full"}:
                split = len(one.left.columns)
                for side in below[1]:
                    old = {at + split: at for at in range(len(one.right.columns))}
                    yield _renamed(side, old)
                yield from _multiplied(chain, one, known.states)


def _projected(of: Project, side: Repeated) -> Repeated:
    values, same = (
        frozenset(at for at, output in enumerate(of.outputs) if refs(output) and refs(output) <= columns)
        for columns in (side.values, side.same)
    )
    return replace(side, values=values, same=same)


def picks(condition: Expression, side: Repeated) -> bool:
    """Whether a flag picks among the rows that one meets, as `is_current` does: maybe one of them."""
    return any(is_flag(part) and not refs(part) <= side.same for part in conjuncts(condition))


def _multiplied(chain: Chain, relation: Relation, states: Mapping[int, State]) -> Iterator[Repeated]:
    for one in meetings(relation, states):
        if one.narrowed:
            continue
        middle, end = one.first + len(one.left.columns), one.first + len(one.left.columns) + len(one.right.columns)
        left, right = _named(one.left), _named(one.right)
        known = states[id(relation)].dependencies
        if one.left_once and not one.right_once and has_grain(chain, one.right):
            own = frozenset(range(one.first, middle))
            looked_up = one.kind in {"right", "listed"}
            yield Repeated(left, right, one.on, own, known.closure(own), looked_up)
        if one.right_once and not one.left_once and has_grain(chain, one.left):
            own = frozenset(range(middle, end))
            yield Repeated(right, left, one.on, own, known.closure(own), one.kind != "right")


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
