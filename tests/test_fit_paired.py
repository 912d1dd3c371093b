"""The gap is what metrics computed one by one say, and its interval holds the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from balun.fit.bootstrap import Units, draws_of, units_of
from balun.fit.memory import Memory
from balun.fit.metric import METRICS, Guess, Metric, Truth
from balun.fit.paired import Gap, Paired, gap, moderated
from balun.fit.resampled import refit_rows
from losses import BY_NAME, DAY_US, Floats, luck

_DAYS, _ROWS = 30, 600
_AT = np.repeat(np.arange(_DAYS), _ROWS // _DAYS) * DAY_US


def _judged(metric: Metric, guesses: int) -> tuple[Truth, list[Guess]]:
    """A truth, and guesses that are the worse the later they stand."""
    chance = np.random.default_rng(5)
    if metric.needs == "regressor":
        real = chance.normal(size=_ROWS)
        said = [real + chance.normal(size=_ROWS) * (1 + number) for number in range(guesses)]
        return real, [Guess(one, one) for one in said]
    known = chance.normal(size=_ROWS)
    truth = (chance.random(_ROWS) < 1 / (1 + np.exp(-2 * known))).astype(np.int64)
    shares = [1 / (1 + np.exp(-(known + chance.normal(size=_ROWS) * 2 * number))) for number in range(guesses)]
    return truth, [Guess(np.stack([1 - one, one], axis=1), (one > 0.5).astype(np.int64)) for one in shares]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_gap_is_the_metric_before_less_the_metric_after_and_positive_where_worse(metric: Metric) -> None:
    truth, (good, bad) = _judged(metric, 2)
    found = gap(metric, truth, _AT, [(good, bad)], seed=1)
    lost = metric.value(truth, good) - metric.value(truth, bad)
    assert found.value == pytest.approx(lost if metric.greater_is_better else -lost, rel=1e-9)
    assert 0 < found.low < found.value < found.high
    assert gap(metric, truth, _AT, [(bad, good)], seed=1).value == pytest.approx(-found.value)


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "rmse", "f1"])
def test_sampling_is_that_of_the_metric_on_rows_drawn_again(name: str) -> None:
    metric, units = BY_NAME[name], units_of(_AT)
    truth, (good, bad) = _judged(metric, 2)
    # Units that are given are drawn one by one, so that the draws are known here.
    found = gap(metric, truth, _AT, [(good, bad)], seed=1, units=units)
    draws = draws_of(units, Memory(), 1)
    drawn = []
    for weights in draws.weights.astype(int):
        rows = np.repeat(np.arange(_ROWS), weights[units.index])
        drawn.append(metric.value(truth[rows], good.of(rows)) - metric.value(truth[rows], bad.of(rows)))
    assert found.sampling_sd == pytest.approx(np.std(drawn) * np.sqrt(_DAYS / (_DAYS - 1)))
    sign = 1 if metric.greater_is_better else -1
    expected = draws.interval(found.value, sign * np.array(drawn), units)
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("fits", [1, 3])
def test_equal_guesses_lose_exactly_nothing(metric: Metric, fits: int) -> None:
    truth, guesses = _judged(metric, 3)
    found = gap(metric, truth, _AT, [(one, one) for one in guesses[:fits]], seed=1)
    assert (found.value, found.low, found.high, found.sampling_sd, found.refit_sd) == (0, 0, 0, 0, 0)


def test_same_seed_gives_the_same_gap() -> None:
    truth, guesses = _judged(BY_NAME["log_loss"], 6)
    pairs = list(zip(guesses[:3], guesses[3:], strict=True))
    one, other = (gap(BY_NAME["log_loss"], truth, _AT, pairs, seed=4) for _ in range(2))
    assert one == other != gap(BY_NAME["log_loss"], truth, _AT, pairs, seed=5)


def test_on_the_day_has_no_refit_noise_and_halves_that_differ_have() -> None:
    truth, guesses = _judged(BY_NAME["mae"], 4)
    paired = Paired(BY_NAME["mae"], truth, _AT, [guesses[0]] * 3, seed=1)
    day, again = paired.gap(guesses[1:2]), paired.gap(guesses[1:4])
    assert (day.refit_sd, day.fits, again.fits) == (0, 1, 3)
    assert again.refit_sd > 0
    assert again.low < day.low
    assert day.high < again.high
    assert (again.value, again.alone) == (day.value, day.alone)


def test_table_lends_its_refit_noise_to_a_change_that_shows_none() -> None:
    truth, guesses = _judged(BY_NAME["mae"], 4)
    paired = Paired(BY_NAME["mae"], truth, _AT, [guesses[0]] * 3, seed=1)
    loud, still = paired.gap(guesses[1:4]), paired.gap([guesses[1], guesses[2], guesses[2]])
    assert still.refit_sd == 0
    lent, borrowed = moderated([loud, still])
    assert borrowed.refit_sd > 0
    assert lent.refit_sd < loud.refit_sd
    assert moderated(moderated([loud, still])) == [lent, borrowed]


def test_too_few_blocks_give_no_interval() -> None:
    truth, (good, bad) = _judged(BY_NAME["mae"], 2)
    found = gap(BY_NAME["mae"], truth, _AT, [(good, bad)], seed=1, units=Units(np.zeros(_ROWS, dtype=np.int64), 1))
    assert found.value > 0
    assert np.isnan([found.low, found.high]).all()


@given(st.integers(2, 400), st.integers(0, 20), st.integers(0, 3), st.integers(1, 10**12))
def test_halves_share_no_row_and_miss_none(rows: int, seed: int, cut: int, step_us: int) -> None:
    at = np.arange(rows) * step_us
    one, other = refit_rows(at, seed, 2 * cut + 1), refit_rows(at, seed, 2 * cut + 2)
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(rows))
    assert (one == refit_rows(at, seed, 2 * cut + 1)).all()
    assert refit_rows(at, seed, 0).tolist() == list(range(rows))
    assert len(one)
    assert len(other)


def test_halves_have_as_many_rows_though_rows_become_more() -> None:
    at = np.repeat(np.arange(100), np.arange(100)) * DAY_US
    sizes = [len(refit_rows(at, seed, 1)) / len(at) for seed in range(50)]
    assert 0.45 < min(sizes) <= max(sizes) < 0.55


def test_a_day_is_not_parted_between_halves() -> None:
    at = np.repeat(np.arange(60), 20) * DAY_US
    one, other = refit_rows(at, 3, 1), refit_rows(at, 3, 2)
    assert not set((at[one] // DAY_US).tolist()) & set((at[other] // DAY_US).tolist())


def _world(chance: np.random.Generator, days: int = 40) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Two columns that tell something and one of noise; days share their luck, and the truth's errors with it."""
    day = np.repeat(np.arange(days), 15)
    known = chance.normal(size=(len(day), 3))
    return (
        known,
        known @ [0.6, 0.3, 0.0] + 0.5 * luck(days, 0.5, chance)[day] + chance.normal(size=len(day)),
        day * DAY_US,
    )


