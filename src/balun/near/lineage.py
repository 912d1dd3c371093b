"""Where a node's columns come from, one level up; what decides on its rows; who uses its columns, one level down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Columns, Latest
from balun.chain.graph import Graph, Node
from balun.chain.link import LinkTable, key_columns
from balun.chain.model import Model
from balun.chain.point_in_time.expression import read_expression
from balun.chain.table import PythonTable, Table
from balun.facts.origin import Origin, Origins, origins
from balun.facts.supply import EXAMPLE, LABEL_KNOWN, Supply


@dataclass(frozen=True, order=True)
class Source:
    """A parent's column and what it is used for.

    use: `value`, `filter`, `join`, `group`, `order`; `entity` and `time` of a feature, `label` and `input` of a model.
    """

    node: str
    column: str
    use: str

    def as_json(self) -> dict[str, object]:
        return {"node": self.node, "column": self.column, "use": self.use}


@dataclass(frozen=True)
class Came:
    """sources: None where it can't be told. copy: the parent's column that it is, unchanged, if it is.

    or_null: a copy where there is a row to copy from, else null.
    read: the way that leads to the copied column, so that two reads of one parent are told apart.
    """

    sources: tuple[Source, ...] | None = ()
    copy: Source | None = None
    or_null: bool = False
    read: tuple[object, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """rows: what decides which rows there are; None where it can't be told, and `unknown` says why."""

    columns: Mapping[str, Came] = field(default_factory=dict)
    rows: tuple[Source, ...] | None = ()
    unknown: str | None = None


@dataclass(frozen=True)
class Lineages:
    """Each node's lineage, worked out once: a table with forty columns would be parsed forty times."""

    graph: Graph
    supply: Supply
    _found: dict[str, Lineage] = field(default_factory=dict)

    def of(self, node: str) -> Lineage:
        if node not in self._found:
            self._found[node] = lineage_of(self.graph, self.supply, self.graph.nodes[node])
        return self._found[node]


def lineage_of(graph: Graph, supply: Supply, node: Node) -> Lineage:
    match node.declared:
        case Table() as table:
            return _of_sql(graph, supply, node, table.sql, list(supply.columns[node.id]))
        case LinkTable() as table:
            return _of_link(supply, node, table)
        case PythonTable() as table:
            names = [name for name, _ in table.columns]
            return Lineage(dict.fromkeys(names, Came(None)), None, "a Python function can't be followed")
        case Aggregate() | Latest() as feature:
            chosen = _chosen(supply, node, feature)
            of = _of_aggregate if isinstance(feature, Aggregate) else _of_latest
            return Lineage(of(supply, node, chosen), chosen)
        case Corpus() as corpus:
            return _of_corpus(graph, supply, node, corpus)
        case Model() as model:
            return _of_model(graph, supply, node, model)
        case _:
            return Lineage()


def examples_lineage(graph: Graph, supply: Supply, node: Node, corpus: Corpus) -> Lineage:
    names = [name for name in supply.columns[f"examples:{corpus.name}"] if name != EXAMPLE]
    return _of_sql(graph, supply, node, corpus.examples, names)


def _of_sql(graph: Graph, supply: Supply, node: Node, sql: str, outputs: list[str]) -> Lineage:
    relations = [parent for parent in graph.parents(node) if parent.kind in {"event", "table"}]
    found = origins(sql, {parent.name: supply.columns[parent.id] for parent in relations})
    ids = {parent.name.lower(): parent.id for parent in relations}
    columns = {name: _came(found, name, ids) for name in outputs}
    return Lineage(columns, None if found.rows is None else _sources(found.rows, ids), found.unknown)


def _came(found: Origins, name: str, ids: Mapping[str, str]) -> Came:
    told = found.columns.get(name)
    if told is None:
        return Came(None)
    kept = found.passes.get(name)
    copy = Source(ids[kept.parent.lower()], kept.column, "value") if kept else None
    return Came(_sources(told, ids), copy, kept.extended if kept else False, kept.read if kept else ())


def _sources(found: Iterable[Origin], ids: Mapping[str, str]) -> tuple[Source, ...]:
    return tuple(Source(ids[one.parent.lower()], one.column, one.use) for one in sorted(found))


