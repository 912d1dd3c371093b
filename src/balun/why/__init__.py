"""Why a column is as it is: its facts with their evidence, its nulls, and how it is made, down to the contracts."""

from balun.why.draw import draw
from balun.why.why import Answers, Why, why

__all__ = ["Answers", "Why", "draw", "why"]
