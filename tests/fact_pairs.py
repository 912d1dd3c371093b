"""Pairs in tests/facts: a query, and what must be said of its columns; and one fact's walk through a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from balun.chain.contract import Column, Contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.dependency import Dependencies
from balun.facts.propagate import State
from balun.finding import Place
from balun.quoting import quoted
from balun.relational import relation as form
from balun.relational.bound import relation_of

PLACE = Place("contracts/some.odcs.yaml")


@dataclass(frozen=True)
class Pair:
    """said: by column, what is expected of it. faults: as written, in order."""

    title: str
    sql: str
    said: Mapping[str, str]
    faults: tuple[str, ...]


def pairs(name: str) -> list[Pair]:
    """Blocks of `-- title`, a query up to its semicolon, `-- column: fact` and `-- fault: …` lines."""
    text = (Path(__file__).parent / "facts" / f"{name}.sql").read_text(encoding="utf-8")
    blocks = re.findall(r"^-- (.+)\n((?:(?!--).*\n)+?)((?:-- .+\n?)*)(?:\n|\Z)", text, flags=re.MULTILINE)
    return [_pair(*block) for block in blocks]


def _pair(title: str, sql: str, told: str) -> Pair:
    lines = [line.removeprefix("-- ").split(": ", 1) for line in told.splitlines()]
    said = {name: fact for name, fact in lines if name != "fault"}
    return Pair(title, sql.strip().removesuffix(";"), said, tuple(fact for name, fact in lines if name == "fault"))


def event(name: str, columns: Iterable[Column], sampling: float = 1.0) -> Contract:
    return Contract(name, "team", "1.0.0", PLACE, tuple(columns), None, sampling=sampling)


class Chain:
    """Events without rows, and a connection that knows them."""

    def __init__(self, events: Sequence[Contract]) -> None:
        self.events = {one.name: one for one in events}
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        for one in events:
            columns = ", ".join(f"{quoted(column.name)} {column.dtype}" for column in one.columns)
            self.connection.execute(f"CREATE TABLE {quoted(one.name)} ({columns})")

    def relation(self, sql: str) -> form.Relation:
        told = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        return relation_of(self.connection, sql, [form.Column(name, dtype) for name, dtype, *_ in told])


def walked(relation: form.Relation, fact: ColumnFact[Any], events: Mapping[str, Contract]) -> dict[int, State]:
    """The states of one fact, by relation."""
    found: dict[int, State] = {}
    for one in form.ordered(relation):
        below = [Sight(found[id(each)].values[fact.name]) for each in form.inputs(one)]
        values = _captured(one, fact, events) if isinstance(one, form.Scan) else fact.passes(one, below)
        found[id(one)] = State({fact.name: values}, Dependencies())
    return found


def _captured(scan: form.Scan, fact: ColumnFact[Any], events: Mapping[str, Contract]) -> tuple[Any, ...]:
    of = events[scan.parent]
    number = Column("", "integer", "BIGINT", PLACE)  # a row's number stands where no column is read
    return tuple(fact.captured(of.column(one.name) if one.name else number, of) for one in scan.columns)
