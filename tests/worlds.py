"""Small tables with declared facts, and rows that keep just these: nulls, twins, odd numbers wherever they may be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from balun.facts.dependency import Dependencies
from balun.facts.propagate import FACTS, State
from balun.relational.relation import Scan

_VALUES = {
    "INTEGER": ("0", "1", "2", "3"),
    "VARCHAR": ("'p'", "'q'", "'2'", "''"),
    "DOUBLE": ("0.0", "'-0.0'", "1.5", "2", "'nan'", "'inf'", "'-inf'"),
    "DATE": ("DATE '2020-01-31'", "DATE '2020-02-29'", "DATE '2020-03-01'"),
    "TIMESTAMP": ("TIMESTAMP '2020-01-31 10:00'", "TIMESTAMP '2020-02-29 00:00:01'"),
    "BOOLEAN": ("true", "false"),
    "INTEGER[]": ("[]::INTEGER[]", "[1]", "[2, NULL]", "[1, 2, 2]"),
}


@dataclass(frozen=True)
class Table:
    """columns: name, type. there: never null. keys: each unique, nulls being equal. follows: the one from the other."""

    name: str
    columns: tuple[tuple[str, str], ...]
    there: frozenset[str]
    keys: tuple[tuple[str, ...], ...] = ()
    follows: tuple[tuple[str, str], ...] = ()

    def place(self, name: str) -> int:
        return [one for one, _ in self.columns].index(name)


TABLES = (
    Table(
        "t",
        (("id", "INTEGER"), ("a", "INTEGER"), ("b", "VARCHAR"), ("c", "DOUBLE"), ("d", "DATE"), ("f", "BOOLEAN")),
        frozenset({"id", "d"}),
        (("id",),),
    ),
    Table(
        "u",
        (("k", "INTEGER"), ("l", "VARCHAR"), ("v", "INTEGER"), ("w", "DOUBLE"), ("s", "INTEGER[]")),
        frozenset({"k", "l"}),
        (("k", "l"),),
    ),
    Table("e", (("p", "INTEGER"), ("q", "VARCHAR"), ("r", "TIMESTAMP")), frozenset()),
    Table(
        "g",
        (("m", "INTEGER"), ("n", "VARCHAR"), ("o", "INTEGER"), ("h", "BOOLEAN")),
        frozenset({"h"}),
        (("m",),),
        (("n", "o"),),
    ),
)


def fill(connection: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    """Tables anew in the schema that is in use."""
    for table in TABLES:
        rows = _rows(table, chance)
        columns = ", ".join(f"{name} {dtype}" for name, dtype in table.columns)
        connection.execute(f"CREATE OR REPLACE TABLE {table.name} ({columns})")
        if rows:
            told = ", ".join("(" + ", ".join(row) + ")" for row in rows)
            connection.execute(f"INSERT INTO {table.name} VALUES {told}")


def _rows(table: Table, chance: random.Random) -> list[list[str]]:
    rows: list[list[str]] = []
    nulls = chance.choice((0.0, 0.2, 0.6))
    for _ in range(chance.choice((0, 1, 3, 6, 10))):
        row = [_value(name in table.there, dtype, nulls, chance) for name, dtype in table.columns]
        for of, one in table.follows:
            twin = next((other for other in rows if other[table.place(of)] == row[table.place(of)]), None)
            row[table.place(one)] = twin[table.place(one)] if twin else row[table.place(one)]
        if not any(_agree(row, other, [table.place(name) for name in key]) for key in table.keys for other in rows):
            rows.append(row)
    return rows


def _value(there: bool, dtype: str, nulls: float, chance: random.Random) -> str:
    return "NULL" if not there and chance.random() < nulls else chance.choice(_VALUES[dtype])


def _agree(one: Sequence[str], other: Sequence[str], places: Sequence[int]) -> bool:
    return all(one[at] == other[at] for at in places)


def given(scan: Scan) -> State:
    """What is declared of the columns that a scan reads."""
    table = next(one for one in TABLES if one.name == scan.parent)
    names = [one.name for one in scan.columns]
    values = {fact.name: tuple(fact.unknown for _ in names) for fact in FACTS}
    values["nullable"] = tuple(bool(name) and name not in table.there for name in names)
    values["presence"] = tuple(
        frozenset({(id(scan), name)} if null else ()) for name, null in zip(names, values["nullable"], strict=True)
    )
    values["finite"] = tuple("[" not in one.dtype for one in scan.columns)
    keys = [frozenset(map(names.index, key)) for key in table.keys if set(key) <= set(names)]
    follows = [(frozenset({names.index(of)}), names.index(one)) for of, one in table.follows if {of, one} <= set(names)]
    keys += [frozenset({at}) for at, name in enumerate(names) if not name]  # the row's number
    return State(values, Dependencies().with_keys(keys).with_follows(follows))
