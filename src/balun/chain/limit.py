"""How many rows of an event may be set aside before a run stops: a share of those collected, or a count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from balun.finding import Place

_WRITTEN = re.compile(r"([0-9]{1,15})(\.[0-9]{1,15})?\s*(%?)")


@dataclass(frozen=True)
class Limit:
    """The most that may be set aside. share: of the rows collected, else `rows` of them. written: as it stands there.

    place: where it stands; None: nowhere that a user can see.
    """

    written: str
    rows: int | None = None
    share: Fraction | None = None
    place: Place | None = None

    def exceeded(self, quarantined: int, collected: int) -> bool:
        """
        >>> read_limit("1%").exceeded(10, 1000), read_limit("1%").exceeded(11, 1000), read_limit("0").exceeded(1, 1000)
        (False, True, True)
        """
        if self.rows is not None:
            return quarantined > self.rows
        return self.share is not None and quarantined > self.share * collected

    def most(self, collected: int) -> int:
        """The most rows that it allows of so many.

        >>> read_limit("1%").most(250)
        2
        """
        return self.rows if self.rows is not None else int((self.share or 0) * collected)


def read_limit(text: str, place: Place | None = None) -> Limit | None:
    """`1%` and `0.01` are shares, `100` is a count; None: it is neither.

    >>> read_limit("0.5 %").share, read_limit("0.005").share, read_limit("100").rows, read_limit("few")
    (Fraction(1, 200), Fraction(1, 200), 100, None)
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    number = Fraction(found[1] + (found[2] or ""))
    if not found[3] and not found[2]:
        return Limit(text.strip(), rows=int(number), place=place)
    share = number / 100 if found[3] else number
    return Limit(text.strip(), share=share, place=place) if share <= 1 else None
