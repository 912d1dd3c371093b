"""One mend of raw rows: which rows at fault, and what their columns are set to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from balun.finding import Place

WORDS = {"where": "a reason such as value-unreadable, or SQL", "why": "why, in words"}
OF_A_LINE = (
    "fields-missing", "fields-surplus", "quotes-broken", "bytes-broken", "json-broken", "json-key-twice",
)  # fmt: skip
"""What a line can break, by the names that reasons have."""
RULES = (
    *OF_A_LINE,
    "value-unreadable", "time-nonexistent", "key-null", "value-null", "value-unknown", "value-low", "value-high",
    "text-short", "text-long", "pattern-broken",
)  # fmt: skip
"""What a row alone can break."""
_RULE = re.compile(rf"({'|'.join(RULES)})(?:\s*:?\s+(.+))?")


@dataclass(frozen=True)
class Mend:
    """sets: columns, each with SQL over the raw columns, which are text. where: a reason, or SQL over them; None: any.

    owner: None: the contract's.
    """

    sets: tuple[tuple[str, str], ...]
    place: Place
    where: str | None = None
    why: str | None = None
    owner: str | None = None

    @property
    def rule(self) -> tuple[str, str | None] | None:
        """The reason that `where` names, and its column where it names one; None where it is SQL, or nothing.

        >>> Mend((), Place("a"), "value-high wind_speed").rule, Mend((), Place("a"), "origin = 'JFK'").rule
        (('value-high', 'wind_speed'), None)
        """
        found = _RULE.fullmatch(self.where.strip()) if self.where else None
        return (found[1], found[2]) if found else None

    def words(self) -> str:
        """
        >>> Mend((("delay", "trim(delay)"),), Place("a"), "value-unreadable").words()
        'delay = trim(delay) where value-unreadable'
        """
        sets = ", ".join(f"{column} = {sql}" for column, sql in self.sets)
        return f"{sets} where {self.where}" if self.where else sets

    def is_like(self, other: Mend) -> bool:
        """Whether it does the same, wherever it stands and why."""
        return (self.sets, self.where) == (other.sets, other.where)
