"""What is proved of a query, held against rows: a null where none may be, twins, one ground with two outcomes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb

from balun.engine import Engine
from balun.facts.extent import Extent, Range, may_be
from balun.facts.known import known_of
from balun.facts.on_rows import Claim, claims, columns_of, counted
from balun.facts.propagate import State, state_of
from balun.plan import last_made
from balun.project import Project
from balun.quoting import literal
from balun.relational.bound import relation_of
from balun.relational.relation import Column, Scan
from balun.snapshot import Store
from queries import random_query
from worlds import fill, given

Row = tuple[object, ...]


@dataclass
class Tally:
    """What a run of many queries on many data sets saw.

    there, keyed: proved of those that held on all data sets. misrun: broken on rows that DuckDB's optimizer made up:
    without it, they hold.
    """

    pairs: int = 0
    failed: int = 0
    there: tuple[int, int] = (0, 0)
    keyed: tuple[int, int] = (0, 0)
    follows: int = 0
    wrong: list[str] = field(default_factory=list)
    misrun: list[str] = field(default_factory=list)

    def told(self) -> str:
        shares = [f"{name} {one} of {all_} ({one / max(all_, 1):.0%})" for name, (one, all_) in
                  (("columns proved not null", self.there), ("queries proved to have a key", self.keyed))]  # fmt: skip
        rest = f"{self.follows} dependencies, {len(self.wrong)} wrong, {len(self.misrun)} misrun"
        return f"{self.pairs} pairs, {self.failed} failed, {', '.join(shares)}, {rest}"


class Worlds:
    """Many data sets in one database, each in a schema."""

    def __init__(self, count: int, seed: int) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        self.count = count
        for number in range(count):
            self.connection.execute(f"CREATE SCHEMA w{number}")
            self.use(number)
            fill(self.connection, random.Random(f"{seed} {number}"))

    def use(self, number: int) -> None:
        self.connection.execute(f"USE memory.w{number}")

    def proved(self, sql: str, supplied: Callable[[Scan], State] = given) -> State:
        told = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        relation = relation_of(self.connection, sql, [Column(name, dtype) for name, dtype, *_ in told])
        return state_of(relation, supplied)

    def rows(self, sql: str, numbers: Iterable[int]) -> Iterator[list[Row]]:
        """Of each data set on which the query runs."""
        for number in numbers:
            self.use(number)
            try:
                yield [tuple(map(_comparable, row)) for row in self.connection.execute(sql).fetchall()]
            except duckdb.Error:
                continue

    def rows_as_bound(self, sql: str, numbers: Iterable[int]) -> list[list[Row]]:
        """The plan run as it is read: DuckDB 2.0.1 forgets LIMIT over a left join to what it proves empty."""
        self.connection.execute("PRAGMA disable_optimizer")
        found = list(self.rows(sql, numbers))
        self.connection.execute("PRAGMA enable_optimizer")
        return found


def _comparable(value: object) -> object:
    if isinstance(value, float | Decimal) and math.isnan(value):
        return "NaN"
    if isinstance(value, list | dict):
        return repr(value)
    return value


def contradicted(project: Project, kinds: Iterable[str]) -> tuple[int, list[Claim]]:
    """How much is said of what the last run made; and what of it rows contradict."""
    chain, store = known_of(project.graph, project.supply), Store(project.graph.config.snapshots)
    seen, found = 0, []
    for id_, known in chain.nodes.items():
        if id_.split(":", 1)[0] in kinds:
            made = last_made(id_, project.graph, project.supply, store)
            assert made, id_
            with Engine(threads=1) as engine:
                rows = f"read_parquet({literal(str(made.rows))})"
                said = list(claims(known.columns, known.out, columns_of(engine.connection, rows), rows))
                _, counts = counted(engine.connection, rows, said)
            seen += len(said)
            found += [one for one, count in zip(said, counts, strict=True) if count]
    store.close()
    return seen, found


def broken(state: State, rows: Sequence[Row]) -> list[str]:
    """What is proved but isn't so."""
    found = [
        f"c{at} holds a null"
        for at, null in enumerate(state.values["nullable"])
        if not null and any(row[at] is None for row in rows)
    ]
    found += [
        f"c{at} is {row[at]!r}, not {extent}"
        for at, extent in enumerate(state.values["domain"])
        for row in rows
        if row[at] is not None and not _may_be(extent, row[at])
    ][:3]
    known = state.dependencies
    found += [f"{sorted(key)} is no key" for key in known.keys if not is_unique(key, rows)]
    found += [f"c{one} doesn't follow from {sorted(of)}" for of, one in known.follows if not _follows(of, one, rows)]
    low = [one for one, _ in known.numbered if any(row[one] is not None and row[one] < 1 for row in rows)]  # type: ignore[operator]
    return found + [f"c{one} doesn't count from 1" for one in low]


def _may_be(extent: Extent, value: object) -> bool:
    if value == "NaN":  # greater than any number
        return not isinstance(extent, Range) or extent.high is None
    if extent is None or not isinstance(value, bool | int | float | str | Decimal):
        return extent is None
    return may_be(extent, value)


def is_unique(key: Iterable[int], rows: Sequence[Row]) -> bool:
    places = sorted(key)
    return len({tuple(row[at] for at in places) for row in rows}) == len(rows)


def _follows(of: Iterable[int], one: int, rows: Sequence[Row]) -> bool:
    places = sorted(of)
    grounds = {tuple(row[at] for at in places) for row in rows}
    return len({(*(row[at] for at in places), row[one]) for row in rows}) == len(grounds)


def hold(worlds: Worlds, seeds: Iterable[int], each: int) -> Tally:
    """Random queries, each on `each` data sets."""
    tally = Tally()
    for seed in seeds:
        sql = random_query(seed)
        try:
            state = worlds.proved(sql)
        except duckdb.Error:
            tally.failed += 1
            continue
        numbers = random.Random(seed).sample(range(worlds.count), each)
        sets = list(worlds.rows(sql, numbers))
        _count(tally, state, sets)
        if faults := _faults(state, sets):
            real = _faults(state, worlds.rows_as_bound(sql, numbers))
            (tally.wrong if real else tally.misrun).append(f"{seed}: {sql}\n  {', '.join(sorted(real or faults))}")
    return tally


def _faults(state: State, sets: Iterable[list[Row]]) -> set[str]:
    return {fault for rows in sets for fault in broken(state, rows)}


def _count(tally: Tally, state: State, sets: Sequence[list[Row]]) -> None:
    tally.pairs += len(sets)
    nulls = state.values["nullable"]
    if sum(map(len, sets)) < len(sets):
        return  # on few rows many things hold by chance
    held = [at for at in range(len(nulls)) if all(row[at] is not None for rows in sets for row in rows)]
    tally.there = tally.there[0] + sum(not nulls[at] for at in held), tally.there[1] + len(held)
    unique = all(is_unique(range(len(nulls)), rows) for rows in sets)
    tally.keyed = tally.keyed[0] + bool(state.dependencies.keys), tally.keyed[1] + unique
    tally.follows += len(state.dependencies.follows)
