from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import balun as bl
from balun.cli import balun


def _balun(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(balun, ["-C", str(folder), *words])
    assert "Traceback" not in done.output
    return done.exit_code, done.stdout


@pytest.mark.parametrize(
    "words", [["status"], ["map"], ["near", "purchase"], ["rows", "purchase"], ["quarantine", "order"]]
)
def test_verbs_speak_json(ran: bl.Project, words: list[str]) -> None:
    code, said = _balun(ran.folder, *words, "--json")
    assert code == 0
    assert json.loads(said) is not None


def test_run_prints_the_accounts_of_each_event(ran_copy: Path) -> None:
    code, said = _balun(ran_copy, "run")
    assert code == 0
    line = next(line for line in said.splitlines() if line.startswith("order"))
    assert line.split() == ["order", "checkout", "1,500", "=", "1,500", "+", "0", "+", "0", "kept"]
    assert "Nothing to make" in said


def test_run_prints_metric_interval_and_baselines(ran_copy: Path) -> None:
    said = _balun(ran_copy, "run")[1]
    assert "roc_auc" in said
    assert "prior" in said
    assert "last value" in said


def test_findings_exit_1(shop: Path) -> None:
    table = shop / "tables" / "purchase.sql"
    table.write_text(table.read_text(encoding="utf-8").replace("key: order_id", "key: customer"), encoding="utf-8")
    (shop / "models.py").unlink()
    code, said = _balun(shop, "run")
    assert code == 1
    assert "promise-broken" in said


def test_unknown_node_exits_2_with_the_nearest(ran: bl.Project) -> None:
    done = CliRunner().invoke(balun, ["-C", str(ran.folder), "rows", "purchse"])
    assert done.exit_code == 2
    assert "did you mean purchase" in done.stderr


def test_no_project_exits_2_and_says_what_to_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(balun, ["-C", str(tmp_path), "run"])
    assert done.exit_code == 2
    assert "balun init" in done.stderr


def test_init_then_run(tmp_path: Path) -> None:
    (tmp_path / "ride.csv").write_text(
        "ride,started,km\n1,2024-01-01T00:00:00Z,2.5\n2,2024-01-02T00:00:00Z,3\n", encoding="utf-8"
    )
    assert _balun(tmp_path, "init", str(tmp_path / "ride.csv"), "--owner", "rides")[0] == 0
    code, said = _balun(tmp_path, "run")
    assert code == 0
    assert "ride" in said


def test_help_imports_nothing_heavy() -> None:
    heavy = ["duckdb", "sqlglot", "pyarrow", "sklearn", "pandas", "rich.table", "pydantic", "pint"]
    code = f"import sys, balun.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_settled_run_imports_nothing_heavy(ran_copy: Path) -> None:
    heavy = ["duckdb", "sqlglot", "sklearn", "pandas", "pint"]
    code = (
        f"import sys; from pathlib import Path; from balun.run import run; run(Path({str(ran_copy)!r})); "
        f"report = run(Path({str(ran_copy)!r})); print(report.made, [name for name in {heavy} if name in sys.modules])"
    )
    bl.load(ran_copy).run()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"
