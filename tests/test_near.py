"""A node and what is around it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

import balun as bl
from balun.near import Near, draw
from shop import make_shop

_PICTURES = Path(__file__).parent / "pictures"
_NODES = (
    "event:order", "event:customer", "table:purchase", "table:big", "feature:spending", "feature:before",
    "corpus:returns", "model:risk", "surface:checkout page",
)  # fmt: skip
# A model's numbers are another library's to keep.
_SAME_EVERYWHERE = [node for node in _NODES if not node.startswith(("model", "surface"))]


def drawn(found: Near, width: int) -> str:
    said = io.StringIO()
    draw(found, Console(file=said, width=width, color_system=None))
    return said.getvalue()


def expect(said: str, name: str, *, accept: bool) -> None:
    expected = _PICTURES / f"near_{name.replace(':', '_')}.txt"
    if accept:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("node", _SAME_EVERYWHERE)
def test_near_is_drawn(ran: bl.Project, node: str, accept: bool) -> None:
    expect(drawn(ran.near(node), 120), node, accept=accept)


def test_near_is_drawn_in_80_columns(ran: bl.Project, accept: bool) -> None:
    expect(drawn(ran.near("purchase"), 80), "purchase_80", accept=accept)


def test_near_is_drawn_before_a_run(shop: Path, accept: bool) -> None:
    expect(drawn(bl.load(shop).near("purchase"), 120), "purchase_before", accept=accept)


@pytest.mark.parametrize("node", _NODES)
def test_every_node_has_its_near_before_a_run(shop: Path, node: str) -> None:
    found = bl.load(shop).near(node)
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert told["counts"]["rows"] is None
    assert told["samples"] == []
    assert told["no_samples"]
    assert drawn(found, 80)
    assert not (shop / ".balun").exists()


@pytest.mark.parametrize("node", _NODES)
def test_every_node_has_its_near_after_a_run(ran: bl.Project, node: str) -> None:
    found = ran.near(node)
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert bool(told["samples"]) == (not node.startswith("surface"))
    names = [part.node.id for part in found.up], [part.node.id for part in found.down]
    assert names == ([p.node.id for p in ran[node].parents], [c.node.id for c in ran[node].children])


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("node", _NODES)
def test_no_line_is_wider_than_the_console(ran: bl.Project, node: str, width: int) -> None:
    assert max(map(cell_len, drawn(ran.near(node), width).splitlines())) <= width


@pytest.mark.parametrize("node", _NODES)
def test_columns_are_the_same_before_and_after_a_run(ran: bl.Project, shop: Path, node: str) -> None:
    before, after = bl.load(shop).near(node).columns, ran.near(node).columns
    assert before == after
    if not node.startswith(("model", "surface")):
        assert {column.name for column in after} == set(ran[node].rows(1).column_names) - {"example"}


def test_rows_beside_each_other_are_of_one_key(ran: bl.Project) -> None:
    for sample in ran.near("purchase").samples.rows:
        order, customer = sample.before
        assert order.of == 1
        assert order.rows[0]["order_id"] == sample.row["order_id"]
        assert order.rows[0]["amount"] == sample.row["amount"]
        assert customer.of in {0, 1}
        assert all(row["country"] == sample.row["country"] for row in customer.rows)


def test_rows_of_a_python_table_are_found_by_key(ran: bl.Project) -> None:
    for sample in ran.near("big").samples.rows:
        assert [row["order_id"] for before in sample.before for row in before.rows] == [sample.row["order_id"]]


def test_rows_of_a_corpus_are_those_of_its_examples(ran: bl.Project) -> None:
    found = ran.near("returns")
    assert len(found.samples.rows) == 3
    for sample in found.samples.rows:
        purchase = next(before for before in sample.before if before.node == "table:purchase")
        told = {name: purchase.rows[0][name] for name in ("customer", "amount", "returned")}
        assert told == {name: sample.row[name] for name in told}
        assert purchase.rows[0]["placed"] == sample.row["at"]


def test_rows_beside_a_feature_are_those_it_counted(ran: bl.Project) -> None:
    samples = ran.near("spending").samples.rows
    assert len(samples) == 3
    for sample in samples:
        example, purchase = sample.before
        # Each order counts in `orders` and `amount` at once, but in `returned` only a week later: those that count
        # for all three are no more than those that count for one.
        assert purchase.of is not None
        assert purchase.of <= int(str(sample.row["spending_orders_30d"]))
        assert all(str(row["placed"]) < str(example.rows[0]["at"]) for row in purchase.rows)
        assert all(row["customer"] == example.rows[0]["customer"] for row in purchase.rows)


def test_counts_of_an_event_add_up(ran: bl.Project) -> None:
    parts = dict(ran.near("order").here.counts.parts)
    assert parts["collected"] == parts["kept"] + parts["quarantined"] + parts["duplicates"]


def test_counts_of_a_model_add_up(ran: bl.Project) -> None:
    counts = ran.near("risk").here.counts
    parts = dict(counts.parts)
    assert counts.rows == parts["train"] + parts["test"] + parts["embargoed"]
    corpus = dict(ran.near("returns").here.counts.parts)
    assert corpus["examples"] == (counts.rows or 0) + corpus["unlabelled"]


def test_row_that_was_left_out_is_shown(tmp_path: Path) -> None:
    folder = make_shop(tmp_path / "shop", orders=800)
    sql = "/* owner: data-platform\n   key: order_id */\nSELECT * FROM purchase WHERE amount > 50\n"
    (folder / "tables" / "dear.sql").write_text(sql, encoding="utf-8")
    project = bl.load(folder)
    project.run()
    found = project.near("dear")
    (dropped,) = found.samples.dropped
    assert dropped.of == (project.near("purchase").here.counts.rows or 0) - (found.here.counts.rows or 0)
    assert all(int(str(row["amount"])) <= 50 for row in dropped.rows)


def test_set_aside_rows_are_shown_with_their_reasons(tmp_path: Path) -> None:
    folder = make_shop(tmp_path / "shop", orders=800)
    data = folder / "data" / "order.csv"
    data.write_text(data.read_text(encoding="utf-8") + "900,1,2024-02-09,-5,web,false\n", encoding="utf-8")
    project = bl.load(folder)
    project.run()
    said = drawn(project.near("order"), 120)
    assert "801 collected = 800 kept + 1 quarantined + 0 duplicates" in said
    assert "amount must be at least 1" in said
    assert "amount -5" in said


def test_copy_keeps_the_facts_of_what_it_copies(shop: Path) -> None:
    columns = {column.name: column for column in bl.load(shop).near("purchase").columns}
    assert columns["channel"].facts.allowed == ("web", "app", "shop")
    assert columns["amount"].facts.like == "order.amount"
    assert columns["amount"].facts.required
    assert columns["country"].came.or_null
    assert not columns["country"].facts.required
    assert columns["returned"].known is not None


def test_unused_column_is_told(shop: Path) -> None:
    channel = next(column for column in bl.load(shop).near("corpus:returns").columns if column.name == "customer")
    assert channel.used == {}


def test_rows_older_than_the_declaration_are_not_shown(ran_copy: Path) -> None:
    file = ran_copy / "tables" / "purchase.sql"
    sql = file.read_text(encoding="utf-8").replace("c.country", "c.country, o.amount * 2 AS double")
    file.write_text(sql, encoding="utf-8")
    found = bl.load(ran_copy).near("purchase")
    assert found.samples.rows == ()
    assert "older" in (found.samples.note or "")


def test_damaged_rows_are_named(ran_copy: Path) -> None:
    project = bl.load(ran_copy)
    rows = project["purchase"].path()
    rows.write_bytes(b"x" * rows.stat().st_size)
    with pytest.raises(bl.BalunError, match="snapshot-damaged"):
        project.near("purchase")
