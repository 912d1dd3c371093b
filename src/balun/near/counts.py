"""How many rows go through a step, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from balun.chain.graph import Graph, Node
from balun.near.rows import Rows, count_of, snapshot_of
from balun.snapshot import Snapshot

_PARTS = {
    "event": ("collected", "kept", "quarantined", "duplicates"),
    "corpus": ("examples", "unlabelled"),
    "model": ("train", "test", "embargoed", "unlabelled"),
}


@dataclass(frozen=True)
class Counts:
    """rows: of the node as of the last run; None before one.

    parts: what its step made of what it was given, in order: `collected`, `kept`, `quarantined`, `duplicates` of an
    event, `examples` and `unlabelled` of a corpus, `train`, `test`, `embargoed` and `unlabelled` of a model.
    reasons: why rows of an event were set aside, `(rows, message)`, the most frequent first.
    """

    rows: int | None = None
    parts: tuple[tuple[str, int], ...] = ()
    reasons: tuple[tuple[int, str], ...] = ()

    def as_json(self) -> dict[str, object]:
        reasons = [{"rows": rows, "message": message} for rows, message in self.reasons]
        return {"rows": self.rows, **dict(self.parts), "reasons": reasons}


@dataclass(frozen=True)
class Tested:
    """A model's metric on its test rows, with its 95 % interval; None for a bound that can't be told."""

    metric: str
    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        within = f" ({self.low:.4g} to {self.high:.4g})" if self.low is not None and self.high is not None else ""
        return f"{self.metric} {self.value:.4g}{within}"


def counts_of(graph: Graph, rows: Rows, node: Node) -> Counts:
    made = snapshot_of(graph, rows, node)
    if made is None:
        return Counts()
    return Counts(count_of(made), tuple(_parts(node, made)), tuple(_reasons(made)))


def _parts(node: Node, made: Snapshot) -> Iterator[tuple[str, int]]:
    told: object = _split(made) if node.kind == "model" else made.info
    names: tuple[str, ...] = _PARTS.get(node.kind, ())
    if node.kind == "event":
        told = made.info.get("collected")
    if isinstance(told, Mapping):
        yield from ((name, told[name]) for name in names if isinstance(told.get(name), int))


def _split(made: Snapshot) -> dict[str, object]:
    told = made.info.get("result")
    if not isinstance(told, Mapping):
        return {}
    stretches = {name: told[name].get("rows") for name in ("train", "test") if isinstance(told.get(name), Mapping)}
    return {**stretches, "embargoed": told.get("embargoed"), "unlabelled": told.get("unlabelled")}


def _reasons(made: Snapshot) -> Iterator[tuple[int, str]]:
    told = made.info.get("collected")
    if isinstance(told, Mapping):
        yield from ((one["rows"], one["message"]) for one in told.get("reasons", ()))


def tested(graph: Graph, rows: Rows, node: Node) -> Tested | None:
    made = snapshot_of(graph, rows, node) if node.kind == "model" else None
    told = made.info.get("result") if made else None
    if not isinstance(told, Mapping) or told.get("value") is None:
        return None
    return Tested(str(told["metric"]), told["value"], told.get("low"), told.get("high"))


def importances_of(graph: Graph, rows: Rows, node: Node) -> dict[str, float]:
    """How much worse a model's metric is when an input is shuffled, by input; empty before a run."""
    made = snapshot_of(graph, rows, node) if node.kind == "model" else None
    told = made.info.get("result") if made else None
    found = told.get("importances", ()) if isinstance(told, Mapping) else ()
    return {str(one["input"]): one["drop"] for one in found if one["drop"] is not None}
