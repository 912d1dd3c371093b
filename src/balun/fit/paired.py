"""What a change costs a model, with its 95 %: the metric before and after on the same test rows.

A gap moves with the test rows that came, and with the training rows that came. By the law of total variance
Var(gap) = E[Var(gap | fit)] + Var(E[gap | fit]). The first part, *sampling*, is seen on one fit: the difference is
drawn in blocks of time (bootstrap.py). The second, *refit*, is seen on fits that share no training row: two fits on
halves (resampled.py) differ by twice the refit variance at half the rows and the sampling variance of their difference,
which is measured and taken off; at all rows it is half of that, as variances fall with 1/n (Politis & Romano 1994). One
seed more of the same fit doesn't show it, as most learners have none; a bootstrap of the training rows shows
too much, as fits on the same rows are alike and a drawn twin is a row learnt by heart (Nadeau & Bengio 2003,
Bouckaert & Frank 2004).
Two halves give one degree of freedom. Changes of one table lend each other theirs: the ratio of refit to sampling
variance is drawn towards that of all (Smyth 2004). The two parts add up with Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from balun.fit.bootstrap import DRAWS, Draws, Tally, Units, draws_for, draws_of, units_of
from balun.fit.memory import Memory
from balun.fit.metric import Guess, Metric, Truth
from balun.fit.resampled import SHARE

_TAIL = 0.025
_LENT = 4  # degrees of freedom that the table lends to each of its changes


@dataclass(frozen=True)
class Gap:
    """What is lost in the metric; positive: the changed one is worse, whichever way the metric points.

    low, high: its 95 %; NaN where the test has too little to tell. sampling_sd: of the test rows that came.
    refit_sd: of the training rows that came; 0 where nothing was fitted again.
    sampling: the 95 % were the fits the only ones possible. blocks: how many were drawn. fits: pairs of models.
    cuts: of each cut in halves, an unbiased guess at the refit variance; one may be negative.
    """

    value: float
    low: float
    high: float
    sampling_sd: float
    refit_sd: float
    draws: int
    blocks: int
    fits: int
    sampling: tuple[float, float] = (np.nan, np.nan)
    cuts: tuple[float, ...] = ()


class Paired:
    """A model in service, against which changes are held on the same test rows; its own part is computed once."""

    def __init__(
        self,
        metric: Metric,
        truth: Truth,
        at_us: NDArray[np.int64],
        before: Sequence[Guess],
        *,
        seed: int,
        units: Units | None = None,
    ) -> None:
        """before: of the model fitted on training rows 0, 1, 2 … of `refit_rows`; one is enough if none is refitted.

        units: drawn one by one in place of stretches of time, as of entities.
        """
        self._metric, self._truth, self._seed = metric, truth, seed
        self._units, self._ordered = units or units_of(at_us), units is None
        self._before = tuple(self._tally(guess) for guess in before)

    def gap(self, after: Sequence[Guess]) -> Gap:
        """after: of the changed model, fitted on the same training rows as `before`, in the same order.

        One is what happens on the day; three or five add the refit noise.
        """
        sign = 1.0 if self._metric.greater_is_better else -1.0
        gaps = [
            _less(was, self._tally(guess), sign) for was, guess in zip(self._before[: len(after)], after, strict=True)
        ]
        draws = self._draws(gaps[0])
        blocks = self._units.count / draws.memory.length
        value = float(gaps[0](draws.once)[0])
        drawn = gaps[0](draws.weights)
        own = Gap(
            value,
            *(interval := draws.interval(value, drawn, self._units)),
            sampling_sd=_spread(drawn, draws, self._units),
            refit_sd=0.0,
            draws=len(draws.weights),
            blocks=int(np.ceil(blocks)),
            fits=len(after),
            sampling=interval,
            cuts=tuple(self._cut(one, other) for one, other in zip(gaps[1::2], gaps[2::2], strict=False)),
        )
        return moderated([own])[0]

    def _tally(self, guess: Guess) -> Tally:
        return self._metric.tally(self._truth, guess, self._units)

    def _draws(self, tally: Tally) -> Draws:
        if self._ordered:
            return draws_for(tally, self._units, self._seed)
        return draws_of(self._units, Memory(), self._seed, DRAWS)

    def _cut(self, one: Tally, other: Tally) -> float:
        between = _less(one, other, 1.0)
        draws = self._draws(between)
        apart = float(between(draws.once)[0])
        noise = _spread(between(draws.weights), draws, self._units) ** 2
        return SHARE * (apart**2 - noise) / 2


def gap(
    metric: Metric,
    truth: Truth,
    at_us: NDArray[np.int64],
    pairs: Sequence[tuple[Guess, Guess]],
    *,
    seed: int,
    units: Units | None = None,
) -> Gap:
    """Of one change. pairs: before and after, of the model in service, then of refits on rows 1, 2 … of `refit_rows`.

    >>> from balun.fit.metric import METRICS
    >>> mae = next(metric for metric in METRICS if metric.name == "mae")
    >>> at, truth = np.arange(40) * 86_400_000_000, np.arange(40.0)
    >>> found = gap(mae, truth, at, [(Guess(truth, truth), Guess(truth + 2, truth + 2))], seed=0)
    >>> found.value, found.low, found.high
    (2.0, 2.0, 2.0)
    """
    paired = Paired(metric, truth, at_us, [before for before, _ in pairs], seed=seed, units=units)
    return paired.gap([after for _, after in pairs])


def moderated(gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps of one table, whose refit noise is drawn towards what is usual among them."""
    told = [one for one in gaps if one.cuts and one.sampling_sd > 0]
    usual = max(0.0, float(np.mean([np.mean(one.cuts) / one.sampling_sd**2 for one in told]))) if told else 0.0
    lent = _LENT if len(told) > 1 else 0
    return [_widened(one, usual, lent) if one.cuts else one for one in gaps]


def _widened(one: Gap, usual: float, lent: int) -> Gap:
    known = len(one.cuts)
    sampling = one.sampling_sd**2
    refit = max(0.0, (known * float(np.mean(one.cuts)) + lent * usual * sampling) / (known + lent))
    if not refit:
        return replace(one, low=one.sampling[0], high=one.sampling[1], refit_sd=0.0)
    few = one.blocks - 1
    freedom = (sampling + refit) ** 2 / (sampling**2 / few + refit**2 / (known + lent))
    times, own = -stdtrit(freedom, _TAIL), -stdtrit(few, _TAIL)
    low, high = (float(times * np.hypot((side - one.value) / own, np.sqrt(refit))) for side in one.sampling)
    return replace(one, low=one.value - low, high=one.value + high, refit_sd=float(np.sqrt(refit)))


def _less(one: Tally, other: Tally, sign: float) -> Tally:
    # + 0.0: nothing lost is 0, not −0.
    return lambda weights: sign * (one(weights) - other(weights)) + 0.0


def _spread(drawn: NDArray[np.float64], draws: Draws, units: Units) -> float:
    """The deviation of draws, with what blocks that are few or short fall short of."""
    blocks = units.count / draws.memory.length
    return float(np.nanstd(drawn) * draws.memory.widen * np.sqrt(blocks / max(blocks - 1, 1)))