def _of_link(supply: Supply, node: Node, table: LinkTable) -> Lineage:
    """Keys are copied; who belongs together comes of the keys and of all that is compared."""
    compared: list[Source] = []
    columns: dict[str, Came] = {}
    for parent, key, told in zip(node.parents, table.keys, key_columns(table.linking, table.keys), strict=True):
        types = supply.columns[parent]
        compared += [Source(parent, _spelt(types, name), "join") for name, _ in table.linking.on]
        for name, as_ in zip(key, told, strict=True):
            copy = Source(parent, _spelt(types, name), "value")
            columns[as_] = Came((copy,), copy)
    seen = tuple(one for came in columns.values() for one in came.sources or ())
    made = Came((*seen, *(Source(one.node, one.column, "value") for one in compared)))
    rest = {name: made for name, _ in table.columns if name not in columns}
    return Lineage({**columns, **rest}, tuple(compared) if table.linking.right else ())


def _of_aggregate(supply: Supply, node: Node, chosen: tuple[Source, ...]) -> dict[str, Came]:
    feature = node.declared
    assert isinstance(feature, Aggregate)
    columns = {}
    for name, value, _ in feature.outputs(node.name):
        used = _read(supply, node, value.expression, aggregate=True)
        columns[name] = Came((*(Source(node.parents[0], column, "value") for column in used), *chosen))
    return columns


def _of_latest(supply: Supply, node: Node, chosen: tuple[Source, ...]) -> dict[str, Came]:
    feature = node.declared
    assert isinstance(feature, Latest)
    columns = {}
    for name, column in feature.outputs(node.name):
        copy = Source(node.parents[0], _spelt(supply.columns[node.parents[0]], column), "value")
        columns[name] = Came((copy, *chosen), copy, or_null=True)
    return columns


def _chosen(supply: Supply, node: Node, feature: Aggregate | Latest) -> tuple[Source, ...]:
    """What decides which of the source's rows count for an example."""
    names = supply.columns[node.parents[0]]
    used = [(_spelt(names, name), "entity") for name in feature.by] + [(_spelt(names, feature.at), "time")]
    used += [(name, "filter") for name in _read(supply, node, feature.where)]
    return tuple(Source(node.parents[0], name, use) for name, use in used)


def _read(supply: Supply, node: Node, sql: str | None, *, aggregate: bool = False) -> tuple[str, ...]:
    return read_expression(sql, supply.columns[node.parents[0]], aggregate=aggregate).columns if sql else ()


def _spelt(names: Iterable[str], name: str) -> str:
    return next((known for known in names if known.lower() == name.lower()), name)


def _of_corpus(graph: Graph, supply: Supply, node: Node, corpus: Corpus) -> Lineage:
    """Columns that stand in the corpus's rows, and those of the examples that it drops."""
    examples = examples_lineage(graph, supply, node, corpus)
    columns = dict(examples.columns)
    known = supply.label_known[node.id]
    used = read_expression(known, supply.columns[f"examples:{corpus.name}"]).columns if known else ()
    columns[LABEL_KNOWN] = _together([columns.get(name, Came(None)) for name in used])
    for part in corpus.features:
        if not isinstance(part, Columns):
            feature = graph.nodes[f"feature:{part}"].declared
            assert isinstance(feature, Aggregate | Latest)
            for output in feature.outputs(part):
                copy = Source(f"feature:{part}", output[0], "value")
                columns[output[0]] = Came((copy,), copy)
    return Lineage(columns, examples.rows, examples.unknown)


def _together(parts: Iterable[Came]) -> Came:
    found: set[Source] = set()
    for part in parts:
        if part.sources is None:
            return Came(None)
        found.update(part.sources)
    return Came(tuple(sorted(found)))


def _of_model(graph: Graph, supply: Supply, node: Node, model: Model) -> Lineage:
    corpus = graph.nodes[node.parents[0]]
    assert isinstance(corpus.declared, Corpus)
    columns = {}
    for name in supply.inputs[corpus.id]:
        copy = Source(corpus.id, name, "input")
        columns[name] = Came((copy,), copy)
    decides = [(corpus.declared.label, "label"), (corpus.declared.at, "time"), (LABEL_KNOWN, "time")]
    decides += [(name, "slice") for name in model.slices]
    return Lineage(columns, tuple(Source(corpus.id, name, use) for name, use in decides))


def uses_of(lineages: Lineages, node: Node) -> dict[str, dict[str, tuple[str, ...]]]:
    """By column of the node, by child's id, what the child uses it for; under `*` where that can't be told."""
    found: dict[str, dict[str, set[str]]] = {}
    for child in lineages.graph.children(node):
        lineage = lineages.of(child.id)
        told = [came.sources for came in lineage.columns.values()] + [lineage.rows]
        for sources in told:
            if sources is None:
                found.setdefault("*", {}).setdefault(child.id, set()).add("value")
            for source in sources or ():
                if source.node == node.id:
                    found.setdefault(source.column, {}).setdefault(child.id, set()).add(source.use)
    return {
        column: {child: tuple(sorted(uses)) for child, uses in children.items()} for column, children in found.items()
    }
