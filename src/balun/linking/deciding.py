"""Which pairs are matches: probabilities made honest, the threshold chosen, one to one where that is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LEAST = 0.5
_SURE = 20.0  # bits: no model is surer than that
_STRETCH, _SHIFT = 0.3, 1.5  # how far a model is likely to be wrong, before a label


@dataclass(frozen=True)
class Decided:
    """threshold: least probability. precision and recall: estimated, of the pairs at or above it.

    chosen: by the estimate; else given.
    """

    threshold: float
    precision: float
    recall: float
    chosen: bool


def probability(weight: np.ndarray) -> np.ndarray:
    """Of a match weight, in bits.

    >>> probability(np.array([0.0, 1.0])).round(3).tolist()
    [0.5, 0.667]
    """
    return np.asarray(1 / (1 + np.exp2(-np.clip(weight, -60, 60))))


def bits(chance: np.ndarray) -> np.ndarray:
    """The weight of a probability."""
    kept = np.clip(chance, 1e-15, 1 - 1e-15)
    return np.asarray(np.log2(kept) - np.log2(1 - kept))


def corrected(chance: np.ndarray, labelled: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Probabilities that agree with what people said of some pairs, which come to be certain.

    labelled: places of the pairs with an answer. answers: truths. The others' weights are stretched and shifted, as far
    as the answers speak for it against the model that was learnt without them. Source: Platt 1999, with a prior.
    """
    weight = np.clip(bits(chance), -_SURE, _SURE)
    known, right = weight[labelled] * np.log(2), np.where(answers, 1.0, -1.0)

    def against(at: np.ndarray) -> float:
        wrong = np.logaddexp(0, -right * (at[0] * known + at[1])).sum()
        return float(wrong + ((at[0] - 1) / _STRETCH) ** 2 / 2 + (at[1] / _SHIFT) ** 2 / 2)

    if not len(answers):
        return chance
    from scipy.optimize import minimize

    slope, shift = minimize(against, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0.05, 5), (-10, 10)]).x
    found = probability(weight * round(float(slope), 6) + round(float(shift), 6) / np.log(2))
    found[labelled] = answers
    return found


def contested(left: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Probabilities where each record has one match at most: what speaks for another speaks against this.

    >>> contested(np.array([0, 0]), np.array([1, 2]), np.array([9.0, 9.0])).round(2).tolist()
    [0.5, 0.5]
    """
    odds = np.exp2(np.clip(weight, -60, 60))
    many = int(max(left.max(initial=-1), right.max(initial=-1))) + 1
    lefts, rights = np.bincount(left, odds, many), np.bincount(right, odds, many)
    return np.asarray(odds / (1 + lefts[left] + rights[right] - odds))


def decide(chance: np.ndarray, precision: float, given: float | None, missed: float) -> Decided:
    """The lowest threshold, from a half, at which `precision` of the pairs are expected to be right."""
    ranked = np.sort(chance)[::-1]
    threshold = given if given is not None else _chosen(ranked, precision)
    above = ranked[ranked >= threshold]
    whole = float(ranked.sum())
    right = float(above.mean()) if len(above) else 1.0
    recall = float(above.sum()) / whole * (1 - missed) if whole else 1.0
    return Decided(round(threshold, 6), round(right, 4), round(recall, 4), given is None)


def _chosen(ranked: np.ndarray, precision: float) -> float:
    over = ranked[ranked >= _LEAST]
    fits = np.flatnonzero(np.cumsum(over) / np.arange(1, len(over) + 1) >= precision)
    if len(fits) == len(over):
        return _LEAST
    return float(over[fits[-1]]) if len(fits) else 1.0


def one_to_one(left: np.ndarray, right: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Places of the pairs that are left when the best pairs are taken first, and each record once.

    >>> one_to_one(np.array([0, 0, 1]), np.array([5, 6, 6]), np.array([3.0, 9.0, 2.0])).tolist()
    [1]
    """
    taken: set[int] = set()
    found = []
    for at in np.lexsort((right, left, -weight)):
        ends = int(left[at]), int(right[at])
        if ends[0] not in taken and ends[1] not in taken:
            found.append(int(at))
        taken.update(ends)  # a record whose best is another's has no second choice
    return np.array(sorted(found), dtype=np.int64)
