"""A result in a terminal of 80 columns and as a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import util
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from balun.fit import Result, draw
from balun.fit.picture import picture
from balun.fit.result import Importance, Slice
from mixed import fit_mixed

NAN = float("nan")


def _drawn(result: Result, width: int = 80) -> str:
    written = StringIO()
    draw(result, Console(file=written, width=width, no_color=True))
    return written.getvalue()


@pytest.fixture(scope="module")
def boosted() -> Result:
    return fit_mixed(HistGradientBoostingClassifier(max_iter=20), "roc_auc", slices=("city", "flag"))[1]


@pytest.fixture(scope="module")
def ridge() -> Result:
    return fit_mixed(Ridge(), "mae", label="delay")[1]


def test_all_that_matters_is_told(boosted: Result) -> None:
    text = " ".join(_drawn(boosted).split())  # where lines break depends on how long things took
    assert text.startswith(f"roc_auc of late {boosted.value:.3f} (")
    for words in ("higher is better", "prior", "last value", "model's gain", "worst slices", "loss if shuffled",
                  "trained on 447 rows", "2 in neither", "calibration:", "72 bytes of", "the model"):  # fmt: skip
        assert words in text


def test_gain_is_positive_where_the_model_is_better(ridge: Result) -> None:
    line = next(line for line in _drawn(ridge).splitlines() if line.startswith("prior"))
    assert "lower is better" in _drawn(ridge)
    assert "-" not in line


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(boosted: Result, ridge: Result, width: int) -> None:
    for result in (boosted, ridge):
        assert max(map(len, _drawn(result, width).splitlines())) <= width


def test_each_row_is_one_line_at_80_columns(boosted: Result) -> None:
    lines = _drawn(boosted).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("inputs"))
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == [one.input for one in boosted.importances[:3]]


def _strange(result: Result) -> Result:
    """Names and values as data may have them, and bounds that are not there."""
    name = "[/red] $x_1^2 \\" + "名" * 50
    return replace(
        result,
        model=name,
        label=name,
        positive=name,
        low=NAN,
        high=NAN,
        slices=(Slice(name, name, 60, 0.5, NAN, NAN),),
        importances=(Importance(name, 0.0, NAN, NAN),),
        notes=(name,),
    )


def test_names_and_notes_are_no_markup(boosted: Result) -> None:
    text = _drawn(_strange(boosted), 300)
    assert text.count("[/red]") == 5
    assert "nan" not in text


@pytest.mark.parametrize(
    ("positive", "words"), [("True", "of late "), ("1", "of late "), ("yes", "of late = yes "), (None, "of late ")]
)
def test_class_that_is_judged_is_named_where_it_is_not_plain(boosted: Result, positive: str, words: str) -> None:
    assert words in _drawn(replace(boosted, positive=positive))


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.filterwarnings("error")
def test_picture_is_a_png(boosted: Result, ridge: Result, tmp_path: Path) -> None:
    for number, result in enumerate((ridge, _strange(boosted))):
        file = tmp_path / f"{number}.png"
        assert picture(result, file)
        assert file.read_bytes().startswith(PNG)


def test_picture_of_a_result_read_back_is_the_same(boosted: Result, tmp_path: Path) -> None:
    again = Result.from_json(json.loads(json.dumps(boosted.as_json())))
    for result, name in ((boosted, "a.png"), (again, "b.png")):
        picture(result, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_no_picture_where_matplotlib_is_missing(
    boosted: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "balun.fit.picture.find_spec", lambda name: None if name == "matplotlib" else util.find_spec(name)
    )
    assert not picture(boosted, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_result_without_slices_or_probabilities_is_drawn(tmp_path: Path) -> None:
    result = replace(fit_mixed(LogisticRegression(), "roc_auc")[1], slices=(), importances=(), calibration=None)
    assert "worst slices" not in _drawn(result)
    assert picture(result, tmp_path / "a.png")
