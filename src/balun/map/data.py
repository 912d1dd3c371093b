"""The chain as plain data."""

from __future__ import annotations

from balun.chain.graph import Graph
from balun.chain.needed import needed


def as_json(graph: Graph) -> dict[str, object]:
    """Nodes with parents before children; edges in the order of their lower ends; interfaces between owners."""
    return {
        "project": graph.config.name,
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind,
                "name": node.name,
                "owner": node.owner,
                "place": str(node.declared.place),
            }
            for node in graph
        ],
        "edges": [{"from": parent, "to": node.id} for node in graph for parent in node.parents],
        "interfaces": [
            {
                "supplier": found.supplier.id,
                "supplier_owner": found.supplier.owner,
                "consumer": found.consumer.id,
                "consumer_owner": found.consumer.owner,
            }
            for found in graph.interfaces()
        ],
        "needs": [one.as_json() for one in needed(graph)],
    }
