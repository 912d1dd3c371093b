"""What the chain supplies at each node: columns, their types, and when values can be known. No rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable
from balun.chain.model import Model
from balun.chain.point_in_time import Examples, Source, compile_feature
from balun.chain.point_in_time.expression import read_expression
from balun.chain.surface import Surface
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.digest import digest
from balun.errors import ProjectError, nearest
from balun.facts.available import Availability, availability, lost_findings
from balun.facts.dtype import Binder
from balun.facts.later import Later
from balun.finding import Finding, Place
from balun.kept import Kept
from balun.relational.relation import Relation

EXAMPLE = "example"
LABEL_KNOWN = "label_known"
Types = Mapping[str, str]
_RESERVED = (EXAMPLE, LABEL_KNOWN)


@dataclass(frozen=True)
class Supply:
    """What `supply_of` found.

    columns: by node, columns and their DuckDB types in order; of events and tables by their ids, of a corpus's examples
    by `examples:NAME`, their number first.
    available: likewise, when values can first be known, as SQL over the same columns.
    inputs: by corpus, the columns that a model is fed, in order.
    label_known: by corpus, SQL over the examples' columns for when the label is known; None: at the example's own time.
    binder: holds each event and table, so that what is known of them binds nothing again.
    relations: of tables' and examples' SELECTs, under the same ids as `columns`.
    kept: what earlier checks worked out. keys: by node, a digest of all that its supply hangs on.
    """

    graph: Graph
    columns: Later[str, Types] = field(default_factory=Later)
    available: Later[str, Availability] = field(default_factory=Later)
    inputs: Later[str, tuple[str, ...]] = field(default_factory=Later)
    label_known: Later[str, str | None] = field(default_factory=Later)
    binder: Binder = field(default_factory=Binder, repr=False, compare=False)
    relations: Later[str, Relation] = field(default_factory=Later, repr=False, compare=False)
    kept: Kept | None = field(default=None, repr=False, compare=False)
    keys: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def source(self, feature: Node, relation: str) -> Source:
        """What a feature reads, and how it stands in SQL."""
        parent = feature.parents[0]
        known = self.available[parent]
        return Source(
            relation=relation,
            columns=self.columns[parent],
            key=self.key(parent),
            available=known.columns,
            row_available=known.row,
            zone=self.graph.config.zone,
        )

    def key(self, node: str) -> tuple[str, ...]:
        """What makes a row of an event or table unique, as declared."""
        declared = self.graph.nodes[node].declared
        assert isinstance(declared, Contract | AnyTable)
        return declared.key

    def hold(self, ids: Iterable[str]) -> None:
        """Let the binder hold these events and tables, and the examples whose label's time was bound."""
        for id_ in ids:
            if id_ in self.graph.nodes and id_ in self.columns:
                self.binder.hold(self.graph.nodes[id_].name, self.columns[id_])
            elif id_.startswith("examples:"):
                corpus = self.graph.nodes[id_.replace("examples:", "corpus:")].declared
                if isinstance(corpus, Corpus) and corpus.label_available is not None:
                    self.binder.hold(f"examples of {corpus.name}", self.columns[id_])


def supply_of(graph: Graph, kept: Kept | None = None) -> Supply:
    """Bind every declaration to what is above it. Raises ProjectError with all that doesn't fit.

    kept: of earlier checks; what it holds is looked at only when it is asked for, which may raise DamagedError.
    """
    supply = Supply(graph, kept=kept)
    told: dict[str, bytes] = {}
    faults: list[Finding] = []
    broken: set[str] = set()
    for node in graph:
        if broken & set(node.parents):
            broken.add(node.id)  # what is above it says why
            continue
        try:
            if kept is None:
                _supply_node(supply, supply.binder, node)
            else:
                told[node.id] = _kept_node(supply, kept, node, told)
        except ProjectError as exc:
            broken.add(node.id)
            faults.extend(_with_owner(exc, node))
    if faults:
        raise ProjectError(faults)
    return supply


def _with_owner(exc: ProjectError, node: Node) -> list[Finding]:
    return [found if found.owner else replace(found, owner=node.owner) for found in exc.findings]


@dataclass(frozen=True)
class _Settled:
    """What is kept of an event, a table or a corpus."""

    columns: Types
    available: Availability
    inputs: tuple[str, ...] = ()
    label_known: str | None = None


