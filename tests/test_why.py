"""Why a column is as it is: the lines that are cited say it, and what is said agrees with what is known."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

import balun as bl
from balun.cli import balun
from balun.errors import UsageError
from balun.facts.known import Chain, known_of
from balun.facts.reach import Flows, captured_flows
from balun.relational.relation import scans
from balun.why import Answers, Why, draw
from balun.why.steps import Step, dtype_of

_ROOT = Path(__file__).parent.parent
_EXAMPLES = ("flights", "funnel", "orders")
_PAGE = _ROOT / "docs" / "why.md"


@pytest.fixture(scope="module")
def chains() -> dict[str, Chain]:
    projects = [bl.load(_ROOT / "examples" / name) for name in _EXAMPLES]
    return {project.name: known_of(project.graph, project.supply) for project in projects}


def _every(chain: Chain) -> Iterator[tuple[str, str, Why]]:
    """Each column of each node but for models and surfaces, under the id by which its facts are known."""
    answers = Answers(chain)
    for node in chain.graph:
        id_ = next((one for one in chain.nodes if one.split("@")[0] == node.id), None)
        if id_:
            for column in chain.nodes[id_].columns:
                yield id_, column, answers.why(f"{node.id}.{column}")


def _steps(step: Step) -> Iterator[Step]:
    yield step
    for one in step.below:
        yield from _steps(one)


def _drawn(found: Why, width: int) -> str:
    said = io.StringIO()
    draw(found, Console(file=said, width=width, color_system=None))
    return said.getvalue()


@pytest.mark.parametrize("name", _EXAMPLES)
def test_every_column_is_explained(chains: dict[str, Chain], name: str) -> None:
    """What is said is what is known; the lines say it; and what it is made of is what origin finds."""
    chain = chains[name]
    flows = captured_flows(chain)
    seen = 0
    for id_, column, found in _every(chain):
        seen += 1
        _says_what_is_known(chain, id_, column, found)
        _cites_lines_that_say_it(chain, found)
        if not id_.startswith("corpus:"):
            values = _values(flows, id_, column)
            _ends_at_what_is_captured(found, values - _values(flows, f"examples:{id_.split('@')[-1]}", "at"))
        assert all(len(line) <= 80 for line in _drawn(found, 80).splitlines())
        json.dumps(found.as_json(), allow_nan=False)
    assert seen > 100


def _says_what_is_known(chain: Chain, id_: str, column: str, found: Why) -> None:
    known = chain.nodes[id_]
    at = known.columns.index(column)
    values = {fact: column_values[at] for fact, column_values in known.out.values.items()}
    told = {one.fact: one.value for one in found.facts}
    assert told["type"] == dtype_of(chain, id_, column)
    assert told["nullable"] == ("may be null" if values["nullable"] else "never null")
    assert bool(found.nulls) == values["nullable"], (id_, column)
    assert told["domain"] == ("unknown" if values["domain"] is None else str(values["domain"]))
    alone = known.out.dependencies.is_key([at])
    assert told["key"].startswith(("unique by itself", "there is one row")) == alone
    assert {frozenset(key) for key in found.keys} == {
        frozenset(known.columns[one] for one in key) for key in known.out.dependencies.keys
    }
    assert (told["key"] == "in no key") == (not alone and not any(column in key for key in found.keys))
    if (values["sampling"].kind, values["sampling"].rows.how) == ("same", "thinned"):
        assert told["sampling"].startswith(f"{values['sampling'].rows.rate:g} of the rows")


def _cites_lines_that_say_it(chain: Chain, found: Why) -> None:
    for step in _steps(found.made):
        line = _line(chain, step.place.file, step.place.line) if step.place and step.place.line else ""
        assert step.text in {line, ""}
        if step.column and line:
            assert _holds(step, line), (step, line)
        elif " join of " in step.what and line:
            assert "JOIN" in line
        elif (called := re.match(r"(?:computed by )?(\w+)\(\)", step.what)) and line:
            assert called[1].split("_")[0] in line.lower() or called[1] in {"cast", "and", "or", "struct_extract"}, step
    for fact in found.facts:
        assert fact.evidence.by
        assert fact.evidence.place
        assert _line(chain, fact.evidence.place.file, fact.evidence.place.line or 1)
    for cause in found.nulls:
        assert cause.place
        assert cause.text == _line(chain, cause.place.file, cause.place.line or 0)


def _line(chain: Chain, file: str, line: int) -> str:
    return (chain.graph.config.folder / file).read_text(encoding="utf-8").splitlines()[line - 1].strip()


def _holds(step: Step, line: str) -> bool:
    """A column's own line names it, or is a star's, or a feature's or corpus's declaration."""
    name = str(step.column).rsplit(".", 1)[1]
    assert step.place
    if step.place.file.endswith(".py"):
        return name in line or "=" in line or "*" in line or line.startswith("@")
    return re.search(rf"\b{name}\b", line, flags=re.IGNORECASE) is not None or "*" in line


def _values(flows: Flows, id_: str, column: str) -> set[tuple[str, str]]:
    """Captured columns that a column is made of."""
    return {(one.parent, one.column) for one in flows.get(id_, ({}, ()))[0].get(column, ()) if one.use == "value"}


def _ends_at_what_is_captured(found: Why, captured: set[tuple[str, str]]) -> None:
    if any("a Python function" in step.what for step in _steps(found.made)):
        return
    ends = {tuple(str(step.column).split(".", 1)) for step in _steps(found.made) if step.column}
    assert captured <= ends, (found.name, captured - ends)


_RIDES = _ROOT / "tests" / "projects" / "rides" / "contracts"


def _made(folder: Path, sql: str, front: str = "") -> bl.Project:
    (folder / "contracts").mkdir()
    (folder / "tables").mkdir()
    (folder / "balun.toml").write_text('name = "rides"\n', encoding="utf-8")
    for file in _RIDES.iterdir():
        (folder / "contracts" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    head = f"/* owner: data\n{front} */\n" if front else "/* owner: data */\n"
    (folder / "tables" / "it.sql").write_text(head + sql + "\n", encoding="utf-8")
    return bl.load(folder)


@pytest.mark.parametrize(
    ("sql", "causes"),
    [
        ("SELECT tip AS x\nFROM ride", [("ride.tip isn't required", "- name: tip")]),
        ("SELECT country AS x\nFROM ride\nLEFT JOIN rider USING (rider)", [
            ("a left join finds no row of rider", "LEFT JOIN rider USING (rider)"),
            ("rider.country isn't required", "- {name: country, logicalType: string}"),
        ]),
        ("SELECT joined AS x\nFROM ride\nLEFT JOIN rider USING (rider)", [
            ("a left join finds no row of rider", "LEFT JOIN rider USING (rider)"),
        ]),
        ("SELECT\n  CASE WHEN minutes > 9 THEN 1 END AS x\nFROM ride", [
            ("a CASE has no ELSE", "CASE WHEN minutes > 9 THEN 1 END AS x"),
        ]),
        ("SELECT\n  CASE WHEN tip IS NOT NULL THEN tip ELSE 0 END AS y,\n  nullif(fare, 1) AS x\nFROM ride", [
            ("null is given", "nullif(fare, 1) AS x"),
        ]),
        ("SELECT\n  lag(fare) OVER (PARTITION BY rider ORDER BY started) AS x\nFROM ride", [
            ("lag() finds no row before the first", "lag(fare) OVER (PARTITION BY rider ORDER BY started) AS x"),
        ]),
        ("SELECT city,\n  sum(fare) FILTER (WHERE minutes > 1) AS x\nFROM ride GROUP BY city", [
            ("sum() may have no row, or none with a value", "sum(fare) FILTER (WHERE minutes > 1) AS x"),
        ]),
        ("SELECT\n  city AS x, count(*) AS n\nFROM ride GROUP BY ROLLUP (city)", [
            ("GROUPING SETS leave it out of the totals", "city AS x, count(*) AS n"),
        ]),
        ("SELECT fare AS x FROM ride\nUNION ALL\nSELECT tip FROM ride\nUNION ALL SELECT NULL", [
            ("ride.tip isn't required", "- name: tip"),
            ("null is given", "UNION ALL SELECT NULL"),
        ]),
        ("SELECT\n  TRY_CAST(city AS INTEGER) AS x\nFROM ride", [
            ("try_cast() may give null", "TRY_CAST(city AS INTEGER) AS x"),
        ]),
        ("SELECT coalesce(tip, fare) AS x FROM ride", []),
        ("SELECT tip AS x FROM ride WHERE tip > 0", []),
    ],
)  # fmt: skip
def test_nulls_come_from(tmp_path: Path, sql: str, causes: list[tuple[str, str]]) -> None:
    found = _made(tmp_path, sql).why("it.x").nulls
    assert [(one.why, one.text) for one in found] == causes


def _how(project: bl.Project, word: str, fact: str) -> tuple[str, str, str]:
    one = next(one for one in project.why(word).facts if one.fact == fact)
    assert one.evidence.place
    return one.value, one.evidence.how, str(one.evidence.place)


def test_evidence_is_that_of_the_step_that_settled_it(tmp_path: Path) -> None:
    front = "   required: [country]\n   key: ride_id"
    sql = (
        "SELECT ride_id, country, minutes,\n  r.tip\nFROM ride AS r LEFT JOIN rider AS p USING (rider)\nWHERE r.tip > 1"
    )
    project = _made(tmp_path, sql, front)
    contract = "contracts/ride.odcs.yaml"
    assert _how(project, "it.country", "nullable") == ("never null", "tested", "tables/it.sql:2")
    assert _how(project, "it.ride_id", "key") == ("unique by itself", "tested", f"{contract}:12")
    assert _how(project, "it.minutes", "unit") == ("minute", "assumed", f"{contract}:22")
    assert _how(project, "it.minutes", "domain") == ("0 to 600", "tested", f"{contract}:22")
    assert _how(project, "it.tip", "nullable") == ("never null", "proved", "tables/it.sql:7")
    assert _how(project, "it.tip", "domain")[1:] == ("proved", "tables/it.sql:7")
    assert _how(project, "it.tip", "resolution")[1:] == ("unknown", f"{contract}:32")
    assert _how(project, "ride.tip", "nullable") == ("may be null", "unknown", f"{contract}:32")


_CLICKS = """apiVersion: v3.1.0
kind: DataContract
id: click
version: 1.0.0
status: active
team: {name: app}
servers: [{server: files, type: local, path: data/click.csv, format: csv}]
schema:
  - name: click
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: ms, logicalType: integer, customProperties: [{property: resolution, value: 5}]}
      - {name: of, logicalType: integer, customProperties: [{property: resolution, value: 5}]}
