"""Events whose columns have steps, rows of them, and SQL expressions over them drawn by lot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

from balun.chain.contract import Column, Contract
from fact_pairs import PLACE, event

INSTANT = "TIMESTAMP WITH TIME ZONE"
_COLUMNS = (
    ("id", "integer", "BIGINT", None), ("t", "timestamp", INSTANT, "1 min"), ("h", "timestamp", INSTANT, "1 h"),
    ("u", "timestamp", INSTANT, None), ("n", "timestamp", "TIMESTAMP", "15 min"), ("d", "date", "DATE", None),
    ("clock", "time", "TIME", "5 min"), ("i", "integer", "BIGINT", None), ("k", "integer", "INTEGER", "10"),
    ("big", "integer", "BIGINT", "6"), ("m", "number", "DECIMAL(9,2)", "0.05"), ("c", "number",
    "DECIMAL(24,4)", None),
    ("x", "number", "DOUBLE", None), ("y", "number", "DOUBLE", "60"), ("z", "number", "DOUBLE", "0.01"),
    ("f", "number", "FLOAT", "0.5"), ("j", "integer", "BIGINT", None), ("q", "integer", "BIGINT", "10"),
)  # fmt: skip


def timed(name: str) -> Contract:
    return event(name, [Column(one, logical, dtype, PLACE, resolution=step) for one, logical, dtype, step in _COLUMNS])  # type: ignore[arg-type]


def rows(seed: int, number: int, years: tuple[int, int]) -> list[tuple[Any, ...]]:
    chance = Random(seed)
    return [_row(chance, at, years) for at in range(number)]


def _row(chance: Random, at: int, years: tuple[int, int]) -> tuple[Any, ...]:
    def moment(step_s: int) -> dt.datetime:
        day = chance.choice(
            [(3, 10), (11, 3), (3, 31), (10, 27), (2, 28), (12, 31), (1, 1), (chance.randint(1, 12), 1), (7, 4)]
        )
        seconds = chance.choice([0, 1, 2, 6, 7, 12, 23, chance.random() * 24]) * 3600 + chance.random() * 3600
        whole = int(seconds // step_s) * step_s % 86_400
        return dt.datetime(chance.randint(*years), *day, tzinfo=dt.UTC) + dt.timedelta(seconds=whole)

    huge = chance.choice([1, 7, 2**40, 2**57])
    made = (
        at, moment(60), moment(3600), moment(1) + dt.timedelta(microseconds=chance.randint(0, 999_999)),
        moment(900).replace(tzinfo=None), moment(1).date(), moment(300).time(), chance.randint(-30, 90),
        10 * chance.randint(-30, 30), 6 * chance.randint(-huge, huge), Decimal(5 * chance.randint(-900, 900)) / 100,
        Decimal(chance.randint(-(10**chance.randint(1, 18)), 10**9)) / 10_000,
        chance.choice([0.5, -2.25, 0.1, 1e17, -7.0, chance.gauss(0, 1e3), float("nan"), float("inf")]),
        float(60 * chance.randint(-huge, huge)), float(Decimal(chance.randint(-(10**6), 10**6)) / 100),
        chance.randint(-99, 99) / 2, chance.randint(1, 12), 10 * chance.randint(0, 5),
    )  # fmt: skip
    return tuple(None if place and chance.random() < 0.08 else one for place, one in enumerate(made))


_LENGTHS = (
    "INTERVAL 1 HOUR", "INTERVAL 90 MINUTE", "INTERVAL 1 DAY", "INTERVAL 1 MONTH", "INTERVAL 31 DAY",
    "to_minutes({whole})",
    "to_hours({whole})", "to_days({whole}::INT)", "to_months({whole}::INT)",
    "to_seconds({double} % 90000::DOUBLE)", "{whole} * INTERVAL 15 MINUTE",
    "({naive} - {naive})", "({instant} - {instant})", "INTERVAL '2 hours'", "to_years(({whole} % 5)::INT)",
    "- {length}",
    "{length} + {length}", "to_milliseconds(250)", "to_weeks(({whole} % 9)::INT)", "{whole} * INTERVAL 7 HOUR",
)  # fmt: skip
_UNIT = ("second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "ms", "us", "century")
_WIDTHS = ("1 HOUR", "15 MINUTE", "7 HOUR", "1 DAY", "3 DAY", "1 WEEK", "1 MONTH", "5 MONTH")
_TIMES = (
    "{time} + {length}", "{time} - {length}", "date_trunc('{unit}', {time})", "time_bucket(INTERVAL {width}, {time})",
    "coalesce({time}, {time})", "CASE WHEN {whole} > 3 THEN {time} ELSE {time} END", "greatest({time}, {time})",
    "CASE WHEN {whole} % 7 = 3 THEN {time} END", "nullif({time}, {time})",
    "time_bucket(INTERVAL {width}, {time}, INTERVAL 2 HOUR)",
    "CASE WHEN minute({time}) = 0 THEN {time} END", "{time}::DATE::{type}",
)  # fmt: skip
_PARTS = (
    "second", "minute", "hour", "day", "month", "year", "quarter", "dayofweek", "isodow", "dayofyear", "millisecond",
    "microsecond", "epoch_ms", "epoch_us", "epoch_ns", "week", "decade",
)  # fmt: skip
_GRAMMAR: Mapping[str, tuple[str, ...]] = {
    "length": _LENGTHS,
    "instant": (
        *(one.replace("time", "instant").replace("instant_bucket",
        "time_bucket").replace("{type}", INSTANT) for one in _TIMES),
        "{naive}::TIMESTAMPTZ", "to_timestamp({whole} * 3600)",
        "make_timestamptz(2024, 1, {little}, {little}, 30, 0)",
    ),
    "naive": (
        *(one.replace("time", "naive").replace("naive_bucket", "time_bucket").replace("{type}",
        "TIMESTAMP") for one in _TIMES),
        "{instant}::TIMESTAMP", "{date}::TIMESTAMP", "make_timestamp(2020 + {little}, {little}, 1, 0, 0, 0)",
        "make_timestamp(2020, {little}, {little}, {little}, {little}, {double} % 60)", "{date} + {clock}",
        "{naive}::TIMESTAMP_S::TIMESTAMP",
        "epoch_ms({whole} * 1000)", "strptime('2024-03-04 05', '%Y-%m-%d %H')", "date_trunc('{unit}', {date})",
        "TIMESTAMP '2024-02-29 12:30:00'",
    ),
    "zoned": ("timezone('{zone}', {instant})",),
    "date": (
        "{date} + {little}", "{date} - {little}", "{naive}::DATE", "{instant}::DATE",
        "make_date(2020 + {little}, {little}, 1)",
        "last_day({date})", "time_bucket(INTERVAL {width}, {date})", "DATE '2024-02-01'", "coalesce({date}, {date})",
        "date_trunc('{unit}', {date})::DATE", "make_date(2024, {little}, {little})",
    ),
    "clock": ("{naive}::TIME", "{clock} + {length}", "coalesce({clock}, TIME '12:30:00')",
    "make_time({little}, 30, 0)"),
    "whole": (
        *(f"{name}({{{kind}}})" for name in _PARTS for kind in ("naive", "instant")), "minute({clock})",
        "hour({clock})",
        "date_diff('{unit}', {naive}, {naive})", "date_diff('{unit}', {instant}, {instant})", "{date} - {date}",
        "{whole} + {whole}", "{whole} - {whole}", "{whole} * {little}", "{whole} % {little}",
        "{whole} // {little}", "-({whole})",
        "abs({whole})", "round({whole}, -2)", "({double})::BIGINT", "({decimal})::INT",
        "greatest({whole}, {whole})", "{whole} * 60",
        "CASE WHEN {whole} = {whole} THEN {whole} ELSE 7 END", "date_sub('{unit}', {naive}, {naive})",
        "({double})::INT",
        "CASE WHEN k IN (20, 40, 60) THEN k END", "CASE WHEN k % 40 = 10 OR k = 20 THEN k END",
    ),
    "little": ("{digit}", "({whole} % 12 + 1)::INT"),
    "decimal": (
        "{decimal} + {decimal}", "{decimal} - {decimal}", "{decimal} * 0.5", "{decimal} * {whole}",
        "round({decimal}, 1)", "round({decimal})",
        "({double})::DECIMAL(12,3)", "({double})::DECIMAL(30,2)", "floor({decimal})", "ceil({decimal})",
        "trunc({decimal})", "{decimal} % 0.3",
        "abs({decimal})", "({whole})::DECIMAL(18,1)", "({decimal})::DECIMAL(10,1)", "0.25",
        "least({decimal}, {decimal})", "-({decimal})",
    ),
    "double": (
        "{double} + {double}", "{double} - {double}", "{double} * 60", "{double} * {double}", "{double} / 2",
        "{double} % 2.5::DOUBLE",
        "round({double}, 2)", "round({double})", "floor({double})", "ceil({double})", "trunc({double})",
        "({decimal})::DOUBLE",
        "({whole})::DOUBLE", "epoch({naive})", "epoch({instant})", "epoch({length})", "abs({double})",
        "coalesce({double}, 0)",
        "{whole} / {little}", "f::DOUBLE", "({double})::FLOAT", "{double} // 2", "least({double}, {double})",
        "round({double}, -2)", "epoch({clock})",
    ),
}  # fmt: skip
_LEAVES: Mapping[str, tuple[str, ...]] = {
    "length": ("INTERVAL 30 MINUTE",), "instant": ("t", "h",
    "u"), "naive": ("n",), "date": ("d",), "clock": ("clock",), "zoned": ("n",),
    "whole": ("i", "k"), "little": ("3", "7", "j::INT"), "decimal": ("m", "c"), "double": ("x", "y",
    "z"), "digit": ("2", "5", "12"),
    "unit": _UNIT, "width": _WIDTHS, "zone": ("America/New_York", "Pacific/Chatham", "UTC", "Europe/London",
    "Australia/Lord_Howe"),
}  # fmt: skip
KINDS = tuple(kind for kind in _GRAMMAR if kind not in {"little", "zoned"})


def drawn(kind: str, chance: Random, *, depth: int = 3, zones: bool = False) -> str:
    """An expression of the kind. zones: with clocks of named zones in it."""
    forms = _GRAMMAR.get(kind)
    if forms is None or depth == 0 or chance.random() < 0.15:
        leaves = ("big", "i", "k") if kind == "whole" and depth == 3 else _LEAVES[kind]
        return chance.choice(leaves)
    if kind == "naive" and zones and chance.random() < 0.4:
        forms = _GRAMMAR["zoned"]
    if kind == "instant" and zones and chance.random() < 0.2:
        forms = ("timezone('{zone}', {naive})",)
    text = chance.choice(forms)
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + drawn(text[start + 1 : end], chance, depth=depth - 1, zones=zones) + text[end + 1 :]
    return text if kind in {"little", "digit"} else f"({text})"
