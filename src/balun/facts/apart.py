"""Sums that tell their parts: an hour and its minutes, added, are told apart again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from balun.facts.dependency import Set
from balun.facts.domain import WHOLE, Domain
from balun.facts.extent import as_range
from balun.facts.grid import Grid
from balun.facts.moment import UNITS_US
from balun.facts.nullable import Nullable
from balun.facts.resolution import Resolution
from balun.relational.expression import Call, Expression, Ref
from balun.relational.relation import Project

_LENGTHS = {f"to_{unit}s": us for unit, us in UNITS_US.items() if unit in {"second", "minute", "hour"}}


def told_apart(relation: Project, values: Mapping[str, tuple[Any, ...]]) -> Iterator[tuple[Set, int]]:
    """What follows from outputs that are times on a grid plus less than its step. values: facts of the input.

    Only where the parts are outputs too: what follows is said of outputs.
    """
    kept: dict[int, int] = {}
    for at, output in enumerate(relation.outputs):
        if isinstance(output, Ref):
            kept.setdefault(output.at, at)
    for at, output in enumerate(relation.outputs):
        for part in _parts(output, values):
            if part in kept:
                yield frozenset({at}), kept[part]


def _parts(output: Expression, values: Mapping[str, tuple[Any, ...]]) -> tuple[int, ...]:
    match output:
        case Call("+", (Ref() as time, Call(name, (number,)))) if name in _LENGTHS:
            column = _whole(number)
            if column is not None and _fits(time, column, _LENGTHS[name], values):
                return time.at, column.at
    return ()


def _whole(number: Expression) -> Ref | None:
    match number:
        case Ref() if number.dtype in WHOLE:
            return number
        case Call("cast", (Ref() as inner,)) if inner.dtype in WHOLE and number.dtype in WHOLE:
            return inner
    return None


def _fits(time: Ref, number: Ref, unit_us: int, values: Mapping[str, tuple[Any, ...]]) -> bool:
    """Whether the number's whole range is shorter than the time's step."""
    grid, extent = values[Resolution.name][time.at], as_range(values[Domain.name][number.at])
    if not isinstance(grid, Grid) or grid.line != "exact" or extent is None:
        return False
    if extent.low is None or extent.high is None or not time.dtype.startswith("TIMESTAMP"):
        return False
    if values[Nullable.name][time.at] or values[Nullable.name][number.at]:
        return False  # a sum that is null tells nothing of its parts
    return (extent.high - extent.low) * unit_us < grid.step  # type: ignore[operator]
