"""A shop that goes on: what runs leave is kept, what moved is said, and whose it is."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import balun as bl
from balun.cli import balun
from balun.drift import Asked
from balun.errors import ProjectError, UsageError
from balun.history import History

_NEW = 600


def _say(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(balun, ["-C", str(folder), *words], catch_exceptions=False)


def _go_on(folder: Path, change: Callable[[list[str], random.Random], None] = lambda row, chance: None) -> None:
    """600 orders more, each through `change`."""
    chance = random.Random(7)
    file = folder / "data" / "order.csv"
    with file.open(encoding="utf-8") as opened:
        head, *rows = csv.reader(opened)
    last = datetime.fromisoformat(rows[-1][2])
    for number in range(_NEW):
        placed = (last + timedelta(minutes=100 * number + 100 + chance.randint(0, 99))).isoformat()
        row = [str(len(rows)), str(chance.randint(0, 70)), placed, str(chance.randint(1, 100)),
               chance.choice(["web", "app", "shop"]), chance.choice(["true", "false"])]  # fmt: skip
        change(row, chance)
        rows.append(row)
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([head, *rows])


@pytest.fixture(scope="module")
def _grown(tmp_path_factory: pytest.TempPathFactory, _ran: Path) -> Path:
    """The shop, run; then amounts came in cents, and it was run again."""
    folder = Path(shutil.copytree(_ran, tmp_path_factory.mktemp("grown") / "shop"))
    _say(folder, "drift", "--baseline")

    def cents(row: list[str], _: random.Random) -> None:
        row[3] += "00"

    _go_on(folder, cents)
    bl.load(folder).run()
    return folder


@pytest.fixture
def grown(_grown: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_grown, tmp_path / "shop"))


def test_a_run_that_changes_nothing_leaves_no_state(ran_copy: Path) -> None:
    project = bl.load(ran_copy)
    before = History(project.store).of("event:order")
    project.run()
    assert [one.run for one in before] == [1]
    assert History(project.store).of("event:order") == before


def test_history_tells_each_state_and_what_moved(grown: Path) -> None:
    told = bl.load(grown).history("order")
    assert [one.entry.rows for one in told.states] == [1500, 2100]
    assert told.states[0].moved is None
    assert told.states[1].moved is not None
    assert {one.column for one in told.states[1].moved.alarms} == {"amount"}
    shown = _say(grown, "history", "order", "--column", "Amount").output
    assert "event order.amount" in shown
    assert "10 … 49 … 90" in shown


def test_history_outlives_prune_and_a_damaged_file(grown: Path) -> None:
    project = bl.load(grown)
    _say(grown, "prune")
    entries = History(project.store).of("table:purchase")
    assert [one.rows for one in entries] == [1500, 2100]
    entries[0].file.write_bytes(b"not gzip")
    assert [one.rows for one in History(project.store).of("table:purchase")] == [2100]


def test_new_rows_in_cents_are_an_alarm_of_their_owner_with_what_hangs_on_them(grown: Path) -> None:
    found = bl.load(grown).drift("order")
    (part,) = found.parts
    assert part.rows == "600 new ones of 2,100"
    assert part.compared is not None
    assert part.compared.exact
    assert {one.column for one in part.compared.alarms} == {"amount"}
    finding = next(one for one in found.findings if "times 100 (cents for whole ones?)" in one.message)
    assert finding.rule == "column-drifted"
    assert (finding.place.file, finding.owner) == ("contracts/order.odcs.yaml", "checkout")
    assert {"purchase", "returns", "risk", "checkout page"} <= set(finding.breaks)


def test_a_first_run_has_nothing_to_be_held_against(ran_copy: Path) -> None:
    quiet = _say(ran_copy, "drift")
    assert quiet.exit_code == 0
    assert "there is no other state yet" in quiet.output


def test_alarms_exit_1(grown: Path) -> None:
    loud = _say(grown, "drift")
    assert loud.exit_code == 1
    assert "amount: median 49, now 5," in loud.output
    told = json.loads(_say(grown, "drift", "order", "--json").output)
    assert {one["rule"] for one in told["findings"]} == {"column-drifted"}
    assert {one["column"] for one in told["parts"][0]["compared"]["moved"] if one["alarm"]} == {"amount"}


def test_more_of_the_same_is_quiet(ran_copy: Path) -> None:
    _go_on(ran_copy)
    project = bl.load(ran_copy)
    project.run()
    assert project.drift("order", "customer").findings == ()


def test_a_baseline_keeps_its_rows_from_prune(grown: Path) -> None:
    _say(grown, "prune")
    found = bl.load(grown).drift("order", asked=Asked("baseline"))
    assert found.parts[0].against == "the baseline (run 1)"
    assert found.parts[0].compared is not None
    assert found.parts[0].compared.exact


def test_where_rows_are_gone_profiles_are_compared(grown: Path) -> None:
    shutil.rmtree(grown / "baselines")
    _say(grown, "prune")
    found = bl.load(grown).drift("order")
    assert found.parts[0].compared is not None
    assert not found.parts[0].compared.exact
    assert {one.column for one in found.parts[0].compared.alarms} == {"amount"}


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ("1", "run 1 of"),
        ("2999-01-01", "nothing has changed since"),
        ("basline", "did you mean baseline?"),
        ("1999-01-01", "nothing is kept of event:order as of 1999-01-01"),
        ("0", "as of run 0: the first is run 1"),
    ],
)
def test_what_rows_are_held_against_is_found_or_said_not_to_be(grown: Path, against: str, said: str) -> None:
    assert said in _say(grown, "drift", "order", "--against", against).output


def test_a_baseline_that_was_edited_is_refused(grown: Path) -> None:
    (grown / "baselines" / "baseline.json").write_text('{"event:order": 3}', encoding="utf-8")
    with pytest.raises(ProjectError, match="isn't a baseline that Balun wrote"):
        bl.load(grown).drift("order", asked=Asked("baseline"))


@pytest.mark.parametrize("name", ["", "../x", "12"])
def test_a_baseline_is_called_by_a_plain_name(grown: Path, name: str) -> None:
    with pytest.raises(UsageError, match="a baseline can't be called"):
        bl.load(grown).baseline(name=name)


def test_a_corpus_holds_its_test_against_what_is_learnt_from(grown: Path) -> None:
    found = bl.load(grown).drift("risk")
    assert found.parts[0].against == "what risk learns from"
    assert "spending_amount_30d" in {one.column for one in found.parts[0].compared.alarms}  # type: ignore[union-attr]


def test_a_file_is_held_against_a_node(grown: Path) -> None:
    found = bl.load(grown).drift("order", asked=Asked(file=grown / "data" / "order.csv"))
    assert found.findings == ()
    (grown / "broken.parquet").write_bytes(b"PAR1")
    said = _say(grown, "drift", "order", "--file", str(grown / "broken.parquet"))
    assert (said.exit_code, "broken.parquet" in said.output) == (2, True)
    said = _say(grown, "drift", "--file", "x.parquet")
    assert "name it" in said.output


# -- serving


def _log(folder: Path) -> pa.Table:
    """What `risk` was served of 200 examples, and its answers."""
    project = bl.load(folder)
    model = project["risk"].fitted()
    rows = project["returns"].rows().select(["customer", "at", *model.inputs]).slice(1500, 200)
    return rows.append_column("prediction", pa.array(np.asarray(model.predict_proba(rows), dtype=float)[:, 1]))


def _served(folder: Path, log: pa.Table) -> bl.Project:
    pq.write_table(log, folder / "served.parquet")
    return bl.load(folder)


def test_a_log_that_is_as_computed_is_quiet(grown: Path) -> None:
    found = _served(grown, _log(grown)).drift("risk", asked=Asked(serving=grown / "served.parquet"))
    served = found.parts[0].served
    assert served is not None
    assert (served.rows, served.matched, served.missing, served.extra) == (200, 200, (), ())
    assert all(one.equal == 200 for one in served.equal)
    assert {one.name for one in served.equal} >= {"amount", "spending_amount_30d", "prediction"}
    assert not [one for one in found.findings if one.rule == "served-otherwise"]


def test_inputs_served_otherwise_or_not_at_all_are_found(grown: Path) -> None:
    log = _log(grown)
    place = log.schema.get_field_index("before_amount")
    zeros = [0 if number % 4 == 0 else value for number, value in enumerate(log["before_amount"].to_pylist())]
    log = log.set_column(place, "before_amount", pa.array(zeros, log["before_amount"].type))
    log = log.drop_columns(["country"]).append_column("version", pa.array(["a"] * 200))
    found = _served(grown, log).drift("risk", asked=Asked(serving=grown / "served.parquet"))
    served = found.parts[0].served
    assert served is not None
    assert (served.missing, served.extra) == (("country",), ("version",))
    (skew,) = (one for one in served.equal if one.alarm)
    assert (skew.name, skew.rows, skew.words.startswith("served 0, computed ")) == ("before_amount", 200, True)
    assert 0.74 <= skew.share <= 0.76
    (finding,) = (one for one in found.findings if one.rule == "served-otherwise")
    assert (finding.owner, finding.breaks) == ("ml-returns", ("checkout page",))
    said = _say(grown, "drift", "risk", "--serving", str(grown / "served.parquet"))
    assert said.exit_code == 1
    assert "inputs that aren't logged: country" in said.output


def test_another_model_than_the_last_is_found_by_its_answers(grown: Path) -> None:
    log = _log(grown)
    place = log.schema.get_field_index("prediction")
    log = log.set_column(place, "prediction", pa.array(np.asarray(log["prediction"]) * 0.9))
    found = _served(grown, log).drift("risk", asked=Asked(serving=grown / "served.parquet"))
    assert any("answers otherwise now than in the log" in one.message for one in found.findings)
