"""domain: which values a column may take: a set, or a range of numbers; through filters, CASE and arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from math import ceil, floor, isfinite, nextafter

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.extent import (
    EITHER,
    FALSE,
    NEVER,
    TRUE,
    Extent,
    Number,
    Only,
    Range,
    Scalar,
    as_range,
    both,
    either,
    exact_product,
    exact_sum,
    mapped,
    may_be,
    only,
    ranged,
    without,
)
from balun.facts.outside import outside
from balun.relational.constant import scale_of
from balun.relational.expression import Aggregate, Call, Expression, Literal, Ref, Window

WHOLE = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
})  # fmt: skip
_PARTS: Mapping[str, tuple[int, int]] = {
    "minute": (0, 59), "hour": (0, 23), "day": (1, 31), "dayofmonth": (1, 31), "month": (1, 12), "quarter": (1, 4),
    "dayofweek": (0, 6), "weekday": (0, 6), "isodow": (1, 7), "dayofyear": (1, 366), "week": (1, 53),
    "weekofyear": (1, 53), "second": (0, 59), "millisecond": (0, 59_999), "microsecond": (0, 59_999_999),
}  # fmt: skip
_LENGTHS = frozenset({"length", "strlen", "len", "array_length", "bit_length"})
_KEEP = frozenset(
    {
        "min",
        "max",
        "first",
        "last",
        "any_value",
        "mode",
        "arg_min",
        "arg_max",
        "arg_min_null",
        "arg_max_null",
        "quantile_disc",
    }
)
_BETWEEN = frozenset({"avg", "median", "quantile_cont", "favg"})
_COUNTS = frozenset({"count", "count_star", "count_if", "approx_count_distinct"})
_NUMBERED = frozenset({"row_number", "rank", "rank_dense", "dense_rank", "ntile"})
_CASED: Mapping[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}
_TURNED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">": "<=", "<=": ">", ">=": "<", "in": "not_in", "not_in": "in"}


class Domain(ColumnFact[Extent]):
    name = "domain"
    unknown: Extent = None

    def captured(self, column: contract.Column, event: contract.Contract) -> Extent:  # noqa: ARG002
        if column.dtype == "BOOLEAN":
            return EITHER
        decimal = column.dtype.startswith("DECIMAL")
        allowed = (Decimal(str(one)) if decimal else one for one in column.allowed)
        found: Extent = only(*allowed) if column.allowed else None
        if _is_number(column.dtype):
            low, high = (_number(one) for one in (column.minimum, column.maximum))
            found = both(found, ranged(low, high, open_low=column.open_minimum, open_high=column.open_maximum))
        return found

    def join(self, one: Extent, other: Extent) -> Extent:
        return either(one, other)

    def literal(self, of: Literal) -> Extent:
        if of.value is None:
            return NEVER
        if isinstance(of.value, bool | int | Decimal | str) and (_is_number(of.dtype) or of.dtype in _PLAIN):
            return only(of.value)
        return only(of.value) if isinstance(of.value, float) and isfinite(of.value) else None

    def denial(self, of: Extent, value: str, dtype: str) -> str | None:
        return outside(of, value, dtype)

    def call(self, of: Call, args: Sequence[Extent], sight: Sight[Extent]) -> Extent:  # noqa: ARG002
        known = _known(of, args)
        if of.dtype == "BOOLEAN":
            return both(known, EITHER)
        return known

    def aggregate(self, of: Aggregate, args: Sequence[Extent], sight: Sight[Extent], *, some: bool) -> Extent:  # noqa: ARG002
        if of.name in _COUNTS:
            return ranged(1 if of.name == "count_star" and some and of.where is None else 0)
        return _aggregated(of, args)

    def window(self, of: Window, args: Sequence[Extent], sight: Sight[Extent]) -> Extent:  # noqa: ARG002
        if of.name in _NUMBERED:
            return ranged(1)
        if of.name in _COUNTS:
            return ranged(0)
        if of.name in {"percent_rank", "cume_dist"}:
            return ranged(0, 1)
        if of.name in {"lag", "lead"}:
            return either(args[0], args[2]) if len(args) > 2 else args[0]
        if of.name in {"first_value", "last_value", "nth_value"}:
            return args[0]
        return _aggregated(of, args)

    def complement(self, condition: Expression) -> Expression | None:
        """Of a column and a constant: where `x < 5` isn't true, x is 5 or more, or null, which is no value."""
        match condition:
            case Call(name, (one, *values)) if name in _NEGATED and _plain(one) and all(map(_is_there, values)):
                return replace(condition, name=_NEGATED[name])
        return super().complement(condition)

    def narrowed(self, condition: Expression, sight: Sight[Extent]) -> tuple[Extent, ...]:
        return _narrowed(condition, sight.values, self)


