"""When a row that was set aside happened, as far as its raw time can be read."""

from __future__ import annotations

from balun.chain.contract import Column, Contract, Files
from balun.quoting import quoted
from balun.scan.from_text import from_csv, from_json, from_text
from balun.scan.reading import Reading
from balun.scan.scan import raw_names


def moment(contract: Contract, zone: str, columns: list[str]) -> str:
    """SQL over the rows set aside for a TIMESTAMPTZ; null where it can't be read, or the event has no time.

    columns: those that the file has.
    """
    at = next((at for at, column in enumerate(contract.columns) if column is contract.time), None)
    if at is None or raw_names(contract.columns)[at] not in columns:
        return "NULL::TIMESTAMPTZ"
    raw = quoted(raw_names(contract.columns)[at])
    return f"({_value(reading_of(contract, contract.columns[at], raw, raw, zone))})"


def reading_of(contract: Contract, column: Column, raw: str, given: str, zone: str) -> Reading:
    """How raw text, as a quarantine holds it, is read again. given: `raw`, or null where it isn't to be read."""
    zone, source = column.zone or zone, contract.source
    kind = source.format if isinstance(source, Files) else "parquet"
    if kind == "json":
        return from_json(column, raw, zone)
    if kind == "csv":
        return from_csv(column, raw, given, zone, source.null if isinstance(source, Files) else ())
    return from_text(column, raw, given, zone)


def _value(reading: Reading) -> str:
    given = f"({reading.given})"
    local = None if reading.local is None else f"({reading.local.replace('{given}', given)})"
    return reading.value.replace("{local}", local or "NULL").replace("{given}", given)
