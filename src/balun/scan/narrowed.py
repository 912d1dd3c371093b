"""Less to read and to compare: what footers prove isn't looked at, and texts are judged once a value, not once a row.

Of Parquet files alone: what a text file holds nothing tells but reading it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import duckdb

from balun.chain.contract import Column
from balun.engine import Engine
from balun.quoting import quoted
from balun.scan.footers import Group
from balun.scan.promises import Promise
from balun.scan.reading import family
from balun.scan.rows import Part, Rows, parquet, part_sql

BAD = "_balun_bad"
_NULL = frozenset({"value-null", "key-null"})
_ENDS = frozenset({"value-low", "value-high", "value-unreadable", "time-nonexistent", "value-impossible"})
# Looked up among values that were found before: as one of several conditions it would be for each row.
_LOOKED_UP = frozenset({"reference-missing"})
_OF_ONE = frozenset({"value-unknown", "text-short", "text-long", "pattern-broken"})
_UTC = frozenset({"UTC", "Etc/UTC"})
# The pairs of types between which a reading keeps the order of values, and can read all between two it can read.
_ORDERED = frozenset(
    {(one, one) for one in ("integer", "date", "time", "timestamp", "timestamptz", "text", "boolean")}
    | {("integer", "decimal"), ("integer", "float"), ("decimal", "float"), ("date", "timestamp"), ("float", "float")}
)
# Pages smaller than this hold places in a dictionary: then there are few values.
_BYTES_A_PLACE = 3
_MOST_BAD = 10_000
# Where more than this share must be read, all is: one statement over whole files is faster than one over parts.
_SHARE = 0.7


@dataclass(frozen=True)
class Branch:
    """where: what rows meet that break one of some promises, and no others. bits: the promises, by number."""

    where: str
    bits: tuple[int, ...]


@dataclass(frozen=True)
class Narrowed:
    """rows: a SELECT as of `Rows`, of the row groups that must be read. branches: to be looked for in these.

    proved: by promise, whether footers alone show that no row breaks it. tables: to be dropped.
    """

    rows: str
    branches: tuple[Branch, ...]
    proved: tuple[bool, ...]
    tables: tuple[str, ...] = ()


def narrowed(engine: Engine, rows: Rows, columns: Sequence[Column], promises: Sequence[Promise]) -> Narrowed:
    """promises: of one row alone, over `columns`."""
    if not promises:
        return Narrowed(rows.sql, (), ())
    if not rows.parts or not all(part.groups for part in rows.parts):
        return Narrowed(rows.sql, (_any(promises, range(len(promises))),), (False,) * len(promises))
    names = [column.name for column in columns]
    at = [None if one.column is None else names.index(one.column) for one in promises]
    open_ = _unproved(engine, rows, columns, promises, at)
    branches, tables = _branches(engine, rows, columns, promises, at, open_)
    return Narrowed(
        _rows_of(rows, set().union(*open_)), tuple(branches), tuple(not groups for groups in open_), tuple(tables)
    )


def _any(promises: Sequence[Promise], bits: Sequence[int]) -> Branch:
    return Branch(" OR ".join(f"({promises[bit].condition})" for bit in bits) or "FALSE", tuple(bits))


def _unproved(
    engine: Engine, rows: Rows, columns: Sequence[Column], promises: Sequence[Promise], at: Sequence[int | None]
) -> list[set[tuple[int, int]]]:
    """Of each promise, the row groups that may hold rows that break it: by part and place in it."""
    found: list[set[tuple[int, int]]] = [set() for _ in promises]
    for number, part in enumerate(rows.parts):
        kept = _kept_at_ends(engine, part, promises)
        for place, group in enumerate(part.groups):
            for promise, column in enumerate(at):
                if (column is not None or promises[promise].rule in _LOOKED_UP) and not _proved(
                    promises[promise], part, columns, column, group, kept[place][promise]
                ):
                    found[promise].add((number, place))
    return found


def _proved(
    promise: Promise, part: Part, columns: Sequence[Column], column: int | None, group: Group, kept: tuple[bool, bool]
) -> bool:
    if column is None:
        return False
    told, reading = group.told[column], part.readings[column]
    if promise.rule in _NULL:
        return told.nulls == 0 and not part.dtypes[column].endswith("_NS")
    if reading.sure and promise.rule == "value-unreadable":
        return True
    if told.nulls == group.rows:
        return True
    have, want = family(part.dtypes[column]), family(columns[column].dtype)
    if told.ends is None or not _is_ordered(have, want, part, columns, column):
        return False
    if promise.rule in _ENDS and have != "text":
        # NaN lies outside the ends: it can't be read, or where it can, it is more than any number.
        odd = _ENDS - {"value-low"} if reading.sure else {"value-unreadable"}
        return all(kept) and not (have == "float" and promise.rule in odd)
    # Of texts the order tells nothing: between two that can be read may stand one that can't.
    return promise.rule in _ENDS | _OF_ONE and told.ends[0] == told.ends[1] and all(kept) and have != "float"


def _is_ordered(have: str, want: str, part: Part, columns: Sequence[Column], column: int) -> bool:
    reading = part.readings[column]
    if reading.local is not None:
        return (have, want) in {("timestamp", "timestamptz"), ("date", "timestamptz")} and reading.zone in _UTC
    same = part.dtypes[column].upper() == columns[column].dtype.upper()
    return (have, want) in _ORDERED or (have == want == "decimal" and same)


def _kept_at_ends(engine: Engine, part: Part, promises: Sequence[Promise]) -> list[list[tuple[bool, bool]]]:
    """Of each row group and promise, whether the least and the greatest value of its column keep it."""
    own = {name: number for number, name in enumerate(part.names)}  # two columns may be read from one
    lists = [_end_values(engine, part, number) for number in own.values()]
    given = ", ".join(f"unnest(?::{part.dtypes[number]}[]) AS {quoted(name)}" for name, number in own.items())
    ends = f"unnest(range({2 * len(part.groups)})) AS _balun_end"
    place = ("0", "_balun_end", "NULL::VARCHAR", "NULL::BLOB")
    sql = part_sql(replace(part, source=f"(SELECT {ends}, {given}) AS s", place=place))
    kept = ", ".join(
        f"coalesce(({promise.condition}) = FALSE, FALSE)" if promise.rule in _ENDS | _OF_ONE else "TRUE"
        for promise in promises
    )
    told = engine.connection.execute(f"SELECT {kept} FROM ({sql}) ORDER BY r", lists).fetchall()
    return [list(zip(told[2 * place], told[2 * place + 1], strict=True)) for place in range(len(part.groups))]


def _end_values(engine: Engine, part: Part, column: int) -> list[object]:
    """Of each row group the least and the greatest; None where nothing is told, or not in the type that is read.

    As Python's own values: a list that becomes an Arrow array imports pandas, which takes half a second.
    """
    values = [one for group in part.groups for one in group.told[column].ends or (None, None)]
    try:
        engine.connection.execute(f"SELECT ?::{part.dtypes[column]}[]", [values])
    except (duckdb.Error, OverflowError, TypeError, ValueError):
        return [None] * len(values)
    return values


def _branches(
    engine: Engine,
    rows: Rows,
    columns: Sequence[Column],
    promises: Sequence[Promise],
    at: Sequence[int | None],
    open_: Sequence[set[tuple[int, int]]],
) -> tuple[list[Branch], list[str]]:
    """With the tables that they read.

    A branch for each text: as one of several conditions DuckDB would test each row, alone it skips what can't be.
    """
    left = [bit for bit, groups in enumerate(open_) if groups]
    looked_up = [bit for bit in left if promises[bit].rule in _LOOKED_UP]
    by_row: list[int] = []
    by_value: dict[int, list[int]] = {}
    for bit in (one for one in left if one not in looked_up):
        column = at[bit]
        if promises[bit].rule in _OF_ONE and column is not None and _has_few_values(rows, columns[column], column):
            by_value.setdefault(column, []).append(bit)
        else:
            by_row.append(bit)
    branches, tables = [_any(promises, [bit]) for bit in looked_up], []
    for column, bits in by_value.items():
        bad = f"{BAD}{column}"
        tables.append(bad)
        some = _rows_of(rows, set().union(*(open_[bit] for bit in bits)))
        count = _bad_values(engine, bad, f"SELECT DISTINCT t{column} FROM ({some})", _any(promises, bits).where)
        if count > _MOST_BAD:
            by_row += bits
        elif count:
            branches.append(Branch(f"t{column} IN (FROM {bad})", tuple(bits)))
    return [*([_row_by_row(rows, promises, by_row)] if by_row else []), *branches], tables


def _row_by_row(rows: Rows, promises: Sequence[Promise], bits: Sequence[int]) -> Branch:
    """A condition on one column alone DuckDB asks of its footer first, which doesn't tell of NaN; not so one on two."""
    one = _any(promises, bits)
    floats = any(family(dtype) == "float" for part in rows.parts for dtype in part.dtypes)
    return replace(one, where=f"{one.where} OR r < 0") if floats else one


