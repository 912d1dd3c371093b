"""The chain as a picture and as data."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import balun as bl
from balun.chain.graph import Graph
from balun.map import as_json, draw
from balun.map.lanes import columns_of, edges_of, lanes_of
from balun.map.order import rows_of
from chains import chain, node, random_chain

_PICTURES = Path(__file__).parent / "pictures"
_SIZES = [(size, seed) for size in (1, 2, 15, 60, 200, 500) for seed in range(3)]


def drawn(graph: Graph, width: int) -> str:
    said = io.StringIO()
    draw(graph, Console(file=said, width=width, color_system=None))
    return said.getvalue()


def test_map_of_shop_is_drawn(shop: Path, accept: bool) -> None:
    said = drawn(bl.load(shop).graph, 80)
    expected = _PICTURES / "map_shop.txt"
    if accept:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def test_lines_join_where_they_should() -> None:
    event, other = node("event", "a", "x"), node("event", "b", "y")
    table = node("table", "t", "x", event, other)
    one, two = node("feature", "f", "x", table), node("feature", "g", "x", table)
    corpus = node("corpus", "c", "x", one, two)
    lines = drawn(chain([event, other, table, one, two, corpus]), 80).splitlines()[3:9]
    assert [line[:5].rstrip() for line in lines] == ["  ●─╮", "  ●─┤", "╭─◆─╯", "├─●─╮", "╰─●─┤", "  ●─╯"]


def test_picture_of_nothing_is_a_title() -> None:
    assert drawn(chain([]), 80).startswith("made  0 events")


@pytest.mark.parametrize(("size", "seed"), _SIZES)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_console(size: int, seed: int, width: int) -> None:
    assert max(map(cell_len, drawn(random_chain(size, seed), width).splitlines())) <= width


@pytest.mark.parametrize(("size", "seed"), _SIZES)
def test_each_node_is_drawn_once(size: int, seed: int) -> None:
    graph = random_chain(size, seed)
    picture = drawn(graph, 120).split("\ninterfaces")[0]
    rows = re.findall(r"[●◆][^a-z]*?(?:event|table|feature|corpus|model|surface) +(n\d+)", picture)
    assert sorted(rows) == sorted(re.match(r"n\d+", one.name).group() for one in graph)  # type: ignore[union-attr]


@pytest.mark.parametrize(("size", "seed"), _SIZES)
def test_rows_stand_below_what_they_are_made_from(size: int, seed: int) -> None:
    graph = random_chain(size, seed)
    rows = rows_of(graph)
    place = {one.id: at for at, one in enumerate(rows)}
    assert len(place) == len(rows) == len(graph.nodes)
    assert all(place[parent] < place[one.id] for one in graph for parent in one.parents)


@pytest.mark.parametrize(("size", "seed"), _SIZES)
def test_lanes_hold_each_edge_once(size: int, seed: int) -> None:
    rows = rows_of(random_chain(size, seed))
    lanes = lanes_of(rows)
    assert sorted(edge for lane in lanes for edge in lane.edges) == sorted(edges_of(rows))


@pytest.mark.parametrize(("size", "seed"), _SIZES)
def test_lanes_of_a_column_share_no_row(size: int, seed: int) -> None:
    columns = columns_of(lanes_of(rows_of(random_chain(size, seed))), 8)
    taken = [(column, row) for lane, column in columns.items() for row in range(lane.top, lane.bottom + 1)]
    assert len(taken) == len(set(taken))
    assert all(column < 8 for column in columns.values())


@pytest.mark.parametrize("seed", range(20))
def test_lanes_are_as_few_as_can_be(seed: int) -> None:
    """A smallest cover of the edges, found by trying all sets of ends."""
    rows = rows_of(random_chain(7, seed))
    edges = edges_of(rows)
    ends = sorted({(upper, True) for upper, _ in edges} | {(lower, False) for _, lower in edges})
    covers = ({end for at, end in enumerate(ends) if chosen >> at & 1} for chosen in range(1 << len(ends)))
    fewest = min(len(cover) for cover in covers if all((u, True) in cover or (v, False) in cover for u, v in edges))
    assert len(lanes_of(rows)) == fewest


@pytest.mark.parametrize(("size", "seed"), _SIZES)
def test_json_has_all_nodes_edges_and_interfaces(size: int, seed: int) -> None:
    graph = random_chain(size, seed)
    told = json.loads(json.dumps(as_json(graph)))
    assert [one["id"] for one in told["nodes"]] == list(graph.nodes)
    assert {(one["from"], one["to"]) for one in told["edges"]} == {(p, one.id) for one in graph for p in one.parents}
    interfaces = [(one.supplier.id, one.consumer.id) for one in graph.interfaces()]
    assert [(one["supplier"], one["consumer"]) for one in told["interfaces"]] == interfaces


def test_each_interface_is_told(shop: Path) -> None:
    graph = bl.load(shop).graph
    told = drawn(graph, 200).split("interfaces\n")[1]
    for one in graph.interfaces():
        lines = [line for line in told.splitlines() if f"{one.supplier.owner} → {one.consumer.owner}: " in line]
        assert any(f" {one.supplier.name} > " in line and one.consumer.name in line for line in lines)
