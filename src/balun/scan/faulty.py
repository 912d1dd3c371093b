"""The rows that are set aside, as a table: each one's place, and a bit for every promise that it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from balun.chain.contract import Column
from balun.engine import Engine
from balun.quoting import literal
from balun.scan.narrowed import Narrowed, narrowed
from balun.scan.promises import Promise
from balun.scan.rows import Rows
from balun.scan.twins import repeated

TABLE = "_balun_faulty"
_TWINS, _LATER = "_balun_twins", "_balun_later"
# Bits of one BIGINT that stand for promises; the last three stay free of the sign.
_MASK_BITS = 60


@dataclass(frozen=True)
class Repeat:
    """A promise that several rows break together. columns: by number, whose values together must differ."""

    promise: Promise
    columns: tuple[int, ...]


@contextmanager
def faulty(
    engine: Engine,
    rows: Rows,
    columns: Sequence[Column],
    alone: Sequence[Promise],
    key: Sequence[Repeat],
    unique: Sequence[Repeat],
    carried: Sequence[str] = (),
) -> Iterator[Faulty]:
    """Finds them all: what one row alone breaks, then whoever repeats a whole row's key, then a unique value.

    columns: of the rows. carried: columns of `Rows.sql` to keep of each faulty row, in its table.
    A row that is at fault already makes no other a repeat.
    """
    narrow = narrowed(engine, rows, columns, alone)
    proved = (*narrow.proved, *(False for _ in (*key, *unique)))
    promises = (*alone, *(one.promise for one in (*key, *unique)))
    found = Faulty(engine, rows.sql, promises, proved, tuple(carried))
    try:
        found.find_alone(narrow, len(alone))
        found.find_repeated(key, "duplicate")
        found.find_repeated(unique, "quarantined")
        found.merge()
        yield found
    finally:
        for table in (TABLE, _TWINS, _LATER, *narrow.tables):
            engine.connection.execute(f"DROP TABLE IF EXISTS {table}")


@dataclass(frozen=True)
class Faulty:
    """promises: by bit. proved: by promise, whether no row had to be read to see that none breaks it."""

    engine: Engine
    rows: str
    promises: tuple[Promise, ...]
    proved: tuple[bool, ...]
    carried: tuple[str, ...] = ()

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

    @property
    def _also(self) -> str:
        return "".join(f", {name}" for name in self.carried)

    def find_alone(self, narrow: Narrowed, count: int) -> None:
        masks = ", ".join(self._mask(number, count) for number in range(self._masks))
        any_broken = " OR ".join(f"({one})" for one in narrow.where) or "FALSE"
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT f, r, 'quarantined' AS kind, {masks}{self._also} "
            f"FROM ({narrow.rows}) WHERE {any_broken}"
        )

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
        twins = repeated(self.engine.connection, f"SELECT {hashed} AS h FROM ({self.rows}) WHERE {filled}")
        if not twins.num_rows:
            return
        self.engine.connection.register("_balun_hashes", twins)
        run(f"CREATE OR REPLACE TEMP TABLE {_TWINS} AS FROM _balun_hashes")
        self.engine.connection.unregister("_balun_hashes")
        run(
            f"INSERT INTO {_LATER} SELECT f, r, {literal(kind)}, {self._one_bit(repeat.promise)}{self._also} FROM ("
            f"SELECT f, r{self._also}, row_number() OVER (PARTITION BY {', '.join(values)} ORDER BY f, r) AS nth "
            f"FROM ({self.rows}) AS x WHERE {filled} AND {hashed} IN (FROM {_TWINS}) "
            f"AND NOT EXISTS (FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r)) WHERE nth > 1"
        )

    def _one_bit(self, promise: Promise) -> str:
        mask, bit = divmod(self.promises.index(promise), _MASK_BITS)
        return ", ".join(f"{1 << bit if number == mask else 0}::BIGINT" for number in range(self._masks))

    def merge(self) -> None:
        """One entry a row, whatever number of unique columns it repeats."""
        masks = ", ".join(f"bit_or(m{number}) AS m{number}" for number in range(self._masks))
        also = "".join(f", any_value({name}) AS {name}" for name in self.carried)
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT f, r, any_value(kind) AS kind, {masks}{also} "
            f"FROM {TABLE} GROUP BY f, r"
        )
