"""Features by brute force: what point in time means, in loops one can verify by eye. No SQL, no engine.

Rows are dicts. Times are whole microseconds since 1970 in UTC, or ±infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from balun.chain.duration import Duration
from balun.chain.feature import Aggregate, Feature, Latest, Value

Row = Mapping[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Meaning:
    """What an expression in SQL means, in Python.

    of: its value on one row. reads: its columns. type: DuckDB's.
    """

    sql: str
    of: Callable[[Row], Any]
    reads: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class Whole:
    """What an aggregate written by a user means.

    of: its value over all visible rows, which come in their order.
    """

    sql: str
    of: Callable[[Sequence[Row]], Any]
    reads: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class World:
    """A source, with what the SQL that is written about it means.

    available: column to when its value is known. meanings: by their SQL.
    """

    rows: tuple[Row, ...]
    columns: Mapping[str, str]
    key: tuple[str, ...]
    available: Mapping[str, Meaning]
    row_available: Meaning | None
    zone: str
    meanings: Mapping[str, Meaning]
    wholes: Mapping[str, Whole]


@dataclass(frozen=True)
class OneOf:
    """Any of these: a sum of doubles may be exact, or added up in the order of the rows."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Near:
    """A number this near."""

    value: float
    within: float


@dataclass(frozen=True)
class Overflow:
    """No number: the exact sum is no BIGINT, and the query must fail."""


# What each example sees


def answers(feature: Feature, world: World, examples: Sequence[Row]) -> list[list[Any]]:
    """The id and the outputs of each example, in the order of the ids."""
    ordered = sorted(examples, key=lambda example: int(example["example"]))
    return [[example["example"], *answer(feature, world, example)] for example in ordered]


def answer(feature: Feature, world: World, example: Row) -> list[Any]:
    if isinstance(feature, Latest):
        return [latest(feature, world, example, name) for name in feature.names]
    return [aggregated(feature, world, example, value, window) for value in feature.values for window in feature.over]


def latest(feature: Latest, world: World, example: Row, name: str) -> Any:
    rows = visible(feature, world, example, feature.max_age, (name,))
    return rows[-1][name] if rows else None


def aggregated(feature: Aggregate, world: World, example: Row, value: Value, window: Duration) -> Any:
    if value.expression is None:
        return len(visible(feature, world, example, window, ()))
    if value.function == "sql":
        whole = world.wholes[value.expression]
        return whole.of(visible(feature, world, example, window, whole.reads))
    meaning = world.meanings[value.expression]
    found = [meaning.of(row) for row in visible(feature, world, example, window, meaning.reads)]
    return AGGREGATES[value.function]([one for one in found if one is not None])


def visible(feature: Feature, world: World, example: Row, window: Duration | None, reads: Sequence[str]) -> list[Row]:
    """The rows that a value made of the columns `reads` may use, in their order."""
    where = None if feature.where is None else world.meanings[feature.where]
    needed = {feature.at, *feature.by, *reads, *(where.reads if where else ())}
    waits = [world.available[name] for name in world.available if name in needed]
    waits += [world.row_available] if world.row_available else []
    rows = [
        row
        for row in world.rows
        if is_same_entity(row, example, feature.by)
        and is_in_window(row[feature.at], example["at"], window, feature.inclusive, world.zone)
        and (where is None or where.of(row) is True)
        and all(is_known(wait.of(row), example["at"], feature.inclusive) for wait in waits)
    ]
    return sorted(rows, key=lambda row: place(row, feature.at, world))


def is_same_entity(row: Row, example: Row, by: Sequence[str]) -> bool:
    """Null is nobody; NaN is NaN."""
    return all(row[name] is not None and rank(row[name]) == rank(example[name]) for name in by)


def is_in_window(us: float | None, t: float | None, window: Duration | None, inclusive: bool, zone: str) -> bool:
    """No window holds a row without a time, nor has an example without a time a window; nor at an infinite one."""
    if us is None or t is None or math.isinf(us) or math.isinf(t):
        return False
    low = -math.inf if window is None else start(int(t), window, zone)
    return low < us <= t if inclusive else low <= us < t


def is_known(when: float | None, t: float, inclusive: bool) -> bool:
    if when is None:
        return False
    return when <= t if inclusive else when < t


