"""The smallest model: against truth that was planted, where copies, noise and idle digits are known by construction."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import balun as bl
from balun.chain.corpus import Corpus
from balun.cli import balun
from balun.errors import UsageError
from balun.minimize import Minimized, minimize
from balun.minimize.bill import Bill
from balun.minimize.result import Point
from balun.minimize.smaller import write
from balun.run import Silent
from balun.worth import worth
from balun.worth.asked import Answers
from balun.worth.history import history_of
from planted import make_planted


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_planted(tmp_path_factory.mktemp("minimize") / "planted")


@pytest.fixture(scope="module")
def found(planted: Path) -> Minimized:
    return minimize(planted, "total", workers=1)


def test_useful_columns_are_kept_and_one_of_two_copies(found: Minimized) -> None:
    names = {one.name for one in found.kept}
    assert len(names) == 5
    assert names >= {f"reading.x{n}" for n in range(4)}
    assert len(names & {"reading.x4", "reading.x5"}) == 1


def test_noise_and_the_other_copy_may_go(found: Minimized) -> None:
    free = {one.name for one in found.gone if one.may_go}
    assert "reading.x6" in free
    assert len(free & {"reading.x4", "reading.x5"}) == 1
    assert len(free) == 2


def test_what_cannot_be_told_from_nothing_may_be_lost(planted: Path, found: Minimized) -> None:
    """It keeps no more, and what it lost is no more than its interval can tell."""
    told = minimize(planted, "total", margin="measurable", steps=False, workers=1)
    assert len(told.kept) <= len(found.kept)
    assert {one.name for one in told.kept} >= {"reading.x0", "reading.x1", "reading.x2"}
    assert told.gap is not None
    assert told.gap.value <= (told.gap.high - told.gap.low) / 3.9 or told.gap.high <= 0.005 * told.gain
    assert told.tested is not None
    assert told.holds == (told.tested.gap is not None and told.tested.gap.low <= 0)


def test_what_the_label_and_the_time_are_made_of_stays(found: Minimized) -> None:
    (taken,) = [one for one in found.gone if not one.may_go]
    assert (taken.name, taken.stays) == ("reading.taken", "the examples' time")
    assert found.label_only == (("reading.y", "the label"),)
    assert "reading.spare" in found.unused


def test_digits_that_tell_little_are_not_asked_for(found: Minimized) -> None:
    """A linear model loses √(1 + w²s²/12) − 1 by steps of s, so that a small weight needs few digits."""
    steps = {one.name: float(one.step) for one in found.kept if one.step}
    assert steps["reading.x3"] >= 0.2
    assert "reading.x0" not in steps or steps["reading.x0"] < steps["reading.x3"]
    assert found.after.bytes < found.before.bytes / 3


def test_every_state_that_holds_is_under_the_margin(found: Minimized) -> None:
    assert found.margin == pytest.approx(0.005 * found.gain)
    for point in found.frontier:
        assert point.gap is not None
        assert point.holds == (point.gap.high <= found.margin)
    (chosen,) = [point for point in found.frontier if point.chosen]
    assert chosen.holds
    assert chosen.bill.columns == min(point.bill.columns for point in found.frontier if point.holds)


def test_the_test_agrees_and_was_not_searched_on(found: Minimized) -> None:
    assert found.validation.last < found.test.first
    assert found.tested is not None
    assert found.tested.gap is not None
    assert found.tested.gap.fits == 3
    assert found.holds
    assert found.fits["tested"] <= 6


def test_a_wider_margin_lets_more_go(planted: Path, found: Minimized) -> None:
    """Without x3 the loss is √(1 + 0.4²) − 1 = 0.077, some 4 % of the gain."""
    wide = minimize(planted, "total", margin=0.1, steps=False, workers=1)
    assert {"reading.x0", "reading.x1"} <= {one.name for one in wide.kept}
    assert "reading.x3" not in {one.name for one in wide.kept}
    assert len(wide.kept) < len(found.kept)


def test_of_columns_that_cost_more_more_is_asked(planted: Path, found: Minimized) -> None:
    by_bytes = minimize(planted, "total", cost="bytes", steps=False, workers=1)
    assert len(by_bytes.kept) == len(found.kept)
    costs = [point.bill.bytes for point in by_bytes.frontier]
    assert costs == sorted(costs)


def test_stopped_work_goes_on_and_ends_the_same(planted: Path, found: Minimized) -> None:
    past = history_of(planted)
    files = sorted(Answers(past).folder.glob("*.npz"))
    files[len(files) // 2].unlink()
    again = minimize(planted, "total", workers=1)
    assert again.worked_out == 1
    assert _but_for_times(again) == _but_for_times(found)


class _Stops(Silent):
    """Stops the work once so many answers are there."""

    def __init__(self, after: int) -> None:
        self._left = after

    def done(self) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def test_the_same_project_elsewhere_comes_out_the_same(tmp_path: Path, planted: Path, found: Minimized) -> None:
    other = make_planted(tmp_path / "planted")
    bl.load(other).run()
    with pytest.raises(KeyboardInterrupt):
        minimize(other, "total", steps=False, workers=1, watch=_Stops(5))
    again = minimize(other, "total", steps=False, workers=1)
    assert _but_for_times(again) == _but_for_times(minimize(planted, "total", steps=False, workers=1))
    assert {one.name for one in again.kept} == {one.name for one in found.kept}


def _but_for_times(one: Minimized) -> Minimized:
    """The frontier without how long predictions took, nor how much was known."""
    points = tuple(replace(point, bill=_untimed(point.bill)) for point in one.frontier)
    before, after = _untimed(one.before), _untimed(one.after)
    return replace(one, frontier=points, worked_out=0, picture=None, before=before, after=after)


def _untimed(bill: Bill) -> Bill:
    return replace(bill, alone_us=0.0, bulk_us=0.0)


def test_where_all_is_needed_all_is_kept(tmp_path: Path) -> None:
    folder = make_planted(tmp_path / "planted", rows=2000)
    models = folder / "models.py"
    models.write_text(
        models.read_text(encoding="utf-8").replace(
            '"x0", "x1", "x2", "x3", "x4", "x5", "x6", "hour"', '"x0", "x1", "x4"'
        ),
        encoding="utf-8",
    )
    found = bl.load(folder).minimize("total", steps=False, write=True, workers=1)
    assert found.gap is None
    assert found.tested is None
    assert found.holds
    assert found.written is None
    assert [one.name for one in found.kept] == ["reading.x0", "reading.x1", "reading.x4"]


def test_a_model_that_gains_nothing_is_refused(tmp_path: Path) -> None:
    folder = make_planted(tmp_path / "planted", rows=300)
    models = folder / "models.py"
    models.write_text(
        models.read_text(encoding="utf-8").replace('"x0", "x1", "x2", "x3", "x4", "x5", "x6", "hour"', '"x6", "hour"'),
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="nothing to lose"):
        minimize(folder, "total", workers=1)


@pytest.mark.parametrize(
    ("model", "more", "says"),
    [("sums", {}, "no model"), ("total", {"cost": "byte"}, "bytes"), ("total", {"margin": 2.0}, "margin")],
)
def test_what_is_no_model_no_cost_or_no_margin_is_refused(
    planted: Path, model: str, more: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        minimize(planted, model, **more)  # type: ignore[arg-type]


_CONTRACTS = """\
apiVersion: v3.1.0
kind: DataContract
id: log
name: log
version: 1.0.0
status: active
team: {name: plant}
slaProperties:
  - {property: latency, value: 5, unit: min, element: log}
