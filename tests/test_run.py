from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import balun as bl
from balun import build
from balun.chain.feature import Feature
from balun.chain.point_in_time import Examples, Source, Survey, compile_feature
from balun.run import Report
from balun.snapshot import Store
from shop import make_shop


def _made(report: Report) -> list[str]:
    return [outcome.step for outcome in report.outcomes if outcome.made]


def _names(report: Report) -> dict[str, str]:
    return {outcome.step: outcome.snapshot for outcome in report.outcomes}


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_first_run_makes_everything(ran: bl.Project) -> None:
    rows = {part.node.id: part.rows().num_rows for part in ran if part.node.kind in {"event", "table", "corpus"}}
    assert rows == {
        "event:customer": 60, "event:order": 1500, "table:purchase": 1500, "table:big": 1500, "corpus:returns": 1500,
    }  # fmt: skip
    assert ran["risk"].result.value > 0.6


def test_second_run_makes_nothing(ran_copy: Path) -> None:
    first = bl.load(ran_copy).run()
    again = bl.load(ran_copy).run()
    assert _made(again) == []
    assert _names(again) == _names(first)


def test_a_folder_may_be_called_anything(ran: bl.Project, tmp_path: Path) -> None:
    """DuckDB would take brackets for a pattern, and `amount=1` for a column of that name."""
    odd = make_shop(tmp_path / "amount=1 [a] it's")
    assert _names(bl.load(odd).run()) == _names(ran.run())
    amounts = [project["order"].rows().column("amount").to_pylist() for project in (ran, bl.load(odd))]
    assert amounts[0] == amounts[1]
    assert bl.load(odd).near("purchase").joins == ran.near("purchase").joins


def test_comment_and_layout_rebuild_nothing(ran_copy: Path) -> None:
    _edit(
        ran_copy / "tables" / "purchase.sql",
        "SELECT o.order_id, o.customer",
        "-- all of them\nSELECT\n  o.order_id,\n  o.customer",
    )
    _edit(ran_copy / "tables" / "big.py", '"""Orders over 50."""', '"""Orders over fifty."""  # a comment')
    _edit(ran_copy / "contracts" / "order.odcs.yaml", "name: checkout", "name: checkout-team")
    assert _made(bl.load(ran_copy).run()) == []


def test_change_of_a_feature_rebuilds_it_and_what_hangs_on_it(ran_copy: Path) -> None:
    _edit(ran_copy / "features.py", 'over=["7d", "30d"]', 'over=["7d", "14d"]')
    assert _made(bl.load(ran_copy).run()) == ["feature:spending@returns", "corpus:returns", "model:risk"]


def test_change_of_availability_rebuilds_the_features_that_use_it(ran_copy: Path) -> None:
    _edit(ran_copy / "contracts" / "order.odcs.yaml", "INTERVAL 7 DAY", "INTERVAL 8 DAY")
    made = _made(bl.load(ran_copy).run())
    assert "feature:spending@returns" in made
    assert "event:order" not in made


def test_new_rows_rebuild_what_reads_them(ran_copy: Path) -> None:
    with (ran_copy / "data" / "customer.csv").open("a", encoding="utf-8") as file:
        file.write("60,de\n")
    made = _made(bl.load(ran_copy).run())
    assert made[0] == "event:customer"
    assert "event:order" not in made


def test_same_inputs_give_the_same_bytes(ran: bl.Project, tmp_path: Path) -> None:
    other = make_shop(tmp_path / "other")
    report = bl.load(other).run()
    for outcome in report.outcomes:
        if outcome.step.startswith("model:"):
            continue
        twin = ran.store.find(outcome.snapshot)
        own = Store(other / ".balun").find(outcome.snapshot)
        assert twin is not None, outcome.step
        assert own is not None
        assert own.rows.read_bytes() == twin.rows.read_bytes(), outcome.step


def test_status_says_what_is_stale_and_why(ran_copy: Path) -> None:
    assert bl.load(ran_copy).status().stale == 0
    _edit(ran_copy / "features.py", 'over=["7d", "30d"]', 'over=["7d", "14d"]')
    why = {state.step.id: state.why for state in bl.load(ran_copy).status().states if not state.fresh}
    assert why == {
        "feature:spending@returns": "its declaration changed",
        "corpus:returns": "spending@returns is to be made again",
        "model:risk": "returns is to be made again",
    }


def test_lost_file_of_a_snapshot_is_made_again(ran_copy: Path) -> None:
    path = bl.load(ran_copy)["purchase"].path()
    before = path.read_bytes()
    path.write_bytes(before[:100])
    why = [state.why for state in bl.load(ran_copy).status().states if not state.fresh]
    assert why[0] == "its files are gone or cut short"
    bl.load(ran_copy).run()
    assert path.read_bytes() == before


