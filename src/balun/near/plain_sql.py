"""A feature compiled for no rows in particular, over relations called `source` and `examples`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from balun.chain.feature import Aggregate, Latest
from balun.chain.graph import Node
from balun.chain.point_in_time import Examples, compile_feature
from balun.facts.supply import EXAMPLE, Supply


@dataclass(frozen=True)
class PlainSql:
    """source, examples: the columns of the two relations with their DuckDB types."""

    sql: str
    source: Mapping[str, str]
    examples: Mapping[str, str]


def plain_sql(supply: Supply, node: Node) -> PlainSql:
    """The examples hold only what the feature goes by; the types of its outputs don't depend on them."""
    feature = node.declared
    assert isinstance(feature, Aggregate | Latest)
    source = supply.source(node, "source")
    types = {name.lower(): dtype for name, dtype in source.columns.items()}
    at = next(name for name in ("at", "at_", "at__") if name not in feature.by)
    columns = {EXAMPLE: "BIGINT", **{name: types[name.lower()] for name in feature.by}, at: "TIMESTAMP WITH TIME ZONE"}
    sql = compile_feature(node.name, feature, source, Examples("examples", columns, at=at, id=EXAMPLE))
    return PlainSql(sql, source.columns, columns)
