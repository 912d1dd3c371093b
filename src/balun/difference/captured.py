"""What a change of what is captured does to the event's own rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from balun.chain.change import CODES, Change, factor, share, step_us
from balun.chain.contract import Column, Contract
from balun.difference.delta import (
    MOVED,
    OTHER,
    SAME,
    Coarse,
    Delta,
    Plain,
    Retyped,
    Rounded,
    Same,
    Scaled,
    Swapped,
    Values,
    is_apart,
)
from balun.difference.rows import Difference, Rows
from balun.errors import UsageError
from balun.facts.grid import Grid, grid, within
from balun.facts.resolution import declared
from balun.facts.zone_offset import is_fixed

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_LISTED = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "JSON")


def captured(change: Change, before: Contract, after: Contract) -> Difference:
    """Of an event whose contract was `before` and is `after` by one change."""
    return captured_by([change], before, after)


def captured_by(changes: Sequence[Change], before: Contract, after: Contract) -> Difference:
    """changes: all that tells the two contracts apart, of which at most one renames."""
    names = [one.name.lower() for one in before.columns]
    renamed = {(one.to or "").lower(): (one.column or "").lower() for one in changes if one.kind == "rename"}
    rows = max((_rows(one, before) for one in changes), default=Rows.ALIKE)
    deltas: list[Delta] = []
    origins: list[int | None] = []
    lost: set[tuple[int, Plain]] = set()
    for at, column in enumerate(after.columns):
        name = renamed.get(column.name.lower(), column.name.lower())
        origin = names.index(name) if name in names else None
        origins.append(origin)
        if origin is None:
            deltas.append(OTHER)
            continue
        old = before.columns[origin]
        own = {one: _delta(one, old, after) for one in changes if (one.column or "").lower() == name}
        rows = max([rows, *(_set_aside(one, old, delta) for one, delta in own.items())])
        deltas.append(reduce(_then, own.values()) if own else SAME)
        if len(changes) == len(own) == 1:
            lost |= {(at, value) for value in _lost(changes[0], old)}
    return Difference(tuple(deltas), tuple(origins), rows, rows is Rows.ALIKE, frozenset(lost))


def _lost(change: Change, column: Column) -> tuple[Plain, ...]:
    """What the column is in all rows that don't come any more."""
    if change.kind == "require":
        return (None,)
    return (change.was,) if change.kind == "remove value" and column.dtype == "VARCHAR" else ()


def _then(one: Delta, other: Delta) -> Delta:
    """Of two changes of one value, one after the other."""
    if isinstance(one, Same) or isinstance(other, Same):
        return other if isinstance(one, Same) else one
    return replace(OTHER, nulls=one.nulls or other.nulls)


def _rows(change: Change, before: Contract) -> Rows:
    """What becomes of the event's rows, whatever their values are."""
    match change.kind:
        case "sample":
            return Rows.OTHER if change.was and share(change) > share(replace(change, to=change.was)) else Rows.FEWER
        case "thin":  # rows that its key tells apart are left by thinning by the key
            by = {name.lower() for name in change.by}
            return Rows.ALIKE if before.key and {name.lower() for name in before.key} <= by else Rows.FEWER
        case "rekey" | "rebound" | "frequency":  # other rows are set aside than before, or come
            return Rows.OTHER
        case "drop" if before.column(change.column or "").key is not None:
            return Rows.OTHER  # rows that agree in what is left of the key are set aside
    return Rows.ALIKE


def _delta(change: Change, column: Column, after: Contract) -> Delta:
    match change.kind:
        case "nullable" | "blank":
            return Swapped(_values(column), frozenset({None}))
        case "recode" | "pool" | "add value" | "remove value":
            return _recoded(change, column)
        case "coarsen":
            return _coarse(change, column)
        case "refine":
            return MOVED
        case "rescale":
            return _rescaled(change, column)
        case "retype":
            return _retyped(column, after.column(column.name), f"code {change.event}.{column.name}")
        case "rezone":
            zones = (column.zone or "UTC", change.to or "UTC")
            return replace(MOVED, by=f"rezone {zones[0]} {zones[1]}") if all(map(is_fixed, zones)) else MOVED
    return SAME


