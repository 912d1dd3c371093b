"""Whether the newest row is as new as the contract's service levels promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from balun.chain.contract import Contract
from balun.chain.duration import Duration
from balun.scan.rows import Rows
from balun.scanned.result import Check

RULE = "rows-stale"


def freshness(
    connection: duckdb.DuckDBPyConnection, contract: Contract, rows: Rows, files: tuple[Path, ...], now: datetime | None
) -> Check | None:
    """By the clock `now`, or by when the newest file was written. None where nothing is promised.

    A row comes `latency` after its time at most, and the next within `frequency`: no newest row need be older.
    """
    promised = [one for one in (contract.latency, contract.frequency) if one is not None]
    time = contract.time
    if not promised or time is None:
        return None
    allowed = sum((timedelta(microseconds=_us(one)) for one in promised), timedelta())
    clock = now or _written(files)
    at = contract.columns.index(time)
    newest = connection.execute(f"SELECT epoch_us(max(t{at})) FROM ({rows.sql})").fetchall()[0][0]
    says = f"the newest {time.name} must be no older than {' + '.join(promised)}"
    if newest is None:
        return Check(RULE, time.name, says, 1, time.place, contract.owner, note="no row has a time")
    age = clock - datetime.fromtimestamp(newest / 1e6, UTC)
    told = f"{_told(age)} old by {'the clock given' if now else 'when the newest file was written'}"
    return Check(RULE, time.name, says, int(age > allowed), time.place, contract.owner, note=told)


def _us(written: str) -> int:
    length = Duration.parse(written)
    return length.us + length.local_days * 86_400_000_000


def _written(files: tuple[Path, ...]) -> datetime:
    """Now, of rows in a server."""
    if not files:
        return datetime.now(UTC)
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)


def _told(age: timedelta) -> str:
    """
    >>> _told(timedelta(hours=30)), _told(timedelta(seconds=90)), _told(timedelta(seconds=-5))
    ('1.2 days', '1.5 min', '0 s')
    """
    seconds = max(age.total_seconds(), 0)
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.0f} s"
