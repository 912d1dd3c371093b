"""Two revisions compared: every edit is seen and judged, and a rewrite is the same only where it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from balun.against import Against, against, of_impact
from balun.against.against import compare
from balun.chain.change import read_change
from balun.chain.load import load_graph
from balun.errors import UsageError
from balun.impact import chain_of, impact
from balun.report import AGAINST

_EDITS = Path(__file__).parent / "projects" / "edits"
_CONTRACT, _TABLE, _FEATURES = "contracts/ride.odcs.yaml", "tables/paid.sql", "features.py"


def _edited(tmp_path: Path, *edits: tuple[str, str, str]) -> Against:
    """The project with some texts in its files in place of others."""
    folder = tmp_path / "edits"
    shutil.copytree(_EDITS, folder)
    for file, was, now in edits:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(was) == 1, was
        (folder / file).write_text(text.replace(was, now), encoding="utf-8")
    return compare(chain_of(load_graph(_EDITS)), load_graph(folder))


def _verdicts(found: Against) -> dict[str, str]:
    return {effect.node.name: effect.verdict for effect in found.effects}


# The edits of a contract that today's contract tools were tried on; ten of them they pass unseen.
@pytest.mark.parametrize(
    ("was", "now", "said", "worst", "version"),
    [
        ("      - {name: note, logicalType: string}\n", "", "drop ride.note", "breaks", "2.0.0"),
        ("name: note,", "name: remark,", "drop ride.note", "breaks", "2.0.0"),
        ("- name: distance\n        logicalType: number", "- name: distance\n        logicalType: string",
         "retype ride.distance to VARCHAR", "shifts", "2.0.0"),
        ("- name: distance\n        logicalType: number", "- name: distance\n        logicalType: integer",
         "retype ride.distance to BIGINT", "shifts", "2.0.0"),
        ("tip and all.\n        logicalType: number\n        required: true",
         "tip and all.\n        logicalType: number", "nullable ride.fare", "breaks", "2.0.0"),
        ("{name: note, logicalType: string}", "{name: note, logicalType: string, required: true}",
         "require ride.note", "shifts", "1.5.0"),
        ("enum: [{value: done}, {value: cancelled}]", "enum: [{value: cancelled}]", "remove value ride.status 'done'",
         "breaks", "2.0.0"),
        ("{value: cancelled}]", "{value: cancelled}, {value: disputed}]", "add value ride.status 'disputed'",
         "shifts", "1.5.0"),
        ("value: km}", "value: mile}", "rescale ride.distance from km to mile", "shifts", "1.5.0"),
        ("value: EUR}", "value: EUR_cent}", "rescale ride.fare from EUR to EUR_cent", "shifts", "1.5.0"),
        ("        primaryKey: true\n      - name: email\n", "      - name: email\n        primaryKey: true\n",
         "rekey ride by email", "breaks", "2.0.0"),
        ("      - name: email\n", "      - name: email\n        primaryKey: true\n        primaryKeyPosition: 2\n",
         "rekey ride by email, id", "breaks", "2.0.0"),
        ("one row for each ride", "one row for each leg of a ride",
         "a row of ride is 'one row for each leg of a ride', was 'one row for each ride'", "same", None),
        ("\n        logicalTypeOptions: {defaultTimezone: Europe/Berlin}", "",
         "rezone ride.started_at to UTC", "shifts", "1.5.0"),
        ("{property: latency, value: 5, unit: min}", "{property: latency, value: 24, unit: h}",
         "latency of ride from 5 min to 24 h", "shifts", "1.5.0"),
        ("{property: frequency, value: 1, unit: min}", "{property: frequency, value: 1, unit: h}",
         "frequency of ride from 1 min to 1 h", "shifts", "1.5.0"),
        ("classification: restricted", "classification: secret", "reclassify ride.email to secret", "same", None),
        ("team: {name: app}", "team: {name: growth}", "reown ride to growth", "same", None),
        ("value: 100%", "value: 10%", "sample ride to 10%", "shifts", "1.5.0"),
        ("tip and all", "without the tip", "reword ride.fare", "same", None),
        ("      - {name: note,", "      - {name: city, logicalType: string}\n      - {name: note,",
         "add ride.city VARCHAR", "same", "1.5.0"),
    ],
)  # fmt: skip
def test_the_21_edits_of_a_contract_are_judged(
    tmp_path: Path, was: str, now: str, said: str, worst: str, version: str | None
) -> None:
    found = _edited(tmp_path, (_CONTRACT, was, now))
    assert said in [one.edit.words for one in found.edits]
    assert found.worst == worst
    bumps = [one for one in found.findings if one.rule == "contract-version-not-bumped"]
    assert [version in one.message for one in bumps if version] == ([True] if version else [])
    assert bool(bumps) == (version is not None)


def test_rows_that_come_sooner_shift_what_waits_for_them(tmp_path: Path) -> None:
    found = _edited(tmp_path, (_CONTRACT, "latency, value: 5, unit: min", "latency, value: 1, unit: min"))
    shifted = {name for name, verdict in _verdicts(found).items() if verdict != "same"}
    assert shifted == {"spent", "rides", "price", "quote"}


def test_what_is_reworded_is_read_by_those_who_use_it(tmp_path: Path) -> None:
    assert _edited(tmp_path, (_CONTRACT, "tip and all", "without the tip")).agree == ("finance", "ml", "checkout")


def test_a_version_that_was_raised_is_enough(tmp_path: Path) -> None:
    found = _edited(tmp_path, (_CONTRACT, "value: 100%", "value: 10%"), (_CONTRACT, "version: 1.4.0", "version: 1.5.0"))
    assert "contract-version-not-bumped" not in {one.rule for one in found.findings}


def test_edits_are_judged_together(tmp_path: Path) -> None:
    """A column that goes with what read it breaks nothing but who reads it elsewhere."""
    found = _edited(
        tmp_path,
        (_CONTRACT, "      - {name: note, logicalType: string}\n", ""),
        (_TABLE, ", started_at, note", ", started_at"),
    )
    assert {name: verdict for name, verdict in _verdicts(found).items() if verdict != "same"} == {
        "ride": "breaks",
        "paid": "breaks",
    }
    assert not [one for one in found.findings if one.rule == "column-missing"]


@pytest.mark.parametrize(
    ("file", "was", "now"),
    [
        (_TABLE, "SELECT id, email, fare", "SELECT  id,\n  email, -- whose\n  fare"),
        (_TABLE, "SELECT id,", "WITH r AS (SELECT * FROM ride)\nSELECT r.id AS id,"),
        (_TABLE, "WHERE status = 'done'", "WHERE 'done' = status"),
        (_TABLE, "WHERE status = 'done'", "WHERE status = 'done' AND true"),
        (_FEATURES, 'owner="ml",\n    examples', 'description="What it costs.",\n    owner="ml",\n    examples'),
        (_FEATURES, "fare FROM paid", "fare FROM (SELECT p.* FROM (FROM paid) AS p)"),
    ],
)  # fmt: skip
def test_a_rewrite_is_the_same(tmp_path: Path, file: str, was: str, now: str) -> None:
    if "WITH" in now:
        edits = [(_TABLE, was, now), (_TABLE, "FROM ride\n", "FROM r\n")]
        folder = tmp_path / "edits"
        shutil.copytree(_EDITS, folder)
        text = (folder / _TABLE).read_text(encoding="utf-8")
        text = text.replace("FROM ride\n", "FROM r\n").replace(was, now)
        (folder / _TABLE).write_text(text, encoding="utf-8")
        found = compare(chain_of(load_graph(_EDITS)), load_graph(folder))
        assert edits
    else:
        found = _edited(tmp_path, (file, was, now))
    assert found.worst == "same"


@pytest.mark.parametrize(
    ("file", "was", "now", "shifted"),
    [
        (_TABLE, "status = 'done'", "status <> 'cancelled' OR fare > 0", {"paid", "spent", "rides", "price", "quote"}),
        (_TABLE, "fare, distance", "fare, distance * 2 AS distance", {"paid", "rides", "price", "quote"}),
        (_FEATURES, 'over="30d"', 'over="20d"', {"spent", "rides", "price", "quote"}),
        (_FEATURES, "Ridge()", "Ridge(alpha=2)", {"price", "quote"}),
        (_FEATURES, 'test="30d"', 'test="60d"', {"price", "quote"}),
    ],
)
def test_what_changes_values_is_never_the_same(
    tmp_path: Path, file: str, was: str, now: str, shifted: set[str]
) -> None:
    found = _edited(tmp_path, (file, was, now))
    assert {name for name, verdict in _verdicts(found).items() if verdict != "same"} >= shifted


# -- git


def _git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project below the top of a repository, with one commit."""
    folder = tmp_path / "repository" / "some where" / "edits"
    shutil.copytree(_EDITS, folder)
    _git(tmp_path / "repository", "init", "--quiet")
    _git(tmp_path / "repository", "add", ".")
    _git(tmp_path / "repository", "commit", "--quiet", "--message", "first")
    return folder


