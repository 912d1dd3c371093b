"""What decides a snapshot's name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from balun.chain.contract import Contract
from balun.chain.load import load_graph
from balun.plan import declared

_RIDES = Path(__file__).parent / "projects" / "rides"


def test_words_that_change_no_row_change_no_name() -> None:
    graph = load_graph(_RIDES)
    node = graph.nodes["event:ride"]
    assert isinstance(node.declared, Contract)
    columns = tuple(
        replace(one, classification="pii", unit="hour", zone=one.zone if one.logical == "timestamp" else "UTC")
        for one in node.declared.columns
    )
    told = replace(node.declared, columns=columns, latency="5 min", frequency="1 h", granularity="a ride", version="2")
    assert declared(replace(node, declared=told), graph) == declared(node, graph)
    moved = tuple(replace(one, zone="UTC" if one.logical == "timestamp" else None) for one in columns)
    assert declared(replace(node, declared=replace(told, columns=moved)), graph) != declared(node, graph)


def test_a_resolution_is_part_of_the_name_since_rows_are_held_against_it() -> None:
    graph = load_graph(_RIDES)
    node = graph.nodes["event:ride"]
    assert isinstance(node.declared, Contract)
    columns = tuple(replace(one, resolution="5") if one.name == "minutes" else one for one in node.declared.columns)
    assert declared(replace(node, declared=replace(node.declared, columns=columns)), graph) != declared(node, graph)
