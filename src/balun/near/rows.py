"""Where `near` finds what it shows: what the chain supplies, and the rows of the last run."""

from __future__ import annotations

from typing import Protocol

import duckdb

from balun.chain.graph import Graph, Node
from balun.engine import Engine
from balun.facts.supply import Supply
from balun.quoting import in_parquet
from balun.snapshot import Snapshot, damaged

Row = dict[str, object]


class Rows(Protocol):
    """current: the snapshot of a step as of the last run; None where there is none."""

    @property
    def supply(self) -> Supply: ...

    def current(self, step: str) -> Snapshot | None: ...


def step_of(graph: Graph, node: Node) -> str | None:
    """The step that makes the node; of a feature, that for the first corpus that uses it; None where there is none."""
    if node.kind == "surface":
        return None
    if node.kind != "feature":
        return node.id
    corpora = graph.children(node)
    return f"{node.id}@{corpora[0].name}" if corpora else None


def snapshot_of(graph: Graph, rows: Rows, node: Node) -> Snapshot | None:
    step = step_of(graph, node)
    return rows.current(step) if step else None


def count_of(snapshot: Snapshot | None) -> int | None:
    return snapshot.count if snapshot else None


def parquet(snapshot: Snapshot, file: str = "rows.parquet") -> str:
    """SQL for FROM."""
    return in_parquet(snapshot.folder / file)


def ask(sql: str, snapshot: Snapshot) -> list[Row]:
    """What a SELECT over Parquet files gives. Raises ProjectError where a file of `snapshot` is damaged."""
    with Engine(threads=2) as engine:
        try:
            found: list[Row] = engine.connection.sql(sql).to_arrow_table().to_pylist()
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise damaged(snapshot, str(exc).splitlines()[0]) from exc
    return found


def columns_in(snapshot: Snapshot) -> list[str]:
    """Of its rows as they lie there, which may be older than the declarations."""
    return [str(row["column_name"]) for row in ask(f"DESCRIBE SELECT * FROM {parquet(snapshot)}", snapshot)]
