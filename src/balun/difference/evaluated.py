"""What an expression over one column is where the column has a value: to tell whether a change of values reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from balun.difference.delta import Plain
from balun.relational.expression import Call, Case, Expression, Literal, Ref


class Unclear(Exception):
    """It isn't known here how DuckDB would answer."""


def evaluated(of: Expression, value: Plain) -> Plain:
    """Of an expression that reads one column. Raises Unclear.

    >>> status = Ref(0, "VARCHAR")
    >>> evaluated(Call("=", (status, Literal("done", "VARCHAR")), "BOOLEAN"), "open")
    False
    """
    match of:
        case Ref():
            return value
        case Literal(told) if told is None or isinstance(told, str | int | float | bool | Decimal):
            return told
        case Case():
            whens = ((then, evaluated(when, value)) for when, then in of.whens)
            chosen = next((then for then, holds in whens if holds), of.otherwise)
            return evaluated(chosen, value)
        case Call("and" | "or" | "coalesce"):
            return _lazy(of, value)
        case Call("is_null", (arg,)):
            return evaluated(arg, value) is None
        case Call("is_not_null", (arg,)):
            return evaluated(arg, value) is not None
        case Call(name, args) if name in _STRICT:
            found = [evaluated(one, value) for one in args]
            return None if any(one is None for one in found) else _STRICT[name](found)
        case Call("in" | "not_in", (first, *rest)):
            return _in(of, evaluated(first, value), [evaluated(one, value) for one in rest])
        case Call("is_distinct" | "is_not_distinct", (one, other)):
            differ = evaluated(one, value) != evaluated(other, value)
            return differ if of.name == "is_distinct" else not differ
        case Call("cast" | "try_cast", (arg,)) if arg.dtype == of.dtype or of.dtype == "VARCHAR" == arg.dtype:
            return evaluated(arg, value)
    raise Unclear


def _lazy(of: Call, value: Plain) -> Plain:
    found = [evaluated(one, value) for one in of.args]
    if of.name == "coalesce":
        return next((one for one in found if one is not None), None)
    decides = of.name == "or"
    if decides in found:
        return decides
    return None if None in found else not decides


def _in(of: Call, value: Plain, listed: Sequence[Plain]) -> Plain:
    if value is None:
        return None
    if value in listed:
        return of.name == "in"
    return None if None in listed else of.name == "not_in"


def _comparable(args: Sequence[Plain]) -> None:
    texts = {isinstance(one, str) for one in args}
    if len(texts) > 1 or any(isinstance(one, float) for one in args):
        raise Unclear


def _compared(compare: Callable[[Plain, Plain], bool]) -> Callable[[Sequence[Plain]], Plain]:
    def made(args: Sequence[Plain]) -> Plain:
        _comparable(args)
        return compare(*args)

    return made


def _text(make: Callable[[str], Plain]) -> Callable[[Sequence[Plain]], Plain]:
    def made(args: Sequence[Plain]) -> Plain:
        (one,) = args
        if not isinstance(one, str) or not one.isascii():  # of other letters DuckDB may know other cases
            raise Unclear
        return make(one)

    return made


_STRICT: Mapping[str, Callable[[Sequence[Plain]], Plain]] = {
    "=": _compared(lambda one, other: one == other),
    "<>": _compared(lambda one, other: one != other),
    "<": _compared(lambda one, other: one < other),  # type: ignore[operator]
    "<=": _compared(lambda one, other: one <= other),  # type: ignore[operator]
    ">": _compared(lambda one, other: one > other),  # type: ignore[operator]
    ">=": _compared(lambda one, other: one >= other),  # type: ignore[operator]
    "not": lambda args: not args[0],
    "lower": _text(str.lower),
    "upper": _text(str.upper),
    "length": _text(len),
}
