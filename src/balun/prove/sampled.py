"""A project with fewer rows: a stretch of time of each event, the same one for all, so that what joins goes on to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from balun.build import Bench, build
from balun.chain.contract import Contract, over
from balun.chain.graph import Graph
from balun.engine import Engine
from balun.facts.supply import Supply
from balun.plan import make_plan
from balun.quoting import in_parquet, literal, quoted
from balun.run import event_files
from balun.snapshot import Snapshot, Store

Say = Callable[[str], None]
# Where the stretch begins in the event with the most rows: some have come before.
_FROM = 0.25


@dataclass(frozen=True)
class Sampled:
    """graph: the project over some of its rows. rows: of each event, by node id, the file that they lie in."""

    graph: Graph
    rows: Mapping[str, Path]

    def contract(self, event: str) -> Contract:
        declared = self.graph.nodes[event].declared
        assert isinstance(declared, Contract)
        return declared


def sampled(graph: Graph, supply: Supply, store: Store, most: int, say: Say) -> Sampled:
    """most: rows of an event, about. Rows that break their contract are set aside first."""
    kept = _collected(graph, supply, store, say)
    folder = store.folder / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    nodes = dict(graph.nodes)
    files: dict[str, Path] = {}
    with Engine(threads=1) as engine:
        connection = engine.connection
        stretch = _stretch(graph, kept, connection, most)
        for id_, made in kept.items():
            contract = graph.nodes[id_].declared
            assert isinstance(contract, Contract)
            files[id_] = folder / f"{contract.name}.parquet"
            _write(connection, contract, made.rows, files[id_], stretch, most)
            nodes[id_] = replace(graph.nodes[id_], declared=over(contract, files[id_]))
    return Sampled(Graph(graph.config, nodes), files)


def _collected(graph: Graph, supply: Supply, store: Store, say: Say) -> dict[str, Snapshot]:
    plan = make_plan(graph, supply, event_files(graph), store)
    made: dict[str, Snapshot] = {}
    for step in plan:
        if step.node.kind == "event":
            say(f"reading {step.node.name}")
            found = store.find(step.name)
            made[step.id] = found or build(Bench(graph, supply, store, made, say), step)
    return made


def _stretch(
    graph: Graph, kept: Mapping[str, Snapshot], connection: duckdb.DuckDBPyConnection, most: int
) -> tuple[str, str] | None:
    """From when to when the event with the most rows has as many as are wanted; None where all are few enough."""
    timed = {id_: node.declared.time for id_ in kept if isinstance((node := graph.nodes[id_]).declared, Contract)}
    counts = {id_: int(str(made.info["rows"])) for id_, made in kept.items() if timed[id_] is not None}
    largest = max(counts, key=counts.__getitem__, default=None)
    if largest is None or counts[largest] <= most:
        return None
    column = timed[largest]
    assert column is not None
    first = min(int(counts[largest] * _FROM), counts[largest] - most)
    name = quoted(column.name)
    asked = (
        f"SELECT {name}::VARCHAR FROM {in_parquet(kept[largest].rows)} "
        f"WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 1 OFFSET "
    )
    ends = [connection.execute(f"{asked}{place}").fetchall() for place in (first, first + most)]
    return (ends[0][0][0], ends[1][0][0]) if all(ends) else None


def _write(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    rows: Path,
    to: Path,
    stretch: tuple[str, str] | None,
    most: int,
) -> None:
    read = in_parquet(rows)
    column = contract.time
    wanted = "true"
    if stretch is not None and column is not None:
        name = quoted(column.name)
        low, high = (f"{literal(end)}::{column.dtype}" for end in stretch)
        wanted = f"({name} IS NULL OR {name} BETWEEN {low} AND {high})"
    names = contract.key or tuple(one.name for one in contract.columns)
    by = f"hash({', '.join(map(quoted, names))}), {', '.join(map(quoted, names))}"
    count = connection.execute(f"SELECT count(*) FROM {read} WHERE {wanted}").fetchall()[0][0]
    if count > 4 * most:
        wanted += f" QUALIFY row_number() OVER (ORDER BY {by}) <= {4 * most}"
    if not count:  # it has no rows in that stretch
        wanted = f"true QUALIFY row_number() OVER (ORDER BY {by}) <= {most}"
    connection.execute(f"COPY (SELECT * FROM {read} WHERE {wanted}) TO {literal(str(to))} (FORMAT parquet)")
