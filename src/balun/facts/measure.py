"""Measures: a unit as a product of words, and what multiplication, division and equality make of it.

The usual words are known here, so that pint, which takes half a second to load, is asked for the others only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isclose

from balun.chain.units import CURRENCIES, registry

Powers = tuple[tuple[str, Fraction], ...]
_SECOND, _METER, _GRAM, _BIT = (((base, Fraction(1)),) for base in ("second", "meter", "gram", "bit"))
_SPEED: Powers = (("meter", Fraction(1)), ("second", Fraction(-1)))
# Each with its size in base units; a test asks pint.
_WORDS: dict[str, tuple[float, Powers]] = {
    "nanosecond": (1e-9, _SECOND), "microsecond": (1e-6, _SECOND), "millisecond": (1e-3, _SECOND),
    "second": (1.0, _SECOND), "minute": (60.0, _SECOND), "hour": (3600.0, _SECOND), "day": (86400.0, _SECOND),
    "week": (604800.0, _SECOND), "millimeter": (1e-3, _METER), "centimeter": (1e-2, _METER), "meter": (1.0, _METER),
    "kilometer": (1e3, _METER), "inch": (0.0254, _METER), "foot": (0.3048, _METER), "yard": (0.9144, _METER),
    "mile": (1609.344, _METER), "nautical_mile": (1852.0, _METER), "milligram": (1e-3, _GRAM), "gram": (1.0, _GRAM),
    "kilogram": (1e3, _GRAM), "metric_ton": (1e6, _GRAM), "pound": (453.59237, _GRAM), "ounce": (28.349523125, _GRAM),
    "bit": (1.0, _BIT), "byte": (8.0, _BIT), "kilobyte": (8e3, _BIT), "megabyte": (8e6, _BIT),
    "gigabyte": (8e9, _BIT), "knot": (1852 / 3600, _SPEED), "percent": (0.01, ()), "dimensionless": (1.0, ()),
    "count": (1.0, ()),
}  # fmt: skip
_ALIASES = {
    "s": "second", "min": "minute", "h": "hour", "d": "day", "ms": "millisecond", "us": "microsecond",
    "ns": "nanosecond", "m": "meter", "metre": "meter", "km": "kilometer", "kilometre": "kilometer",
    "cm": "centimeter", "mm": "millimeter", "mi": "mile", "feet": "foot", "ft": "foot", "inches": "inch",
    "g": "gram", "kg": "kilogram", "lb": "pound", "oz": "ounce", "tonne": "metric_ton", "%": "percent",
}  # fmt: skip
_DELTAS = {"degree_Celsius": "delta_degree_Celsius", "degree_Fahrenheit": "delta_degree_Fahrenheit"}
_FACTOR = re.compile(r"([*/]?)\s*([^\W\d][\w]*|[°%]\w*|1)\s*(?:(?:\*\*|\^)\s*(-?\d))?\s*")


@dataclass(frozen=True, slots=True)
class Unit:
    """powers: words as pint names them, with their exponents; none for a plain number."""

    powers: Powers

    def __str__(self) -> str:
        above = "*".join(_raised(word, power) for word, power in self.powers if power > 0)
        below = "".join(f"/{_raised(word, -power)}" for word, power in self.powers if power < 0)
        return f"{above or '1'}{below}" if self.powers else "dimensionless"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number's unit. factor: by what constants have multiplied the number since; None: in more ways than one."""

    unit: Unit
    factor: float | None = 1.0

    def __str__(self) -> str:
        return str(self.unit) if self.factor in {1.0, None} else f"{self.unit}/{self.factor:.6g}"


PLAIN = Measure(Unit(()))


@lru_cache(maxsize=4096)
def measure(text: str) -> Measure:
    """A unit as a contract writes it.

    >>> str(measure("miles / h")), str(measure("kg*m/s**2")), str(measure("EUR_cent")), str(measure("%"))
    ('mile/hour', 'kilogram*meter/second**2', 'EUR_cent', 'percent')
    """
    powers = ((_word(word), Fraction(power or 1) * (-1 if sign == "/" else 1)) for sign, word, power in _factors(text))
    return Measure(Unit(_product(powers)))


def _factors(text: str) -> list[tuple[str, str, str]]:
    return [found for found in _FACTOR.findall(text.strip()) if found[1] != "1"]


@lru_cache(maxsize=4096)
def _word(written: str) -> str:
    word = _ALIASES.get(written, written)
    if word in _WORDS or word.removesuffix("_cent") in CURRENCIES:
        return word
    return word[:-1] if word[:-1] in _WORDS and word.endswith("s") else str(registry().get_name(word)) or word


def _product(powers: Iterable[tuple[str, Fraction]]) -> Powers:
    found: dict[str, Fraction] = {}
    for word, power in powers:
        found[word] = found.get(word, Fraction(0)) + power
    numbers = {"dimensionless", "count", "radian"}
    return tuple(sorted((word, power) for word, power in found.items() if power and word not in numbers))


def _raised(word: str, power: Fraction) -> str:
    return word if power == 1 else f"{word}**{power}"


@lru_cache(maxsize=4096)
def _base_of(word: str) -> tuple[float, Powers]:
    """How many base units it is, and which."""
    if word in _WORDS:
        return _WORDS[word]
    if word.removesuffix("_cent") in CURRENCIES:
        return (0.01 if word.endswith("_cent") else 1.0), ((word.removesuffix("_cent"), Fraction(1)),)
    size, unit = registry().get_root_units(word, check_nonmult=False)
    items = registry().Quantity(1.0, unit).unit_items()
    return float(str(size)), _product((name, Fraction(str(power))) for name, power in items)