def start(t: int, window: Duration, zone: str) -> int:
    """Where the window that ends at `t` begins.

    A local day: the wall clock as it reads at `t`, so many days earlier.

    >>> noon = to_us(datetime(2024, 3, 10, 16, tzinfo=UTC))  # 12:00 in New York, where clocks went forward at 2:00
    >>> (noon - start(noon, Duration(local_days=1), "America/New_York")) / 3_600_000_000
    23.0
    """
    if not window.local_days:
        return t - window.us
    now = (EPOCH + timedelta(microseconds=t)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return from_wall(now - timedelta(days=window.local_days), zone)


def from_wall(wall: datetime, zone: str) -> int:
    """When the clock shows this; of two times the second, and where it is skipped, as far on as the clock then jumps.

    >>> berlin = from_wall(datetime(2024, 3, 31, 2, 30), "Europe/Berlin")
    >>> EPOCH + timedelta(microseconds=berlin)  # 03:30
    datetime.datetime(2024, 3, 31, 1, 30, tzinfo=datetime.timezone.utc)
    """
    there = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    was_shown = second.astimezone(there).replace(tzinfo=None) == wall
    return to_us(second if was_shown else first)


def to_us(time: datetime) -> int:
    """
    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (time - EPOCH) // timedelta(microseconds=1)


def place(row: Row, at: str, world: World) -> list[Any]:
    """What rows are sorted by: event time, key, then all columns in their order."""
    return [rank(row[name]) for name in (at, *world.key, *world.columns)]


def rank(value: Any) -> tuple[int, Any]:
    """Nulls first; NaN after infinity; text by its bytes.

    >>> sorted([math.nan, math.inf, None, 1.0], key=rank)
    [None, 1.0, inf, nan]
    """
    if value is None:
        return 0, 0
    if isinstance(value, float) and math.isnan(value):
        return 2, 0
    return 1, value.encode() if isinstance(value, str) else value


# Aggregates of values that are not null


def total(values: Sequence[Any]) -> Any:
    if not values:
        return None
    if isinstance(values[0], float):
        return OneOf((in_order(values), exact(values)))
    if isinstance(values[0], Decimal):
        with localcontext(prec=60):  # Decimal's own rounds to 28 digits
            return sum(values, Decimal(0))
    found = sum(int(value) for value in values)
    return found if -(2**63) <= found < 2**63 else Overflow()


def in_order(values: Sequence[float]) -> float:
    found = 0.0
    for value in values:
        found += value
    return found


def exact(values: Sequence[float]) -> float:
    """The sum as one would write it on paper, rounded once.

    >>> exact([1e17, 1.0, -1e17]), exact([math.inf, 1.0]), exact([math.inf, -math.inf])
    (1.0, inf, nan)
    """
    odd = {value for value in values if math.isinf(value)}
    if any(math.isnan(value) for value in values) or len(odd) == 2:
        return math.nan
    if odd:
        return odd.pop()
    return to_float(sum(Fraction(value) for value in values))


def to_float(value: Fraction | int) -> float:
    """
    >>> to_float(-(10**400))
    -inf
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def mean(values: Sequence[Any]) -> Any:
    if not values:
        return None
    if isinstance(values[0], float):
        return OneOf((in_order(values) / len(values), exact(values) / len(values)))
    found = float(sum((Fraction(value) for value in values), Fraction(0))) / len(values)
    wide = isinstance(values[0], Decimal) and abs(found) > 1e10  # whose conversion to a DOUBLE DuckDB rounds twice
    return Near(found, 2 * math.ulp(found)) if wide else found


def std(values: Sequence[Any]) -> Any:
    """The sample's. It can't be had to the last bit: what is missed is in proportion to the values, not to it."""
    if len(values) < 2:
        return None
    numbers = [float(value) for value in values]
    if not all(math.isfinite(number) for number in numbers):
        return math.nan
    middle = sum(Fraction(number) for number in numbers) / len(numbers)
    squares = sum((Fraction(number) - middle) ** 2 for number in numbers)
    largest = max(abs(number) for number in numbers)
    if squares and largest > 1e150:  # their squares are no doubles
        return OneOf((math.inf, math.nan))
    found = math.sqrt(squares / (len(numbers) - 1))
    return Near(found, 1e-9 * found + 1e-12 * largest)


def rate(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def distinct(values: Sequence[Any]) -> int:
    """NaN equals NaN."""
    return len({rank(value) for value in values})


AGGREGATES: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "count": len,
    "sum": total,
    "mean": mean,
    "min": lambda values: min(values, key=rank, default=None),
    "max": lambda values: max(values, key=rank, default=None),
    "std": std,
    "count_distinct": distinct,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "rate": rate,
}


# Types


def types(feature: Feature, world: World) -> list[str]:
    """Of the outputs, in order."""
    if isinstance(feature, Latest):
        return [kept(world.columns[name]) for name in feature.names]
    return [type_of(value, world) for value in feature.values for _ in feature.over]


def type_of(value: Value, world: World) -> str:
    if value.expression is None or value.function in {"count", "count_distinct"}:
        return "BIGINT"
    if value.function == "sql":
        return world.wholes[value.expression].type
    if value.function in {"mean", "std", "rate"}:
        return "DOUBLE"
    of = world.meanings[value.expression].type
    return summed(of) if value.function == "sum" else kept(of)


def summed(of: str) -> str:
    if of.startswith("DECIMAL"):
        return f"DECIMAL(38,{of.split(',')[1]}"
    return "DOUBLE" if of in {"DOUBLE", "FLOAT"} else "BIGINT"


def kept(of: str) -> str:
    """The type itself, but for the one that Parquet has no room for."""
    return "DECIMAL(38,0)" if of == "HUGEINT" else of


# Comparison


def agree(expected: Any, found: Any) -> bool:
    """Equal, and of one kind. Minus zero equals zero, as in SQL.

    >>> agree(math.nan, math.nan), agree(1, 1.0), agree(OneOf((1.0, 2.0)), 2.0), agree(Near(1.0, 0.1), 1.05)
    (True, False, True, True)
    """
    if isinstance(expected, OneOf):
        return any(agree(one, found) for one in expected.values)
    if isinstance(expected, Near):
        return isinstance(found, float) and abs(found - expected.value) <= expected.within
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agree, expected, found))
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(found, float) and math.isnan(found)
    return type(expected) is type(found) and bool(expected == found)
