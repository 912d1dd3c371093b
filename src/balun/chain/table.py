"""A table: a SELECT over events and tables, a Python function for what SQL can't say, or one that can't be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from balun.chain.promised import Promised
from balun.finding import Place


@dataclass(frozen=True)
class Table:
    """A `.sql` file.

    sql: the file's text whole, front matter and all, so that lines count as in the file.
    lines: where `sql` was made of the file's text, the file's line of each of its lines; None: there is none.
    functions: `(name, DuckDB type)` of functions in `sql` that DuckDB doesn't have: of any arguments, and never run.
    parents: names of the events and tables it reads, found by parsing, in the order they appear.
    key: columns that make a row unique; empty where none is promised.
    at: the column with the row's own time, or None.
    available: `(column, SQL over this table's columns)` for when a value can first be known, where declared.
    required: columns promised not to be null, though the SQL can't prove it.
    units: `(column, unit)` promised.
    classification: `(column, class)` declared, whatever it is computed from: a hash of an address may be internal.
    promises: of the values of some columns, beyond `required`; tested on rows, and not believed before.
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
    promises: tuple[Promised, ...] = ()
    lines: tuple[int | None, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()

    def line(self, of: int) -> int | None:
        """The file's line, of one of `sql`, counted from 1."""
        if not self.lines:
            return of
        return self.lines[of - 1] if of <= len(self.lines) else None


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
    promises: tuple[Promised, ...] = ()


@dataclass(frozen=True)
class OpaqueTable:
    """A table of which only the columns are known: any of them may come from anything that its parents have.

    reason: why it isn't understood.
    columns: `(name, DuckDB type)`, in order.
    """

    name: str
    owner: str | None
    place: Place
    reason: str
    parents: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...] = ()
    at: str | None = None
    available: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    classification: tuple[tuple[str, str], ...] = ()
    description: str | None = None
    promises: tuple[Promised, ...] = ()


AnyTable = Table | PythonTable | OpaqueTable