_PLAIN = frozenset({"VARCHAR", "BOOLEAN"})


def _is_number(dtype: str) -> bool:
    return dtype in WHOLE or dtype.startswith("DECIMAL") or dtype in {"DOUBLE", "FLOAT", "INTEGER_LITERAL"}


def _number(bound: contract.Bound | None) -> Number | None:
    return None if bound is None or isinstance(bound, str) else bound


# -- conditions


def _narrowed(condition: Expression, values: tuple[Extent, ...], fact: Domain) -> tuple[Extent, ...]:
    match condition:
        case Ref():
            return _with(values, condition, TRUE)
        case Literal(value=None | False):
            return tuple(NEVER for _ in values)
        case Call("and", args):
            return reduce(lambda found, one: _narrowed(one, found, fact), args, values)
        case Call("or", args):
            branches = [_narrowed(one, values, fact) for one in args]
            return tuple(reduce(either, column) for column in zip(*branches, strict=True))
        case Call("not", (Call(name, args),)) if name in _NEGATED:
            return _narrowed(Call(_NEGATED[name], args, "BOOLEAN"), values, fact)
        case Call("not", (Call("and" | "or" as name, args),)):
            each = tuple(Call("not", (one,), "BOOLEAN") for one in args)
            return _narrowed(Call("or" if name == "and" else "and", each, "BOOLEAN"), values, fact)
        case Call("not", (Ref() as one,)):
            return _with(values, one, FALSE)
        case Call("in", (Ref() as one, *among)):
            said = [fact.of(other, Sight(values)) for other in among]
            return _with(values, one, reduce(either, said))
        case Call("not_in", (Ref() as one, *among)):
            return _with_out(values, one, [fact.of(other, Sight(values)) for other in among])
        case Call(name, (one, other)) if name in _TURNED or name == "is_not_distinct":
            return _compared("=" if name == "is_not_distinct" else name, one, other, values, fact)
        case Call("is_null", (Ref() as one,)):
            return _with(values, one, NEVER)
    return values


def _compared(
    name: str, one: Expression, other: Expression, values: tuple[Extent, ...], fact: Domain
) -> tuple[Extent, ...]:
    mine, theirs = (fact.of(side, Sight(values)) for side in (one, other))
    for side, against, sign in ((one, theirs, name), (other, mine, _TURNED[name])):
        plain = _plain(side)
        if plain is not None and sign == "<>":
            values = _with_out(values, plain, [against])
        elif plain is not None:
            values = _with(values, plain, _bound(sign, against))
    return values


def _is_there(of: Expression) -> bool:
    return isinstance(of, Literal) and of.value is not None


def _plain(side: Expression) -> Ref | None:
    """The column itself, also where it was widened to be compared."""
    if isinstance(side, Call) and side.name == "cast" and isinstance(side.args[0], Ref):
        return side.args[0] if _widens(side.args[0].dtype, side.dtype) else None
    return side if isinstance(side, Ref) else None


def _widens(have: str, want: str) -> bool:
    """Whether each value of one type is the same value in the other."""
    if have in WHOLE:
        return want in WHOLE or want.startswith("DECIMAL")
    return have.startswith("DECIMAL") and want.startswith("DECIMAL") and scale_of(have) <= scale_of(want)


def _bound(sign: str, against: Extent) -> Extent:
    if sign == "=":
        return against
    about = as_range(against)
    if about is None:
        return NEVER if against == NEVER else None
    if sign in {"<", "<="}:
        return None if about.high is None else ranged(high=about.high, open_high=sign == "<" or about.open_high)
    return None if about.low is None else ranged(about.low, open_low=sign == ">" or about.open_low)


def _with(values: tuple[Extent, ...], at: Ref, said: Extent) -> tuple[Extent, ...]:
    return (*values[: at.at], both(values[at.at], said), *values[at.at + 1 :])


