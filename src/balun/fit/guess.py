"""What a fitted estimator says of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.metric import Guess


def gives(estimator: object) -> str:
    """The most a classifier says: `probability`, `score` or only a `label`. Of one that isn't fitted it may be less."""
    if hasattr(estimator, "predict_proba"):
        return "probability"
    return "score" if hasattr(estimator, "decision_function") else "label"


def guess_of(estimator: object, matrix: NDArray[np.floating], classes: NDArray[np.generic] | None) -> Guess:
    """classes: all that the label has, in order; None of a regressor. One that training lacked gets nothing."""
    if classes is None:
        value = np.asarray(estimator.predict(matrix), dtype=np.float64).reshape(len(matrix))  # type: ignore[attr-defined]
        return Guess(value, value)
    own = [classes.tolist().index(one) for one in estimator.classes_.tolist()]  # type: ignore[attr-defined]
    most = gives(estimator)
    if most == "probability":
        said = np.asarray(estimator.predict_proba(matrix), dtype=np.float64)  # type: ignore[attr-defined]
        return _spread(said, own, len(classes), 0.0)
    if most == "score":
        said = np.asarray(estimator.decision_function(matrix), dtype=np.float64)  # type: ignore[attr-defined]
        both = np.stack([-said, said], axis=1) if said.ndim == 1 else said
        return _spread(both, own, len(classes), -np.inf)
    named = estimator.predict(matrix)  # type: ignore[attr-defined]
    label = np.array([classes.tolist().index(one) for one in named.tolist()])
    return Guess(np.eye(len(classes))[label], label)


def _spread(said: NDArray[np.float64], own: list[int], count: int, nothing: float) -> Guess:
    score = np.full((len(said), count), nothing)
    score[:, own] = said
    return Guess(score, score.argmax(axis=1))
