"""What a contract says that DuckDB can't use, found before any row is read."""

from __future__ import annotations

import duckdb

from balun.chain.contract import Column, Contract
from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Finding
from balun.quoting import literal

_TRIED = (
    (
        "pattern",
        "regexp_full_match('', {0})",
        "write a pattern that DuckDB knows: RE2 has no look-around and no back-references",
    ),
    ("time format", "try_strptime('', {0})", "use the signs of strptime, such as %Y-%m-%d %H:%M:%S"),
)


def refuse_unusable(engine: Engine, contract: Contract) -> None:
    """Raises ProjectError with each pattern and time format that can't be used."""
    faults = [fault for column in contract.columns for fault in _faults(engine, contract, column)]
    if faults:
        raise ProjectError(faults)


def _faults(engine: Engine, contract: Contract, column: Column) -> list[Finding]:
    found = []
    for (what, sql, mend), written in zip(_TRIED, (column.pattern, column.time_format), strict=True):
        why = None if written is None else _refusal(engine, sql.replace("{0}", literal(written)))
        if why is not None:
            message = f"{column.name}'s {what} {written} can't be used: {why}"
            found.append(Finding("pattern-unusable", column.place, message, mend=mend, owner=contract.owner))
    return found


def _refusal(engine: Engine, sql: str) -> str | None:
    try:
        engine.connection.execute(f"SELECT {sql}")
    except duckdb.Error as exc:
        return str(exc).splitlines()[0]
    return None
