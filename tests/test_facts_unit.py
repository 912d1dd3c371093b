"""Units are tested by rescaling: what is captured in another unit must change each output by what its unit says."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import pytest

from balun.chain.contract import Column
from balun.chain.units import registry
from balun.facts import measure as measures
from balun.facts.column_fact import Sight
from balun.facts.measure import Measure, base, is_offset, measure
from balun.facts.unit import Said, UnitFact, V
from balun.facts.unit_fault import Watch, faults, watched
from balun.relational.expression import Call
from fact_pairs import PLACE, Chain, Pair, event, pairs, walked

_UNITS = {
    "delay": "minute", "late": "min", "wait": "s", "far": "mile", "speed": "mile/hour", "fare": "EUR",
    "fee": "EUR_cent", "tip": "USD", "hum": "percent", "share": "dimensionless", "temp": "degF", "dew": "degF",
    "took": "second",
}  # fmt: skip
_TYPES = {"id": "BIGINT", "seats": "INTEGER", "carrier": "VARCHAR", "begun": "TIMESTAMP", "done": "TIMESTAMP"}
_TRIP = (*_TYPES, *(name for name in _UNITS if name != "took"))


def _columns(names: tuple[str, ...], units: dict[str, str]) -> list[Column]:
    return [Column(name, "number", _TYPES.get(name, "DOUBLE"), PLACE, unit=units.get(name)) for name in names]


def _chain(units: dict[str, str] = _UNITS) -> Chain:
    return Chain([event("trip", _columns(_TRIP, units)), event("leg", _columns(("id", "took"), units))])


def _said(value: V) -> str:
    return value.value if isinstance(value, Said) else str(value)


@pytest.mark.parametrize("pair", pairs("unit"), ids=lambda pair: pair.title)
def test_unit_is_as_expected(pair: Pair) -> None:
    chain = _chain()
    relation = chain.relation(pair.sql)
    states = walked(relation, UnitFact(), chain.events)
    values = states[id(relation)].values["unit"]
    told = tuple(f"{one.kind} {one.found} for {one.needed}" for one in faults(relation, states))
    assert {column.name: _said(value) for column, value in zip(relation.columns, values, strict=True)} == pair.said
    assert told == pair.faults


_OTHERS = {
    "minute": "second", "min": "hour", "s": "minute", "second": "hour", "mile": "kilometer", "EUR": "EUR_cent",
    "mile/hour": "kilometer/minute", "EUR_cent": "EUR", "USD": "USD_cent", "percent": "dimensionless",
    "dimensionless": "percent", "degF": "degC",
}  # fmt: skip


class _Seen(Watch):
    """blind: a condition was met whose truth may change with the units."""

    blind = False

    def call(self, of: Call, args: Sequence[V], sight: Sight[V]) -> V:
        found = super().call(of, args, sight)
        self.blind |= of.dtype == "BOOLEAN" and found is Said.UNKNOWN
        return found


class _Captured:
    """A chain in some units, with rows that are the same whatever the units."""

    def __init__(self, units: dict[str, str], seed: int) -> None:
        self.units, self.chain = units, _chain(units)
        draw = random.Random(seed)
        for name, of in self.chain.events.items():
            for at in range(12):
                row = [self._value(column.name, at, draw) for column in of.columns]
                self.chain.connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)

    def _value(self, name: str, at: int, draw: random.Random) -> object:
        some = draw.randrange(-5, 30) or 7
        match name:
            case "id":
                return at
            case "carrier":
                return draw.choice("ab")
            case "begun" | "done":
                return datetime(2026, 3, 1) + timedelta(seconds=3600 * some)  # noqa: DTZ001 - a TIMESTAMP has no zone
            case "seats":
                return some
        return converted(3611.0 * some, measure(_UNITS[name]), measure(self.units[name]))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.chain.connection.execute(sql).fetchall()


@lru_cache(maxsize=64)
def _captured(column: str, seed: int) -> _Captured:
    """With one column in another unit."""
    return _Captured({**_UNITS, **({column: _OTHERS[_UNITS[column]]} if column else {})}, seed)


def converted(value: float, one: Measure, other: Measure) -> float:
    if is_offset(one) and one != other:
        return (value - 32) * 5 / 9
    return value * base(one.unit)[0] / (one.factor or 1) / (base(other.unit)[0] / (other.factor or 1))


def _walk(of: _Captured, sql: str) -> tuple[tuple[V, ...], _Seen]:
    relation = of.chain.relation(sql)
    states = walked(relation, UnitFact(), of.chain.events)
    seen = _Seen()
    watched(relation, states, seen)
    return states[id(relation)].values["unit"], seen


def _edited(sql: str, before: _Seen, after: _Seen) -> str | None:
    """The SQL with its constants in the other units; None where they can't be told."""
    edits: dict[int, float] = {}
    if len(before.beside) != len(after.beside):
        return None
    for one, other in zip(before.beside, after.beside, strict=True):
        if one.value is None or one.value.place is None or None in {one.unit.factor, other.unit.factor}:
            return None
        edits[one.value.place] = converted(float(str(one.value.value)), one.unit, other.unit)
    for place, value in sorted(edits.items(), reverse=True):
        sql = sql[:place] + re.sub(r"^[\d.]+", f"{value!r}::DOUBLE", sql[place:])
    return sql


