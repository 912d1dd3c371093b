"""What to capture more of: slices in which the model errs more than elsewhere, and learns from rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from balun.fit.bootstrap import DRAWS
from balun.fit.column import CATEGORICAL, kind_of
from balun.fit.ranking import mean_tally
from balun.fit.slices import parts_of
from balun.stocktake.curve import Grown, loss_law
from balun.stocktake.stock import Bools, Floats, Ints, Stock
from balun.stocktake.trained import loss_name

_FEWEST_ROWS, _MOST = 50, 50
_USUAL_POWER = 0.5
_BUDGET, _REACH = 0.01, 4.0


@dataclass(frozen=True)
class Wanted:
    """A slice. rows: of training. share, test_share: of training and of the test.

    error: the mean loss in it. gain: by how much the whole's loss would fall if the
    slice's training rows were doubled, with its 95 %; next_gain: the same if the next rows captured were of the slice,
    `Wants.next_rows` of them. Errors and gains are drawn towards the whole's, the more so the less the slice's own rows
    tell.
    """

    column: str
    value: str
    rows: int
    share: float
    test_rows: int
    test_share: float
    error: float
    gain: float
    low: float
    high: float
    next_gain: float


@dataclass(frozen=True)
class Wants:
    """loss: what error and gain are of. whole: its mean over the test. next_rows: a hundredth of the training rows.

    looked_at: how many slices there were to pick from. apart: whether they differ in what rows bring, beyond luck.
    slices: those that err more than the whole, sure ones first, then those in which the next rows gain most.
    All gains are what came of rows in the whole growing too: of a slice's own rows they are the most to hope for.
    """

    loss: str
    whole: float
    next_rows: int
    looked_at: int
    apart: bool
    slices: tuple[Wanted, ...]


@dataclass(frozen=True)
class _Seen:
    """Slices as they were measured; arrays are by slice."""

    names: list[tuple[str, str]]
    rows: Ints
    test_rows: Ints
    error: Floats
    error_se: Floats
    gain: Floats
    gain_se: Floats


def wants_of(stock: Stock, found: Grown) -> Wants:
    """From the fits of the learning curve, each judged slice by slice on the test rows."""
    loss, power = found.loss[-1].mean(axis=0), _power(found)
    lever = _lever(stock, found, power)
    everywhere = np.ones(len(loss), dtype=bool)
    whole, _ = _mean(found, loss, everywhere)
    whole_gain, whole_se = _gain(found, lever, everywhere)
    seen = _seen(stock, found, loss, lever)
    more = max(1, round(len(stock.train) * _BUDGET))
    if not seen.names:
        return Wants(loss_name(stock), whole, more, 0, False, ())
    error, _ = shrunken(seen.error, seen.error_se, whole, 0.0)
    gains, spread = shrunken(seen.gain, seen.gain_se, whole_gain, whole_se)
    share = seen.test_rows / len(loss)
    slices = [
        Wanted(
            *seen.names[at],
            rows=int(seen.rows[at]),
            share=float(seen.rows[at] / len(stock.train)),
            test_rows=int(seen.test_rows[at]),
            test_share=float(share[at]),
            error=float(error[at]),
            gain=float(gains[at] * share[at]),
            low=float((gains[at] - 1.96 * spread[at]) * share[at]),
            high=float((gains[at] + 1.96 * spread[at]) * share[at]),
            next_gain=float(gains[at] * share[at] * _of_twice(1 + more / seen.rows[at], power)),
        )
        for at in np.flatnonzero((error > whole) & (gains > 0) & (seen.rows > 0))
    ]
    slices.sort(key=lambda one: (-(one.low > 0), -one.next_gain))
    return Wants(loss_name(stock), whole, more, len(seen.names), bool(np.ptp(gains) > 0), tuple(slices[:_MOST]))


def _of_twice(times: float, power: float) -> float:
    """What so many times the rows bring, by what twice the rows bring; the law isn't trusted beyond four times."""
    return float((1 - min(times, _REACH) ** -power) / (1 - 2**-power))


