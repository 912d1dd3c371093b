"""What a change of what is captured does to the event's own rows."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from balun.chain.change import Change, factor, step_us
from balun.chain.contract import Column, Contract
from balun.difference.delta import (
    MOVED,
    OTHER,
    SAME,
    Coarse,
    Delta,
    Retyped,
    Rounded,
    Same,
    Scaled,
    Swapped,
    Values,
    is_apart,
)
from balun.difference.lockstep import Difference, Rows
from balun.difference.passage import is_fixed
from balun.facts.grid import Grid
from balun.facts.resolution import declared

_WORDS = frozenset({"reclassify", "reown", "reword", "delay", "frequency"})
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_LISTED = ("STRUCT", "MAP", "UNION", "BLOB", "BIT", "JSON")


def captured(change: Change, before: Contract, after: Contract) -> Difference:
    """Of an event whose contract was `before` and is `after`."""
    names = [one.name.lower() for one in before.columns]
    renamed = {(change.to or "").lower(): (change.column or "").lower()} if change.kind == "rename" else {}
    origins: list[int | None] = []
    for column in after.columns:
        name = renamed.get(column.name.lower(), column.name.lower())
        origins.append(names.index(name) if name in names else None)
    wanted = (change.column or "").lower()
    deltas: list[Delta] = []
    lost: set[int] = set()
    rows = Rows.FEWER if change.kind in {"sample", "thin"} else Rows.ALIKE
    for at, origin in enumerate(origins):
        if origin is None:
            deltas.append(OTHER)
        elif names[origin] == wanted:
            lost |= {at} if change.kind == "require" else set()
            delta = _delta(change, before.columns[origin], after)
            rows = max(rows, _set_aside(change, before.columns[origin], delta))
            deltas.append(delta)
        else:
            deltas.append(SAME)
    if change.kind == "drop" and before.column(wanted).key is not None:
        rows = Rows.OTHER  # rows that agree in what is left of the key are set aside
    return Difference(tuple(deltas), tuple(origins), rows, in_order=rows is Rows.ALIKE, lost=frozenset(lost))


def _delta(change: Change, column: Column, after: Contract) -> Delta:
    if change.kind in {"recode", "add value", "remove value"} and column.dtype != "VARCHAR":
        kept = change.kind == "remove value" and (column.required or column.key is not None)
        return SAME if kept else OTHER
    match change.kind:
        case "nullable":
            return Swapped(_values(column), frozenset({None}))
        case "recode":
            apart = bool(column.allowed) and change.to not in [str(one) for one in column.allowed]
            return Swapped(frozenset({change.was}), frozenset({change.to}), apart=apart)
        case "add value":
            return Swapped(_values(column), frozenset({change.to}))
        case "remove value" if column.required or column.key is not None:
            return SAME
        case "remove value":
            return Swapped(frozenset({change.was}), frozenset({None}))
        case "coarsen":
            return _coarse(change, column)
        case "rescale":
            times = factor(change)
            if column.dtype in _WHOLE and times.is_integer():
                return Scaled(times)
            return Scaled() if column.dtype == "DOUBLE" else MOVED
        case "retype":
            return _retyped(column, after.column(column.name))
        case "rezone":
            zones = (column.zone or "UTC", change.to or "UTC")
            return replace(MOVED, by=f"rezone {zones[0]} {zones[1]}") if all(map(is_fixed, zones)) else MOVED
    return SAME


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
    return bool(known.step) and not known.offset and not Fraction(known.step) % Fraction(step)


def _retyped(before: Column, after: Column) -> Delta:
    old, new = before.dtype, after.dtype
    if old == new:
        return SAME
    if old in _WHOLE and (new in _WHOLE[_WHOLE.index(old) :] or (new == "DOUBLE" and _WHOLE.index(old) < 3)):
        return Retyped(numbers=True, was=old)
    if new == "VARCHAR" and not old.startswith(_LISTED) and not old.endswith("]"):
        return Retyped(numbers=False, was=old)
    return OTHER


def _set_aside(change: Change, column: Column, delta: Delta) -> Rows:
    """Whether rows may break the contract by the change, and be set aside."""
    if change.kind == "require":
        return Rows.ALIKE if column.required or column.key is not None else Rows.FEWER
    if change.kind == "remove value" and isinstance(delta, Same):
        return Rows.FEWER
    if isinstance(delta, Same) or change.kind in _WORDS:
        return Rows.ALIKE
    if (column.unique or column.key is not None) and not is_apart(delta):
        return Rows.FEWER
    if change.kind in {"recode", "add value"} and not _fits(change.to or "", column):
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


def unchanged(contract: Contract) -> Difference:
    """Of an event whose rows are as they were."""
    width = len(contract.columns)
    return Difference(tuple(SAME for _ in range(width)), tuple(range(width)))


def together(one: Difference, other: Difference) -> Difference:
    """Of two changes, one after the other."""
    deltas: list[Delta] = []
    origins: list[int | None] = []
    for delta, middle in zip(other.deltas, other.origins, strict=True):
        first = OTHER if middle is None else one.deltas[middle]
        origins.append(None if middle is None else one.origins[middle])
        if isinstance(first, Same) or isinstance(delta, Same):
            deltas.append(delta if isinstance(first, Same) else first)
        else:
            deltas.append(replace(OTHER, nulls=first.nulls or delta.nulls))
    return Difference(tuple(deltas), tuple(origins), max(one.rows, other.rows), one.in_order and other.in_order)
