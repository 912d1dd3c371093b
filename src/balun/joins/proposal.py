"""A join that is proposed: which columns, why, what it does to rows, and its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from balun.draft.words import names_event, names_one
from balun.joins.form import Link
from balun.joins.lost import Slice
from balun.joins.measured import Measured
from balun.joins.percent import percent
from balun.joins.side import Column, Side
from balun.joins.spelt import aliases, spelt

# What a value found by accident must be worth, in all, for a join without names that say so.
ENOUGH_BITS = 12.0
_UNIQUE = 0.995
_NAMED, _UNNAMED = 0.5, 0.9
# In fewer rows any column may tell them apart.
_FEWEST_ROWS = 10


@dataclass(frozen=True)
class Proposal:
    """bits: how unlikely it is that as many values are found by accident, as a power of 2.

    instead: why another is the better one; empty: none
    is. used: nodes whose SQL has it. documented: a contract says so. lost: where rows are that find no partner.
    """

    left: Side
    right: Side
    links: tuple[Link, ...]
    measured: Measured
    bits: float
    instead: str = ""
    used: tuple[str, ...] = ()
    documented: bool = False
    lost: Slice | None = None

    @property
    def named(self) -> bool:
        return all(link.named for link in self.links)

    @property
    def proposed(self) -> bool:
        """Whether it is above the cut."""
        if self.documented:
            return True
        least = _NAMED if self.named else _UNNAMED
        sure = self.named or self.bits >= ENOUGH_BITS
        return (
            not self.instead
            and sure
            and not self.accident
            and self.measured.unique >= _UNIQUE
            and self.measured.covered >= least
        )

    @property
    def accident(self) -> str:
        """Why it may be one, though names or values agree; empty where nothing says so."""
        if len(self.links) > 1 or self.documented:
            return ""
        left, right = self.links[0].left, self.links[0].right
        if names_event(left.bare, self.right.name):
            return ""
        if self.right.count < _FEWEST_ROWS and not _is_key(right, self.right):
            return f"in {self.right.count:,} rows anything tells them apart"
        if not self.named and (self.measured.cardinality == "1:1" or names_event(left.bare, self.left.name)):
            return f"{left.name} seems to be a key of {self.left.name} itself"
        alike = left.bare.lower() == right.bare.lower() and _is_key(left, self.left)
        if alike and self.measured.cardinality == "1:1" and self.bits < ENOUGH_BITS:
            return "both are keys that count from 1"
        return ""

    @property
    def score(self) -> float:
        """What joins are ordered by, from 0 to 1: names, then rows that meet, then how little it can be chance."""
        parts = (0.4 * self.named, 0.3 * self.measured.covered, 0.2 * (self.measured.unique >= _UNIQUE))
        return sum(parts) + 0.1 * min(1.0, self.bits / 100)

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        return tuple((link.left.name, link.right.name) for link in self.links)

    @property
    def mends(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mend for link in self.links for mend in link.form.mends))

    @property
    def join(self) -> str:
        """From JOIN on, as `LEFT JOIN plane AS p USING (tailnum)`."""
        one, other = aliases(self.left.name, self.right.name)
        return f"LEFT JOIN {spelt(self.right.name)} AS {other} {on(self.links, one, other)}"

    @property
    def sql(self) -> str:
        """From FROM on."""
        one, _ = aliases(self.left.name, self.right.name)
        return f"FROM {spelt(self.left.name)} AS {one}\n{self.join}"

    def why(self) -> Iterator[str]:
        """Plain words, the strongest first."""
        if self.documented:
            yield "the contract says so"
        if self.named:
            yield "the names agree"
        of = "the rows with a value" if self.measured.nulls else "the rows"
        yield f"{percent(self.measured.covered)} of {of} find a partner"
        if self.measured.unique == 1:
            yield f"no two rows of {self.right.name} share a key"
        elif self.measured.unique >= _UNIQUE:
            yield f"{percent(1 - self.measured.unique)} of {self.right.name} repeat a key"
        if not self.named:
            yield f"{_odds(self.bits)} by accident"
        yield from filter(None, (self.instead, self.accident))

    def as_json(self) -> dict[str, object]:
        return {
            "left": self.left.rows.id, "right": self.right.rows.id,
            "on": [{"left": link.left.name, "right": link.right.name, "mends": list(link.form.mends)}
                   for link in self.links],
            "proposed": self.proposed, "score": round(self.score, 4), "documented": self.documented,
            "used": list(self.used), "why": list(self.why()), **self.measured.as_json(),
            "lost_in": self.lost.as_json() if self.lost else None, "sql": self.sql,
        }  # fmt: skip


def _is_key(column: Column, side: Side) -> bool:
    return names_one(column.bare, side.name) or names_event(column.bare, side.name)


def _odds(bits: float) -> str:
    """
    >>> _odds(20), _odds(500)
    ('a chance of 1 in 1,048,576 that as many are found', 'next to no chance that as many are found')
    """
    if bits > 40:
        return "next to no chance that as many are found"
    return f"a chance of 1 in {2 ** int(bits):,} that as many are found"


def on(links: tuple[Link, ...], left: str, right: str) -> str:
    """USING where names and forms are the same; else ON."""
    if all(link.form.plain and link.left.name == link.right.name for link in links):
        return f"USING ({', '.join(spelt(link.left.name) for link in links)})"
    return "ON " + " AND ".join(equal_columns(links, left, right))


def equal_columns(links: Iterable[Link], left: str, right: str) -> list[str]:
    """A condition for each link; left, right: what the two sides are called."""
    sides = (link.sides(f"{left}.{spelt(link.left.name)}", f"{right}.{spelt(link.right.name)}") for link in links)
    return [f"{other} = {one}" for one, other in sides]
