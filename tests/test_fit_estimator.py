"""Any estimator of scikit-learn's fits and is tested on a corpus of mixed inputs, without an encoder of the user's."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, ShuffleSplit, TimeSeriesSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import SVC, LinearSVC

from balun.fit.style import Style, is_slow, style_of
from mixed import fit_mixed, in_test, mixed

BOOST = HistGradientBoostingClassifier(max_iter=20)
CODES, TREES, SCALED = (
    Style(codes=True),
    Style(codes=False, single=True, categories=32, fewest=10),
    Style(codes=False, scaled=True, categories=32, fewest=10),
)


def _by_place(made: BaseEstimator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(made.n_features_in_)


CLASSIFIERS: list[tuple[object, str, Style]] = [
    (BOOST, "roc_auc", Style(codes=True)),
    (LGBMClassifier(n_estimators=20, n_jobs=1), "average_precision", CODES),
    (LogisticRegression(), "log_loss", SCALED),
    (RandomForestClassifier(20), "brier", TREES),
    (KNeighborsClassifier(), "roc_auc", SCALED),
    (SVC(), "roc_auc", SCALED),
    (LinearSVC(), "f1", SCALED),
    (GaussianNB(), "accuracy", SCALED),
    (make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=2000)), "roc_auc", SCALED),
    (make_pipeline(PolynomialFeatures(1), BOOST), "roc_auc", TREES),
    (GridSearchCV(BOOST, {"max_depth": [2, 3]}, cv=TimeSeriesSplit(2)), "roc_auc", CODES),
    (
        GridSearchCV(LGBMClassifier(n_estimators=9, n_jobs=1), {"max_depth": [2, 3]}, cv=TimeSeriesSplit(2)),
        "roc_auc",
        TREES,
    ),
    (CalibratedClassifierCV(LinearSVC(), cv=2), "brier", SCALED),
    (CalibratedClassifierCV(BOOST, cv=2), "brier", CODES),
    (BaggingClassifier(BOOST, 3, max_features=0.5), "roc_auc", TREES),
    (RFE(BOOST, n_features_to_select=0.5, importance_getter=_by_place), "f1", TREES),
    (VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"), "roc_auc", SCALED),
    (StackingClassifier([("a", GaussianNB())], cv=2), "roc_auc", SCALED),
]


def _name(one: object) -> str:
    return type(one).__name__ if isinstance(one, BaseEstimator) else ""


@pytest.mark.parametrize(("estimator", "metric", "style"), CLASSIFIERS, ids=_name)
def test_classifier_beats_the_prior(estimator: BaseEstimator, metric: str, style: Style) -> None:
    fitted, result = fit_mixed(estimator, metric)
    assert fitted.encoder.style.codes == style.codes
    assert fitted.encoder.style.scaled == style.scaled
    sign = 1 if result.greater_is_better else -1
    assert sign * result.baselines[0].difference > 0
    assert result.low < result.value < result.high
    assert fitted.predict(mixed()).dtype == bool


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingRegressor(max_iter=20),
        LGBMRegressor(n_estimators=20, n_jobs=1),
        Ridge(),
        TransformedTargetRegressor(HistGradientBoostingRegressor(max_iter=20)),
    ],
    ids=_name,
)
@pytest.mark.parametrize("metric", ["mae", "rmse", "r2"])
def test_regressor_beats_both_baselines(estimator: object, metric: str) -> None:
    result = fit_mixed(estimator, metric, label="delay")[1]
    for baseline in result.baselines:
        assert (baseline.difference_low > 0) if metric == "r2" else (baseline.difference_high < 0)
    assert [one.share for one in result.residuals] == [0.05, 0.25, 0.5, 0.75, 0.95]


@pytest.mark.parametrize(
    "estimator", [BOOST, LGBMClassifier(n_estimators=20, n_jobs=1), LogisticRegression(), SVC()], ids=_name
)
@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
def test_three_classes_beat_the_prior(estimator: object, metric: str) -> None:
    fitted, result = fit_mixed(estimator, metric, label="grade")
    assert fitted.classes == ("a", "b", "c")
    assert result.positive is None
    assert result.baselines[0].difference_low > 0


def test_dummy_is_as_good_as_the_prior() -> None:
    result = fit_mixed(DummyClassifier(), "roc_auc")[1]
    assert (result.value, result.baselines[0].difference) == (0.5, 0)
    assert {one.drop for one in result.importances} == {0}


def test_noise_alone_ranks_no_better_than_chance() -> None:
    rows = mixed(1200, seed=3)
    names = tuple(f"noise{number}" for number in range(8))
    for number, name in enumerate(names):
        rows = rows.append_column(name, pa.array(np.random.default_rng(number + 50).normal(size=1200)))
    result = fit_mixed(BOOST, "roc_auc", rows, inputs=names)[1]
    assert result.low < 0.5 < result.high


def test_rows_of_the_test_never_reach_the_fit() -> None:
    rows = mixed()
    later, other = in_test(rows), mixed(seed=9)
    columns = {}
    for name in rows.column_names:
        kept = name in {"at", "label_known", "user"}
        parts = [rows[name].filter(pa.array(~later)), (rows if kept else other)[name].filter(pa.array(later))]
        columns[name] = pa.chunked_array([part.combine_chunks() for part in parts], rows[name].type)
    for estimator in (BOOST, LogisticRegression()):
        both = [fit_mixed(estimator, "roc_auc", part)[0] for part in (rows, pa.table(columns))]
        assert both[0].encoder == both[1].encoder
        assert pickle.dumps(both[0].estimator) == pickle.dumps(both[1].estimator)


@pytest.mark.parametrize(
    "estimator",
    [
        BOOST,
        RandomForestClassifier(10),
        SGDClassifier(),
        LGBMClassifier(n_estimators=10, n_jobs=1, subsample=0.5, subsample_freq=1),
        GridSearchCV(LogisticRegression(), {"C": [0.01, 1]}, cv=ShuffleSplit(2)),
    ],
    ids=_name,
)
def test_same_inputs_give_the_same_result(estimator: object) -> None:
    first, second = ({**fit_mixed(estimator, "roc_auc", seed=4)[1].as_json(), "cost": None} for _ in range(2))
    assert first == second


def test_global_random_numbers_go_on_as_if_nothing_had_been() -> None:
    np.random.seed(1)
    expected = np.random.random(2).tolist()
    np.random.seed(1)
    first = np.random.random()
    fit_mixed(LogisticRegression(), "roc_auc")
    assert [first, np.random.random()] == expected


def test_estimator_declared_is_left_unfitted() -> None:
    estimator = LogisticRegression()
    fit_mixed(estimator, "roc_auc")
    assert not hasattr(estimator, "coef_")


@pytest.mark.parametrize("metric", ["accuracy", "f1"])
def test_labels_are_judged_as_predict_names_them(metric: str) -> None:
    """A threshold of its own: the class named isn't the likeliest."""
    fitted, result = fit_mixed(FixedThresholdClassifier(LogisticRegression(), threshold=0.2), metric)
    rows = mixed().filter(pa.array(in_test(mixed())))
    named, truth = fitted.predict(rows), np.array(rows["late"].to_pylist())
    hits = (named & truth).sum()
    expected = (named == truth).mean() if metric == "accuracy" else 2 * hits / (named.sum() + truth.sum())
    assert result.value == pytest.approx(expected)
    assert result.calibration is not None


