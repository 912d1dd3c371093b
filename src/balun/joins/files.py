"""Joins between data files, before there is a project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from balun.draft.drafting import reading
from balun.draft.typed import Typed
from balun.joins.joins import Joins, Say, search
from balun.joins.side import Rows
from balun.quoting import quoted


def joins_of_files(paths: Iterable[Path], start: Path, say: Say | None = None) -> Joins:
    """Read as `balun init` reads them. Raises UsageError where paths lead to no data, and ProjectError."""
    tell = say or (lambda _: None)
    with reading(paths, start, tell) as (files, desk):
        return search([_rows(one) for one in files], desk.engine, zones=[desk.zone], say=tell)


def _rows(file: Typed) -> Rows:
    named = ", ".join(f"c{at} AS {quoted(column.name)}" for at, column in enumerate(file.columns))
    event = file.capture.event
    time = next((column.name for column in file.columns if column.logical == "timestamp"), None)
    return Rows(event, event, f"(SELECT {named} FROM {file.relation})", at=time)
