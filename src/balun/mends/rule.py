"""How a mend is said in SQL: when it applies to a row, and what the column is then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from balun.mends.sheet import Column
from balun.quoting import literal, quoted

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MOST_BRANCHES = 40
NUMBERS = frozenset({"integer", "float", "decimal"})


class Rule(Protocol):
    def when(self) -> str:
        """A condition over one row."""

    def then(self) -> str:
        """The mended value, where the condition holds."""


@dataclass(frozen=True)
class Formula:
    """Written out."""

    condition: str
    value: str

    def when(self) -> str:
        return self.condition

    def then(self) -> str:
        return self.value


@dataclass(frozen=True)
class Values:
    """Value by value. pairs: what stood there and what is right, as texts; None: null."""

    column: Column
    pairs: tuple[tuple[str | None, str | None], ...]

    def when(self) -> str:
        olds = [spelt(self.column, old) for old, _ in self.pairs if old is not None]
        parts = [f"{self.column.sql} IN ({', '.join(olds)})"] if olds else []
        parts += [f"{self.column.sql} IS NULL"] if len(olds) < len(self.pairs) else []
        return " OR ".join(parts)

    def then(self) -> str:
        if len({new for _, new in self.pairs}) == 1:
            return spelt(self.column, self.pairs[0][1])
        if len(self.pairs) <= _MOST_BRANCHES:
            told = [f"WHEN {spelt(self.column, old)} THEN {spelt(self.column, new)}" for old, new in self.pairs]
            return f"CASE {self.column.sql} {' '.join(told)} END"
        rows = ", ".join(f"({spelt(self.column, old)}, {spelt(self.column, new)})" for old, new in self.pairs)
        return (
            f"(SELECT any_value(m.was_right) FROM (VALUES {rows}) AS m(was, was_right) WHERE m.was = {self.column.sql})"
        )


@dataclass(frozen=True)
class Given:
    """By what stands beside it. cases: of each what `beside` holds, what stood there, and what is right."""

    column: Column
    beside: tuple[Column, ...]
    cases: tuple[tuple[tuple[str | None, ...], str | None, str | None], ...]

    def when(self) -> str:
        return f"({self._row()}) IN ({', '.join(f'({self._key(one, old)})' for one, old, _ in self.cases)})"

    def then(self) -> str:
        if len({new for *_, new in self.cases}) == 1:
            return spelt(self.column, self.cases[0][2])
        told = [
            f"WHEN {' AND '.join(self._equal(one, old))} THEN {spelt(self.column, new)}" for one, old, new in self.cases
        ]
        return f"CASE {' '.join(told)} END"

    def _row(self) -> str:
        return ", ".join(_text(one) for one in (*self.beside, self.column))

    def _key(self, beside: Sequence[str | None], old: str | None) -> str:
        return ", ".join(literal(one or "") for one in (*beside, old))

    def _equal(self, beside: Sequence[str | None], old: str | None) -> list[str]:
        return [
            f"{one.sql} IS NULL" if value is None else f"{one.sql} = {spelt(one, value)}"
            for one, value in zip((*self.beside, self.column), (*beside, old), strict=True)
        ]


@dataclass(frozen=True)
class Once:
    """Of rows that agree in `columns` one is kept, the first by `order`."""

    columns: tuple[Column, ...]
    order: tuple[Column, ...]

    def when(self) -> str:
        ordered = ", ".join(one.sql for one in self.order) or "1"
        return f"row_number() OVER (PARTITION BY {', '.join(one.sql for one in self.columns)} ORDER BY {ordered}) > 1"

    def then(self) -> str:
        return "NULL"


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


def named(columns: Sequence[Column]) -> str:
    return ", ".join(quoted(one.name) for one in columns)