def _power(found: Grown) -> float:
    law = loss_law(found)
    return float(law.c[0]) if law.b[0] > 0 else _USUAL_POWER


def _lever(stock: Stock, found: Grown, power: float) -> Floats:
    """By size, what to multiply losses with so that their sum is how much they would fall with twice the training rows.

    power: the whole's. With it a loss is a line in n^−c, and a line's slope is a weighted sum of its points.
    """
    x = found.sizes.astype(float) ** -power
    share = found.weights / found.weights.sum()
    lever = share * (x - share @ x)
    rows = len(stock.train)
    return np.asarray(lever / (lever @ x) * (rows**-power - (2 * rows) ** -power))


def _gain(found: Grown, lever: Floats, rows: Bools) -> tuple[float, float]:
    """The fall of the mean loss over rows, and its standard error: of the test, and of which rows were drawn to fit."""
    means = [one.mean(axis=0) for one in found.loss]
    value, error = _mean(found, np.tensordot(lever, np.stack(means), 1), rows)
    luck, _ = found.luck([one[:, rows].mean(axis=1) for one in found.loss])
    return value, float(np.hypot(error, np.sqrt(((lever * luck) ** 2).sum())))


def _seen(stock: Stock, found: Grown, loss: Floats, lever: Floats) -> _Seen:
    names, rows, test_rows, errors, gains = [], [], [], [], []
    for name, in_train, in_test in _slices(stock):
        names.append(name)
        rows.append(int(in_train.sum()))
        test_rows.append(int(in_test.sum()))
        errors.append(_mean(found, loss, in_test))
        gains.append(_gain(found, lever, in_test))
    error, gained = np.reshape(errors, (-1, 2)), np.reshape(gains, (-1, 2))
    return _Seen(names, np.array(rows), np.array(test_rows), error[:, 0], error[:, 1], gained[:, 0], gained[:, 1])


def _slices(stock: Stock) -> Iterator[tuple[tuple[str, str], Bools, Bools]]:
    """Of each input that is a category or a number; with the slice's training and test rows, by their order."""
    both = stock.of(np.concatenate([stock.train, stock.test]))
    names = [name for name in stock.inputs if _sliced(both[name].type)]
    for column, value, mask in parts_of(both, list(dict.fromkeys([*stock.model_slices, *names]))):
        in_train, in_test = mask[: len(stock.train)], mask[len(stock.train) :]
        if _FEWEST_ROWS <= in_test.sum() < len(in_test):
            yield (column, value), in_train, in_test


def _sliced(dtype: pa.DataType) -> bool:
    kind = kind_of(dtype)
    return kind in CATEGORICAL or kind == "number"


def _mean(found: Grown, values: Floats, rows: Bools) -> tuple[float, float]:
    """Over rows, with its standard error from the draws of the test."""
    here = np.flatnonzero(rows)
    tally = mean_tally(values[here], found.units.of(here))
    drawn = tally(found.draws.weights)
    drawn = drawn[np.isfinite(drawn)]
    error = float(drawn.std()) * found.draws.memory.widen if len(drawn) > DRAWS / 2 else np.inf
    return float(tally(found.draws.once)[0]), error


def shrunken(values: Floats, errors: Floats, centre: float, centre_error: float) -> tuple[Floats, Floats]:
    """Each value drawn to the centre by what share of its distance is noise, and how sure that is.

    Source: Morris 1983 (parametric empirical Bayes). errors: standard errors of the values; may be infinite.

    >>> shrunken(np.array([0.0, 10.0]), np.array([0.1, np.inf]), 2.0, 0.0)[0].round(1).tolist()
    [0.0, 2.0]
    """
    sure = np.isfinite(errors)
    spread = (values - centre) ** 2 - np.where(sure, errors, 0) ** 2
    between = max(float(spread[sure].mean()), 0.0) if sure.any() else 0.0
    kept = np.where(sure, between / np.maximum(between + np.where(sure, errors, 0) ** 2, 1e-300), 0.0)
    moved = centre + (values - centre) * kept
    return moved, np.sqrt((1 - kept) * between + ((1 - kept) * centre_error) ** 2)
