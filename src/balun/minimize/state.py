"""What of the captured columns a smaller model is given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from balun.chain.change import Change
from balun.minimize.feeds import Feed, gone


@dataclass(frozen=True)
class State:
    """without: inputs that it does without, by name. steps: columns that come in coarser steps, by name."""

    without: tuple[str, ...] = ()
    steps: tuple[Change, ...] = ()

    def less(self, some: Collection[Feed]) -> State:
        """Without the inputs that go with some columns."""
        more = frozenset().union(*(one.inputs for one in some))
        return State(tuple(sorted({*self.without, *more})), self.steps)

    def coarser(self, some: Collection[Change]) -> State:
        """With a step in place of what its column had."""
        steps = {(one.event, one.column): one for one in (*self.steps, *some)}
        return State(self.without, tuple(sorted(steps.values(), key=str)))

    def blanks(self, found: Collection[Feed]) -> tuple[Change, ...]:
        """That columns come blank which nothing of the model asks for any more."""
        return tuple(one.hangs.blank for one in gone(found, self.without) if not one.stays)

    def step_of(self, feed: Feed) -> Change | None:
        column = (feed.hangs.event.name, feed.hangs.column.name)
        return next((one for one in self.steps if (one.event, one.column) == column), None)
