"""The confident joint is cleanlab's, and flipped labels are found where inputs tell the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from balun.stocktake.folds import folds, out_of_fold
from balun.stocktake.noise import Noise, confident_joint, noise_of
from balun.stocktake.outliers import outliers_of
from mixed import model_of
from stocks import easy, flipped, stock_of, with_column


def _guesses(classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    score = chance.dirichlet(np.ones(classes), 500)
    label = np.array([chance.choice(classes, p=row) for row in score])
    return label, score


def _noise(share: float) -> tuple[Noise, set[int]]:
    rows, wrong = flipped(easy(4000, sharp=20), share)
    stock = stock_of(rows)
    return noise_of(stock, out_of_fold(stock, 10_000, 0, lambda _: None)), set(np.flatnonzero(wrong).tolist())


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_joint_counts_as_the_paper_says(classes: int) -> None:
    label, score = _guesses(classes, classes)
    least = [score[label == one, one].mean() for one in range(classes)]
    expected = np.zeros((classes, classes), dtype=int)
    for given, row in zip(label, score, strict=True):
        enough = [one for one in range(classes) if row[one] >= least[one] - 1e-6]
        if enough:
            expected[given, max(enough, key=row.__getitem__)] += 1
    assert confident_joint(label, score).counts.tolist() == expected.tolist()


@pytest.mark.parametrize("classes", [2, 3])
def test_joint_is_cleanlabs(classes: int) -> None:
    count = pytest.importorskip("cleanlab.count")
    label, score = _guesses(classes, 10 + classes)
    joint = confident_joint(label, score)
    theirs = count.compute_confident_joint(label, score, calibrate=False)
    # Where several classes are confident cleanlab takes the likeliest of all; the paper, the likeliest of these.
    assert np.abs(joint.counts - theirs).sum() <= 0.01 * len(label)
    shares = count.estimate_joint(label, score, confident_joint=joint.counts)
    assert np.abs(shares - joint.shares).max() < 1 / len(label)  # cleanlab rounds to whole rows


def test_class_that_no_row_has_is_never_suggested() -> None:
    score = np.array([[0.1, 0.2, 0.7]] * 5)
    assert confident_joint(np.array([0, 0, 1, 1, 1]), score).counts[:, 2].tolist() == [0, 0, 1]


def test_flipped_labels_are_found() -> None:
    found, wrong = _noise(0.06)
    told = {one.row for one in found.suspects}
    assert len(told & wrong) >= 0.95 * len(told)
    assert 0.04 < found.rate < 0.09
    assert found.sure > 0.6 * found.doubted


def test_clean_labels_are_hardly_doubted() -> None:
    assert _noise(0.0)[0].rate < 0.03


def test_suspects_name_entity_and_time() -> None:
    found, _ = _noise(0.06)
    assert [name for name, _ in found.suspects[0].key] == ["user", "at"]
    assert {found.suspects[0].label, found.suspects[0].said} == {"False", "True"}


def test_numbers_far_off_are_found() -> None:
    rows = easy()
    chance = np.random.default_rng(3)
    delay = np.array(rows["x"].to_pylist()) * 5 + chance.normal(size=rows.num_rows)
    delay[[100, 200, 300]] += [40, -40, 60]
    stock = stock_of(with_column(rows, "delay", delay), model_of(LinearRegression(), "mae"), label="delay")
    found = outliers_of(stock, out_of_fold(stock, 10_000, 0, lambda _: None))
    assert {one.row for one in found.suspects} == {100, 200, 300}
    assert 0.8 < found.deviation < 1.3


def test_folds_are_stretches_of_time() -> None:
    at = np.repeat(np.arange(100), 3) * 1_000_000
    fold = folds(at)
    assert set(np.bincount(fold).tolist()) == {75}
    assert len(np.flatnonzero(np.diff(fold))) == 19
    assert all(len(set(fold[at == one].tolist())) == 1 for one in at)


@pytest.mark.parametrize("times", [[0] * 10, [0, 1, 2, 3, 4, 5], [7]])
def test_folds_of_few_times_are_some(times: list[int]) -> None:
    assert folds(np.array(times)).shape == (len(times),)
