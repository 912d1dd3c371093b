"""What a fitted estimator says of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from balun.fit.metric import Guess

Matrix = NDArray[np.float64] | NDArray[np.float32]
ANSWERS = ("label", "score", "probability")  # each tells more than the one before it


def gives(estimator: object) -> str:
    """The most a classifier says, one of ANSWERS. Of one that isn't fitted it may be less."""
    if hasattr(estimator, "predict_proba"):
        return "probability"
    return "score" if hasattr(estimator, "decision_function") else "label"


def guess_of(estimator: object, matrix: Matrix, classes: NDArray[np.generic] | None, wanted: str) -> Guess:
    """classes: all that the label has, in order; None of a regressor. One that training lacked gets nothing.

    wanted: what of a classifier, one of ANSWERS: a label is what `predict` says, which needn't be the class with the
    highest probability; for a score its best answer is taken.
    """
    if classes is None:
        value = np.asarray(estimator.predict(matrix), dtype=np.float64).reshape(len(matrix))  # type: ignore[attr-defined]
        return Guess(value, value)
    known = classes.tolist()
    if wanted == "label":
        named = np.asarray(estimator.predict(matrix)).ravel().tolist()  # type: ignore[attr-defined]
        place = {one: number for number, one in enumerate(known)}
        label = np.array([place[one] for one in named], dtype=np.int64)
        return Guess(np.eye(len(known))[label], label)
    own = [known.index(one) for one in estimator.classes_.tolist()]  # type: ignore[attr-defined]
    if gives(estimator) == "probability":
        said = np.asarray(estimator.predict_proba(matrix), dtype=np.float64)  # type: ignore[attr-defined]
        return _spread(said, own, len(known), 0.0)
    said = np.asarray(estimator.decision_function(matrix), dtype=np.float64)  # type: ignore[attr-defined]
    both = np.stack([-said, said], axis=1) if said.ndim == 1 else said
    return _spread(both, own, len(known), -np.inf)


def _spread(said: NDArray[np.float64], own: list[int], count: int, nothing: float) -> Guess:
    score = np.full((len(said), count), nothing)
    score[:, own] = said
    return Guess(score, score.argmax(axis=1))
