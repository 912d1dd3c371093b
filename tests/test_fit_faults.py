"""Why a model can't be fitted: at its place, all at once, with what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVC, LinearSVC

from balun.chain.duration import Duration
from balun.chain.model import TimeSplit
from balun.errors import ProjectError
from mixed import fit_mixed, in_test, mixed

CLASSIFIER = LogisticRegression()


def _faults(estimator: object, metric: str, rows: pa.Table | None = None, **others: object) -> list[tuple[str, str]]:
    with pytest.raises(ProjectError) as caught:
        fit_mixed(estimator, metric, rows, **others)  # type: ignore[arg-type]
    for found in caught.value.findings:
        assert (str(found.place), found.owner, found.breaks) == ("models.py:7", "ml", ("delays",))
        assert found.mend
    return [(found.rule, found.message) for found in caught.value.findings]


DECLARED: list[tuple[object, str, str, str]] = [
    (LogisticRegression, "roc_auc", "estimator-unknown", "is the class LogisticRegression, not one made of it"),
    ("boosting", "roc_auc", "estimator-unknown", "estimator is a str, neither a classifier nor a regressor"),
    (KMeans(), "roc_auc", "estimator-unknown", "estimator is a KMeans, neither a classifier nor a regressor"),
    (CLASSIFIER, "roc_auk", "metric-unknown", "there is no metric roc_auk (did you mean roc_auc?)"),
    (CLASSIFIER, "mae", "metric-unfit", "mae judges a regressor, and LogisticRegression is a classifier"),
    (Ridge(), "f1", "metric-unfit", "f1 judges a classifier, and Ridge is a regressor"),
    (LinearSVC(), "brier", "metric-unfit", "brier needs probabilities, and LinearSVC gives none"),
    (
        VotingClassifier([("a", GaussianNB())]),
        "roc_auc",
        "metric-unfit",
        "roc_auc needs probabilities or scores, and VotingClassifier gives none",
    ),
    (
        StackingClassifier([("a", GaussianNB())], LinearSVC(), cv=2),
        "log_loss",
        "metric-unfit",
        "log_loss needs probabilities, and StackingClassifier gives none",
    ),
]


@pytest.mark.parametrize(("estimator", "metric", "rule", "message"), DECLARED, ids=lambda one: str(one)[:20])
def test_declaration_that_cannot_be_is_told(estimator: object, metric: str, rule: str, message: str) -> None:
    ((found, words),) = _faults(estimator, metric)
    assert found == rule
    assert message in words


def _cast(name: str, dtype: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: _put(rows, name, rows[name].cast(dtype))


def _put(rows: pa.Table, name: str, values: object) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


ROWS: list[tuple[Callable[[pa.Table], pa.Table], str, str]] = [
    (lambda rows: _put(rows, "late", pa.nulls(600, pa.bool_())), "label-missing", "no row of corpus trips has a label"),
    (lambda rows: rows.slice(0, 0), "label-missing", "no row of corpus trips has a label"),
    (
        lambda rows: _put(rows, "at", pa.array([None, *rows["at"].to_pylist()[1:]], rows["at"].type)),
        "time-missing",
        "1 examples of corpus trips have no time in at, or an infinite one",
    ),
    (
        lambda rows: _put(rows, "at", pa.array([2**63 - 1, *range(599)]).cast(pa.timestamp("us"))),
        "time-missing",
        "1 examples of corpus trips have no time in at, or an infinite one",
    ),
    (_cast("at", pa.int64()), "time-unfit", "at of corpus trips is int64, no time"),
    (lambda rows: _put(rows, "late", rows["size"].fill_null(0)), "label-unfit", "the label late isn't whole numbers"),
    (
        lambda rows: _put(rows, "late", pa.array(in_test(rows) & (np.arange(600) % 2 == 0))),
        "one-class",
        "training has one class only",
    ),
    (
        lambda rows: _put(rows, "late", pa.array(~in_test(rows) & (np.arange(600) % 2 == 0))),
        "one-class",
        "the test has one class only: every label is False",
    ),
    (
        lambda rows: rows.slice(500),
        "training-too-small",
        "training has 0 examples: all lie within 9.9 days, the test is the last 15d, and 0 before it had no label",
    ),
    (
        lambda rows: _put(rows, "label_known", pa.array([9**16] * 600).cast(pa.timestamp("us", "UTC"))),
        "training-too-small",
        "and 449 before it had no label by then",
    ),
    (
        lambda rows: pa.concat_tables([rows.slice(0, 400), rows.slice(595)]),
        "test-too-small",
        "the test, the last 15d of the examples' time, has 5 examples",
    ),
]


@pytest.mark.parametrize(("change", "rule", "message"), ROWS, ids=lambda one: str(one)[:20])
def test_rows_that_tell_nothing_are_refused(change: Callable[[pa.Table], pa.Table], rule: str, message: str) -> None:
    ((found, words),) = _faults(CLASSIFIER, "roc_auc", change(mixed()))
    assert found == rule
    assert message in words


def test_declared_faults_are_told_all_at_once() -> None:
    rows = mixed().append_column("tags", pa.array([[1]] * 600)).drop_columns(["user"])
    found = _faults(CLASSIFIER, "mae", rows, inputs=("sizes", "tags"), slices=("kinds", "tags"))
    assert [rule for rule, _ in found] == [
        "metric-unfit", "input-missing", "slice-missing", "entity-missing", "input-unfit", "slice-unfit"
    ]  # fmt: skip
    assert found[1][1] == "the input sizes is no column of corpus trips (did you mean size or since?)"
    assert found[4][1].startswith("the input tags is list<item: int64>; a model takes numbers")


def test_corpus_without_inputs_is_refused() -> None:
    assert _faults(CLASSIFIER, "roc_auc", inputs=()) == [("input-missing", "corpus trips has no inputs")]


def test_test_and_training_that_are_too_small_are_told_together() -> None:
    split = TimeSplit(Duration.parse("1min"), Duration.parse("90d"))
    found = _faults(CLASSIFIER, "roc_auc", split=split)
    assert [rule for rule, _ in found] == ["test-too-small", "training-too-small"]


def test_one_class_in_the_test_is_no_fault_of_an_error_rate() -> None:
    rows = mixed()
    rows = _put(rows, "late", pa.array(~in_test(rows) & (np.arange(600) % 2 == 0)))
    assert 0 <= fit_mixed(CLASSIFIER, "accuracy", rows)[1].value <= 1


class Broken(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Fails where it is told to."""

    def __init__(self, where: str = "fit") -> None:
        self.where = where

    def fit(self, matrix: object, truth: object) -> Broken:
        self.classes_ = np.array([False, True])
        if self.where == "fit":
            raise ZeroDivisionError
        return self

    def predict(self, matrix: object) -> object:
        raise RuntimeError("no key")


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (Broken("fit"), "Broken can't be fitted: ZeroDivisionError"),
        (Broken("predict"), "Broken can't predict: no key"),
        (LogisticRegression(C=-1), "LogisticRegression can't be fitted: The 'C' parameter"),
    ],
)
def test_estimator_that_fails_is_told_at_its_place(estimator: object, message: str) -> None:
    ((rule, words),) = _faults(estimator, "accuracy")
    assert rule == "estimator-fails"
    assert words.startswith(message)


def test_estimator_that_fails_only_when_asked_is_told() -> None:
    ((rule, words),) = _faults(KNeighborsRegressor(500), "mae", label="delay")
    assert (rule, words[:33]) == ("estimator-fails", "KNeighborsRegressor can't predict")


def test_scores_of_pairs_of_classes_are_told() -> None:
    ((rule, words),) = _faults(SVC(decision_function_shape="ovo"), "roc_auc", _four_grades(), label="grade")
    assert (rule, "SVC can't predict" in words) == ("estimator-fails", True)


def _four_grades() -> pa.Table:
    return _put(mixed(), "grade", pa.array(["a", "b", "c", "d"] * 150))


class Diverging(LinearRegression):  # type: ignore[misc]
    def predict(self, matrix: object) -> object:
        return np.where(np.arange(len(matrix)) < 2, np.nan, 0.0)  # type: ignore[arg-type]


def test_predictions_that_are_no_numbers_are_told() -> None:
    ((rule, words),) = _faults(Diverging(), "rmse", label="delay")
    assert (rule, words) == ("estimator-fails", "2 of Diverging's 151 predictions are NaN or infinite")
