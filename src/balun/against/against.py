"""The diff of two revisions, judged: what each edit is, and what all of them together do to everything downstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from balun.advice import advice
from balun.against.edits import Edit, changes, edits
from balun.against.revision import project_at
from balun.against.version import needed_version
from balun.chain.change import later, place_of
from balun.chain.contract import Contract
from balun.chain.duration import Duration
from balun.chain.graph import Graph, Node
from balun.chain.load import load_graph
from balun.difference import differences
from balun.difference.captured import captured_by
from balun.difference.rows import Difference
from balun.effect import Effect, Judge, Verdict, worst
from balun.errors import ProjectError
from balun.facts.known import Chain
from balun.finding import Finding
from balun.impact import Impact, chain_of, new_findings, stand
from balun.kept import Kept

if TYPE_CHECKING:
    from balun.worth.cost import Cost

# Words about rows, which change none of them.
WORDS = frozenset({"reclassify", "reown", "reword", "regrain"})
# Rows stay what they are, and what waits for them may not get them.
_LATE = frozenset({"reschedule", "latency"})
# Of these nobody can prove that what is captured stayed the same: who reads it must look.
_MEANING = frozenset({"reword", "regrain"})


@dataclass(frozen=True)
class Judged:
    """One edit. effects: on what hangs on it, where the edits together break or shift that.

    costs: of models below it, where it was replayed on history.
    """

    edit: Edit
    effects: tuple[Effect, ...]
    costs: tuple[Cost, ...] = ()

    @property
    def worst(self) -> Verdict:
        return worst(effect.verdict for effect in self.effects)

    @property
    def mend(self) -> str:
        return advice(self.edit.change, self.worst)

    def as_json(self) -> dict[str, object]:
        names = [effect.node.id for effect in self.effects]
        told = {**self.edit.as_json(), "worst": self.worst, "effects": names, "mend": self.mend}
        return {**told, "costs": [cost.as_json() for cost in self.costs]} if self.costs else told


@dataclass(frozen=True)
class Against:
    """revision: as it was asked for. edits: in the order of the chain.

    effects: of all edits together, on each node that there is now. findings: that weren't there at the revision.
    agree: owners of what breaks or shifts by another owner's edit, and of what reads what was reworded.
    """

    project: str
    revision: str
    edits: tuple[Judged, ...]
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    agree: tuple[str, ...]

    @property
    def worst(self) -> Verdict:
        return worst(effect.verdict for effect in self.effects)

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "against": self.revision,
            "worst": self.worst,
            "edits": [one.as_json() for one in self.edits],
            "effects": [effect.as_json() for effect in self.effects if effect.verdict != "same"],
            "findings": [finding.as_json() for finding in self.findings],
            "agree": list(self.agree),
        }


def against(folder: Path, revision: str, kept: Kept | None = None) -> Against:
    """What the project in `folder` is now, beside what it was at a revision.

    kept: what earlier checks worked out. Raises UsageError where there is no such revision, ProjectError where the
    project doesn't hang together now, or didn't then.
    """
    now = load_graph(folder, kept, code=True)
    with project_at(folder, revision) as was:
        try:
            before = load_graph(was, kept, code=True)
            chain = chain_of(before, kept)
        except ProjectError as exc:
            raise ProjectError(_then(one, revision) for one in exc.findings) from exc
        return compare(chain, now, revision, kept)


def of_impact(found: Impact) -> Against:
    """A change that somebody asks about, as if it had been made: to report both alike."""
    event, contract = found.event, found.event.declared
    assert isinstance(contract, Contract)
    edit = Edit(event, str(found.change), place_of(found.change, contract), found.change)
    touched = tuple(effect for effect in found.effects if effect.verdict != "same")
    edits = (Judged(edit, touched),)
    return Against(found.project, "what is captured now", edits, found.effects, found.findings, found.agree)


def _then(finding: Finding, revision: str) -> Finding:
    return replace(finding, message=f"at {revision}: {finding.message}")


def compare(before: Chain, after: Graph, revision: str = "before", kept: Kept | None = None) -> Against:
    """What another graph does to what hangs on a chain."""
    found = edits(before.graph, after)
    standing = stand(_told_late(before.graph, after), kept)
    captured = _captured(before, standing.chain)
    judge = Judge(after, differences(before, standing.chain, captured), standing.broken)
    effects = tuple(judge.effect(node) for node in after)
    effect_of = {effect.node.id: effect for effect in effects}
    judged = tuple(Judged(edit, tuple(_reached(edit, after, effect_of))) for edit in found)
    bumps = _bumps(before.graph, after, judged)
    findings = (*standing.findings, *new_findings(before, standing.chain), *bumps)
    return Against(after.config.name, revision, judged, effects, findings, tuple(_agree(judged, after)))


def _told_late(before: Graph, after: Graph) -> Graph:
    """With what is promised to come later, or sooner, told in when it is available."""
    nodes = dict(after.nodes)
    for node in after.of("event"):
        old = before.nodes.get(node.id)
        contract = node.declared
        if old is None or not isinstance(contract, Contract) or not isinstance(old.declared, Contract):
            continue
        was, now = (Duration.parse(one).us if one else 0 for one in (old.declared.latency, contract.latency))
        if now != was:
            nodes[node.id] = replace(node, declared=later(contract, now - was))
    return Graph(after.config, nodes)


def _captured(before: Chain, after: Chain) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for node in after.graph.of("event"):
        old = before.graph.nodes.get(node.id)
        if old is not None and isinstance(node.declared, Contract) and isinstance(old.declared, Contract):
            own = changes(old.declared, node.declared)
            if own:
                found[node.id] = captured_by(own, old.declared, node.declared)
    return found


def _reached(edit: Edit, after: Graph, effects: Mapping[str, Effect]) -> Iterable[Effect]:
    """Effects that the edit has a part in: on its node, and along what isn't the same below it."""
    if edit.node.id not in effects:
        return
    own = effects[edit.node.id]
    words = edit.change is not None and edit.change.kind in WORDS
    late = edit.change is not None and edit.change.kind in _LATE
    met = {edit.node.id} if (own.verdict != "same" or late) and not words else set()
    if own.verdict != "same" and edit.change is None:
        yield own
    for node in after.below(after.nodes[edit.node.id]):
        effect = effects[node.id]
        if effect.verdict != "same" and (late or met & set(node.parents)):
            met.add(node.id)
            yield effect


