"""sampling: what becomes of numbers where only a share of an event's rows is captured.

Split an event's rows in two, and what is said of a query can be seen: rows that are *thinned* come in either half;
numbers that are *scaled* add up to those of the whole; what is *whole* and the *same* comes alike in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import isclose
from typing import Literal as OneOf

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight, together
from balun.facts.unit import is_number, number
from balun.relational.expression import Aggregate, Call, Case, Expression, Literal, Window, parts
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Relation,
    SetOperation,
    Unknown,
)

How = OneOf["whole", "thinned", "padded", "merged", "lost"]
Kind = OneOf["same", "missing", "scaled", "estimated", "lost"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a relation are there.

    how: `whole`: all; `thinned`: `rate` of them; `padded`: all, but not as often as they were, as where a left join
    finds fewer; `merged`: those of which any part is captured, as groups are; `lost`: nobody can tell.
    """

    how: How
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """What is left of a column.

    kind: `same`: each row has its value; `missing`: its value, or null in its place; `scaled`: `rate` of its value on
    average; `estimated`: its value on average, and noise; `lost`: it depends on rows that aren't captured.
    rate: of a missing or scaled one; None where it isn't known.
    """

    kind: Kind
    rate: float | None
    rows: Rows

    def __str__(self) -> str:
        return f"{self.kind} {self.rate:g}" if self.kind in {"missing", "scaled"} and self.rate else self.kind


WHOLE, PADDED, MERGED, LOST = Rows("whole"), Rows("padded"), Rows("merged"), Rows("lost")
SAME, GONE = Share("same", None, WHOLE), Share("lost", None, LOST)
_WORSE = ("same", "estimated", "lost")
_SUMS = frozenset({"sum", "sum_no_overflow", "fsum", "kahan_sum"})
_COUNTS = _SUMS | {"count", "count_star", "count_if", "countif"}
# Null where an argument is, so that what is missing stays so.
_STRICT = frozenset({"+", "-", "*", "/", "cast", "=", "<>", "<", ">", "<=", ">=", "abs", "round"})
_MEANS = frozenset({
    "avg", "favg", "mean", "median", "mode", "quantile", "quantile_cont", "quantile_disc", "approx_quantile", "stddev",
    "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "mad", "corr", "covar_pop", "covar_samp",
    "regr_slope", "regr_intercept", "regr_r2", "skewness", "kurtosis", "entropy",
})  # fmt: skip


class SamplingFact(ColumnFact[Share]):
    name = "sampling"
    unknown = GONE

    def captured(self, column: contract.Column, event: contract.Contract) -> Share:  # noqa: ARG002
        return Share("same", None, WHOLE if event.sampling >= 1 else Rows("thinned", event.sampling))

    def join(self, one: Share, other: Share) -> Share:
        return _either(one, other)

    def literal(self, of: Literal) -> Share:  # noqa: ARG002
        return SAME

    def call(self, of: Call, args: Sequence[Share], sight: Sight[Share]) -> Share:  # noqa: ARG002
        found = reduce(_worse, args, SAME) if all(one.kind in _WORSE for one in args) else _of_scaled(of, args)
        return replace(found, rows=LOST)  # `passes` says which rows these are

    def aggregate(self, of: Aggregate, args: Sequence[Share], sight: Sight[Share], *, some: bool) -> Share:  # noqa: ARG002
        rows = sight.values[0].rows if sight.values else WHOLE
        chosen = [self.of(one, sight) for one in parts(of)[len(of.args) :]]
        arg = args[0] if args else Share("same", None, rows)
        if rows.how == "padded" and len(chosen) == 1 and of.where is not None:
            arg, chosen = _kept_by(chosen[0], arg, rows), []
        if any(one.kind != "same" for one in chosen):
            return GONE
        return _aggregated(of, arg, rows)

    def window(self, of: Window, args: Sequence[Share], sight: Sight[Share]) -> Share:
        rows = sight.values[0].rows if sight.values else WHOLE
        settled = rows == WHOLE and self._are_same(parts(of)[len(of.args) :], sight)
        # A row always counts itself: what is over a window of thinned rows isn't their share of it.
        return reduce(_worse, args, SAME) if settled and all(one.kind in _WORSE for one in args) else GONE

    def of(self, one: Expression, sight: Sight[Share]) -> Share:
        found = super().of(one, sight)
        if not isinstance(one, Case):
            return found
        results = [*(then for _, then in one.whens), one.otherwise]
        found = _chosen([(result, self.of(result, sight)) for result in results])
        return found if all(self.of(when, sight).kind == "same" for when, _ in one.whens) else GONE

    def passes(self, relation: Relation, inputs: Sequence[Sight[Share]]) -> tuple[Share, ...]:
        """A relation's rows are said with each of its columns."""
        whole = all(one.rows == WHOLE and one.kind == "same" for sight in inputs for one in sight.values)
        if whole and not _is_dark(relation):
            return tuple(SAME for _ in relation.columns)
        below = [sight.values[0].rows if sight.values else WHOLE for sight in inputs]
        rows = self._rows(relation, inputs, below)
        values = _beside(relation, inputs, below) if isinstance(relation, Join) else super().passes(relation, inputs)
        if isinstance(relation, Join) and relation.kind == "mark" and rows == LOST:
            values = (*values[:-1], GONE)
        if isinstance(relation, Group) and any(self.of(one, inputs[0]).kind != "same" for one in relation.keys):
            values = (*values[: len(relation.keys)], *(GONE for _ in values[len(relation.keys) :]))
        return tuple(replace(one, rows=rows) for one in values)

    def _rows(self, relation: Relation, inputs: Sequence[Sight[Share]], below: Sequence[Rows]) -> Rows:
        match relation:
            case Made():
                return WHOLE
            case Filter():
                return below[0] if self._are_same(relation.conditions, inputs[0]) else LOST
            case Join():
                paired = self._are_same(relation.conditions, together(inputs[0], inputs[1]))
                return _joined(relation, below[0], below[1]) if paired else LOST
            case Group():
                return self._groups(relation, inputs[0], below[0])
            case Distinct():
                on = relation.on or ()
                same = all(one.kind == "same" for one in inputs[0].values) and self._are_same(on, inputs[0])
                return _distinct(below[0]) if same and relation.on is None else LOST
            case Limit():
                return LOST
            case SetOperation():
                return _together(relation, below)
            case Unknown():
                return LOST
        return below[0]

    def _are_same(self, expressions: Iterable[Expression], sight: Sight[Share]) -> bool:
        return all(self.of(one, sight).kind == "same" for one in expressions)

    def _groups(self, relation: Group, seen: Sight[Share], below: Rows) -> Rows:
        if not relation.keys:
            return WHOLE
        return _distinct(below) if self._are_same(relation.keys, seen) else LOST


