"""The fewest captured columns, and the coarsest steps of them, that a model needs: a search over their worth."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from balun.chain.graph import Node
from balun.errors import UsageError, nearest
from balun.facts.reach import reach
from balun.fit.baseline import prior
from balun.fit.fitting import silent
from balun.fit.paired import Gap
from balun.fit.result import Stretch
from balun.minimize.bill import COSTS, Bill, Bills
from balun.minimize.feeds import Feed, feeds, gone, kept
from balun.minimize.judge import Judge, Tried, stays
from balun.minimize.picture import picture
from balun.minimize.result import Gone, Kept, Minimized, Point, Tested
from balun.minimize.screen import Screen
from balun.minimize.search import Found, Search
from balun.minimize.smaller import small, write
from balun.minimize.state import State
from balun.run import Silent, Watch
from balun.snapshot import digest
from balun.worth.asked import Desk
from balun.worth.columns import unused
from balun.worth.history import History, history
from balun.worth.standard import Standard

MARGIN = 0.005
# In place of a share: all that can't be told from nothing. The share that it goes by is one that most rows can tell.
MEASURABLE = "measurable"
_TELLING = 0.05


def minimize(
    folder: Path,
    model: str,
    *,
    cost: str = "columns",
    margin: float | str = MARGIN,
    steps: bool = True,
    writing: bool = False,
    workers: int | None = None,
    fresh: bool = False,
    watch: Watch | None = None,
) -> Minimized:
    """Of the model of that name, in the project in `folder`, which is run first where something of it is stale.

    cost: `columns`, `bytes` or `latency`. margin: the share of the model's gain over the training's average that may
    be lost for sure; `measurable`: one standard error of the loss. steps: coarser ones of what is left are
    looked for. writing: the smaller model is declared in a new file.
    workers: processes that share the replays; None: one for each core, four at most. fresh: forget what is known.
    What was stopped goes on where it was. Raises ProjectError, UsageError, Busy.
    """
    if cost not in COSTS:
        raise UsageError(f"{cost} is no cost{nearest(cost, COSTS)}; take {', '.join(COSTS)}")
    share = _TELLING if margin == MEASURABLE else margin
    if isinstance(share, str) or not 0 < share < 1:
        raise UsageError(f"a margin of {margin} is none: give a share of the gain, over 0 and under 1")
    watch = watch or Silent()
    with history(folder, watch) as past:
        node = past.chain.graph.find(model)
        if node.kind != "model":
            raise UsageError(f"{node.id} is no model")
        desk = Desk(past, watch, workers=workers or min(4, os.cpu_count() or 1), fresh=fresh)
        found, state = minimized(desk, node, cost, share, steps=steps, measurable=margin == MEASURABLE)
        drawn = past.store.folder / f"minimize-{digest({'model': node.id})}.png"
        if picture(found, drawn):
            found = replace(found, picture=str(drawn))
    if writing and state.without:
        return replace(found, written=write(folder, past.chain.graph, node, found, state.without))
    return found


def minimized(
    desk: Desk, node: Node, cost: str, share: float, *, steps: bool, measurable: bool = False
) -> tuple[Minimized, State]:
    """And what of the columns it is given."""
    past, standard = desk.answers.past, desk.answers.standard(node.id, "validation")
    value, gain = _gain(standard)
    if gain <= 0:
        message = "is no better than the training's average there, so it has nothing to lose"
        raise UsageError(f"{node.name} {message}: {standard.metric.name} {value:.4g} on the last of its training rows")
    bills = Bills(past, feeds(desk, node))
    judge = Judge(desk, node, bills, share * gain, measurable)
    judge.begin()
    found = Search(judge, Screen(standard, bills, cost)).run(steps=steps and cost != "latency")
    tested, before, after = _tested(judge, found, share)
    columns = bills.feeds
    told = Minimized(
        past.chain.graph.config.name,
        node.name,
        standard.metric.name,
        standard.metric.greater_is_better,
        cost,
        share,
        judge.margin,
        measurable,
        value,
        gain,
        standard.data.stretch(standard.data.split.test),
        _stretch(desk.answers.standard(node.id)),
        tuple(_frontier(judge, found.state, cost)),
        tuple(_kept(one, found.state, bills) for one in kept(columns, found.state.without)),
        tuple(_gone(past, node, gone(columns, found.state.without))),
        tuple((one.name, one.stays) for one in columns if not one.inputs),
        tuple(unused(one.hangs for one in columns)),
        before,
        after,
        found.gap,
        tested,
        judge.fits,
        desk.worked_out,
    )
    return told, found.state


def _gain(standard: Standard) -> tuple[float, float]:
    """The metric, and by how much it beats the training's average."""
    data, metric = standard.data, standard.metric
    value = standard.value(standard.own(0, silent))
    base = standard.value(prior(data.label, data.split, metric.name))
    return value, (value - base) * (1.0 if metric.greater_is_better else -1.0)


def _stretch(standard: Standard) -> Stretch:
    return standard.data.stretch(standard.data.split.test)


def _tested(judge: Judge, found: Found, share: float) -> tuple[Tested | None, Bill, Bill]:
    """And the bills of the model as it is and of the chosen, where predictions are timed on the test's rows."""
    standard = judge.desk.answers.standard(judge.node.id)
    own = judge.as_it_is()
    before = judge.bills.of(State(), own.alone_us, own.bulk_us)
    if found.gap is None:
        return None, before, before
    gap, reply = judge.test(found.state)
    value, gain = _gain(standard)
    margin = share * gain
    after = standard.value(reply.retrained[0]) if reply.retrained else float("nan")
    fine = judge.fine(found.state) if found.state.steps else after
    holds = not _is_told(gap) if judge.measurable else stays(gap, margin, measurable=False)
    return (
        Tested(value, after, fine, gap, margin, holds),
        before,
        judge.bills.of(found.state, reply.alone_us, reply.bulk_us),
    )


def _is_told(gap: Gap | None) -> bool:
    """Whether a loss can be told from nothing. It is looked at once: no search has made it look small."""
    return gap is None or gap.low > 0


def _frontier(judge: Judge, chosen: State, cost: str) -> Iterator[Point]:
    for one in sorted(judge.tried.values(), key=lambda tried: (tried.bill.of(cost), -tried.bill.bytes)):
        yield _point(judge.feeds, one, chosen=one.state == chosen)


def _point(columns: Sequence[Feed], one: Tried, *, chosen: bool) -> Point:
    names = tuple(feed.name for feed in kept(columns, one.state.without))
    steps = tuple((f"{step.event}.{step.column}", str(step.to)) for step in one.state.steps)
    return Point(names, steps, one.bill, one.value, one.gap, one.holds, chosen)


def _kept(one: Feed, state: State, bills: Bills) -> Kept:
    step = state.step_of(one)
    to = None if step is None else step.to
    return Kept(one.name, one.hangs.event.owner, one.hangs.column.resolution, to, bills.bytes_of(one, state))


def _gone(past: History, node: Node, some: Sequence[Feed]) -> Iterator[Gone]:
    graph, reached = past.chain.graph, reach(past.chain)
    own = graph.nodes[node.parents[0]]
    for one in some:
        column = (one.hangs.event.name, one.hangs.column.name)
        others = [graph.nodes[id_] for id_ in sorted(reached.get(column, ())) if id_ != own.id]
        others += [child for child in graph.children(own) if child.kind == "model" and child.id != node.id]
        told = tuple((other.id, other.owner) for other in others if other.name not in small(node, own))
        yield Gone(one.name, one.hangs.event.owner, one.hangs.bytes, one.stays, told)
