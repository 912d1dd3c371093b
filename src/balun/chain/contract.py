"""A contract: what one kind of event promises, and where its rows lie."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from balun.chain.limit import Limit
from balun.chain.mend import Mend
from balun.finding import Place

LogicalType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "time", "array", "object"]
Bound = int | float | Decimal | str


@dataclass(frozen=True)
class Column:
    """One property of a contract.

    dtype: the DuckDB type that its rows have once read, such as `BIGINT` or `TIMESTAMP WITH TIME ZONE`.
    key: its position in the primary key, counted from 1, or None.
    allowed: the values it may take, as text or numbers; empty where any is allowed.
    minimum, maximum: inclusive unless `open_minimum` or `open_maximum` says otherwise; text for dates and times.
    pattern: a regular expression that the whole text must match.
    unit: a pint unit, such as `minute` or `mile/hour`, or a currency's code.
    resolution: the smallest step, as written: `1 min`, `0.01`.
    available: SQL over the contract's columns for when the value can first be known; None: with the row.
    zone: the IANA zone in which a time without one is to be read; of a number, a date or a text that was read off a
    clock, where that hung.
    time_format: a strptime pattern for times kept as text; None: ISO 8601.
    references: `event.column` pairs that it must be found in.
    blank: it is null in every row. No contract says so; a change that asks what it is worth does.
    """

    name: str
    logical: LogicalType
    dtype: str
    place: Place
    required: bool = False
    unique: bool = False
    key: int | None = None
    allowed: tuple[str | int | float | bool, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    open_minimum: bool = False
    open_maximum: bool = False
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    unit: str | None = None
    resolution: str | None = None
    available: str | None = None
    zone: str | None = None
    time_format: str | None = None
    classification: str | None = None
    references: tuple[str, ...] = ()
    description: str | None = None
    blank: bool = False


@dataclass(frozen=True)
class Quality:
    """A rule of the contract beyond its columns' promises.

    kind: `sql` (a query whose single number is compared) or a library metric: `nullValues`, `missingValues`,
    `invalidValues`, `duplicateValues`, `rowCount`.
    operator: `mustBe`, `mustNotBe`, `mustBeGreaterThan`, `mustBeGreaterOrEqualTo`, `mustBeLessThan`,
    `mustBeLessOrEqualTo`, `mustBeBetween`, `mustNotBeBetween`.
    columns: what a library metric is about; empty for the whole table.
    arguments: the metric's own, as `(name, values)`.
    percent: compare the share of rows, 0 to 100, in place of their number.
    """

    name: str
    kind: str
    operator: str
    bounds: tuple[float, ...]
    place: Place
    columns: tuple[str, ...] = ()
    query: str | None = None
    arguments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    percent: bool = False


@dataclass(frozen=True)
class Files:
    """Events in local files: paths or globs, relative to the project's folder; `.gz` and `.zst` are unpacked.

    package: where the paths start instead, the folder of an installed Python package, found without importing it.
    null: the texts that stand for null in a CSV file.
    """

    format: Literal["parquet", "csv", "json"]
    paths: tuple[str, ...]
    place: Place
    package: str | None = None
    delimiter: str = ","
    header: bool = True
    null: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Postgres:
    """Events in a Postgres table, read by ADBC. A password is never here: `PGPASSWORD` or `~/.pgpass` has it."""

    host: str
    database: str
    table: str
    place: Place
    port: int = 5432
    schema: str = "public"
    user: str | None = None


Source = Files | Postgres


@dataclass(frozen=True)
class Contract:
    """What one kind of event promises: one schema object of an ODCS file.

    name: the event's name in SQL.
    key: the primary key's columns in their order; empty where none is promised.
    available: SQL over the columns for when a whole row can first be known, or None: at its own time.
    sampling: the share of rows captured, in (0, 1].
    granularity: what a row is, in words.
    latency, frequency: how late rows come at most, and how often, as written: `5 min`.
    limit: the most rows that may be set aside; None: the project's limit holds. mends: of its raw rows, in their order.
    """

    name: str
    owner: str | None
    version: str
    place: Place
    columns: tuple[Column, ...]
    source: Source | None
    quality: tuple[Quality, ...] = ()
    available: str | None = None
    sampling: float = 1.0
    status: str = "active"
    description: str | None = None
    relationships: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = field(default=())
    granularity: str | None = None
    latency: str | None = None
    frequency: str | None = None
    limit: Limit | None = None
    mends: tuple[Mend, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        keyed = [column for column in self.columns if column.key is not None]
        return tuple(column.name for column in sorted(keyed, key=lambda column: column.key or 0))

    @property
    def time(self) -> Column | None:
        """The first timestamp: when a row happened, where nothing else says."""
        return next((column for column in self.columns if column.logical == "timestamp"), None)

    def column(self, name: str) -> Column:
        """The column of that name, in any case, as DuckDB finds it. Raises KeyError."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise KeyError(name)


def over(contract: Contract, file: Path) -> Contract:
    """The contract over rows that lie in another file, typed already; without mends, and rules on them as a whole."""
    source = Files("parquet", (str(file),), contract.place)
    columns = tuple(replace(column, time_format=None) for column in contract.columns)
    return replace(contract, source=source, quality=(), columns=columns, limit=None, mends=())
