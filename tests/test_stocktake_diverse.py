"""How many slices, and how many independent rows, where it is known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from balun.stocktake.clusters import clusters_of, intraclass
from balun.stocktake.coverage import Coverage, coverage_of, hill_number
from stocks import INPUTS, easy, stock_of, with_column


def _coverage(rows: pa.Table, name: str) -> Coverage:
    inputs = (*INPUTS, name) if name not in INPUTS else INPUTS
    return next(one for one in coverage_of(stock_of(rows, inputs=inputs)) if one.input == name)


@pytest.mark.parametrize("kinds", [1, 2, 7])
def test_even_slices_are_as_good_as_their_number(kinds: int) -> None:
    rows = with_column(easy(), "part", [str(number % kinds) for number in range(2000)])
    found = _coverage(rows, "part")
    assert found.slices == kinds
    assert found.effective == pytest.approx(kinds, rel=1e-3)


def test_one_large_slice_counts_little_more_than_one() -> None:
    assert hill_number([9_990, 5, 5]) < 1.01


def test_rare_and_unseen_values_are_told() -> None:
    part = ["usual"] * 1990 + ["new"] * 10
    part[3] = part[4] = "rare"
    found = _coverage(with_column(easy(), "part", part), "part")
    assert [(one.value, one.rows) for one in found.fewest] == [("rare", 2)]
    assert [(one.value, one.rows, one.test_rows) for one in found.unseen] == [("new", 0, 10)]
    assert found.unseen_rows == 10


def test_numbers_beyond_training_are_counted() -> None:
    far = np.linspace(0, 1, 2000)
    found = _coverage(with_column(easy(), "far", far), "far")
    assert found.outside == stock_of(easy()).split.test.sum()
    assert found.slices == 10


@pytest.mark.parametrize(("alike", "size"), [(0.0, 10), (0.3, 10), (0.8, 5)])
def test_intraclass_is_what_was_planted(alike: float, size: int) -> None:
    chance = np.random.default_rng(7)
    home = np.repeat(np.arange(800), size)
    values = np.sqrt(alike) * chance.normal(size=800)[home] + np.sqrt(1 - alike) * chance.normal(size=len(home))
    assert intraclass(values[:, None], home) == pytest.approx(alike, abs=0.04)


def test_effective_rows_tell_how_sure_a_mean_is() -> None:
    """The variance of the mean over worlds is that of as many independent rows."""
    chance, size, alike = np.random.default_rng(8), 20, 0.4
    home = np.repeat(np.arange(50), size)
    between = chance.normal(size=(2000, 50)) * np.sqrt(alike)
    means = (between[:, home] + chance.normal(size=(2000, len(home))) * np.sqrt(1 - alike)).mean(axis=1)
    effect = 1 + (size - 1) * alike
    assert 1 / means.var() == pytest.approx(len(home) / effect, rel=0.1)


def test_rows_of_one_user_that_are_the_same_count_once() -> None:
    rows = with_column(easy(), "late", pa.array(np.array(easy()["user"].to_pylist()) % 2 == 0))
    found = next(one for one in clusters_of(stock_of(rows)) if one.by == "user")
    assert found.alike == pytest.approx(1.0)
    assert found.effective == pytest.approx(200, rel=0.15)  # users have more rows and fewer
