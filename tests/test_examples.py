"""The examples whose data is made: nothing is found in them, they run, and their model beats its baselines."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import balun as bl
from balun.check import check_graph
from balun.run import Report
from held import contradicted

_EXAMPLES = Path(__file__).parent.parent / "examples"
_MODELS = {"funnel": "paying", "orders": "transit"}
_UNTIDY = shutil.ignore_patterns(".balun", "__pycache__")


@pytest.fixture(scope="module", params=_MODELS)
def example(request: pytest.FixtureRequest, shared: Path) -> tuple[bl.Project, Report]:
    """Run once, whichever worker comes first; the others find it up to date."""
    folder = shared / request.param
    with (shared / f"{request.param}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.copytree(_EXAMPLES / request.param, folder, ignore=_UNTIDY)
        project = bl.load(folder)
        return project, project.run()


def test_check_finds_nothing_and_follows_every_column(example: tuple[bl.Project, Report]) -> None:
    found = check_graph(example[0].graph)
    assert [finding.message for finding in found.findings] == []
    assert found.unclear == ()
    assert found.resolved == found.columns > 200
    assert all(one.why for one in found.accepted)


def test_run_finds_nothing_and_loses_no_row(example: tuple[bl.Project, Report]) -> None:
    report = example[1]
    assert report.findings == ()
    for outcome in report.outcomes:
        if outcome.step.startswith("event:"):
            found = outcome.info["collected"]
            assert isinstance(found, dict)
            assert found["collected"] == found["kept"] + found["quarantined"] + found["duplicates"]


def test_no_fact_is_contradicted_by_the_rows(example: tuple[bl.Project, Report]) -> None:
    said, wrong = contradicted(example[0], ("event", "table", "examples", "feature", "corpus"))
    assert said > 500
    assert wrong == []


def test_model_beats_its_baselines_as_the_page_says(example: tuple[bl.Project, Report]) -> None:
    project = example[0]
    result = project[f"model:{_MODELS[project.name]}"].result
    for baseline in result.baselines:
        if result.greater_is_better:
            assert result.low > baseline.high
            assert baseline.difference_low > 0
        else:
            assert result.high < baseline.low
            assert baseline.difference_high < 0
    page = (_EXAMPLES / project.name / "README.md").read_text(encoding="utf-8")
    told = re.search(rf"`{result.metric}` is (\d+\.\d+)", page)
    assert told
    assert float(told[1]) == pytest.approx(result.value, rel=0.03)


@pytest.mark.parametrize("name", _MODELS)
def test_data_is_what_the_seed_makes(name: str, tmp_path: Path) -> None:
    script = _EXAMPLES / name / "make_data.py"
    subprocess.run(
        [sys.executable, "-c", f"import make_data, pathlib; make_data.make(pathlib.Path({str(tmp_path)!r}))"],
        cwd=script.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    files = sorted((script.parent / "data").iterdir())
    assert sum(file.stat().st_size for file in files) < 1_500_000
    assert [file.name for file in files] == sorted(file.name for file in tmp_path.iterdir())
    for file in files:
        if file.suffix == ".parquet":  # its bytes are Arrow's
            assert pq.read_table(file).equals(pq.read_table(tmp_path / file.name))
        else:
            assert file.read_bytes() == (tmp_path / file.name).read_bytes()
