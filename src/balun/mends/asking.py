"""Which rows a person should look at: those whose cells tell most of others like them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from balun.mends.features import Features

MOST_ASKED = 20
_CANDIDATES = 20_000


def rows_to_ask(given: Sequence[Features], count: int = MOST_ASKED, *, seed: int = 1) -> list[int]:
    """Greedily: each row for the kinds of cells that no row before it showed.

    A kind counts by its cells, by how unsure they are, and half again each time it was shown.
    """
    if not given:
        return []
    rows = len(given[0].alike)
    chance = np.random.default_rng(seed)
    drawn = np.sort(chance.choice(rows, min(rows, _CANDIDATES), replace=False))
    weights = [_weights(one) for one in given]
    asked: list[int] = []
    for _ in range(min(count, rows)):
        gain = np.zeros(len(drawn))
        for one, weight in zip(given, weights, strict=True):
            gain += weight[one.alike[drawn]]
        gain[np.isin(drawn, asked)] = -1
        best = drawn[np.argmax(gain + 1e-6 * chance.random(len(drawn)))]
        asked.append(int(best))
        for one, weight in zip(given, weights, strict=True):
            weight[one.alike[best]] *= 0.5
    return asked


def _weights(one: Features) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    cells = np.bincount(one.alike, minlength=len(one.values))
    sure = np.bincount(one.alike, weights=one.sure, minlength=len(one.values)) / np.maximum(cells, 1)
    return np.asarray(np.sqrt(cells) * (0.02 + sure * (1 - sure) + 0.3 * (sure > 0.5)))
