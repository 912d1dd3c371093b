"""What every captured column is worth to a model, whole and at coarser resolutions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from balun.chain.change import Change
from balun.chain.graph import Node
from balun.errors import UsageError
from balun.fit.fitting import silent
from balun.fit.paired import Gap
from balun.run import Silent, Watch
from balun.worth.alike import groups
from balun.worth.asked import FITS, Asked, Desk
from balun.worth.columns import Hangs, hanging, unused
from balun.worth.cost import Cost, cost, together
from balun.worth.history import history
from balun.worth.standard import Standard

# Columns at most of which the noise of fitting is measured.
_HALVED = 8


@dataclass(frozen=True)
class Rung:
    """step: what it is coarsened to, `1 h` or `10`."""

    step: str
    cost: Cost


@dataclass(frozen=True)
class Captured:
    """One captured column that a model hangs on.

    cost: of its coming blank, with all others there: its worth as the last one kept. The label and the examples' time
    stay as they were where they are made of it.
    first: its worth where the others of its group are gone, as the first one added; None where it has no group.
    bytes: of a row, as the run's snapshot keeps it, compressed. resolution: as captured, where the contract says so.
    inputs: of the model, that its value is used for. features: below it. also: `label`, `time` or `entity`.
    rungs: those that were tried, the finest first: from the coarsest to one that costs nothing to be told; none where
    the whole column's worth can't be told from nothing.
    """

    event: str
    column: str
    owner: str | None
    bytes: float
    resolution: str | None
    inputs: tuple[str, ...]
    features: tuple[str, ...]
    also: tuple[str, ...]
    cost: Cost
    rungs: tuple[Rung, ...] = ()
    first: Gap | None = None

    @property
    def name(self) -> str:
        return f"{self.event}.{self.column}"

    @property
    def counts(self) -> bool:
        """Whether its worth to a model that is fitted again can be told from nothing."""
        return _counts(self.cost)

    def as_json(self) -> dict[str, object]:
        return {
            "event": self.event,
            "column": self.column,
            "owner": self.owner,
            "bytes": self.bytes,
            "resolution": self.resolution,
            "inputs": list(self.inputs),
            "features": list(self.features),
            "also": list(self.also),
            **_sides(self.cost),
            "rungs": [{"step": rung.step, **_sides(rung.cost)} for rung in self.rungs],
            "first_added": None if self.first is None else Cost("", "", None, self.first).as_json()["retrained"],
        }


def _sides(of: Cost) -> dict[str, object]:
    told = of.as_json()
    return {name: told[name] for name in ("on_day", "retrained", "why_not")}


@dataclass(frozen=True)
class Table:
    """columns: the most worth to a model that is fitted again first. groups: names of columns that tell the same.

    unused: captured columns of the same events that nothing of the model hangs on. value: of the metric, as it is.
    share: of the training rows, on which models were fitted again.
    worked_out: how many replays this took now; others were known from before. corpus: the snapshot's name.
    """

    project: str
    model: str
    metric: str
    value: float
    greater_is_better: bool
    columns: tuple[Captured, ...]
    groups: tuple[tuple[str, ...], ...]
    unused: tuple[str, ...]
    worked_out: int
    corpus: str
    share: float = 1.0

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "model": self.model,
            "metric": self.metric,
            "value": self.value,
            "greater_is_better": self.greater_is_better,
            "columns": [one.as_json() for one in self.columns],
            "groups": [list(one) for one in self.groups],
            "unused": list(self.unused),
            "worked_out": self.worked_out,
            "corpus": self.corpus,
            "share": self.share,
        }


def table(
    folder: Path,
    model: str,
    *,
    share: float = 1.0,
    workers: int | None = None,
    fresh: bool = False,
    watch: Watch | None = None,
) -> Table:
    """Of the model of that name, in the project in `folder`, which is run first where something of it is stale.

    share: of the training rows, on which models are fitted again: with fewer it is faster, and intervals are wider.
    workers: processes that share the work; None: one for each core, four at most. fresh: forget what is known.
    What was stopped goes on where it was. Raises ProjectError, UsageError, Busy.
    """
    watch = watch or Silent()
    with history(folder, watch) as past:
        node = past.chain.graph.find(model)
        if node.kind != "model":
            raise UsageError(f"{node.id} is no model")
        workers = workers or min(4, os.cpu_count() or 1)
        return table_of(Desk(past, watch, workers=workers, fresh=fresh), node, share)


def table_of(desk: Desk, node: Node, share: float = 1.0) -> Table:
    past, standard = desk.answers.past, desk.answers.standard(node.id, share=share)
    found = hanging(past, node)
    some = groups({one.name: one.inputs for one in found}, standard.data.rows, standard.corpus.at)
    costs = _Costs(desk, standard, _halved([one.blank for one in found]))
    told = together(costs.ask([[one.blank] for one in found]))
    counting = [one for one, cost in zip(found, told, strict=True) if _counts(cost)]
    known = {one.name: one.blank for one in found}
    members = [[known[name] for name in one] for one in some]
    costs.ask([part for one in members for part in _parts(one)])
    blanks = {one.name: costs.of([one.blank]) for one in found}
    firsts = {name: costs.besides(known[name], own) for one, own in zip(some, members, strict=True) for name in one}
    rungs = _climbed(costs, counting)
    better = iter(together([*blanks.values(), *firsts.values(), *(one for own in rungs.values() for _, one in own)]))
    blanks, firsts = ({name: next(better) for name in own} for own in (blanks, firsts))
    rungs = {name: [(step, next(better)) for step, _ in own] for name, own in rungs.items()}
    columns = [_captured(one, blanks[one.name], rungs.get(one.name, []), firsts.get(one.name)) for one in found]
    columns.sort(key=lambda one: -_value(one.cost))
    metric = standard.metric
    return Table(
        past.chain.graph.config.name,
        node.name,
        metric.name,
        standard.value(standard.in_service),
        metric.greater_is_better,
        tuple(columns),
        tuple(some),
        tuple(unused(found)),
        desk.worked_out,
        standard.fitted.snapshot,
        share,
    )


def _counts(of: Cost) -> bool:
    return of.retrained is not None and of.retrained.low > 0


def _halved(blanks: Sequence[Change]) -> frozenset[Change]:
    """Columns of which fits on halves of the rows tell of the noise of fitting; the others take it from them."""
    return frozenset(blanks[:: -(-len(blanks) // _HALVED) or 1])


def _climbed(costs: _Costs, some: Sequence[Hangs]) -> dict[str, list[tuple[Change, Cost]]]:
    """Of each column the steps that were tried, the finest first: from the coarsest to one that costs nothing."""
    left = {one.name: list(one.steps) for one in some}
    tried: dict[str, list[tuple[Change, Cost]]] = {name: [] for name in left}
    while now := {name: steps.pop() for name, steps in left.items() if steps}:
        for (name, step), found in zip(now.items(), costs.ask([[step] for step in now.values()]), strict=True):
            tried[name].insert(0, (step, found))
            if not _counts(found):
                left[name].clear()
    return tried


def _value(of: Cost) -> float:
    """By which columns are sorted; what can't be done without stands first."""
    return inf if of.retrained is None else of.retrained.value


