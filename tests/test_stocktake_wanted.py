"""Slices that err and learn from rows come first; where none stands out, none is made to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from balun.stocktake.curve import grown
from balun.stocktake.wanted import Wants, shrunken, wants_of
from mixed import model_of
from stocks import easy, stock_of, with_column


def _wants(rows: pa.Table) -> Wants:
    trees = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=16, min_samples_leaf=10, early_stopping=False)
    stock = stock_of(rows, model_of(trees, "roc_auc", slices=("kind",)))
    found = grown(stock, 100_000, 0, lambda _: None)
    assert found is not None
    return wants_of(stock, found)


def _with_a_hard_kind(seed: int) -> pa.Table:
    """A tenth are of kind `ferry`, of whom late hangs on the inputs the other way round and more finely."""
    rows = easy(4000, seed, sharp=8)
    chance = np.random.default_rng(seed + 100)
    ferry = chance.random(4000) < 0.1
    x, y = (np.array(rows[name].to_pylist()) for name in ("x", "y"))
    late = np.where(ferry, np.sin(3 * x) + np.sin(3 * y) > 0, np.array(rows["late"].to_pylist()))
    kind = np.where(ferry, "ferry", np.array(rows["kind"].to_pylist()))
    return with_column(with_column(rows, "kind", kind.tolist()), "late", late.astype(bool))


def test_hard_and_rare_slice_comes_first() -> None:
    found = _wants(_with_a_hard_kind(0))
    first = found.slices[0]
    assert (first.column, first.value) == ("kind", "ferry")
    assert first.error > 1.3 * found.whole
    assert first.low > 0
    assert first.rows < 0.15 * 3000


def test_slices_are_those_that_err_more_than_the_whole() -> None:
    found = _wants(_with_a_hard_kind(1))
    assert found.looked_at > 5
    assert all(one.error > found.whole and one.gain > 0 for one in found.slices)
    assert all(one.low <= one.gain <= one.high for one in found.slices)


def test_kinds_that_are_alike_are_drawn_together() -> None:
    found = _wants(easy(4000, sharp=2))
    kinds = [one for one in found.slices if one.column == "kind"]
    assert all(one.error < 1.1 * found.whole for one in kinds)


def test_noise_alone_is_shrunken_to_the_centre() -> None:
    chance = np.random.default_rng(0)
    errors = np.full(200, 1.0)
    moved, spread = shrunken(chance.normal(size=200), errors, 0.0, 0.1)
    assert np.abs(moved).max() < 1.2
    assert (spread > 0).all()


@pytest.mark.parametrize("between", [0.5, 2.0])
def test_shrunken_values_cover_the_truth(between: float) -> None:
    chance = np.random.default_rng(1)
    truth = 3 + between * chance.normal(size=2000)
    errors = chance.uniform(0.3, 2.0, 2000)
    moved, spread = shrunken(truth + errors * chance.normal(size=2000), errors, 3.0, 0.0)
    assert 0.93 <= np.mean(np.abs(moved - truth) <= 1.96 * spread) <= 0.97
