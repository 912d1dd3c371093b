from __future__ import annotations

import sys
from pathlib import Path

import pytest

import balun as bl
from balun.chain.change import read_change
from balun.chain.load import load_graph
from balun.chain.sql_table import parents_of
from balun.errors import ProjectError, UsageError
from balun.facts.known import known_of
from balun.facts.reach import reach
from balun.facts.supply import supply_of
from balun.finding import Place
from balun.impact import impact


def test_parents_come_from_parsing(shop: Path) -> None:
    graph = load_graph(shop)
    assert graph.nodes["table:purchase"].parents == ("event:order", "event:customer")
    assert graph.nodes["corpus:returns"].parents == (
        "table:purchase", "table:big", "feature:spending", "feature:before",
    )  # fmt: skip


def test_features_take_the_owner_of_their_corpus(shop: Path) -> None:
    assert load_graph(shop).nodes["feature:spending"].owner == "ml-returns"


def test_parents_come_before_children(shop: Path) -> None:
    order = list(load_graph(shop).nodes)
    graph = load_graph(shop)
    assert all(order.index(parent) < order.index(node.id) for node in graph for parent in node.parents)


def test_interfaces_are_edges_between_owners(shop: Path) -> None:
    found = {(edge.supplier.name, edge.consumer.name) for edge in load_graph(shop).interfaces()}
    assert found == {
        ("order", "purchase"), ("customer", "purchase"), ("purchase", "spending"), ("purchase", "before"),
        ("purchase", "returns"), ("big", "returns"), ("risk", "checkout page"),
    }  # fmt: skip


def test_loading_leaves_python_as_it_was(shop: Path) -> None:
    path, modules = list(sys.path), set(sys.modules)
    load_graph(shop)
    assert sys.path == path
    assert not {"features", "models", "big"} & (set(sys.modules) - modules)
    assert not list(shop.rglob("__pycache__"))


def test_two_projects_keep_their_own_features(shop: Path, tmp_path: Path) -> None:
    from shop import make_shop

    other = make_shop(tmp_path / "other", orders=10)
    text = (other / "features.py").read_text(encoding="utf-8").replace("spending", "outlay")
    (other / "features.py").write_text(text, encoding="utf-8")
    assert "feature:outlay" in load_graph(other).nodes
    assert "feature:spending" in load_graph(shop).nodes


def test_name_of_two_kinds_asks_which(shop: Path) -> None:
    (shop / "tables" / "risk.sql").write_text("SELECT 1 AS one", encoding="utf-8")
    with pytest.raises(bl.BalunError, match="table:risk or model:risk"):
        load_graph(shop).find("risk")


def test_of_a_name_of_two_kinds_one_may_be_meant(shop: Path) -> None:
    (shop / "tables" / "risk.sql").write_text("SELECT 1 AS one", encoding="utf-8")
    graph = load_graph(shop)
    assert graph.find("risk", "event", "table").id == "table:risk"
    with pytest.raises(UsageError, match="table:risk or model:risk"):
        graph.find("risk", "event")


def test_misspelt_name_gets_its_nearest(shop: Path) -> None:
    with pytest.raises(bl.BalunError, match="did you mean purchase"):
        load_graph(shop).find("purchse")


def test_commented_name_is_no_parent(shop: Path) -> None:
    (shop / "tables" / "one.sql").write_text(
        "WITH customer AS (SELECT 1 AS x) -- FROM nowhere\nSELECT * FROM customer", encoding="utf-8"
    )
    assert load_graph(shop).nodes["table:one"].parents == ()


def test_cte_may_hide_what_it_reads(shop: Path) -> None:
    sql = "WITH customer AS (SELECT * FROM customer WHERE country = 'de') SELECT * FROM customer"
    (shop / "tables" / "german.sql").write_text(sql, encoding="utf-8")
    assert load_graph(shop).nodes["table:german"].parents == ("event:customer",)


def test_surface_shows_tables_as_they_are(shop: Path) -> None:
    with (shop / "models.py").open("a", encoding="utf-8") as file:
        file.write('\nboard = bl.surface("board", uses=[risk, "purchase"], owner="checkout")\n')
    graph = load_graph(shop)
    assert graph.nodes["surface:board"].parents == ("model:risk", "table:purchase")
    effects = {one.node.id: one.verdict for one in impact(graph, read_change("rename order.amount to sum")).effects}
    assert effects["surface:board"] == "breaks"


def test_table_that_a_surface_shows_is_missed_where_there_is_none(shop: Path) -> None:
    with (shop / "models.py").open("a", encoding="utf-8") as file:
        file.write('\nboard = bl.surface("board", uses="purchas", owner="checkout")\n')
    with pytest.raises(ProjectError, match=r"there is no event or table of that name \(did you mean purchase"):
        load_graph(shop)


def test_what_a_surface_shows_is_used(shop: Path) -> None:
    """All of its columns, also where a corpus takes but some of them."""
    used = reach(known_of(graph := load_graph(shop), supply_of(graph)))
    with (shop / "models.py").open("a", encoding="utf-8") as file:
        file.write('\nboard = bl.surface("board", uses="purchase", owner="checkout")\n')
    shown = reach(known_of(graph := load_graph(shop), supply_of(graph)))
    assert {"table:purchase"} <= set().union(*shown.values())
    assert "table:purchase" not in set().union(*used.values())


@pytest.mark.parametrize(
    ("sql", "parents"),
    [
        ("WITH n AS (UNPIVOT t ON a, b INTO NAME step VALUE n) SELECT * FROM n", ("t",)),
        ("WITH n AS (UNPIVOT (SELECT * FROM t JOIN u USING (i)) ON a INTO NAME s VALUE n) SELECT * FROM n", ("t", "u")),
        ("SELECT * FROM (PIVOT t ON a IN ('x') USING count(*) GROUP BY b)", ("t",)),
        ("SELECT * FROM t PIVOT (count(*) FOR a IN ('x') GROUP BY b)", ("t",)),
    ],
)
def test_what_is_pivoted_is_a_parent(sql: str, parents: tuple[str, ...]) -> None:
    assert parents_of(sql, Place("tables/it.sql")) == parents


def test_statement_that_pivots_is_told_how_to_become_a_select() -> None:
    with pytest.raises(ProjectError) as told:
        parents_of("UNPIVOT t ON a, b INTO NAME step VALUE n", Place("tables/it.sql"))
    assert told.value.findings[0].message == "holds an UNPIVOT statement"
    assert told.value.findings[0].mend == "write SELECT * FROM (UNPIVOT …)"
