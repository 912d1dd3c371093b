"""Rows of any node with those that they were made from."""

from __future__ import annotations

from balun.chain.graph import Node
from balun.near.dtypes import dtypes_of
from balun.near.feature_samples import feature_samples
from balun.near.lineage import Lineages
from balun.near.model_samples import model_samples
from balun.near.relation_samples import relation_samples
from balun.near.rows import Rows, columns_in, snapshot_of
from balun.near.sample import OLDER, Samples


def samples_of(lineages: Lineages, rows: Rows, node: Node) -> Samples:
    made = snapshot_of(lineages.graph, rows, node)
    if node.kind == "surface":
        return Samples(note="a surface has no rows of its own")
    if made is None:
        unused = node.kind == "feature" and not lineages.graph.children(node)
        return Samples(note="no corpus uses it, so it has no rows" if unused else "no rows yet: run the project")
    if node.kind == "model":
        return model_samples(lineages, rows, node, made)
    if not set(dtypes_of(lineages.graph, lineages.supply, node)) <= set(columns_in(made)):
        return Samples(note=OLDER)
    if node.kind == "feature":
        return feature_samples(lineages, rows, node, made)
    return relation_samples(lineages, rows, node, made)
