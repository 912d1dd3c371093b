"""Why a column is as it is: what is known of it, how, where its nulls come from, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from balun.chain.contract import Contract
from balun.chain.graph import Node
from balun.chain.load import load_graph
from balun.chain.table import PythonTable, Table
from balun.check import with_kept
from balun.errors import UsageError, nearest
from balun.facts.known import Chain, known_of
from balun.facts.origin import Origin
from balun.facts.reach import Flows, captured_flows
from balun.facts.supply import EXAMPLE, supply_of
from balun.kept import Kept
from balun.snapshot import Store
from balun.why.cited import Cited
from balun.why.evidence import Evidence, Settled
from balun.why.nulls import Cause, Nulls
from balun.why.on_rows import counts_of
from balun.why.steps import Step, Steps, opaque, part_of, words_at
from balun.why.words import UNKNOWN, keys

_USES = {"value": "made of", "filter": "filtered by", "join": "joined by", "group": "grouped by", "order": "ordered by"}


@dataclass(frozen=True)
class Told:
    """A fact of the column. value: in words."""

    fact: str
    value: str
    evidence: Evidence

    def as_json(self) -> dict[str, object]:
        place = self.evidence.place
        return {
            "fact": self.fact,
            "value": self.value,
            "evidence": self.evidence.how,
            "by": self.evidence.by,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "rows": self.evidence.rows.rows if self.evidence.rows else None,
            "contradicted_by": self.evidence.rows.denying if self.evidence.rows else None,
        }


@dataclass(frozen=True)
class Why:
    """node: whose column it is. keys: what makes a row of it unique. nulls: where the column's come from.

    made: the column, and below it all that it is made of.
    """

    node: Node
    column: str
    facts: tuple[Told, ...]
    keys: tuple[tuple[str, ...], ...]
    nulls: tuple[Cause, ...]
    made: Step

    @property
    def name(self) -> str:
        return f"{self.node.name}.{self.column}"

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id,
            "column": self.column,
            "owner": self.node.owner,
            "facts": [one.as_json() for one in self.facts],
            "keys": [list(one) for one in self.keys],
            "nulls": [one.as_json() for one in self.nulls],
            "made": self.made.as_json(),
        }


def why(folder: Path, word: str) -> Why:
    """word: `flown.dep_delay`, `feature:weather.temp`. Raises UsageError for a name that isn't there."""

    def answer(kept: Kept | None) -> Why:
        graph = load_graph(folder, kept)
        store = Store(graph.config.snapshots)
        try:
            return Answers(known_of(graph, supply_of(graph, kept)), store).why(word)
        finally:
            store.close()

    return with_kept(folder, answer)


class Answers:
    """Of one chain: what several questions have in common is looked for once. store: of its rows, if they are asked."""

    def __init__(self, chain: Chain, store: Store | None = None) -> None:
        self._chain = chain
        self._store = store
        self._cited = Cited(chain)
        self._flows = cache(self._flows_of)

    def why(self, word: str) -> Why:
        """Raises UsageError for names that aren't there, with the nearest."""
        chain, cited = self._chain, self._cited
        node, id_, column = _found(chain, word)
        settled = Settled(chain, cited)
        counts = counts_of(chain, self._store, id_, column) if self._store else {}
        facts = [
            Told(fact, value, settled.of(fact, id_, column).on(counts.get(fact)))
            for fact, value in words_at(chain, id_, column).items()
        ]
        own = part_of(chain, id_, column) if id_.startswith("corpus:") else (id_, column)
        facts += [_available(chain, cited, *own), *_origin(chain, cited, self._flows(node.id), *own)]
        known = chain.nodes[id_]
        return Why(
            node,
            column,
            tuple(facts),
            tuple(map(tuple, keys(known.out, known.columns))),
            Nulls(chain, cited).of(id_, column),
            Steps(chain, cited).column(id_, column),
        )

    def _flows_of(self, id_: str) -> Flows:
        """Of what a node is made from, and no more: a chain may be long."""
        graph = self._chain.graph
        node = graph.nodes[id_]
        ends = [node, *(graph.children(node) if node.kind == "feature" else ())]
        wanted = {one.id for end in ends for one in (end, *graph.above(end))}
        nodes = {one: known for one, known in self._chain.nodes.items() if self._chain.node(one).id in wanted}
        return captured_flows(replace(self._chain, nodes=nodes))


