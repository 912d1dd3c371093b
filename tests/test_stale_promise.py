"""Promises against what the last run's rows told: check reads the record, and no rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from balun.check import check
from balun.run import run

_CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: click
version: 1.0.0
status: active
team: {name: app}
servers: [{server: files, type: local, path: data/click.csv, format: csv}]
schema:
  - name: click
    quality: [{name: enough rows, metric: rowCount, mustBeGreaterThan: 10}]
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - {name: user, logicalType: integer, required: true}
      - {name: ms, logicalType: integer, logicalTypeOptions: {minimum: 0, maximum: 1000}}
"""
_TABLE = "/* owner: data\n   key: user\n   required: ms */\nSELECT user, ms FROM click\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rows = [f"{number},{number // 2},{'' if number == 3 else number}" for number in range(8)]
    rows += ["8,9,5000", "8,9,7", "9,9,x"]
    for name, text in {
        "balun.toml": 'name = "clicks"\nzone = "UTC"\n',
        "contracts/click.odcs.yaml": _CONTRACT,
        "tables/last.sql": _TABLE,
        "data/click.csv": "\n".join(["id,user,ms", *rows]) + "\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _stale(folder: Path) -> list[tuple[str, str]]:
    return [(str(one.place), one.message) for one in check(folder).findings if one.rule == "stale-promise"]


def test_nothing_is_stale_before_a_run_and_nothing_is_made(project: Path) -> None:
    assert _stale(project) == []
    assert not (project / ".balun" / "catalogue.sqlite").exists()


def test_what_rows_contradict_is_stale(project: Path) -> None:
    run(project)
    found = _stale(project)
    said = [message.split(": ", 1)[1] for place, message in found if place.startswith("tables")]
    assert said == [
        "last breaks its promise: its key (user) is not unique: it repeats that of another row in 4 of 9 rows",
        "last breaks its promise: ms is null in 1 of 9 rows",
    ]
    assert [place.split(":")[1] for place, _ in found if place.startswith("contracts")] == ["9", "14", "14"]
    assert any("ms must be at most 1000" in message for _, message in found)
    assert any("enough rows is 9" in message for _, message in found)


def test_what_was_mended_is_not_stale(project: Path) -> None:
    run(project)
    (project / "tables" / "last.sql").write_text(
        _TABLE.replace("SELECT user", "SELECT DISTINCT user"), encoding="utf-8"
    )
    file = project / "contracts" / "click.odcs.yaml"
    file.write_text(_CONTRACT.replace("1000", "6000"), encoding="utf-8")
    assert _stale(project) == []


def test_a_comment_mends_nothing(project: Path) -> None:
    run(project)
    before = len(_stale(project))
    (project / "tables" / "last.sql").write_text(_TABLE + "-- as it was\n", encoding="utf-8")
    assert len(_stale(project)) == before


_STEPS = ", customProperties: [{property: resolution, value: 2}]}"
_BROKEN = "click breaks its promise: ms isn't on steps of 2 in 4 of 9 rows"


def _with_steps(project: Path, step: str = "2") -> Path:
    file = project / "contracts" / "click.odcs.yaml"
    text = _CONTRACT.replace("maximum: 1000}}", "maximum: 1000}" + _STEPS.replace("2", step))
    file.write_text(text, encoding="utf-8")
    return file


def test_rows_off_a_resolution_are_told_and_kept(project: Path) -> None:
    _with_steps(project)
    report = run(project)
    found = [one for one in report.findings if one.message == _BROKEN]
    assert [(one.rule, one.place.line, one.owner) for one in found] == [("promise-broken", 14, "app")]
    assert next(one for one in report.outcomes if one.step == "event:click").info["rows"] == 9
    line = "contracts/click.odcs.yaml:14"
    assert (line, f"the last run's rows contradict it: {_BROKEN}") in _stale(project)


def test_a_resolution_is_tested_anew_where_it_changes(project: Path) -> None:
    _with_steps(project)
    run(project)
    _with_steps(project, "1")
    assert not any("steps" in message for _, message in _stale(project))
    assert not any("steps" in one.message for one in run(project).findings)


def test_a_column_that_is_gone_leaves_no_stale_promise(project: Path) -> None:
    run(project)
    file = _with_steps(project)
    file.write_text(_CONTRACT.replace("name: ms,", "name: other,"), encoding="utf-8")
    (project / "tables" / "last.sql").write_text("/* owner: data */\nSELECT user FROM click\n", encoding="utf-8")
    assert _stale(project) == []