def _with_out(values: tuple[Extent, ...], at: Ref, said: Sequence[Extent]) -> tuple[Extent, ...]:
    """Without what it surely isn't: only where the other is one value is it known not to be that."""
    alone = {value for one in said if isinstance(one, Only) and len(one.values) == 1 for value in one.values}
    return (*values[: at.at], without(values[at.at], frozenset(alone)), *values[at.at + 1 :])


def holds(condition: Call, args: Sequence[Extent]) -> Extent:
    """Which truth values a comparison may have, where it isn't null."""
    one, other = args
    if isinstance(one, Only) and isinstance(other, Only) and len(one.values) * len(other.values) <= 1024:
        found = {_COMPARE[condition.name](a, b) for a in one.values for b in other.values if _alike(a, b)}
        return Only(frozenset(found)) if all(_alike(a, b) for a in one.values for b in other.values) else EITHER
    left, right = as_range(one), as_range(other)
    if left is None or right is None:
        return EITHER
    met = both(left, right)
    below = _below(left, right)
    above = _below(right, left)
    if condition.name in {"=", "<>"}:
        apart = met == NEVER
        return (FALSE if condition.name == "=" else TRUE) if apart else EITHER
    if below is None and above is None:
        return EITHER
    less = condition.name in {"<", "<="}
    strict = condition.name in {"<", ">"}
    sure, never = (below, above) if less else (above, below)
    if sure == "strictly" or (sure == "at most" and not strict):
        return TRUE
    return FALSE if never == "strictly" or (never == "at most" and strict) else EITHER


def _below(one: Range, other: Range) -> str | None:
    """Whether each value of one lies below each of the other."""
    if one.high is None or other.low is None or one.high > other.low:
        return None
    return "at most" if one.high == other.low and not (one.open_high or other.open_low) else "strictly"


def _alike(one: Scalar, other: Scalar) -> bool:
    return isinstance(one, str) == isinstance(other, str)