def _rescaled(sql: str, column: str, seed: int) -> int:
    """How many outputs were proved to change as their units say."""
    one, other = _captured("", seed % 3), _captured(column, seed % 3)
    (said, before), (now, after) = _walk(one, sql), _walk(other, sql)
    edited = _edited(sql, before, after)
    if edited is None or before.faults or after.faults or before.blind or after.blind:
        return 0
    proofs = [at for at, pair in enumerate(zip(said, now, strict=True)) if _claims(*pair)]
    rows, others = one.rows(sql), other.rows(edited)
    for at in proofs:
        texts, numbers = _sorted(_expected(row[at], said[at], now[at]) for row in rows)
        other_texts, other_numbers = _sorted(row[at] for row in others)
        assert other_texts == texts, sql
        assert other_numbers == pytest.approx(numbers, rel=1e-6, abs=1e-6, nan_ok=True), sql
    return len(proofs)


def _claims(one: V, other: V) -> bool:
    """Where constants make a unit in more ways than one, only that it stays the same is claimed."""
    known = [value is Said.BARE or (isinstance(value, Measure) and value.factor is not None) for value in (one, other)]
    return all(known) or (isinstance(one, Measure) and one == other)


def _expected(value: object, one: V, other: V) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not isinstance(one, Measure):
        return value
    return converted(float(value), one, other) if isinstance(other, Measure) else value


def _sorted(values: Iterable[object]) -> tuple[list[str], list[float]]:
    """Texts and nulls, and numbers up to a rounding."""
    told = list(values)
    numbers = sorted(float(one) for one in told if isinstance(one, int | float | Decimal))
    return sorted(str(one) for one in told if not isinstance(one, int | float | Decimal)), numbers


@pytest.mark.parametrize("pair", [one for one in pairs("unit") if not one.faults], ids=lambda pair: pair.title)
def test_rescaled_columns_change_outputs_as_their_units_say(pair: Pair) -> None:
    if "%" not in pair.sql:  # remainders of rescaled fractions are off by a rounding
        proved = sum(_rescaled(pair.sql, column, seed) for column in _UNITS for seed in range(2))
        assert proved > 20


def _expression(draw: random.Random, depth: int) -> str:
    if depth == 0:
        return draw.choice([*_UNITS, "seats", "delay", "wait", "late", "far", "fare"]).replace("took", "delay")
    one, other = _expression(draw, depth - 1), _expression(draw, draw.randrange(depth))
    number = draw.choice(["60", "0.3", "100", "2", "3600", "7", "24"])
    form = draw.choice((
        "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}", "{0} * {2}", "{0} / {2}", "{0} + {2}", "-{0}", "abs({0})",
        "coalesce({0}, {1})", "CASE WHEN {0} > {1} THEN {0} ELSE {1} END", "greatest({0}, {2})", "sqrt(abs({0}))",
        "CASE WHEN {0} > {2} THEN {1} ELSE 0 END", "({0} > {1})::INTEGER", "nullif({0}, 0)", "pow({0}, 2)",
        "{0} * {2} + {1}", "{0} / {2} + {1}", "({0} - {1}) / {1}", "ln(abs({0}) + 1)",
    ))  # fmt: skip
    return f"({form.format(one, other, number)})"


def _query(draw: random.Random) -> str:
    one, other = _expression(draw, draw.randrange(1, 4)), _expression(draw, draw.randrange(1, 3))
    of = draw.choice(("sum", "avg", "min", "max", "var_pop", "stddev_pop", "median", "count", "sum", "avg"))
    return draw.choice((
        f"SELECT {one} AS a, {other} AS b FROM trip",
        f"SELECT a, a / n AS b FROM (SELECT {of}({one}) AS a, count(*) AS n FROM trip GROUP BY carrier)",
        f"SELECT a, b, a + b AS c FROM (SELECT {one} AS a, {other} AS b FROM trip)",
        f"SELECT {one} AS a FROM trip UNION ALL SELECT {other} FROM trip",
        f"SELECT {one} AS a FROM trip WHERE {other} > 100",
        f"SELECT {one} - avg({one}) OVER (PARTITION BY carrier) AS a FROM trip",
    ))  # fmt: skip


def _prove(count: int, first: int) -> int:
    proved = 0
    for seed in range(first, first + count):
        draw = random.Random(seed)
        sql = _query(draw)
        read = [column for column in _UNITS if column in sql]
        proved += _rescaled(sql, draw.choice(read or ["delay"]), seed)
    return proved


def test_rescaling_changes_generated_arithmetic_as_its_units_say() -> None:
    assert _prove(120, 0) > 30


@pytest.mark.long
def test_rescaling_changes_much_generated_arithmetic_as_its_units_say() -> None:
    assert _prove(6000, 1000) > 1200


def test_pint_agrees_with_the_words_known_without_it() -> None:
    for word, (size, powers) in measures._WORDS.items():
        known, unit = registry().get_root_units(word, check_nonmult=False)
        assert float(str(known)) == pytest.approx(size, rel=1e-12), word
        assert dict(registry().Quantity(1, unit).unit_items()).keys() - {"count"} == dict(powers).keys(), word


def test_a_thousand_tables_are_walked_in_a_second() -> None:
    chain = _chain()
    steps = [f"sum(delay) * 60 + sum(wait) + {at} AS c{at}" for at in range(20)]
    relation = chain.relation(
        f"WITH a AS (SELECT carrier, {', '.join(steps)} FROM trip AS t LEFT JOIN leg AS l USING (id) "
        "WHERE delay > 3 GROUP BY carrier) SELECT * FROM a WHERE c1 > c2 ORDER BY c3"
    )
    start = time.process_time()
    for _ in range(1000):
        walked(relation, UnitFact(), chain.events)
    assert time.process_time() - start < 3
