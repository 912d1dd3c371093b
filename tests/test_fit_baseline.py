"""What a model has to beat is found without a look ahead."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

from balun.fit.baseline import entity_numbers, last_known, last_value, prior
from balun.fit.label import Label
from balun.fit.split import Split
from mixed import fit_mixed, mixed

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40)


@given(ROWS)
def test_last_known_is_what_a_loop_finds(rows: list[tuple[int, int, int]]) -> None:
    entity, at, late = (np.array(column) for column in zip(*rows, strict=True))
    known = at + late
    found = last_known(entity, at, known)
    for row in range(len(rows)):
        seen = [other for other in range(len(rows)) if entity[other] == entity[row] and known[other] < at[row]]
        assert found[row] == max(seen, key=lambda other: (at[other], other), default=-1)


def _split(train: int, rows: int) -> Split:
    first = np.arange(rows) < train
    return Split(first, ~first, np.zeros(rows, dtype=bool), 0)


def test_prior_of_classes_is_their_share_in_training() -> None:
    label = Label(np.array([0, 0, 0, 1, 1, 1]), np.array(["no", "yes"]))
    assert prior(label, _split(4, 6), "roc_auc").score.tolist() == [[0.75, 0.25]] * 2


@pytest.mark.parametrize(("metric", "value"), [("mae", 1.0), ("rmse", 4.0), ("r2", 4.0)])
def test_prior_of_numbers_is_their_mean_and_of_mae_their_median(metric: str, value: float) -> None:
    label = Label(np.array([1.0, 1.0, 10.0, 99.0]), None)
    assert prior(label, _split(3, 4), metric).score.tolist() == [value]


def test_last_value_of_numbers_is_the_last_known_label_else_the_prior() -> None:
    label = Label(np.array([2.0, 4.0, 7.0, 8.0]), None)
    found = last_value(label, _split(2, 4), np.array([-1, 0, 1, -1]), "rmse")
    assert found.score.tolist() == [4.0, 3.0]


def test_last_value_of_classes_is_what_followed_such_a_label_in_training() -> None:
    label = Label(np.array([0, 0, 1, 1, 1, 0, 1]), np.array(["no", "yes"]))
    found = last_value(label, _split(6, 7), np.array([-1, 0, 1, 2, 3, 4, 5]), "log_loss")
    # After "no" came "no" once and "yes" once in training, and one prior's worth of rows: half and half.
    assert found.score[0] == pytest.approx([(1 + 0.5) / 3, (1 + 0.5) / 3])


def test_last_value_learns_from_training_alone() -> None:
    labels = [np.array([0, 1, 0, 1, one, 1 - one]) for one in (0, 1)]
    last = np.array([-1, 0, 1, 2, 3, 3])
    both = [last_value(Label(label, np.arange(2)), _split(4, 6), last, "brier").score.tolist() for label in labels]
    assert both[0] == both[1]


def test_entities_are_told_apart_by_all_their_columns_and_null_is_one() -> None:
    rows = pa.table({"a": ["x", "x", None, None, "x"], "b": pa.array([1, 2, 1, 1, 1])})
    found = entity_numbers(rows, ["a", "b"]).tolist()
    assert [found.index(one) for one in found] == [0, 1, 2, 2, 0]
    assert entity_numbers(rows, []).tolist() == [0] * 5


def test_model_is_judged_against_both_on_the_same_draws() -> None:
    result = fit_mixed(LogisticRegression(), "roc_auc")[1]
    assert [one.name for one in result.baselines] == ["prior", "last value"]
    first = result.baselines[0]
    assert (first.value, first.low, first.high) == (0.5, 0.5, 0.5)
    assert (first.difference_low, first.difference_high) == pytest.approx((result.low - 0.5, result.high - 0.5))


def test_label_known_before_its_example_is_no_last_value_of_itself() -> None:
    rows = mixed().drop_columns("label_known")
    early = rows.append_column("label_known", pa.array([one - timedelta(days=9) for one in rows["at"].to_pylist()]))
    both = [fit_mixed(LinearRegression(), "mae", part, label="delay")[1].baselines[1] for part in (rows, early)]
    assert both[0] == both[1]
