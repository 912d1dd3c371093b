"""Typed values of Parquet files become values of the contract's types."""

from __future__ import annotations

from balun.chain.contract import Column
from balun.quoting import literal
from balun.scan.from_text import from_text
from balun.scan.reading import Reading, bounded, family

_NUMBERS = frozenset({"integer", "float", "decimal"})
_DAYS = frozenset({"date", "timestamp", "timestamptz"})
_EXACT = frozenset({"integer", "decimal", "text", "boolean", "time", "nested", "json", "blob"})
_SIZES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
# To the microsecond, as text is read: a cast would round up, and may end in the next day.
_CUT = {
    "TIMESTAMP_NS": "make_timestamp(epoch_us({0}))",
    "TIMESTAMPTZ_NS": "make_timestamptz(epoch_us({0}::TIMESTAMP_NS))",
    "TIME_NS": "{0}::VARCHAR::TIME",
}


def from_parquet(column: Column, name: str, dtype: str, zone: str) -> Reading | None:
    """name: SQL for a column of type `dtype`. None where the two types are of wholly other kinds."""
    have, want = family(dtype), family(column.dtype)
    raw, given = f"{name}::VARCHAR", _CUT.get(dtype.upper(), "{0}").replace("{0}", name)
    if have == "text" and want != "text":
        return from_text(column, raw, raw, zone)
    if have == "blob" and want == "text":
        return Reading(f"coalesce(try(decode({name})), {raw})", name, "try(decode({given}))")
    if _same(dtype.upper(), column.dtype.upper(), have):
        return Reading(raw, given, f"{{given}}::{column.dtype}", sure=True)
    if want == "timestamptz" and have in {"timestamp", "date"}:
        local = bounded("try_cast({given} AS TIMESTAMP)")
        return Reading(raw, given, f"timezone({literal(zone)}, {{local}})", local, zone)
    value = _value(f"try_cast({{given}} AS {column.dtype})", have, want)
    return None if value is None else Reading(raw, given, value)


def all_null(column: Column) -> Reading:
    """A Parquet column that has no values, and so no type."""
    return Reading("NULL::VARCHAR", "NULL", f"NULL::{column.dtype}")


def _same(dtype: str, wanted: str, have: str) -> bool:
    """Whether each value of one type is one of the other: no float, it may be NaN; no time, it may be infinite."""
    if dtype in _SIZES and wanted in _SIZES:
        return _SIZES.index(dtype) <= _SIZES.index(wanted)
    return dtype == wanted and have in _EXACT


def _value(cast: str, have: str, want: str) -> str | None:
    if have in _NUMBERS and want in _NUMBERS:
        return _number(cast, have, want)
    if have in _DAYS and want in _DAYS:
        return _day(cast, have, want)
    if want == "text":
        return None if have in {"nested", "json", "blob"} else cast
    if (have, want) == ("nested", "json"):
        return "to_json({given})"
    return cast if have == want or (have, want) == ("json", "nested") else None


def _number(cast: str, have: str, want: str) -> str:
    if want == "float":
        return f"CASE WHEN isfinite({cast}) THEN {cast} END"
    if want == "integer" and have != "integer":
        return f"CASE WHEN {{given}} = trunc({{given}}) THEN {cast} END"
    if want == "decimal" and have == "float":
        # 0.1 is no decimal in binary: what counts is that nothing but that noise is rounded away.
        noise = "1e-9 * greatest(1, abs({given}))"
        return f"CASE WHEN abs({cast}::DOUBLE - {{given}}) <= {noise} THEN {cast} END"
    if want == "decimal" and have == "decimal":
        return f"CASE WHEN {cast} = {{given}} THEN {cast} END"
    return cast


def _day(cast: str, have: str, want: str) -> str | None:
    if want == "date" and have != "date":
        return f"CASE WHEN {{given}} = date_trunc('day', {{given}}) THEN {bounded(cast)} END"
    return None if (have, want) == ("timestamptz", "timestamp") else bounded(cast)
