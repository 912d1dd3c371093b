"""What each input is worth to the model as it stands: the metric after the input's test values are shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Draws, Floats, Units
from balun.fit.guess import Matrix
from balun.fit.metric import Guess, Metric, Truth
from balun.fit.result import Importance

_MOST_ROWS = 20_000
_MOST_REPEATS = 3


def importances(
    names: Sequence[str],
    places: Sequence[slice],
    matrix: Matrix,
    answer: Callable[[Matrix], Guess],
    judged: tuple[Metric, Truth],
    units: Units,
    draws: Draws,
    *,
    seed: int,
    predictions: int,
    say: Callable[[str], None],
) -> tuple[Importance, ...]:
    """One to three shuffles of each input, on as many test rows as `predictions` allow, 20,000 at most.

    places: of each input, its columns in the matrix. answer: the model's, to such rows.
    """
    metric, truth = judged
    chance = np.random.default_rng([seed, 2])
    rows, repeats = _sample(len(truth), predictions // len(names), chance)
    part, own, true = matrix[rows], units.of(rows), truth[rows]
    whole = metric.tally(true, answer(part), own)
    before = whole(draws.once), whole(draws.weights)
    found = []
    for number, (name, place) in enumerate(zip(names, places, strict=True), 1):
        say(f"importance of {number} of {len(names)} inputs")
        kept = part[:, place].copy()
        drops = []
        for _ in range(repeats):
            part[:, place] = kept[chance.permutation(len(rows))]
            after = metric.tally(true, answer(part), own)
            drops.append([after(draws.once) - before[0], after(draws.weights) - before[1]])
        part[:, place] = kept
        found.append(_importance(name, drops, metric, own, draws))
    return tuple(sorted(found, key=lambda one: -one.drop))


def _sample(rows: int, allowed: int, chance: np.random.Generator) -> tuple[NDArray[np.int64], int]:
    """Rows in the order of time, and shuffles: rows first, as one shuffle of more rows tells more than two of fewer."""
    most = min(_MOST_ROWS, max(allowed, 200))
    if rows > most:
        return np.sort(chance.choice(rows, most, replace=False)), 1
    return np.arange(rows), int(np.clip(allowed // rows, 1, _MOST_REPEATS))


def _importance(name: str, drops: list[list[Floats]], metric: Metric, units: Units, draws: Draws) -> Importance:
    sign = -1.0 if metric.greater_is_better else 1.0
    value = sign * float(np.mean([once[0] for once, _ in drops]))
    low, high = draws.interval(value, sign * np.mean([many for _, many in drops], axis=0), units)
    return Importance(name, value, low, high)
