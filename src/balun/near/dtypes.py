"""A node's columns and their DuckDB types, from the declarations: the same before and after a run."""

from __future__ import annotations

from collections.abc import Mapping

from balun.chain.corpus import Corpus
from balun.chain.feature import Columns
from balun.chain.graph import Graph, Node
from balun.engine import Engine
from balun.facts.supply import EXAMPLE, LABEL_KNOWN, Supply
from balun.near.plain_sql import plain_sql
from balun.plan import slices_of
from balun.quoting import quoted

_TIME = "TIMESTAMP WITH TIME ZONE"


def dtypes_of(graph: Graph, supply: Supply, node: Node) -> Mapping[str, str]:
    """Of a feature its outputs; of a model its inputs; of a surface none."""
    match node.kind:
        case "event" | "table":
            return supply.columns[node.id]
        case "feature":
            return _of_feature(supply, node)
        case "corpus":
            return _of_corpus(graph, supply, node)
        case "model":
            whole = _of_corpus(graph, supply, graph.nodes[node.parents[0]])
            return {name: whole[name] for name in supply.inputs[node.parents[0]]}
    return {}


def _of_feature(supply: Supply, node: Node) -> dict[str, str]:
    """Bound against relations without rows."""
    plain = plain_sql(supply, node)
    with Engine(threads=1) as engine:
        for relation, told in (("source", plain.source), ("examples", plain.examples)):
            declared = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in told.items())
            engine.connection.execute(f"CREATE TABLE {relation} ({declared})")
        found = engine.connection.execute(f"DESCRIBE {plain.sql}").fetchall()
    return {str(row[0]): str(row[1]) for row in found if row[0] != EXAMPLE}


def _of_corpus(graph: Graph, supply: Supply, node: Node) -> dict[str, str]:
    """As they stand in its rows: what tells an example from others, the label, and the inputs."""
    corpus = node.declared
    assert isinstance(corpus, Corpus)
    known: dict[str, str] = {**supply.columns[f"examples:{corpus.name}"], LABEL_KNOWN: _TIME}
    for part in corpus.features:
        if not isinstance(part, Columns):
            known.update(_of_feature(supply, graph.nodes[f"feature:{part}"]))
    inputs = supply.inputs[node.id]
    own = dict.fromkeys([corpus.at, *corpus.entity, corpus.label, *sorted(slices_of(graph, node))])
    names = [*(name for name in own if name not in inputs), LABEL_KNOWN, *inputs]
    return {name: known[name] for name in names}
