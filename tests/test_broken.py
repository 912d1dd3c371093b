"""Broken projects, as data: a shop with a few files replaced, and what `balun run` says of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import balun as bl
from balun.cli import balun
from shop import make_shop

_CASES = sorted(folder for folder in (Path(__file__).parent / "broken").iterdir() if folder.is_dir())
_NOBODY = 65534


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_broken_project_gives_one_clear_error(case: Path, tmp_path: Path, accept: bool) -> None:
    folder = make_shop(tmp_path / "shop", orders=200)
    shutil.copytree(case, folder, dirs_exist_ok=True)
    done = CliRunner().invoke(balun, ["-C", str(folder), "run"])
    expected = case / "expected.txt"
    said = done.stderr.replace(str(folder), "FOLDER")
    if accept:
        expected.write_text(said, encoding="utf-8")
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert said == expected.read_text(encoding="utf-8")


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    folder = make_shop(Path(tempfile.mkdtemp()) / "shop", orders=50)
    folder.parent.chmod(0o755)
    contract = folder / "contracts" / "customer.odcs.yaml"
    data = folder / "data" / "customer.csv"
    bl.load(folder)  # what is imported late is imported now: nobody may read the interpreter's own files
    contract.chmod(0)
    said = _as_nobody(lambda: bl.load(folder))
    assert "contracts/customer.odcs.yaml" in said
    assert "mend:" in said
    contract.chmod(0o644)
    data.chmod(0)
    from balun.run import event_files

    project = bl.load(folder)
    said = _as_nobody(lambda: event_files(project.graph))
    assert "contracts/customer.odcs.yaml:" in said
    assert "data/customer.csv" in said
    shutil.rmtree(folder.parent)


def _as_nobody(call: object) -> str:
    """What a call says that runs as a user who owns nothing; root may read everything."""
    assert callable(call)
    real, effective, saved = os.getresuid()
    if real == 0:
        os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        with pytest.raises(bl.ProjectError) as raised:
            call()
    finally:
        if real == 0:
            os.setresuid(real, effective, saved)
    return str(raised.value)
