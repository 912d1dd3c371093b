"""What a chain after a change differs in from the chain before it, column by column, without a row."""

from balun.difference.chains import Differences, differences
from balun.difference.delta import SAME, Delta

__all__ = ["SAME", "Delta", "Differences", "differences"]