servers:
  - {server: files, type: local, format: parquet, path: data/log.parquet}
schema:
  - name: log
    properties:
      - {name: machine, logicalType: integer, required: true}
      - {name: taken, logicalType: timestamp, required: true}
      - {name: heat, logicalType: number}
      - {name: noise, logicalType: number}
      - {name: load, logicalType: number}
      - {name: idle, logicalType: number}
"""
_ASKS = """\
apiVersion: v3.1.0
kind: DataContract
id: ask
name: ask
version: 1.0.0
status: active
team: {name: desk}
servers:
  - {server: files, type: local, format: parquet, path: data/ask.parquet}
schema:
  - name: ask
    properties:
      - {name: machine, logicalType: integer, required: true}
      - {name: at, logicalType: timestamp, required: true}
      - {name: shift, logicalType: integer}
      - {name: wear, logicalType: number}
"""
_MODELS = """\
from sklearn.linear_model import LinearRegression

import balun as bl

recent = bl.aggregate(
    "log", by="machine", at="taken", over=["4h", "1d"], where="heat > -99", heat=bl.mean("heat"), noise=bl.mean("noise")
)
last = bl.latest("log", by="machine", at="taken", max_age="12h", columns=["load", "idle"])
wears = bl.corpus(
    "wears", owner="ml", label="wear", examples="SELECT * FROM ask", features=[bl.columns("shift"), recent, last]
)
guess = bl.model(
    "wear", corpus=wears, owner="ml", estimator=LinearRegression(), metric="rmse", split=bl.by_time(test="20d")
)
bl.surface("panel", uses=guess, owner="desk")
"""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What wears a machine is its heat over the last hours, and its last load; noise, idle and shift tell nothing."""
    folder = tmp_path_factory.mktemp("minimize") / "plant"
    for name in ("contracts", "data"):
        (folder / name).mkdir(parents=True)
    (folder / "balun.toml").write_text('name = "plant"\n', encoding="utf-8")
    (folder / "contracts" / "log.odcs.yaml").write_text(_CONTRACTS, encoding="utf-8")
    (folder / "contracts" / "ask.odcs.yaml").write_text(_ASKS, encoding="utf-8")
    (folder / "models.py").write_text(_MODELS, encoding="utf-8")
    chance, machines, hours = np.random.default_rng(2), 4, 60 * 24
    heat, load = (chance.normal(size=(machines, hours)) for _ in range(2))
    heat = np.stack([np.convolve(row, np.ones(6), "full")[:hours] for row in heat])
    at = pa.array(
        np.tile(np.arange(hours) * 3_600_000_000 + 19_000 * 86_400_000_000, machines), pa.timestamp("us", "UTC")
    )
    log = {
        "machine": pa.array(np.repeat(np.arange(machines), hours)),
        "taken": at,
        "heat": pa.array(heat.ravel()),
        "noise": pa.array(chance.normal(size=machines * hours)),
        "load": pa.array(load.ravel()),
        "idle": pa.array(chance.normal(size=machines * hours)),
    }
    pq.write_table(pa.table(log), folder / "data" / "log.parquet")
    mean = np.stack([np.convolve(row, np.ones(4) / 4, "full")[:hours] for row in heat])
    wear = (mean + load)[:, :-1] + chance.normal(size=(machines, hours - 1)) * 0.3
    later = np.tile(np.arange(1, hours) * 3_600_000_000 + 19_000 * 86_400_000_000, machines)
    ask = {
        "machine": pa.array(np.repeat(np.arange(machines), hours - 1)),
        "at": pa.array(later, pa.timestamp("us", "UTC")),
        "shift": pa.array(chance.integers(0, 3, machines * (hours - 1))),
        "wear": pa.array(wear.ravel()),
    }
    pq.write_table(pa.table(ask), folder / "data" / "ask.parquet")
    return folder