def _is_dark(relation: Relation) -> bool:
    """Whether rows come out by chance, or nobody knows whence."""
    return (isinstance(relation, Unknown) and not relation.inputs) or (isinstance(relation, Limit) and relation.sampled)


def _distinct(rows: Rows) -> Rows:
    """Of rows that are each kept once."""
    return {"whole": WHOLE, "padded": WHOLE, "thinned": MERGED, "merged": MERGED}.get(rows.how, LOST)


def _together(relation: SetOperation, below: Sequence[Rows]) -> Rows:
    if relation.kind == "union" and len(set(below)) == 1:
        return below[0] if relation.all else _distinct(below[0])
    return LOST


def _joined(relation: Join, left: Rows, right: Rows) -> Rows:
    if relation.kind in {"mark", "single"}:
        return left
    if relation.kind == "left" and right.how != "whole" and left == WHOLE:
        return LOST if relation.asof else PADDED
    if relation.kind == "right" and left.how != "whole" and right == WHOLE:
        return PADDED
    if relation.kind in {"positional", "full"} or relation.asof:
        return left if relation.asof and right == WHOLE else LOST
    if right == WHOLE and relation.kind != "right":
        return left
    if left == WHOLE and relation.kind in {"inner", "right"}:
        return right
    return LOST


def _beside(relation: Join, inputs: Sequence[Sight[Share]], below: Sequence[Rows]) -> tuple[Share, ...]:
    """Columns of a join: those of a side that may find fewer rows are missing."""
    left, right = (sight.values for sight in inputs)
    outer: dict[str, tuple[bool, bool]] = {
        "left": (False, True), "right": (True, False), "full": (True, True), "single": (False, True)
    }  # fmt: skip
    kept = relation.kind
    if kept == "positional" or (relation.asof and below[1] != WHOLE):
        return tuple(replace(one, kind="lost") for one in (*left, *right))
    if kept in {"semi", "anti"}:
        return left
    if kept == "mark":
        return (*left, GONE if below[1] != WHOLE else SAME)
    left_out, right_out = outer.get(kept, (False, False))
    lefts = _absent(left, below[0]) if left_out else left
    return (*lefts, *(_absent(right, below[1]) if right_out else right))


def _absent(columns: tuple[Share, ...], rows: Rows) -> tuple[Share, ...]:
    if rows == WHOLE:
        return columns
    rate = rows.rate if rows.how == "thinned" else None
    return tuple(replace(one, kind="missing", rate=rate) if one.kind == "same" else one for one in columns)


def _worse(one: Share, other: Share) -> Share:
    return max(one, other, key=lambda share: _WORSE.index(share.kind))


