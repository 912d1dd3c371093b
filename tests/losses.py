"""Simulated test rows whose days share their luck, with a metric whose true value is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.bootstrap import Units, draws_for, draws_of, units_of
from balun.fit.memory import Memory
from balun.fit.metric import METRICS, Guess

Floats = NDArray[np.float64]
DAY_US = 86_400_000_000
BY_NAME = {metric.name: metric for metric in METRICS}


def luck(days: int, memory: float, chance: np.random.Generator) -> Floats:
    """By day, of deviation 1; each day keeps the share `memory` of the day before."""
    found = chance.normal(size=days + 60)
    for day in range(1, days + 60):
        found[day] = memory * found[day - 1] + np.sqrt(1 - memory**2) * found[day]
    return found[60:]


def world(metric: str, days: int, memory: float, chance: np.random.Generator) -> tuple[Floats, Guess, Units]:
    """Some 20 rows a day. The luck moves the truth, and the model doesn't know of it."""
    day = np.repeat(np.arange(days), chance.poisson(20, days) + 1)
    units, known = units_of(day * DAY_US), chance.normal(size=len(day))
    signal = known + luck(days, memory, chance)[day]
    if BY_NAME[metric].needs == "regressor":
        return signal + chance.normal(size=len(day)), Guess(known, known), units
    truth = (chance.random(len(day)) < 1 / (1 + np.exp(0.5 - signal))).astype(float)
    score = 1 / (1 + np.exp(0.5 - known))
    return truth, Guess(np.stack([1 - score, score], axis=1), (score > 0.5).astype(float)), units


def truth_of(metric: str) -> float:
    """From 840,000 rows; the days' own luck is of the same spread whatever its memory."""
    truth, guess, _ = world(metric, 40_000, 0.0, np.random.default_rng(0))
    return BY_NAME[metric].value(truth, guess)


def covers(metric: str, days: int, memory: float, worlds: int, *, blocks: bool = True) -> float:
    """The share of intervals that hold the truth. blocks: as the program draws; else row by row, as is often done."""
    target, hits = truth_of(metric), 0
    for number in range(worlds):
        truth, guess, units = world(metric, days, memory, np.random.default_rng([number, days]))
        if not blocks:
            units = Units(np.arange(len(truth)), len(truth))
        tally = BY_NAME[metric].tally(truth, guess, units)
        draws = draws_for(tally, units, number, 400) if blocks else draws_of(units, Memory(), number, 400)
        low, high = draws.interval(float(tally(draws.once)[0]), tally(draws.weights), units)
        hits += low <= target <= high
    return hits / worlds
