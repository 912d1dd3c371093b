"""Whose the contract is."""

from __future__ import annotations

from balun.chain.odcs.custom import FILE, custom_text, customs
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import get, items, mappings, text
from balun.chain.yaml_lines import Mapping, Sequence


def read_owner(tree: Mapping, faults: Faults) -> str | None:
    """The custom property `owner`, else the team's name, else the member with the role of owner who hasn't left."""
    own = custom_text(customs(tree, FILE, faults), "owner", faults)
    if own is not None:
        return own.text
    team = get(tree, "team")
    if isinstance(team, Mapping):
        return text(team, "name") or _member(mappings(team, "members"))
    if isinstance(team, Sequence):  # as v3.0 had it
        return _member([item for item in items(tree, "team") if isinstance(item, Mapping)])
    return None


def _member(members: list[Mapping]) -> str | None:
    for member in members:
        if (text(member, "role") or "").strip().lower() == "owner" and text(member, "dateOut") is None:
            return text(member, "name") or text(member, "username")
    return None