def test_warnings_of_the_estimator_are_notes() -> None:
    result = fit_mixed(MLPClassifier(max_iter=2), "roc_auc")[1]
    assert any("hasn't converged yet" in note for note in result.notes)


def test_input_that_is_null_in_training_is_told() -> None:
    rows = mixed().set_column(3, "size", pa.nulls(600, pa.float64()))
    assert fit_mixed(BOOST, "roc_auc", rows)[1].notes == ("null in every training row, so of no use: size",)


def test_class_that_only_the_test_has_is_told() -> None:
    rows = mixed()
    grades = np.where(in_test(rows) & (np.arange(600) % 9 == 0), "z", np.array(rows["grade"].to_pylist()))
    rows = rows.set_column(rows.column_names.index("grade"), "grade", pa.array(grades))
    for estimator in (BOOST, SVC(), OneVsRestClassifier(LinearSVC())):
        result = fit_mixed(estimator, "roc_auc", rows, label="grade")[1]
        assert result.notes == ("classes of the test that training lacks, so never named: z",)


class Counter(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One of the user's own, without probabilities."""

    def fit(self, matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]], truth: np.ndarray) -> Counter:
        self.classes_, counts = np.unique(truth, return_counts=True)
        self.most_ = self.classes_[counts.argmax()]
        return self

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        return np.full(len(matrix), self.most_)


def test_own_estimator_is_as_good_as_any() -> None:
    fitted, result = fit_mixed(Counter(), "accuracy")
    assert (result.estimator, result.calibration) == ("Counter", None)
    assert result.value == result.baselines[0].value
    assert set(fitted.predict(mixed())) == {False}


def test_lightgbm_says_nothing_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    fit_mixed(CalibratedClassifierCV(LGBMClassifier(n_estimators=2, n_jobs=1), cv=2), "roc_auc")
    assert capfd.readouterr().out == ""


def test_neighbours_are_asked_less_often() -> None:
    slow = [KNeighborsClassifier(), SVC(), VotingClassifier([("a", SVC())]), GridSearchCV(SVC(), {})]
    assert [is_slow(one) for one in slow] == [True] * 4
    assert [is_slow(one) for one in (BOOST, LinearSVC(), LogisticRegression())] == [False] * 3


def test_bins_of_a_histogram_limit_its_codes() -> None:
    assert style_of(HistGradientBoostingClassifier(max_bins=16)).categories == 16
    assert json.dumps(style_of(BOOST).categories) == "255"