def _agree(judged: Iterable[Judged], after: Graph) -> Iterable[str]:
    owners: dict[str, None] = {}
    for one in judged:
        own = one.edit.node.owner
        owners |= dict.fromkeys(e.node.owner for e in one.effects if e.node.owner and e.node.owner != own)
        if one.edit.change is not None and one.edit.change.kind in _MEANING and one.edit.node.id in after.nodes:
            below = after.below(after.nodes[one.edit.node.id])
            owners |= dict.fromkeys(node.owner for node in below if node.owner and node.owner != own)
    return owners


def _bumps(before: Graph, after: Graph, judged: Iterable[Judged]) -> Iterable[Finding]:
    """Contracts whose version wasn't raised as their edits ask for."""
    by_event: dict[str, list[Judged]] = {}
    for one in judged:
        if one.edit.change is not None:
            by_event.setdefault(one.edit.node.id, []).append(one)
    for id_, own in by_event.items():
        node, old = after.nodes[id_], before.nodes[id_]
        assert isinstance(node.declared, Contract)
        assert isinstance(old.declared, Contract)
        needed = needed_version(old.declared.version, [(one.edit.change, one.worst) for one in own if one.edit.change])
        if needed is not None and not needed.is_met_by(node.declared.version):
            yield _bump(node, old.declared.version, node.declared.version, needed.words)


def _bump(node: Node, was: str, now: str, needed: str) -> Finding:
    said = f"is still {now}" if was == now else f"went from {was} to {now}"
    return Finding(
        "contract-version-not-bumped",
        node.declared.place,
        f"the version of {node.name} {said}, and its changes need {needed}",
        owner=node.owner,
        mend=f"raise the contract's version to {needed.split(', ', maxsplit=1)[0]}",
    )
