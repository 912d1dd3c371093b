"""The columns that an entity goes by: found in source and examples, compared as one type."""

from __future__ import annotations

from balun.chain.point_in_time.dtype import HUGE, decimal, family, is_float, is_whole
from balun.chain.point_in_time.expression import Unusable


def compared(sql: str, type_: str, other: str) -> str:
    """`sql` of `type_` as what it is compared as with a column of type `other`; null where it can equal nothing there.

    No value is rounded: a DOUBLE equals a whole number only where it is that number. Raises Unusable.

    >>> compared("x", "INTEGER", "BIGINT"), compared("x", "ENUM('a')", "VARCHAR")
    ('x::BIGINT', 'x::VARCHAR')
    """
    if type_ == other:
        return sql
    if family(type_) != family(other):
        raise Unusable(f"is {other} in the examples and {type_} in the source, which can't be compared")
    match family(type_):
        case "number":
            return _number(sql, type_, other)
        case "text":
            return f"{sql}::VARCHAR"
        case "time":
            return f"epoch_us({sql}::TIMESTAMP WITH TIME ZONE)" if "ZONE" in type_ else f"epoch_us({sql}::TIMESTAMP)"
        case _:
            return sql


def _number(sql: str, type_: str, other: str) -> str:
    if is_float(type_) and is_float(other):
        return f"{sql}::DOUBLE"
    if is_float(type_) or is_float(other):
        if decimal(type_) or decimal(other):
            raise Unusable(f"is {other} in the examples and {type_} in the source; cast one of them")
        return (
            f"CASE WHEN {sql} = trunc({sql}) AND abs({sql}) < 1e38 THEN {sql}::HUGEINT END"
            if is_float(type_)
            else (f"TRY_CAST({sql} AS HUGEINT)")
        )
    if decimal(type_) or decimal(other):
        return f"TRY_CAST({sql} AS DECIMAL(38,{max((decimal(t) or (0, 0))[1] for t in (type_, other))}))"
    wide = any(t in (*HUGE, "UBIGINT") for t in (type_, other))
    return f"TRY_CAST({sql} AS HUGEINT)" if wide and is_whole(type_) else f"{sql}::BIGINT"
