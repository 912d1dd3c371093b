"""Which hashes come more than once among many: split by their first bits, then sorted part by part.

A hash table of ten million rows takes four times the memory of the hashes alone, and misses the processor's cache with
every row; a part of the sorted ones fits it. What doesn't fit in memory waits in a file.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]
HELD_BYTES = 16_000_000
_BATCH_ROWS = 500_000
_PARTS = 256
_SHIFT = np.uint64(56)


def repeated(connection: duckdb.DuckDBPyConnection, select: str, held_bytes: int = HELD_BYTES) -> pa.Table:
    """The hashes, in a column `h`, that come more than once in what `select` gives: one column of UBIGINT, no nulls.

    held_bytes: that are kept in memory; the rest goes to DuckDB's folder for such.
    """
    settings = "SELECT current_setting('threads'), current_setting('temp_directory')"
    threads, folder = connection.execute(settings).fetchall()[0]
    batches: list[_Batch] = []
    with _Spill(folder or None) as spill, ThreadPoolExecutor(max(1, min(threads, 4))) as workers:
        room = held_bytes
        for batch in connection.sql(select).to_arrow_reader(_BATCH_ROWS):
            one = _split(_plain(batch.column(0)))
            room -= one.bytes
            batches.append(one if room >= 0 else one.put_away(spill))
        found = list(workers.map(lambda part: _twice(_part(batches, spill, part)), range(_PARTS)))
    whole = np.concatenate(found)
    return pa.table([pa.Array.from_buffers(pa.uint64(), len(whole), [None, pa.py_buffer(whole)])], ["h"])


class _Spill:
    """A file that is made when it is first written to."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, values: Hashes) -> int:
        """Returns where they begin."""
        if self._file is None:
            if self._folder is not None:
                Path(self._folder).mkdir(parents=True, exist_ok=True)
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed on leaving
        at = self._file.tell()
        self._file.write(values.data)
        self._file.flush()
        return at

    def read(self, at: int, count: int) -> Hashes:
        assert self._file is not None
        return np.frombuffer(os.pread(self._file.fileno(), count * 8, at), np.uint64)


@dataclass(frozen=True)
class _Batch:
    """Hashes in the order of their parts. ends: where each part ends. values: None where they lie in the file."""

    ends: npt.NDArray[np.int64]
    values: Hashes | None
    at: int = 0

    @property
    def bytes(self) -> int:
        return int(self.ends[-1]) * 8

    def put_away(self, spill: _Spill) -> _Batch:
        assert self.values is not None
        return _Batch(self.ends, None, spill.write(self.values))

    def part(self, part: int, spill: _Spill) -> Hashes:
        start, end = int(self.ends[part - 1]) if part else 0, int(self.ends[part])
        if self.values is not None:
            return self.values[start:end]
        return spill.read(self.at + start * 8, end - start)


def _plain(column: pa.Array) -> Hashes:
    """By its buffer: Arrow's own `to_numpy` imports pandas, which takes half a second."""
    return np.frombuffer(column.buffers()[1], np.uint64)[column.offset : column.offset + len(column)]


def _split(hashes: Hashes) -> _Batch:
    parts = (hashes >> _SHIFT).astype(np.uint8)
    order = np.argsort(parts, kind="stable")  # of bytes: counted, not compared
    return _Batch(np.cumsum(np.bincount(parts, minlength=_PARTS)), hashes[order])


def _part(batches: list[_Batch], spill: _Spill, part: int) -> Hashes:
    return np.concatenate([np.empty(0, np.uint64), *(batch.part(part, spill) for batch in batches)])


def _twice(hashes: Hashes) -> Hashes:
    """Those that stand more than once, each once.

    >>> _twice(np.array([3, 1, 3, 2, 3, 1], np.uint64)).tolist()
    [1, 3]
    """
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
