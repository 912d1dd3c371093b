"""Where a relation puts out numbers that need an event's sampling rate, or can't be had from a sample at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from balun.facts.column_fact import Sight, together
from balun.facts.computed import computed_in
from balun.facts.propagate import State
from balun.facts.sampling import WHOLE, SamplingFact, Share
from balun.relational.expression import Aggregate, Call, Computed, Window, walk
from balun.relational.relation import Distinct, Group, Join, Relation, Windows, inputs, ordered


@dataclass(frozen=True)
class SamplingFault:
    """A number that a sample changes.

    kind: `unscaled`: it is put out or compared without having been divided by the rate; `lost`: no rate mends it.
    what: the function, as `max`; `exists` and `latest` where rows are sought. rate: where it is known.
    place: in the SQL, in bytes, where it is known. column: the output, where the fault is in one.
    """

    kind: OneOf["unscaled", "lost"]
    what: str
    rate: float | None
    place: int | None
    column: str | None = None


def faults(relation: Relation, states: Mapping[int, State]) -> list[SamplingFault]:
    """In the order that rows flow. states: of each relation below, by identity."""
    found: list[SamplingFault] = []
    for one in ordered(relation):
        below = [Sight[Share](states[id(each)].values[SamplingFact.name]) for each in inputs(one)]
        if below:
            found += [*_lost(one, below, states[id(one)].values[SamplingFact.name]), *_compared(one, below)]
    outputs = zip(relation.columns, states[id(relation)].values[SamplingFact.name], strict=True)
    return [*found, *(_put_out(column.name, value) for column, value in outputs if value.kind == "scaled")]


def _put_out(name: str, value: Share) -> SamplingFault:
    return SamplingFault("unscaled", "output", value.rate, None, name)


def _lost(of: Relation, below: Sequence[Sight[Share]], values: Sequence[Share]) -> Iterator[SamplingFault]:
    """What can't be told from the rows that are there, at the step where it gets lost."""
    partial = any(one.rows != WHOLE for one in below[-1].values)
    match of:
        case Group():
            yield from _computed(of.aggregates, below[0], values[len(of.keys) :])
        case Windows():
            yield from _computed(of.windows, below[0], values[len(below[0].values) :])
        case Join(kind="semi" | "anti" | "mark") if partial:
            yield SamplingFault("lost", "exists", None, _place(of.conditions))
        case Join(asof=True) if partial:
            yield SamplingFault("lost", "latest", None, _place(of.conditions))
        case Distinct() if of.on is not None and partial:
            yield SamplingFault("lost", "latest", None, _place(of.on))


def _computed(of: Sequence[Aggregate | Window], seen: Sight[Share], values: Sequence[Share]) -> Iterator[SamplingFault]:
    fact = SamplingFact()
    for one, value in zip(of, values, strict=False):
        if value.kind == "lost" and not any(fact.of(arg, seen).kind == "lost" for arg in one.args):
            yield SamplingFault("lost", one.name, None, one.place)


def _compared(of: Relation, below: Sequence[Sight[Share]]) -> Iterator[SamplingFault]:
    """Counts that are held against something."""
    fact, sight = SamplingFact(), together(below[0], below[1]) if isinstance(of, Join) else below[0]
    for call in (part for one in computed_in(of) for part in walk(one) if isinstance(part, Call)):
        scaled = [one for one in (fact.of(arg, sight) for arg in call.args) if one.kind == "scaled"]
        if scaled and call.dtype == "BOOLEAN":
            yield SamplingFault("unscaled", call.name, scaled[0].rate, call.place)


def _place(of: Sequence[Computed]) -> int | None:
    return next((one.place for one in of if one.place is not None), None)
