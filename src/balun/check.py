"""Needs against supply: what can be told of a project before a row is read."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

from balun.chain.config import read_config
from balun.chain.contract import Contract
from balun.chain.graph import Graph
from balun.chain.load import load_graph
from balun.errors import ProjectError
from balun.facts.known import Chain, known_of, unknowns
from balun.facts.supply import supply_of
from balun.finding import Finding, Place
from balun.kept import FILE, DamagedError, Kept, forget
from balun.rules import rules_of
from balun.rules.accepted import Accepted, accepted
from balun.rules.site import breaks, looked_at, place_in
from balun.rules.tested import UNTESTED, Tested
from balun.tested import tested_of

T = TypeVar("T")


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


def check(folder: Path, *, anew: bool = False) -> Checked:
    """Raises ProjectError where the project doesn't hang together; then there is nothing to reason about.

    anew: without what earlier checks worked out, which changes how long it takes and nothing else.
    """

    def work(kept: Kept | None) -> Checked:
        graph = load_graph(folder, kept)
        return check_graph(graph, kept, tested_of(graph))

    return with_kept(folder, work, anew=anew)


def with_kept(folder: Path, work: Callable[[Kept | None], T], *, anew: bool = False) -> T:
    """What `work` gives, by means of what earlier checks of the project worked out; it is done again if that is bad."""
    with _uncollected():
        if anew:
            return work(None)
        kept = Kept(read_config(folder.resolve()).snapshots / FILE)
        try:
            done = work(kept)
        except ProjectError:
            kept.save()  # what isn't at fault needn't be worked out again
            raise
        except DamagedError:
            forget(kept.file)
        else:
            kept.save()
            return done
        finally:
            kept.close()
        return work(None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Looking for cycles, of which it makes few, takes a seventh of the time of a check."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def check_graph(graph: Graph, kept: Kept | None = None, tested: Tested = UNTESTED) -> Checked:
    return check_chain(known_of(graph, supply_of(graph, kept)), tested)


def check_chain(chain: Chain, tested: Tested = UNTESTED) -> Checked:
    """tested: what the last run's rows told of promises."""
    graph = chain.graph
    found = dict.fromkeys(_found(chain, tested))
    in_order = sorted(found, key=lambda one: (one.place.file, one.place.line or 0, one.rule))
    stand, lived_with = accepted(in_order, graph.config.folder)
    unclear = tuple(_unclear(chain, *one) for one in unknowns(chain))
    columns = {node: len(known.brief.columns) for node, known in chain.nodes.items()}
    lost = {one.node for one in unclear}
    return Checked(
        graph.config.name,
        tuple(stand),
        tuple(lived_with),
        unclear,
        sum(columns.values()),
        sum(number for node, number in columns.items() if node not in lost),
    )


def _found(chain: Chain, tested: Tested) -> Iterator[Finding]:
    for rule in rules_of(chain.graph):
        if rule.whole:
            yield from rule.find(chain, tested)
    rates = {node.declared.sampling for node in chain.graph if isinstance(node.declared, Contract)}
    for id_ in looked_at(chain):
        yield from _found_at(chain, id_, rates)


def _found_at(chain: Chain, id_: str, rates: set[float]) -> tuple[Finding, ...]:
    """What rules find in one SELECT: that hangs on what is known of it and of its parents, on what it would break, and
    on whether anything is sampled at all.
    """
    kept = chain.supply.kept
    if kept is None or id_ not in chain.keys:
        return _found_in(chain, id_)
    node = chain.node(id_)
    key = kept.key("found", chain.keys[id_], node.owner, breaks(chain, node), rates)
    found = kept.find(key)
    if found is not None:
        return cast("tuple[Finding, ...]", found[1]())
    made = _found_in(chain, id_)
    kept.put(key, made)
    return made


def _found_in(chain: Chain, id_: str) -> tuple[Finding, ...]:
    focused = replace(chain, focus=(id_,))
    return tuple(finding for rule in rules_of(chain.graph) if not rule.whole for finding in rule.find(focused))


def _unclear(chain: Chain, id_: str, reason: str, at: int | None) -> Unclear:
    node = chain.node(id_)
    return Unclear(id_, reason, place_in(node, at))
