"""The rows that are set aside, as a table: each one's place, and a bit for every promise that it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from balun.engine import Engine
from balun.quoting import literal
from balun.scan.promises import Promise

TABLE = "_balun_faulty"
_TWINS, _LATER = "_balun_twins", "_balun_later"
# Bits of one BIGINT that stand for promises; the last three stay free of the sign.
_MASK_BITS = 60


@dataclass(frozen=True)
class Repeat:
    """A promise that several rows break together. columns: by number, whose values together must differ."""

    promise: Promise
    columns: tuple[int, ...]


class Mends(Protocol):
    """What mends rows at fault; mended.py has it."""

    def cure(self, found: Faulty) -> Faulty: ...
    def recall(self, found: Faulty) -> None: ...


@contextmanager
def faulty(
    engine: Engine,
    rows: str,
    alone: Sequence[Promise],
    key: Sequence[Repeat],
    unique: Sequence[Repeat],
    mending: Mends | None = None,
) -> Iterator[Faulty]:
    """Finds them all: what one row alone breaks, then whoever repeats a whole row's key, then a unique value.

    rows: a SELECT as `Rows.sql` gives. A row that is at fault already makes no other a repeat.
    mending: takes out again what it can mend, before repeats are looked for.
    """
    found = Faulty(engine, rows, (*alone, *(one.promise for one in (*key, *unique))))
    try:
        found.find_alone(len(alone))
        found = mending.cure(found) if mending else found
        found.find_repeated(key, "duplicate")
        found.find_repeated(unique, "quarantined")
        if mending:
            mending.recall(found)
        found.merge()
        yield found
    finally:
        for table in (TABLE, _TWINS, _LATER):
            engine.connection.execute(f"DROP TABLE IF EXISTS {table}")


@dataclass(frozen=True)
class Faulty:
    """promises: by bit."""

    engine: Engine
    rows: str
    promises: tuple[Promise, ...]

    @property
    def _masks(self) -> int:
        return (len(self.promises) - 1) // _MASK_BITS + 1

    def broken(self, bit: int) -> str:
        """SQL that is true of rows that break the promise."""
        return f"m{bit // _MASK_BITS} & {1 << bit % _MASK_BITS} <> 0"

    def counts(self) -> tuple[int, ...]:
        """Of each promise, the rows that break it."""
        counted = ", ".join(f"count(*) FILTER ({self.broken(bit)})" for bit in range(len(self.promises)))
        row: tuple[int, ...] = self.engine.connection.execute(f"SELECT {counted} FROM {TABLE}").fetchall()[0]
        return row

    def find_alone(self, count: int) -> None:
        masks = self.masks(count)
        any_broken = " OR ".join(f"({promise.condition})" for promise in self.promises[:count])
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT f, r, 'quarantined' AS kind, {masks} "
            f"FROM ({self.rows}) WHERE {any_broken}"
        )

    @property
    def mask_names(self) -> list[str]:
        return [f"m{number}" for number in range(self._masks)]

    def masks(self, count: int) -> str:
        """SQL for the bits of the first `count` promises, which one row alone can break: `m0`, `m1` and so on."""
        return ", ".join(self._mask(number, count) for number in range(self._masks))

    def _mask(self, number: int, count: int) -> str:
        bits = range(number * _MASK_BITS, min(count, (number + 1) * _MASK_BITS))
        terms = [f"CASE WHEN {self.promises[bit].condition} THEN {1 << bit % _MASK_BITS} ELSE 0 END" for bit in bits]
        return f"({' + '.join(terms) or '0'})::BIGINT AS m{number}"

    def find_repeated(self, repeats: Sequence[Repeat], kind: str) -> None:
        """Adds the rows that repeat an earlier one's values; all are held against the same rows."""
        if not repeats:
            return
        run = self.engine.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE {_LATER} AS FROM {TABLE} LIMIT 0")
        for repeat in repeats:
            self._find(repeat, kind)
        run(f"INSERT INTO {TABLE} FROM {_LATER}")

    def _find(self, repeat: Repeat, kind: str) -> None:
        """Equal hashes are few: only rows that share one are compared by value."""
        run = self.engine.connection.execute
        values = [f"t{at}" for at in repeat.columns]
        filled = " AND ".join(f"{value} IS NOT NULL" for value in values)
        hashed = f"hash({', '.join(values)})"
        run(
            f"CREATE OR REPLACE TEMP TABLE {_TWINS} AS SELECT {hashed} AS h FROM ({self.rows}) "
            f"WHERE {filled} GROUP BY h HAVING count(*) > 1"
        )
        if not run(f"SELECT EXISTS (FROM {_TWINS})").fetchall()[0][0]:
            return
        run(
            f"INSERT INTO {_LATER} SELECT f, r, {literal(kind)}, {self._one_bit(repeat.promise)} FROM ("
            f"SELECT f, r, row_number() OVER (PARTITION BY {', '.join(values)} ORDER BY f, r) AS nth "
            f"FROM ({self.rows}) AS x WHERE {filled} AND {hashed} IN (FROM {_TWINS}) "
            f"AND NOT EXISTS (FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r)) WHERE nth > 1"
        )

    def _one_bit(self, promise: Promise) -> str:
        mask, bit = divmod(self.promises.index(promise), _MASK_BITS)
        return ", ".join(f"{1 << bit if number == mask else 0}::BIGINT" for number in range(self._masks))

    def merge(self) -> None:
        """One entry a row, whatever number of unique columns it repeats."""
        masks = ", ".join(f"bit_or(m{number}) AS m{number}" for number in range(self._masks))
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT f, r, any_value(kind) AS kind, {masks} "
            f"FROM {TABLE} GROUP BY f, r"
        )