@lru_cache(maxsize=4096)
def base(unit: Unit) -> tuple[float, Powers]:
    """How many base units one of it is, and which these are.

    >>> base(measure("kilometer/hour").unit)
    (0.2777777777777778, (('meter', Fraction(1, 1)), ('second', Fraction(-1, 1))))
    """
    size, powers = 1.0, list[tuple[str, Fraction]]()
    for word, power in unit.powers:
        each, bases = _base_of(word)
        size *= each ** float(power)
        powers += [(name, of * power) for name, of in bases]
    return size, _product(powers)


def is_offset(one: Measure) -> bool:
    """Whether its zero isn't nothing, as of temperatures: two of them don't add."""
    return any(word in _DELTAS for word, _ in one.unit.powers)


def difference(one: Measure) -> Measure:
    """Of two measures taken from each other."""
    return Measure(Unit(_product((_DELTAS.get(word, word), power) for word, power in one.unit.powers)), one.factor)


@lru_cache(maxsize=4096)
def times(one: Measure, other: Measure, power: int = 1) -> Measure:
    """Of a product; of a quotient where `power` is −1.

    >>> str(times(measure("mile/hour"), measure("hour"))), str(times(measure("mile"), measure("minute"), -1))
    ('mile', 'mile/minute')
    """
    powers = [*one.unit.powers, *((word, of * power) for word, of in other.unit.powers)]
    if one.factor is None or other.factor is None:
        return Measure(Unit(_product(powers)), None)
    return scaled(Measure(Unit(_product(powers))), one.factor * other.factor**power)


@lru_cache(maxsize=4096)
def raised(one: Measure, power: Fraction) -> Measure:
    powers = _product((word, of * power) for word, of in one.unit.powers)
    return Measure(Unit(powers), None if one.factor is None else one.factor ** float(power))


@lru_cache(maxsize=4096)
def scaled(one: Measure, by: float | None) -> Measure:
    """Of the number times a constant, in a unit that has a name where one fits. by: its sign makes no unit.

    >>> str(scaled(measure("second"), 1 / 60)), str(scaled(measure("mile/minute"), 60))
    ('minute', 'mile/hour')
    >>> str(scaled(measure("second"), 0.3))
    'second/0.3'
    """
    if not by or one.factor is None:
        return Measure(one.unit, None)
    factor = one.factor * abs(by)
    if isclose(factor, 1, rel_tol=1e-9):
        return Measure(one.unit)
    named = _named(one.unit, factor)
    return Measure(one.unit, factor) if named is None else Measure(named)


def _named(unit: Unit, factor: float) -> Unit | None:
    """The unit that is `factor` times smaller, where one word in place of another makes it."""
    size, bases = base(unit)
    if not bases:
        found = [Unit(powers) for name, powers in _NUMBERS if isclose(name, size / factor, rel_tol=1e-9)]
        return found[0] if found else None
    for at, (word, power) in enumerate(unit.powers):
        each, of = _base_of(word)
        wanted = each * factor ** float(-1 / power)
        for other, has in _of_kind(of):
            if isclose(has, wanted, rel_tol=1e-9):
                return Unit(_product([*unit.powers[:at], (other, power), *unit.powers[at + 1 :]]))
    return None


def instead_of(unit: Unit) -> Iterator[tuple[Unit, float]]:
    """Usual units that measure the same, each with how many of `unit` one of it is.

    >>> sorted((str(other), by) for other, by in instead_of(measure("EUR_cent").unit))
    [('EUR', 100.0)]
    """
    for at, (word, power) in enumerate(unit.powers):
        each, of = _base_of(word)
        for other, has in _of_kind(of):
            if other != word and other not in _RARE:
                powers = _product([*unit.powers[:at], (other, power), *unit.powers[at + 1 :]])
                yield Unit(powers), (has / each) ** float(power)


_RARE = frozenset({"nanosecond", "microsecond", "week", "nautical_mile", "bit"})
_NUMBERS: tuple[tuple[float, Powers], ...] = ((1.0, ()), (0.01, (("percent", Fraction(1)),)))


@lru_cache(maxsize=1024)
def _of_kind(bases: Powers) -> tuple[tuple[str, float], ...]:
    usual = tuple((word, size) for word, (size, of) in _WORDS.items() if of == bases)
    money = len(bases) == 1 and bases[0][0] in CURRENCIES
    return ((bases[0][0], 1.0), (f"{bases[0][0]}_cent", 0.01)) if money else usual


@lru_cache(maxsize=4096)
def agreed(one: Measure, other: Measure) -> Measure | None:
    """What both measure, where they are in the same unit; None where they aren't.

    `0.3 * a + 0.7 * b` of minutes is a number of minutes: constants that make no unit with a name are weights.

    >>> str(agreed(measure("minute"), scaled(measure("second"), 1 / 60))), agreed(measure("minute"), measure("second"))
    ('minute', None)
    >>> str(agreed(scaled(measure("minute"), 0.3), scaled(measure("minute"), 0.7)))
    'minute'
    """
    if is_offset(one) != is_offset(other):
        return None
    (size, bases), (other_size, other_bases) = base(one.unit), base(other.unit)
    if bases != other_bases:
        return None
    if one.factor and other.factor and isclose(size / one.factor, other_size / other.factor, rel_tol=1e-9):
        return one if one.factor == 1 else other
    return Measure(one.unit, None) if isclose(size, other_size, rel_tol=1e-9) else None
