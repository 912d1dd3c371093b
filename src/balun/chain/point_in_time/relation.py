"""What a feature is computed from: its source, and the examples it is computed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """What a feature reads.

    relation: SQL for FROM: a quoted name or `read_parquet('…')`.
    columns: name to DuckDB type, in order.
    key: the columns that make a row unique; they break ties.
    available: column to SQL over this relation's columns: when its value can first be known; absent: with the row.
    row_available: the same for the whole row; None: at the feature's `at`.
    zone: of local days, and of dates, which begin at their midnight there.
    unique: no two rows share the key and no part of it is null, proved or tested on rows; ties are then broken faster.
    """

    relation: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()
    available: Mapping[str, str] = field(default_factory=dict)
    row_available: str | None = None
    zone: str = "UTC"
    unique: bool = False


@dataclass(frozen=True)
class Examples:
    """What a feature is computed for.

    at: a time; where it is null no row is visible.
    id: a BIGINT column, unique, not null, 0 to n − 1.
    """

    relation: str
    columns: Mapping[str, str]
    at: str = "at"
    id: str = "example"
