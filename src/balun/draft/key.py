"""The columns that tell all rows apart.

Two rows that agree in some columns say what a key must hold: one of the columns in which they differ. So a key is a
set of columns that hits every such difference. The cheapest set that hits all differences known so far is tried on
the rows; where it fails, the rows that it confuses are new differences, and the search goes on. A few dozen tries do
where there are thousands of sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import prod

from balun.draft.profile import Seen
from balun.draft.typed import Typed
from balun.draft.words import is_measure, names_one
from balun.engine import Engine
from balun.scan.reading import family

MOST_COLUMNS = 5
MOST_ALTERNATIVES = 3
# Fewer expected twins than this, had the columns nothing to do with each other, and their absence proves nothing.
FEWEST_TWINS = 5
_MOST_TRIES = 150
_MOST_SETS = 20_000
_CANDIDATES = 30
_TWINS = 300
_COSTS = {"timestamptz": 1.2, "date": 1.25, "text": 1.3, "integer": 1.6, "boolean": 2.0, "time": 2.0}
_HASHES = "_balun_hashes"

Places = tuple[int, ...]


@dataclass(frozen=True)
class Keys:
    """key: columns by place; empty where none was found that is more than chance. others: sets that would do as well.

    by_chance: a set that tells the rows apart, but so few that it need not be a key. twins: rows that no set of the
    columns tells apart. nearly: a column that seems to name a row, and how many rows repeat it.
    """

    key: Places = ()
    others: tuple[Places, ...] = ()
    by_chance: Places = ()
    twins: int = 0
    nearly: tuple[int, int] | None = None


def find_keys(rows: Typed, seen: tuple[Seen, ...], engine: Engine) -> Keys:
    """Nullable columns, nested ones and numbers with decimals are in no key."""
    costs = _costs(rows, seen)
    if not costs:
        return Keys()
    search = _Search(rows, seen, engine, costs)
    try:
        return search.keys()
    finally:
        engine.connection.execute(f"DROP TABLE IF EXISTS {_HASHES}")


def _costs(rows: Typed, seen: tuple[Seen, ...]) -> dict[int, float]:
    """What it costs to have a column in the key: little for names of rows and for the first columns."""
    costs: dict[int, float] = {}
    for at, (column, one) in enumerate(zip(rows.columns, seen, strict=True)):
        kind = family(column.dtype)
        if kind in _COSTS and one.values == rows.read and (one.distinct > 1 or rows.read == 1):
            named = names_one(column.name, rows.capture.event)
            cost = 1.0 if named else 3.0 if is_measure(column.name) else _COSTS[kind]
            costs[at] = cost + 0.1 * at / len(rows.columns)
    return dict(sorted(costs.items(), key=lambda pair: pair[1])[:_CANDIDATES])


@dataclass(frozen=True)
class _Search:
    rows: Typed
    seen: tuple[Seen, ...]
    engine: Engine
    costs: dict[int, float]

    def keys(self) -> Keys:
        hashed = ", ".join(f"hash(c{at}) AS h{at}" for at in self.costs)
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_HASHES} AS SELECT {hashed} FROM {self.rows.relation}"
        )
        found: list[Places] = []
        chance: Places = ()
        for one in self._sets():
            if not self._is_meant(one):
                chance = chance or one
            elif found and self._cost(one) > self._cost(found[0]) + 0.8:
                break
            else:
                found.append(one)
            if len(found) > MOST_ALTERNATIVES:
                break
        if found:
            return Keys(found[0], tuple(one for one in found[1:] if not self._is_moment(one)))
        return Keys((), (), chance, self._twins(), self._nearly())

    def _is_moment(self, places: Places) -> bool:
        """Whether it is a time alone, which rows need only be fine enough for to differ in."""
        return all(family(self.rows.columns[at].dtype) in {"timestamptz", "date"} for at in places)

    def _cost(self, places: Places) -> float:
        return sum(self.costs[at] for at in places)

    def _sets(self) -> Iterator[Places]:
        """Minimal sets that tell all rows apart, the cheapest first."""
        differences: set[frozenset[int]] = set()
        found: list[frozenset[int]] = []
        for _ in range(_MOST_TRIES):
            tried = _cheapest(differences, self.costs, found, self._may)
            if tried is None:
                return
            more = self._differences(tried)
            if more is None:
                found.append(tried)
                yield tuple(sorted(tried))
            elif frozenset() in more:
                return
            else:
                differences |= more

    def _may(self, places: frozenset[int]) -> bool:
        """Whether there are enough values for as many rows; counts are estimates, hence the room."""
        return prod(1.2 * self.seen[at].distinct for at in places) >= self.rows.read

    def _differences(self, places: frozenset[int]) -> set[frozenset[int]] | None:
        """In which columns rows differ that agree in `places`; None where there are no such rows."""
        run = self.engine.connection.execute
        keyed = f"hash({', '.join(f'h{at}' for at in sorted(places))})" if places else "0"
        if places and run(f"SELECT count(DISTINCT {keyed}) FROM {_HASHES}").fetchall()[0][0] == self.rows.read:
            return None
        differ = ", ".join(f"x.h{at} <> y.h{at}" for at in self.costs)
        found = run(
            f"WITH twins AS (SELECT min(rowid) AS a, max(rowid) AS b FROM {_HASHES} "
            f"GROUP BY {keyed} HAVING count(*) > 1 LIMIT {_TWINS}) SELECT DISTINCT {differ} "
            f"FROM twins JOIN {_HASHES} AS x ON x.rowid = a JOIN {_HASHES} AS y ON y.rowid = b"
        ).fetchall()
        sets = {frozenset(at for at, differs in zip(self.costs, row, strict=True) if differs) for row in found}
        # Two hashes of different values may be equal, once in a while.
        return {one for one in sets if not one & places} or None

    def _is_meant(self, places: Places) -> bool:
        """Whether a key is more than chance: its columns name rows, or would repeat each other had they been drawn."""
        names = [self.rows.columns[at].name for at in places]
        if all(names_one(name, self.rows.capture.event) for name in names):
            return True
        if any(is_measure(name) for name in names):
            return False
        pairs = self.rows.read * (self.rows.read - 1) / 2
        if len(places) == 1:
            return pairs / max(self.seen[places[0]].span or 1, self.rows.read) >= FEWEST_TWINS
        return pairs * prod(self._repeats(at) for at in places) >= FEWEST_TWINS

    def _repeats(self, at: int) -> float:
        """How likely two rows have the same value."""
        counted = f"SELECT count(*)::DOUBLE AS n FROM {_HASHES} GROUP BY h{at}"
        squares = float(self.engine.connection.execute(f"SELECT sum(n * (n - 1)) FROM ({counted})").fetchall()[0][0])
        # A column without a repeat in n rows may still have one in the next.
        return max(squares, 1.0) / max(1, self.rows.read * (self.rows.read - 1))

    def _twins(self) -> int:
        every = f"hash({', '.join(f'h{at}' for at in self.costs)})"
        return self.rows.read - int(
            self.engine.connection.execute(f"SELECT count(DISTINCT {every}) FROM {_HASHES}").fetchall()[0][0]
        )

    def _nearly(self) -> tuple[int, int] | None:
        """A column that seems to name a row and almost does."""
        for at in self.costs:
            if names_one(self.rows.columns[at].name, self.rows.capture.event) and self._may(frozenset({at})):
                select = f"SELECT count(*) - count(DISTINCT h{at}) FROM {_HASHES}"
                repeated = int(self.engine.connection.execute(select).fetchall()[0][0])
                if repeated <= 0.05 * self.rows.read:
                    return at, repeated
        return None


def _cheapest(
    differences: set[frozenset[int]],
    costs: dict[int, float],
    found: list[frozenset[int]],
    may: Callable[[frozenset[int]], bool],
) -> frozenset[int] | None:
    """The cheapest set of columns that hits all differences and holds none of `found`; None where there is none.

    >>> known = {frozenset({1, 2}), frozenset({2, 3})}
    >>> _cheapest(known, {1: 1.0, 2: 1.5, 3: 1.0}, [], lambda _: True)
    frozenset({2})
    """
    order = count()
    waiting: list[tuple[float, int, frozenset[int]]] = [(0.0, next(order), frozenset())]
    visited: set[frozenset[int]] = set()
    for _ in range(_MOST_SETS):
        if not waiting:
            return None
        cost, _, held = heappop(waiting)
        if any(one <= held for one in found):
            continue
        missed = min(
            (one for one in differences if not one & held), key=lambda one: (len(one), sorted(one)), default=None
        )
        if missed is None and held and may(held):
            return held
        if len(held) == MOST_COLUMNS:
            continue
        for at in costs.keys() - held if missed is None else missed:
            wider = held | {at}
            if wider not in visited:
                visited.add(wider)
                heappush(waiting, (cost + costs[at], next(order), wider))
    return None
