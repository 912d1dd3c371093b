"""How to mend what a change does downstream, in a sentence for each kind of change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from balun.chain.change import Change

if TYPE_CHECKING:
    from balun.effect import Verdict

_BREAKS: Mapping[str, str] = {
    "drop": "capture it until nothing reads it, or take it out of the SQL that does",
    "rename": "capture it under both names until nothing reads the old one",
    "retype": "cast it where it is read, or capture the new type under a name of its own",
    "nullable": "give it a value where it is read, filter its nulls, or take back the promise that rests on it",
    "recode": "name the new value in the SQL that looks for the old one, in the same change",
    "pool": "capture the finer values under a name of their own until nothing tells them apart",
    "coarsen": "capture what keeps the key unique, or group by the coarser one",
    "rekey": "join on the new key, or keep one row of each old one",
}
_SHIFTS: Mapping[str, str] = {
    "rescale": "convert it where it is read, so that what hangs on it keeps its unit",
    "recode": "name the new value wherever the old one is looked for",
    "pool": "capture the finer values under a name of their own where they are told apart",
    "add value": "say in the SQL what becomes of the new value",
    "rezone": "read it in the new zone where it is read",
    "sample": "divide counts by the share that is captured",
}
_ANY_BREAK = "mend the SQL in the same change"
_ANY_SHIFT = "agree on it, and fit the models again on rows that were captured after it"


def advice(change: Change | None, verdict: Verdict) -> str:
    """
    >>> advice(Change("drop", "ride", "tip"), "breaks")
    'capture it until nothing reads it, or take it out of the SQL that does'
    """
    kind = change.kind if change else ""
    if verdict == "same":
        return "nothing"
    if verdict == "breaks":
        return _BREAKS.get(kind, _ANY_BREAK)
    return f"{_SHIFTS[kind]}; {_ANY_SHIFT}" if kind in _SHIFTS else _ANY_SHIFT
