"""A table as a contract would have it: the same checks on rows that are typed already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from balun.chain.contract import Contract, Files
from balun.chain.graph import Node
from balun.chain.promised import column_of
from balun.chain.table import PythonTable, Table
from balun.errors import ProjectError, nearest
from balun.facts.on_rows import columns_of
from balun.quoting import quoted
from balun.scan.footers import footers
from balun.scan.reading import Reading
from balun.scan.rows import Rows, parquet, parquet_part, part_sql


def contract_of(connection: duckdb.DuckDBPyConnection, node: Node, files: Sequence[Path]) -> Contract:
    """What the table promises, of the columns that the files have.

    Raises ProjectError where they lack a column of which something is promised.
    """
    table = node.declared
    assert isinstance(table, Table | PythonTable)
    held = columns_of(connection, parquet(files[:1]))
    units, required = dict(table.units), {name.lower() for name in table.required}
    keys = {name.lower(): place for place, name in enumerate(table.key, 1)}
    columns = tuple(
        replace(
            column_of(one.name, one.dtype, table.place, table.promises),
            required=one.name.lower() in required,
            key=keys.get(one.name.lower()),
            unit=units.get(one.name),
        )
        for one in held
    )
    names = [one.name for one in columns]
    for name in (*table.key, *table.required, *(one.column for one in table.promises)):
        if name.lower() not in {one.lower() for one in names}:
            message = (
                f"{files[0].name} has no column {name}{nearest(name, names)}, of which {node.name} promises something"
            )
            raise ProjectError.at(
                "column-missing", table.place, message, mend="give rows of this table", owner=node.owner
            )
    source = Files("parquet", tuple(map(str, files)), table.place)
    return Contract(node.name, node.owner, "", table.place, columns, source)


def rows_of_table(contract: Contract, files: tuple[Path, ...]) -> Rows:
    """Nothing needs to be read: each value is one of its type, NaN too."""
    names = tuple(column.name for column in contract.columns)
    dtypes = tuple(column.dtype for column in contract.columns)
    readings = tuple(Reading(f"s.{quoted(name)}::VARCHAR", f"s.{quoted(name)}", "{given}", sure=True) for name in names)
    groups = tuple(group for at, file in enumerate(files) for group in footers(file, at, names))
    part = parquet_part(files, 0, readings, names, dtypes, groups)
    count = sum(group.rows for group in groups)
    return Rows(part_sql(part), tuple(file.name for file in files), count, (), (part,))