def test_lost_or_damaged_catalogue_is_made_anew(ran_copy: Path) -> None:
    catalogue = ran_copy / ".balun" / "catalogue.sqlite"
    catalogue.write_bytes(b"garbage" * 1000)
    assert _made(bl.load(ran_copy).run()) == []
    catalogue.unlink()
    assert _made(bl.load(ran_copy).run()) == []


def test_second_run_at_once_fails_with_a_clear_word(ran_copy: Path) -> None:
    with Store(ran_copy / ".balun").locked():
        done = subprocess.run(
            [sys.executable, "-m", "balun", "-C", ran_copy, "run"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "another run works on this project" in done.stderr


def test_waiting_run_follows_the_first(ran_copy: Path) -> None:
    with Store(ran_copy / ".balun").locked():
        waiting = subprocess.Popen(
            [sys.executable, "-m", "balun", "-C", ran_copy, "run", "--wait"], stdout=subprocess.PIPE
        )
        time.sleep(1)
        assert waiting.poll() is None
    assert waiting.wait(timeout=60) == 0


def test_prune_keeps_what_is_current(ran_copy: Path) -> None:
    _edit(ran_copy / "features.py", 'over=["7d", "30d"]', 'over=["7d", "14d"]')
    bl.load(ran_copy).run()
    store = Store(ran_copy / ".balun")
    with store.locked():
        count, size = store.prune()
    assert count == 3
    assert size > 0
    assert _made(bl.load(ran_copy).run()) == []


def test_broken_promise_of_a_table_is_a_finding(shop: Path) -> None:
    _edit(shop / "tables" / "purchase.sql", "key: order_id", "key: customer\n   required: country")
    (shop / "models.py").unlink()
    report = bl.load(shop).run()
    assert [finding.rule for finding in report.findings] == ["promise-broken", "promise-broken"]
    assert "its key (customer) is not unique" in report.findings[0].message
    assert bl.load(shop).run().findings == report.findings


def test_input_known_too_late_is_a_finding(shop: Path) -> None:
    _edit(
        shop / "features.py", 'bl.columns("amount", "country", "big")', 'bl.columns("amount", "country", "big", "seen")'
    )
    _edit(shop / "features.py", "p.returned\n", "p.returned, NOT p.returned AS seen\n")
    (shop / "models.py").unlink()
    report = bl.load(shop).run()
    assert [finding.rule for finding in report.findings] == ["known-too-late"]
    assert "1,500 examples" in report.findings[0].message


def test_python_table_that_breaks_its_word_is_an_error(shop: Path) -> None:
    _edit(shop / "tables" / "big.py", '"big": big', '"bigger": big')
    with pytest.raises(bl.ProjectError, match="lacks big and has bigger besides"):
        bl.load(shop).run()


def _run_killed_after(folder: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "balun", "-C", str(folder), "run"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _kill_often(tmp_path: Path, times: int, seed: int) -> None:
    """Kill runs at random instants; nothing half is ever seen, and the last run ends as an undisturbed one does."""
    undisturbed = bl.load(make_shop(tmp_path / "undisturbed")).run()
    started = time.perf_counter()
    folder = make_shop(tmp_path / "killed")
    subprocess.run([sys.executable, "-m", "balun", "-C", folder, "run"], capture_output=True, check=False)
    whole_s = time.perf_counter() - started
    chance = random.Random(seed)
    for attempt in range(times):
        folder = make_shop(tmp_path / f"killed{attempt}")
        while chance.random() < 0.5:
            _run_killed_after(folder, chance.uniform(0.2, whole_s))
        _run_killed_after(folder, chance.uniform(0.2, whole_s))
        for name in (folder / ".balun" / "snapshots").glob("*"):
            assert Store(folder / ".balun").find(name.name) is not None, name
        done = subprocess.run(
            [sys.executable, "-m", "balun", "-C", folder, "run", "--json"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        steps = json.loads(done.stdout)["steps"]
        assert {step["step"]: step["snapshot"] for step in steps} == _names(undisturbed)
        assert not list((folder / ".balun" / "tmp").glob("*-*"))


def test_killed_runs_leave_nothing_half(tmp_path: Path) -> None:
    _kill_often(tmp_path, times=4, seed=1)


@pytest.mark.long
def test_killed_runs_leave_nothing_half_50_times(tmp_path: Path) -> None:
    _kill_often(tmp_path, times=50, seed=2)


@pytest.mark.parametrize(("key", "unique"), [("order_id", True), ("channel", False)])
def test_a_key_breaks_ties_alone_only_where_rows_kept_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch, key: str, unique: bool
) -> None:
    """Of channels there are three, so that the table breaks its promise: ties are broken by all columns then."""
    _edit(shop / "tables" / "purchase.sql", "key: order_id", f"key: {key}")
    told: list[bool] = []

    def noted(name: str, feature: Feature, source: Source, examples: Examples, seen: Survey) -> str:
        told.append(source.unique)
        return compile_feature(name, feature, source, examples, seen)

    monkeypatch.setattr(build, "compile_feature", noted)
    bl.load(shop).run()
    assert told == [unique, unique]
