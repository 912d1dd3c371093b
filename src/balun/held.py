"""What a table or a contract promises, held against its rows in one statement. Rows that break it are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from balun.chain.contract import Contract
from balun.chain.graph import Node
from balun.chain.promised import column_of
from balun.chain.table import PythonTable, Table
from balun.facts.grid_text import written
from balun.facts.nullable import Nullable
from balun.facts.on_rows import Claim, columns_of, condition_claim, counted, key_claim, unique_claim, value_claim
from balun.facts.resolution import Resolution
from balun.finding import Finding
from balun.quoting import quoted
from balun.relational.relation import Column
from balun.scan.constant import constant
from balun.scan.promises import of_value

RULE = "promise-broken"
Told = dict[str, object]


@dataclass(frozen=True)
class Promise:
    """said: what is so instead, in words, of the rows that break it. column: whose it is, where it is one's."""

    claim: Claim
    said: str
    mend: str
    column: str | None = None


def held(connection: duckdb.DuckDBPyConnection, node: Node, rows: str) -> tuple[int, list[Told]]:
    """How many rows there are; and a finding, with its column, for each promise that some of them break.

    rows: what FROM reads. Of an event: what its scan doesn't set rows aside for.
    """
    promises = tuple(_promises(connection, node, columns_of(connection, rows), rows))
    number, counts = counted(connection, rows, [one.claim for one in promises])
    return number, [_found(node, one, broken, number) for one, broken in zip(promises, counts, strict=True) if broken]


def _promises(
    connection: duckdb.DuckDBPyConnection, node: Node, columns: Sequence[Column], rows: str
) -> Iterator[Promise]:
    match node.declared:
        case Table() | PythonTable() as table:
            yield from _of_table(table, rows)
            for one in columns:
                yield from _of_values(connection, table, one)
        case Contract() as contract:
            yield from _of_contract(contract, {one.name: one for one in columns})


def _of_table(table: Table | PythonTable, rows: str) -> Iterator[Promise]:
    if table.key:
        said = f"its key ({', '.join(table.key)}) is not unique: it repeats that of another row"
        mend = "add what tells the rows apart to the key, or join on a unique key"
        yield Promise(key_claim(table.key, rows), said, mend)
    for name in dict.fromkeys([*table.key, *table.required]):
        claim = value_claim(_NULLABLE, False, Column(name, ""))
        if claim:
            yield Promise(claim, f"{name} is null", f"filter them, give them a value, or don't promise {name}", name)


def _of_values(connection: duckdb.DuckDBPyConnection, table: Table | PythonTable, column: Column) -> Iterator[Promise]:
    """References aren't among them: what they lead to may not be made yet. `balun scan` tests them."""
    promised = column_of(column.name, column.dtype, table.place, table.promises)

    def written(_: object, value: object) -> str:
        return constant(connection, promised, value, "UTC", table.owner)

    mend = f"mend what makes {column.name}, or the promise"
    for one in of_value(quoted(column.name), promised, written):
        yield Promise(
            condition_claim(one.rule, column.name, one.condition), f"{one.message}, and isn't", mend, column.name
        )
    if promised.unique:
        said = f"{column.name} must be unique, and repeats another row's"
        yield Promise(unique_claim(column.name), said, mend, column.name)


def _of_contract(contract: Contract, columns: Mapping[str, Column]) -> Iterator[Promise]:
    for one in contract.columns:
        steps = _RESOLUTION.captured(one, contract)
        claim = value_claim(_RESOLUTION, steps, columns[one.name]) if one.resolution else None
        if claim:
            said = f"{one.name} isn't on steps of {written(steps, one.dtype)}"
            mend = f"mend what captures {contract.name}, or the resolution: these rows are kept"
            yield Promise(claim, said, mend, one.name)


def _found(node: Node, promise: Promise, broken: int, rows: int) -> Told:
    declared = node.declared
    own = declared.column(promise.column) if isinstance(declared, Contract) and promise.column else declared
    message = f"{node.name} breaks its promise: {promise.said} in {broken:,} of {rows:,} rows"
    found = Finding(RULE, own.place, message, mend=promise.mend, owner=node.owner)
    return {**found.as_json(), "column": promise.column}


_NULLABLE, _RESOLUTION = Nullable(), Resolution()
