"""A saved model answers as it did, or says plainly why it can't be loaded."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from balun.errors import ProjectError
from balun.fit import Fitted
from balun.fit.fitted import _checksum
from mixed import INPUTS, fit_mixed, mixed

ESTIMATORS = [
    HistGradientBoostingClassifier(max_iter=5),
    LGBMClassifier(n_estimators=5, n_jobs=1),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
def test_loaded_model_answers_as_the_saved_one(estimator: object, tmp_path: Path) -> None:
    fitted, result = fit_mixed(estimator, "roc_auc")
    fitted.save(tmp_path / "model")
    loaded = Fitted.load(tmp_path / "model")
    assert np.array_equal(loaded.predict_proba(mixed()), fitted.predict_proba(mixed()))
    assert (loaded.encoder, loaded.classes, loaded.label) == (fitted.encoder, (False, True), "late")
    assert (loaded.inputs, loaded.snapshot, loaded.name) == (INPUTS, "corpus-1", "delays")
    assert (tmp_path / "model" / "model.pickle").stat().st_size == result.cost.model_bytes


@pytest.fixture(scope="module")
def _saved(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit_mixed(LogisticRegression(), "roc_auc")[0]


@pytest.fixture
def saved(_saved: Fitted, tmp_path: Path) -> Path:
    _saved.save(tmp_path)
    return tmp_path


def test_schema_tells_of_inputs_corpus_and_versions(saved: Path) -> None:
    told = json.loads((saved / "schema.json").read_text())
    assert [one["name"] for one in told["encoder"]["inputs"]] == list(INPUTS)
    assert (told["snapshot"], told["classes"]) == ("corpus-1", ["False", "True"])
    assert {"balun", "python", "scikit-learn"} <= told["versions"].keys()


def _cut(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:100])


def _with(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def _without(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).unlink()


@pytest.mark.parametrize(
    "damage",
    [
        _cut("model.pickle"),
        _cut("schema.json"),
        _with("model.pickle", b""),
        _with("schema.json", b"[1]"),
        _with("schema.json", b"{}"),
        _with("schema.json", b"\xff\xfe"),
        _without("model.pickle"),
        _without("schema.json"),
    ],
)
def test_damaged_model_is_refused(saved: Path, damage: Callable[[Path], object]) -> None:
    damage(saved)
    with pytest.raises(ProjectError) as caught:
        Fitted.load(saved)
    (found,) = caught.value.findings
    assert found.rule == "model-damaged"
    assert found.mend == "delete the folder and run the project again"


def test_each_byte_of_the_pickle_is_watched(saved: Path) -> None:
    packed = bytearray((saved / "model.pickle").read_bytes())
    packed[len(packed) // 2] ^= 1
    (saved / "model.pickle").write_bytes(packed)
    with pytest.raises(ProjectError, match="checksum differs"):
        Fitted.load(saved)


def _rewrite(folder: Path, change: Callable[[dict[str, object]], None], packed: bytes | None = None) -> None:
    """As another program might have written it whole."""
    told = json.loads((folder / "schema.json").read_text())
    told.pop("sha256")
    change(told)
    if packed is not None:
        (folder / "model.pickle").write_bytes(packed)
    whole = {"sha256": _checksum((folder / "model.pickle").read_bytes(), told), **told}
    (folder / "schema.json").write_text(json.dumps(whole))


def test_model_of_another_scikit_learn_is_refused(saved: Path) -> None:
    _rewrite(saved, lambda told: told["versions"].update({"scikit-learn": "0.9.1"}))  # type: ignore[attr-defined]
    with pytest.raises(ProjectError, match=r"fitted with scikit-learn 0\.9\.1") as caught:
        Fitted.load(saved)
    assert caught.value.findings[0].mend == "install scikit-learn 0.9.1"


def test_model_that_tells_of_inputs_in_other_words_is_refused(saved: Path) -> None:
    _rewrite(saved, lambda told: told["encoder"].pop("style"))  # type: ignore[attr-defined]
    with pytest.raises(ProjectError, match="tells of inputs in other words"):
        Fitted.load(saved)


class Coin(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    pass


def test_model_that_needs_what_is_not_installed_says_what(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("coins")
    monkeypatch.setitem(sys.modules, "coins", module)
    monkeypatch.setattr(Coin, "__module__", "coins")
    monkeypatch.setattr(module, "Coin", Coin, raising=False)
    _rewrite(saved, lambda told: told.update({"estimator": "coins.Coin"}), pickle.dumps(Coin(), protocol=5))
    monkeypatch.delitem(sys.modules, "coins")
    with pytest.raises(ProjectError, match="No module named 'coins'") as caught:
        Fitted.load(saved)
    assert caught.value.findings[0].mend == "install what coins.Coin needs"


def test_estimator_that_cannot_be_saved_is_told_before_the_test() -> None:
    said: list[str] = []
    estimator = make_pipeline(FunctionTransformer(lambda matrix: matrix), LogisticRegression())
    with pytest.raises(ProjectError) as caught:
        fit_mixed(estimator, "roc_auc", progress=said.append)
    assert caught.value.findings[0].rule == "estimator-not-saved"
    assert [words.split()[0] for words in said] == ["fitting"]
