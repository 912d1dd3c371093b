"""Times that DuckDB's plans hold as numbers, where the binder has already worked them out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_DAY0, _TIME0 = date(1970, 1, 1), datetime(1970, 1, 1)  # noqa: DTZ001 - a time without a zone
_US = {"TIMESTAMP_S": 1_000_000, "TIMESTAMP_MS": 1_000, "TIMESTAMP": 1, "TIMESTAMP WITH TIME ZONE": 1, "TIME": 1}
TIMES = frozenset({"DATE", "TIMESTAMP_NS", *_US})


def time_text(raw: int, dtype: str) -> str:
    """As SQL writes it. raw: days of a DATE; else a count of what the type's name says, microseconds by default.

    >>> time_text(18321, "DATE"), time_text(2**31 - 1, "DATE"), time_text(1582970400500000, "TIMESTAMP")
    ('2020-02-29', 'infinity', '2020-02-29 10:00:00.500000')
    """
    if abs(raw) == (2**31 - 1 if dtype == "DATE" else 2**63 - 1):
        return "infinity" if raw > 0 else "-infinity"
    try:
        return _finite(raw, dtype)
    except OverflowError:
        return f"{raw} since 1970"  # before the year 1 or after 9999


def _finite(raw: int, dtype: str) -> str:
    if dtype == "DATE":
        return (_DAY0 + timedelta(days=raw)).isoformat()
    if dtype == "TIMESTAMP_NS":
        whole, rest = divmod(raw, 10**9)
        return f"{(_TIME0 + timedelta(seconds=whole)).isoformat(' ')}.{rest:09}"
    instant = _TIME0 + timedelta(microseconds=raw * _US[dtype])
    if dtype == "TIME":
        return instant.time().isoformat()
    return instant.isoformat(" ") + ("+00" if dtype.endswith("ZONE") else "")