def _kept_node(supply: Supply, kept: Kept, node: Node, told: Mapping[str, bytes]) -> bytes:
    """A digest of what the node hands on; worked out where it isn't kept."""
    if isinstance(node.declared, Model | Surface):
        return b""
    above = [(parent, told[parent]) for parent in node.parents]
    key = supply.keys[node.id] = kept.key("supply", declared_as(kept, node), supply.graph.config.zone, above)
    if isinstance(node.declared, Aggregate | Latest):
        return key
    id_ = f"examples:{node.name}" if isinstance(node.declared, Corpus) else node.id
    found = kept.find(key)
    if found is not None:
        _settle_later(supply, node, id_, cache(found[1]))
        return found[0]
    supply.hold(node.parents)
    supply.hold(source for one in supply.graph.parents(node) if one.kind == "feature" for source in one.parents)
    try:
        _supply_node(supply, supply.binder, node)
    except ProjectError:
        # It is told as where nothing is kept, of a binder that holds all that stands above.
        supply.binder.clear()
        supply.hold(supply.columns)
        _supply_node(supply, supply.binder, node)
    settled = _Settled(
        supply.columns[id_], supply.available[id_], supply.inputs.get(node.id, ()), supply.label_known.get(node.id)
    )
    own = getattr(node.declared, "key", ()), getattr(node.declared, "at", None)
    handed_on = digest(settled.columns, settled.available, own)
    kept.put(key, settled, handed_on)
    return handed_on


def declared_as(kept: Kept, node: Node) -> bytes:
    """A digest of a node's declaration; a Python table's function counts by its code."""
    declared = node.declared
    if isinstance(declared, PythonTable):
        return digest({one.name: getattr(declared, one.name) for one in fields(declared) if one.name != "function"})
    return kept.told(declared)


def _settle_later(supply: Supply, node: Node, id_: str, settled: Callable[[], _Settled]) -> None:
    supply.columns.later(id_, lambda: settled().columns)
    supply.available.later(id_, lambda: settled().available)
    if isinstance(node.declared, Corpus):
        supply.inputs.later(node.id, lambda: settled().inputs)
        supply.label_known.later(node.id, lambda: settled().label_known)
    if isinstance(node.declared, Table | Corpus):
        supply.relations.later(id_, lambda: _bound_again(supply, node, settled().columns))


def _bound_again(supply: Supply, node: Node, types: Types) -> Relation:
    declared, binder = node.declared, supply.binder
    assert isinstance(declared, Table | Corpus)
    supply.hold(node.parents)
    if isinstance(declared, Table):
        return binder.relation(declared.sql, types)
    return binder.relation(declared.examples, binder.bind_select(declared.examples, declared.place))


def _supply_node(supply: Supply, binder: Binder, node: Node) -> None:
    match node.declared:
        case Contract() as contract:
            supply.columns[node.id] = binder.bind_event(contract)
            own = {column.name: column.available for column in contract.columns if column.available}
            supply.available[node.id] = _whole_event(contract, own, binder)
        case Table() | PythonTable() | OpaqueTable() as table:
            _supply_table(supply, binder, node, table)
        case Corpus() as corpus:
            _supply_corpus(supply, binder, node, corpus)
        case _:
            pass


def _whole_event(contract: Contract, own: dict[str, str], binder: Binder) -> Availability:
    for name, expression in [(None, contract.available), *own.items()]:
        if expression:
            place = contract.column(name).place if name else contract.place
            _time(binder, contract.name, expression, place, f"available of {name or contract.name}")
    return Availability(row=contract.available, columns=own, lost=())


def _time(binder: Binder, relation: str, expression: str, place: Place, what: str) -> None:
    dtype = binder.bind_expression(relation, expression, place)
    if dtype not in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DATE"}:
        raise ProjectError.at(
            "type-mismatch", place, f"{what} is {dtype}, no time", mend="give an expression that is a timestamp"
        )


def _supply_table(supply: Supply, binder: Binder, node: Node, table: AnyTable) -> None:
    if isinstance(table, Table):
        types: Types = binder.bind_table(table)
    elif isinstance(table, LinkTable):
        types = binder.bind_declared(table.name, _link_columns(supply, node, table), table.place)
    else:
        types = binder.bind_declared(table.name, table.columns, table.place)
    faults = [
        _no_column(table.place, what, name, types)
        for what, names in _named_columns(table)
        for name in names
        if not _has(types, name)
    ]
    if faults:
        raise ProjectError(faults)
    for name, expression in table.available:
        _time(binder, table.name, expression, table.place, f"available of {name}")
    supply.columns[node.id] = types
    if isinstance(table, Table):
        supply.relations[node.id] = binder.relation(table.sql, types)
    supply.available[node.id] = _available(supply, table, node.parents, supply.relations.get(node.id))


