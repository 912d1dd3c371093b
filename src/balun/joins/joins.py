"""`balun joins`: how events and tables join, by what is in their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import duckdb

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.chain.table import AnyTable
from balun.engine import Engine
from balun.errors import UsageError
from balun.facts.supply import Supply
from balun.joins.home import settled
from balun.joins.in_time import InTime, in_time, settled_in_time
from balun.joins.lost import lost_slice
from balun.joins.proposal import Proposal
from balun.joins.search import Search
from balun.joins.side import Rows, sides
from balun.joins.used import Kind, Traces, Used, used
from balun.quoting import in_parquet
from balun.snapshot import Snapshot, damaged

Say = Callable[[str], None]
Current = Callable[[str], Snapshot | None]
_FEW_LOST = 0.001


@dataclass(frozen=True)
class Joins:
    """found: the likeliest first; those below the cut are there, too. in_time: joins to the nearest row in time."""

    found: tuple[Proposal, ...]
    in_time: tuple[InTime, ...]

    @property
    def proposed(self) -> tuple[Proposal, ...]:
        return tuple(one for one in self.found if one.proposed)

    @property
    def proposed_in_time(self) -> tuple[InTime, ...]:
        return tuple(one for one in self.in_time if one.proposed)

    def as_json(self) -> dict[str, object]:
        return {
            "joins": [one.as_json() for one in self.found],
            "in_time": [one.as_json() for one in self.in_time],
        }


def joins(
    graph: Graph,
    supply: Supply,
    current: Current,
    words: Sequence[str] = (),
    say: Say | None = None,
) -> Joins:
    """Among all events and tables as the last run left them, or of those that `words` name with all others.

    Raises UsageError where one wasn't run, or a name isn't there or has no rows of its own.
    """
    nodes = [node for node in graph if node.kind in {"event", "table"}]
    asked = {_node(graph, word).id for word in words}
    zones = {graph.config.zone, *(zone for node in nodes for zone in _zones(node))} - {"UTC"}
    traces = Traces(graph, supply)
    given = [_rows(traces, node, current) for node in nodes]
    with Engine.of(graph.config) as engine:
        try:
            found = search(given, engine, zones=sorted(zones), asked=asked, say=say)
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise _damaged(nodes, current, exc) from exc
    return _with_uses(found, used(traces))


def _damaged(nodes: Sequence[Node], current: Current, fault: duckdb.Error) -> Exception:
    """Of which snapshot the fault speaks; the fault itself where it speaks of none."""
    words = str(fault).splitlines()[0]
    made = [one for node in nodes if (one := current(node.id)) is not None]
    return next((damaged(one, words) for one in made if str(one.folder) in words), fault)


def _node(graph: Graph, word: str) -> Node:
    kinds = [node for node in graph if node.name == word and node.kind in {"event", "table"}]
    node = kinds[0] if len(kinds) == 1 else graph.find(word)
    if node.kind not in {"event", "table"}:
        raise UsageError(f"{node.id} is joined by its corpus, as of a time: name an event or a table")
    return node


def _zones(node: Node) -> set[str]:
    declared = node.declared
    return {one.zone for one in declared.columns if one.zone} if isinstance(declared, Contract) else set()


def _rows(traces: Traces, node: Node, current: Current) -> Rows:
    made = current(node.id)
    if made is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    declared = node.declared
    assert isinstance(declared, Contract | AnyTable)
    above = frozenset(other.id for other in traces.graph.above(node))
    names = traces.supply.columns[node.id]
    origins = {name: traces.origins((node.name.lower(), name.lower())) for name in names}
    relation = in_parquet(made.rows)
    return Rows(node.id, node.name, relation, declared.key, node.time, above, _references(declared), origins)


def _references(declared: object) -> tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]:
    if not isinstance(declared, Contract):
        return ()
    of_columns = [
        ((column.name,), event, (other,))
        for column in declared.columns
        for event, _, other in (reference.partition(".") for reference in column.references)
    ]
    return (*of_columns, *declared.relationships)


def search(
    given: Iterable[Rows],
    engine: Engine,
    *,
    zones: Sequence[str] = (),
    asked: Collection[str] = (),
    say: Say | None = None,
) -> Joins:
    """asked: ids of which one side must be; none: any. Rows that are made of each other aren't held together."""
    tell = say or (lambda _: None)
    every = sides(given, engine)
    hunt = Search(engine, tuple(zones))
    found: list[Proposal] = []
    timed: list[InTime] = []
    for left in every:
        for right in every:
            if left is right or right.rows.id in left.rows.above or left.rows.id in right.rows.above:
                continue
            tell(f"{left.name} and {right.name}")
            said = list(hunt.documented(left, right))
            found += said
            found += [one for one in hunt.between(left, right) if one.columns not in {other.columns for other in said}]
            near = in_time(left, right, hunt)
            timed += [near] if near else []
    kept = [one for one in settled(found) if not asked or {one.left.rows.id, one.right.rows.id} & set(asked)]
    ordered = sorted(kept, key=_order)
    nearest = [one for one in settled_in_time(timed) if not asked or {one.left.rows.id, one.right.rows.id} & set(asked)]
    nearest.sort(key=lambda one: (not one.proposed, -one.best.before, one.left.name, one.right.name))
    return Joins(tuple(_with_lost(one, engine) for one in ordered), tuple(nearest))


def _order(one: Proposal) -> tuple[object, ...]:
    """Events before tables, which have their keys of them."""
    tables = sum(side.rows.id.startswith("table:") for side in (one.left, one.right))
    return not one.proposed, not one.documented, tables, -one.score, one.left.name, one.right.name


def _with_lost(one: Proposal, engine: Engine) -> Proposal:
    if not one.proposed or one.measured.coverage >= 1 - _FEW_LOST:
        return one
    return replace(one, lost=lost_slice(one.left, one.right, one.links, engine))


def _with_uses(found: Joins, uses: Sequence[Used]) -> Joins:
    """Of each whether the project's SQL sets all its columns equal already; a time is compared in another way."""
    plain = [replace(one, used=_either(one, uses, "plain")) for one in found.found]
    timed = [replace(one, used=_timely(one, uses)) for one in found.in_time]
    timed.sort(key=lambda one: not one.proposed)
    return Joins(tuple(plain), tuple(timed))


def _timely(one: InTime, uses: Sequence[Used]) -> tuple[str, ...]:
    return _nodes(one, uses, "before") if one.interval is None else _either(one, uses, "period")


def _either(one: Proposal | InTime, uses: Sequence[Used], kind: Kind) -> tuple[str, ...]:
    """Either side may stand first."""
    turned = [replace(use, pairs=frozenset((other, own) for own, other in use.pairs)) for use in uses]
    return tuple(dict.fromkeys(node for some in (uses, turned) for node in _nodes(one, some, kind)))


def _nodes(one: Proposal | InTime, uses: Sequence[Used], kind: Kind) -> tuple[str, ...]:
    left, right = one.left.name.lower(), one.right.name.lower()
    pairs = {((left, link.left.name.lower()), (right, link.right.name.lower())) for link in one.links}
    return tuple(dict.fromkeys(use.node for use in uses if use.kind == kind and pairs <= use.pairs))
