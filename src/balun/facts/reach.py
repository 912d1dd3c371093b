"""Who looks at what: for each captured column, the nodes that use it, and what for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Columns
from balun.chain.graph import Node
from balun.chain.link import LinkTable
from balun.chain.point_in_time.expression import read_expression
from balun.chain.table import OpaqueTable, PythonTable
from balun.facts.known import Chain
from balun.facts.origin import Origin

Captured = tuple[str, str]
Uses = frozenset[Origin]


def reach(chain: Chain) -> Mapping[Captured, frozenset[str]]:
    """For each captured column, ids of corpora and of tables at the chain's end that depend on it.

    A model depends on what its inputs, its label and its examples are made of; so does a table that nothing reads, or
    that shows as it is.
    """
    found: dict[Captured, set[str]] = {}
    for node, columns, rows in _ends(chain):
        for uses in (*columns, rows):
            for one in uses:
                found.setdefault((one.parent, one.column), set()).add(node)
    return {captured: frozenset(nodes) for captured, nodes in found.items()}


def _ends(chain: Chain) -> list[tuple[str, list[Uses], Uses]]:
    flows = captured_flows(chain)
    ends: list[tuple[str, list[Uses], Uses]] = []
    for node in chain.graph:
        if isinstance(node.declared, Corpus):
            ends.append((node.id, *_corpus(chain, node.declared, flows)))
        elif node.kind in {"event", "table"} and _is_end(chain, node):
            columns, rows = flows[node.id]
            ends.append((node.id, list(columns.values()), rows))
    return ends


def _is_end(chain: Chain, node: Node) -> bool:
    below = {child.kind for child in chain.graph.children(node)}
    return "surface" in below or (node.kind == "table" and not below)


def looked_at(chain: Chain) -> frozenset[Captured]:
    """The captured columns that `reach` finds something for, without what each is used for."""
    found: set[Captured] = set()
    wanted = {node: set(columns) for node, columns in _wanted(chain).items()}
    for id_ in reversed(chain.nodes):
        columns = wanted.get(id_, set())
        kind, name = id_.split(":", 1)
        if kind == "event":
            found |= {(name, column) for column in columns if column != _ROWS}
        elif columns and kind != "corpus":
            for parent, column in _looks(chain, id_, columns):
                wanted.setdefault(parent, set()).add(column)
    return frozenset(found)


_ROWS = ""


def _wanted(chain: Chain) -> Mapping[str, Iterable[str]]:
    """Of what stands at the chain's ends, the columns that count, and `_ROWS`."""
    wanted: dict[str, Iterable[str]] = {}
    for node in chain.graph:
        if isinstance(node.declared, Corpus):
            corpus = node.declared
            wanted[f"examples:{corpus.name}"] = (*_own(chain, corpus), _ROWS)
            for part in corpus.features:
                if isinstance(part, str):
                    id_ = f"feature:{part}@{corpus.name}"
                    wanted[id_] = (*chain.nodes[id_].brief.columns, _ROWS)
        elif node.kind in {"event", "table"} and _is_end(chain, node):
            wanted[node.id] = (*chain.nodes[node.id].brief.columns, _ROWS)
    return wanted


def _looks(chain: Chain, id_: str, columns: set[str]) -> Iterator[tuple[str, str]]:
    """Columns of parents, by their ids, that these columns of a node are made of; with its rows the parents' rows."""
    known = chain.nodes[id_]
    if known.sql is None:
        for at, parent in enumerate(chain.graph.nodes[id_].parents):
            seen = _seen(chain, id_, at, chain.nodes[parent].brief.columns)
            yield from ((parent, one) for one in (*seen, _ROWS))
        return
    brief = known.brief
    names = brief.columns[len(brief.columns) - len(brief.looks) + 1 :]  # examples have their number before
    for name, some in zip((*names, _ROWS), brief.looks, strict=True):
        if name in columns:
            yield from _named(chain, some)
    if _ROWS in columns:
        yield from ((parent, _ROWS) for parent in map(chain.read, brief.reads) if parent)
        if id_.startswith("feature:"):
            uses = frozenset(Origin(*one, "value") for some in brief.looks for one in some)
            yield from _named(chain, ((one.parent, one.column) for one in _waits(chain, id_, uses)))


