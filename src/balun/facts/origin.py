"""origin: which columns of which parents an output comes from, and how each is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal as OneOf

import duckdb

from balun.quoting import quoted
from balun.relational.bound import relation_of
from balun.relational.expression import Computed, Ref, Window, refs
from balun.relational.relation import (
    Column,
    Distinct,
    Filter,
    Group,
    Join,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unknown,
    Unnest,
    Windows,
    inputs,
)

Use = OneOf["value", "filter", "join", "group", "order"]
Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, order=True, slots=True)
class Origin:
    """A parent's column and what it is used for: `value`, `filter`, `join`, `group` or `order`."""

    parent: str
    column: str
    use: Use


Uses = frozenset[Origin]
NOTHING: Uses = frozenset()
Read = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pass:
    """An output that is an unchanged copy of a parent's column.

    read: the way that leads to the parent, so that two reads of one parent are told apart.
    extended: an outer join puts null where there is no row.
    """

    parent: str
    column: str
    read: Read
    extended: bool = False


@dataclass(frozen=True)
class Flow:
    """Of a relation. columns, passes: by position. rows: what decides which rows there are, how often, in which order.

    unknown: why some of it isn't known; then everything may come from everything below.
    """

    columns: tuple[Uses, ...]
    passes: tuple[Pass | None, ...]
    rows: Uses = NOTHING
    unknown: str | None = None

    def of(self, one: Computed, use: Use = "value") -> Uses:
        """What an expression over these columns is made of."""
        found = frozenset().union(*(self.columns[at] for at in refs(one)))
        return found if use == "value" else used(found, use)

    def all(self, some: Iterable[Computed], use: Use) -> Uses:
        return frozenset().union(*(self.of(one, use) for one in some))


def used(uses: Uses, use: Use) -> Uses:
    """What was a value is now used for this; what decided on rows before stays what it was."""
    return frozenset(replace(one, use=use) if one.use == "value" else one for one in uses)


def flow_of(relation: Relation, read: Read = ()) -> Flow:
    """Down to the Scans. A relation that is read twice is walked twice, so that its reads are told apart."""
    below = [flow_of(one, (*read, str(at))) for at, one in enumerate(inputs(relation))]
    found = _passed(relation, below, read)
    unknown = found.unknown or next((one.unknown for one in below if one.unknown), None)
    return replace(found, unknown=unknown)


def _passed(relation: Relation, below: Sequence[Flow], read: Read) -> Flow:
    match relation:
        case Scan():
            columns = tuple(frozenset({Origin(relation.parent, one.name, "value")}) for one in relation.columns)
            return Flow(columns, tuple(Pass(relation.parent, one.name, read) for one in relation.columns))
        case Made():
            return _nothing(len(relation.columns))
        case Filter():
            return _decided(below[0], below[0].all(relation.conditions, "filter"))
        case Project():
            return _projected(relation, below[0])
        case Join():
            return _joined(relation, below[0], below[1])
        case Group():
            return _grouped(relation, below[0])
        case Windows():
            return _widened(below[0], [_windowed(one, below[0]) for one in relation.windows])
        case Unnest():
            found = _widened(below[0], [below[0].of(one) for one in relation.lists])
            return _decided(found, below[0].all(relation.lists, "filter"))
        case Distinct():
            return _distinct(relation, below[0])
        case Sort():
            return _decided(below[0], below[0].all((one.by for one in relation.order), "order"))
        case SetOperation():
            return _set(relation, below)
        case Unknown():
            return _unknown(relation, below)
    return below[0]


def _nothing(width: int) -> Flow:
    return Flow((NOTHING,) * width, (None,) * width)


def _decided(of: Flow, more: Uses) -> Flow:
    return replace(of, rows=of.rows | more)


def _widened(of: Flow, more: Sequence[Uses]) -> Flow:
    return replace(of, columns=(*of.columns, *more), passes=(*of.passes, *(None for _ in more)))


def _projected(relation: Project, of: Flow) -> Flow:
    passes = tuple(of.passes[one.at] if isinstance(one, Ref) else None for one in relation.outputs)
    return Flow(tuple(map(of.of, relation.outputs)), passes, of.rows)


