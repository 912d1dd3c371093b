"""What is known of every node of the chain: facts walk from the contracts down to the corpora. No rows are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable, key_columns
from balun.chain.point_in_time import Examples
from balun.chain.point_in_time.meaning import meaning
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.digest import digest
from balun.facts.dependency import Dependencies
from balun.facts.domain import Domain
from balun.facts.extent import Range
from balun.facts.nullable import Nullable
from balun.facts.origin import Flow, flow_of
from balun.facts.privacy import Privacy, PrivacyFact
from balun.facts.propagate import FACTS, State, states_of
from balun.facts.supply import EXAMPLE, Supply
from balun.quoting import quoted
from balun.relational.relation import Relation, Scan, Unknown, mark, ordered, scans


@dataclass(frozen=True)
class Facts:
    """Of one node. columns: names, in order. out: of what it puts out.

    derived: `out` before what the node promises of itself was added; the same where it promises nothing.
    """

    columns: tuple[str, ...]
    out: State
    derived: State


@dataclass(frozen=True)
class Brief:
    """In short, what every check looks at.

    columns: names, in order. unknowns: reason and place in its SQL, in bytes, of what couldn't be understood.
    reads: names of what its SELECT reads. looks: for each column of the SELECT, and then for its rows, the parents'
    columns, whatever they are used for.
    """

    columns: tuple[str, ...]
    unknowns: tuple[tuple[str, int | None], ...] = ()
    reads: tuple[str, ...] = ()
    looks: tuple[tuple[tuple[str, str], ...], ...] = ()


Making = tuple[Relation, Mapping[int, State]]


class Known:
    """What is known of one node: its Facts, and how it is made: sql, relation, states, flow.

    Of what earlier checks kept, each is read, or made again, when it is first asked for.
    """

    def __init__(
        self,
        facts: Callable[[], Facts],
        sql: str | None = None,
        making: Callable[[], Making] | None = None,
        *,
        flow: Callable[[], Flow] | None = None,
        brief: Callable[[], Brief] | None = None,
    ) -> None:
        self.sql = sql
        self._facts, self._make, self._flow, self._brief = facts, making, flow, brief

    @cached_property
    def facts(self) -> Facts:
        return self._facts()

    @property
    def columns(self) -> tuple[str, ...]:
        return self.brief.columns if self._brief else self.facts.columns

    @property
    def out(self) -> State:
        return self.facts.out

    @property
    def derived(self) -> State:
        return self.facts.derived

    @cached_property
    def _making(self) -> tuple[Relation | None, Mapping[int, State]]:
        return self._make() if self._make else (None, {})

    def making(self) -> Making:
        assert self._make is not None
        return self._make()

    @property
    def relation(self) -> Relation | None:
        return self._making[0]

    @property
    def states(self) -> Mapping[int, State]:
        """By identity, of `relation` and of each below it."""
        return self._making[1]

    @cached_property
    def flow(self) -> Flow | None:
        """Which columns of its parents each column of its SELECT comes from."""
        if self._flow:
            return self._flow()
        return flow_of(self.relation) if self.relation is not None else None

    @cached_property
    def spelt(self) -> Mapping[str, str]:
        """Columns by their names in lower case."""
        return {name.lower(): name for name in self.brief.columns}

    @cached_property
    def brief(self) -> Brief:
        if self._brief:
            return self._brief()
        if self.relation is None or self.flow is None:
            return Brief(self.columns)
        lost = tuple((one.reason, one.place) for one in ordered(self.relation) if isinstance(one, Unknown))
        uses = (*self.flow.columns, self.flow.rows)
        looks = tuple(tuple(sorted({(one.parent, one.column) for one in some})) for some in uses)
        return Brief(self.columns, lost, tuple(sorted({one.parent for one in scans(self.relation)})), looks)


@dataclass(frozen=True)
class Chain:
    """nodes: by node id; a corpus's examples as `examples:NAME`, a feature's rows as `feature:NAME@CORPUS`.

    keys: where something is kept, a digest of all that what is known of a node hangs on.
    focus: those of `nodes` that rules are to look at; None: all.
    """

    graph: Graph
    supply: Supply
    nodes: dict[str, Known] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    focus: tuple[str, ...] | None = None

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
    """supply: of the same graph, so that everything binds; with what it kept, and keeps."""
    chain = Chain(graph, supply)
    told: dict[str, bytes] = {}
    for node in graph:
        match node.declared:
            case Contract() as contract:
                names = tuple(column.name for column in contract.columns)
                chain.nodes[node.id] = Known(partial(_event, contract), brief=partial(Brief, names))
            case Table() as table:
                made = partial(_table, chain, node, table)
                chain.nodes[node.id], told[node.id] = _kept(chain, node.id, _key(chain, node, told), table.sql, made)
            case LinkTable() as table:
                chain.nodes[node.id] = Known(partial(_linked, chain, node, table))
            case PythonTable() | OpaqueTable() as table:
                chain.nodes[node.id] = Known(partial(_opaque, table))
            case Corpus() as corpus:
                _corpus(chain, node, corpus, _key(chain, node, told))
            case Aggregate() | Latest():
                told[node.id] = _key(chain, node, told)
        if isinstance(node.declared, Contract | PythonTable | OpaqueTable):
            told[node.id] = supply.keys.get(node.id, b"")
    return chain


def _key(chain: Chain, node: Node, told: Mapping[str, bytes]) -> bytes:
    """A digest of all that what is known of a node hangs on; empty where nothing is kept."""
    if chain.supply.kept is None:
        return b""
    return chain.supply.kept.key("known", chain.supply.keys[node.id], [(one, told[one]) for one in node.parents])


def _kept(chain: Chain, id_: str, key: bytes, sql: str, made: Callable[[], Known]) -> tuple[Known, bytes]:
    """As it is kept, else made and kept; and a digest of what it hands on."""
    kept = chain.supply.kept
    if kept is None:
        return made(), b""
    key = chain.keys[id_] = kept.key(key, id_)
    facts, flow, brief = (kept.find(kept.key(part, key)) for part in ("facts", "flow", "brief"))
    if facts and flow and brief:
        return Known(facts[1], sql, lambda: made().making(), flow=flow[1], brief=brief[1]), facts[0]
    known = made()
    told = digest(known.columns, known.out)
    kept.put(kept.key("facts", key), known.facts, told)
    kept.put(kept.key("flow", key), known.flow)
    kept.put(kept.key("brief", key), known.brief)
    return known, told


def unknown(width: int) -> State:
    return State({fact.name: (fact.unknown,) * width for fact in FACTS}, Dependencies())


def _event(contract: Contract) -> Facts:
    names = tuple(column.name for column in contract.columns)
    values = {fact.name: tuple(fact.captured(column, contract) for column in contract.columns) for fact in FACTS}
    keys = [_places(names, contract.key)] if contract.key else []
    nulls = values[Nullable.name]
    keys += [frozenset({at}) for at, column in enumerate(contract.columns) if column.unique and not nulls[at]]
    state = State(values, Dependencies().with_keys(keys))
    return Facts(names, state, state)


def _opaque(table: PythonTable | OpaqueTable) -> Facts:
    names = tuple(name for name, _ in table.columns)
    nothing = unknown(len(names))
    return _promised(Facts(names, nothing, nothing), table)


_SURELY = Range(0, 1)
_OF_ALL_ROWS = frozenset({"presence", "sampling"})  # of two sides only those rows are left that match


def _linked(chain: Chain, node: Node, table: LinkTable) -> Facts:
    """A crosswalk's keys are what they are in what it matches; of two sides matched one to one either is a key."""
    names = tuple(name for name, _ in table.columns)
    own = key_columns(table.linking, table.keys)
    values: dict[str, list[object]] = {fact.name: [fact.unknown] * len(names) for fact in FACTS}
    for parent, key, told in zip(node.parents, table.keys, own, strict=True):
        known = chain.nodes[parent]
        lower = [name.lower() for name in known.columns]
        for fact in FACTS:
            if table.linking.right and fact.name in _OF_ALL_ROWS:
                continue
            for name, as_ in zip(key, told, strict=True):
                values[fact.name][names.index(as_)] = known.out.values[fact.name][lower.index(name.lower())]
    values[Domain.name][-1] = _SURELY
    made = [at for at, name in enumerate(names) if name not in {told for side in own for told in side}]
    for at in made:
        values[PrivacyFact.name][at] = _most_private(chain, node, table)
    state = State({fact: tuple(some) for fact, some in values.items()}, Dependencies())
    keys = own if table.linking.one_to_one else own[:1] if table.linking.right is None else ()
    state = State(state.values, state.dependencies.with_keys([_places(names, key) for key in keys]))
    return _promised(Facts(names, state, state), table)