def _recoded(change: Change, column: Column) -> Delta:
    if change.kind == "remove value" and (column.required or column.key is not None):
        return SAME  # its rows don't come
    if column.dtype != "VARCHAR":
        return OTHER
    if change.kind == "recode":
        apart = bool(column.allowed) and change.to not in [str(one) for one in column.allowed]
        return Swapped(frozenset({change.was}), frozenset({change.to}), apart=apart)
    if change.kind == "pool":
        return Swapped(frozenset(change.by), frozenset({change.to}))
    if change.kind == "add value":
        return Swapped(_values(column), frozenset({change.to}))
    return Swapped(frozenset({change.was}), frozenset({None}))


def _rescaled(change: Change, column: Column) -> Delta:
    if change.was is None or change.to is None:
        return SAME  # a unit is told where none was, or no more
    try:
        times = factor(change)
    except UsageError:
        return MOVED
    if column.dtype in _WHOLE and times.is_integer():
        return Scaled(times)
    return Scaled() if column.dtype == "DOUBLE" else MOVED


def _values(column: Column) -> Values:
    """All that it may be."""
    if not column.allowed or column.dtype != "VARCHAR":
        return None
    nulls = frozenset() if column.required or column.key is not None else frozenset({None})
    return frozenset(map(str, column.allowed)) | nulls


def _coarse(change: Change, column: Column) -> Delta:
    known = declared(column)
    us = step_us(change)
    step = Decimal(change.to or "1") if us is None else Decimal(us)
    if isinstance(known, Grid) and known.line == "exact" and _holds(step, known):
        return SAME
    return Rounded(step) if us is None else Coarse(us)


def _holds(step: Decimal, known: Grid) -> bool:
    """Whether what lies on a grid lies on whole steps."""
    return bool(known.step) and not known.offset and within(known, grid(Fraction(step)))


def _retyped(before: Column, after: Column, code: str) -> Delta:
    old, new = before.dtype, after.dtype
    if old == new:
        return SAME
    if old in _WHOLE and (new in _WHOLE[_WHOLE.index(old) :] or (new == "DOUBLE" and _WHOLE.index(old) < 3)):
        return Retyped(numbers=True, was=old)
    if new == "VARCHAR" and not old.startswith(_LISTED) and not old.endswith("]"):
        return Retyped(numbers=False, was=old)
    return replace(MOVED, by=code) if old == "VARCHAR" and new in CODES else OTHER


def _set_aside(change: Change, column: Column, delta: Delta) -> Rows:
    """Whether rows may break the contract by the change, and be set aside."""
    if change.kind == "require":
        return Rows.ALIKE if column.required or column.key is not None else Rows.FEWER
    if change.kind == "remove value" and isinstance(delta, Same):
        return Rows.FEWER
    if isinstance(delta, Same) or change.kind == "blank":  # with it goes what it kept apart
        return Rows.ALIKE
    if change.kind == "retype" and delta.nulls and (column.required or column.key is not None):
        return Rows.FEWER
    if (column.unique or column.key is not None) and not is_apart(delta):
        return Rows.FEWER
    if change.kind in {"recode", "pool", "add value"} and not _fits(change.to or "", column):
        return Rows.FEWER
    times = column.logical not in {"integer", "number"} and (column.minimum is not None or column.maximum is not None)
    return Rows.FEWER if times and change.kind in {"coarsen", "rezone"} else Rows.ALIKE


def _fits(text: str, column: Column) -> bool:
    """Whether a value is of the shape that the contract promises."""
    low, high = column.min_length or 0, column.max_length
    if not low <= len(text) or (high is not None and len(text) > high):
        return False
    try:
        return column.pattern is None or re.fullmatch(column.pattern, text) is not None
    except re.error:  # DuckDB may know it
        return False
