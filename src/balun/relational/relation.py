"""Relations: steps that make rows of rows. Each says its columns; expressions in it count its input's columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal as OneOf

from balun.relational.expression import Aggregate, Expression, Order, Window

Join_ = OneOf["inner", "left", "right", "full", "semi", "anti", "single", "mark", "positional"]


# Functions that make rows of one number each, each another.
NUMBERS = frozenset({"range", "generate_series"})


@dataclass(frozen=True, slots=True)
class Column:
    """name: as the SQL or the table calls it; inner columns may have none."""

    name: str
    dtype: str


@dataclass(frozen=True, eq=False)
class Scan:
    """An event or a table of the chain. columns: those that are read, by name; the row's number has none.

    mark: tells this read from the others of its SELECT, alike whenever the SELECT is read.
    """

    parent: str
    columns: tuple[Column, ...]
    mark: int | None = None


@dataclass(frozen=True, eq=False)
class Made:
    """Rows that no table holds: VALUES, one empty row, what a function makes.

    rows: their values, where they are known. function: which makes them, where one does.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Expression, ...], ...] | None
    function: str = ""


@dataclass(frozen=True, eq=False)
class Filter:
    """Rows for which every condition is true."""

    input: Relation
    conditions: tuple[Expression, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.input.columns


@dataclass(frozen=True, eq=False)
class Project:
    """read: it stands for one read of a WITH, whose rows another read may pair with others. mark: as a Scan's."""

    input: Relation
    columns: tuple[Column, ...]
    outputs: tuple[Expression, ...]
    read: bool = False
    mark: int | None = None


@dataclass(frozen=True, eq=False)
class Join:
    """Pairs of rows for which every condition is true.

    single: as left, and each left row meets one right row at most. semi, anti: left rows that meet one, or none.
    mark: each left row, with whether it meets one: null where only a null keeps it from being told.
    asof: of the right rows that meet, only the last by the one condition that is no equality.
    """

    left: Relation
    right: Relation
    kind: Join_
    conditions: tuple[Expression, ...]
    asof: bool = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        if self.kind in {"semi", "anti"}:
            return self.left.columns
        if self.kind == "mark":
            return (*self.left.columns, Column("", "BOOLEAN"))
        return (*self.left.columns, *self.right.columns)


@dataclass(frozen=True, eq=False)
class Group:
    """A row for each group: keys, then aggregates, then a number for each GROUPING().

    sets: of GROUPING SETS, positions in `keys`; one set of all keys where none are written. A set of none is one row
    always. groupings: of each GROUPING(), positions in `keys`.
    """

    input: Relation
    keys: tuple[Expression, ...]
    aggregates: tuple[Aggregate, ...]
    sets: tuple[tuple[int, ...], ...]
    columns: tuple[Column, ...]
    groupings: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Windows:
    """The input's rows, with a column for each window."""

    input: Relation
    windows: tuple[Window, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, eq=False)
class Unnest:
    """Each row as often as its lists are long, with their values behind it."""

    input: Relation
    lists: tuple[Expression, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, eq=False)
class Distinct:
    """on: None: rows that differ; else the first in `order` of those that agree on these."""

    input: Relation
    on: tuple[Expression, ...] | None
    order: tuple[Order, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.input.columns


@dataclass(frozen=True, eq=False)
class Sort:
    input: Relation
    order: tuple[Order, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.input.columns


@dataclass(frozen=True, eq=False)
class Limit:
    """Some of the rows. at_most: how many, where that is written. sampled: by chance."""

    input: Relation
    at_most: int | None
    skips: bool = False
    sampled: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.input.columns


@dataclass(frozen=True, eq=False)
class SetOperation:
    """Branches agree in number and types of columns. all: rows count as often as they come."""

    kind: OneOf["union", "except", "intersect"]
    all: bool
    branches: tuple[Relation, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True, eq=False)
class Unknown:
    """What isn't understood: any rows at all, made of the inputs. place: in the SQL, in bytes."""

    reason: str
    inputs: tuple[Relation, ...]
    columns: tuple[Column, ...]
    place: int | None = field(default=None)


Relation = (
    Scan | Made | Filter | Project | Join | Group | Windows | Unnest | Distinct | Sort | Limit | SetOperation | Unknown
)


def inputs(of: Relation) -> tuple[Relation, ...]:
    match of:
        case Scan() | Made():
            return ()
        case Join():
            return of.left, of.right
        case SetOperation():
            return of.branches
        case Unknown():
            return of.inputs
    return (of.input,)


def ordered(of: Relation) -> Iterator[Relation]:
    """Each relation below it once, inputs first, it last."""
    seen: set[int] = set()
    todo: list[tuple[Relation, bool]] = [(of, False)]
    while todo:
        one, done = todo.pop()
        if done:
            yield one
        elif id(one) not in seen:
            seen.add(id(one))
            todo.append((one, True))
            todo.extend((below, False) for below in reversed(inputs(one)))


def mark(of: Scan | Project) -> int:
    """What tells this read from the others of its SELECT."""
    return id(of) if of.mark is None else of.mark


def scans(of: Relation) -> tuple[Scan, ...]:
    return tuple(one for one in ordered(of) if isinstance(one, Scan))
