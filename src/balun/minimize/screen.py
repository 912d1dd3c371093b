"""Columns in the order in which a model may best be without them, told by the model as it is: nothing is fitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from balun.minimize.bill import Bills
from balun.minimize.feeds import Feed
from balun.worth.alike import ALIKE, correlations, joined
from balun.worth.reply import lost_without
from balun.worth.standard import Standard

Inputs = frozenset[str]


@dataclass(frozen=True)
class Move:
    """A column that may go. lost: what a fitted model loses without it. worth: that, by what the column costs."""

    feed: Feed
    lost: float
    worth: float


@dataclass(frozen=True)
class Screen:
    """standard: on the validation."""

    standard: Standard
    bills: Bills
    cost: str

    def sets(self, some: Sequence[Feed], without: Collection[str] = ()) -> list[Inputs]:
        """Of what a model has for inputs, the sets that `moves` asks for: of each column, and of each group."""
        alone = [one.inputs - set(without) for one in some]
        together = [_inputs(group) - set(without) for group in self._groups(some)]
        return list(dict.fromkeys([*alone, *together]))

    def lost(self, some: Sequence[Inputs]) -> dict[Inputs, float]:
        """Of the model as it is, without each."""
        standard = self.standard
        told = lost_without(standard, standard.fitted, standard.test, [sorted(one) for one in some])
        return dict(zip(some, told, strict=True))

    def moves(self, some: Sequence[Feed], lost: Mapping[Inputs, float], without: Collection[str] = ()) -> list[Move]:
        """Columns, the least worth first.

        Of columns that tell the same one stands for all of them: its worth is what the model loses without the whole
        group. Each of the others has its own, less what that one tells of it.
        lost: of a model that does without some inputs, as `sets` asks for it.
        """
        alone = {one.name: lost[one.inputs - set(without)] for one in some}
        found = dict(alone)
        for group in self._groups(some):
            first = max(group, key=lambda one: alone[one.name] / self.bills.price(one, self.cost))
            for one in group:
                told = self._told.get(frozenset((one.name, first.name)), 0.0)
                found[one.name] = max(alone[one.name], 0.0) * (1 - min(told, 1.0) ** 2)
            found[first.name] = max(lost[_inputs(group) - set(without)], alone[first.name])
        moves = [Move(one, found[one.name], found[one.name] / self.bills.price(one, self.cost)) for one in some]
        return sorted(moves, key=lambda move: (move.worth, -self.bills.price(move.feed, self.cost)))

    def _groups(self, some: Sequence[Feed]) -> list[list[Feed]]:
        known = {one.name: one for one in some if one.hangs.inputs}
        near = {pair for pair, told in self._told.items() if told >= ALIKE}
        return [[known[name] for name in group] for group in joined(known, near)]

    @cached_property
    def _told(self) -> Mapping[frozenset[str], float]:
        """What one column tells of another, from rows before the test alone.

        Columns that an input needs both of, as a value and its time, don't stand for each other.
        """
        data, known = self.standard.data, {one.name: one for one in self.bills.feeds if one.hangs.inputs}
        values = {name: one.hangs.inputs for name, one in known.items()}
        found = correlations(values, data.of(data.split.train | data.split.test), self.standard.corpus.at)
        return {pair: told for pair, told in found.items() if not _meet(*(known[name] for name in pair))}


def _meet(one: Feed, other: Feed) -> bool:
    return bool(one.inputs & other.inputs)


def _inputs(group: Sequence[Feed]) -> Inputs:
    return frozenset().union(*(one.inputs for one in group))


def sure(moves: Sequence[Move], margin: float) -> int:
    """How many of the first a model loses no more than the margin without, were losses to add up."""
    return sum(1 for total in accumulate(max(move.lost, 0.0) for move in moves) if total <= margin)
