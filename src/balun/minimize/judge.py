"""Smaller models, fitted and held against the model as it is: each once, and every fit is counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from balun.chain.graph import Node
from balun.fit.fitting import silent
from balun.fit.paired import Gap
from balun.minimize.bill import Bill, Bills
from balun.minimize.feeds import Feed
from balun.minimize.state import State
from balun.worth.asked import FITS, Asked, Desk
from balun.worth.reply import Reply
from balun.worth.standard import Standard

Inputs = frozenset[str]
# Standard errors from one end of a 95 % interval to the other.
_ERRORS = 3.92


@dataclass(frozen=True)
class Tried:
    """A smaller model on the validation. value: of its metric. gap: what it loses; None where it can't be made.

    why_not: then. holds: whether what it loses stays under the margin for sure.
    """

    state: State
    bill: Bill
    value: float
    gap: Gap | None
    holds: bool
    why_not: str = ""


def stays(gap: Gap | None, margin: float, *, measurable: bool) -> bool:
    """Whether what is lost is under the margin for sure.

    `measurable`: whether it is within one standard error of nothing (Breiman et al. 1984), and by itself under the
    margin, as few rows have large errors; or for sure under a tenth of it, as many rows have small ones. Two errors,
    where a test would begin to doubt, let a search that tries many models take the luckiest of them.
    """
    if gap is None:
        return False
    if not measurable:
        return gap.high <= margin
    return gap.value <= min(margin, (gap.high - gap.low) / _ERRORS) or gap.high <= margin / 10


@dataclass
class Judge:
    """margin: in the metric, what a smaller model may lose. measurable: in its place, what is within the noise.

    fits: how many it takes, for what, known or not. The first smaller model that holds is fitted on halves of the rows,
    too: how much wider that makes its interval, `wider`, is expected of the others as well, until the last is confirmed
    for itself.
    """

    desk: Desk
    node: Node
    bills: Bills
    margin: float
    measurable: bool = False
    fits: dict[str, int] = field(default_factory=dict)
    tried: dict[State, Tried] = field(default_factory=dict)
    lost: dict[State, Mapping[Inputs, float]] = field(default_factory=dict)
    wider: float | None = None
    confirmed: dict[State, Gap | None] = field(default_factory=dict)
    _replies: dict[State, Reply] = field(default_factory=dict)
    _asked: set[Asked] = field(default_factory=set)

    @property
    def standard(self) -> Standard:
        return self.desk.answers.standard(self.node.id, "validation")

    @property
    def feeds(self) -> Sequence[Feed]:
        return self.bills.feeds

    def begin(self) -> None:
        """With the model as it is, fitted on what lies before the validation."""
        self.fits["validation"] = 1
        asked = Asked(self.node.id, own_label=False, timed=True, on="validation")
        self.put(State(), self.desk.ask([asked])[0])

    def holds(self, state: State, why: str, nulled: Sequence[Inputs] = ()) -> bool:
        """Whether the smaller model loses less than the margin, for sure. why: it is fitted.

        nulled: sets of its inputs, of which it is told what it loses without them.
        """
        if state not in self.tried:
            if set(state.without) >= set(self.standard.inputs):
                return False
            sets = tuple(tuple(sorted(one)) for one in nulled)
            (reply,) = self.ask([replace(self.asked(state, timed=True), nulled=sets)], why)
            self.put(state, reply)
            self.lost[state] = dict(zip(nulled, reply.nulled, strict=False))
            if self.wider is None and self.tried[state].holds:
                self._widen(state)
        return self.tried[state].holds

    def _widen(self, state: State) -> None:
        alone, whole = self.tried[state].gap, self.confirm(state)
        if alone is None or whole is None:
            return
        own = alone.high - alone.value
        self.wider = max(1.0, (whole.high - whole.value) / own) if own > 0 else 1.0

    def same_as(self, state: State, other: State) -> None:
        """Note a state whose rows are those of another, which was judged: it isn't fitted again."""
        self.put(state, self._replies[other])

    def put(self, state: State, reply: Reply) -> None:
        bill = self.bills.of(state, reply.alone_us, reply.bulk_us)
        self._replies[state] = reply
        if not reply.retrained:
            self.tried[state] = Tried(state, bill, float("nan"), None, holds=False, why_not=reply.why_not[1])
            return
        gap = self._widened(self.standard.gap(reply.retrained[:1]))
        self.tried[state] = Tried(state, bill, self.standard.value(reply.retrained[0]), gap, self.within(gap))

    def _widened(self, gap: Gap) -> Gap:
        wider = self.wider or 1.0
        low, high = gap.value - wider * (gap.value - gap.low), gap.value + wider * (gap.high - gap.value)
        return replace(gap, low=low, high=high)

    def within(self, gap: Gap | None) -> bool:
        return stays(gap, self.margin, measurable=self.measurable)

    def confirm(self, state: State) -> Gap | None:
        """With the noise of fitting, and with what isn't captured any more blank in truth. None where it can't be."""
        if state not in self.confirmed:
            gap = self.confirmed[state] = self._in_truth(state)
            self.tried[state] = replace(self.tried[state], gap=gap, holds=self.within(gap))
        return self.confirmed[state]

    def _in_truth(self, state: State) -> Gap | None:
        changes = (*state.blanks(self.feeds), *state.steps)
        asked = replace(self.asked(state), changes=changes, fits=FITS, since=1)
        halves, before = self.ask([asked, self._whole("validation")], "confirmed")
        if not halves.retrained:
            return None
        first = self._replies[state]
        if self._kept(halves, state) != self._kept(first, state):
            (first,) = self.ask([replace(asked, fits=1, since=0)], "confirmed")
        after = [first.retrained[0], *halves.retrained]
        return self.standard.gap(after, [self.standard.own(0, silent), *before.retrained])

    def test(self, state: State) -> tuple[Gap | None, Reply]:
        """On the test, which nothing was searched on."""
        asked = replace(self.asked(state, timed=True), fits=FITS, on="test")
        reply, before = self.ask([asked, self._whole("test")], "tested")
        standard = self.desk.answers.standard(self.node.id)
        if not reply.retrained:
            return None, reply
        return standard.gap(reply.retrained, [standard.own(0, silent), *before.retrained]), reply

    def as_it_is(self) -> Reply:
        """The model in service, its predictions timed on the test's rows."""
        return self.desk.ask([Asked(self.node.id, own_label=False, timed=True)])[0]

    def fine(self, state: State) -> float:
        """The metric on the test where columns go and none comes coarser."""
        asked = replace(self.asked(State(state.without)), on="test")
        (reply,) = self.ask([asked], "tested")
        standard = self.desk.answers.standard(self.node.id)
        return standard.value(reply.retrained[0]) if reply.retrained else float("nan")

    def ask(self, asked: Sequence[Asked], why: str) -> list[Reply]:
        new = set(asked) - self._asked
        self._asked |= new
        self.fits[why] = self.fits.get(why, 0) + sum(len(one.manner.sets) for one in new)
        return self.desk.ask(asked)

    def asked(self, state: State, *, timed: bool = False) -> Asked:
        return Asked(self.node.id, state.steps, own_label=False, without=state.without, timed=timed, on="validation")

    def _whole(self, on: str) -> Asked:
        """The model as it is on the two halves; on all rows it is known."""
        return Asked(self.node.id, own_label=False, fits=FITS, since=1, on=on)

    def _kept(self, reply: Reply, state: State) -> Collection[str]:
        """Inputs that the smaller model has and that differ in some row."""
        return set(reply.inputs) - set(state.without)
