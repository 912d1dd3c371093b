"""How a mend is said in SQL: when it applies to a row, and what the column is then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from balun.mends.sheet import Column
from balun.quoting import literal

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOST_BRANCHES = 40
NUMBERS = frozenset({"integer", "float", "decimal"})


class Rule(Protocol):
    def branches(self) -> list[tuple[str, str]]:
        """Of a CASE: conditions over one row, and what the column is then, tried in order."""


@dataclass(frozen=True)
class Formula:
    """Written out."""

    condition: str
    value: str

    def branches(self) -> list[tuple[str, str]]:
        return [(self.condition, self.value)]


@dataclass(frozen=True)
class Values:
    """Value by value. pairs: what stood there and what is right, as texts; None: null."""

    column: Column
    pairs: tuple[tuple[str | None, str | None], ...]

    def branches(self) -> list[tuple[str, str]]:
        """A line each, so that a person may strike one out; where they are many, one look into a list."""
        pairs = [(spelt(self.column, old), spelt(self.column, new)) for old, new in self.pairs]
        if len(pairs) <= _MOST_BRANCHES:
            return [(f"{self.column.sql} = {old}", new) for old, new in pairs]
        olds = ", ".join(old for old, _ in pairs)
        return [(f"{self.column.sql} IN ({olds})", _looked_up(pairs, f"m.was = {self.column.sql}", ("was",)))]


@dataclass(frozen=True)
class Given:
    """By what stands beside it. cases: of each what `beside` holds, what stood there, and what is right."""

    column: Column
    beside: tuple[Column, ...]
    cases: tuple[tuple[tuple[str | None, ...], str | None, str | None], ...]

    def branches(self) -> list[tuple[str, str]]:
        if len(self.cases) <= _MOST_BRANCHES:
            return [
                (" AND ".join(self._equal(beside, old)), spelt(self.column, new)) for beside, old, new in self.cases
            ]
        columns = (*self.beside, self.column)
        names = tuple(f"was_{at}" for at in range(len(columns)))
        rows = [
            (*(literal(one or "") for one in (*beside, old)), spelt(self.column, new))
            for beside, old, new in self.cases
        ]
        here = ", ".join(_text(one) for one in columns)
        keys = ", ".join(f"({', '.join(row[:-1])})" for row in rows)
        met = " AND ".join(f"m.{name} = {_text(one)}" for name, one in zip(names, columns, strict=True))
        return [(f"({here}) IN ({keys})", _looked_up(rows, met, names))]

    def _equal(self, beside: Sequence[str | None], old: str | None) -> list[str]:
        return [
            f"{one.sql} IS NULL" if value is None else f"{one.sql} = {spelt(one, value)}"
            for one, value in zip((self.column, *self.beside), (old, *beside), strict=True)
        ]


def _looked_up(rows: Sequence[tuple[str, ...]], met: str, names: tuple[str, ...]) -> str:
    """One value at most, so that no row multiplies."""
    listed = ",\n".join(f"        ({', '.join(row)})" for row in rows)
    table = f"(VALUES\n{listed}\n      ) AS m({', '.join(names)}, meant)"
    return f"(\n      SELECT any_value(m.meant) FROM {table} WHERE {met})"


@dataclass(frozen=True)
class Once:
    """Of rows that agree in `columns` one is kept, the first by `order`. It takes out rows rather than cells."""

    columns: tuple[Column, ...]
    order: tuple[Column, ...]

    def branches(self) -> list[tuple[str, str]]:
        return []

    @property
    def qualify(self) -> str:
        by = ", ".join(one.sql for one in self.columns)
        ordered = ", ".join(one.sql for one in self.order or self.columns[:1])
        return f"row_number() OVER (PARTITION BY {by} ORDER BY {ordered}) = 1"


def _text(column: Column) -> str:
    return f"coalesce({column.sql}{'' if column.kind == 'text' else '::VARCHAR'}, '')"


def spelt(column: Column, value: str | None) -> str:
    """A value of the column as a SQL literal."""
    if value is None:
        return "NULL"
    if column.kind == "text":
        return literal(value)
    if column.kind in NUMBERS and _NUMBER.fullmatch(value):
        return value
    return f"{literal(value)}::{column.dtype}"
