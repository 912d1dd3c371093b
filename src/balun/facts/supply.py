"""What the chain supplies at each node: columns with their types, keys, and when values can be known. No rows are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.point_in_time import Examples, Source, compile_feature
from balun.chain.table import PythonTable, Table
from balun.errors import ProjectError, nearest
from balun.facts.available import Availability, availability
from balun.facts.dtype import Binder
from balun.finding import Finding, Place

EXAMPLE = "example"
LABEL_KNOWN = "label_known"
Types = Mapping[str, str]
_RESERVED = (EXAMPLE, LABEL_KNOWN)


@dataclass
class Supply:
    """Filled by `supply_of`, read by everybody else."""

    graph: Graph
    findings: list[Finding] = field(default_factory=list)
    _types: dict[str, Types] = field(default_factory=dict)
    _available: dict[str, Availability] = field(default_factory=dict)
    _inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _label_known: dict[str, str | None] = field(default_factory=dict)

    def columns(self, node: str) -> Types:
        """Columns and their DuckDB types, in order, of an event, a table or a feature."""
        return self._types[node]

    def examples(self, corpus: str) -> Types:
        """Of a corpus's examples, their number first."""
        return self._types[corpus.replace("corpus:", "examples:")]

    def available(self, node: str) -> Availability:
        """When values can first be known, as SQL over the node's own columns; of a table, an event or `examples:NAME`."""
        return self._available[node]

    def key(self, node: str) -> tuple[str, ...]:
        declared = self.graph.nodes[node].declared
        assert isinstance(declared, Contract | Table | PythonTable)
        return declared.key

    def zone(self, node: str) -> str:
        """The zone in which windows of local days are counted: that of a contract's own time, else the project's."""
        return self.graph.config.zone

    def inputs(self, corpus: str) -> tuple[str, ...]:
        """Columns of a corpus that a model is fed, in order."""
        return self._inputs[corpus]

    def label_known(self, corpus: str) -> str | None:
        """SQL over the examples' columns; None: at the example's own time."""
        return self._label_known[corpus]


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
            supply._types[node.id] = binder.bind_event(contract)
            own = {column.name: column.available for column in contract.columns if column.available}
            supply._available[node.id] = _whole_event(contract, own, binder)
        case Table() | PythonTable() as table:
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


def _supply_table(supply: Supply, binder: Binder, node: Node, table: Table | PythonTable) -> None:
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
    parents = {supply.graph.nodes[parent].name: supply.available(parent) for parent in node.parents}
    columns = {supply.graph.nodes[parent].name: supply.columns(parent) for parent in node.parents}
    supply._types[node.id] = types
    supply._available[node.id] = availability(table, columns, parents)


def _named_columns(table: Table | PythonTable) -> tuple[tuple[str, tuple[str, ...]], ...]:
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
    graph = supply.graph
    types = {EXAMPLE: "BIGINT", **binder.bind_select(corpus.examples, corpus.place)}
    faults = _corpus_faults(corpus, types)
    if faults:
        raise ProjectError(faults)
    types = {name: "TIMESTAMP WITH TIME ZONE" if name == corpus.at else dtype for name, dtype in types.items()}
    supply._types[f"examples:{corpus.name}"] = types
    relations = [graph.nodes[parent] for parent in node.parents if not parent.startswith("feature:")]
    parents = {parent.name: supply.available(parent.id) for parent in relations}
    columns = {parent.name: supply.columns(parent.id) for parent in relations}
    examples = Table(corpus.name, corpus.owner, corpus.place, corpus.examples, corpus.parents, at=corpus.at)
    known = availability(examples, columns, parents)
    supply._available[f"examples:{corpus.name}"] = known
    supply._label_known[node.id] = _label_known(corpus, types, known, binder)
    supply._inputs[node.id] = _inputs(supply, corpus, types)


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
        return known.columns.get(corpus.label, known.row)
    binder.bind_declared(f"examples of {corpus.name}", tuple(types.items()), corpus.place)
    _time(binder, f"examples of {corpus.name}", corpus.label_available, corpus.place, "label_available")
    return corpus.label_available


def _inputs(supply: Supply, corpus: Corpus, types: Types) -> tuple[str, ...]:
    """The inputs' names in order; each feature is compiled once to see that it can be."""
    inputs: list[str] = []
    made: list[str] = list(_RESERVED)
    faults: list[Finding] = []
    for part in corpus.features:
        if isinstance(part, Columns):
            inputs.extend(part.names)
            continue
        node = supply.graph.nodes[f"feature:{part}"]
        assert isinstance(node.declared, Aggregate | Latest)
        examples = Examples('"examples"', types, at=corpus.at, id=EXAMPLE)
        try:
            compile_feature(part, node.declared, source_of(supply, node, '"source"'), examples)
        except ProjectError as exc:
            faults.extend(exc.findings)
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


def source_of(supply: Supply, feature: Node, relation: str) -> Source:
    """What a feature reads, at that place in SQL."""
    parent = feature.parents[0]
    known = supply.available(parent)
    return Source(
        relation=relation,
        columns=supply.columns(parent),
        key=supply.key(parent),
        available=known.columns,
        row_available=known.row,
        zone=supply.zone(parent),
    )
