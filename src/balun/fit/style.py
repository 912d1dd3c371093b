"""How an estimator wants its matrix, and the estimator made ready for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TREES = ("sklearn.tree", "sklearn.ensemble", "sklearn.dummy", "lightgbm", "xgboost", "catboost")
# These are in sklearn.ensemble, and what they hold may be anything.
_MIXED = ("Voting", "Stacking")
# Wrappers that hand on all columns in their order; others, such as bags and eliminations, hand on some of them.
_WHOLE = ("sklearn.model_selection", "sklearn.calibration", "sklearn.multiclass", "sklearn.compose")
_SLOW = (
    "sklearn.neighbors",
    "sklearn.svm._classes",
    "sklearn.gaussian_process",
    "sklearn.semi_supervised",
    "sklearn.kernel_ridge",
)
_SLOW_NAMES = ("KNeighbors", "RadiusNeighbors", "SVC", "SVR", "NuSV", "GaussianProcess", "Label", "KernelRidge")


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
    if _handed_whole(estimator):
        if _histogram(inner):
            return Style(codes=True, categories=min(255, int(getattr(inner, "max_bins", 255))))
        if inner is estimator and _from(inner, ("lightgbm",)):
            return Style(codes=True)
    trees = _from(inner, _TREES) and not type(inner).__name__.startswith(_MIXED)
    return Style(codes=False, scaled=not trees, single=trees, categories=32, fewest=10)


def inmost(estimator: object) -> object:
    """What fits in the end: the last step of a pipeline, the estimator within a search, a calibration or a bag."""
    within = _within(estimator)
    return estimator if within is None else inmost(within)


def _within(estimator: object) -> object | None:
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and steps:
        return steps[-1][-1] if hasattr(steps[-1][-1], "get_params") else None
    named = (getattr(estimator, name, None) for name in ("estimator", "regressor"))
    return next((one for one in named if hasattr(one, "get_params")), None)


def _handed_whole(estimator: object) -> bool:
    """Whether what fits in the end sees each column in its place."""
    within = _within(estimator)
    return within is None or (_from(estimator, _WHOLE) and _handed_whole(within))


def is_slow(estimator: object) -> bool:
    """Whether a prediction looks at the training rows again."""
    parts = getattr(inmost(estimator), "estimators", None)
    if isinstance(parts, list):
        return any(is_slow(part[-1]) for part in parts if isinstance(part, tuple))
    inner = inmost(estimator)
    return _from(inner, _SLOW) and type(inner).__name__.startswith(_SLOW_NAMES)


def takes_weights(estimator: object) -> str | None:
    """By what name its `fit` takes how much each row counts; None where it takes none.

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> takes_weights(Ridge()), takes_weights(make_pipeline(Ridge())), takes_weights(KNeighborsRegressor())
    ('sample_weight', 'ridge__sample_weight', None)
    """
    from sklearn.utils.validation import has_fit_parameter

    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and steps:
        name = takes_weights(steps[-1][-1])
        return None if name is None else f"{steps[-1][0]}__{name}"
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None


def ready(estimator: object, style: Style, categorical: list[bool], seed: int) -> tuple[object, dict[str, object]]:
    """A clone with its seeds set and its categories told, and what its `fit` is to be given beside the rows."""
    from sklearn.base import clone

    made = clone(estimator)
    told = made.get_params(deep=True)
    seeds = {name: seed for name, value in told.items() if name.split("__")[-1] == "random_state" and value is None}
    made.set_params(**seeds)
    for part in (made, *told.values()):
        _hush(part)
    if not style.codes or not any(categorical):
        return made, {}
    if _from(made, ("lightgbm",)):
        return made, {"categorical_feature": [place for place, yes in enumerate(categorical) if yes]}
    names = [name for name in told if name.split("__")[-1] == "categorical_features"]
    made.set_params(**{name: np.array(categorical) for name in names if _unsaid(told[name])})
    return made, {}


def _hush(part: object) -> None:
    """LightGBM prints to standard output unless it is told not to; that may be somebody's JSON."""
    if not (_from(part, ("lightgbm",)) and hasattr(part, "get_params") and hasattr(part, "set_params")):
        return
    if not {"verbose", "verbosity"} & part.get_params().keys():
        part.set_params(verbosity=-1)


def _unsaid(told: object) -> bool:
    return told is None or (isinstance(told, str) and told == "from_dtype")


def _histogram(estimator: object) -> bool:
    return type(estimator).__name__.startswith("HistGradientBoosting") and _from(estimator, ("sklearn",))


def _from(estimator: object, modules: tuple[str, ...]) -> bool:
    """Whether its class, or one it is made from, comes from these."""
    return any(base.__module__.startswith(modules) for base in type(estimator).__mro__)
