"""A feature in the form that every formulation starts from: microseconds, numbered availabilities, exact parts."""

from __future__ import annotations

from dataclasses import dataclass

from balun.chain.duration import Duration


@dataclass(frozen=True)
class Part:
    """An aggregate of rows, of which values are made.

    function: rows, count, sum, min, max, first, last, latest, distinct, ordered_sum, ordered_std, or sql.
    sql: over the source's columns; None for rows. For `sql` the aggregate as the user wrote it.
    type: of `sql`.
    known: number of its availability.
    inputs: columns that an aggregate in SQL reads.
    sure: no row has a null here.
    bits: each value lies within ±2^bits, where that is known.
    """

    function: str
    sql: str | None
    type: str
    known: int = 0
    inputs: tuple[str, ...] = ()
    sure: bool = False
    bits: int | None = None


@dataclass(frozen=True)
class Rows:
    """The source's rows, in SQL over its columns.

    us: event time. known: for each availability, when a row is known; None: at its event time.
    order: after the event time these put an entity's rows in one order.
    number: a whole number of up to 64 bits that alone does so, and differs between such rows; None: there is none.
    """

    relation: str
    keys: tuple[str, ...]
    us: str
    known: tuple[str | None, ...]
    where: str | None
    order: tuple[str, ...]
    number: str | None


@dataclass(frozen=True)
class Probes:
    """The examples, in SQL over their columns.

    t: the first microsecond that is too late for a row. lows: where each window begins.
    """

    relation: str
    id: str
    keys: tuple[str, ...]
    t: str
    lows: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """What is put out. parts: their numbers. final: SQL over them, which stand as `{0}`, `{1}` …"""

    name: str
    parts: tuple[int, ...]
    window: int
    final: str


@dataclass(frozen=True)
class Question:
    """What is asked of the rows for each example.

    windows: a None reaches back for ever.
    """

    rows: Rows
    probes: Probes
    windows: tuple[Duration | None, ...]
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]

    @property
    def late(self) -> bool:
        """Whether any row may be known later than it happened."""
        return any(known is not None for known in self.rows.known)
