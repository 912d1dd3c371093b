"""Texts of CSV and JSON files become values."""

from __future__ import annotations

from balun.chain.contract import Column
from balun.quoting import literal
from balun.scan.reading import Reading, bounded, family

_INTEGER = r"[+-]?[0-9]+(\.0*)?"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LOCAL = f"{_DAY}([T ]{_CLOCK})?"
_OFFSET = f"{_DAY}[T ]{_CLOCK} ?(Z|UTC|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
_BARE = "trim({given}, ' \t')"
# A JSON number of more digits has been through a double by the time it is seen.
_EXACT_DIGITS = 15


def from_csv(column: Column, raw: str, given: str, zone: str, null: tuple[str, ...]) -> Reading:
    """raw, given: SQL for the original text. null: the texts that stand for null."""
    if null:
        given = f"CASE WHEN {given} NOT IN ({', '.join(map(literal, null))}) THEN {given} END"
    return from_text(column, raw, given, zone)


def from_json(column: Column, raw: str, zone: str) -> Reading:
    """raw: SQL for the value's JSON text; null where the record doesn't have it."""
    kind = family(column.dtype)
    given = f"nullif({raw}, 'null')"
    text = f"{raw}::JSON ->> '$'"
    if kind in {"text", "date", "time", "timestamp", "timestamptz"}:
        # What isn't text stays as JSON text, which can't be read as a time. As text it could be: hence the mark.
        shown = f"CASE WHEN {raw} LIKE '\"%' THEN 's' || ({text}) ELSE {given} END"
        return _marked(from_text(column, raw, "", zone), shown)
    if kind == "boolean":
        return Reading(raw, given, "CASE {given} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END")
    if kind == "decimal":
        # JSON has no decimals: as text they are exact, and so are numbers that a double holds.
        digits = f"ltrim(regexp_replace(split_part(lower({raw}), 'e', 1), '[^0-9]', '', 'g'), '0')"
        lossy = f"regexp_matches({raw}, '[.eE]') AND length({digits}) > {_EXACT_DIGITS}"
        given = f"CASE WHEN {raw} LIKE '\"%' THEN {text} WHEN {lossy} THEN 'inexact' ELSE {given} END"
    return from_text(column, raw, given, zone)


def _marked(reading: Reading, given: str) -> Reading:
    """The reading of a text behind a mark that says that it was text."""
    text = "(CASE WHEN {given} LIKE 's%' THEN substr({given}, 2) END)"
    local = None if reading.local is None else reading.local.replace("{given}", text)
    return Reading(reading.raw, given, reading.value.replace("{given}", text), local, reading.zone)


def from_text(column: Column, raw: str, given: str, zone: str) -> Reading:
    kind = family(column.dtype)
    if kind == "timestamptz":
        return _time_from_text(column, raw, given, zone)
    if column.dtype.upper() == "VARCHAR":
        return Reading(raw, given, "{given}", sure=True)
    cast = f"try_cast({_BARE} AS {column.dtype})"
    if column.time_format is not None and kind in {"date", "time"}:
        return Reading(raw, given, f"try_cast({_parsed(column.time_format)} AS {column.dtype})")
    if kind == "decimal":
        exact = f"{_matches(_NUMBER)} AND {cast} = {_wider(column.dtype)}"
        return Reading(raw, given, f"CASE WHEN {exact} THEN {cast} END")
    values = {
        # What reads back as the same text needs no closer look, and that is nearly all.
        "integer": f"CASE WHEN {cast}::VARCHAR = {{given}} OR {_matches(_INTEGER)} THEN {cast} END",
        "float": f"CASE WHEN isfinite({cast}) AND NOT {_odd_number()} THEN {cast} END",
        "date": f"CASE WHEN length({_BARE}) = 10 AND {cast}::VARCHAR = {_BARE} THEN {bounded(cast)} END",
        "time": f"CASE WHEN {_matches(_CLOCK)} THEN {cast} END",
        "timestamp": f"CASE WHEN {_matches(_LOCAL)} THEN {cast} END",
        "json": f"CASE WHEN json_valid({_BARE}) THEN {_BARE}::JSON END",
        "nested": f"CASE WHEN json_valid({_BARE}) THEN try_cast({_BARE}::JSON AS {column.dtype}) END",
    }
    return Reading(raw, given, values.get(kind, cast))


def _time_from_text(column: Column, raw: str, given: str, zone: str) -> Reading:
    pattern = column.time_format
    if pattern is not None:
        parsed = _parsed(pattern)
        if "%z" in pattern or "%Z" in pattern:
            return Reading(raw, given, bounded(f"try_cast({parsed} AS TIMESTAMPTZ)"), None, zone)
        return Reading(raw, given, f"timezone({literal(zone)}, {{local}})", bounded(parsed), zone)
    local = f"CASE WHEN {_matches(_LOCAL)} THEN {bounded(f'try_cast({_BARE} AS TIMESTAMP)')} END"
    zoned = f"CASE WHEN {_matches(_OFFSET)} THEN {bounded(f'try_cast({_BARE} AS TIMESTAMPTZ)')} END"
    value = f"CASE WHEN {{local}} IS NULL THEN {zoned} ELSE timezone({literal(zone)}, {{local}}) END"
    return Reading(raw, given, value, local, zone)


def _parsed(pattern: str) -> str:
    return f"try_strptime({_BARE}, {literal(pattern)})"


def _matches(pattern: str) -> str:
    return f"regexp_full_match({_BARE}, {literal(pattern)})"


def _odd_number() -> str:
    """What DuckDB reads as a number, and none else does."""
    return "(contains({given}, '_') OR contains({given}, '+-'))"


def _wider(dtype: str) -> str:
    """The same number with as many decimals as 38 digits leave room for: equal only if the narrower lost none."""
    digits, scale = (int(part) for part in dtype.upper().removeprefix("DECIMAL(").rstrip(")").split(","))
    return f"try_cast({_BARE} AS DECIMAL(38,{38 - (digits - scale)}))"
