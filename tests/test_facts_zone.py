"""Zones are tested by moving: a clock of a zone shows the same where the zone and the instants move together."""

from __future__ import annotations

from random import Random
from typing import Any

import duckdb
import pytest

from balun.chain.contract import Column
from balun.facts.zone import NO_CLOCK, UNKNOWN, Zone
from balun.facts.zone_fault import faults
from balun.facts.zone_offset import offsets_us, same_clock, whole_hours
from fact_pairs import PLACE, Chain, Pair, event, pairs, walked

_INSTANT, _FACT = "TIMESTAMP WITH TIME ZONE", Zone()


def _column(name: str, dtype: str, zone: str | None = None, unit: str | None = None) -> Column:
    return Column(name, "timestamp", dtype, PLACE, zone=zone, unit=unit)


def _event(name: str, zone: str) -> Any:
    columns = (
        _column("id", "BIGINT"), _column("t", _INSTANT, zone), _column("seen", "TIMESTAMP", zone), _column("day",
        "DATE"),
        _column("hour", "BIGINT", zone), _column("i", "BIGINT"), _column("wait", "BIGINT", unit="minute"),
    )  # fmt: skip
    return event(name, columns)


@pytest.mark.parametrize("pair", pairs("zone"), ids=lambda pair: pair.title)
def test_zone_is_as_expected(pair: Pair) -> None:
    chain = Chain([_event("flight", "America/New_York"), _event("weather", "UTC")])
    relation = chain.relation(pair.sql)
    states = walked(relation, _FACT, chain.events)
    said = zip(relation.columns, states[id(relation)].values["zone"], strict=True)
    assert {column.name: zone for column, zone in said} == pair.said
    assert tuple(f"{one.rule} {one.one} {one.other}" for one in faults(relation, states)) == pair.faults


# Zones that never change, so that one moved by an hour is a zone too. A: Etc/GMT+5, five hours behind UTC; moved: +4.
_ZONES = {"A": ("Etc/GMT+5", "Etc/GMT+4"), "B": ("Etc/GMT-9", "Etc/GMT-9")}
_GRAMMAR = {
    "clock": (
        "timezone('{zone}', {instant})", "timezone('{zone}', {instant})", "date_trunc('{unit}', {clock})",
        "{clock} + {length}",
        "coalesce({clock}, {clock})", "CASE WHEN i > 3 THEN {clock} ELSE {clock} END", "{clock}::DATE::TIMESTAMP",
        "make_timestamp({part} % 50 + 2000, {part} % 12 + 1, {part} % 28 + 1, {part} % 24, 0, 0)", "t::TIMESTAMP",
        "greatest({clock}, {clock})",
        "lag({clock}) OVER (ORDER BY i)", "max({clock}) OVER ()", "make_timestamp(epoch_us({instant}))",
        "TIMESTAMP '2024-01-01'",
    ),
    # An instant read from a clock that was cut, such as local midnight, moves with its zone, whatever clock shows it.
    "instant": (
        "t", "u", "t + INTERVAL 90 MINUTE", "timezone('A', timezone('A', {instant}))",
        "timezone('B', timezone('B', t))",
    ),
    "part": (
        "hour({clock})", "day({clock})", "isodow({clock})", "minute({clock})", "month({clock})", "{part} + {part}",
        "{part} * 60", "abs({part})",
        "hour({instant})", "epoch_ms({clock})", "year({clock})", "{part} % 7", "second({clock})", "i",
        "date_diff('hour', {clock}, {clock})",
        "epoch_ms({instant})", "{clock}::DATE - {clock}::DATE", "count({part}) OVER ()", "nullif({part}, 3)",
    ),
    "length": ("INTERVAL 1 HOUR", "INTERVAL 1 DAY", "to_minutes(i)", "to_hours({part})",
               "{part} * INTERVAL 1 HOUR", "{length} + {length}", "(u - t)", "({clock} - {clock})"),
    "text": ("strftime({clock}, '%d %H')", "{clock}::VARCHAR", "{text} || {part}", "{part}::VARCHAR"),
}  # fmt: skip
_LEAVES = {
    "zone": ("A", "A", "B", "UTC"), "unit": ("hour", "day", "month"), "instant": ("t", "u"),
    "length": ("INTERVAL 1 HOUR",),
    "clock": ("timezone('A', t)", "timezone('B', t)", "t::TIMESTAMP"), "part": ("hour(timezone('A', u))", "i"),
    "text": ("'x'",),
}  # fmt: skip


def _drawn(kind: str, chance: Random, depth: int = 3) -> str:
    forms = _GRAMMAR.get(kind)
    if not forms or not depth:
        return chance.choice(_LEAVES[kind])
    text = chance.choice(forms)
    if "OVER" in text and depth < 3:
        return _drawn(kind, chance, depth)
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + _drawn(text[start + 1 : end], chance, depth - 1) + text[end + 1 :]
    return f"({text})"


def _zoned(sql: str, moved: int) -> str:
    for name, zones in _ZONES.items():
        sql = sql.replace(f"'{name}'", f"'{zones[moved]}'")
    return sql


def _values(chain: Chain, sql: str, source: str) -> list[Any]:
    try:
        return chain.connection.execute(f"SELECT {sql} FROM {source} ORDER BY i").fetchall()
    except duckdb.Error:  # beyond what the type holds
        return []


def _prove(seed: int, expressions: int) -> tuple[int, int]:
    """How many expressions drawn by lot are told a zone, and how many there are.

    Those of A stay as they are where A's clocks go an hour ahead and all instants an hour back; those of another zone
    where A's clocks alone move.
    """
    chance = Random(seed)
    chain = Chain(
        [event("src", (_column("t", _INSTANT), _column("u", _INSTANT), _column("i", "BIGINT", unit="minute")))]
    )
    start = "TIMESTAMPTZ '2023-12-30 00:00:00+00'"
    chain.connection.execute(
        f"INSERT INTO src SELECT {start} + to_minutes(n * 2221), {start} + to_minutes(n * 7919), n FROM range(40) r(n)"
    )
    told = 0
    for _ in range(expressions):
        sql = _drawn(chance.choice(["clock", "part", "text"]), chance)
        relation = chain.relation(_zoned(f"SELECT {sql} AS v FROM src", 0))
        states = walked(relation, _FACT, chain.events)
        (zone,) = states[id(relation)].values["zone"]
        if zone in {UNKNOWN, NO_CLOCK} or faults(relation, states):
            continue
        told += 1
        by = "- INTERVAL 1 HOUR" if zone == _ZONES["A"][0] else ""
        before = _values(chain, _zoned(sql, 0), "src")
        after = _values(chain, _zoned(sql, 1), f"(SELECT t {by} AS t, u {by} AS u, i FROM src)")
        assert not (before and after) or before == after, (seed, zone, sql)
    return told, expressions


@pytest.mark.parametrize("seed", range(2))
def test_clocks_of_a_zone_move_with_it_alone(seed: int) -> None:
    told, seen = _prove(seed, 250)
    assert told > seen / 4


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
def test_clocks_of_a_zone_move_with_it_alone_at_length(seed: int) -> None:
    _prove(seed, 500)


def test_zones_are_the_same_where_their_clocks_are() -> None:
    assert same_clock("utc", "Etc/UCT")
    assert not same_clock("America/New_York", "America/Detroit") or offsets_us("America/Detroit")
    assert (whole_hours("America/New_York"), whole_hours("Asia/Kolkata"), whole_hours("unknown")) == (
        True,
        False,
        False,
    )
    assert offsets_us("Mars/Base") is None
