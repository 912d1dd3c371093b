"""What a model was measured to need flows back: to check, near, map and status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import balun as bl
from balun.chain.needs import read_needs
from balun.cli import balun
from balun.errors import ProjectError
from planted import make_planted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_planted(tmp_path_factory.mktemp("needs") / "planted")
    done = _balun(made, "worth", "total", "--write", "--workers", "1")
    assert done.exit_code == 0, done.output
    assert "commit it" in done.output
    return made


def _balun(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(balun, ["-C", str(folder), *words], terminal_width=200)


def test_needs_are_the_columns_with_worth_and_one_of_two_copies(folder: Path) -> None:
    found = read_needs(folder / "needs" / "total.yaml", folder)
    assert [need.name for need in found.needs][:3] == ["reading.x0", found.needs[1].name, "reading.x1"]
    copy = found.needs[1]
    assert {copy.name, *copy.others} == {"reading.x4", "reading.x5"}
    assert {need.column for need in found.needs} <= {"x0", "x1", "x2", "x3", "x4", "x5"}


def test_check_finds_a_step_that_is_too_coarse(folder: Path) -> None:
    assert not [one for one in bl.load(folder).check().findings if one.rule == "need-missed"]
    told = _balun(folder, "check", "--if", "coarsen reading.x0 to 100")
    assert "measured: total needs reading.x0" in told.output
    file = folder / "needs" / "total.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{column: reading.x0,", "{column: reading.x0, resolution: 0.01,"), encoding="utf-8")
    try:
        found = bl.load(folder).impact("coarsen reading.x0 to 100").findings
    finally:
        file.write_text(text, encoding="utf-8")
    assert [one.rule for one in found] == ["need-missed"]
    assert "promises 100" in found[0].message


def test_one_copy_is_enough(folder: Path) -> None:
    need = read_needs(folder / "needs" / "total.yaml", folder).needs[1]
    contract = folder / "contracts" / "reading.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    one, other = need.column, need.others[0].split(".")[1]
    try:
        for gone, expected in (([one], 0), ([one, other], 1)):
            lines = [line for line in text.splitlines() if not any(f"name: {name}," in line for name in gone)]
            contract.write_text("\n".join(lines) + "\n", encoding="utf-8")
            models = folder / "models.py"
            said = models.read_text(encoding="utf-8")
            short = said
            for name in gone:
                short = short.replace(f"{name}, ", "").replace(f'"{name}", ', "")
            models.write_text(short, encoding="utf-8")
            try:
                found = [one for one in bl.load(folder).check().findings if one.rule == "need-missed"]
            finally:
                models.write_text(said, encoding="utf-8")
            assert len(found) == expected
    finally:
        contract.write_text(text, encoding="utf-8")


def test_both_ends_see_it(folder: Path) -> None:
    event, model = (_balun(folder, "near", name).output for name in ("event:reading", "model:total"))
    assert "What models need of it" in event
    assert "total needs reading.x0" in event
    assert "What it needs" in model
    drawn = _balun(folder, "map").output
    assert "total of ml needs of sensors: reading.x0" in drawn
    assert json.loads(_balun(folder, "map", "--json").stdout)["needs"][0]["column"] == "x0"


def test_status_ends_with_the_match(folder: Path) -> None:
    told = _balun(folder, "status").output.splitlines()[-1]
    assert told.startswith("captured and used: ")
    match = bl.load(folder).status().match
    assert "reading.spare" in match.unused
    assert "reading.x0" in match.used
    assert set(match.unproved) <= set(match.measured)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model: totl\nmetric: rmse\ncorpus: c\nneeds: []\n", "did you mean total"),
        ("model: total\nmetric: rmse\ncorpus: c\n", "needs is no list"),
        ("model: total\nmetric: rmse\ncorpus: c\nneeds: [{column: x0, worth: 1, low: 0, high: 2}]\n", "event.column"),
        ("model: total\nmetric: rmse\ncorpus: c\nneeds: [{column: a.b, worth: much, low: 0, high: 2}]\n", "no number"),
        ("model: total\nmetric: rmse\ncorpus: c\nneeds: [{column: a.b, resolution: soon}]\n", "no step"),
        ("\x00", "needs/total.yaml"),
    ],
)
def test_a_file_that_is_wrong_is_said_with_its_place(folder: Path, text: str, says: str) -> None:
    file = folder / "needs" / "total.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    try:
        with pytest.raises(ProjectError) as raised:
            bl.load(folder)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert says in str(raised.value)
    assert "needs/total.yaml" in str(raised.value)
