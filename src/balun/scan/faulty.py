"""The rows that are set aside, as a table: each one's place, and a bit for every promise that it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from balun.chain.contract import Column, Contract
from balun.engine import Engine
from balun.quoting import literal
from balun.scan.narrowed import Branch, Narrowed, narrowed
from balun.scan.promises import Promise, duplicate_key, key_columns, not_unique
from balun.scan.reading import family
from balun.scan.rows import Rows
from balun.scan.twins import repeated

TABLE = "_balun_faulty"
KEPT = "kept"
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
    rows: Rows,
    columns: Sequence[Column],
    alone: Sequence[Promise],
    key: Sequence[Repeat],
    unique: Sequence[Repeat],
    besides: Sequence[Promise] = (),
    mending: Mends | None = None,
) -> Iterator[Faulty]:
    """Finds them all: what one row alone breaks, then whoever repeats a whole row's key, then a unique value.

    columns: of the rows. A row that is at fault already makes no other a repeat.
    besides: of one row alone too, and no reason to set it aside: who breaks nothing else is of the kind `kept`.
    mending: takes out again what it can mend, before repeats are looked for.
    """
    with _nan_looked_for(engine, rows):
        narrow = narrowed(engine, rows, columns, alone)
        more = narrowed(engine, rows, columns, besides)
        repeats = [one.promise for one in (*key, *unique)]
        proved = (*narrow.proved, *(False for _ in repeats), *more.proved)
        found = Faulty(engine, rows.sql, (*alone, *repeats, *besides), proved)
        try:
            found.find_alone(narrow)
            found = mending.cure(found) if mending else found
            found.find_repeated(key, "duplicate")
            found.find_repeated(unique, "quarantined")
            if mending:
                mending.recall(found)
            found.find_besides(more, len(alone) + len(repeats))
            found.merge()
            yield found
        finally:
            for table in (TABLE, _TWINS, _LATER, *narrow.tables, *more.tables):
                engine.connection.execute(f"DROP TABLE IF EXISTS {table}")


def _nan_looked_for(engine: Engine, rows: Rows) -> AbstractContextManager[None]:
    """Of a column whose footer tells of one value alone DuckDB takes each for that one, where NaN may be among them."""
    floats = any(family(dtype) == "float" for part in rows.parts for dtype in part.dtypes)
    return engine.without("statistics_propagation") if floats else nullcontext()


@dataclass(frozen=True)
class Faulty:
    """promises: by bit. proved: by promise, whether no row had to be read to see that none breaks it."""

    engine: Engine
    rows: str
    promises: tuple[Promise, ...]
    proved: tuple[bool, ...]

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

    def find_alone(self, narrow: Narrowed) -> None:
        """One entry a row, whatever number of branches find it."""
        found = self._found(narrow.rows, narrow.branches or (Branch("FALSE", ()),), "quarantined", 0)
        self.engine.connection.execute(f"CREATE OR REPLACE TEMP TABLE {TABLE} AS {found}")
        if len(narrow.branches) > 1:
            self.merge()

    def find_besides(self, narrow: Narrowed, first: int) -> None:
        """first: the number of the first of the promises that `narrow` is of."""
        if narrow.branches:
            found = self._found(narrow.rows, narrow.branches, KEPT, first)
            self.engine.connection.execute(f"INSERT INTO {TABLE} {found}")

    def _found(self, rows: str, branches: Sequence[Branch], kind: str, first: int) -> str:
        return " UNION ALL ".join(
            f"SELECT f, r, {literal(kind)} AS kind, {self._mask_of([first + bit for bit in one.bits])} "
            f"FROM ({rows}) WHERE {one.where}"
            for one in branches
        )

    @property
    def mask_names(self) -> list[str]:
        return [f"m{number}" for number in range(self._masks)]

    def masks(self, count: int) -> str:
        """SQL for the bits of the first `count` promises, which one row alone can break: `m0`, `m1` and so on."""
        return self._mask_of(range(count))

    def _mask_of(self, bits: Sequence[int]) -> str:
        return ", ".join(self._mask(number, bits) for number in range(self._masks))

    def _mask(self, number: int, bits: Sequence[int]) -> str:
        own = [bit for bit in bits if bit // _MASK_BITS == number]
        terms = [f"CASE WHEN {self.promises[bit].condition} THEN {1 << bit % _MASK_BITS} ELSE 0 END" for bit in own]
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
            f"INSERT INTO {_LATER} SELECT f, r, {literal(kind)}, {self._one_bit(repeat.promise)} FROM ("
            f"SELECT f, r, row_number() OVER (PARTITION BY {', '.join(values)} ORDER BY f, r) AS nth "
            f"FROM ({self.rows}) AS x WHERE {filled} AND {hashed} IN (FROM {_TWINS}) "
            f"AND NOT EXISTS (FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r)) WHERE nth > 1"
        )

    def _one_bit(self, promise: Promise) -> str:
        mask, bit = divmod(self.promises.index(promise), _MASK_BITS)
        return ", ".join(f"{1 << bit if number == mask else 0}::BIGINT" for number in range(self._masks))

    def merge(self) -> None:
        """One entry a row, with all that was found of it."""
        masks = ", ".join(f"bit_or(m{number}) AS m{number}" for number in range(self._masks))
        kind = f"coalesce(any_value(kind) FILTER (kind <> {literal(KEPT)}), {literal(KEPT)})"
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT f, r, {kind} AS kind, {masks} FROM {TABLE} GROUP BY f, r"
        )


def key_repeats(contract: Contract) -> list[Repeat]:
    return [Repeat(duplicate_key(contract), key_columns(contract))] if contract.key else []


def unique_repeats(contract: Contract) -> list[Repeat]:
    """A key of one column is unique already, and a row that breaks it is a duplicate."""
    return [
        Repeat(not_unique(column), (at,))
        for at, column in enumerate(contract.columns)
        if column.unique and contract.key != (column.name,)
    ]
