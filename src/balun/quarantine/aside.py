"""SQL over the rows that a run set aside of one event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from balun.engine import Engine
from balun.quoting import in_parquet
from balun.scan.collected import Reason
from balun.snapshot import Snapshot, damaged

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "quarantine.parquet"
NTH = '"\u2060n"'
"""A row's number among those set aside, in the order of the source; beside columns of any name."""
LINE = "coalesce(try(decode(source_line)), source_line::VARCHAR)"
"""The line as text, with `\\xE9` for bytes that aren't UTF-8."""


def all_rows(snapshot: Snapshot) -> str:
    """A SELECT of all rows that were set aside, each with its number NTH."""
    return f"SELECT *, row_number() OVER () AS {NTH} FROM {in_parquet(snapshot.folder / FILE)}"


def limited(count: int | None) -> str:
    return "" if count is None else f" LIMIT {int(count)}"


def text_of(reason: Reason) -> str:
    """As it stands among a row's reasons."""
    return f"{reason.rule}: {reason.message}"


def ask(snapshot: Snapshot, sql: str) -> pa.Table:
    """What a SELECT gives. Raises ProjectError where a file of the snapshot is damaged."""
    with _reading(snapshot) as engine:
        return engine.connection.sql(sql).to_arrow_table()


def copy(snapshot: Snapshot, sql: str) -> None:
    """Runs a COPY. Raises ProjectError where a file of the snapshot is damaged."""
    with _reading(snapshot) as engine:
        engine.connection.execute(sql)


@contextmanager
def _reading(snapshot: Snapshot) -> Iterator[Engine]:
    with Engine(threads=1) as engine:  # by one thread rows are numbered in their order
        try:
            yield engine
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise damaged(snapshot, str(exc).splitlines()[0]) from exc
