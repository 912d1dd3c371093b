"""Alarms as findings: where the column is declared, whose it is, and what hangs on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.drift.part import Part
from balun.drift.serving import PREDICTION, Equal
from balun.facts.known import known_of
from balun.facts.reach import reach
from balun.facts.supply import Supply
from balun.finding import Finding, Place

DRIFTED, UNUSUAL, SKEWED = "column-drifted", "day-unusual", "served-otherwise"


def blamed(graph: Graph, supply: Supply, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with their alarms as findings, and what hangs on each column that has one."""
    if not any(_alarms(part) for part in parts):
        return tuple(parts)
    below = _Below(graph, supply)
    return tuple(replace(part, findings=tuple(_found(below, part)), hangs=_hangs(below, part)) for part in parts)


def _hangs(below: _Below, part: Part) -> dict[str, tuple[str, ...]]:
    columns = [one.column for one in part.compared.alarms] if part.compared else []
    columns += [one.column or "" for one in part.days.odd] if part.days else []
    found = {column: below.of(part.node, column or None) for column in columns}
    return {column: names for column, names in found.items() if names}


def _alarms(part: Part) -> bool:
    return bool(
        (part.compared and part.compared.alarms)
        or (part.days and part.days.odd)
        or (part.served and any(one.alarm for one in part.served.equal))
    )


def _found(below: _Below, part: Part) -> Iterator[Finding]:
    node = part.node
    for one in part.compared.alarms if part.compared else ():
        message = f"{node.name}.{one.column} has moved against {part.against}: {one.words}"
        mend = f"find out with {node.owner or 'its owner'} what changed; where it is meant to, make it the baseline"
        names = below.of(node, one.column)
        yield Finding(DRIFTED, _place(node, one.column), message, breaks=names, owner=node.owner, mend=mend)
    for same in part.served.equal if part.served else ():
        if same.alarm:
            yield _skewed(node, same, below.of(node, None))
    for odd in part.days.odd if part.days else ():
        name = f"{node.name}.{odd.column}" if odd.column else node.name
        mend = f"find out with {node.owner or 'its owner'} what happened on that day"
        names = below.of(node, odd.column)
        place = _place(node, odd.column)
        yield Finding(UNUSUAL, place, f"{name} stands out: {odd.words}", breaks=names, owner=node.owner, mend=mend)


def _skewed(node: Node, same: Equal, breaks: tuple[str, ...]) -> Finding:
    said = f"{same.equal:,} of {same.rows:,} are equal"
    if same.name == PREDICTION:
        message = f"{node.name} answers otherwise now than in the log: {said}; {same.words}"
        mend = "serve the model as it was fitted last, or log its version beside the answers"
    else:
        message = f"{node.name} is served another {same.name} than it learns from: {said}; {same.words}"
        mend = f"compute {same.name} for serving as of the example's time, by the SQL that `balun near` shows"
    return Finding(SKEWED, node.declared.place, message, breaks=breaks, owner=node.owner, mend=mend)


def _place(node: Node, column: str | None) -> Place:
    if isinstance(node.declared, Contract) and column:
        try:
            return node.declared.column(column).place
        except KeyError:
            return node.declared.place
    return node.declared.place


class _Below:
    """Names of what hangs on a column, nearest first: of an event those that use it, else all below the node."""

    def __init__(self, graph: Graph, supply: Supply) -> None:
        self._graph = graph
        self._reach = reach(known_of(graph, supply))

    def of(self, node: Node, column: str | None) -> tuple[str, ...]:
        below = self._graph.below(node)
        if node.kind == "event" and column:
            ends = self._reach.get((node.name, column), frozenset())
            on_the_way = {one.id for end in ends for one in self._graph.above(self._graph.nodes[end])} | set(ends)
            after = {one.id for end in ends for one in self._graph.below(self._graph.nodes[end])}
            below = [one for one in below if one.id in on_the_way | after and one.kind != "feature"]
        return tuple(one.name for one in below)
