"""Stock of a whole corpus: from Python, from the command line, and of corpora that no model can be fitted on."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from rich.console import Console
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

import balun as bl
from balun.cli import balun
from balun.errors import UsageError
from balun.stocktake import Asked, Stocktake, draw
from mixed import INPUTS as MIXED
from mixed import mixed, model_of
from stocks import INPUTS, easy, logistic, taken, with_column

_NOTHING: dict[str, pa.Table] = {
    "one class": with_column(easy(500), "late", [True] * 500),
    "three rows": easy(3),
    "one row": easy(1),
    "no rows": easy(10).slice(0, 0),
    "no label": with_column(easy(200), "late", pa.nulls(200, pa.bool_())),
    "label of another type": with_column(easy(200), "late", [[1]] * 200),
    "no times": with_column(easy(200), "at", pa.nulls(200, pa.timestamp("us"))),
    "text for a time": with_column(easy(200), "at", ["now"] * 200),
    "one instant": with_column(easy(200), "at", [easy(1)["at"][0].as_py()] * 200),
    "an input that is a list": with_column(easy(200), "x", [[1.0]] * 200),
    "an input that isn't there": easy(200).drop_columns(["x"]),
}


def _drawn(found: Stocktake, width: int = 100) -> str:
    said = io.StringIO()
    draw(found, Console(file=said, width=width, color_system=None))
    return said.getvalue()


@pytest.mark.parametrize("case", _NOTHING)
def test_corpus_no_model_fits_is_told_in_plain_words(case: str) -> None:
    found = taken(_NOTHING[case], logistic())
    assert found.noise is None
    assert found.curve is None
    assert found.notes
    assert "note: " in _drawn(found)
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize("case", _NOTHING)
def test_without_a_model_the_rows_are_told(case: str) -> None:
    found = taken(_NOTHING[case], None)
    assert found.amount.rows == _NOTHING[case].num_rows
    assert "no model uses this corpus" in _drawn(found, 200)


@pytest.mark.parametrize("inputs", [("kind",), ("x",), ()])
def test_few_inputs_are_enough(inputs: tuple[str, ...]) -> None:
    assert _drawn(taken(easy(300), logistic(), inputs))


def test_input_that_is_wholly_null_is_passed_over() -> None:
    rows = with_column(easy(600), "x", pa.nulls(600, pa.float64()))
    found = taken(rows, logistic())
    assert found.amount.nulls[0].share == 1.0
    assert "x" not in {one.input for one in found.coverage}
    assert "null: x 100 %" in _drawn(found)


def test_inputs_of_every_kind() -> None:
    rows = mixed(900)
    found = taken(rows, model_of(LinearRegression(), "rmse"), MIXED, label="delay")
    assert {one.input for one in found.coverage} == set(MIXED)
    assert found.outliers is not None
    assert found.amount.quantiles


def test_label_of_three_classes() -> None:
    found = taken(mixed(900), model_of(LogisticRegression(), "accuracy"), MIXED, Asked(sample=200), label="grade")
    assert [one.value for one in found.amount.balance] == ["b", "c", "a"]
    assert found.noise is not None
    assert len(found.noise.joint) == 3
    assert found.sample is not None
    assert "twice the rows" in _drawn(found)


def test_classifier_without_probabilities_has_no_noise_told() -> None:
    found = taken(easy(600), model_of(LinearSVC(), "roc_auc"))
    assert found.noise is None
    assert found.curve is not None
    assert any("needs probabilities" in note for note in found.notes)


def test_metric_without_a_value_on_the_test_has_no_curve() -> None:
    rows = with_column(easy(900), "y", [float(number % 7) if number < 600 else 1.0 for number in range(900)])
    found = taken(rows, model_of(LinearRegression(), "r2"), ("x", "kind"), label="y")
    assert found.curve is None
    assert "no learning curve" in _drawn(found)


def test_estimator_that_fails_is_a_note() -> None:
    found = taken(easy(600), model_of(KNeighborsClassifier(n_neighbors=100_000), "roc_auc"))
    assert found.curve is None
    assert any("KNeighborsClassifier" in note for note in found.notes)


def test_same_corpus_gives_the_same_stock() -> None:
    assert taken(easy(700), logistic()).as_json() == taken(easy(700), logistic()).as_json()


@pytest.mark.parametrize("width", [40, 72, 140])
def test_drawing_is_never_wider_than_the_console(width: int) -> None:
    found = taken(easy(900, sharp=1), logistic())
    assert max(map(len, _drawn(found, width).splitlines())) <= width


def test_parts_add_up() -> None:
    rows = with_column(easy(800), "late", [None, *easy(800)["late"].to_pylist()[1:]])
    amount = taken(rows, logistic()).amount
    assert amount.training + amount.embargoed + amount.test + amount.unlabelled == amount.rows == 800
    assert math.isclose(sum(one.share for one in amount.balance), 1)


def test_stock_of_a_project(ran: bl.Project) -> None:
    found = ran.stocktake("returns")
    assert found.model == "risk"
    assert found.amount.rows == 1500
    assert found.curve is not None
    assert ran["returns"].stocktake().as_json() == found.as_json()


def test_command_prints_and_writes(ran: bl.Project, tmp_path: Path) -> None:
    words = ["-C", str(ran.folder), "corpus", "returns", "--sample", "200", "--out", str(tmp_path / "small.parquet")]
    done = CliRunner().invoke(balun, words)
    assert done.exit_code == 0, done.output
    for title in ("How much", "How diverse", "How clean", "Learning curve", "What to capture more of", "Sample"):
        assert f"\n{title}\n" in done.output
    assert pq.read_table(tmp_path / "small.parquet").num_rows == 200


def test_command_gives_json(ran: bl.Project) -> None:
    done = CliRunner().invoke(balun, ["-C", str(ran.folder), "corpus", "returns", "--json"])
    assert json.loads(done.output)["amount"]["rows"] == 1500


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["purchase"], "table:purchase is no corpus; there is returns"),
        (["retruns"], "did you mean returns"),
        (["returns", "--model", "rsik"], "did you mean risk"),
        (["returns", "--out", "x.parquet"], "--sample"),
        (["returns", "--sample", "9999999"], "can't be drawn"),
    ],
)
def test_what_cant_be_asked_is_a_plain_error(ran: bl.Project, words: list[str], said: str) -> None:
    done = CliRunner().invoke(balun, ["-C", str(ran.folder), "corpus", *words])
    assert done.exit_code == 2
    assert said in done.output


def test_before_a_run_it_says_so(shop: Path) -> None:
    with pytest.raises(UsageError, match="run the project first"):
        bl.load(shop).stocktake("returns")


def test_inputs_are_those_of_the_model() -> None:
    assert taken(easy(400), logistic(), INPUTS[:2]).amount.inputs == 2
