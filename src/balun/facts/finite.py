"""finite: whether a column's times are never infinite; of what holds no time, always."""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.relational.expression import Aggregate, Call, Expression, Literal, Ref, Window

_TIMES = ("DATE", "TIMESTAMP")
# Of finite times these make finite times, or fail.
_KEEP = frozenset({
    "+", "-", "date_trunc", "datetrunc", "coalesce", "greatest", "least", "cast", "try_cast", "timezone", "last_day",
    "time_bucket", "make_date", "make_timestamp", "make_timestamptz", "epoch_ms", "to_timestamp", "now", "today",
    "current_date", "get_current_timestamp",
})  # fmt: skip
_PICK = frozenset({
    "min", "max", "first", "last", "any_value", "arg_min", "arg_max", "mode", "median", "quantile_disc",
    "first_value", "last_value", "nth_value", "lag", "lead",
})  # fmt: skip


class Finite(ColumnFact[bool]):
    name = "finite"
    unknown = False

    def captured(self, column: contract.Column, event: contract.Contract) -> bool:  # noqa: ARG002
        return _plain(column.dtype)  # rows with an infinite time are set aside

    def join(self, one: bool, other: bool) -> bool:
        return one and other

    def literal(self, of: Literal) -> bool:
        return _plain(of.dtype) and (not _is_time(of.dtype) or "infinity" not in str(of.value))

    def denial(self, of: bool, value: str, dtype: str) -> str | None:
        return f"NOT isfinite({value})" if of and _is_time(dtype) else None

    def call(self, of: Call, args: Sequence[bool], sight: Sight[bool]) -> bool:  # noqa: ARG002
        if not _is_time(of.dtype):
            return _plain(of.dtype)
        from_text = of.name in {"cast", "try_cast"} and not _is_time(of.args[0].dtype)
        return of.name in _KEEP and not from_text and all(args)

    def aggregate(self, of: Aggregate, args: Sequence[bool], sight: Sight[bool], *, some: bool) -> bool:  # noqa: ARG002
        return (all(args) and of.name in _PICK) if _is_time(of.dtype) else _plain(of.dtype)

    def window(self, of: Window, args: Sequence[bool], sight: Sight[bool]) -> bool:  # noqa: ARG002
        return (all(args) and of.name in _PICK) if _is_time(of.dtype) else _plain(of.dtype)

    def narrowed(self, condition: Expression, sight: Sight[bool]) -> tuple[bool, ...]:
        match condition:
            case Call("isfinite", (Ref() as one,)):
                return (*sight.values[: one.at], True, *sight.values[one.at + 1 :])
        return sight.values


FINITE = Finite()


def are_finite(args: Sequence[Expression], sight: Sight[bool]) -> bool:
    """What another fact's sight says of some arguments."""
    known = sight.others.get(Finite.name)
    return known is not None and all(FINITE.of(one, Sight(tuple(map(bool, known)))) for one in args)


def _is_time(dtype: str) -> bool:
    return dtype.startswith(_TIMES) and not dtype.endswith("]")


def _plain(dtype: str) -> bool:
    """Text, numbers and the like; contracts' own times."""
    return not any(one in dtype for one in ("[", "(", "VARIANT")) or dtype.startswith(("DECIMAL", "ENUM"))
