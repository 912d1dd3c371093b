"""Features: point-in-time values of an example. Declarations are data; nothing runs here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from balun.chain.duration import Duration
from balun.finding import Place

Function = Literal[
    "count", "sum", "mean", "min", "max", "std", "count_distinct", "first", "last", "rate", "sql"
]  # fmt: skip


@dataclass(frozen=True)
class Value:
    """One aggregate. Nulls are left out, as SQL does; over no rows a count is 0 and the rest are null.

    expression: SQL over the source's columns; None for `count()`, which counts rows; for `sql` the whole aggregate.
    `rate` is the share of rows, among those where the condition is known, for which it is true.
    `std` is the sample's (n − 1), null below two values. `first` and `last`: the earliest and latest value not null.
    """

    name: str
    function: Function
    expression: str | None


@dataclass(frozen=True)
class Aggregate:
    """Aggregates of the source's rows of the example's entity in `[at − w, at)`, for each window w.

    by: columns found in both the source and the examples.
    at: the source's column with the event's time.
    inclusive: a row available, or placed, at exactly the example's `at` counts too: `(at − w, at]`.
    """

    source: str
    by: tuple[str, ...]
    at: str
    over: tuple[Duration, ...]
    values: tuple[Value, ...]
    place: Place
    where: str | None = None
    inclusive: bool = False
    owner: str | None = None

    def outputs(self, name: str) -> tuple[tuple[str, Value, Duration], ...]:
        """`(column, value, window)` in the order of the columns: `traffic_delay_3h`."""
        return tuple(
            (f"{name}_{value.name}_{window.label}", value, window) for value in self.values for window in self.over
        )


@dataclass(frozen=True)
class Latest:
    """The columns of the latest row of the entity known before the example, no older than `max_age`.

    Where a column becomes available later than its row, each column takes the latest row in which it was known.
    A null in that row is the answer null; older rows are not searched for a value.
    Ties: the later row by `at`, then by the source's key, then by its other columns in their order.
    """

    source: str
    by: tuple[str, ...]
    at: str
    names: tuple[str, ...]
    place: Place
    max_age: Duration | None = None
    where: str | None = None
    inclusive: bool = False
    owner: str | None = None

    def outputs(self, name: str) -> tuple[tuple[str, str], ...]:
        """`(column, source's column)` in order: `weather_visib`."""
        return tuple((f"{name}_{column}", column) for column in self.names)


@dataclass(frozen=True)
class Columns:
    """Columns of the examples themselves, used as they are; part of a corpus, no node of their own."""

    names: tuple[str, ...]
    place: Place


Feature = Aggregate | Latest
