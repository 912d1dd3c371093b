"""What the footers of Parquet files tell of the rows in each row group, without reading one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Told:
    """Of a column in a row group. nulls: how many; None: not told. bytes: of its pages, before compression.

    ends: bounds of the values that aren't null, of which a text's may have been cut: nothing lies outside. None where
    they aren't told, or can't be relied on. NaN lies outside of any.
    """

    nulls: int | None = None
    ends: tuple[object, object] | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Group:
    """A row group. file: its number. first: its first row's number in the file, from 0. told: by the asked columns."""

    file: int
    first: int
    rows: int
    told: tuple[Told, ...]


def footers(file: Path, number: int, columns: Sequence[str]) -> tuple[Group, ...]:
    """columns: of which to tell, by their names in the file."""
    held = pq.ParquetFile(file).metadata
    # A dot in a path may be one of a name or of a nest: of neither is anything told.
    leaves = {held.schema.column(at).path: at for at in range(held.num_columns)}
    places = [None if "." in name else leaves.get(name) for name in columns]
    groups, first = [], 0
    for at in range(held.num_row_groups):
        group = held.row_group(at)
        told = tuple(Told() if place is None else _told(group.column(place)) for place in places)
        groups.append(Group(number, first, group.num_rows, told))
        first += group.num_rows
    return tuple(groups)


def _told(column: pq.ColumnChunkMetaData) -> Told:
    size = column.total_uncompressed_size
    statistics = column.statistics
    if statistics is None:
        return Told(bytes=size)
    nulls = statistics.null_count if statistics.has_null_count else None
    return Told(nulls, _ends(statistics) if statistics.has_min_max else None, size)


def _ends(statistics: pq.Statistics) -> tuple[object, object] | None:
    try:
        if statistics.logical_type.type == "TIMESTAMP":
            return _times(statistics)
        ends = statistics.min, statistics.max
    except (ValueError, OverflowError, NotImplementedError, ImportError, pa.ArrowException):
        return None  # beyond what Python holds, as an infinite date, or text that isn't UTF-8 where it was cut
    odd = any(one is None or (isinstance(one, float) and isnan(one)) for one in ends)
    return None if odd else ends


def _times(statistics: pq.Statistics) -> tuple[datetime, datetime]:
    """By the stored numbers: for what they stand for, Arrow would import pandas, which takes half a second."""
    told = json.loads(statistics.logical_type.to_json())
    times, parts = {"milliseconds": (1000, 1), "microseconds": (1, 1), "nanoseconds": (1, 1000)}[told["timeUnit"]]
    start = datetime(1970, 1, 1, tzinfo=UTC if told["isAdjustedToUTC"] else None)
    low, high = statistics.min_raw * times // parts, -(-statistics.max_raw * times // parts)
    return start + timedelta(microseconds=low), start + timedelta(microseconds=high)
