"""Needs against supply: what can be told of a project before a row is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balun.chain.graph import Graph
from balun.chain.load import load_graph
from balun.facts.known import Chain, known_of, unknowns
from balun.facts.supply import supply_of
from balun.finding import Finding, Place
from balun.rules import rules_of
from balun.rules.accepted import Accepted, accepted
from balun.rules.site import place_in


@dataclass(frozen=True)
class Unclear:
    """What couldn't be understood, and where."""

    node: str
    reason: str
    place: Place

    def as_json(self) -> dict[str, object]:
        return {"node": self.node, "reason": self.reason, "file": self.place.file, "line": self.place.line}


@dataclass(frozen=True)
class Checked:
    """findings: that stand. accepted: that somebody lives with. columns: how many there are; resolved: of how many the
    origin is known.
    """

    project: str
    findings: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    unclear: tuple[Unclear, ...]
    columns: int
    resolved: int

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "findings": [finding.as_json() for finding in self.findings],
            "accepted": [{**one.finding.as_json(), "why": one.why} for one in self.accepted],
            "unclear": [one.as_json() for one in self.unclear],
            "columns": self.columns,
            "resolved": self.resolved,
        }


def check(folder: Path) -> Checked:
    """Raises ProjectError where the project doesn't hang together; then there is nothing to reason about."""
    return check_graph(load_graph(folder))


def check_graph(graph: Graph) -> Checked:
    return check_chain(known_of(graph, supply_of(graph)))


def check_chain(chain: Chain) -> Checked:
    graph = chain.graph
    found = {finding: None for rule in rules_of(graph) for finding in rule.find(chain)}
    in_order = sorted(found, key=lambda one: (one.place.file, one.place.line or 0, one.rule))
    stand, lived_with = accepted(in_order, graph.config.folder)
    unclear = tuple(_unclear(chain, *one) for one in unknowns(chain))
    columns = {node: len(known.columns) for node, known in chain.nodes.items()}
    lost = {one.node for one in unclear}
    return Checked(
        graph.config.name,
        tuple(stand),
        tuple(lived_with),
        unclear,
        sum(columns.values()),
        sum(number for node, number in columns.items() if node not in lost),
    )


def _unclear(chain: Chain, id_: str, reason: str, at: int | None) -> Unclear:
    node = chain.node(id_)
    return Unclear(id_, reason, place_in(node, at))
