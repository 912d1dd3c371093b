"""Grids in words, as a contract writes a resolution."""

from __future__ import annotations

from balun.facts.grid import DAY, HOUR, MINUTE, SECOND, Grid, Number, Steps
from balun.facts.number_step import is_number

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"), (1_000, "ms"), (1, "us"))


def written(of: Steps, dtype: str) -> str:
    """
    >>> from fractions import Fraction
    >>> from balun.facts.grid import grid
    >>> written(grid(HOUR, 30 * MINUTE), "TIMESTAMP"), written(grid(3, 1, "firsts"), "DATE")
    ('1 h + 30 min', '3 months + 1 months')
    >>> written(grid(Fraction(1, 100)), "DOUBLE"), written(grid(0, 59), "BIGINT")
    ('0.01', 'always 59')
    """
    if not isinstance(of, Grid):
        return of
    if not of.step:
        return f"always {_measure(of.offset, of, dtype)}"
    beyond = f" + {_measure(of.offset, of, dtype)}" if of.offset else ""
    return _measure(of.step, of, dtype) + beyond


def _measure(of: Number, on: Grid, dtype: str) -> str:
    if on.line != "exact":
        return f"{of} months"
    if is_number(dtype):
        return str(of) if of.denominator == 1 else f"{float(of):.12g}"
    if not of:
        return "0"
    return next((f"{of // unit} {name}" for unit, name in _UNITS if of % unit == 0), f"{float(of)} us")