def _parts(group: Sequence[Change]) -> list[list[Change]]:
    """All of a group gone, and all but one."""
    without = [[one for one in group if one is not left] for left in group]
    return [list(group), *(part for part in without if len(part) > 1)]


def _captured(one: Hangs, of: Cost, rungs: Sequence[tuple[Change, Cost]], first: Cost | None) -> Captured:
    return Captured(
        one.event.name,
        one.column.name,
        one.event.owner,
        one.bytes,
        one.column.resolution,
        one.inputs,
        one.features,
        one.also,
        of,
        tuple(Rung(str(step.to), rung) for step, rung in rungs),
        None if first is None else first.retrained,
    )


@dataclass(frozen=True)
class _Costs:
    """Of changes to one model, as inputs: the label and the examples' time stay as they were."""

    desk: Desk
    standard: Standard
    halved: frozenset[Change]

    def ask(self, changes: Sequence[Sequence[Change]]) -> list[Cost]:
        asked = [self._asked(()), *(self._asked(some) for some in changes)]
        as_it_is, *_ = self.desk.ask(asked)
        self.standard.take(as_it_is.retrained)
        return [self.of(some) for some in changes]

    def of(self, changes: Sequence[Change], given: Sequence[Change] = ()) -> Cost:
        answers = self.desk.answers
        before = answers.give(self._asked(given), silent) if given else None
        return cost(self.standard, answers.give(self._asked(changes), silent), before)

    def besides(self, one: Change, group: Sequence[Change]) -> Cost:
        """Of one more to come blank, where the others of its group do."""
        return self.of(group, [other for other in group if other is not one])

    def _asked(self, changes: Sequence[Change]) -> Asked:
        halves = not changes or (len(changes) == 1 and changes[0] in self.halved)
        fits = FITS if halves else 1
        return Asked(self.standard.node.id, tuple(changes), own_label=False, fits=fits, share=self.standard.share)
