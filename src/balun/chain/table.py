"""A table: a SELECT over events and tables, or a Python function for what SQL can't say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from balun.finding import Place


@dataclass(frozen=True)
class Table:
    """A `.sql` file.

    sql: the file's text whole, front matter and all, so that lines count as in the file.
    parents: names of the events and tables it reads, found by parsing, in the order they appear.
    key: columns that make a row unique; empty where none is promised.
    at: the column with the row's own time, or None.
    available: `(column, SQL over this table's columns)` for when a value can first be known, where declared.
    required: columns promised not to be null, though the SQL can't prove it.
    units: `(column, unit)` promised.
    classification: `(column, class)` declared, whatever it is computed from: a hash of an address may be internal.
    """

    name: str
    owner: str | None
    place: Place
    sql: str
    parents: tuple[str, ...]
    key: tuple[str, ...] = ()
    at: str | None = None
    available: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    classification: tuple[tuple[str, str], ...] = ()
    description: str | None = None


@dataclass(frozen=True)
class PythonTable:
    """A function over its parents' rows; its declared columns are assumed, then tested on what it returns.

    function: takes one `pyarrow.Table` a parent, by name, and returns one, or a Polars or pandas frame.
    columns: `(name, DuckDB type)` of what it returns, in order.
    code: the function's module as text without comments, docstrings and layout: a change of it rebuilds the table.
    """

    name: str
    owner: str | None
    place: Place
    function: Callable[..., object]
    parents: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    code: str
    key: tuple[str, ...] = ()
    at: str | None = None
    available: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    classification: tuple[tuple[str, str], ...] = ()
    description: str | None = None
