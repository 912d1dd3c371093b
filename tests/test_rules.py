"""Each rule's page is its test: the blocks are files of a project, and `error: RULE` stands where a finding belongs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from balun.chain.load import load_graph
from balun.check import check
from balun.facts.known import known_of
from balun.facts.supply import supply_of
from balun.rules import RULES, Rule
from balun.rules.accepted import accepted

_RIDES = Path(__file__).parent / "projects" / "rides"
_FILES = {"sql": "tables/example.sql", "python": "features.py", "yaml": "needs/long.yaml"}
# The model that needs are of.
_LONG = """import balun as bl
from sklearn.linear_model import LogisticRegression

long = bl.corpus("long", owner="ml", label="long", features=[bl.columns("city")],
    examples="SELECT city, started AS at, fare > 20 AS long FROM ride")
model = bl.model("long", corpus=long, owner="ml", estimator=LogisticRegression(), metric="roc_auc",
    split=bl.by_time(test="60d"))
"""
_BLOCK = re.compile(r"^```(sql|python|yaml)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_ERROR = re.compile(r"(?:--|#) error: ([a-z-]+)")
_CASES = [
    pytest.param(rule, _FILES[kind], text, id=f"{rule.name}-{number}")
    for rule in RULES
    for number, (kind, text) in enumerate(_BLOCK.findall(rule.page))
]


def _project(folder: Path, file: str, text: str) -> Path:
    shutil.copytree(_RIDES, folder)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(text, encoding="utf-8")
    if file.startswith("needs/"):
        (folder / "features.py").write_text(_LONG, encoding="utf-8")
    return folder


def _found(rule: Rule, folder: Path, file: str) -> set[tuple[int | None, str]]:
    graph = load_graph(folder)
    findings = rule.find(known_of(graph, supply_of(graph)))
    return {(finding.place.line, finding.rule) for finding in findings if finding.place.file == file}


def _expected(text: str) -> set[tuple[int | None, str]]:
    """A comment that stands alone is about the file as a whole."""
    found: set[tuple[int | None, str]] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if error := _ERROR.search(line):
            found.add((None if line.startswith("--") else number, error[1]))
    return found


@pytest.mark.parametrize(("rule", "file", "text"), _CASES)
def test_page_of_a_rule_says_what_it_finds(rule: Rule, file: str, text: str, tmp_path: Path) -> None:
    folder = _project(tmp_path / "rides", file, text)
    assert _found(rule, folder, file) == _expected(text)


def test_each_rule_has_a_page_with_good_and_bad() -> None:
    for rule in RULES:
        assert rule.page.startswith(f"# {rule.name}\n")
        assert len(_BLOCK.findall(rule.page)) >= 1


def test_each_file_is_in_the_tuple() -> None:
    folder = Path(_RIDES.parents[2] / "src" / "balun" / "rules")
    names = {file.stem.replace("_", "-") for file in folder.glob("*.md")}
    assert names == {rule.name for rule in RULES}


def test_unused_column_is_found_at_its_line(tmp_path: Path) -> None:
    rule = next(rule for rule in RULES if rule.name == "unused-captured-column")
    folder = _project(tmp_path / "rides", "tables/example.sql", _BLOCK.findall(rule.page)[0][1])
    graph = load_graph(folder)
    found = [finding for finding in rule.find(known_of(graph, supply_of(graph))) if "ride.tip" in finding.message]
    lines = (folder / "contracts" / "ride.odcs.yaml").read_text(encoding="utf-8").splitlines()
    assert [lines[(finding.place.line or 0) - 1].strip() for finding in found] == ["- name: tip"]


def test_finding_is_accepted_with_a_reason(tmp_path: Path) -> None:
    text = "-- balun: accept predicate-always-true: belt and braces\nSELECT ride_id FROM ride WHERE fare > 0\n"
    folder = _project(tmp_path / "rides", "tables/example.sql", text)
    rule = next(rule for rule in RULES if rule.name == "predicate-always-true")
    graph = load_graph(folder)
    stand, lived_with = accepted(rule.find(known_of(graph, supply_of(graph))), folder)
    assert not stand
    assert lived_with[0].why == "belt and braces"


def test_what_is_counted_twice_hangs_on_the_table_above(tmp_path: Path) -> None:
    """Each is said as it was worked out before, and anew."""
    folder = _project(
        tmp_path / "rides", "tables/example.sql", "SELECT city, sum(age) AS ages FROM met GROUP BY city\n"
    )
    above = folder / "tables" / "met.sql"
    text = above.read_text(encoding="utf-8")
    for becomes, expected in ((text, 1), (text.replace("r.age", "t.minutes AS age"), 0), (text, 1)):
        above.write_text(becomes, encoding="utf-8")
        for anew in (False, False, True):
            found = check(folder, anew=anew).findings
            assert sum(one.rule == "double-count" for one in found) == expected


_OPAQUE = """import balun as bl
from sklearn.linear_model import LogisticRegression

@bl.table(reads="rider", columns={"rider": "BIGINT", "known": "BOOLEAN"}, key="rider", owner="data"CLASSIFIED)
def known(rider):
    return rider

hers = bl.corpus("hers", owner="ml", label="long", features=[bl.columns("known")],
    examples="SELECT known, started AS at, fare > 20 AS long FROM ride JOIN known USING (rider)")
model = bl.model("hers", corpus=hers, owner="ml", may="internal", estimator=LogisticRegression(), metric="roc_auc",
    split=bl.by_time(test="60d"))
"""


@pytest.mark.parametrize(("declared", "expected"), [("", 1), (', classification={"known": "internal"}', 0)])
def test_what_python_makes_is_personal_until_somebody_says_otherwise(
    declared: str, expected: int, tmp_path: Path
) -> None:
    folder = _project(tmp_path / "rides", "features.py", _OPAQUE.replace("CLASSIFIED", declared))
    found = [one for one in check(folder).findings if one.rule == "personal-data-at-surface"]
    assert len(found) == expected
    assert all("known (nobody says of what)" in one.message for one in found)