def _either(one: Share, other: Share) -> Share:
    """Of values of which some are like the one, some like the other."""
    if one.kind == other.kind and one.rate == other.rate:
        return one
    return _worse(one, other) if one.kind in _WORSE and other.kind in _WORSE else GONE


def _aggregated(of: Aggregate, arg: Share, rows: Rows) -> Share:
    if of.distinct or not (of.name in _COUNTS or of.name in _MEANS):
        return SAME if rows in {WHOLE, PADDED} and arg.kind == "same" and _is_set(of) else _of_whole(arg, rows)
    if rows == WHOLE and arg.kind in {"same", "scaled", "estimated"}:
        return _counted(of, arg)
    if of.name in _MEANS:
        return Share("estimated", None, LOST) if _is_fair(arg, rows) else GONE
    if arg.kind == "same" and rows.how == "thinned":
        return Share("scaled", rows.rate, LOST)
    if arg.kind == "missing" and arg.rate and rows.how == "padded":
        return Share("scaled", arg.rate, LOST)
    return arg if arg.kind == "scaled" and rows.how in {"merged", "padded"} and of.name in _SUMS else GONE


def _kept_by(where: Share, arg: Share, rows: Rows) -> Share:
    """Of an argument where a condition leaves rows out: with it those that stand for what isn't captured."""
    if where.kind == "same":
        return arg
    alike = where.kind == "missing" and (arg.kind == "same" or (arg.kind, arg.rate) == (where.kind, where.rate))
    return Share("missing", where.rate, rows) if alike else GONE


def _is_set(of: Aggregate) -> bool:
    """Whether it doesn't matter how often a value comes."""
    return of.distinct or of.name in {"min", "max", "bool_and", "bool_or"}


def _of_whole(arg: Share, rows: Rows) -> Share:
    return SAME if rows == WHOLE and arg.kind == "same" else GONE


def _counted(of: Aggregate, arg: Share) -> Share:
    """An aggregate over rows that are all there."""
    return arg if arg.kind != "scaled" or of.name in _SUMS else GONE


def _is_fair(arg: Share, rows: Rows) -> bool:
    return (arg.kind == "same" and rows.how == "thinned") or (arg.kind == "missing" and rows.how == "padded")


def _of_scaled(of: Call, args: Sequence[Share]) -> Share:
    """Of a call with arguments of which some are missing or scaled."""
    rates = {one.rate for one in args if one.kind == "missing"}
    if of.name in _STRICT and len(rates) == 1 and all(one.kind in {"same", "missing"} for one in args):
        return Share("missing", rates.pop(), LOST)
    passed: dict[str, Callable[[Call, Sequence[Share]], Share]] = {
        "+": _filled, "-": _filled, "*": _multiplied, "/": _divided, "coalesce": _filled,
        "cast": _kept, "try_cast": _kept,
    }  # fmt: skip
    return passed.get(of.name, _nothing)(of, args)


def _nothing(of: Call, args: Sequence[Share]) -> Share:  # noqa: ARG001
    return GONE


def _kept(of: Call, args: Sequence[Share]) -> Share:
    return args[0] if args[0].kind == "scaled" and is_number(of.dtype) else GONE


def _filled(of: Call, args: Sequence[Share]) -> Share:
    """Sums of counts are counts, and where nothing was counted, nothing is."""
    return _chosen(list(zip(of.args, args, strict=True))) if args[0].kind == "scaled" else GONE


def _chosen(results: Sequence[tuple[Expression, Share]]) -> Share:
    """Of one of several values: zero and null are like any number of counted rows."""
    neutral = [isinstance(one, Literal) and one.value in {None, 0} for one, _ in results]
    shares = [share for (_, share), is_neutral in zip(results, neutral, strict=True) if not is_neutral]
    return reduce(_either, shares) if shares else SAME


def _multiplied(of: Call, args: Sequence[Share]) -> Share:
    by = {"scaled": 0, "same": 1}
    if {one.kind for one in args} != set(by):
        return GONE
    scaled, factor = sorted(zip(args, of.args, strict=True), key=lambda pair: by[pair[0].kind])
    return _mended(scaled[0], number(factor[1]))


def _divided(of: Call, args: Sequence[Share]) -> Share:
    one, other = args
    if one.kind == "scaled" and other.kind == "same":
        divisor = number(of.args[1])
        return _mended(one, 1 / divisor if divisor else None)
    ratio = one.kind == other.kind == "scaled" and one.rate is not None and one.rate == other.rate
    return Share("estimated", None, LOST) if ratio else GONE


def _mended(scaled: Share, by: float | None) -> Share:
    """Scaled back by its own rate it is an estimate of the whole."""
    if by is not None and scaled.rate is not None and isclose(by * scaled.rate, 1, rel_tol=1e-6):
        return Share("estimated", None, LOST)
    return scaled