_COMPARE: Mapping[str, Callable[[Scalar, Scalar], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,  # type: ignore[operator]
    ">": lambda a, b: a > b,  # type: ignore[operator]
    "<=": lambda a, b: a <= b,  # type: ignore[operator]
    ">=": lambda a, b: a >= b,  # type: ignore[operator]
}


# -- values


def _known(of: Call, args: Sequence[Extent]) -> Extent:
    name = of.name
    if name in _COMPARE:
        return holds(of, args)
    if name in _PARTS:
        return ranged(*_PARTS[name])
    if name in _LENGTHS:
        return ranged(0)
    if name in _CASED:
        return (
            mapped(args[0], lambda value: _CASED[name](value) if isinstance(value, str) else value)
            if _ascii(args[0])
            else None
        )
    if name in _SAME:
        return reduce(either, args)
    known = _CALLS.get(name)
    return known(of, args) if known else None


def _ascii(one: Extent) -> bool:
    return isinstance(one, Only) and all(isinstance(value, str) and value.isascii() for value in one.values)


_SAME = frozenset({"coalesce"})


def _arithmetic(of: Call, args: Sequence[Extent]) -> Extent:
    """Of whole and decimal numbers, which overflow with an error; of doubles where neither end runs away."""
    if not _is_number(of.dtype):
        return None
    if len(args) == 1:
        return _negative(args[0]) if of.name == "-" else args[0]
    one, other = as_range(args[0]), as_range(args[1])
    if one is None or other is None:
        return NEVER if NEVER in args else None
    if of.name == "-":
        negative = _negative(other)
        if not isinstance(negative, Range):
            return None
        other = negative
    found = _times(one, other) if of.name == "*" else _plus(one, other)
    return _loose(found) if of.dtype in {"DOUBLE", "FLOAT"} else found


def _plus(one: Range, other: Range) -> Extent:
    low = None if one.low is None or other.low is None else exact_sum(one.low, other.low)
    high = None if one.high is None or other.high is None else exact_sum(one.high, other.high)
    open_low, open_high = one.open_low or other.open_low, one.open_high or other.open_high
    return ranged(low, high, open_low=open_low, open_high=open_high)


def _times(one: Range, other: Range) -> Extent:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        sure = _sign(one) * _sign(other)
        return ranged(0) if sure > 0 else ranged(high=0) if sure < 0 else None
    ends = [exact_product(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    return ranged(min(ends), max(ends))


def _sign(one: Range) -> int:
    return 1 if one.low is not None and one.low >= 0 else -1 if one.high is not None and one.high <= 0 else 0


def _negative(one: Extent) -> Extent:
    if isinstance(one, Only):
        return mapped(one, lambda value: value if isinstance(value, str) else -value)
    if one is None:
        return None
    return ranged(
        None if one.high is None else -one.high,
        None if one.low is None else -one.low,
        open_low=one.open_high,
        open_high=one.open_low,
    )


def _loose(one: Extent) -> Extent:
    """Doubles round: an end is moved out by one step; one without both ends may run to infinity, and to NaN."""
    found = as_range(one)
    if found is None or found.low is None or found.high is None:
        return None
    low, high = float(found.low), float(found.high)
    if not (abs(low) < 1e300 and abs(high) < 1e300):
        return None
    return ranged(nextafter(low, -1e308), nextafter(high, 1e308))


def _cast(of: Call, args: Sequence[Extent]) -> Extent:
    have, one = of.args[0].dtype, args[0]
    if have == of.dtype:
        return one
    if _widens(have, of.dtype):
        return one
    if have == "BOOLEAN" and of.dtype in WHOLE:
        return mapped(one, int)
    about = as_range(one)
    if about is not None and _is_number(have) and of.dtype in WHOLE:
        low = None if about.low is None else _rounded(about.low, -1)
        return ranged(low, None if about.high is None else _rounded(about.high, 1))
    if about is not None and have in WHOLE and of.dtype == "DOUBLE" and _small(about):
        return one
    return None


def _small(one: Range) -> bool:
    """Whole numbers that a double holds exactly."""
    return one.low is not None and one.high is not None and one.low > -(2**53) and one.high < 2**53


def _rounded(value: Number, way: int) -> int:
    """A whole number that rounding can't pass, whichever way it breaks ties."""
    if isinstance(value, int):
        return value
    beyond = Decimal(value) + Decimal("0.5") * way
    return floor(beyond) if way < 0 else ceil(beyond)


def _not(_: Call, args: Sequence[Extent]) -> Extent:
    return mapped(args[0], lambda value: not value)


def _and(_: Call, args: Sequence[Extent]) -> Extent:
    if any(one in (FALSE, NEVER) for one in args):
        return FALSE if FALSE in args else EITHER
    return TRUE if all(one == TRUE for one in args) else EITHER


def _or(_: Call, args: Sequence[Extent]) -> Extent:
    if any(one == TRUE for one in args):
        return TRUE
    return FALSE if all(one == FALSE for one in args) else EITHER


def _in(of: Call, args: Sequence[Extent]) -> Extent:
    each = [holds(Call("=", (), "BOOLEAN"), (args[0], other)) for other in args[1:]]
    found = _or(of, each)
    return found if of.name == "in" else mapped(found, lambda value: not value)


def _abs(of: Call, args: Sequence[Extent]) -> Extent:
    found = as_range(args[0])
    if found is None or of.dtype in {"DOUBLE", "FLOAT"}:
        return NEVER if args[0] == NEVER else None
    ends: list[Number] = [-end if end < 0 else end for end in (found.low, found.high) if end is not None]
    low: Number = 0 if may_be(found, 0) or not ends else min(ends)
    return ranged(low, max(ends) if len(ends) == 2 else None)


def _least(_: Call, args: Sequence[Extent]) -> Extent:
    """greatest and least skip nulls, so any argument may be the answer."""
    return reduce(either, args)


_CALLS: Mapping[str, Callable[[Call, Sequence[Extent]], Extent]] = {
    "+": _arithmetic, "-": _arithmetic, "*": _arithmetic, "cast": _cast, "try_cast": _cast, "not": _not,
    "and": _and, "or": _or, "in": _in, "not_in": _in, "abs": _abs, "greatest": _least, "least": _least,
}  # fmt: skip


def _aggregated(of: Aggregate | Window, args: Sequence[Extent]) -> Extent:
    if of.name in _KEEP or of.name in {"bool_and", "bool_or"}:
        return args[0]
    found = as_range(args[0]) if args else None
    if found is None:
        return None
    if of.name in _BETWEEN and found.low is not None and found.high is not None and of.dtype == "DOUBLE":
        # A whole sum by a whole count is rounded once, which never passes an end that is a whole number.
        return found if of.args[0].dtype in WHOLE and of.name == "avg" and _small(found) else _loose(found)
    if of.name == "sum" and of.dtype not in {"DOUBLE", "FLOAT"}:
        return ranged(0) if _sign(found) > 0 else ranged(high=0) if _sign(found) < 0 else None
    return None
