"""What is likely wrong in the rows of a table, found without rules, and its mends as SQL that a person reviews."""

from balun.mends.draw import draw
from balun.mends.mending import LEAST, Mend, Mending, asked, mend

__all__ = ["LEAST", "Mend", "Mending", "asked", "draw", "mend"]
