"""Everything there is to see around one node."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.chain.needed import Needed, needed
from balun.chain.table import PythonTable, Table
from balun.joins.made import Made, made_joins
from balun.near.columns import Column, columns_of, row_known, row_lost
from balun.near.counts import Counts, Tested, counts_of, importances_of, tested
from balun.near.lineage import Lineages, Source
from balun.near.making import Making, making_of
from balun.near.plain import plain
from balun.near.rows import Row, Rows, ask, parquet, snapshot_of
from balun.near.sample import SAMPLES, Samples
from balun.near.samples import samples_of


@dataclass(frozen=True)
class Part:
    """The node itself, or one beside it. interface: its owner is another than the node's."""

    node: Node
    making: Making
    counts: Counts
    tested: Tested | None
    interface: bool

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.node.id,
            "kind": self.node.kind,
            "name": self.node.name,
            "owner": self.node.owner,
            "interface": self.interface,
            "place": str(self.node.declared.place),
            "description": getattr(self.node.declared, "description", None),
            "made": self.making.as_json(),
            "counts": self.counts.as_json(),
            "test": dataclasses.asdict(self.tested) if self.tested else None,
        }


@dataclass(frozen=True)
class Near:
    """One level up and one level down of a node.

    known: times that must have passed for a row to be known; empty: its own.
    known_lost: rows are known late, and nothing says when.
    decides: what decides which rows there are; None where that can't be told, and `unknown` says why.
    quarantined: a few of an event's rows that were set aside, in raw form.
    findings: what the last run found wrong with its rows, as plain data.
    importances: of a model, how much worse its metric is when an input is shuffled.
    needs: of an event, what models were measured to need of it; of a model, what it needs.
    joins: those of a table's SQL, or of a corpus's examples, counted on all rows that reach them.
    """

    here: Part
    up: tuple[Part, ...]
    down: tuple[Part, ...]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    at: str | None
    known: tuple[str, ...]
    known_lost: bool
    decides: tuple[Source, ...] | None
    unknown: str | None
    samples: Samples
    quarantined: tuple[Row, ...]
    findings: tuple[Mapping[str, object], ...]
    importances: Mapping[str, float]
    needs: tuple[Needed, ...]
    joins: tuple[Made, ...] = ()

    @property
    def node(self) -> Node:
        return self.here.node

    def as_json(self) -> dict[str, object]:
        told = {
            **self.here.as_json(),
            "up": [part.as_json() for part in self.up],
            "down": [part.as_json() for part in self.down],
            "key": list(self.key),
            "at": self.at,
            "known": list(self.known),
            "known_lost": self.known_lost,
            "columns": [column.as_json() for column in self.columns],
            "rows_decided_by": None if self.decides is None else [source.as_json() for source in self.decides],
            "unknown": self.unknown,
            "samples": [dataclasses.asdict(sample) for sample in self.samples.rows],
            "dropped": [dataclasses.asdict(before) for before in self.samples.dropped],
            "no_samples": self.samples.note,
            "quarantined": list(self.quarantined),
            "findings": list(self.findings),
            "importances": dict(self.importances),
            "needs": [one.as_json() for one in self.needs],
            "joins": [one.as_json() for one in self.joins],
        }
        found = plain(told)
        assert isinstance(found, dict)
        return found


def near(graph: Graph, rows: Rows, node: Node) -> Near:
    """Works before any run too; there are no rows and no counts then. Raises ProjectError."""
    lineages = Lineages(graph, rows.supply)
    declared = node.declared
    lineage = lineages.of(node.id)
    made = snapshot_of(graph, rows, node)
    findings = made.info.get("findings") if made else None
    return Near(
        here=_part(graph, rows, node, node),
        up=tuple(_part(graph, rows, parent, node) for parent in graph.parents(node)),
        down=tuple(_part(graph, rows, child, node) for child in graph.children(node)),
        columns=columns_of(lineages, node),
        key=declared.key if isinstance(declared, Contract | Table | PythonTable) else (),
        at=getattr(declared, "at", None),
        known=row_known(rows.supply, node),
        known_lost=row_lost(rows.supply, node),
        decides=lineage.rows,
        unknown=lineage.unknown,
        samples=samples_of(lineages, rows, node),
        quarantined=_quarantined(graph, rows, node),
        findings=tuple(findings) if isinstance(findings, list) else (),
        importances=importances_of(graph, rows, node),
        needs=needed(graph, node),
        joins=made_joins(graph, rows.supply, node, rows.current),
    )


def _part(graph: Graph, rows: Rows, part: Node, node: Node) -> Part:
    counts, test = counts_of(graph, rows, part), tested(graph, rows, part)
    other = bool(part.owner and node.owner and part.owner != node.owner)
    return Part(part, making_of(rows.supply, part), counts, test, other)


def _quarantined(graph: Graph, rows: Rows, node: Node) -> tuple[Row, ...]:
    made = snapshot_of(graph, rows, node) if node.kind == "event" else None
    if made is None:
        return ()
    return tuple(ask(f"SELECT * FROM {parquet(made, 'quarantine.parquet')} LIMIT {SAMPLES}", made))