def _most_private(chain: Chain, node: Node, table: LinkTable) -> Privacy:
    """Who belongs together tells of everything that was compared."""
    fact = PrivacyFact()
    found: list[Privacy] = []
    for side, parent in enumerate(node.parents):
        known = chain.nodes[parent]
        told = zip(known.columns, known.out.values[fact.name], strict=True)
        found += [value for name, value in told if table.looks_at(side, name)]
    return reduce(fact.join, found)


def _table(chain: Chain, node: Node, table: Table) -> Known:
    columns, relation = tuple(chain.supply.columns[node.id]), chain.supply.relations[node.id]
    return _made(chain, columns, relation, table.sql, lambda facts: _promised(facts, table))


def _places(names: tuple[str, ...], some: tuple[str, ...]) -> frozenset[int]:
    lower = [name.lower() for name in names]
    return frozenset(lower.index(name.lower()) for name in some)


def _made(
    chain: Chain, columns: tuple[str, ...], relation: Relation, sql: str, told: Callable[[Facts], Facts] = lambda it: it
) -> Known:
    """told: what is known of the node, from what its SELECT gives."""
    states = states_of(relation, chain.scanned)
    facts = told(Facts(columns, states[id(relation)], states[id(relation)]))
    return Known(lambda: facts, sql, lambda: (relation, states))


