"""Values of each type that DuckDB's functions take, odd ones among them: none is null, and times are finite."""

from __future__ import annotations

import re

_WHOLE = ("0", "1", "-1", "2", "7")
_TEXT = ("''", "'a'", "'Äß'", "'2020-01-02'", "'%'", "'12'", "'nan'", "chr(0)", "repeat('x', 300)")
_DAYS = ("DATE '2020-02-29'", "DATE '0001-01-01'", "DATE '9999-12-31'", "DATE '1970-01-01'")
_TIMES = ("TIMESTAMP '2020-02-29 13:14:15.678901'", "TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'")
_CLOCKS = ("'00:00:00'", "'23:59:59.999999'", "'24:00:00'")
_SHORT = {"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
VALUES: dict[str, tuple[str, ...]] = {
    "BOOLEAN": ("true", "false"),
    "VARCHAR": _TEXT,
    "BLOB": ("''::BLOB", r"'\xAA\x00'::BLOB"),
    "BIT": ("'0'::BIT", "'10101'::BIT"),
    "DOUBLE": tuple(f"'{one}'::DOUBLE" for one in ("0.0", "-0.0", "1.5", "-2e300", "nan", "inf", "-inf")),
    "FLOAT": ("0.0::FLOAT", "-1.5::FLOAT", "'nan'::FLOAT", "'inf'::FLOAT"),
    "DECIMAL": ("0.0::DECIMAL(9,1)", "-1.5::DECIMAL(4,1)", "123456789012345678901.25::DECIMAL(30,2)"),
    "DATE": _DAYS,
    "TIMESTAMP": _TIMES,
    "TIMESTAMP WITH TIME ZONE": tuple(f"({one})::TIMESTAMPTZ" for one in _TIMES),
    "TIME": tuple(f"TIME {one}" for one in _CLOCKS),
    "TIME_NS": tuple(f"{one}::TIME_NS" for one in _CLOCKS),
    "TIME WITH TIME ZONE": ("'00:00:00+15:59'::TIMETZ", "'23:59:59-15:59'::TIMETZ"),
    "INTERVAL": tuple(f"INTERVAL '{one}'" for one in ("0 day", "1 month", "-3 day", "1 day 25 hours", "99 year")),
    "UUID": ("'00000000-0000-0000-0000-000000000000'::UUID", "'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID"),
    "BIGNUM": ("0::BIGNUM", "'-99999999999999999999999999999999999999999999'::BIGNUM"),
    "LIST": ("[]::INTEGER[]", "[1, NULL]", "[NULL]::INTEGER[]", "['a']", "[['a'], NULL]"),
    "MAP": ("MAP {}", "MAP {'a': 1}", "MAP {'a': NULL}"),
    "STRUCT": ("{'x': NULL}", "{'x': 1, 'y': 'a'}", "row(1, NULL)"),
    "ANY": ("0", "''", "'b'", "'nan'::DOUBLE", "[]::INTEGER[]", "[1, NULL]", "{'x': NULL}", "true", _DAYS[0]),
}  # fmt: skip
for _name in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"):
    VALUES[_name] = tuple(f"({one})::{_name}" for one in _WHOLE)
    VALUES[f"U{_name}"] = tuple(f"({one})::U{_name}" for one in _WHOLE if one != "-1")
for _name in _SHORT:
    VALUES[_name] = ("'2020-02-29 13:14:15'::" + _name, "'1900-01-01'::" + _name, "'2200-12-31 23:59:59'::" + _name)
PARTS = tuple(
    f"'{one}'"
    for one in (
        "year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond", "quarter", "week", "dow",
        "isodow", "doy", "decade", "century", "millennium", "epoch", "era", "julian", "yearweek", "timezone",
        "timezone_hour", "timezone_minute", "isoyear",
    )
)  # fmt: skip


def values_of(dtype: str) -> tuple[str, ...]:
    """SQL of values for a parameter of one type; of a template, values of several types."""
    if dtype in VALUES:
        return VALUES[dtype]
    if dtype.endswith("]"):
        inner = values_of(re.sub(r"\[[^]]*\]$", "", dtype))
        size = re.search(r"\[(\d+)\]$", dtype)
        return tuple(f"[{one}]" for one in inner) + (
            () if size else (f"[{inner[0]}, NULL]", f"list_slice([{inner[0]}], 2, 1)")
        )
    if dtype.startswith(("STRUCT", "MAP", "DECIMAL")):
        return VALUES[re.match(r"[A-Z]+", dtype)[0]]  # type: ignore[index]
    return VALUES["ANY"]
