"""Fitting a model on its corpus and testing it on later rows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from balun.fit.drawn import draw
from balun.fit.result import Result

if TYPE_CHECKING:
    from balun.fit.fitted import Fitted
    from balun.fit.fitting import fit
    from balun.fit.metric import METRICS

__all__ = ["METRICS", "Fitted", "Result", "draw", "fit"]
_LATER = {"Fitted": "fitted", "METRICS": "metric", "fit": "fitting"}


def __getattr__(name: str) -> object:
    """What needs scikit-learn is imported on first use: a run that makes nothing draws old results without it."""
    if name not in _LATER:
        raise AttributeError(name)
    return getattr(import_module(f"balun.fit.{_LATER[name]}"), name)