"""


@pytest.fixture
def clicks(tmp_path: Path) -> bl.Project:
    for name, text in {
        "balun.toml": 'name = "clicks"\nzone = "UTC"\n',
        "contracts/click.odcs.yaml": _CLICKS,
        "tables/slow.sql": "/* owner: data */\nSELECT id, ms, of\nFROM click\nWHERE ms >= 10\n",
        "data/click.csv": "id,ms,of\n1,5,5\n2,10,10\n3,15,11\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return bl.load(tmp_path)


def _counts(project: bl.Project, word: str) -> dict[str, tuple[str, str]]:
    facts = project.why(word).facts
    return {one.fact: (one.evidence.how, str(one.evidence.rows)) for one in facts if one.evidence.rows}


def test_before_a_run_no_row_says_anything(clicks: bl.Project) -> None:
    assert _counts(clicks, "slow.ms") == {}
    assert not (clicks.folder / ".balun" / "catalogue.sqlite").exists()


def test_rows_of_the_last_run_hold_what_is_known_or_contradict_it(clicks: bl.Project) -> None:
    clicks.run()
    three, two = "held on all 3 rows of the last run", "held on all 2 rows of the last run"
    assert _counts(clicks, "click.of") == {
        "type": ("tested", three), "resolution": ("assumed", "1 of the last run's 3 rows contradict it")
    }  # fmt: skip
    assert _counts(clicks, "click.id")["key"] == ("tested", three)
    assert _counts(clicks, "slow.ms") == {
        "type": ("tested", two), "nullable": ("proved", two), "domain": ("proved", two), "resolution": ("tested", two)
    }  # fmt: skip
    assert "  1 of the last run's 2 rows contradict it\n    resolution  5\n" in _drawn(clicks.why("slow.of"), 80)
    told = {one["fact"]: one for one in clicks.why("slow.of").as_json()["facts"]}  # type: ignore[attr-defined]
    assert [told["resolution"][one] for one in ("evidence", "rows", "contradicted_by")] == ["assumed", 2, 1]
    assert [told["sampling"][one] for one in ("rows", "contradicted_by")] == [None, None]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("tables/slow.sql", "FROM click", "FROM click -- all", True),
        ("tables/slow.sql", ">= 10", ">= 1", False),
        ("contracts/click.odcs.yaml", "value: 5", "value: 1", False),
        ("contracts/click.odcs.yaml", "{name: app}", "{name: web}", True),
        ("data/click.csv", "3,15,11", "3,15,12", True),
    ],
)
def test_rows_of_what_is_no_longer_declared_say_nothing(
    clicks: bl.Project, file: str, old: str, new: str, said: bool
) -> None:
    clicks.run()
    path = clicks.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert bool(_counts(bl.load(clicks.folder), "slow.ms")) == said


def test_key_that_a_join_loses_is_told_at_the_join(tmp_path: Path) -> None:
    found = _made(tmp_path, "SELECT ride_id, device\nFROM ride\nJOIN device USING (rider)").why("it.ride_id")
    assert found.keys == (("ride_id", "device"),)
    lost = next(step for step in _steps(found.made) if step.changes)
    assert (lost.text, lost.changes) == (
        "JOIN device USING (rider)",
        (("key", "unique by itself", "unique with device"),),
    )


def test_unknown_step_says_so(tmp_path: Path) -> None:
    step = "SELECT ride_id FROM ride UNION SELECT ride_id + 1 FROM n WHERE ride_id < 9"
    sql = f"WITH RECURSIVE n AS ({step})\nSELECT ride_id FROM n"
    found = _made(tmp_path, sql).why("it.ride_id")
    assert "not understood: a WITH that reads itself" in {step.what for step in _steps(found.made)}
    assert {one.evidence.how for one in found.facts if one.value == "unknown"} == {"unknown"}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("flwn.dep_delay", "there is no flwn in flights (did you mean flown?)"),
        ("flown.dep_dely", "table:flown has no column dep_dely (did you mean dep_delay?)"),
        ("flown", "flown names no column: write NODE.COLUMN, such as flown.left_gate"),
        ("delay.carrier", "model:delay has no columns of its own: ask for those of late_departures"),
        ("weather.tem", "weather may mean event:weather or feature:weather: write one of these"),
    ],
)
def test_wrong_name_gets_its_nearest(chains: dict[str, Chain], word: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        Answers(chains["flights"]).why(word)


def test_name_of_a_feature_may_go_without_the_feature(chains: dict[str, Chain]) -> None:
    found = Answers(chains["flights"]).why("feature:weather.TEMP")
    assert (found.node.id, found.column) == ("feature:weather", "weather_temp")
    assert found == Answers(chains["flights"]).why("feature:weather.weather_temp")
    assert found == Answers(chains["flights"]).why("weather.weather_temp")
    assert Answers(chains["flights"]).why("weather.temp").node.id == "event:weather"


def test_command_prints_and_writes_json(tmp_path: Path) -> None:
    shutil.copytree(_ROOT / "examples" / "flights", tmp_path / "flights", ignore=shutil.ignore_patterns(".balun"))
    words = ["-C", str(tmp_path / "flights"), "why"]
    told = json.loads(CliRunner().invoke(balun, [*words, "flown.dep_delay", "--json"]).output)
    assert (told["node"], told["column"], told["owner"]) == ("table:flown", "dep_delay", "data-platform")
    where = next(one for one in told["facts"] if one["fact"] == "nullable")
    assert (where["evidence"], where["file"], where["line"]) == ("proved", "tables/flown.sql", 8)
    again = json.loads(CliRunner().invoke(balun, [*words, "flown.dep_delay", "--json"]).output)
    assert again == told  # of what was kept
    wrong = CliRunner().invoke(balun, [*words, "flown.dep_dely"])
    assert wrong.exit_code == 2
    assert wrong.stderr == "balun: table:flown has no column dep_dely (did you mean dep_delay?)\n"


def test_page_shows_what_is_printed(chains: dict[str, Chain], accept: bool) -> None:
    page = _PAGE.read_text(encoding="utf-8")

    def printed(block: re.Match[str]) -> str:
        project, word = block[1], block[2]
        return (
            f"```text\n$ balun -C examples/{project} why {word}\n{_drawn(Answers(chains[project]).why(word), 100)}```"
        )

    now = re.sub(r"```text\n\$ balun -C examples/(\w+) why (\S+)\n.*?```", printed, page, flags=re.DOTALL)
    if accept:
        _PAGE.write_text(now, encoding="utf-8")
    assert page.count("$ balun -C examples/") >= 2
    one = next(one for one in Answers(chains["flights"]).why("flown.dep_delay").facts if one.fact == "nullable")
    assert f"# [{(one.value, one.evidence.how, str(one.evidence.place))}]" in page
    assert _PAGE.read_text(encoding="utf-8") == now


def test_reads_of_one_parent_are_all_told(chains: dict[str, Chain]) -> None:
    """Each event or table that a SELECT reads for a column's value stands in how it is made."""
    chain = chains["funnel"]
    known = chain.nodes["table:activity"]
    assert known.relation
    found = Answers(chain).why("activity.happened")
    nodes = {str(step.column).split(".")[0] for step in _steps(found.made) if step.column}
    assert nodes == {"activity", *(scan.parent for scan in scans(known.relation))}
