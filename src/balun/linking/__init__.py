"""Records of one thing found without a common key, by Splink's model and rules that are chosen from the data."""

from __future__ import annotations

from balun.linking.asked import kept_of, labels_of, link_of, plan_of
from balun.linking.match import Matched, match, planned
from balun.linking.records import Side
from balun.linking.told import Explained, Linked, Pair, Planned

__all__ = [
    "Explained",
    "Linked",
    "Matched",
    "Pair",
    "Planned",
    "Side",
    "kept_of",
    "labels_of",
    "link_of",
    "match",
    "plan_of",
    "planned",
]
