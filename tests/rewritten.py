"""Random queries and slips of the pen in them: where two are said to give the same, they do on random rows."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from balun.difference.delta import SAME
from balun.difference.lockstep import Lockstep
from balun.difference.rows import Difference
from balun.facts.propagate import states_of
from balun.relational.bound import relation_of
from balun.relational.normal import normal
from balun.relational.relation import Column, Relation, Scan
from queries import random_query
from worlds import fill, given

# What is slipped, each way.
_SLIPS = (
    (" = ", " <> "), (" < ", " <= "), (" > ", " < "), (" AND ", " OR "), (" LEFT JOIN ", " JOIN "), ("min(", "max("),
    (" + ", " - "), ("1", "2"), ("'p'", "'q'"), (" DESC", ""), ("DISTINCT ", ""), (" UNION ALL ", " UNION "),
    ("count(", "sum("), (" IS NULL", " IS NOT NULL"), ("true", "false"), (" SEMI JOIN ", " ANTI JOIN "),
    ("x1.a", "x1.id"), ("x1.k", "x1.v"), ("x2", "x1"), (" IN (", " NOT IN ("), ("<= 1", "<= 2"), ("0.5", "2.5"),
)  # fmt: skip
# What changes no row.
_HARMLESS = (
    (r"(x\d)\.(\w+) = (x\d)\.(\w+)", r"\3.\4 = \1.\2"),
    (r"^(.*)$", r"SELECT * FROM (\1)"),
    (r"^(.*)$", r"WITH it AS (\1) SELECT * FROM it"),
    (r"\bx1\b", "xx"),
)


@dataclass
class Tally:
    """same: pairs said to give the same. harmless: of rewrites that change nothing, how many were tried, and seen."""

    pairs: int = 0
    same: int = 0
    harmless: tuple[int, int] = (0, 0)
    wrong: list[str] = field(default_factory=list)


def rewrite(seeds: range, *, rows: int) -> Tally:
    tally = Tally()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for seed in seeds:
            sql = random_query(seed)
            chance = random.Random(seed)
            fill(connection, chance)
            if "random()" in sql or not _binds(connection, sql):
                continue
            for other, harmless in _others(sql, chance):
                if _binds(connection, other):
                    _try(connection, sql, other, harmless, chance, rows, tally)
    return tally


def _binds(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        connection.execute(f"DESCRIBE {sql}")
    except duckdb.Error:
        return False
    return True


def _others(sql: str, chance: random.Random) -> Iterator[tuple[str, bool]]:
    """Other texts, and whether each is a rewrite that changes nothing."""
    for was, now in _SLIPS:
        places = [found.start() for found in re.finditer(re.escape(was), sql)]
        if places:
            at = chance.choice(places)
            yield sql[:at] + now + sql[at + len(was) :], False
    for pattern, by in _HARMLESS:
        other = re.sub(pattern, by, sql)
        if other != sql:
            yield other, True


def _relation(connection: duckdb.DuckDBPyConnection, sql: str) -> Relation:
    told = connection.execute(f"DESCRIBE {sql}").fetchall()
    return relation_of(connection, sql, [Column(name, dtype) for name, dtype, *_ in told])


def _scanned(before: Scan, after: Scan) -> Difference:
    read = [column.name for column in before.columns]
    origins = tuple(read.index(one.name) if one.name in read else None for one in after.columns)
    return Difference(tuple(SAME for _ in after.columns), origins)


def _is_same(one: Relation, other: Relation, *, joins: bool) -> bool:
    before, after = normal(one, joins=joins), normal(other, joins=joins)
    if [column.dtype for column in one.columns] != [column.dtype for column in other.columns]:
        return False
    walk = Lockstep(_scanned, states_of(before, given), states_of(after, given), alike=False)
    found = walk.of(before, after)
    return found.is_same and found.origins == tuple(range(len(found.origins)))


def _try(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    other: str,
    harmless: bool,
    chance: random.Random,
    rows: int,
    tally: Tally,
) -> None:
    pair = _relation(connection, sql), _relation(connection, other)
    same = any(_is_same(*pair, joins=joins) for joins in (False, True))
    tally.pairs += 1
    tally.same += same
    if harmless:
        tally.harmless = tally.harmless[0] + 1, tally.harmless[1] + same
    if not same:
        return
    for _ in range(rows):
        fill(connection, chance)
        one, two = _bag(connection, sql), _bag(connection, other)
        if one is not None and two is not None and one != two:
            tally.wrong.append(f"{sql}\n  isn't\n  {other}\n  {one} {two}")
            return


def _bag(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[str] | None:
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return None
    return Counter(str([f"{one + 0.0:.9g}" if isinstance(one, float) else one for one in row]) for row in rows)