def _named(chain: Chain, some: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, column in some:
        parent = chain.read(name)
        if parent:
            yield parent, chain.nodes[parent].spelt.get(column.lower(), column)


Flows = Mapping[str, tuple[dict[str, Uses], Uses]]


def captured_flows(chain: Chain) -> Flows:
    """For each node, its columns' uses of captured columns, and those of what decides on its rows."""
    flows: dict[str, tuple[dict[str, Uses], Uses]] = {}
    for id_, known in chain.nodes.items():
        kind, name = id_.split(":", 1)
        if kind == "event":
            columns = {column: frozenset({Origin(name, column, "value")}) for column in known.columns}
            flows[id_] = columns, frozenset()
        elif kind == "corpus":
            continue
        elif known.sql is None:
            flows[id_] = _opaque(chain, id_, flows)
        else:
            flows[id_] = _through(chain, id_, flows)
    return flows


def _through(chain: Chain, id_: str, flows: Flows) -> tuple[dict[str, Uses], Uses]:
    known = chain.nodes[id_]
    flow = known.flow
    assert flow is not None
    names = known.columns[len(known.columns) - len(flow.columns) :]  # examples have their number before
    columns = {name: _captured(chain, uses, flows) for name, uses in zip(names, flow.columns, strict=True)}
    rows = _captured(chain, flow.rows, flows) | _below(chain, id_, flows)
    if id_.startswith("feature:"):
        rows |= _captured(chain, _waits(chain, id_, frozenset().union(flow.rows, *flow.columns)), flows)
    return columns, rows


def _waits(chain: Chain, id_: str, uses: Uses) -> Uses:
    """What says when a feature's rows and values are known decides on its rows."""
    parent = chain.graph.nodes[chain.node(id_).parents[0]]
    known, types = chain.supply.available[parent.id], chain.supply.columns[parent.id]
    read = {one.column for one in uses if one.parent == parent.name}
    times = [known.row, *(known.of(column) for column in read)]
    names = {name for sql in times if sql for name in read_expression(sql, types).columns}
    return frozenset(Origin(parent.name, name, "filter") for name in names)


def _captured(chain: Chain, uses: Uses, flows: Flows) -> Uses:
    found: set[Origin] = set()
    for one in uses:
        parent = chain.read(one.parent)
        columns = flows[parent][0] if parent else {}
        spelt = {name.lower(): name for name in columns}
        for origin in columns.get(spelt.get(one.column.lower(), ""), ()):
            found.add(origin if one.use == "value" else Origin(origin.parent, origin.column, one.use))
    return frozenset(found)


def _below(chain: Chain, id_: str, flows: Flows) -> Uses:
    """What decides on a parent's rows decides on those made of them."""
    known = chain.nodes[id_]
    parents = {chain.read(parent) for parent in known.brief.reads}
    return frozenset().union(*(flows[parent][1] for parent in parents if parent))


def _seen(chain: Chain, id_: str, at: int, columns: Iterable[str]) -> Iterable[str]:
    """The columns of its parent that what isn't SQL may look at: all, but a link's key and what it compares."""
    declared = chain.graph.nodes[id_].declared
    if not isinstance(declared, LinkTable):
        return columns
    return tuple(name for name in columns if declared.looks_at(at, name))


def _opaque(chain: Chain, id_: str, flows: Flows) -> tuple[dict[str, Uses], Uses]:
    """What isn't SQL that can be read may look at anything that it is given."""
    node = chain.graph.nodes[id_]
    assert isinstance(node.declared, PythonTable | OpaqueTable | Contract)
    everything = frozenset().union(
        *(
            uses
            for at, parent in enumerate(node.parents)
            for uses in (
                *(flows[parent][0][name] for name in _seen(chain, id_, at, flows[parent][0])),
                flows[parent][1],
            )
        )
    )
    return dict.fromkeys(chain.nodes[id_].columns, everything), everything


def _corpus(chain: Chain, corpus: Corpus, flows: Flows) -> tuple[list[Uses], Uses]:
    own, rows = flows[f"examples:{corpus.name}"]
    columns = [own[name] for name in _own(chain, corpus) if name in own]
    for part in corpus.features:
        if isinstance(part, str):
            made, decided = flows[f"feature:{part}@{corpus.name}"]
            columns += made.values()
            rows |= decided
    return columns, rows


def _own(chain: Chain, corpus: Corpus) -> list[str]:
    """Columns of its examples that a corpus looks at; those that say when the label is known decide on its rows."""
    named = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
    known = chain.supply.label_known[f"corpus:{corpus.name}"]
    types = chain.supply.columns[f"examples:{corpus.name}"]
    waits = read_expression(known, types).columns if known else ()
    return [*named, corpus.label, corpus.at, *corpus.entity, *waits]
