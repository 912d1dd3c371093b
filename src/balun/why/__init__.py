"""Why a column is as it is: its facts with their evidence, its nulls, and how it is made, down to the contracts."""

from balun.why.draw import draw
from balun.why.draw_row import draw_row
from balun.why.row import Row, why_row
from balun.why.why import Answers, Why, why

__all__ = ["Answers", "Row", "Why", "draw", "draw_row", "why", "why_row"]