def _joined(relation: Join, left: Flow, right: Flow) -> Flow:
    both = Flow((*left.columns, *right.columns), (*left.passes, *right.passes), left.rows | right.rows)
    on = both.all(relation.conditions, "join")
    if relation.kind in {"semi", "anti"}:
        return Flow(left.columns, left.passes, both.rows | on)
    if relation.kind == "mark":  # the mark tells of the right's rows, and of nothing else
        return _widened(left, [on | used(right.rows, "join")])
    split = len(left.columns)
    gone = {"left": (False, True), "single": (False, True), "right": (True, False)}
    lefts, rights = gone.get(relation.kind, (relation.kind != "inner",) * 2)
    passes = (*_extended(both.passes[:split], lefts), *_extended(both.passes[split:], rights))
    return Flow(both.columns, passes, both.rows | on)


def _extended(passes: Sequence[Pass | None], yes: bool) -> Iterable[Pass | None]:
    return (replace(one, extended=True) if one and yes else one for one in passes)


def _grouped(relation: Group, of: Flow) -> Flow:
    """Of several rows no column is one row's, but keys, which are that of each."""
    whole = relation.sets == (tuple(range(len(relation.keys))),)
    keys = tuple(map(of.of, relation.keys))
    made = [of.of(one) | (used(of.of(one.where), "filter") if one.where else NOTHING) for one in relation.aggregates]
    rest = len(relation.columns) - len(keys) - len(made)
    passes = [of.passes[one.at] if isinstance(one, Ref) and whole else None for one in relation.keys]
    alone = passes if len({one.read for one in passes if one}) <= 1 else [None for _ in passes]
    columns = (*keys, *made, *(NOTHING for _ in range(rest)))
    return Flow(
        columns, (*alone, *(None for _ in made), *(None for _ in range(rest))), of.rows | of.all(relation.keys, "group")
    )


def _windowed(one: Window, of: Flow) -> Uses:
    """A window looks at other rows, so what decides which there are counts too."""
    orders = of.all((order.by for order in one.order), "order")
    where = of.of(one.where, "filter") if one.where else NOTHING
    values = frozenset().union(*(of.of(part) for part in (*one.args, *one.bounds)))
    return values | of.all(one.partition, "group") | orders | where


def _distinct(relation: Distinct, of: Flow) -> Flow:
    if relation.on is None:
        return _decided(of, used(frozenset().union(*of.columns), "group"))
    orders = of.all((one.by for one in relation.order), "order")
    return _decided(of, of.all(relation.on, "group") | orders)


def _set(relation: SetOperation, below: Sequence[Flow]) -> Flow:
    rows = frozenset().union(*(one.rows for one in below))
    columns = tuple(frozenset().union(*some) for some in zip(*(one.columns for one in below), strict=True))
    whole = used(frozenset().union(*columns), "filter" if relation.kind != "union" else "group")
    kept = below[0].columns if relation.kind != "union" else columns
    every = NOTHING if relation.kind == "union" and relation.all else whole
    return Flow(kept, (None,) * len(columns), rows | every)


def _unknown(relation: Unknown, below: Sequence[Flow]) -> Flow:
    everything = frozenset().union(*(some for one in below for some in (*one.columns, one.rows)))
    width = len(relation.columns)
    return Flow((everything,) * width, (None,) * width, everything, relation.reason)


@dataclass(frozen=True)
class Origins:
    """Of a SELECT. columns: by output; None where that can't be told: anything may be. passes: of copies.

    rows: what decides which rows there are, how often and in which order; None: anything may.
    """

    columns: Mapping[str, Uses | None]
    passes: Mapping[str, Pass]
    rows: Uses | None
    unknown: str | None = None


def origins(sql: str, schema: Schema) -> Origins:
    """schema: each parent's columns and types. `sql` is bound to them: it raises duckdb.Error where it doesn't fit.

    >>> found = origins("SELECT a AS x, b + 1 AS y FROM t WHERE c > 0", {"t": {"a": "INT", "b": "INT", "c": "INT"}})
    >>> found.passes["x"].column, sorted(found.columns["y"])
    ('a', [Origin(parent='t', column='b', use='value')])
    >>> sorted(found.rows)
    [Origin(parent='t', column='c', use='filter')]
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        for parent, types in schema.items():
            columns = ", ".join(f"{quoted(name)} {dtype}" for name, dtype in types.items())
            connection.execute(f"CREATE TABLE {quoted(parent)} ({columns})")
        made = [Column(row[0], row[1]) for row in connection.execute(f"DESCRIBE {sql}").fetchall()]
        flow = flow_of(relation_of(connection, sql, made))
    names = [one.name for one in made]
    if flow.unknown:
        return Origins(dict.fromkeys(names), {}, None, flow.unknown)
    passes = {name: one for name, one in zip(names, flow.passes, strict=True) if one}
    return Origins(dict(zip(names, flow.columns, strict=True)), passes, flow.rows)
