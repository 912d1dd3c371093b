"""Which columns tell an expression, and what follows where a condition is true."""

from __future__ import annotations

import re
from collections.abc import Iterable

from balun.facts.dependency import NOTHING, Dependencies, Set
from balun.relational.expression import CHANGING, Call, Expression, Literal, Ref, conjuncts, refs, walk

# Equal values of these may still differ: 0.0 and -0.0, 30 days and a month, an instant in two zones.
_LOOSE = re.compile(r"FLOAT|DOUBLE|INTERVAL|TIME WITH TIME ZONE|VARIANT")
_EQUAL = frozenset({"=", "is_not_distinct"})
_COMPARED = _EQUAL | {"<>", "<", "<=", ">", ">=", "is_distinct"}
_SIZES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "VARCHAR")
_WIDER = {dtype: _SIZES[place + 1 :] for place, dtype in enumerate(_SIZES)}


def is_told(of: Expression) -> bool:
    """Whether rows that agree in the columns it reads agree in it."""
    if isinstance(of, Ref):
        return True
    if isinstance(of, Call) and of.name in _COMPARED and all(isinstance(one, Ref) for one in of.args):
        return True
    return not any(
        (isinstance(one, Call) and one.name in CHANGING) or (isinstance(one, Ref) and _is_loose(one.dtype))
        for one in walk(of)
    )


def _is_loose(dtype: str) -> bool:
    return _LOOSE.search(dtype.replace("TIMESTAMP WITH TIME ZONE", "")) is not None


def same_as(output: Expression) -> int | None:
    """The column that tells it and is told by it: itself, its negative, it in a wider type."""
    match output:
        case Ref():
            return output.at
        case Call("-", (arg,)):
            return same_as(arg)
        case Call("cast", (Ref() as arg,)) if output.dtype in _WIDER.get(arg.dtype, ()):
            return arg.at
    return None


def said(conditions: Iterable[Expression], known: Dependencies) -> Iterable[tuple[Set, int]]:
    """What follows where conditions are true: columns that equal a constant, or each other."""
    numbers = {one for one, _ in known.numbered}
    for part in (part for condition in conditions for part in conjuncts(condition)):
        match part:
            case Call(name, (one, other)) if name in _EQUAL:
                yield from _tells(one, other)
                yield from _tells(other, one)
            case Call("is_null", (Ref() as one,)):
                yield NOTHING, one.at
            case Call("<=", (Ref() as one, Literal(value=1))) | Call("<", (Ref() as one, Literal(value=2))):
                if one.at in numbers:
                    yield NOTHING, one.at


def _tells(one: Expression, other: Expression) -> Iterable[tuple[Set, int]]:
    """What the one follows from where both are equal."""
    kept = same_as(one)
    if kept is None:
        return
    if isinstance(other, Ref):
        yield frozenset({other.at}), kept
    elif is_told(other):
        yield refs(other), kept
