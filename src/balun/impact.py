"""What a change to what is captured does to everything downstream, before a row changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from balun.chain.change import Change
from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Columns
from balun.chain.graph import Graph, Node
from balun.chain.point_in_time.expression import read_expression
from balun.check import check_chain, check_graph
from balun.errors import ProjectError, UsageError, nearest
from balun.facts.known import Chain, known_of
from balun.facts.origin import Origin
from balun.facts.reach import Flows, captured_flows
from balun.facts.supply import supply_of
from balun.finding import Finding
from balun.kept import Kept

Verdict = Literal["breaks", "shifts", "same"]
# These change what is promised or told of the rows, and no row.
_WORDS_ONLY = frozenset({"require", "reclassify", "reown"})
_WHOLE_EVENT = frozenset({"sample", "delay", "thin"})
_RANK: Mapping[Verdict, int] = {"breaks": 0, "shifts": 1, "same": 2}


@dataclass(frozen=True)
class Effect:
    """On one node. columns: those that shift or are gone; empty where the rows as a whole do."""

    node: Node
    verdict: Verdict
    columns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id,
            "owner": self.node.owner,
            "verdict": self.verdict,
            "columns": list(self.columns),
        }


@dataclass(frozen=True)
class Impact:
    """effects: on each node below the event, in the chain's order. findings: that there are only after the change.

    agree: owners of what breaks or shifts, but for the event's own.
    """

    change: Change
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    agree: tuple[str, ...]

    @property
    def worst(self) -> Verdict:
        return min((effect.verdict for effect in self.effects), key=_RANK.__getitem__, default="same")

    def as_json(self) -> dict[str, object]:
        return {
            "change": str(self.change),
            "worst": self.worst,
            "effects": [effect.as_json() for effect in self.effects],
            "findings": [finding.as_json() for finding in self.findings],
            "agree": list(self.agree),
        }


def impact(graph: Graph, change: Change, kept: Kept | None = None) -> Impact:
    """`breaks`: it can't be built any more. `shifts`: it builds, and some value may differ. `same`: proved untouched.

    kept: what earlier checks worked out. Raises UsageError where the change doesn't fit the project.
    """
    event = _event(graph, change)
    chain = known_of(graph, supply_of(graph, kept))
    broken, findings = _after(chain, change, event)
    flows = captured_flows(chain)
    effects = tuple(_effect(chain, flows, change, node, broken) for node in graph.below(event))
    met = [effect.node.owner for effect in effects if effect.verdict != "same" and effect.node.owner]
    agree = dict.fromkeys(owner for owner in met if owner != event.owner)
    return Impact(change, effects, findings, tuple(agree))


def _event(graph: Graph, change: Change) -> Node:
    events = {node.name.lower(): node for node in graph.of("event")}
    found = events.get(change.event.lower())
    if found is None:
        raise UsageError(
            f"there is no event {change.event}{nearest(change.event, [one.name for one in graph.of('event')])}"
        )
    return found


def _after(chain: Chain, change: Change, event: Node) -> tuple[set[str], tuple[Finding, ...]]:
    """Nodes that can't be built after the change, and findings that there are only then."""
    graph = chain.graph
    assert isinstance(event.declared, Contract)
    changed = replace(event, declared=change.edit(event.declared))
    after = Graph(graph.config, {**graph.nodes, event.id: changed})
    before = {(one.rule, one.place.file, one.message) for one in check_chain(chain).findings}
    try:
        found: Iterable[Finding] = check_graph(after, chain.supply.kept).findings
    except ProjectError as exc:
        files = {(one.place.file, one.place.line) for one in exc.findings}
        at_fault = {node.id for node in graph if _is_at(node, files)}
        below = {other.id for id_ in at_fault for other in graph.below(graph.nodes[id_])}
        return at_fault | below, exc.findings
    return set(), tuple(one for one in found if (one.rule, one.place.file, one.message) not in before)


def _is_at(node: Node, places: set[tuple[str, int | None]]) -> bool:
    place = node.declared.place
    if node.kind == "table":
        return any(file == place.file for file, _ in places)
    return (place.file, place.line) in places


def _effect(chain: Chain, flows: Flows, change: Change, node: Node, broken: set[str]) -> Effect:
    if node.id in broken:
        return Effect(node, "breaks")
    if change.kind in _WORDS_ONLY or change.kind == "add":
        return Effect(node, "same")
    if change.kind in _WHOLE_EVENT:
        return Effect(node, "shifts")
    columns, rows = _met(chain, flows, change, node)
    return Effect(node, "shifts", () if rows else columns) if rows or columns else Effect(node, "same")


def _met(chain: Chain, flows: Flows, change: Change, node: Node) -> tuple[tuple[str, ...], bool]:
    """Columns of a node that depend on the changed one, and whether its rows do."""
    found: dict[str, None] = {}
    rows = False
    for id_, wanted in _parts(chain, node):
        columns, decided = flows.get(id_, ({}, frozenset()))
        rows = rows or _holds(decided, change)
        found |= dict.fromkeys(
            name for name, uses in columns.items() if (wanted is None or name in wanted) and _holds(uses, change)
        )
    return tuple(found), rows


def _holds(uses: frozenset[Origin], change: Change) -> bool:
    captured = (change.event.lower(), (change.column or "").lower())
    return any((one.parent.lower(), one.column.lower()) == captured for one in uses)


def _parts(chain: Chain, node: Node) -> list[tuple[str, set[str] | None]]:
    """What a node is made of, as `captured_flows` has it, and which of its columns count."""
    match node.kind:
        case "feature":
            return [(id_, None) for id_ in chain.nodes if id_.startswith(f"{node.id}@")]
        case "corpus":
            return _corpus_parts(chain, node)
    if node.kind in {"model", "surface"}:
        return [part for parent in chain.graph.parents(node) for part in _parts(chain, parent)]
    return [(node.id, None)]


def _corpus_parts(chain: Chain, node: Node) -> list[tuple[str, set[str] | None]]:
    corpus = node.declared
    assert isinstance(corpus, Corpus)
    named = {name for part in corpus.features if isinstance(part, Columns) for name in part.names}
    known = chain.supply.label_known[node.id]
    named |= set(read_expression(known, chain.supply.columns[f"examples:{corpus.name}"]).columns if known else ())
    parts: list[tuple[str, set[str] | None]] = [
        (f"examples:{corpus.name}", named | {corpus.label, corpus.at, *corpus.entity})
    ]
    return parts + [(f"feature:{part}@{corpus.name}", None) for part in corpus.features if isinstance(part, str)]
