"""The action and the hooks that others use: their commands are run as a runner would."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

_ROOT = Path(__file__).parent.parent
_EDITS = Path(__file__).parent / "projects" / "edits"
_ACTION = yaml.safe_load((_ROOT / "action.yml").read_text(encoding="utf-8"))
_HOOKS = yaml.safe_load((_ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def _git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a project in a folder of it, and one commit."""
    folder = tmp_path / "repository"
    shutil.copytree(_EDITS, folder / "project")
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "first")
    return folder


def _edit(repository: Path, was: str, now: str) -> None:
    file = repository / "project" / "contracts" / "ride.odcs.yaml"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, now), encoding="utf-8")


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **more}


def _checked(repository: Path, fail_on: str) -> tuple[int, str, str]:
    """Exit status, annotations and summary of the action's last step."""
    summary = repository / "summary.md"
    step = _ACTION["runs"]["steps"][-1]
    told = {"PROJECT": "project", "AGAINST": "HEAD", "FAIL_ON": fail_on, "GITHUB_STEP_SUMMARY": str(summary)}
    assert set(step["env"]) <= set(told)
    ran = subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=repository, env=_environment(**told), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout, summary.read_text(encoding="utf-8")


def test_the_action_passes_what_changes_nothing(repository: Path) -> None:
    status, said, summary = _checked(repository, "shifts")
    assert (status, said.strip()) == (0, "")
    assert "changes nothing" in summary


def test_the_action_fails_what_breaks_at_its_line(repository: Path) -> None:
    _edit(repository, "      - {name: note, logicalType: string}\n", "")
    status, said, summary = _checked(repository, "breaks")
    assert status != 0
    assert "::error file=contracts/ride.odcs.yaml" in said
    assert "drop ride.note" in summary
    assert "Must agree: finance" in summary


def test_the_action_lets_shifts_pass_where_asked(repository: Path) -> None:
    _edit(repository, "value: 100%", "value: 10%")
    _edit(repository, "version: 1.4.0", "version: 1.5.0")
    status, said, _ = _checked(repository, "breaks")
    assert "::warning file=contracts/ride.odcs.yaml" in said
    assert [line for line in said.splitlines() if line.startswith("::error") and "sampled-count" not in line] == []
    assert status != 0
    assert "sampled-count" in said  # which nobody may let pass


@pytest.mark.parametrize("hook", _HOOKS, ids=lambda hook: hook["id"])
def test_each_hook_runs(repository: Path, hook: dict[str, str]) -> None:
    ran = subprocess.run(
        shlex.split(hook["entry"]), cwd=repository / "project", env=_environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
