"""How deltas pass through expressions: what an expression after a change differs in from the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from balun.difference.delta import (
    MOVED,
    OTHER,
    SAME,
    Coarse,
    Delta,
    Other,
    Retyped,
    Rounded,
    Same,
    Scaled,
    Swapped,
    Values,
    either,
    is_apart,
    strict,
)
from balun.difference.evaluated import Unclear, evaluated
from balun.difference.of_times import TIMED, TIMES, as_date
from balun.facts.nullable import STRICT
from balun.relational.expression import Call, Case, Computed, Expression, Literal, Ref, refs, walk

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_BOTH_WAYS = frozenset({"=", "<>", "+", "*", "is_distinct", "is_not_distinct", "xor", "&", "|"})
_COMPARED = frozenset({"=", "<>", "<", ">", "<=", ">=", "is_distinct", "is_not_distinct", "in", "not_in"})
_EQUALITIES = frozenset({"=", "<>", "is_distinct", "is_not_distinct"})
_SETS = frozenset({"and", "or"})


@dataclass(frozen=True)
class Columns:
    """Of the input. deltas: of each column after. origins: which column before it is; None: none."""

    deltas: tuple[Delta, ...]
    origins: tuple[int | None, ...]

    def delta(self, before: Expression, after: Expression) -> Delta:
        """Of one expression that stood before, and one that stands after."""
        match before, after:
            case Ref(), Ref():
                return self.deltas[after.at] if self.origins[after.at] == before.at else OTHER
            case Literal(), Literal():
                return _literals(before, after)
            case Case(), Case():
                return self._known(before, after) or self._cases(before, after)
            case Call(), Call() if before.name == after.name or _FLIPPED.get(before.name) == after.name:
                return self._known(before, after) or self._calls(before, after)
        return self._cast(before, after)

    def deltas_of(self, before: Sequence[Expression], after: Sequence[Expression]) -> list[Delta]:
        return [self.delta(one, other) for one, other in zip(before, after, strict=True)]

    # -- calls

    def _calls(self, before: Call, after: Call) -> Delta:
        if before.name in _SETS:
            return self._set(before.args, after.args)
        if before.name != after.name:
            return self._passed(after, self.deltas_of(before.args[::-1], after.args))
        if len(before.args) != len(after.args):
            return OTHER
        if before.name in {"cast", "try_cast"} and before.dtype != after.dtype:
            return OTHER
        found = self._passed(after, self.deltas_of(before.args, after.args))
        if before.name in _BOTH_WAYS and len(before.args) == 2 and not isinstance(found, Same):
            turned = self._passed(after, self.deltas_of(before.args[::-1], after.args))
            return turned if isinstance(turned, Same) else found
        if before.name in {"in", "not_in"} and not isinstance(found, Same):
            return self._listed(before, after) or found
        return found

    def _listed(self, before: Call, after: Call) -> Delta | None:
        """The same values in another order."""
        told = [
            {(one.value, one.dtype) for one in each.args[1:] if isinstance(one, Literal)} for each in (before, after)
        ]
        if len(told[0]) == len(before.args) - 1 and told[0] == told[1]:
            return strict([self.delta(before.args[0], after.args[0])])
        return None

    def _set(self, before: Sequence[Expression], after: Sequence[Expression]) -> Delta:
        """Of conditions that count in any order."""
        pairs = self.paired(before, after)
        if len(before) != len(after) or any(one is None for _, one, _ in pairs):
            return OTHER
        deltas = [delta for *_, delta in pairs]
        return SAME if all(isinstance(one, Same) for one in deltas) else Other(nulls=any(one.nulls for one in deltas))

    def paired(
        self, before: Sequence[Expression], after: Sequence[Expression]
    ) -> list[tuple[Expression, Expression | None, Delta]]:
        """Of each expression after, the one before that it is most like, each of which is taken once."""
        left = list(before)
        found: list[tuple[Expression, Expression | None, Delta]] = []
        for place, one in enumerate(after):
            ranked = sorted(
                ((self.delta(other, one), other) for other in left),
                key=lambda each: (_rank(each[0]), each[1] is not (before[place] if place < len(before) else None)),
            )
            if ranked:
                delta, other = ranked[0]
                left.remove(other)
                found.append((one, other, delta))
            else:
                found.append((one, None, OTHER))
        return found

    def _passed(self, of: Call, args: list[Delta]) -> Delta:
        """Of a call whose arguments have these deltas."""
        if all(isinstance(one, Same) for one in args):
            return SAME
        if of.name in {"is_null", "is_not_null"}:
            return MOVED if args[0].nulls else SAME
        if of.name in _COMPARED:
            return self._comparison(of, args)
        for table in (TIMES, _NUMBERS_OF):
            found = table[of.name](of, args) if of.name in table else None
            if found is not None:
                return found
        if of.name in {"cast", "try_cast"}:
            return _casts(of, args[0])
        if of.name == "coalesce" and not any(isinstance(one, Swapped) for one in args):
            return reduce(either, args)
        return strict(args) if of.name in STRICT else OTHER

    def _comparison(self, of: Call, args: list[Delta]) -> Delta:
        numbers = all(isinstance(one, Same) or (isinstance(one, Retyped) and one.numbers) for one in args)
        alike = of.name in _EQUALITIES and args[0] == args[1] and is_apart(args[0])
        if numbers or alike or (len(args) == 2 and _compares_as_before(of, args)):
            return SAME
        return MOVED if of.name in {"is_distinct", "is_not_distinct"} else strict(args)

    # -- cases and casts

    def _cases(self, before: Case, after: Case) -> Delta:
        if len(before.whens) != len(after.whens):
            return OTHER
        for (when, _), (other, _) in zip(before.whens, after.whens, strict=True):
            if not decides_the_same(self.delta(when, other)):
                return OTHER
        thens = [self.delta(one, other) for (_, one), (_, other) in zip(before.whens, after.whens, strict=True)]
        return reduce(either, [*thens, self.delta(before.otherwise, after.otherwise)])

    def _cast(self, before: Expression, after: Expression) -> Delta:
        """Where a column's type changed, the binder takes a cast out or puts one in."""
        match before, after:
            case Call("cast" | "try_cast", (arg,)), Ref() if before.dtype == after.dtype:
                found = self.delta(arg, after)
                return SAME if isinstance(found, Retyped) else OTHER
            case Ref(), Call("cast" | "try_cast", (arg,)) if before.dtype == after.dtype:
                found = self.delta(before, arg)
                return SAME if isinstance(found, Retyped) and found.was == after.dtype else OTHER
            case Ref(), Call("cast" | "try_cast", (arg,)):
                found = self.delta(before, arg)
                numbers = isinstance(found, Retyped) and is_number(before.dtype, after.dtype)
                return Retyped(numbers=True, was=before.dtype) if numbers else OTHER
        return OTHER

    # -- known values

    def _known(self, before: Expression, after: Expression) -> Delta | None:
        """Of expressions over one column that took one of a few values for another."""
        changed = {at for at in refs(after) if not isinstance(self.deltas[at], Same)}
        if len(changed) != 1 or len(refs(after)) != 1:
            return None
        (at,) = changed
        delta = self.deltas[at]
        if not isinstance(delta, Swapped):
            return None
        alike = Columns(tuple(SAME for _ in self.deltas), self.origins)
        if not isinstance(alike.delta(before, after), Same):
            return None
        try:
            was, to = (_all(before, delta.was), _all(after, delta.to))
        except Unclear:
            return None
        return swapped(was, to)


