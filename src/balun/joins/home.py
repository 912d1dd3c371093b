"""Of several that have a key, the one whose key it is: joins that go round about it are set below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from balun.draft.words import names_event
from balun.joins.proposal import ENOUGH_BITS, Proposal
from balun.joins.side import Side

_NEAR, _FULLER = 0.01, 1.2


def settled(found: Sequence[Proposal]) -> list[Proposal]:
    """With what speaks against each that another one says better."""
    sure = [one for one in found if one.proposed]
    marked = [replace(one, instead=_instead(one, sure)) if one in sure else one for one in found]
    return [_accidental(one, marked) for one in marked]


def _accidental(one: Proposal, found: Sequence[Proposal]) -> Proposal:
    """Without names the same columns join to one other side only."""
    if one.named or not one.proposed:
        return one
    better = [
        other
        for other in found
        if other is not one and other.proposed and other.left is one.left and _lefts(other) == _lefts(one)
        and (other.named, other.bits) > (one.named, one.bits)
    ]  # fmt: skip
    return replace(one, instead=f"{better[0].right.name} fits better") if better else one


def _shared(one: Proposal) -> str:
    """What both sides have of one and the same column above them."""
    for link in one.links:
        own = one.left.rows.origins.get(link.left.name, ())
        theirs = one.right.rows.origins.get(link.right.name, ())
        shared = next((read for read in own if read in theirs), None)
        if shared is not None:
            return f"both have {link.left.name} of {shared[0]}"
    return ""


def _instead(one: Proposal, found: Sequence[Proposal]) -> str:
    if shared := _shared(one):
        return shared
    for other in found:
        if other is one:
            continue
        if other.left is one.right and other.right is one.left and _turned(one) == other.columns:
            if _is_home(one.left, one.right, one, found):
                return f"it is the same join as that of {one.right.name} to {one.left.name}"
        elif other.right is one.right and other.left.rows.id in one.left.rows.above and other.columns == one.columns:
            return f"{one.left.name} has it of {other.left.name}, which joins alike"
        elif other.left is one.left and _lefts(other) == _lefts(one) and other.right is not one.right:
            near = other.measured.coverage >= one.measured.coverage - _NEAR
            if near and _is_home(other.right, one.right, one, found):
                return f"the key is that of {other.right.name}"
            if near and _is_fuller(other, one):
                return f"the key of {other.right.name} is used more fully"
    return ""


def _is_home(side: Side, other: Side, one: Proposal, found: Sequence[Proposal]) -> bool:
    """Whether a key that both have is the first one's own: the other's rows are found in it rather than back."""
    if side.rows.id in other.rows.above or other.rows.id in side.rows.above:
        return side.rows.id in other.rows.above
    there = _between(other, side, found)
    back = _between(side, other, found)
    if abs(there - back) > _NEAR:
        return there > back
    names = [link.left.bare for link in one.links]
    told = [any(names_event(name, each.name) for name in names) for each in (side, other)]
    if told[0] != told[1]:
        return told[0]
    return there > 0 and (side.count, other.name) > (other.count, side.name)


def _is_fuller(one: Proposal, other: Proposal) -> bool:
    """Of two that may be meant, whose key is met the more: numbers that count from 1 are found in every longer list."""
    return other.bits < ENOUGH_BITS and one.measured.other_coverage > _FULLER * other.measured.other_coverage


def _between(left: Side, right: Side, found: Sequence[Proposal]) -> float:
    """How much of left's rows find one of right's."""
    return max((one.measured.coverage for one in found if one.left is left and one.right is right), default=0.0)


def _lefts(one: Proposal) -> frozenset[str]:
    return frozenset(column for column, _ in one.columns)


def _turned(one: Proposal) -> tuple[tuple[str, str], ...]:
    return tuple((other, column) for column, other in one.columns)
