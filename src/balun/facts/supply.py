"""What the chain supplies at each node: columns, their types, and when values can be known. No rows are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.point_in_time import Examples, Source, compile_feature
from balun.chain.point_in_time.expression import read_expression
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.errors import ProjectError, nearest
from balun.facts.available import Availability, availability, lost_findings
from balun.facts.dtype import Binder
from balun.finding import Finding, Place

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
    """

    graph: Graph
    columns: dict[str, Types] = field(default_factory=dict)
    available: dict[str, Availability] = field(default_factory=dict)
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    label_known: dict[str, str | None] = field(default_factory=dict)

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


def supply_of(graph: Graph) -> Supply:
    """Bind every declaration to what is above it. Raises ProjectError with all that doesn't fit."""
    supply = Supply(graph)
    faults: list[Finding] = []
    broken: set[str] = set()
    with Binder() as binder:
        for node in graph:
            if broken & set(node.parents):
                broken.add(node.id)  # what is above it says why
                continue
            try:
                _supply_node(supply, binder, node)
            except ProjectError as exc:
                broken.add(node.id)
                faults.extend(_with_owner(exc, node))
    if faults:
        raise ProjectError(faults)
    return supply


def _with_owner(exc: ProjectError, node: Node) -> list[Finding]:
    return [found if found.owner else replace(found, owner=node.owner) for found in exc.findings]


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
    supply.available[node.id] = _available(supply, table, node.parents, types)


def _available(supply: Supply, table: AnyTable, parents: Iterable[str], types: Types) -> Availability:
    nodes = [supply.graph.nodes[parent] for parent in parents]
    return availability(
        table,
        {node.name: supply.columns[node.id] for node in nodes},
        {node.name: supply.available[node.id] for node in nodes},
        outputs=list(types),
        ats={node.name: getattr(node.declared, "at", None) for node in nodes},
    )


def _named_columns(table: AnyTable) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("key", table.key),
        ("at", (table.at,) if table.at else ()),
        ("required", table.required),
        ("available", tuple(name for name, _ in table.available)),
        ("units", tuple(name for name, _ in table.units)),
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
    known = _available(supply, examples, relations, own)
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
