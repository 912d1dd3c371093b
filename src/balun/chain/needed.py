"""What models were measured to need of captured columns, as seen from either end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.chain.needs import Need


@dataclass(frozen=True)
class Needed:
    """model: whose need it is, in its metric."""

    model: Node
    metric: str
    need: Need

    def __str__(self) -> str:
        return f"{self.model.name} needs {self.need.words(self.metric)}"

    def as_json(self) -> dict[str, object]:
        told = {name: value for name, value in asdict(self.need).items() if name != "place"}
        return {"model": self.model.name, "owner": self.model.owner, "metric": self.metric, **told}


def needed(graph: Graph, node: Node | None = None, column: str | None = None) -> tuple[Needed, ...]:
    """Of all models; of one event, or of one of its columns; of one model. The most worth of each model first."""
    found = _all(graph)
    if node is None:
        return tuple(found)
    if node.kind == "model":
        return tuple(one for one in found if one.model.id == node.id)
    name = node.name.lower() if node.kind == "event" else None
    return tuple(
        one
        for one in found
        if one.need.event.lower() == name and (column is None or one.need.column.lower() == column.lower())
    )


def _all(graph: Graph) -> Iterator[Needed]:
    for node in graph.of("model"):
        model = node.declared
        if isinstance(model, Model) and model.needs is not None:
            yield from (Needed(node, model.needs.metric, need) for need in model.needs.needs)
