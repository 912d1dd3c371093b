"""What is known of every node of the chain: facts walk from the contracts down to the corpora. No rows are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.point_in_time import Examples
from balun.chain.point_in_time.meaning import meaning
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.facts.dependency import Dependencies
from balun.facts.dtype import Binder
from balun.facts.nullable import Nullable
from balun.facts.propagate import FACTS, State, states_of
from balun.facts.supply import EXAMPLE, Supply
from balun.quoting import quoted
from balun.relational.relation import Relation, Scan, Unknown, ordered


@dataclass(frozen=True)
class Known:
    """Of one node. columns: names, in order. out: of what it puts out. sql, relation, states: how it is made.

    derived: `out` before what the node promises of itself was added; the same where it promises nothing.
    """

    columns: tuple[str, ...]
    out: State
    derived: State
    sql: str | None = None
    relation: Relation | None = None
    states: Mapping[int, State] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """nodes: by node id; a corpus's examples as `examples:NAME`, a feature's rows as `feature:NAME@CORPUS`."""

    graph: Graph
    supply: Supply
    nodes: dict[str, Known] = field(default_factory=dict)

    def node(self, id_: str) -> Node:
        """The declaration that one of `nodes` is made by: a corpus for its examples, a feature for its rows."""
        return self.graph.nodes[id_.replace("examples:", "corpus:").split("@", maxsplit=1)[0]]

    def read(self, name: str) -> str | None:
        """Which of `nodes` a SELECT reads by a name: an event, a table, or examples under their id."""
        return next((id_ for id_ in (f"event:{name}", f"table:{name}", name) if id_ in self.nodes), None)

    def scanned(self, scan: Scan) -> State:
        """What a Scan supplies: some columns of what is known of its parent."""
        id_ = self.read(scan.parent)
        return unknown(len(scan.columns)) if id_ is None else _scanned(self.nodes[id_], scan)


def known_of(graph: Graph, supply: Supply) -> Chain:
    """supply: of the same graph, so that everything binds."""
    chain = Chain(graph, supply)
    with Binder() as binder:
        for node in graph:
            match node.declared:
                case Contract() as contract:
                    binder.bind_event(contract)
                    chain.nodes[node.id] = _event(contract)
                case Table() as table:
                    types = binder.bind_table(table)
                    chain.nodes[node.id] = _promised(_made(chain, binder, table.sql, types), table)
                case PythonTable() | OpaqueTable() as table:
                    binder.bind_declared(table.name, table.columns, table.place)
                    names = tuple(name for name, _ in table.columns)
                    nothing = unknown(len(names))
                    chain.nodes[node.id] = _promised(Known(names, nothing, nothing), table)
                case Corpus() as corpus:
                    _corpus(chain, binder, node, corpus)
    return chain


def unknown(width: int) -> State:
    return State({fact.name: (fact.unknown,) * width for fact in FACTS}, Dependencies())


def _event(contract: Contract) -> Known:
    names = tuple(column.name for column in contract.columns)
    values = {fact.name: tuple(fact.captured(column, contract) for column in contract.columns) for fact in FACTS}
    keys = [_places(names, contract.key)] if contract.key else []
    nulls = values[Nullable.name]
    keys += [frozenset({at}) for at, column in enumerate(contract.columns) if column.unique and not nulls[at]]
    state = State(values, Dependencies().with_keys(keys))
    return Known(names, state, state)


def _places(names: tuple[str, ...], some: tuple[str, ...]) -> frozenset[int]:
    lower = [name.lower() for name in names]
    return frozenset(lower.index(name.lower()) for name in some)


def _made(chain: Chain, binder: Binder, sql: str, types: Mapping[str, str]) -> Known:
    relation = binder.relation(sql, types)
    states = states_of(relation, chain.scanned)
    return Known(tuple(types), states[id(relation)], states[id(relation)], sql, relation, states)


def _scanned(parent: Known, scan: Scan) -> State:
    lower = [name.lower() for name in parent.columns]
    places = [lower.index(one.name.lower()) if one.name.lower() in lower else None for one in scan.columns]
    values = {
        fact.name: fact.read(
            tuple(fact.unknown if at is None else parent.out.values[fact.name][at] for at in places), id(scan)
        )
        for fact in FACTS
    }
    names: dict[int, tuple[int, ...]] = {}
    for new, old in enumerate(places):
        if old is not None:
            names[old] = (*names.get(old, ()), new)
    return State(values, parent.out.dependencies.renamed(names))


def _promised(known: Known, table: AnyTable) -> Known:
    """With what the table promises of itself, which each run tests."""
    values = dict(known.out.values)
    required = {name.lower() for name in (*table.required, *table.key)}
    values[Nullable.name] = tuple(
        null and name.lower() not in required for name, null in zip(known.columns, values[Nullable.name], strict=True)
    )
    for fact in FACTS:
        values[fact.name] = fact.promised(table, known.columns, values[fact.name])
    dependencies = known.out.dependencies
    if table.key:
        dependencies = dependencies.with_keys([*dependencies.keys, _places(known.columns, table.key)])
    out = State(values, dependencies)
    return Known(known.columns, out, known.derived, known.sql, known.relation, known.states)


def _corpus(chain: Chain, binder: Binder, node: Node, corpus: Corpus) -> None:
    types = dict(binder.bind_select(corpus.examples, corpus.place))
    examples = f"examples:{corpus.name}"
    made = _made(chain, binder, corpus.examples, types)
    chain.nodes[examples] = _numbered(made)
    given = chain.supply.columns[examples]
    binder.bind_declared(examples, given.items(), corpus.place)
    for part in corpus.features:
        if not isinstance(part, Columns):
            _feature(chain, binder, chain.graph.nodes[f"feature:{part}"], corpus)
    chain.nodes[node.id] = _together(chain, corpus)


def _numbered(known: Known) -> Known:
    """With the number of the example before the others, which is its key."""
    values = {
        fact.name: (False if fact.name == Nullable.name else fact.unknown, *known.out.values[fact.name])
        for fact in FACTS
    }
    state = State(values, known.out.dependencies.moved(1).with_keys([frozenset({0})]))
    return Known((EXAMPLE, *known.columns), state, state, known.sql, known.relation, known.states)


def _feature(chain: Chain, binder: Binder, node: Node, corpus: Corpus) -> None:
    feature = node.declared
    assert isinstance(feature, Aggregate | Latest)
    examples = f"examples:{corpus.name}"
    source = chain.supply.source(node, quoted(chain.graph.nodes[node.parents[0]].name))
    given = Examples(quoted(examples), chain.supply.columns[examples], at=corpus.at, id=EXAMPLE)
    sql = meaning(node.name, feature, source, given)
    types = binder.bind_select(sql, feature.place)
    chain.nodes[f"{node.id}@{corpus.name}"] = _made(chain, binder, sql, types)


def _together(chain: Chain, corpus: Corpus) -> Known:
    """The examples' columns and those of the features, row by row."""
    parts = [chain.nodes[f"examples:{corpus.name}"]]
    parts += [chain.nodes[f"feature:{part}@{corpus.name}"] for part in corpus.features if isinstance(part, str)]
    columns = list(parts[0].columns)
    values = {fact.name: list(parts[0].out.values[fact.name]) for fact in FACTS}
    for part in parts[1:]:
        columns += part.columns[1:]
        for fact in FACTS:
            values[fact.name] += part.out.values[fact.name][1:]
    state = State({name: tuple(found) for name, found in values.items()}, parts[0].out.dependencies)
    return Known(tuple(columns), state, state)


def unknowns(chain: Chain) -> list[tuple[str, str, int | None]]:
    """Node, reason and place in its SQL, in bytes, of what couldn't be understood."""
    opaque = [(node.id, node.declared.reason, None) for node in chain.graph if isinstance(node.declared, OpaqueTable)]
    return opaque + [
        (node, one.reason, one.place)
        for node, known in chain.nodes.items()
        if known.relation is not None
        for one in ordered(known.relation)
        if isinstance(one, Unknown)
    ]