def _scanned(parent: Known, scan: Scan) -> State:
    lower = [name.lower() for name in parent.columns]
    places = [lower.index(one.name.lower()) if one.name.lower() in lower else None for one in scan.columns]
    values = {
        fact.name: fact.read(
            tuple(fact.unknown if at is None else parent.out.values[fact.name][at] for at in places), mark(scan)
        )
        for fact in FACTS
    }
    names: dict[int, tuple[int, ...]] = {}
    for new, old in enumerate(places):
        if old is not None:
            names[old] = (*names.get(old, ()), new)
    return State(values, parent.out.dependencies.renamed(names))


def _promised(known: Facts, table: AnyTable) -> Facts:
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
    return Facts(known.columns, State(values, dependencies), known.derived)


def _corpus(chain: Chain, node: Node, corpus: Corpus, key: bytes) -> None:
    id_ = f"examples:{corpus.name}"
    chain.nodes[id_], _ = _kept(chain, id_, key, corpus.examples, partial(_examples, chain, corpus, id_))
    for part in corpus.features:
        if not isinstance(part, Columns):
            feature = chain.graph.nodes[f"feature:{part}"]
            sql = _meaning(chain, feature, corpus)
            made = partial(_feature, chain, feature, corpus, sql)
            id_ = f"{feature.id}@{corpus.name}"
            chain.nodes[id_], _ = _kept(chain, id_, key, sql, made)
    chain.nodes[node.id] = Known(partial(_together, chain, corpus))


def _examples(chain: Chain, corpus: Corpus, id_: str) -> Known:
    own = tuple(name for name in chain.supply.columns[id_] if name != EXAMPLE)
    return _made(chain, own, chain.supply.relations[id_], corpus.examples, _numbered)


def _numbered(known: Facts) -> Facts:
    """With the number of the example before the others, which is its key."""
    values = {
        fact.name: (False if fact.name == Nullable.name else fact.unknown, *known.out.values[fact.name])
        for fact in FACTS
    }
    state = State(values, known.out.dependencies.moved(1).with_keys([frozenset({0})]))
    return Facts((EXAMPLE, *known.columns), state, state)


def _meaning(chain: Chain, node: Node, corpus: Corpus) -> str:
    feature = node.declared
    assert isinstance(feature, Aggregate | Latest)
    examples = f"examples:{corpus.name}"
    source = chain.supply.source(node, quoted(chain.graph.nodes[node.parents[0]].name))
    given = Examples(quoted(examples), chain.supply.columns[examples], at=corpus.at, id=EXAMPLE)
    return meaning(node.name, feature, source, given)


def _feature(chain: Chain, node: Node, corpus: Corpus, sql: str) -> Known:
    examples, supply = f"examples:{corpus.name}", chain.supply
    supply.hold(node.parents)
    supply.binder.hold(examples, supply.columns[examples])
    types = supply.binder.bind_select(sql, node.declared.place)
    return _made(chain, tuple(types), supply.binder.relation(sql, types), sql)


def _together(chain: Chain, corpus: Corpus) -> Facts:
    """The examples' columns and those of the features, row by row."""
    parts = [f"examples:{corpus.name}"]
    parts += [f"feature:{part}@{corpus.name}" for part in corpus.features if isinstance(part, str)]
    first = chain.nodes[parts[0]]
    columns = list(first.columns)
    values = {fact.name: list(first.out.values[fact.name]) for fact in FACTS}
    for id_ in parts[1:]:
        part = chain.nodes[id_]
        columns += part.columns[1:]
        for fact in FACTS:
            values[fact.name] += fact.read(part.out.values[fact.name][1:], id_)
    state = State({name: tuple(found) for name, found in values.items()}, first.out.dependencies)
    return Facts(tuple(columns), state, state)


def unknowns(chain: Chain) -> list[tuple[str, str, int | None]]:
    """Node, reason and place in its SQL, in bytes, of what couldn't be understood."""
    opaque = [(node.id, node.declared.reason, None) for node in chain.graph if isinstance(node.declared, OpaqueTable)]
    return opaque + [(node, *one) for node, known in chain.nodes.items() for one in known.brief.unknowns]