def _bad_values(engine: Engine, table: str, values: str, broken: str) -> int:
    """In two steps: DuckDB would test each row first, and make the values that fail distinct."""
    run = engine.connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE {table} AS {values}")
    run(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {table} WHERE {broken}")
    return int(run(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _has_few_values(rows: Rows, column: Column, at: int) -> bool:
    if family(column.dtype) != "text":
        return False
    told = [(group.told[at].bytes, group.rows) for part in rows.parts for group in part.groups]
    return all(size is not None and size < _BYTES_A_PLACE * count + 100_000 for size, count in told)


def _rows_of(rows: Rows, needed: set[tuple[int, int]]) -> str:
    count = sum(rows.parts[part].groups[place].rows for part, place in needed)
    if count > _SHARE * rows.count or not needed:
        return rows.sql
    parts = []
    for number, part in enumerate(rows.parts):
        chosen = [part.groups[place] for one, place in sorted(needed) if one == number]
        if chosen:
            parts.append(part_sql(replace(part, source=_ranges(part, chosen))))
    return " UNION ALL ".join(parts)


def _ranges(part: Part, groups: Sequence[Group]) -> str:
    """The rows of some row groups: DuckDB reads no others."""
    selects = []
    for file, some in groupby(groups, attrgetter("file")):
        listed = list(some)
        at = file - part.start
        for first, last in _joined([(one.first, one.first + one.rows - 1) for one in listed]):
            chosen = f"{parquet([part.files[at]])} WHERE file_row_number BETWEEN {first} AND {last}"
            selects.append(f"SELECT *, {at} AS file_index, file_row_number FROM {chosen}")
    return f"({' UNION ALL '.join(selects)}) AS s"


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that follow one another as one.

    >>> _joined([(0, 9), (10, 19), (30, 39)])
    [(0, 19), (30, 39)]
    """
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and found[-1][1] + 1 == first:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found
