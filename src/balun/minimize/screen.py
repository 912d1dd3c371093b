"""Columns in the order in which a model may best be without them, told by the model as it is: nothing is fitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from balun.fit.paired import Gap
from balun.minimize.bill import Bills
from balun.minimize.feeds import Feed
from balun.worth.alike import ALIKE, correlations, joined
from balun.worth.standard import Standard


@dataclass(frozen=True)
class Move:
    """A column that may go. worth: what the model as it is loses without it, by what the column costs."""

    feed: Feed
    worth: float


@dataclass(frozen=True)
class Screen:
    """standard: on the validation."""

    standard: Standard
    bills: Bills
    cost: str

    def moves(self) -> list[Move]:
        """Columns that some input is made of, the least worth first.

        Of columns that tell the same one stands for all of them: its worth is what the model loses without the whole
        group. Each of the others has its own, less what that one tells of it.
        """
        found = [one for one in self.bills.feeds if one.inputs]
        alone = {one.name: self.lost(one.inputs) for one in found}
        worth = dict(alone)
        for group in self._groups(found):
            members = [one for one in found if one.name in group]
            first = max(members, key=lambda one: alone[one.name] / self.bills.price(one, self.cost))
            whole = self.lost(frozenset().union(*(one.inputs for one in members)))
            for one in members:
                told = self._told.get(frozenset((one.name, first.name)), 0.0)
                worth[one.name] = max(alone[one.name], 0.0) * (1 - min(told, 1.0) ** 2)
            worth[first.name] = max(whole, alone[first.name])
        moves = [Move(one, worth[one.name] / self.bills.price(one, self.cost)) for one in found]
        return sorted(moves, key=lambda move: (move.worth, -self.bills.price(move.feed, self.cost)))

    def free(self, moves: Sequence[Move], margin: float) -> int:
        """How many of the first may be null at once, and the model as it is loses no more than the margin for sure.

        One that is fitted again without them loses less, as a rule; the bound is sought by halving.
        """
        low, high = 0, len(moves)
        while low < high:
            middle = (low + high + 1) // 2
            gap = self.gap(frozenset().union(*(move.feed.inputs for move in moves[:middle])))
            low, high = (middle, high) if gap.high <= margin else (low, middle - 1)
        return low

    def lost(self, inputs: Collection[str]) -> float:
        """In the metric, where the inputs come null to the model as it is."""
        metric = self.standard.metric
        truth = self.standard.data.label.of(self.standard.data.split.test).truth
        sign = 1.0 if metric.greater_is_better else -1.0
        before, after = self.standard.own(0, _silent), self.standard.answers(self.standard.fitted, self._nulled(inputs))
        return sign * (metric.value(truth, before) - metric.value(truth, after))

    def gap(self, inputs: Collection[str]) -> Gap:
        return self.standard.gap([self.standard.answers(self.standard.fitted, self._nulled(inputs))])

    def _nulled(self, inputs: Collection[str]) -> pa.Table:
        rows = self.standard.test
        for name in inputs:
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, pa.nulls(rows.num_rows, rows.schema.field(place).type))
        return rows

    def _groups(self, found: Sequence[Feed]) -> list[tuple[str, ...]]:
        near = {pair for pair, told in self._told.items() if told >= ALIKE}
        return joined([one.name for one in found if one.hangs.inputs], near)

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


def _silent(words: str) -> None:
    pass
