"""Which changes tell what a captured column is worth: that it comes blank, and that it comes in coarser steps."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import floor, log10

from balun.chain.change import Change
from balun.chain.contract import Column, Contract
from balun.chain.duration import Duration
from balun.engine import Engine
from balun.facts.grid import Grid
from balun.facts.resolution import declared
from balun.quoting import in_parquet, quoted
from balun.snapshot import Snapshot

_TIMES = ("1 s", "1 min", "15 min", "1 h", "6 h", "1 d", "7 d")
# Of what most of a number's values lie within, the parts that a coarser step leaves.
_PARTS = (32, 8, 2)
_MOST = 3


def blank(event: Contract, column: Column) -> Change:
    return Change("blank", event.name, column.name)


def coarser(event: Contract, column: Column, rows: Snapshot) -> tuple[Change, ...]:
    """From the finest to the coarsest, at most three; none for what has no order.

    rows: of the event, to see how far its numbers lie apart.
    """
    return tuple(Change("coarsen", event.name, column.name, to=step) for step in _steps(column, rows))


def _steps(column: Column, rows: Snapshot) -> list[str]:
    if column.logical == "timestamp":
        return _spread([step for step in _TIMES if Duration.parse(step).us > _known(column)])
    if column.logical in {"integer", "number"}:
        return [*dict.fromkeys(_numbers(column, rows))]
    return []


def _known(column: Column) -> int:
    return Duration.parse(column.resolution).us if column.resolution else 0


def _spread(steps: list[str]) -> list[str]:
    """The finest, the coarsest but one week, and one between."""
    some = [step for step in steps if step != "7 d"] or steps
    return some if len(some) <= _MOST else [some[0], some[len(some) // 2], some[-1]]


def _numbers(column: Column, rows: Snapshot) -> Iterator[str]:
    """1, 2 or 5 times a power of ten, over the step that the contract tells or 1 of whole numbers."""
    apart = _apart(column, rows)
    known = declared(column)
    least = float(known.step) if isinstance(known, Grid) and known.step else 0.0
    least = max(least, 1.0) if column.logical == "integer" else least
    for parts in _PARTS:
        step = _round(apart / parts) if apart else 0.0
        if step > least:
            yield f"{Decimal(repr(step)).normalize():f}"


def _round(number: float) -> float:
    """
    >>> _round(0.034), _round(7.9), _round(1400)
    (0.02, 5.0, 1000.0)
    """
    power = floor(log10(number))
    lead = number / 10**power
    first = next(one for one in (5, 2, 1) if lead >= one)
    return float(Decimal(first).scaleb(power))


def _apart(column: Column, rows: Snapshot) -> float:
    """From the twentieth of its values to the nineteenth twentieth."""
    name = quoted(column.name)
    asked = f"SELECT quantile_cont({name}::DOUBLE, [0.05, 0.95]) FROM {in_parquet(rows.rows)}"
    with Engine(threads=1) as engine:
        found = engine.connection.execute(asked).fetchall()[0][0]
    return 0.0 if not found else float(found[1] - found[0])
