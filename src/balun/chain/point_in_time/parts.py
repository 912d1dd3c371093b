"""An aggregate's value as parts that come out the same whatever formulation computes them, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable

from balun.chain.feature import Value
from balun.chain.point_in_time.dtype import bits, decimal, is_float, is_whole, kept
from balun.chain.point_in_time.expression import Unusable
from balun.chain.point_in_time.measure import Numbers
from balun.chain.point_in_time.question import Part

COUNTS = frozenset({"rows", "count", "distinct"})  # 0 over no rows; all other parts are null there

Made = tuple[tuple[Part, ...], str]  # the parts, and SQL over them


def made_of(value: Value, sql: str | None, type_: str, numbers: Numbers | None) -> Made:
    """`sql` over the source's columns has type `type_`; `numbers`: what is known of its values. Raises Unusable."""
    if sql is None:
        return (Part("rows", None, ""),), "{0}"
    return _MADE[value.function](sql, type_, numbers)


def _count(sql: str, type_: str, numbers: Numbers | None) -> Made:
    return (_counted(sql, type_, numbers),), "{0}"


def _counted(sql: str, type_: str, numbers: Numbers | None) -> Part:
    return Part("rows", None, "") if _never_null(numbers) else Part("count", sql, type_)


def _never_null(numbers: Numbers | None) -> bool:
    return numbers is not None and numbers.nulls == 0


def _distinct(sql: str, type_: str, _: Numbers | None) -> Made:
    return (Part("distinct", sql, type_),), "{0}"


def _pick(function: str) -> Callable[[str, str, Numbers | None], Made]:
    """One of the values themselves."""

    def made(sql: str, type_: str, _: Numbers | None) -> Made:
        return (Part(function, sql, type_),), kept("{0}", type_)

    return made


def _extreme(function: str) -> Callable[[str, str, Numbers | None], Made]:
    """The least or greatest value; of zeros, which are equal, not the one that a thread happened on."""

    def made(sql: str, type_: str, _: Numbers | None) -> Made:
        return (Part(function, sql, type_),), f"({{0}} + 0::{type_})" if is_float(type_) else kept("{0}", type_)

    return made


def _rate(sql: str, type_: str, numbers: Numbers | None) -> Made:
    if type_ != "BOOLEAN":
        raise Unusable(f"is {type_}; a rate needs a condition, as 'delay > 30'")
    return (_counted(sql, type_, numbers), _true(sql, numbers)), "CASE WHEN {0} > 0 THEN {1}::DOUBLE / {0} END"


def _true(sql: str, numbers: Numbers | None) -> Part:
    return Part("sum", f"{sql}::INTEGER", "INTEGER", sure=_never_null(numbers), bits=1)


def _sum(sql: str, type_: str, numbers: Numbers | None) -> Made:
    totals, final = _total(sql, type_, numbers)
    final = final if is_float(type_) or decimal(type_) else f"{final}::BIGINT"
    return (_counted(sql, type_, numbers), *totals), f"CASE WHEN {{0}} > 0 THEN {final} END"


def _mean(sql: str, type_: str, numbers: Numbers | None) -> Made:
    totals, final = _total(sql, type_, numbers)
    return (_counted(sql, type_, numbers), *totals), f"CASE WHEN {{0}} > 0 THEN {final}::DOUBLE / {{0}} END"


def _total(sql: str, type_: str, numbers: Numbers | None) -> tuple[tuple[Part, ...], str]:
    """Parts, and the sum made of them; they stand as `{1}` and on.

    The sum of a DOUBLE is exact, and rounded once, where all values are known to be whole numbers of one small unit;
    elsewhere it is added up in the order of the rows.
    """
    if type_ == "BOOLEAN":
        return (_true(sql, numbers),), "{1}"
    if is_whole(type_) or decimal(type_):
        return (_exact(sql, type_, numbers),), "{1}"
    if not is_float(type_):
        raise Unusable(f"is {type_}, which can't be added up")
    if numbers is None or (scaled := numbers.scaled(sql)) is None:
        return (Part("ordered_sum", f"{sql}::DOUBLE", "DOUBLE"),), "{1}"
    finite = f"({{1}}::DOUBLE * {2.0**-numbers.scale!r})"
    if numbers.finite:
        return (_exact(*scaled, numbers),), finite
    return (_exact(f"CASE WHEN isfinite({sql}) THEN {scaled[0]} END", scaled[1], numbers, sure=False), *_odd(sql)), (
        "(CASE WHEN {2} > 0 OR ({3} > 0 AND {4} > 0) THEN 'nan'::DOUBLE WHEN {3} > 0 THEN 'inf'::DOUBLE"
        f" WHEN {{4}} > 0 THEN '-inf'::DOUBLE ELSE coalesce({finite}, 0) END)"
    )


def _odd(sql: str) -> list[Part]:
    """Counts of what no exact sum can hold: not a number, infinity, minus infinity."""
    conditions = (f"isnan({sql})", f"{sql} = 'inf'::DOUBLE", f"{sql} = '-inf'::DOUBLE")
    return [Part("count", f"CASE WHEN {condition} THEN 1 END", "INTEGER") for condition in conditions]


def _exact(sql: str, type_: str, numbers: Numbers | None, *, sure: bool = True) -> Part:
    found = [b for b in (bits(type_), numbers.bits if numbers else None) if b is not None]
    return Part("sum", sql, type_, sure=sure and _never_null(numbers), bits=min(found, default=None))


def _std(sql: str, type_: str, numbers: Numbers | None) -> Made:
    small, unit = _small(sql, type_, numbers)
    if small is None or small.bits is None:
        if not (is_whole(type_) or is_float(type_) or decimal(type_)):
            raise Unusable(f"is {type_}, which has no standard deviation")
        return (Part("ordered_std", f"{sql}::DOUBLE", "DOUBLE"),), "{0}"
    squares = Part("sum", f"{small.sql}::BIGINT * {small.sql}", "BIGINT", sure=small.sure, bits=2 * small.bits)
    spread = "({0} * {2}::HUGEINT - {1}::HUGEINT * {1}::HUGEINT)::DOUBLE / ({0}::DOUBLE * ({0} - 1))"
    scale = "" if unit == 1 else f" * {unit!r}"
    return (_counted(sql, type_, numbers), small, squares), f"CASE WHEN {{0}} > 1 THEN sqrt({spread}){scale} END"


def _small(sql: str, type_: str, numbers: Numbers | None) -> tuple[Part | None, float]:
    """The value as a whole number within ±2³¹, and its unit; None where it isn't known to be one."""
    if type_ == "BOOLEAN":
        return _true(sql, numbers), 1.0
    if is_whole(type_) and (part := _exact(sql, type_, numbers)).bits is not None and part.bits <= 31:
        return part, 1.0
    if is_float(type_) and numbers is not None and numbers.finite and (numbers.bits or 99) <= 31:
        scaled = numbers.scaled(sql)
        return (_exact(*scaled, numbers) if scaled else None), 2.0**-numbers.scale
    return None, 1.0


_MADE: dict[str, Callable[[str, str, Numbers | None], Made]] = {
    "count": _count,
    "count_distinct": _distinct,
    "sum": _sum,
    "mean": _mean,
    "std": _std,
    "rate": _rate,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "first": _pick("first"),
    "last": _pick("last"),
}
