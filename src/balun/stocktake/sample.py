"""A smaller corpus, and what it loses against all rows and against as many that are picked blindly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from balun.errors import UsageError
from balun.fit.bootstrap import Draws, Tally, Units, draws_for, units_of
from balun.fit.guess import gives
from balun.fit.style import takes_weights
from balun.stocktake.coreset import chances, drawn, strata_of
from balun.stocktake.folds import OutOfFold
from balun.stocktake.stock import Floats, Ints, Stock
from balun.stocktake.trained import asked, trained

WEIGHT = "weight"
_DRAWS, _FEWEST_ROWS = 4, 50


@dataclass(frozen=True)
class Judged:
    """The metric of the test rows. gain: how much better the sample's is than this one's, in pairs, with its 95 %."""

    name: str
    rows: int
    metric: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


@dataclass(frozen=True)
class Sample:
    """file: where it was written; None: nowhere. strata: what its strata are made by, and how many there are.

    weighted: whether the estimator takes weights. draws: how many samples were judged; the first was written.
    judged: the sample itself, as many rows at random, all rows.
    better: whether it beats random rows for sure; worse: whether it loses to them for sure.
    """

    rows: int
    of: int
    file: str | None
    strata: str
    strata_count: int
    weighted: bool
    least_weight: float
    most_weight: float
    draws: int
    judged: tuple[Judged, ...]

    @property
    def better(self) -> bool:
        return self.judged[1].gain_low > 0

    @property
    def worse(self) -> bool:
        return self.judged[1].gain_high < 0


def refuse(stock: Stock, size: int, file: Path | None) -> None:
    """Raise UsageError for a size that can't be drawn or a file that can't be written, before anything is fitted."""
    rows = len(stock.train)
    if not _FEWEST_ROWS <= size < rows:
        raise UsageError(
            f"a sample of {size:,} can't be drawn from {rows:,} training rows: it takes {_FEWEST_ROWS} at least, "
            "and fewer than there are"
        )
    if file is not None and not file.absolute().parent.is_dir():
        raise UsageError(f"{file} can't be written: there is no folder {file.absolute().parent}")
    if WEIGHT in stock.rows.column_names:
        raise UsageError(f"the corpus has a column {WEIGHT} of its own, so the sample's weights have no name left")


def sample_of(
    stock: Stock, folds: OutOfFold, size: int, file: Path | None, seed: int, say: Callable[[str], None]
) -> Sample:
    """Draw it, write it, and judge four of its kind. Raises UsageError for a file that can't be written."""
    assert stock.model is not None
    strata = strata_of(stock)
    chance = chances(gradient_of(stock, folds), strata.index, size)
    order = np.lexsort((stock.at_us[stock.train], strata.index))
    taken = [drawn(chance, order, np.random.default_rng([seed, 6, number])) for number in range(_DRAWS)]
    if file is not None:
        write(stock, taken[0], 1 / chance[taken[0]], file)
    weighted = takes_weights(stock.model.estimator) is not None
    judged = _judged(stock, taken, chance, weighted=weighted, seed=seed, say=say)
    weights = 1 / chance[taken[0]]
    return Sample(
        rows=len(taken[0]),
        of=len(stock.train),
        file=str(file) if file else None,
        strata=strata.told,
        strata_count=strata.count,
        weighted=weighted,
        least_weight=float(weights.min()),
        most_weight=float(weights.max()),
        draws=_DRAWS,
        judged=judged,
    )


def gradient_of(stock: Stock, folds: OutOfFold) -> Floats:
    """By training row, how steep its loss is where the model stands: |p − y| over classes, |residual| of a number."""
    assert stock.model is not None
    assert stock.label is not None
    truth = stock.label.truth[stock.train]
    if stock.label.classes is None:
        return np.abs(truth - folds.best.score)
    if gives(stock.model.estimator) != "probability":
        return folds.loss
    return np.asarray(1 - folds.best.score[np.arange(len(truth)), truth.astype(np.int64)])


def write(stock: Stock, taken: Ints, weights: Floats, file: Path) -> None:
    """All columns of the corpus, and `weight`: how many training rows each stands for."""
    rows = stock.of(stock.train[taken])
    try:
        pq.write_table(rows.append_column(WEIGHT, pa.array(weights)), file)
    except OSError as exc:
        raise UsageError(f"{file} can't be written: {exc.strerror or exc}") from exc


@dataclass(frozen=True)
class _Test:
    """On which the fits are judged."""

    units: Units
    draws: Draws

    def told(self, tallies: list[Tally]) -> Floats:
        """(fits, 1 + draws): the metric itself first."""
        weights = np.concatenate([self.draws.once, self.draws.weights])
        return np.stack([tally(weights) for tally in tallies])


def _judged(
    stock: Stock, taken: list[Ints], chance: Floats, *, weighted: bool, seed: int, say: Callable[[str], None]
) -> tuple[Judged, ...]:
    units, truth = units_of(stock.at_us[stock.test]), stock.label_of(stock.test).truth
    size, luck = len(taken[0]), np.random.default_rng([seed, 7])
    blind = [np.sort(luck.choice(len(stock.train), size, replace=False)) for _ in taken]
    plans: list[tuple[str, list[Ints]]] = [
        ("the sample", taken),
        ("as many at random", blind),
        ("all", [np.arange(len(stock.train))]),
    ]
    tallies: list[list[Tally]] = []
    for name, parts in plans:
        say(f"fitting on {name}, {len(parts[0]):,} rows")
        own = weighted and parts is taken
        answers = [
            asked(stock, trained(stock, stock.train[part], 1 / chance[part] if own else None), stock.test)
            for part in parts
        ]
        tallies.append([stock.metric.tally(truth, answer.guess, units) for answer in answers])
    test = _Test(units, draws_for(tallies[2][0], units, seed))
    told = [test.told(each) for each in tallies]
    return tuple(
        _one(stock, test, name, len(parts[0]), told[0], theirs, np.random.default_rng([seed, 8]))
        for (name, parts), theirs in zip(plans, told, strict=True)
    )


def _one(
    stock: Stock, test: _Test, name: str, rows: int, own: Floats, theirs: Floats, chance: np.random.Generator
) -> Judged:
    sign = 1 if stock.metric.greater_is_better else -1
    value = float(theirs[:, 0].mean())
    low, high = test.draws.interval(
        value, theirs[:, 1:].mean(axis=0) + _luck([theirs], test, chance), test.units, stock.metric.bounds
    )
    if theirs is own:
        return Judged(name, rows, value, low, high, 0.0, 0.0, 0.0)
    apart = sign * (own.mean(axis=0) - theirs.mean(axis=0))
    gains = apart[1:] + _luck([own, theirs], test, chance)
    gain = float(apart[0])
    return Judged(name, rows, value, low, high, gain, *test.draws.interval(gain, gains, test.units))


def _luck(told: list[Floats], test: _Test, chance: np.random.Generator) -> Floats:
    """By draw of the test, what the luck of few fits may have added to their mean, or to two means' difference."""
    several = [one[:, 0] for one in told if len(one) > 1]
    draws = len(test.draws.weights)
    if not several:
        return np.zeros(draws)
    deviation = np.sqrt(sum(one.var(ddof=1) / len(one) for one in several))
    return np.asarray(deviation * chance.standard_t(sum(len(one) - 1 for one in several), draws))
