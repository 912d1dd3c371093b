"""Which columns of its source a feature's column is made of."""

from __future__ import annotations

from balun.chain.feature import Aggregate, Latest
from balun.chain.point_in_time.expression import read_expression
from balun.facts.known import Chain
from balun.facts.supply import EXAMPLE
from balun.quoting import quoted


def sources_of(chain: Chain, id_: str, name: str) -> list[tuple[str, str]]:
    """Node and column, in order: what the value is computed from, then when and by what its rows are found."""
    node = chain.node(id_)
    corpus = id_.split("@", maxsplit=1)[1]
    feature, parent = node.declared, node.parents[0]
    assert isinstance(feature, Aggregate | Latest)
    if name == EXAMPLE:
        return [(f"examples:{corpus}", EXAMPLE)]
    types = chain.supply.columns[parent]
    written = [*_values(node.name, feature, name), *([feature.where] if feature.where else [])]
    read = [column for sql in written for column in read_expression(sql, types, aggregate=True).columns]
    spelt = {column.lower(): column for column in chain.nodes[parent].columns}
    names = [spelt[column.lower()] for column in (*read, feature.at)]
    return [(parent, column) for column in dict.fromkeys(names)]


def _values(name: str, feature: Aggregate | Latest, column: str) -> list[str]:
    """The SQL over the source's columns that a value is computed from; none for a plain count of rows."""
    if isinstance(feature, Latest):
        return [quoted(source) for output, source in feature.outputs(name) if output == column]
    return [value.expression for output, value, _ in feature.outputs(name) if output == column and value.expression]
