"""Random queries over random rows, before and after a random change: what is said to stay the same must."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from balun.chain.change import Change
from balun.chain.contract import Column, Contract
from balun.difference.captured import captured
from balun.difference.delta import OTHER, SAME, Delta, Same
from balun.difference.lockstep import Lockstep
from balun.difference.rows import Difference, Rows
from balun.facts.propagate import states_of
from balun.finding import Place
from balun.quoting import quoted
from balun.relational.bound import relation_of
from balun.relational.normal import normal
from balun.relational.relation import Column as Output
from balun.relational.relation import Relation, Scan, scans
from queries import random_query
from worlds import TABLES, Table, fill, given

_LOGICAL = {"INTEGER": "integer", "VARCHAR": "string", "DOUBLE": "number", "DATE": "date", "TIMESTAMP": "timestamp"}
_PLACE = Place("contracts/some.odcs.yaml")


def contract_of(table: Table) -> Contract:
    key = table.keys[0] if table.keys and set(table.keys[0]) <= table.there else ()
    columns = tuple(
        Column(
            name,
            _LOGICAL.get(dtype, "boolean"),  # type: ignore[arg-type]
            dtype,
            _PLACE,
            required=name in table.there,
            key=key.index(name) + 1 if name in key else None,
            unit="minute" if dtype == "DOUBLE" else None,
        )
        for name, dtype in table.columns
    )
    return Contract(table.name, "team", "1.0.0", _PLACE, columns, None)


def random_change(table: Table, chance: random.Random) -> Change:
    name, dtype = chance.choice(table.columns)
    one = chance.choice((*_OF_TYPE.get(dtype, ("nullable",)), "nullable", "rename", "drop", "sample", "require"))
    match one:
        case "retype":
            return Change("retype", table.name, name, to="VARCHAR" if dtype != "VARCHAR" else "INTEGER")
        case "widen":
            return Change("retype", table.name, name, to="BIGINT")
        case "rescale":
            return Change("rescale", table.name, name, to="second", was="minute")
        case "coarsen":
            return Change("coarsen", table.name, name, to=chance.choice(_STEPS[dtype]))
        case "recode":
            return Change("recode", table.name, name, to=chance.choice(("new", "q", "")), was="p")
        case "pool":
            return Change("pool", table.name, name, to=chance.choice(("new", "q", "p")), by=("p", "q"))
        case "add value":
            return Change("add value", table.name, name, to=chance.choice(("new", "p")))
        case "remove value":
            return Change("remove value", table.name, name, was="p")
        case "rename":
            return Change("rename", table.name, name, to=f"{name}_new")
        case "sample":
            return Change("sample", table.name, to="50%")
    return Change(one, table.name, name)


_OF_TYPE = {
    "INTEGER": ("coarsen", "coarsen", "retype", "widen"),
    "VARCHAR": ("recode", "recode", "pool", "add value", "remove value", "retype"),
    "DOUBLE": ("rescale", "coarsen", "retype"),
    "DATE": ("coarsen", "retype"),
    "TIMESTAMP": ("coarsen", "coarsen", "retype"),
    "BOOLEAN": ("retype",),
}
_STEPS = {"INTEGER": ("2",), "DOUBLE": ("1", "2"), "DATE": ("7 d",), "TIMESTAMP": ("1 min", "1 h", "1 d")}


@dataclass
class Tally:
    """same, fewer: claims that were tried on rows. possible: of columns, those that were the same on rows."""

    pairs: int = 0
    same: int = 0
    possible: int = 0
    wrong: list[str] = field(default_factory=list)


def mutate(seeds: range, *, changes: int, rows: int) -> Tally:
    tally = Tally()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in ("before", "after"):
            connection.execute(f"CREATE SCHEMA {name}")
        for seed in seeds:
            chance = random.Random(seed)
            sql = random_query(seed)
            _set(connection, "before")
            fill(connection, chance)
            try:
                relation = _relation(connection, sql)
            except duckdb.Error:
                continue
            read = {one.parent for one in scans(relation)}
            tables = [table for table in TABLES if table.name in read]
            if "random()" in sql or not tables:
                continue
            for _ in range(changes):
                _tried(connection, sql, relation, random_change(chance.choice(tables), chance), chance, rows, tally)
    return tally


def _set(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    connection.execute(f"SET schema = '{schema}'")


def _relation(connection: duckdb.DuckDBPyConnection, sql: str) -> Relation:
    told = connection.execute(f"DESCRIBE {sql}").fetchall()
    return relation_of(connection, sql, [Output(name, dtype) for name, dtype, *_ in told])


def _tried(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    relation: Relation,
    change: Change,
    chance: random.Random,
    rows: int,
    tally: Tally,
) -> None:
    table = next(one for one in TABLES if one.name == change.event)
    contract = contract_of(table)
    changed = change.edit(contract)
    _set(connection, "after")
    for other in TABLES:
        connection.execute(f"CREATE OR REPLACE TABLE {other.name} AS FROM before.{other.name}")
    _write(connection, change, contract, changed)
    try:
        after = _relation(connection, sql)
    except duckdb.Error:
        return
    found = difference(relation, after, change, captured(change, contract, changed))
    tally.pairs += 1
    for _ in range(rows):
        _set(connection, "before")
        fill(connection, chance)
        _set(connection, "after")
        for other in TABLES:
            connection.execute(f"CREATE OR REPLACE TABLE {other.name} AS FROM before.{other.name}")
        _write(connection, change, contract, changed)
        for fault in _faults(connection, sql, found, tally):
            tally.wrong.append(f"{change}\n  {sql}\n  {fault}")


def _write(connection: duckdb.DuckDBPyConnection, change: Change, contract: Contract, changed: Contract) -> None:
    """Rows that break the contract's key are set aside, as a run does."""
    made = change.rows(contract, f"before.{quoted(contract.name)}")
    if change.kind == "require":
        made += f" WHERE {quoted(change.column or '')} IS NOT NULL"
    key = [quoted(name) for name in changed.key]
    if key:
        there = " AND ".join(f"{name} IS NOT NULL" for name in key)
        twice = f"row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY rowid)"
        connection.execute(f"CREATE OR REPLACE TABLE {contract.name} AS {made}")
        kept = f"SELECT rowid AS nth FROM {contract.name} QUALIFY NOT ({there}) OR {twice} = 1"
        connection.execute(
            f"CREATE OR REPLACE TABLE {contract.name} AS SELECT * FROM {contract.name} "
            f"WHERE rowid IN ({kept}) ORDER BY rowid"
        )
    else:
        connection.execute(f"CREATE OR REPLACE TABLE {contract.name} AS {made}")


