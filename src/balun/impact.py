"""What a change does to everything downstream, before a row changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from balun.advice import advice
from balun.chain.change import Change
from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.chain.needed import Needed, needed
from balun.check import check_chain
from balun.difference import differences
from balun.difference.captured import captured
from balun.difference.rows import Difference, Rows
from balun.effect import Effect, Judge, Verdict, worst
from balun.errors import ProjectError, UsageError, nearest
from balun.facts.known import Chain, known_of
from balun.facts.supply import supply_of
from balun.finding import Finding
from balun.kept import Kept

T = TypeVar("T")


@dataclass(frozen=True)
class Impact:
    """event: of which something is captured otherwise. effects: on each node below it, in the chain's order.

    findings: that there are only after the change.
    needs: of models, measured, of the column that changes.
    note: what of the event's own rows isn't told by the change's words; empty where nothing is.
    agree: owners of what breaks or shifts, but for the event's own.
    """

    project: str
    event: Node
    change: Change
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    agree: tuple[str, ...]
    note: str = ""
    needs: tuple[Needed, ...] = ()

    @property
    def worst(self) -> Verdict:
        return worst(effect.verdict for effect in self.effects)

    def as_json(self) -> dict[str, object]:
        return {
            "change": str(self.change),
            "worst": self.worst,
            "mend": advice(self.change, self.worst),
            "note": self.note,
            "effects": [effect.as_json() for effect in self.effects],
            "findings": [finding.as_json() for finding in self.findings],
            "agree": list(self.agree),
            "needs": [one.as_json() for one in self.needs],
        }


def impact(graph: Graph, change: Change, kept: Kept | None = None) -> Impact:
    """`breaks`: it can't be built any more, or a promise of it may be false. `shifts`: it builds, and some value may
    differ. `same`: proved untouched.

    kept: what earlier checks worked out. Raises UsageError where the change doesn't fit the project.
    """
    return impact_on(chain_of(graph, kept), change)


def chain_of(graph: Graph, kept: Kept | None = None) -> Chain:
    return known_of(graph, supply_of(graph, kept))


def impact_on(chain: Chain, change: Change) -> Impact:
    """Of a chain that is known already."""
    graph = chain.graph
    event = event_of(graph, change)
    assert isinstance(event.declared, Contract)
    contract = change.edit(event.declared)
    own = captured(change, event.declared, contract)
    changed = replace(event, declared=contract)
    standing = stand(Graph(graph.config, {**graph.nodes, event.id: changed}), chain.supply.kept)
    effects = judged(chain, event, own, standing)
    findings = (*standing.findings, *new_findings(chain, standing.chain))
    met = [effect.node.owner for effect in effects if effect.verdict != "same" and effect.node.owner]
    agree = dict.fromkeys(owner for owner in met if owner != event.owner)
    needs = needed(graph, event, change.column) if change.column else ()
    return Impact(graph.config.name, event, change, effects, findings, tuple(agree), _note(change, own), needs)


def _note(change: Change, own: Difference) -> str:
    if own.rows is Rows.ALIKE or change.kind in {"sample", "thin"}:
        return ""
    return f"rows of {change.event} that break its contract then, as its key or what is required, are set aside"


def judged(chain: Chain, event: Node, own: Difference, after: Standing) -> tuple[Effect, ...]:
    """Effects on all below an event. own: on its rows. after: what stands of the chain once its contract is edited."""
    judge = Judge(chain.graph, differences(chain, after.chain, {event.id: own}), after.broken)
    judge.effect(event)
    return tuple(judge.effect(node) for node in chain.graph.below(event))


def event_of(graph: Graph, change: Change) -> Node:
    events = {node.name.lower(): node for node in graph.of("event")}
    found = events.get(change.event.lower())
    if found is None:
        raise UsageError(
            f"there is no event {change.event}{nearest(change.event, [one.name for one in graph.of('event')])}"
        )
    return found


@dataclass(frozen=True)
class Standing:
    """chain: of what of a graph can be built. broken: nodes that can't, with what stands against each."""

    chain: Chain
    broken: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def stand(graph: Graph, kept: Kept | None = None) -> Standing:
    """What is left of a graph without what doesn't bind. kept: what earlier checks worked out."""
    broken: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    while True:
        left = Graph(graph.config, {id_: node for id_, node in graph.nodes.items() if id_ not in broken})
        try:
            return Standing(chain_of(left, kept), broken, tuple(findings))
        except ProjectError as exc:
            findings += exc.findings
            at_fault = {node.id: said for node in left if (said := _said_of(node, exc.findings))}
            if not at_fault:
                raise
            broken |= at_fault
            for id_, said in at_fault.items():
                broken |= {below.id: said for below in left.below(left.nodes[id_]) if below.id not in at_fault}


def fallen(failed: Mapping[str, T], graph: Graph) -> dict[str, T]:
    """Nodes whose steps could not be made, and all below them, each with what ended it. failed: by step."""
    found: dict[str, T] = {}
    for step, why in failed.items():
        id_ = step.replace("examples:", "corpus:").split("@", maxsplit=1)[0]
        for node in (graph.nodes[id_], *graph.below(graph.nodes[id_])):
            found.setdefault(node.id, why)
    return found


def _said_of(node: Node, findings: Iterable[Finding]) -> tuple[str, ...]:
    """What findings say at the places of a node's declaration."""
    declared = node.declared
    lines = {declared.place.line}
    if isinstance(declared, Contract):
        lines |= {column.place.line for column in declared.columns}
    return tuple(
        one.message
        for one in findings
        if one.place.file == declared.place.file and (node.kind == "table" or one.place.line in lines)
    )


def new_findings(before: Chain, after: Chain) -> tuple[Finding, ...]:
    known = {(one.rule, one.place.file, one.message) for one in check_chain(before).findings}
    found = check_chain(after).findings
    return tuple(one for one in found if (one.rule, one.place.file, one.message) not in known)
