"""What a change costs a model, with its 95 %: the metric before and after on the same test rows.

A gap moves with the test rows that came and with the training rows that came. By the law of total variance
Var(gap) = E Var(gap | fit) + Var E(gap | fit). The first part, *sampling*, is seen on one fit: the difference is drawn
again in blocks of time (bootstrap.py). The second, *refit*, is seen on fits that share no training row: the gaps of the
two halves of a cut (resampled.py) are apart by twice the refit variance at half the rows, and by the sampling variance
of their difference, which is measured and taken off. One more seed of the same fit doesn't show it, as most learners
have none; a bootstrap of the training rows gets it wrong, as a row drawn twice is a row learnt by heart, and so do
overlapping draws, which are alike (Nadeau & Bengio 2003, Bouckaert & Frank 2004).

From half the rows to all (subsampling's rescaling, Politis & Romano 1994): where a column tells something, the sampling
variance stays as it is and the refit variance falls with 1/n; where it is noise all gaps fall with 1/n, their variances
with 1/n². The sampling variance of the halves tells which: it is once to twice that of all.

Two halves give one degree of freedom. The changes of one table lend each other theirs: the ratio of refit to sampling
variance is drawn towards what is usual among them (Smyth 2004). The two parts are added with Satterthwaite's degrees of
freedom.
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

_TAIL = 0.025
_LENT = 10  # degrees of freedom that the table is worth beside a change's own; no more than it has other changes


@dataclass(frozen=True)
class Halved:
    """Of the gaps at half the training rows: variances, the mean over cuts. refit: may be negative by chance.

    cuts: none where only all rows were fitted on, and the table alone tells of the refit noise.
    """

    refit: float
    sampling: float
    cuts: int


@dataclass(frozen=True)
class Gap:
    """What is lost in the metric; positive: the changed one is worse, whichever way the metric points.

    low, high: its 95 %; NaN where the test has too little to tell. sampling_sd: the part of the test rows that came,
    over the fits. refit_sd: the part of the training rows that came; 0 where nothing was fitted again. blocks: how many
    were drawn. fits: pairs of models. alone: low, high and deviation, were the first pair the only one there could be.
    """

    value: float
    low: float
    high: float
    sampling_sd: float
    refit_sd: float
    draws: int
    blocks: int
    fits: int
    alone: tuple[float, float, float]
    halved: Halved | None = None


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

        units: drawn one by one in place of stretches of time, as `units_by` has them of entities.
        """
        self._metric, self._truth, self._seed = metric, truth, seed
        self._units, self._in_time = units or units_of(at_us), units is None
        self._before = tuple(self._tally(guess) for guess in before)

    def gap(self, after: Sequence[Guess]) -> Gap:
        """after: of the changed model, fitted on the same training rows as `before`, in the same order.

        One tells what happens on the day, with the model as it is; three tell of a model fitted again, five do so with
        two cuts. Raises ValueError where a half lacks its other.
        """
        sign = 1.0 if self._metric.greater_is_better else -1.0
        before = self._before[: len(after)]
        gaps = [_less(was, self._tally(guess), sign) for was, guess in zip(before, after, strict=True)]
        draws = self._draws(gaps[0])
        value, drawn = float(gaps[0](draws.once)[0]), gaps[0](draws.weights)
        low, high = draws.interval(value, drawn, self._units)
        alone = low, high, self._spread(drawn, draws)
        blocks = int(np.ceil(self._units.count / draws.memory.length))
        found = Gap(value, *alone, 0.0, len(draws.weights), blocks, len(after), alone, self._halved(gaps[1:]))
        return moderated([found])[0]

    def _tally(self, guess: Guess) -> Tally:
        return self._metric.tally(self._truth, guess, self._units)

    def _draws(self, tally: Tally) -> Draws:
        if self._in_time:
            return draws_for(tally, self._units, self._seed)
        return draws_of(self._units, Memory(), self._seed, DRAWS)

    def _halved(self, gaps: Sequence[Tally]) -> Halved | None:
        if not gaps:
            return None
        between = [_less(one, other, 1.0) for one, other in zip(gaps[::2], gaps[1::2], strict=True)]
        apart = [float(tally(self._once)[0]) ** 2 - self._variance(tally) for tally in between]
        sampling = [self._variance(tally) for tally in gaps]
        return Halved(float(np.mean(apart)) / 2, float(np.mean(sampling)), len(between))

    @property
    def _once(self) -> NDArray[np.float64]:
        return np.ones((1, self._units.count))

    def _variance(self, tally: Tally) -> float:
        draws = self._draws(tally)
        return self._spread(tally(draws.weights), draws) ** 2

    def _spread(self, drawn: NDArray[np.float64], draws: Draws) -> float:
        """The deviation of draws, with what blocks that are few or short fall short of."""
        blocks, found = self._units.count / draws.memory.length, drawn[np.isfinite(drawn)]
        if blocks < 2 or not len(found):
            return np.nan
        return float(np.std(found) * draws.memory.widen * np.sqrt(blocks / (blocks - 1)))


def gap(
    metric: Metric,
    truth: Truth,
    at_us: NDArray[np.int64],
    pairs: Sequence[tuple[Guess, Guess]],
    *,
    seed: int,
    units: Units | None = None,
) -> Gap:
    """Of one change. pairs: before and after, of the model in service, then of fits on rows 1, 2 … of `refit_rows`.

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
    told = [one.halved for one in gaps if one.halved and one.halved.cuts and one.halved.sampling > 0]
    deviations = np.sqrt([one.sampling for one in told])
    # By deviation, else columns of mere noise, where the ratio is high, speak for all.
    usual = float(np.array([one.refit for one in told]) @ (1 / deviations) / deviations.sum()) if told else 0.0
    lent = min(len(told) - 1, _LENT)
    return [_refitted(one, one.halved, max(0.0, usual), lent) if one.halved else one for one in gaps]


def _refitted(one: Gap, halved: Halved, usual: float, lent: int) -> Gap:
    """With the refit noise. Both variances are first found at half the rows, then brought to all."""
    low, high, deviation = one.alone
    if not (np.isfinite(low) and halved.sampling > 0 and halved.cuts + lent):
        return one
    known, own = halved.cuts, deviation**2
    grown = float(np.clip(halved.sampling / max(own, 1e-300), 1, 2))
    # By as many parts as there are fits, this one's among them.
    sampling = (own + 2 * known * halved.sampling / grown) / (1 + 2 * known)
    drawn = (known * halved.refit + _LENT * usual * halved.sampling) / (known + _LENT)
    refit = max(0.0, drawn) / (2 * grown)
    few, freedom = one.blocks - 1, known + lent
    both = (sampling + refit) ** 2 / (sampling**2 / few + refit**2 / freedom)
    usual_side = -stdtrit(few, _TAIL) * deviation
    # The draws' own lean to one side is kept.
    leans = ((one.value - low) / usual_side, (high - one.value) / usual_side) if deviation else (1.0, 1.0)
    lower, upper = (float(-stdtrit(both, _TAIL) * np.sqrt(sampling * lean**2 + refit)) for lean in leans)
    return replace(
        one,
        low=one.value - lower,
        high=one.value + upper,
        sampling_sd=float(np.sqrt(sampling)),
        refit_sd=float(np.sqrt(refit)),
    )


def _less(one: Tally, other: Tally, sign: float) -> Tally:
    # + 0.0: nothing lost is 0, not −0.
    return lambda weights: sign * (one(weights) - other(weights)) + 0.0