def test_against_reads_the_revision_and_leaves_the_work_tree_alone(repository: Path) -> None:
    table = repository / _TABLE
    edited = table.read_text(encoding="utf-8").replace("'done'", "'cancelled'")
    table.write_text(edited, encoding="utf-8")
    stamp = table.stat().st_mtime_ns
    found = against(repository, "HEAD")
    assert [one.edit.words for one in found.edits] == ["its SQL"]
    assert found.worst == "shifts"
    assert (table.read_text(encoding="utf-8"), table.stat().st_mtime_ns) == (edited, stamp)


def test_nothing_edited_is_the_same(repository: Path) -> None:
    found = against(repository, "HEAD")
    assert (found.edits, found.worst, found.findings) == ((), "same", ())


@pytest.mark.parametrize("revision", ["nowhere", "--help", ""])
def test_a_revision_that_is_none_is_said_plainly(repository: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="there is no revision"):
        against(repository, revision)


def test_a_folder_outside_git_is_said_plainly(tmp_path: Path) -> None:
    folder = tmp_path / "edits"
    shutil.copytree(_EDITS, folder)
    with pytest.raises(UsageError, match="no git repository"):
        against(folder, "HEAD")


def test_a_project_that_was_not_there_is_said_plainly(repository: Path) -> None:
    _git(repository, "mv", str(repository), str(repository.parent / "moved"))
    with pytest.raises(UsageError, match="was no project at HEAD"):
        against(repository.parent / "moved", "HEAD")


# -- reports


def test_a_change_that_is_asked_about_is_reported_as_one_that_was_made() -> None:
    asked = of_impact(impact(load_graph(_EDITS), read_change("drop ride.distance")))
    said = AGAINST["markdown"](asked)
    assert "**balun check** of edits against what is captured now: breaks" in said
    assert "| drop ride.distance `contracts/ride.odcs.yaml:" in said
    assert "Must agree: finance, ml, checkout." in said


def test_breaks_are_errors_and_shifts_are_warnings(tmp_path: Path) -> None:
    found = _edited(
        tmp_path, (_CONTRACT, "value: km}", "value: mile}"), (_CONTRACT, "version: 1.4.0", "version: 1.5.0")
    )
    told = json.loads(AGAINST["sarif"](found))
    results = [(one["ruleId"], one["level"]) for one in told["runs"][0]["results"]]
    assert results == [("change-shifts", "warning")]
    assert {one["id"] for one in told["runs"][0]["tool"]["driver"]["rules"]} >= {"change-breaks", "change-shifts"}
    assert AGAINST["github"](found).startswith("::warning file=contracts/ride.odcs.yaml,line=")
