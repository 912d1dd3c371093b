"""What DuckDB says where it doesn't bind a SELECT."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Refused:
    """What DuckDB said, and of which character; line: of what its SQL was parsed from."""

    kind: str
    message: str
    at: int | None
    name: str = ""
    line: int | None = None


def refusal(exc: duckdb.Error, text: str, shift: int) -> Refused:
    """shift: bytes before `text` in what was run."""
    said = re.sub(r"^[\w ]+ Error: ", "", str(exc))
    try:
        told = json.loads(said)
    except json.JSONDecodeError:
        return Refused(type(exc).__name__, said, None)
    place = told.get("position")
    at = None if place is None else len(text.encode()[: max(int(place) - shift, 0)].decode(errors="ignore"))
    return Refused(
        str(told.get("exception_type", "")), str(told.get("exception_message", "")), at, str(told.get("name", ""))
    )
