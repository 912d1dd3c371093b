"""The rows of a side, counted by unit and bin in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.drift.column import Bins, on_step
from balun.drift.unit import Side, Units

Floats = NDArray[np.float64]
_ROWS_AT_A_TIME = 100_000


@dataclass(frozen=True)
class Tally:
    """Of one column. rows, nulls: (units,). by_bin: (units, bins), of values. on_steps: (units, steps)."""

    bins: Bins
    rows: Floats
    nulls: Floats
    by_bin: Floats
    on_steps: Floats

    @property
    def valued(self) -> Floats:
        return self.rows - self.nulls


def tally(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Bins],
    before: Side,
    now: Side,
    units: Units,
    seed: int = 0,
) -> tuple[Tally, ...]:
    """Of each column, over both sides."""
    count = len(units.sides.now)
    found = tuple(
        Tally(one, np.zeros(count), np.zeros(count), np.zeros((count, one.count)), np.zeros((count, len(one.steps))))
        for one in columns
    )
    for number, side in enumerate((before, now)):
        for unit, read in _batches(connection, columns, side, number, units, seed):
            looked = unit >= 0
            for one, values in zip(found, read, strict=True):
                _add(one, unit[looked], values[looked])
    return found


def _batches(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Bins],
    side: Side,
    number: int,
    units: Units,
    seed: int,
) -> Iterator[tuple[NDArray[np.int64], list[Floats]]]:
    named = [f"({one.sql})::DOUBLE AS c{place}" for place, one in enumerate(columns)]
    given = ""
    if units.step_s is not None:
        named.append(f"({side.time})::DOUBLE AS happened")
        given = f" WHERE ({side.time}) IS NOT NULL"
    else:
        dealt = units.index(number, side.rows, seed)
    reader = connection.sql(f"SELECT {', '.join(named)} FROM {side.relation}{given}").to_arrow_reader(_ROWS_AT_A_TIME)
    done = 0
    for batch in reader:
        read = [_floats(batch.column(place)) for place in range(len(columns))]
        if units.step_s is not None:
            yield units.of_time(number, _floats(batch.column(len(columns)))), read
        else:
            yield dealt[done : done + batch.num_rows], read
        done += batch.num_rows


def _floats(column: pa.Array) -> Floats:
    """Null as NaN."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _add(one: Tally, unit: NDArray[np.int64], values: Floats) -> None:
    count = len(one.rows)
    there = ~np.isnan(values)
    own, read = unit[there], values[there]
    one.rows[:] += np.bincount(unit, minlength=count)
    one.nulls[:] += np.bincount(unit[~there], minlength=count)
    if not len(read):
        return
    bins = one.bins.count
    one.by_bin[:] += np.bincount(own * bins + one.bins.bin(read), minlength=count * bins).reshape(count, bins)
    for place, step in enumerate(one.bins.steps):
        one.on_steps[:, place] += np.bincount(own[on_step(read, step)], minlength=count)