def _link_columns(supply: Supply, node: Node, table: LinkTable) -> tuple[tuple[str, str], ...]:
    """The types of a crosswalk's columns, from those of the keys. Raises ProjectError where a side lacks a column."""
    linking, sides = table.linking, [supply.columns[parent] for parent in node.parents]
    if not table.keys:
        message = f"link {table.name} reads a link, whose rows are no records"
        raise ProjectError.at("value-wrong", table.place, message, mend="link events, or tables of other kinds")
    faults = [
        _no_column(table.place, f"on= of link {table.name}, read in {side},", name, types)
        if not any(name.lower() == known.lower() for known in types)
        else _nested(table, side, name, types)
        for side, types in zip(linking.sides, sides, strict=True)
        for name, _ in linking.on
    ]
    faults += [
        _no_column(table.place, f"link {table.name} tells records of {side} apart by their key, which", name, types)
        for side, types, key in zip(linking.sides, sides, table.keys, strict=True)
        for name in key
        if not any(name.lower() == known.lower() for known in types)
    ]
    found = [fault for fault in faults if fault]
    if found:
        raise ProjectError(found)
    keys = [_of(types, name) for types, key in zip(sides, table.keys, strict=True) for name in key]
    own = [*keys, "DOUBLE"]
    if linking.right is None:
        own = [*keys, keys[0] if len(keys) == 1 else "VARCHAR", "DOUBLE"]
    return tuple((name, dtype) for (name, _), dtype in zip(table.columns, own, strict=True))


def _of(types: Types, name: str) -> str:
    return next((dtype for known, dtype in types.items() if known.lower() == name.lower()), "VARCHAR")


def _nested(table: LinkTable, side: str, name: str, types: Types) -> Finding | None:
    dtype = _of(types, name)
    if not dtype.startswith(("STRUCT", "MAP", "UNION", "BLOB")):
        return None
    message = f"on of link {table.name} names {name} of {side}, which is {dtype}: it can't be compared"
    return Finding("type-mismatch", table.place, message, mend="compare columns of text, numbers, dates or lists")


def _available(supply: Supply, table: AnyTable, parents: Iterable[str], relation: Relation | None) -> Availability:
    nodes = [supply.graph.nodes[parent] for parent in parents]
    return availability(
        table,
        {node.name: supply.columns[node.id] for node in nodes},
        {node.name: supply.available[node.id] for node in nodes},
        relation=relation,
        ats={node.name: getattr(node.declared, "at", None) for node in nodes},
    )


def _named_columns(table: AnyTable) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("key", table.key),
        ("at", (table.at,) if table.at else ()),
        ("required", table.required),
        ("available", tuple(name for name, _ in table.available)),
        ("units", tuple(name for name, _ in table.units)),
        ("classification", tuple(name for name, _ in table.classification)),
        ("promises", tuple(one.column for one in table.promises)),
    )


def _has(types: Types, name: str) -> bool:
    return name.lower() in {known.lower() for known in types}


def _no_column(place: Place, what: str, name: str, types: Types) -> Finding:
    return Finding(
        "column-missing",
        place,
        f"{what} names {name}, and there is no such column{nearest(name, types)}",
        mend=f"mend the name; the columns are {', '.join(types)}",
    )


def _supply_corpus(supply: Supply, binder: Binder, node: Node, corpus: Corpus) -> None:
    own = binder.bind_select(corpus.examples, corpus.place)
    types = {EXAMPLE: "BIGINT", **own}
    faults = _corpus_faults(corpus, types)
    if faults:
        raise ProjectError([*faults, *_feature_faults(supply, corpus, types)])
    types = {name: "TIMESTAMP WITH TIME ZONE" if name == corpus.at else dtype for name, dtype in types.items()}
    supply.columns[f"examples:{corpus.name}"] = types
    relations = [parent for parent in node.parents if not parent.startswith("feature:")]
    examples = Table(corpus.name, corpus.owner, corpus.place, corpus.examples, corpus.parents, at=corpus.at)
    relation = binder.relation(corpus.examples, own)
    known = _available(supply, examples, relations, relation)
    supply.relations[f"examples:{corpus.name}"] = relation
    supply.available[f"examples:{corpus.name}"] = known
    supply.label_known[node.id] = _label_known(corpus, types, known, binder)
    supply.inputs[node.id] = _inputs(supply, corpus, types)
    used = {name for part in corpus.features if isinstance(part, Columns) for name in part.names}
    if corpus.label_available is None:
        used.add(corpus.label)
    _refuse_lost(known, examples, used, corpus.place)


