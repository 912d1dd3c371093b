"""Whether a value lies off a grid, in SQL."""

from __future__ import annotations

from math import lcm

from balun.facts.grid import NULL, UNKNOWN, Grid, Steps, meet
from balun.facts.number_step import FLOATS, INTEGERS, of_type
from balun.quoting import decimal
from balun.relational.constant import scale_of

_US = frozenset({
    "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE",
})  # fmt: skip
_NS = frozenset({"TIMESTAMP_NS", "TIMESTAMPTZ_NS"})
_MOST = 2**127  # DuckDB's whole numbers go no farther
_EXACT = 2**53  # beyond, doubles skip whole numbers


def off_grid(on: Steps, value: str, dtype: str) -> str | None:
    """True of a value that is not on it; None where the type is none that grids are told of.

    >>> off_grid(Grid(900_000_000), "c", "TIMESTAMP"), off_grid(Grid(10, 3), "c", "BIGINT")
    ('epoch_us(c) % 900000000 NOT IN (0, -900000000)', 'c % 10 NOT IN (3, -7)')
    """
    found = on if dtype in FLOATS or on == UNKNOWN else meet(on, of_type(dtype))
    if not isinstance(found, Grid):
        return f"{value} IS NOT NULL" if found == NULL else None
    if found.line != "exact":
        return _off_months(found, value, dtype)
    if dtype in FLOATS:
        return _off_doubles(found, value, dtype)
    if dtype == "INTERVAL":
        return f"{_months(value)} <> 0 OR {_off(found, f'epoch_us({value})')}"
    if dtype.startswith("DECIMAL"):
        return _off_decimals(found, value, scale_of(dtype))
    if dtype in _NS:
        return _off(Grid(found.step * 1_000, found.offset * 1_000), f"epoch_ns({value})")
    if dtype in _US:
        return _off(found, f"epoch_us({value})")
    return _off(found, value) if dtype in INTEGERS - {"UHUGEINT"} else None


def _off(on: Grid, number: str) -> str:
    """Of a whole number. DuckDB's remainder has the sign of what is divided."""
    if not on.step:
        return f"{number} <> {on.offset}"
    rest = number if on.step >= _MOST else f"{number} % {on.step}"
    return f"{rest} NOT IN ({on.offset}, {on.offset - on.step})"


def _off_decimals(on: Grid, value: str, scale: int) -> str | None:
    most = 10 ** (38 - scale)
    if on.step >= most or abs(on.offset) >= most:
        return None
    points = (int(one * 10**scale) for one in (on.step, on.offset, on.offset - on.step))
    step, offset, below = (decimal(one, f"DECIMAL(38,{scale})", scale) for one in points)
    return f"{value} % {step} NOT IN ({offset}, {below})" if on.step else f"{value} <> {offset}"


def _off_doubles(on: Grid, value: str, dtype: str) -> str | None:
    """A double is on the grid where none is nearer to a point of it: of whole numbers, one division rounds so."""
    parts = lcm(on.step.denominator, on.offset.denominator)
    step, offset = int(on.step * parts), int(on.offset * parts)
    if max(step, abs(offset), parts) >= _EXACT:
        return None
    whole = f"round(({value}::DOUBLE - {float(on.offset)!r}) / {float(on.step)!r})" if step else "0"
    point = f"(({offset}::DOUBLE + {whole} * {step}::DOUBLE) / {parts}::DOUBLE)::{dtype}"
    told = f"abs({value}::DOUBLE) < {_EXACT / parts!r}" if step else f"isfinite({value})"
    return f"{told} AND {value} <> {point}"


def _months(value: str) -> str:
    return f"date_part('year', {value}) * 12 + date_part('month', {value})"


def _off_months(on: Grid, value: str, dtype: str) -> str | None:
    if on.line == "months" and dtype == "INTERVAL":
        months = f"({_months(value)})"
        return f"epoch_us({value} - to_months({months}::INTEGER)) <> 0 OR {_off(on, months)}"
    if on.line == "firsts" and dtype in _US - {"TIME"}:
        months = f"({_months(value)} - {1970 * 12 + 1})"
        return f"{value} <> date_trunc('month', {value}) OR {_off(on, months)}"
    return None