def _all(of: Expression, values: Values) -> Values:
    return None if values is None else frozenset(evaluated(of, one) for one in values)


def swapped(was: Values, to: Values) -> Delta:
    """
    >>> swapped(frozenset({False}), frozenset({False})), swapped(None, frozenset({None})).nulls
    (Same(), True)
    """
    return SAME if was is not None and was == to and len(was) == 1 else Swapped(was, to)


def decides_the_same(delta: Delta) -> bool:
    """Whether a condition is true of the same rows."""
    if isinstance(delta, Swapped):
        return not any(values is None or True in values for values in (delta.was, delta.to))
    return isinstance(delta, Same)


def only_fewer(delta: Delta) -> bool:
    """Whether a condition is true of no row of which it wasn't."""
    return isinstance(delta, Same) or (isinstance(delta, Swapped) and delta.to is not None and True not in delta.to)


def _rank(delta: Delta) -> int:
    return 0 if isinstance(delta, Same) else 2 if isinstance(delta, Other) else 1


def _literals(before: Literal, after: Literal) -> Delta:
    if before.value == after.value and type(before.value) is type(after.value):
        if before.dtype == after.dtype:
            return SAME
        if is_number(before.dtype, after.dtype):
            return Retyped(numbers=True)
    return OTHER


_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def is_number(*types: str) -> bool:
    return all(one in _NUMBERS or one == "DOUBLE" or one.startswith("DECIMAL") for one in types)


