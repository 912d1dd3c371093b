"""How the metric grows with rows, and what more of them would bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from balun.fit.bootstrap import Draws, Units, draws_for, units_of
from balun.stocktake.power_law import PowerLaw, fitted_law
from balun.stocktake.stock import Floats, Ints, Stock
from balun.stocktake.trained import asked, trained

_SHARES = ((1 / 16, 3), (1 / 8, 3), (1 / 4, 2), (1 / 2, 2), (1.0, 1))
_FEWEST_ROWS, _FEWEST_SIZES = 40, 3
_MOST_DRAWS = max(draws for _, draws in _SHARES)


@dataclass(frozen=True)
class Point:
    """The metric of the test rows after training on so many, the mean over draws of them, with its interval."""

    rows: int
    draws: int
    metric: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """The metric at growing numbers of training rows, by the law a − b·n^−c (a + b·n^−c of an error).

    limit, factor, power: a, b and c. The limit is far out, so no more than a hint.
    gain, low, high: how much better the metric would be at `twice` rows than at `rows`, all that training has.
    """

    metric: str
    greater_is_better: bool
    points: tuple[Point, ...]
    limit: float
    factor: float
    power: float
    rows: int
    twice: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Grown:
    """What the model said of the test rows, size by size.

    sizes: of the training. metric: by size, (draws of its rows, 1 + draws of the test), the value itself first.
    loss: by size, (draws of its rows, test rows). units, draws: of the test rows.
    """

    sizes: Ints
    metric: tuple[Floats, ...]
    loss: tuple[Floats, ...]
    units: Units
    draws: Draws

    @property
    def counts(self) -> Ints:
        """Draws of each size."""
        return np.array([len(one) for one in self.metric])

    @property
    def weights(self) -> Floats:
        """What each size counts in a law: its mean's variance is taken to fall with rows and with draws."""
        return (self.sizes * self.counts).astype(float)

    def luck(self, values: Sequence[Floats]) -> tuple[Floats, int]:
        """By size, the deviation of a mean over draws that is due to which rows were drawn, and how many draws tell it.

        values: by size, (draws,). Their variance is taken to fall as 1/n and is pooled, for each size has few draws.
        """
        spare = self.counts - 1
        spreads = np.array([one.var(ddof=1) if len(one) > 1 else 0.0 for one in values])
        if not spare.any():
            return np.zeros(len(spare)), 0
        pooled = float((spare * spreads * self.sizes).sum() / spare.sum())
        return np.sqrt(pooled / self.sizes / self.counts), int(spare.sum())


def grown(stock: Stock, limit: int, seed: int, say: Callable[[str], None]) -> Grown | None:
    """Fits on growing parts of the training rows, each drawn by stretches of time and holding the smaller ones.

    limit: rows to fit on at most. None where there are too few for three sizes, or where the metric has no value.
    """
    pool = min(len(stock.train), limit)
    plan = [(int(pool * share), draws) for share, draws in _SHARES if pool * share >= _FEWEST_ROWS]
    if len(plan) < _FEWEST_SIZES:
        return None
    orders = [_shuffled(stock, np.random.default_rng([seed, 4, number])) for number in range(_MOST_DRAWS)]
    units = units_of(stock.at_us[stock.test])
    truth = stock.label_of(stock.test).truth
    tallies, losses = [], []
    for size, count in plan:
        say(f"{size:,} rows")
        parts = [part for part in (order[:size] for order in orders[:count]) if _has_classes(stock, part)]
        answers = [asked(stock, trained(stock, np.sort(part)), stock.test) for part in parts]
        tallies.append([stock.metric.tally(truth, answer.guess, units) for answer in answers])
        losses.append([answer.loss for answer in answers])
    once = np.ones((1, units.count))
    there = [at for at, one in enumerate(tallies) if one and np.isfinite([tally(once)[0] for tally in one]).all()]
    if len(there) < _FEWEST_SIZES:
        return None
    draws = draws_for(tallies[there[-1]][0], units, seed)
    weights = np.concatenate([draws.once, draws.weights])
    return Grown(
        np.array([plan[at][0] for at in there]),
        tuple(np.stack([tally(weights) for tally in tallies[at]]) for at in there),
        tuple(np.stack(losses[at]) for at in there),
        units,
        draws,
    )


def _shuffled(stock: Stock, chance: np.random.Generator) -> Ints:
    """The training rows, their stretches of time in random order."""
    units = units_of(stock.at_us[stock.train])
    turn = chance.permutation(units.count)[units.index]
    return stock.train[np.argsort(turn, kind="stable")]


def _has_classes(stock: Stock, rows: Ints) -> bool:
    return stock.label is None or stock.label.classes is None or len(np.unique(stock.label.truth[rows])) > 1


def curve_of(stock: Stock, found: Grown, seed: int) -> Curve:
    metric, rows = stock.metric, len(stock.train)
    sign = -1.0 if metric.greater_is_better else 1.0
    values = np.stack([one.mean(axis=0) for one in found.metric], axis=1)
    noise = _noise(found, len(values) - 1, np.random.default_rng([seed, 5]))
    drawn = values[1:] + noise
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    # The spread of blocks that are too short for the errors' memory is made up for, as in the metric's own interval.
    drawn = values[:1] + (drawn - values[:1]) * found.draws.memory.widen
    least = sign * metric.bounds[1] if metric.greater_is_better else metric.bounds[0]
    every = sign * np.concatenate([values[:1], drawn])
    law = fitted_law(found.sizes.astype(float), every, found.weights, least)
    gain = law.fall(rows, 2 * rows)
    low, high = np.quantile(gain[1:], [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return Curve(
        metric.name, metric.greater_is_better, _points(stock, found, values, noise), float(sign * law.a[0]),
        float(law.b[0]), float(law.c[0]), rows, 2 * rows, float(gain[0]), min(float(low), float(gain[0])),
        max(float(high), float(gain[0])),
    )  # fmt: skip


def _noise(found: Grown, draws: int, chance: np.random.Generator) -> Floats:
    """(draws, sizes): what the luck of which rows were drawn may have added to the mean at each size."""
    deviation, spare = found.luck([one[:, 0] for one in found.metric])
    if not spare:
        return np.zeros((draws, len(deviation)))
    return np.asarray(chance.standard_t(spare, (draws, len(deviation))) * deviation)


def _points(stock: Stock, found: Grown, values: Floats, noise: Floats) -> tuple[Point, ...]:
    points = []
    for at, size in enumerate(found.sizes.tolist()):
        value = float(values[0, at])
        low, high = found.draws.interval(value, values[1:, at] + noise[:, at], found.units, stock.metric.bounds)
        points.append(Point(size, len(found.metric[at]), value, low, high))
    return tuple(points)


def loss_law(found: Grown) -> PowerLaw:
    """Of the mean loss over test rows."""
    error = np.array([one.mean() for one in found.loss])
    return fitted_law(found.sizes.astype(float), error[None], found.weights)
