"""One level up and one level down of a node: owners, how each is made, columns, rows before and after, counts."""

from balun.near.draw import draw
from balun.near.near import Near, near

__all__ = ["Near", "draw", "near"]