def _corpus_faults(corpus: Corpus, types: Types) -> list[Finding]:
    wanted = [("at", corpus.at), ("label", corpus.label), *(("entity", name) for name in corpus.entity)]
    wanted += [("columns()", name) for part in corpus.features if isinstance(part, Columns) for name in part.names]
    faults = [_no_column(corpus.place, what, name, types) for what, name in wanted if name not in types]
    if corpus.at in types and not types[corpus.at].startswith(("TIMESTAMP", "DATE")):
        mend = "give a timestamp: when the answer is wanted"
        message = f"{corpus.at} of the examples is {types[corpus.at]}, no time"
        faults.append(Finding("type-mismatch", corpus.place, message, mend=mend))
    own = [name for part in corpus.features if isinstance(part, Columns) for name in part.names]
    if corpus.label in own:
        message = f"the label {corpus.label} is among the features"
        faults.append(Finding("label-is-feature", corpus.place, message, mend="take it out of bl.columns()"))
    return faults


def _label_known(corpus: Corpus, types: Types, known: Availability, binder: Binder) -> str | None:
    if corpus.label_available is None:
        return known.of(corpus.label)
    binder.bind_declared(f"examples of {corpus.name}", tuple(types.items()), corpus.place)
    _time(binder, f"examples of {corpus.name}", corpus.label_available, corpus.place, "label_available")
    return corpus.label_available


def _inputs(supply: Supply, corpus: Corpus, types: Types) -> tuple[str, ...]:
    """The inputs' names in order; each feature is compiled once to see that it can be."""
    inputs: list[str] = []
    made: list[str] = list(_RESERVED)
    faults = _feature_faults(supply, corpus, types)
    for part in corpus.features:
        if isinstance(part, Columns):
            inputs.extend(part.names)
            continue
        node = supply.graph.nodes[f"feature:{part}"]
        assert isinstance(node.declared, Aggregate | Latest)
        outputs = [output[0] for output in node.declared.outputs(part)]
        inputs.extend(outputs)
        made.extend(outputs)
    own = [name for name in types if name != EXAMPLE]
    twice = sorted({name for name in inputs if inputs.count(name) > 1} | (set(made) & set(own)))
    faults += [
        Finding(
            "name-twice", corpus.place, f"two columns of the corpus would be called {name}", mend="rename one of them"
        )
        for name in twice
    ]
    if faults:
        raise ProjectError(faults)
    return tuple(inputs)


def _feature_faults(supply: Supply, corpus: Corpus, types: Types) -> list[Finding]:
    """What keeps the corpus's features from being compiled, or from being known in time."""
    faults: list[Finding] = []
    examples = Examples('"examples"', types, at=corpus.at, id=EXAMPLE)
    for part in corpus.features:
        if isinstance(part, Columns):
            continue
        node = supply.graph.nodes[f"feature:{part}"]
        assert isinstance(node.declared, Aggregate | Latest)
        try:
            compile_feature(part, node.declared, supply.source(node, '"source"'), examples)
            _refuse_lost_feature(supply, node, node.declared)
        except ProjectError as exc:
            faults.extend(exc.findings)
    return faults


def _refuse_lost_feature(supply: Supply, node: Node, feature: Aggregate | Latest) -> None:
    """A feature may not look at a value of which nothing says when it is known."""
    parent = supply.graph.nodes[node.parents[0]]
    if isinstance(parent.declared, AnyTable):
        types = supply.columns[parent.id]
        written = [feature.where] if feature.where else []
        if isinstance(feature, Aggregate):
            written += [value.expression for value in feature.values if value.expression]
        used = {name for sql in written for name in read_expression(sql, types, aggregate=True).columns}
        used |= {*feature.by, feature.at, *(feature.names if isinstance(feature, Latest) else ())}
        _refuse_lost(supply.available[parent.id], parent.declared, used, feature.place)


def _refuse_lost(known: Availability, table: AnyTable, used: Iterable[str], place: Place) -> None:
    names = {name.lower() for name in used}
    needed = [lost for lost in known.lost if lost.column is None or lost.column.lower() in names]
    if needed:
        found = lost_findings(table, replace(known, lost=tuple(needed)))
        raise ProjectError(replace(one, message=f"{one.message}; {place} needs it") for one in found)
