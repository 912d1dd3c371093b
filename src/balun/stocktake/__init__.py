"""`balun corpus`: how much data there is, how diverse, how clean, and what to capture more of."""

from balun.stocktake.draw import draw
from balun.stocktake.stocktake import ROWS, Asked, Stocktake, corpus_node, model_node, read_rows, stocktake

__all__ = ["ROWS", "Asked", "Stocktake", "corpus_node", "draw", "model_node", "read_rows", "stocktake"]
