"""The rows of an event, a table or a corpus as drift looks at them: with their time, day and lateness."""

from __future__ import annotations

from pathlib import Path

import duckdb

from balun.chain.graph import Graph, Node
from balun.drift.column import kind_of, number_sql
from balun.drift.days import Dated
from balun.drift.unit import Side
from balun.engine import types_of
from balun.errors import ProjectError, UsageError
from balun.facts.supply import LABEL_KNOWN, Supply
from balun.finding import Place
from balun.quoting import in_parquet, literal, quoted
from balun.snapshot import Snapshot

_READERS = {
    ".parquet": "read_parquet({})",
    ".csv": "read_csv({}, sample_size = -1)",
    ".json": "read_json({})",
    ".jsonl": "read_json({})",
    ".ndjson": "read_json({})",
}


def relation_of(made: Snapshot) -> str:
    rows = in_parquet(made.rows)
    hidden = f"(SELECT * EXCLUDE ({LABEL_KNOWN}) FROM {rows})"
    return hidden if made.step.startswith("corpus:") else rows


def file_relation(file: Path) -> str:
    """What FROM reads of a data file. Raises UsageError where there is none, or of a kind that isn't read."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    ending = next((one for one in file.suffixes[::-1] if one in _READERS), "")
    if not ending:
        raise UsageError(f"{file} is not read: it must end in {', '.join(_READERS)}")
    return _READERS[ending].format(literal(str(file)))


def side_of(connection: duckdb.DuckDBPyConnection, relation: str, time: str | None, file: Path | None = None) -> Side:
    """Raises ProjectError where a file that was given can't be read."""
    try:
        told = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
        types = types_of(connection, relation)
    except duckdb.Error as exc:
        if file is None:
            raise
        raise ProjectError.at(
            "file-unreadable",
            Place(str(file)),
            f"can't be read: {str(exc).splitlines()[0]}",
            mend="make it a whole Parquet, CSV or JSON file",
        ) from exc
    timed = time is not None and time in types and kind_of(types[time]) == "time"
    return Side(relation, int(told[0]) if told else 0, number_sql(time, types[time]) if timed and time else None)


def dated(
    connection: duckdb.DuckDBPyConnection, graph: Graph, supply: Supply, node: Node, made: Snapshot
) -> Dated | None:
    """None where no column says when a row happened."""
    time, relation = node.time, relation_of(made)
    types = types_of(connection, relation)
    if time is None or kind_of(types.get(time, "")) != "time":
        return None
    local = quoted(time)
    if types[time] == "TIMESTAMP WITH TIME ZONE":
        local = f"timezone({literal(graph.config.zone)}, {local})"
    known = supply.available[node.id].row if node.id in supply.available else None
    late = f"epoch(({known})::TIMESTAMPTZ) - epoch({quoted(time)}::TIMESTAMPTZ)" if known else None
    there = f"CASE WHEN isfinite({local}) THEN {local}::TIMESTAMP END"
    day, second = _day(f"({there})::DATE"), f"epoch(({there})::TIME)"
    return Dated(relation, day, second, late, _aside(connection, time, made), number_sql(time, types[time]))


def _aside(connection: duckdb.DuckDBPyConnection, time: str, made: Snapshot) -> tuple[str, str] | None:
    """Rows that a contract's scan set aside, by what their raw time says, where it can be read."""
    file = made.folder / "quarantine.parquet"
    if not file.exists():
        return None
    relation = in_parquet(file)
    names = types_of(connection, relation)
    return (
        (relation, _day(f"TRY_CAST(TRY_CAST({quoted(time)}::VARCHAR AS TIMESTAMP) AS DATE)")) if time in names else None
    )


def _day(sql: str) -> str:
    """Null where it is of no year that a calendar has."""
    return f"(CASE WHEN {sql} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN {sql} END)"
