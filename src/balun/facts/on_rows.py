"""What is known of a relation, counted on its rows: for each thing that is said, how many rows contradict it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import duckdb

from balun.engine import types_of
from balun.facts import dtype
from balun.facts.column_fact import ColumnFact
from balun.facts.dependency import differing, repeated
from balun.facts.propagate import FACTS, State
from balun.quoting import quoted
from balun.relational.relation import Column

V = TypeVar("V")


@dataclass(frozen=True)
class Claim:
    """fact: its name. columns: whose it is. count: SQL, a number for all rows: how many contradict it."""

    fact: str
    columns: tuple[str, ...]
    count: str


def columns_of(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[Column, ...]:
    """As the rows have them. rows: what FROM reads."""
    return tuple(Column(name, dtype) for name, dtype in types_of(connection, rows).items())


def counted(connection: duckdb.DuckDBPyConnection, rows: str, claims: Sequence[Claim]) -> tuple[int, tuple[int, ...]]:
    """How many rows there are, and how many of them contradict each claim: one statement for all."""
    counts = ", ".join(["count(*)", *(one.count for one in claims)])
    number, *denied = connection.execute(f"SELECT {counts} FROM {rows}").fetchall()[0]
    return number, tuple(denied)


def claims(names: Sequence[str], state: State, columns: Sequence[Column], rows: str) -> Iterator[Claim]:
    """All that rows can contradict.

    names: of what the state is of, in order. columns: as the rows have them; of one that they haven't nothing is said.
    """
    held = {one.name: one for one in columns}
    places = {at: held[name] for at, name in enumerate(names) if name in held}
    for fact in FACTS:
        said = fact.denials([state.values[fact.name][at] for at in places], list(places.values()))
        for column, condition in zip(places.values(), said, strict=True):
            if condition:
                yield Claim(fact.name, (column.name,), _where(condition))
    yield from _dependencies(state, places, rows)


def _dependencies(state: State, places: Mapping[int, Column], rows: str) -> Iterator[Claim]:
    known = state.dependencies
    for key in known.keys:
        if key <= places.keys():
            yield key_claim([places[at].name for at in sorted(key)], rows)
    for of, one in known.follows:
        if {*of, one} <= places.keys():
            names = [places[at].name for at in (one, *sorted(of))]
            ruled, *grounds = map(quoted, names)
            yield Claim("follows", tuple(names), differing(grounds, ruled, rows))
    for one, _ in known.numbered:
        if one in places:
            yield Claim("numbered", (places[one].name,), _where(f"{quoted(places[one].name)} < 1"))


def value_claim(fact: ColumnFact[V], of: V, column: Column) -> Claim | None:
    """What is said of each value of a column; None where no row can contradict it."""
    condition = fact.denial(of, quoted(column.name), column.dtype)
    return Claim(fact.name, (column.name,), _where(condition)) if condition else None


def condition_claim(fact: str, column: str, condition: str) -> Claim:
    """condition: SQL that is true of a row that contradicts it."""
    return Claim(fact, (column,), _where(condition))


def unique_claim(column: str) -> Claim:
    """That no two rows agree in a value; any number may have none."""
    name = quoted(column)
    return Claim("unique", (column,), f"count({name}) - count(DISTINCT {name})")


def key_claim(names: Iterable[str], rows: str) -> Claim:
    """That no two rows agree in all of some columns; in none: that there is one row at most."""
    key = tuple(names)
    return Claim("key", key, repeated(map(quoted, key), rows))


def dtype_claim(column: Column) -> Claim:
    """column: with the type that is said of it."""
    return Claim("dtype", (column.name,), _where(dtype.denial(column.dtype, quoted(column.name))))


def _where(condition: str) -> str:
    """A row of which DuckDB can't tell, as a date of the year 500,000 is none in microseconds, isn't counted."""
    return f"count(*) FILTER (WHERE TRY({condition}))"