def _table(number: int) -> list[Gap]:
    """What each column costs a linear model to lose, as rmse."""
    chance = np.random.default_rng([number, 11])
    (known, real, at), (new, truth, later) = _world(chance), _world(chance)
    halves = [refit_rows(at, number, r) for r in range(3)]

    def said(columns: list[int]) -> list[Guess]:
        fits = [LinearRegression().fit(known[rows][:, columns], real[rows]) for rows in halves]
        answers = [fit.predict(new[:, columns]) for fit in fits]
        return [Guess(one, one) for one in answers]

    paired = Paired(BY_NAME["rmse"], truth, later, said([0, 1, 2]), seed=number)
    return moderated([paired.gap(said([kept for kept in range(3) if kept != column])) for column in range(3)])


def test_intervals_after_retraining_cover_noise_and_known_effects() -> None:
    tables = [_table(number) for number in range(120)]
    # Without the column its variance is one more part of the error's, which is 1.25 at best.
    for column, worth in enumerate([np.sqrt(1.25 + 0.36) - np.sqrt(1.25), np.sqrt(1.25 + 0.09) - np.sqrt(1.25), 0.0]):
        covered = np.mean([table[column].low <= worth <= table[column].high for table in tables])
        assert 0.88 <= covered <= 1, (column, covered)