def _casts(of: Call, arg: Delta) -> Delta:
    given = of.args[0].dtype
    match arg:
        case Coarse() if of.dtype == "DATE" and given in TIMED:
            return as_date(arg)
        case Coarse() if of.dtype in TIMED and given in TIMED:
            return arg  # DuckDB's own zone is UTC
        case Swapped(was, None) if of.dtype == given:
            return Swapped(was, None)
        case Retyped(numbers=True) if is_number(of.dtype):
            return SAME
        case Scaled() if of.dtype == "DOUBLE":
            return Scaled()
    return MOVED if of.name == "cast" and not arg.nulls else OTHER


def _compares_as_before(of: Call, args: list[Delta]) -> bool:
    """A number that keeps its sign against 0, or one that is cut down to a step against a whole number of them."""
    for place in (0, 1):
        one, other = args[place], of.args[1 - place]
        name = of.name if place == 0 else _FLIPPED.get(of.name, of.name)
        if not (isinstance(args[1 - place], Same) and isinstance(other, Literal)):
            continue
        bound = other.value
        if isinstance(bound, bool) or not isinstance(bound, int | Decimal):
            continue
        if isinstance(one, Scaled) and bound == 0:
            return True
        if isinstance(one, Rounded) and name in {">=", "<"} and Decimal(bound) % one.step == 0:
            return True
    return False


def _scaled(of: Call, args: list[Delta]) -> Delta | None:
    """Of a number that is negated."""
    return Scaled() if len(of.args) == 1 and isinstance(args[0], Scaled) else None


def _times(of: Call, args: list[Delta]) -> Delta | None:
    kept = all(isinstance(one, Same | Scaled) for one in args)
    return Scaled() if kept and of.dtype == "DOUBLE" else None


_NUMBERS_OF: Mapping[str, Callable[[Call, list[Delta]], Delta | None]] = {"-": _scaled, "*": _times, "/": _times}


def aggregated(name: str, args: list[Delta], *, distinct: bool = False) -> Delta:
    """Of an aggregate over the same rows. The first argument decides; others must be the same.

    distinct: of values that differ: two that became one count once.
    """
    if all(isinstance(one, Same) for one in args):
        return SAME
    if distinct and not all(map(is_apart, args)):
        return Other(nulls=name != "count" and any(one.nulls for one in args))
    if name == "count":
        return MOVED if args[0].nulls else SAME
    first, rest = args[0], args[1:]
    if not all(isinstance(one, Same) for one in rest):
        return OTHER
    if name in {"min", "max"} and isinstance(first, Coarse | Rounded | Scaled):
        return Scaled() if isinstance(first, Scaled) else first
    if name in _OF_NULLS:
        return Other(nulls=first.nulls)
    return OTHER


_OF_NULLS = frozenset({
    "min", "max", "sum", "avg", "median", "mode", "quantile_cont", "quantile_disc", "bool_and", "bool_or", "any_value",
    "product", "string_agg", "stddev_pop", "var_pop", "first", "last", "arg_min", "arg_max",
})  # fmt: skip


def text_casts(of: Computed) -> list[Call]:
    """Casts of text to something else, which end the query at a text that is none."""
    casts = (one for one in walk(of) if isinstance(one, Call) and one.name == "cast" and one.dtype != "VARCHAR")
    return [one for one in casts if one.args[0].dtype == "VARCHAR"]


def is_told(cast: Call, columns: Columns) -> bool:
    """Whether a cast takes a value back to the type that it had."""
    deltas = [columns.deltas[at] for at in refs(cast)]
    return isinstance(cast.args[0], Ref) and all(isinstance(one, Retyped) and one.was == cast.dtype for one in deltas)


def meets_another(cast: Call, columns: Columns) -> bool:
    """Whether it may meet a text that there wasn't; null is cast to null."""
    return not is_told(cast, columns) and any(_is_another(columns.deltas[at]) for at in refs(cast))


def _is_another(delta: Delta) -> bool:
    return not (isinstance(delta, Same) or (isinstance(delta, Swapped) and delta.to == frozenset({None})))
