"""Mutation proof: what is said of changes, held against what the rows do."""

from balun.prove.proof import Proof, prove
from balun.prove.tally import Cell, Tally

__all__ = ["Cell", "Proof", "Tally", "prove"]
