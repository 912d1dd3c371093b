"""How an estimator wants its matrix, and the estimator made ready for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TREES = ("sklearn.tree", "sklearn.ensemble", "sklearn.dummy", "lightgbm", "xgboost", "catboost")
_SLOW = ("sklearn.neighbors", "sklearn.svm._classes", "sklearn.gaussian_process", "sklearn.semi_supervised")
_SLOW_NAMES = ("KNeighbors", "RadiusNeighbors", "SVC", "SVR", "NuSV", "GaussianProcess", "Label")


@dataclass(frozen=True)
class Style:
    """codes: a column an input, categories as numbers and NaN for what is missing; else one column a category, medians
    for what is missing and a column that says so.

    scaled: numbers to mean 0 and deviation 1. single: 32-bit floats, as trees take them anyway.
    categories: of one input at most, the pool of the rare among them. fewest: training rows that a category needs.
    """

    codes: bool
    scaled: bool = False
    single: bool = False
    categories: int = 255
    fewest: int = 1


def style_of(estimator: object) -> Style:
    """By the last step of a pipeline, and by what a search or a calibration wraps.

    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from sklearn.linear_model import Ridge
    >>> style_of(HistGradientBoostingRegressor()).codes, style_of(Ridge()).scaled
    (True, True)
    """
    inner = inmost(estimator)
    if inner is estimator or not _in_pipeline(estimator):
        if _histogram(inner):
            return Style(codes=True, categories=min(255, int(getattr(inner, "max_bins", 255))))
        if inner is estimator and _from(inner, ("lightgbm",)):
            return Style(codes=True)
    trees = _from(inner, _TREES)
    return Style(codes=False, scaled=not trees, single=trees, categories=32, fewest=10)


def inmost(estimator: object) -> object:
    """What fits in the end: the last step of a pipeline, the estimator within a search, a calibration or a bag."""
    steps = getattr(estimator, "steps", None)
    within = steps[-1][-1] if isinstance(steps, list) and steps else getattr(estimator, "estimator", None)
    if within is None or not hasattr(within, "get_params"):
        return estimator
    return inmost(within)


def is_slow(estimator: object) -> bool:
    """Whether a prediction looks at the training rows again."""
    inner = inmost(estimator)
    return _from(inner, _SLOW) and type(inner).__name__.startswith(_SLOW_NAMES)


def ready(estimator: object, style: Style, categorical: list[bool], seed: int) -> tuple[object, dict[str, object]]:
    """A clone with its seeds set and its categories told, and what its `fit` is to be given beside the rows."""
    from sklearn.base import clone

    made = clone(estimator)
    told = made.get_params(deep=True)
    seeds = {name: seed for name, value in told.items() if name.split("__")[-1] == "random_state" and value is None}
    made.set_params(**seeds)
    if not style.codes or not any(categorical):
        return made, {}
    if _from(made, ("lightgbm",)):
        return made, {"categorical_feature": [place for place, yes in enumerate(categorical) if yes]}
    names = [name for name in told if name.split("__")[-1] == "categorical_features"]
    made.set_params(**{name: np.array(categorical) for name in names if _unsaid(told[name])})
    return made, {}


def _unsaid(told: object) -> bool:
    return told is None or (isinstance(told, str) and told == "from_dtype")


def _histogram(estimator: object) -> bool:
    return type(estimator).__name__.startswith("HistGradientBoosting") and _from(estimator, ("sklearn",))


def _in_pipeline(estimator: object) -> bool:
    within = getattr(estimator, "estimator", None)
    return isinstance(getattr(estimator, "steps", None), list) or (within is not None and _in_pipeline(within))


def _from(estimator: object, modules: tuple[str, ...]) -> bool:
    """Whether its class, or one it is made from, comes from these."""
    return any(base.__module__.startswith(modules) for base in type(estimator).__mro__)
