"""A null of one captured value tells of another, in the same row and in no other."""

from __future__ import annotations

import duckdb
import pytest

from balun.facts.dependency import Dependencies
from balun.facts.moment import Moment, MomentFact
from balun.facts.nullable import Nullable
from balun.facts.presence import Presence
from balun.facts.propagate import FACTS, State, state_of
from balun.relational.bound import relation_of
from balun.relational.relation import Column, Scan


def _given(scan: Scan) -> State:
    values = {fact.name: tuple(fact.unknown for _ in scan.columns) for fact in FACTS}
    values[Presence.name] = tuple(frozenset({(id(scan), one.name)}) for one in scan.columns)
    values[MomentFact.name] = tuple(Moment((id(scan), one.name), 0, 0) for one in scan.columns)
    return State(values, Dependencies())


def _state(sql: str) -> State:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE d (k INTEGER, x INTEGER, t TIMESTAMP)")
        made = [Column(row[0], row[1]) for row in connection.execute(f"DESCRIBE {sql}").fetchall()]
        return state_of(relation_of(connection, sql, made), _given)


@pytest.mark.parametrize(
    ("sql", "null"),
    [
        ("SELECT y FROM (SELECT k, x, x + k AS y FROM d) WHERE x IS NOT NULL AND k IS NOT NULL", False),
        ("SELECT y FROM (SELECT x, x + k AS y FROM d) WHERE x IS NOT NULL", True),
        ("WITH c AS (FROM d) SELECT a.y FROM (SELECT x, 2 * x AS y FROM c) AS a WHERE a.x > 0", False),
        ("WITH c AS (FROM d) SELECT b.x FROM c AS a JOIN c AS b ON a.k = b.k WHERE a.x IS NOT NULL", True),
        ("SELECT b.x FROM d AS a JOIN d AS b ON a.k = b.k WHERE a.x IS NOT NULL", True),
    ],
)
def test_what_is_there_tells_of_its_own_row_only(sql: str, null: bool) -> None:
    assert _state(sql).values[Nullable.name] == (null,)


def test_two_reads_of_a_with_have_times_of_their_own() -> None:
    one, other = _state("WITH c AS (FROM d) SELECT a.t, b.t FROM c AS a, c AS b").values[MomentFact.name]
    assert one.base != other.base
