"""How events and tables join, told from their rows: which columns, how many rows meet, and which are lost."""

from balun.joins.draw import draw
from balun.joins.files import joins_of_files
from balun.joins.joins import Joins, joins

__all__ = ["Joins", "draw", "joins", "joins_of_files"]
