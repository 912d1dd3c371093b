"""Records of one thing found without a common key, by Splink's model and rules that are chosen from the data."""

from __future__ import annotations

from balun.linking.match import Matched, match, planned
from balun.linking.records import Side

__all__ = ["Matched", "Side", "match", "planned"]
