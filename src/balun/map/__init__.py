"""The chain as a picture in the terminal, and as data."""

from balun.map.data import as_json
from balun.map.draw import draw

__all__ = ["as_json", "draw"]
