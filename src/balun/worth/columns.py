"""The captured columns that a model hangs on, and what for: told from its chain, without a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow.parquet as pq

from balun.chain.change import Change
from balun.chain.contract import Column, Contract
from balun.chain.corpus import Corpus
from balun.chain.graph import Node
from balun.facts.known import Chain
from balun.facts.reach import Uses, captured_flows, reach
from balun.snapshot import Snapshot
from balun.worth.history import History
from balun.worth.ladder import blank, coarser


@dataclass(frozen=True)
class Hangs:
    """One captured column, and what of a model hangs on it; fields as `Captured` has them.

    blank, steps: the changes that tell its worth, whole and by coarser steps.
    """

    event: Node
    column: Column
    bytes: float
    inputs: tuple[str, ...]
    features: tuple[str, ...]
    also: tuple[str, ...]
    blank: Change
    steps: tuple[Change, ...]

    @property
    def name(self) -> str:
        return f"{self.event.name}.{self.column.name}"


def hanging(past: History, model: Node) -> list[Hangs]:
    """In the order of the chain and of the contracts."""
    return list(_hanging(past, past.chain.graph.nodes[model.parents[0]]))


def unused(found: Iterable[Hangs]) -> list[str]:
    """Other columns of the events that a model hangs on. found: all that it hangs on."""
    found = list(found)
    known = {one.name for one in found}
    events = {one.event.id: one.event for one in found}
    return [name for event in events.values() for name in _names(event) if name not in known]


def _names(event: Node) -> Iterable[str]:
    assert isinstance(event.declared, Contract)
    return (f"{event.name}.{column.name}" for column in event.declared.columns)


def _hanging(past: History, corpus: Node) -> Iterable[Hangs]:
    chain = past.chain
    reached, parts = reach(chain), _parts(chain, corpus)
    for event in chain.graph.of("event"):
        assert isinstance(event.declared, Contract)
        sizes = _bytes(past.made[event.id])
        for column in event.declared.columns:
            if corpus.id not in reached.get((event.name, column.name), ()):
                continue
            yield Hangs(
                event,
                column,
                sizes.get(column.name, 0.0),
                tuple(parts.inputs_of(event.name, column.name)),
                tuple(parts.features_of(event.name, column.name)),
                tuple(parts.also(event.name, column.name)),
                blank(event.declared, column),
                coarser(event.declared, column, past.made[event.id]),
            )


@dataclass(frozen=True)
class _Parts:
    """What a corpus's inputs, features, label and time use of what is captured."""

    inputs: dict[str, Uses]
    features: dict[str, Uses]
    others: dict[str, Uses]

    def inputs_of(self, event: str, column: str) -> list[str]:
        return [name for name, uses in self.inputs.items() if _is_value(uses, event, column)]

    def features_of(self, event: str, column: str) -> list[str]:
        return [
            name
            for name, uses in self.features.items()
            if any((one.parent, one.column) == (event, column) for one in uses)
        ]

    def also(self, event: str, column: str) -> list[str]:
        return [name for name, uses in self.others.items() if _is_value(uses, event, column)]


def _is_value(uses: Uses, event: str, column: str) -> bool:
    return any((one.parent, one.column, one.use) == (event, column, "value") for one in uses)


def _parts(chain: Chain, node: Node) -> _Parts:
    corpus = node.declared
    assert isinstance(corpus, Corpus)
    flows = captured_flows(chain)
    own, _ = flows[f"examples:{corpus.name}"]
    columns, features = dict(own), {}
    for part in corpus.features:
        if isinstance(part, str):
            made, rows = flows[f"feature:{part}@{corpus.name}"]
            columns |= made
            features[part] = frozenset().union(rows, *made.values())
    inputs = {name: columns.get(name, frozenset()) for name in chain.supply.inputs[node.id]}
    entity = frozenset().union(*(own.get(name, frozenset()) for name in corpus.entity))
    others = {"label": own.get(corpus.label, frozenset()), "time": own.get(corpus.at, frozenset()), "entity": entity}
    return _Parts(inputs, features, others)


def _bytes(made: Snapshot) -> dict[str, float]:
    """Of a row, by column, compressed."""
    told = pq.read_metadata(made.rows)
    found: dict[str, float] = {}
    for group in range(told.num_row_groups):
        for at in range(told.num_columns):
            part = told.row_group(group).column(at)
            name = part.path_in_schema.split(".")[0]
            found[name] = found.get(name, 0.0) + part.total_compressed_size / max(told.num_rows, 1)
    return found
