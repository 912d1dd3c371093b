"""Values that must be found in another node's rows, as its last run left them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from balun.chain.contract import Contract
from balun.engine import types_of
from balun.quoting import in_parquet, quoted
from balun.scan.promises import Promise
from balun.scan.reading import family
from balun.scan.rows import Rows
from balun.snapshot import Snapshot

TABLE = "_balun_orphan"
RULE = "reference-missing"
Parent = Callable[[str], Snapshot | None]
"""The snapshot of an event or a table by its name."""


@dataclass(frozen=True)
class Reference:
    """columns: of the contract, by number. target: another node's name, and its columns."""

    columns: tuple[int, ...]
    target: str
    names: tuple[str, ...]

    def says(self, contract: Contract) -> str:
        own = ", ".join(contract.columns[at].name for at in self.columns)
        return f"{own} must be found in {self.target} ({', '.join(self.names)})"

    def column(self, contract: Contract) -> str | None:
        return contract.columns[self.columns[0]].name if len(self.columns) == 1 else None


def references(contract: Contract) -> Iterator[Reference]:
    """Of its columns, then its own."""
    for at, column in enumerate(contract.columns):
        for target in column.references:
            node, _, name = target.partition(".")
            yield Reference((at,), node, (name,))
    places = {column.name.lower(): at for at, column in enumerate(contract.columns)}
    for own, node, names in contract.relationships:
        yield Reference(tuple(places[name.lower()] for name in own), node, names)


def orphans(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: Rows, number: int, one: Reference, parent: Snapshot
) -> Promise:
    """A promise that reads a table of the values that aren't found: `_balun_orphan` and its number."""
    table, places = f"{TABLE}{number}", range(len(one.columns))
    source = in_parquet(parent.rows)
    types = {name.lower(): dtype for name, dtype in types_of(connection, source).items()}
    values = ", ".join(f"t{at} AS v{place}" for place, at in enumerate(one.columns))
    filled = " AND ".join(f"t{at} IS NOT NULL" for at in one.columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT DISTINCT {values} FROM ({rows.sql}) WHERE {filled}"
    )
    met = []
    for place, at, name in zip(places, one.columns, one.names, strict=True):
        own, other = f"v{place}", f"y.{quoted(name)}"
        alike = family(contract.columns[at].dtype) == family(types[name.lower()])
        met.append(f"{own} = {other}" if alike else f"{own}::VARCHAR = {other}::VARCHAR")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {table} ANTI JOIN {source} AS y ON {' AND '.join(met)}"
    )
    given = f"t{one.columns[0]}" if len(one.columns) == 1 else f"row({', '.join(f't{at}' for at in one.columns)})"
    kept = "v0" if len(one.columns) == 1 else f"row({', '.join(f'v{place}' for place in places)})"
    condition = f"{given} IN (SELECT {kept} FROM {table})"
    return Promise(RULE, one.column(contract), one.says(contract), condition)
