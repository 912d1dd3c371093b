"""What changes cost: against truth that was planted, and against what happens when changed rows are really served."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy.stats import spearmanr

import balun as bl
from balun.chain.change import Change, read_change
from balun.chain.contract import Contract
from balun.cli import balun
from balun.errors import UsageError
from balun.run import Silent
from balun.worth import Table, table, worth
from balun.worth.alike import correlation
from balun.worth.asked import Answers, Asked
from balun.worth.history import history, history_of
from planted import WEIGHTS, lost, make_planted
from shop import make_shop


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_planted(tmp_path_factory.mktemp("worth") / "planted")


@pytest.fixture(scope="module")
def told(planted: Path) -> Table:
    return table(planted, "total", workers=1)


def test_worth_ranks_columns_and_steps_as_planted(told: Table) -> None:
    """Each of two copies is worth nothing as the last one, and so are coarser steps of it."""
    weights = {**WEIGHTS, "x4": 0.0}
    known = []
    for one in told.columns:
        if one.column in weights:
            known.append((lost(weights[one.column]), one.cost.retrained))
            known += [(lost(weights[one.column], _share(float(rung.step))), rung.cost.retrained) for rung in one.rungs]
    assert len(known) > 15
    assert spearmanr([truth for truth, _ in known], [gap.value for _, gap in known if gap]).statistic >= 0.95


def _share(step: float) -> float:
    """What of a standard normal's variance a linear model can't tell once it comes in steps: of a million values."""
    values = np.random.default_rng(0).normal(size=1_000_000)
    return float(1 - np.corrcoef(values, np.floor(values / step))[0, 1] ** 2)


def test_intervals_hold_what_was_planted(told: Table) -> None:
    gaps = {one.column: one.cost.retrained for one in told.columns}
    for name in ("x0", "x1", "x2", "x3"):
        gap = gaps[name]
        assert gap is not None
        assert gap.low <= lost(WEIGHTS[name]) <= gap.high


def test_two_copies_are_said_to_be_a_group(told: Table) -> None:
    assert told.groups == (("reading.x4", "reading.x5"),)
    copies = [one for one in told.columns if one.column in {"x4", "x5"}]
    for one in copies:
        assert one.first is not None
        assert one.cost.retrained is not None
        assert abs(one.cost.retrained.value) < 1e-6
        assert one.first.low < lost(WEIGHTS["x4"]) < one.first.high


def test_what_nothing_hangs_on_is_unused(told: Table) -> None:
    assert "reading.spare" in told.unused
    assert "reading.id" not in [one.name for one in told.columns if one.inputs]


def test_a_second_time_nothing_is_worked_out(planted: Path, told: Table) -> None:
    again = table(planted, "total", workers=1)
    assert told.worked_out > 15
    assert again.worked_out == 0
    assert again.columns == told.columns


def test_stopped_work_goes_on(planted: Path, told: Table) -> None:
    """An answer that is cut short is worked out again, and comes out the same."""
    past = history_of(planted)
    asked = Asked("model:total", (Change("blank", "reading", "x1"),), own_label=False, fits=3)
    file = Answers(past).file(asked)
    file.write_bytes(file.read_bytes()[:100])
    again = table(planted, "total", workers=1)
    assert again.worked_out == 1
    assert again.columns == told.columns


@pytest.mark.usefixtures("told")
def test_of_replays_only_answers_are_kept(planted: Path) -> None:
    store = planted / ".balun" / "worth"
    assert list((store / "answers").rglob("*.npz"))
    assert not list((store / "snapshots").glob("*"))
    assert not list((store / "rows").glob("*"))


def test_several_processes_find_the_same(planted: Path, told: Table) -> None:
    again = table(planted, "total", workers=2, fresh=True)
    assert again.worked_out == told.worked_out
    assert again.columns == told.columns


def test_fewer_rows_tell_the_same_with_less_certainty(planted: Path, told: Table) -> None:
    fewer = table(planted, "total", share=0.25, workers=1)
    assert fewer.as_json()["share"] == 0.25
    before, after = ({one.column: one.cost for one in found.columns} for found in (told, fewer))
    assert {name: cost.on_day for name, cost in after.items()} == {name: cost.on_day for name, cost in before.items()}
    assert [one.column for one in fewer.columns[:3]] == ["x0", "x1", "x2"]
    wider = 0
    for name, cost in after.items():
        known = before[name].retrained
        assert cost.retrained is not None
        assert known is not None
        assert cost.retrained.low <= lost(0.0 if name == "x4" else WEIGHTS.get(name, 0.0)) <= cost.retrained.high
        wider += cost.retrained.refit_sd > known.refit_sd
    assert wider > len(after) / 2


@pytest.mark.parametrize("share", [0.0, 1.5, -1.0, float("nan")])
def test_a_share_of_no_rows_is_refused(planted: Path, share: float) -> None:
    with pytest.raises(UsageError, match="share of the training rows"):
        worth(planted, ["blank reading.x0"], share=share)


def test_a_column_of_no_use_costs_nothing(planted: Path) -> None:
    found = worth(planted, ["drop reading.spare"])
    assert found.proved == ("total",)
    assert not found.costs
    assert found.rebuilt == ("event:reading",)


def test_a_drop_breaks(planted: Path) -> None:
    (cost,) = worth(planted, ["drop reading.x0"]).costs
    assert cost.on_day is None
    assert cost.retrained is None
    assert "x0" in cost.why_not[0]


def test_several_changes_at_once(planted: Path) -> None:
    (both,) = worth(planted, ["blank reading.x0", "blank reading.x1"]).costs
    assert both.retrained is not None
    assert both.retrained.low < np.sqrt(1 + 2.0**2 + 1.2**2) - 1 < both.retrained.high
    assert both.inputs == ("x0", "x1")


def test_the_label_as_captured_is_learnt_and_judged_as_it_was(planted: Path) -> None:
    (cost,) = worth(planted, ["coarsen reading.y to 4"]).costs
    assert cost.on_day is not None
    assert cost.on_day.value == 0
    assert cost.retrained is not None
    assert cost.retrained.value == pytest.approx(np.sqrt(1 + 2.0**2) - 1, rel=0.1)  # floor takes half a step off


_SERVED = (
    ["blank reading.x0"],
    ["coarsen reading.x1 to 1"],
    ["coarsen reading.taken to 1 d"],
    ["nullable reading.x2", "coarsen reading.x0 to 0.5"],
)


@pytest.mark.parametrize("phrases", _SERVED, ids=" and ".join)
def test_on_the_day_is_what_happens_when_changed_rows_are_served(
    planted: Path, tmp_path: Path, phrases: Sequence[str]
) -> None:
    reading = planted / "data" / "reading.parquet"
    other = make_planted(tmp_path / "other")
    _as_captured(planted, phrases, "event:reading", reading, other / "data" / "reading.parquet")
    _is_as_served(planted, other, "total", "sums", phrases)


def test_on_the_day_through_joins_and_features(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop")
    bl.load(shop).run()
    other = make_shop(tmp_path / "other")
    phrases = ["recode order.channel 'web' to 'app'"]
    made = bl.load(shop)["event:order"].path()
    _as_captured(shop, phrases, "event:order", made, tmp_path / "order.parquet")
    duckdb.execute(f"COPY (FROM '{tmp_path}/order.parquet') TO '{other}/data/order.csv' (HEADER)")
    model = next(node for node in bl.load(shop).graph.of("model"))
    _is_as_served(shop, other, model.name, model.parents[0].split(":")[1], phrases)


def _as_captured(folder: Path, phrases: Sequence[str], event: str, rows: Path, to: Path) -> None:
    contract = bl.load(folder).graph.nodes[event].declared
    assert isinstance(contract, Contract)
    sql = f"SELECT * FROM '{rows}'"
    for phrase in phrases:
        change = read_change(phrase)
        sql, contract = change.rows(contract, f"({sql})"), change.edit(contract)
    duckdb.execute(f"SET TimeZone = 'UTC'; COPY ({sql}) TO '{to}' (FORMAT parquet)")


def _is_as_served(folder: Path, other: Path, model: str, corpus: str, phrases: Sequence[str]) -> None:
    """The saved model, asked about the rows of a project that was run on the changed data."""
    worth(folder, phrases)
    bl.load(other).run()
    served = pq.read_table(bl.load(other)[corpus].path())
    with history(folder, Silent()) as past:
        answers = Answers(past)
        standard = answers.standard(f"model:{model}")
        found = answers.find(Asked(f"model:{model}", tuple(map(read_change, phrases)), fits=5))
    assert found is not None
    assert found.on_day is not None
    guess = standard.answers(
        bl.load(folder)[model].fitted(), _in_order(served, standard.data.rows, standard.corpus.label)
    )
    test = standard.data.split.test
    truth = standard.data.label.of(test).truth
    assert len(guess.score) == len(test)
    really = standard.metric.value(truth, guess.of(test))
    assert standard.metric.value(truth, found.on_day) == really
    assert really != standard.metric.value(truth, standard.own(0, lambda _: None))


def _in_order(rows: pa.Table, of: pa.Table, label: str) -> pa.Table:
    """Rows whose labels tell them apart, in the order of others; else as they are."""
    mine, theirs = rows[label].to_numpy(zero_copy_only=False), of[label].to_numpy(zero_copy_only=False)
    if mine.dtype != np.float64:
        return rows
    return rows.take(pa.array(np.argsort(mine)[np.argsort(np.argsort(theirs))]))


def test_correlation_of_normals_is_rho() -> None:
    chance = np.random.default_rng(3)
    one, other = chance.normal(size=(2, 50_000))
    mixed = 0.9 * one + np.sqrt(1 - 0.81) * other
    codes = [
        np.searchsorted(np.quantile(values, np.linspace(0, 1, 17)[1:-1]), values) for values in (one, mixed, other)
    ]
    assert correlation(codes[0], codes[1]) == pytest.approx(0.9, abs=0.03)
    assert correlation(codes[0], codes[2]) < 0.05


def test_worth_at_the_command_line(planted: Path, told: Table) -> None:
    runner = CliRunner()
    shown = runner.invoke(balun, ["-C", str(planted), "worth", "total"])
    assert shown.exit_code == 0, shown.output
    assert "tell the same: reading.x4, reading.x5" in shown.output
    as_json = runner.invoke(balun, ["-C", str(planted), "worth", "--if", "blank reading.x0", "--json"])
    assert json.loads(as_json.stdout)["costs"][0]["retrained"]["value"] == pytest.approx(lost(2.0), rel=0.15)
    fewer = runner.invoke(balun, ["-C", str(planted), "worth", "--if", "blank reading.x0", "--rows", "25%"])
    assert "fitted on 25% of the training rows" in fewer.output
    wrong = runner.invoke(balun, ["-C", str(planted), "worth"])
    assert wrong.exit_code == 2
    missing = runner.invoke(balun, ["-C", str(planted), "worth", "totl"])
    assert missing.exit_code == 2
    assert "total" in missing.stderr


def test_a_model_is_asked_for(planted: Path) -> None:
    with pytest.raises(UsageError, match="no model"):
        table(planted, "sums")
