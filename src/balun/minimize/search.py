"""The search: columns go in halves, what is left comes in coarser steps, and what was found is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeVar

from balun.chain.change import Change
from balun.fit.paired import Gap
from balun.minimize.feeds import Feed, kept
from balun.minimize.judge import Judge
from balun.minimize.screen import Screen, sure
from balun.minimize.state import State
from balun.worth.asked import Asked

_T = TypeVar("_T")
# So many columns in a row that can't go alone end the dropping: those after them are worth more.
_PATIENCE = 2


@dataclass(frozen=True)
class Found:
    """state: the smallest that is confirmed. gap: what it loses on the validation, with the noise of fitting.

    None where that is the model as it is.
    """

    state: State
    gap: Gap | None


@dataclass
class Search:
    """path: states that hold, each smaller than the one before it."""

    judge: Judge
    screen: Screen
    path: list[State] = field(default_factory=lambda: [State()])

    @property
    def state(self) -> State:
        return self.path[-1]

    def run(self, *, steps: bool) -> Found:
        """steps: coarser ones are looked for, too."""
        self.drop()
        if steps:
            self.coarsen()
        for state in reversed(self.path[1:]):
            gap = self.judge.confirm(state)
            if self.judge.within(gap):
                return Found(state, gap)
        return Found(State(), None)

    def drop(self) -> None:
        """The less useful half first, halved where that fails; each model that holds puts the rest in order anew."""
        left, failed = [one for one in self.judge.feeds if one.inputs], 0
        moves = self.screen.moves(left, self.screen.lost(self.screen.sets(left)))
        size = max(sure(moves, self.judge.margin), -(-len(moves) // 2))
        while moves and failed < _PATIENCE:
            part, rest = ([move.feed for move in some] for some in (moves[:size], moves[size:]))
            trial = self.state.less(part)
            left = [one for one in rest if not one.inputs <= set(trial.without)]
            if self.judge.holds(trial, "dropped", self.screen.sets(left, trial.without)):
                self.path.append(trial)
                failed, moves = 0, self.screen.moves(left, self.judge.lost[trial], trial.without)
                size = sure(moves, self.judge.margin) or max(1, len(moves) // 4)
            elif len(part) == 1:
                failed, moves, size = failed + 1, moves[1:], 1
            else:
                size = len(part) // 2

    def coarsen(self) -> None:
        """The coarsest step of each column first; one that can't have it tries its next finer one."""
        some = [one for one in kept(self.judge.feeds, self.state.without) if one.hangs.steps and not one.stays]
        touched, costs = self._on_day([step for one in some for step in one.hangs.steps])
        self._for_nothing([[step for step in one.hangs.steps if not touched[step]][-1:] for one in some])
        done: set[str] = set()
        for rungs in zip_longest(*(reversed(one.hangs.steps) for one in some)):
            todo = [one for one in rungs if one in costs and _name(one) not in done and self._is_new(one)]
            todo.sort(key=lambda one: costs[one].value)
            sure = sum(self.judge.within(costs[one]) for one in todo)
            made = self._in_halves(todo, sure, 1, lambda at, part: at.coarser(part), "coarsened")
            done |= {_name(one) for one in made}

    def _on_day(self, steps: Sequence[Change]) -> tuple[dict[Change, set[str]], dict[Change, Gap]]:
        """Inputs of what is left that differ where one column comes coarser, and what the model as it is loses.

        Steps are replayed, and nothing is fitted.
        """
        judge = self.judge
        asked = [Asked(judge.node.id, (step,), own_label=False, fits=0, on="validation") for step in steps]
        replies = dict(zip(steps, judge.ask(asked, "coarsened"), strict=True))
        touched = {step: set(reply.inputs) - set(self.state.without) for step, reply in replies.items()}
        costs = {step: judge.standard.gap_on_day(one.on_day) for step, one in replies.items() if one.on_day is not None}
        return touched, costs

    def _for_nothing(self, steps: Sequence[Sequence[Change]]) -> None:
        """Steps that change no input of what is left need no fit."""
        free = [step for own in steps for step in own]
        if free:
            after = self.state.coarser(free)
            self.judge.same_as(after, self.state)
            self.path.append(after)

    def _in_halves(
        self,
        moves: Sequence[_T],
        sure: int,
        patience: int,
        after: Callable[[State, Sequence[_T]], State],
        why: str,
    ) -> list[_T]:
        """Make as many moves as hold, the first of them first; returns those that were made.

        sure: how many of the first are thought to hold.
        """
        left, made, failed = list(moves), [], 0
        size = max(sure, -(-len(left) // 2))
        while left and failed < patience:
            part = left[:size]
            trial = after(self.state, part)
            if self.judge.holds(trial, why):
                if trial != self.state:
                    self.path.append(trial)
                made += part
                left, failed = left[len(part) :], 0
                size = -(-len(left) // 2)
            elif len(part) == 1:
                left, failed = left[1:], failed + 1
            else:
                size = sure if 0 < sure < len(part) and not made else len(part) // 2
        return made

    def _is_new(self, step: Change) -> bool:
        """Whether it is coarser than what its column comes in already."""
        feed = self._feed(step)
        was = self.state.step_of(feed)
        return was is None or feed.hangs.steps.index(was) < feed.hangs.steps.index(step)

    def _feed(self, step: Change) -> Feed:
        return next(one for one in self.judge.feeds if one.name == _name(step))


def _name(step: Change) -> str:
    return f"{step.event}.{step.column}"
