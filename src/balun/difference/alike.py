"""Whether conditions, orders and frames of windows say of the same rows what they said before."""

from __future__ import annotations

from collections.abc import Sequence

from balun.difference.delta import Same
from balun.difference.passage import Columns, decides_the_same, only_fewer
from balun.difference.rows import Rows
from balun.relational.expression import Expression, Order, Window


def kept_by(columns: Columns, before: Sequence[Expression], after: Sequence[Expression]) -> Rows:
    """What becomes of rows for which all conditions are true."""
    pairs = columns.paired(before, after)
    met = [one for one in pairs if one[1] is not None]
    if len(met) < len(before):
        return Rows.OTHER
    deltas = [delta for *_, delta in met]
    if not all(map(only_fewer, deltas)):
        return Rows.OTHER if not all(decides_the_same(one) or only_fewer(one) for one in deltas) else Rows.FEWER
    return Rows.ALIKE if len(met) == len(after) and all(map(decides_the_same, deltas)) else Rows.FEWER


def orders_alike(columns: Columns, before: Sequence[Order], after: Sequence[Order]) -> bool:
    return len(before) == len(after) and all(
        (one.descending, one.nulls_first) == (other.descending, other.nulls_first)
        and isinstance(columns.delta(one.by, other.by), Same)
        for one, other in zip(before, after, strict=True)
    )


def all_same(columns: Columns, before: Sequence[Expression], after: Sequence[Expression]) -> bool:
    pairs = columns.paired(before, after)
    return len(before) == len(after) and all(isinstance(delta, Same) for *_, delta in pairs)


def sorts_alike(columns: Columns, before: Window, after: Window) -> bool:
    """Whether rows come to stand in the same order by a window's partitions and order."""
    partitions = all_same(columns, before.partition, after.partition)
    return partitions and orders_alike(columns, before.order, after.order)


def frames_alike(columns: Columns, before: Window, after: Window) -> bool:
    return (
        (before.frame, before.distinct, before.ignore_nulls) == (after.frame, after.distinct, after.ignore_nulls)
        and (before.where is None) == (after.where is None)
        and (before.where is None or after.where is None or decides_the_same(columns.delta(before.where, after.where)))
        and len(before.bounds) == len(after.bounds)
        and all(isinstance(one, Same) for one in columns.deltas_of(before.bounds, after.bounds))
        and orders_alike(columns, before.arg_order, after.arg_order)
    )