def difference(before: Relation, after: Relation, change: Change, of: Difference) -> Difference:
    """Of a query's relations in the worlds before and after. of: of the changed table."""
    table = next(one for one in TABLES if one.name == change.event)
    old = [name.lower() for name, _ in table.columns]
    new = [name.lower() for name in _after_names(table, change)]

    def scanned(one: Scan, other: Scan) -> Difference:
        read = [column.name.lower() for column in one.columns]
        if other.parent != change.event:
            places = tuple(read.index(c.name.lower()) if c.name.lower() in read else None for c in other.columns)
            return Difference(tuple(SAME for _ in other.columns), places)
        deltas: list[Delta] = []
        origins: list[int | None] = []
        for column in other.columns:
            name = column.name.lower()
            at = new.index(name) if name in new else None
            origin = of.origins[at] if at is not None else None
            was = old[origin] if origin is not None else ""
            whole = of.rows is Rows.ALIKE and of.in_order
            deltas.append(of.deltas[at] if at is not None else (SAME if whole else OTHER))
            origins.append(read.index(was) if was in read else None)
        whence = [new.index(c.name.lower()) if c.name.lower() in new else None for c in other.columns]
        lost = frozenset((at, value) for at, place in enumerate(whence) for one, value in of.lost if one == place)
        return Difference(tuple(deltas), tuple(origins), of.rows, of.in_order, lost)

    pair = normal(before), normal(after)
    states = [states_of(one, given_of(change)) for one in pair]
    return Lockstep(scanned, states[0], states[1], alike=True).of(*pair)


def _after_names(table: Table, change: Change) -> list[str]:
    names = [name for name, _ in table.columns]
    if change.kind == "drop":
        return [name for name in names if name != change.column]
    return [str(change.to) if change.kind == "rename" and name == change.column else name for name in names]


def given_of(change: Change):  # type: ignore[no-untyped-def]
    """Keys and nulls of the tables as they are before; of the changed one nothing but its key after."""

    def of(scan: Scan):  # type: ignore[no-untyped-def]
        from balun.facts.dependency import Dependencies
        from balun.facts.propagate import FACTS, State

        if scan.parent != change.event:
            return given(scan)
        table = next(one for one in TABLES if one.name == scan.parent)
        names = [one.name for one in scan.columns]
        key = table.keys[0] if table.keys and change.column not in (table.keys[0]) else ()
        known = Dependencies().with_keys([frozenset(map(names.index, key))] if key and set(key) <= set(names) else [])
        return State({fact.name: tuple(fact.unknown for _ in names) for fact in FACTS}, known)

    return of


def _faults(connection: duckdb.DuckDBPyConnection, sql: str, difference: Difference, tally: Tally) -> Iterator[str]:
    results = []
    for schema in ("before", "after"):
        _set(connection, schema)
        try:
            results.append(connection.execute(sql).fetchall())
        except duckdb.Error:
            return
    before, after = results
    kept = [
        (at, origin)
        for at, (delta, origin) in enumerate(zip(difference.deltas, difference.origins, strict=True))
        if isinstance(delta, Same) and origin is not None
    ]
    bags = [
        Counter(tuple(_plain(row[place]) for place in places) for row in rows)
        for rows, places in ((before, [origin for _, origin in kept]), (after, [at for at, _ in kept]))
    ]
    tally.possible += len(difference.deltas)
    if difference.rows is Rows.OTHER:
        return
    tally.same += len(kept) if difference.rows is Rows.ALIKE else 0
    if difference.rows is Rows.ALIKE and bags[0] != bags[1]:
        yield f"columns {[at for at, _ in kept]} aren't the same: {bags[0]} {bags[1]}"
    if difference.rows is Rows.FEWER and not bags[1] <= bags[0]:
        yield f"rows aren't fewer in {[at for at, _ in kept]}: {bags[0]} {bags[1]}"
    if difference.rows is Rows.ALIKE:
        for at, (delta, origin) in enumerate(zip(difference.deltas, difference.origins, strict=True)):
            if origin is not None and not delta.nulls:
                nulls = [sum(row[place] is None for row in rows) for rows, place in ((before, origin), (after, at))]
                if nulls[0] != nulls[1]:
                    yield f"column {at} has other nulls: {nulls}, {delta}"


def _plain(value: object) -> str:
    """Alike for sums in another order, and for both zeros."""
    return f"{value + 0.0:.9g}" if isinstance(value, float) else repr(value)
