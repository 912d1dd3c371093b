"""DuckDB: the only door to rows."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb


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

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
