"""What is likely wrong in the rows of a table, found without rules, and its mends as SQL that a person reviews."""

from balun.mends.draw import draw
from balun.mends.interview import interview
from balun.mends.mending import LEAST, Mend, Mending, ToLabel, asked, mend, to_label

__all__ = ["LEAST", "Mend", "Mending", "ToLabel", "asked", "draw", "interview", "mend", "to_label"]
