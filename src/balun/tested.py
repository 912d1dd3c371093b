"""What the record of the last run tells of promises. No rows are read, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from balun.chain.graph import Graph, Node
from balun.rules.tested import UNTESTED, Broken, SetAside, Tested, TestedNode
from balun.snapshot import Json, Store


def tested_of(graph: Graph) -> Tested:
    """Of events and tables whose contract, SQL or code is still what the last run made them from."""
    store = Store(graph.config.snapshots)
    if not store.is_there():
        return UNTESTED
    try:
        found = {node.id: _tested(node, graph, store) for kind in ("event", "table") for node in graph.of(kind)}
    finally:
        store.close()
    return {id_: one for id_, one in found.items() if one is not None}


def _tested(node: Node, graph: Graph, store: Store) -> TestedNode | None:
    from balun.plan import is_declared_alike

    snapshot = store.current(node.id)
    if snapshot is None or not is_declared_alike(node, graph, snapshot.ingredients):
        return None
    broken = tuple(Broken(_column(one), str(one["message"])) for one in _listed(snapshot.info.get("findings")))
    collected = snapshot.info.get("collected")
    told = collected if isinstance(collected, Mapping) else {}
    return TestedNode(_number(told.get("collected")), broken, tuple(_set_aside(told)))


def _set_aside(told: Json) -> Iterator[SetAside]:
    for one in _listed(told.get("reasons")):
        yield SetAside(_column(one), str(one["message"]), _number(one.get("rows")))


def _column(told: Json) -> str | None:
    column = told.get("column")
    return str(column) if column else None


def _listed(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
