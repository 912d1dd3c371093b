"""Columns whose values are all found in another event's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from balun.draft.key import Keys
from balun.draft.profile import Seen
from balun.draft.typed import Typed
from balun.draft.words import bare_names, is_measure, names_event, names_key
from balun.engine import Engine
from balun.scan.reading import family

# A column that finds fewer of its rows than all, but no fewer than this share, is told of.
# Without a name that says so, it takes more of them.
_NEARLY, _MOSTLY = 0.5, 0.9
_FEWEST_TEXTS = 3


@dataclass(frozen=True)
class Drawn:
    """An event with all that was found out about it."""

    rows: Typed
    seen: tuple[Seen, ...]
    keys: Keys

    @property
    def event(self) -> str:
        return self.rows.capture.event


@dataclass(frozen=True)
class Reference:
    """share: of the rows that have a value, those whose value is found there. named: the names say so too."""

    event: str
    at: int
    other: str
    column: str
    share: float
    named: bool


def find_references(events: Sequence[Drawn], engine: Engine) -> list[Reference]:
    """At most one a column: whole before partial, then named, then what leaves the least of the other's key unused."""
    best: dict[tuple[str, int], tuple[tuple[float, bool, float], Reference]] = {}
    for event in events:
        for other in events:
            for at in range(len(event.rows.columns)):
                found = _reference(event, at, other, engine)
                if found is None:
                    continue
                used = event.seen[at].distinct / max(1, other.rows.read)
                rank = (found.share, found.named, used)
                if (event.event, at) not in best or best[event.event, at][0] < rank:
                    best[event.event, at] = (rank, found)
    return [found for _, found in best.values()]


def _reference(event: Drawn, at: int, other: Drawn, engine: Engine) -> Reference | None:
    if event is other or len(other.keys.key) != 1:
        return None
    column, target = event.rows.columns[at], other.rows.columns[other.keys.key[0]]
    kind = family(column.dtype)
    if kind != family(target.dtype) or kind not in {"integer", "text"} or is_measure(column.name):
        return None
    bare = bare_names([one.name for one in event.rows.columns], event.event)[at]
    key = bare_names([one.name for one in other.rows.columns], other.event)[other.keys.key[0]]
    named = names_key(bare, key, other.event)
    # A key that is found in another key is more often a second list of the same things than a reference to it.
    if event.keys.key == (at,) and not names_event(bare, other.event):
        return None
    if not named and (kind == "integer" or event.seen[at].distinct < _FEWEST_TEXTS):
        return None
    share = _share(event, at, other, engine)
    if share == 1 or share >= (_NEARLY if named else _MOSTLY):
        return Reference(event.event, at, other.event, target.name, share, named)
    return None


def _share(event: Drawn, at: int, other: Drawn, engine: Engine) -> float:
    """Of the rows with a value, those whose value is in the other's key; 0 where no row has one."""
    key = f"c{other.keys.key[0]}"
    counted = f"SELECT c{at} AS v, count(*) AS n FROM {event.rows.relation} WHERE c{at} IS NOT NULL GROUP BY c{at}"
    found = f"v IN (SELECT {key} FROM {other.rows.relation})"
    sums = f"SELECT coalesce(sum(n) FILTER ({found}), 0), coalesce(sum(n), 0) FROM ({counted})"
    hits, values = engine.connection.execute(sums).fetchall()[0]
    return 0.0 if not values else 1.0 if hits == values else min(float(hits / values), 0.9999)
