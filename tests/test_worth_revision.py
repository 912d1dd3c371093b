"""`check --against REV --worth`: each edit of a pull request with what it costs, on models as they were before it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from balun.cli import balun
from planted import lost, make_planted


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """x0 comes in whole steps from now on, x1 no more, and spare under another name."""
    folder = make_planted(tmp_path_factory.mktemp("revision") / "planted")
    (folder / ".gitignore").write_text("data\n.balun\n", encoding="utf-8")
    named = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], [*named, "commit", "-q", "-m", "before"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    contract = folder / "contracts" / "reading.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    coarse = "{name: x0, logicalType: number, customProperties: [{property: resolution, value: 1}]}"
    text = text.replace("{name: x0, logicalType: number}", coarse).replace("name: spare", "name: more")
    contract.write_text(text.replace("      - {name: x1, logicalType: number}\n", ""), encoding="utf-8")
    models = folder / "models.py"
    said = models.read_text(encoding="utf-8")
    models.write_text(said.replace("x1, ", "").replace('"x1", ', ""), encoding="utf-8")
    return folder


def _check(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(balun, ["-C", str(folder), "check", *words], terminal_width=200)


def test_each_edit_has_its_cost(edited: Path) -> None:
    told = json.loads(_check(edited, "--against", "HEAD", "--worth", "--json").stdout)
    costs = {one["edit"]: one.get("costs", []) for one in told["edits"]}
    (coarse,) = costs["coarsen reading.x0 to 1"]
    assert coarse["retrained"]["value"] == pytest.approx(lost(2.0, 1 / 12), rel=0.25)
    (gone,) = costs["drop reading.x1"]
    assert gone["on_day"] is None
    assert "x1" in gone["why_not"][0]
    assert not next(found for edit, found in costs.items() if "spare" in edit)


def test_a_comment_for_a_pull_request_has_the_costs(edited: Path) -> None:
    shown = _check(edited, "--against", "HEAD", "--worth", "--format", "markdown")
    assert "total loses rmse: " in shown.output
    assert "after retraining" in shown.output
    assert "total breaks" in shown.output


def test_the_work_tree_and_its_own_answers_stay(edited: Path) -> None:
    before = (edited / "models.py").read_text(encoding="utf-8")
    _check(edited, "--against", "HEAD", "--worth")
    assert (edited / "models.py").read_text(encoding="utf-8") == before


def test_worth_is_asked_of_a_revision(edited: Path) -> None:
    assert _check(edited, "--worth").exit_code == 2
    assert _check(edited, "--if", "drop reading.x0", "--worth").exit_code == 2
