"""DuckDB: the only door to rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb
from duckdb.func import FunctionNullHandling

if TYPE_CHECKING:
    from balun.chain.config import Config


class Engine:
    """An in-memory database that spills to `spill`.

    memory: as DuckDB writes it, `4GB`; None: 80 % of the machine. threads: None: all cores.
    Times are in UTC, and rows keep the order that a query gives them, so that the same inputs give the same bytes.
    """

    def __init__(self, *, memory: str | None = None, threads: int | None = None, spill: Path | None = None) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {"preserve_insertion_order": True}
        if memory is not None:
            settings["memory_limit"] = memory
        if threads is not None:
            settings["threads"] = threads
        if spill is not None:
            settings["temp_directory"] = str(spill)
        self.connection = duckdb.connect(config=settings)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET enable_progress_bar = false")  # Balun shows its own

    @classmethod
    def of(cls, config: Config, spill: Path | None = None) -> Self:
        """As a project has it set."""
        return cls(memory=config.memory, threads=config.threads, spill=spill)

    @contextmanager
    def without(self, *optimizers: str) -> Iterator[None]:
        """Queries inside are planned without these, and without those that were left out already."""
        before = str(self.connection.execute("SELECT current_setting('disabled_optimizers')").fetchall()[0][0] or "")
        self.connection.execute("SET disabled_optimizers = ?", [",".join(filter(None, (before, *optimizers)))])
        try:
            yield
        finally:
            self.connection.execute("SET disabled_optimizers = ?", [before])

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def types_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Of the columns, in their order. relation: what FROM reads."""
    told = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(name): str(dtype) for name, dtype, *_ in told}


def sealed(*settings: str) -> duckdb.DuckDBPyConnection:
    """A database from which SQL can't reach files, the network or settings: for binding what others wrote.

    settings: statements that set it up, before it is locked.
    """
    connection = duckdb.connect(
        config={
            "enable_external_access": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "threads": 1,
        }
    )
    for setting in ("SET TimeZone = 'UTC'", *settings, "SET lock_configuration = true"):
        connection.execute(setting)
    return connection


def stand_in(connection: duckdb.DuckDBPyConnection, name: str, dtype: str) -> None:
    """A function of any arguments, for one that DuckDB doesn't have; only its type is asked for."""
    connection.create_function(name, lambda *_: None, None, dtype, null_handling=FunctionNullHandling.SPECIAL)