@pytest.fixture(scope="module")
def written(plant: Path) -> Minimized:
    return minimize(plant, "wear", steps=False, writing=True, workers=1)


def test_keys_and_times_that_features_need_are_kept_with_them(written: Minimized) -> None:
    names = [one.name for one in written.kept]
    assert names == ["ask.machine", "ask.at", "log.machine", "log.taken", "log.heat", "log.load"]
    assert {one.name for one in written.gone} == {"ask.shift", "log.noise", "log.idle"}


def test_features_of_examples_whose_key_is_blank_are_replayed(plant: Path) -> None:
    """They hang on the examples, though they stand below another event."""
    cost = next(one for one in worth(plant, ["blank ask.machine"]).costs if one.model == "wear")
    assert len(cost.inputs) == 6
    assert cost.on_day is not None
    assert cost.on_day.low > 1


def test_rows_wait_as_long_as_their_contract_allows(written: Minimized) -> None:
    assert written.before.late_s == written.after.late_s == 300


def test_what_is_written_runs_and_comes_out_as_was_said(plant: Path, written: Minimized) -> None:
    assert written.written == "wear_small.py"
    project = bl.load(plant)
    assert not [one for one in project.check().findings if one.place.file == written.written]
    project.run()
    small = bl.load(plant)["wear_small"]
    assert small.fitted().inputs == ("recent_small_heat_4h", "recent_small_heat_1d", "last_small_load")
    assert written.tested is not None
    assert small.result.value == pytest.approx(written.tested.after, rel=1e-12)
    assert written.tested.after == written.tested.fine


def test_features_that_stay_whole_are_those_of_the_other_model(plant: Path, written: Minimized, tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    shutil.copytree(plant, folder, ignore=shutil.ignore_patterns(".balun", "*_small.py"))
    graph = bl.load(folder).graph
    write(folder, graph, graph.nodes["model:wear"], written, {"shift", "last_idle"})
    small = bl.load(folder).graph
    declared = small.nodes["corpus:wears_small"].declared
    assert isinstance(declared, Corpus)
    assert declared.features == ("recent", "last_small")
    assert {node.id for node in small} - {node.id for node in graph} == {
        "feature:last_small",
        "corpus:wears_small",
        "model:wear_small",
    }


def test_what_is_written_may_be_written_over_and_nothing_else(plant: Path, written: Minimized) -> None:
    graph = bl.load(plant).graph
    again = (plant, graph, graph.nodes["model:wear"], written, {"shift"})
    file = plant / write(*again)
    was = file.read_text(encoding="utf-8")
    file.write_text("# my own\n", encoding="utf-8")
    with pytest.raises(UsageError, match="move it away"):
        write(*again)
    file.write_text(was, encoding="utf-8")


def test_at_the_command_line(planted: Path, found: Minimized) -> None:
    runner = CliRunner()
    shown = runner.invoke(balun, ["-C", str(planted), "minimize", "total"], env={"COLUMNS": "160"})
    assert shown.exit_code == 0, shown.output
    assert "may stop being captured: reading.x" in shown.output
    assert "under the margin" in shown.output
    told = json.loads(runner.invoke(balun, ["-C", str(planted), "minimize", "total", "--json"]).stdout)
    assert [one["name"] for one in told["kept"]] == [one.name for one in found.kept]
    assert told["holds"]
    wrong = runner.invoke(balun, ["-C", str(planted), "minimize", "total", "--margin", "much"])
    assert wrong.exit_code == 2
    assert "0.5%" in wrong.stderr


def test_a_point_that_breaks_has_no_bar() -> None:
    from balun.minimize.draw import _bar

    assert not _bar(Point((), (), Bill(1, 1.0, 0.0), 1.0, None, holds=False), 1.0).replace("┊", "").strip()
