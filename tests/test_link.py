from __future__ import annotations

import json
import shutil
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import balun as bl
from balun.chain.link import Linking
from balun.cli import balun
from balun.errors import ProjectError, UsageError
from balun.facts.extent import Range
from balun.facts.known import known_of
from balun.linking import Side, match, scoring
from balun.linking.clusters import clusters
from balun.linking.deciding import decide
from linking_data import people

_ON = ("given_name", "surname", "suburb", "born", "phone")
_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: urn:shop:customers
name: customers
version: 1.0.0
status: active
team: {name: shop}
servers:
  - {server: files, type: local, path: data/*.parquet, format: parquet}
schema:
  - name: customers
    logicalType: object
    properties:
      - {name: id, logicalType: integer, required: true, KEY classification: internal}
      - {name: given_name, logicalType: string, classification: confidential}
      - {name: surname, logicalType: string}
      - {name: suburb, logicalType: string}
      - {name: born, logicalType: string}
      - {name: phone, logicalType: string}
"""
_LINKS = f"import balun as bl\n\npeople = bl.link('customers', on={list(_ON)}, owner='data')\n"
_HOUSEHOLD = """/* owner: data
   key: [cluster] */
SELECT p.cluster, count(*) AS records, min(p.confidence) AS confidence, min(c.born) AS born
FROM people AS p JOIN customers AS c USING (id)
GROUP BY p.cluster
"""


def _write(folder: Path, links: str = _LINKS, key: str = "primaryKey: true,") -> Path:
    for name, text in (
        ("balun.toml", 'name = "shop"\n'),
        ("contracts/customers.odcs.yaml", _CONTRACT.replace("KEY", key)),
        ("links.py", links),
        ("tables/household.sql", _HOUSEHOLD),
    ):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 records of 240 people, linked."""
    folder = _write(tmp_path_factory.mktemp("shop"))
    (folder / "data").mkdir()
    rows = pq.read_table(people(tmp_path_factory.mktemp("people"), 300))
    pq.write_table(rows.select(["id", *_ON]), folder / "data" / "customers.parquet")
    pq.write_table(rows.select(["id", "person"]), folder / "truth.parquet")
    bl.load(folder).run()
    return folder


def _pairs(groups: dict[int, list[int]]) -> set[tuple[int, int]]:
    return {pair for members in groups.values() for pair in combinations(sorted(members), 2)}


def _by(rows: list[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for record, group in rows:
        found.setdefault(group, []).append(record)
    return found


def test_crosswalk_says_who_is_whom(shop: Path) -> None:
    crosswalk = bl.load(shop)["people"].rows()
    assert crosswalk.column_names == ["id", "cluster", "confidence"]
    found = _pairs(_by(list(zip(*(crosswalk[name].to_pylist() for name in ("id", "cluster")), strict=True))))
    truth = pq.read_table(shop / "truth.parquet")
    true = _pairs(_by(list(zip(*(truth[name].to_pylist() for name in ("id", "person")), strict=True))))
    assert 2 * len(found & true) / (len(found) + len(true)) > 0.97


def test_chain_with_a_link_checks_clean_and_runs_once(shop: Path) -> None:
    project = bl.load(shop)
    assert project.check().findings == ()
    assert project.run().made == 0
    assert project["household"].rows().num_rows == len(set(project["people"].rows()["cluster"].to_pylist()))


def test_facts_of_a_crosswalk_come_from_what_it_links(shop: Path) -> None:
    project = bl.load(shop)
    known = known_of(project.graph, project.supply).nodes["table:people"]
    assert [str(one) for one in known.out.values["privacy"]] == ["internal", "confidential", "confidential"]
    assert known.out.values["domain"][2] == Range(0, 1)
    assert known.out.values["nullable"] == (False, False, False)
    assert known.out.dependencies.keys == {frozenset({0})}


def test_change_of_a_column_that_no_link_compares_leaves_it_alone(shop: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(shop, tmp_path / "shop")
    (copy / "links.py").write_text(_LINKS.replace(", 'phone'", ""), encoding="utf-8")
    project = bl.load(copy)
    for column, verdict in (("phone", "same"), ("suburb", "breaks"), ("id", "breaks")):
        effects = project.impact(f"drop customers.{column}").effects
        assert {effect.node.name: effect.verdict for effect in effects if effect.node.kind == "table"} == {
            "people": verdict,
            "household": verdict,
        }


def test_command_shows_plans_explains_and_lists(shop: Path) -> None:
    def told(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(balun, ["-C", str(shop), "link", "people", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    assert told()["records"] == [300]
    assert told("--plan")["possible"] == 300 * 299 // 2
    assert told("--explain", "7")["key"] == ["7"]
    assert isinstance(told("--review", "3"), list)
    assert CliRunner().invoke(balun, ["-C", str(shop), "link", "people"]).exit_code == 0


def test_what_is_no_link_is_told(shop: Path) -> None:
    with pytest.raises(UsageError, match="household is no link: the links are people"):
        bl.load(shop).link("household")
    with pytest.raises(UsageError, match="has no record 999"):
        bl.load(shop).link_explained("people", "999")


def test_answers_are_kept_and_gone_by(shop: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(shop, tmp_path / "shop")
    project = bl.load(copy)
    sure, rejected = project.link("people").sure[0], project.unsure("people", many=1)[0]
    assert sure.linked
    project.judge("people", [(sure, False), (rejected, not rejected.linked)])
    assert (copy / "links" / "people.labels.csv").read_text(encoding="utf-8").startswith("id_l,id_r,match\n")
    assert "table:people" in [one.step for one in project.run().outcomes if one.made]
    cluster = dict(zip(*(bl.load(copy)["people"].rows()[name].to_pylist() for name in ("id", "cluster")), strict=True))
    assert cluster[int(sure.left[0])] != cluster[int(sure.right[0])]
    assert (cluster[int(rejected.left[0])] == cluster[int(rejected.right[0])]) is not rejected.linked


def test_answer_that_cant_be_read_has_its_line(shop: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(shop, tmp_path / "shop")
    (copy / "links").mkdir()
    (copy / "links" / "people.labels.csv").write_text("id_l,id_r,match\n1,2,y\n1,2,perhaps\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"links/people.labels.csv:3  labels-unreadable"):
        bl.load(copy).run()


_FAULTS = {
    "on=[]": "on= has no columns",
    "on=['surnam']": "did you mean surname",
    "on={'surname': 'nam'}": "did you mean name",
    "on=['surname'], block=['born']": "block= names born",
    "on=['surname'], threshold=2": "threshold is 2",
    "on=['surname'], precision=1": "precision is 1",
    "on=['surname'], one_to_one=True": "one_to_one needs two sides",
    "right='customers', on=['surname']": "both sides are the same",
    "right='custmers', on=['surname']": "did you mean customers",
}


@pytest.mark.parametrize(("words", "message"), _FAULTS.items())
def test_wrong_declaration_is_told_with_its_line(words: str, message: str, tmp_path: Path) -> None:
    _write(tmp_path, f"import balun as bl\n\npeople = bl.link('customers', {words})\n")
    with pytest.raises(ProjectError, match=message) as raised:
        bl.load(tmp_path).check()
    assert "links.py:3" in str(raised.value)


def test_side_without_a_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="customers, which has no key"):
        bl.load(_write(tmp_path, key=""))


def _linked(file: Path, linking: Linking) -> list[tuple[object, ...]]:
    sides = {"all": "TRUE", "left": "id % 2 = 0", "right": "id % 2 = 1"}
    with duckdb.connect(config={"threads": 2}) as connection:
        parts = [
            Side(name, f"(SELECT * FROM read_parquet('{file}') WHERE {sides[name]})", ("id",)) for name in linking.sides
        ]
        match(connection, parts, linking, {}, lambda _: None)
        return connection.execute("FROM crosswalk").fetchall()


def test_order_of_the_rows_changes_nothing(tmp_path: Path) -> None:
    rows = pq.read_table(people(tmp_path, 160))
    pq.write_table(rows.take(np.random.default_rng(5).permutation(160)), tmp_path / "shuffled.parquet")
    pq.write_table(rows, tmp_path / "plain.parquet")
    linking = Linking("all", None, tuple((name, None) for name in _ON[:4]))
    assert _linked(tmp_path / "plain.parquet", linking) == _linked(tmp_path / "shuffled.parquet", linking)


def test_key_may_be_called_anything(tmp_path: Path) -> None:
    file = people(tmp_path, 100)
    with duckdb.connect(config={"threads": 1}) as connection:
        source = f"(SELECT id AS rid, person AS side, * EXCLUDE (id, person) FROM read_parquet('{file}'))"
        linking = Linking("all", None, tuple((name, None) for name in _ON[:3]))
        match(connection, [Side("all", source, ("rid", "side"))], linking, {}, lambda _: None)
        names = [row[0] for row in connection.execute("DESCRIBE crosswalk").fetchall()]
        first = connection.execute("SELECT rid, side, cluster FROM crosswalk WHERE rid = 0").fetchall()
    assert names == ["rid", "side", "cluster", "confidence"]
    assert first == [(0, first[0][1], f"0|{first[0][1]}")]


def test_one_to_one_gives_nobody_two_partners(tmp_path: Path) -> None:
    linking = Linking("left", "right", tuple((name, None) for name in _ON), one_to_one=True)
    found = _linked(people(tmp_path, 300), linking)
    assert found
    assert len({one[0] for one in found}) == len({one[1] for one in found}) == len(found)


def test_weak_bridge_makes_no_giant() -> None:
    first = [(one, other) for one, other in combinations(range(4), 2)]
    second = [(one + 4, other + 4) for one, other in first]
    ends = np.array([*first, *second, (3, 4)])
    bits = np.array([6.0] * 12 + [0.5])
    assert clusters(ends[:, 0], ends[:, 1], bits, 8).tolist() == [0, 0, 0, 0, 4, 4, 4, 4]


def test_threshold_is_the_lowest_that_is_precise_enough() -> None:
    chance = np.array([0.99, 0.98, 0.9, 0.6, 0.55, 0.1])
    assert decide(chance, 0.95, None, 0.0).threshold == 0.9
    assert decide(chance, 0.5, None, 0.0).threshold == 0.5
    assert decide(chance, 0.95, 0.6, 0.0).precision == pytest.approx(0.8675)


def test_without_splink_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'balun\[link\]'"):
        scoring.ready()
