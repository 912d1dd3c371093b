"""A sample stands for all rows, its chances are what they say, and what it loses is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from balun.errors import UsageError
from balun.stocktake import Asked
from balun.stocktake.coreset import chances, drawn, strata_of
from balun.stocktake.folds import out_of_fold
from balun.stocktake.sample import gradient_of
from mixed import model_of
from stocks import easy, logistic, stock_of, taken, with_column


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e3), st.integers(0, 5)), min_size=2, max_size=200), st.data())
def test_chances_are_chances_and_add_up(rows: list[tuple[float, int]], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(rows) - 1))
    strata = np.unique([row[1] for row in rows], return_inverse=True)[1]
    found = chances(np.array([row[0] for row in rows]), strata, size)
    assert ((found > 0) & (found <= 1)).all()
    assert found.sum() == pytest.approx(size)
    taken_rows = drawn(found, np.arange(len(rows)), np.random.default_rng(0))
    assert len(taken_rows) == len(set(taken_rows.tolist())) == size


def test_each_row_is_drawn_as_often_as_its_chance_says() -> None:
    chance = np.array([0.1, 0.9, 0.5, 1.0, 0.25, 0.25])
    counts = np.zeros(6)
    for number in range(4000):
        counts[drawn(chance, np.array([3, 1, 0, 2, 5, 4]), np.random.default_rng(number))] += 1
    assert counts / 4000 == pytest.approx(chance, abs=0.03)


def test_weighted_mean_of_the_label_is_that_of_all() -> None:
    stock = stock_of(easy(4000, sharp=2))
    late = stock.label_of(stock.train).truth
    gradient = gradient_of(stock, out_of_fold(stock, 10_000, 0, lambda _: None))
    chance = chances(gradient, strata_of(stock).index, 400)
    order, totals, means, blind = np.arange(len(late)), [], [], []
    for number in range(300):
        rows = drawn(chance, order, np.random.default_rng(number))
        totals.append((late[rows] / chance[rows]).sum())
        means.append(np.average(late[rows], weights=1 / chance[rows]))
        blind.append(late[rows].mean())
    assert np.mean(totals) == pytest.approx(late.sum(), rel=0.01)
    assert np.mean(means) == pytest.approx(late.mean(), abs=0.005)


def test_sample_is_written_with_weights_and_judged(tmp_path: Path) -> None:
    file = tmp_path / "small.parquet"
    found = taken(easy(sharp=2), logistic(), asked=Asked(sample=300, out=file)).sample
    assert found is not None
    written = pq.read_table(file)
    assert written.num_rows == found.rows == 300
    assert written.column_names == [*easy().column_names, "weight"]
    assert np.sum(written["weight"].to_pylist()) == pytest.approx(found.of, rel=0.1)
    assert [one.name for one in found.judged] == ["the sample", "as many at random", "all"]
    assert all(one.gain_low <= one.gain <= one.gain_high for one in found.judged[1:])


def test_sample_holds_training_rows_alone(tmp_path: Path) -> None:
    stock = stock_of(easy())
    taken(easy(), logistic(), asked=Asked(sample=100, out=tmp_path / "small.parquet"))
    ats = set(pq.read_table(tmp_path / "small.parquet")["at"].to_pylist())
    assert ats <= set(stock.of(stock.train)["at"].to_pylist())


def test_estimator_without_weights_is_told_so() -> None:
    model = model_of(KNeighborsClassifier(), "roc_auc")
    found = taken(easy(800), model, asked=Asked(sample=100)).sample
    assert found is not None
    assert not found.weighted


def test_rare_class_gets_its_share() -> None:
    """Three in a hundred are late; a sample of an eighth holds most of them."""
    rows = easy(4000, sharp=2)
    x = np.array(rows["x"].to_pylist())
    rare = rows.set_column(rows.column_names.index("late"), "late", [(x > 1.9).tolist()])
    stock = stock_of(rare)
    gradient = gradient_of(stock, out_of_fold(stock, 10_000, 0, lambda _: None))
    chance = chances(gradient, strata_of(stock).index, len(stock.train) // 8)
    late = stock.label_of(stock.train).truth > 0
    assert chance[late].mean() > 3 * chance[~late].mean()


def test_where_a_class_is_rare_the_sample_beats_random_rows() -> None:
    """One in 120 is late; 500 rows of 9,000 do nearly as well as all."""
    rows, chance = easy(12_000, 1), np.random.default_rng(1)
    x, y = (np.array(rows[name].to_pylist()) for name in ("x", "y"))
    rows = with_column(rows, "late", chance.random(12_000) < 1 / (1 + np.exp(11 - 3 * (x + y))))
    found = taken(rows, model_of(LogisticRegression(), "log_loss"), asked=Asked(sample=500)).sample
    assert found is not None
    assert found.better
    assert found.judged[0].metric < 1.05 * found.judged[2].metric


def test_regression_is_sampled_too() -> None:
    model = model_of(LinearRegression(), "rmse")
    found = taken(easy(), model, inputs=("y", "kind"), asked=Asked(sample=200), label="x").sample
    assert found is not None
    assert found.weighted


@pytest.mark.parametrize("size", [3, 1_000_000])
def test_size_that_cant_be_drawn_is_refused(size: int) -> None:
    with pytest.raises(UsageError, match="can't be drawn"):
        taken(easy(), logistic(), asked=Asked(sample=size))


def test_file_that_cant_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written"):
        taken(easy(), logistic(), asked=Asked(sample=100, out=tmp_path / "no" / "small.parquet"))