def _found(chain: Chain, word: str) -> tuple[Node, str, str]:
    if "." not in word:
        columns = next((known.columns for id_, known in chain.nodes.items() if id_.endswith(f":{word}")), ())
        what = f", such as {word}.{columns[-1]}" if columns else ", such as flown.dep_delay"
        raise UsageError(f"{word} names no column: write NODE.COLUMN{what}")
    name, column = word.split(".", 1)
    node = _named(chain, name, column)
    if node.kind in {"model", "surface"}:
        corpora = " or ".join(one.name for one in chain.graph.above(node) if one.kind == "corpus")
        raise UsageError(f"{node.id} has no columns of its own: ask for those of {corpora}")
    id_ = _known_id(chain, node)
    names = {one.lower(): one for one in chain.nodes[id_].columns}
    found = names.get(column.lower()) or names.get(f"{node.name}_{column}".lower())
    if found is None:
        raise UsageError(f"{node.id} has no column {column}{nearest(column, names.values())}")
    return node, id_, found


def _named(chain: Chain, name: str, column: str) -> Node:
    """Where an event and a feature share a name, the one that has the column."""
    found = [node for node in chain.graph if node.name == name and node.kind not in {"model", "surface"}]
    having = [node for node in found if column.lower() in {one.lower() for one in _columns(chain, node)}]
    return having[0] if len(having) == 1 else chain.graph.find(name)


def _columns(chain: Chain, node: Node) -> tuple[str, ...]:
    return next((known.columns for id_, known in chain.nodes.items() if id_.split("@")[0] == node.id), ())


def _known_id(chain: Chain, node: Node) -> str:
    """A feature's rows are those beside the examples of the first corpus that uses it."""
    found = (
        node.id if node.kind != "feature" else next((one for one in chain.nodes if one.startswith(f"{node.id}@")), None)
    )
    if found is None:
        raise UsageError(f"{node.id} is used by no corpus, so nothing is known of its columns")
    return found


def _available(chain: Chain, cited: Cited, id_: str, name: str) -> Told:
    declared = chain.node(id_).declared
    if id_.startswith("feature:"):
        by = "the examples' own" if name == EXAMPLE else "no row is used that was known later"
        return Told("available", "by the example's time", Evidence("proved", by, cited.output(id_, name)))
    known = chain.supply.available[id_]
    times = [spellings[0] for spellings in known.parts_of(name if name in known.columns else None)]
    value = f"the latest of {', '.join(times)}" if len(times) > 1 else known.of(name) or "at its row's own time"
    match declared:
        case Contract():
            column = declared.column(name)
            said = column.available or declared.available
            place = column.place if column.available else declared.place
            how = (
                Evidence("assumed", "the contract's word", place)
                if said
                else Evidence("unknown", "the contract doesn't say", place)
            )
            return Told("available", value if said else "at its row's own time", how)
        case Table() | PythonTable() if name.lower() in {one.lower() for one, _ in declared.available}:
            place = cited.promise(id_, "available") or declared.place
            return Told("available", value, Evidence("assumed", "the table's word", place))
    if known.is_lost(name):
        return Told(
            "available",
            UNKNOWN,
            Evidence("unknown", "nothing here says when", cited.output(id_, name)),
        )
    by = "it follows from the contracts" if known.of(name) else "nothing above says more"
    return Told("available", value, Evidence("proved", by, cited.output(id_, name) or declared.place))


def _origin(chain: Chain, cited: Cited, flows: Flows, id_: str, name: str) -> list[Told]:
    """What the column and its rows depend on, of all that is captured."""
    columns, rows = flows[id_]
    place = cited.output(id_, name) or cited.declared(id_)
    if id_.startswith("table:") and chain.nodes[id_].relation is None:
        how = Evidence("unknown", f"{opaque(chain.node(id_).declared)} may look at anything", place)
    else:
        how = Evidence("proved", "by the SQL", place)
    found = [("origin", _uses(columns.get(name, frozenset())))]
    found += [("rows", _uses(rows))] if rows else []
    return [Told(fact, value, how) for fact, value in found]


def _uses(uses: frozenset[Origin]) -> str:
    """
    >>> _uses(frozenset({Origin("ride", "tip", "value"), Origin("ride", "city", "filter")}))
    'made of ride.tip; filtered by ride.city'
    """
    parts = []
    for use, words in _USES.items():
        named = sorted(f"{one.parent}.{one.column}" for one in uses if one.use == use)
        parts += [f"{words} {', '.join(named)}"] if named else []
    return "; ".join(parts) or "nothing that is captured"
