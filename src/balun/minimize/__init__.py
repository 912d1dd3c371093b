"""The fewest captured columns and the coarsest steps that a model needs, at no loss that can be measured."""

from balun.minimize.minimize import minimize
from balun.minimize.result import Minimized

__all__ = ["Minimized", "minimize"]
