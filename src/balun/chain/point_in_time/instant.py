"""Times as whole microseconds since 1970 in UTC.

Plain integers compare fast, never meet the session's zone, and take windows off exactly.
"""

from __future__ import annotations

from balun.chain.duration import Duration
from balun.chain.point_in_time.expression import Unusable

LOWEST = -(2**63)


def microseconds(sql: str, type_: str, zone: str) -> str:
    """SQL; null where the time is null or infinite. A date begins at its midnight in `zone`. Raises Unusable.

    >>> microseconds('"at"', "TIMESTAMP WITH TIME ZONE", "UTC")
    'epoch_us("at")'
    """
    if type_ in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP"}:
        return f"epoch_us({sql})"
    if type_ in {"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}:
        return f"epoch_us({sql}::TIMESTAMP)"
    if type_ == "DATE":
        return (
            f"epoch_us({sql}::TIMESTAMP)" if zone == "UTC" else f"epoch_us(timezone({_text(zone)}, {sql}::TIMESTAMP))"
        )
    raise Unusable(f"is {type_}, which is no time")


def known_microseconds(sql: str, type_: str, zone: str) -> str:
    """SQL for an availability: null means never; −infinity means always."""
    always = f"WHEN '-infinity'::TIMESTAMP THEN {LOWEST}"
    return f"(CASE {sql}::TIMESTAMP {always} ELSE {microseconds(sql, type_, zone)} END)"


def start(t: str, window: Duration, zone: str) -> str:
    """SQL for where a window that ends at `t` begins; both in microseconds.

    Local days: the wall clock's reading at `t`, that many days earlier. Where that reading was skipped by the clock,
    as much later as the clock was put forward; where it came twice, the second time: what DuckDB's `timezone` does.
    """
    if not window.local_days:
        return f"(greatest({t}, {LOWEST + window.us}) - {window.us})"
    local = f"timezone({_text(zone)}, make_timestamptz({t}))"
    return f"epoch_us(timezone({_text(zone)}, {local} - INTERVAL {window.local_days} DAY))"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
