"""nullable: whether a column may hold null. False: it never does; True: it may, or nobody knows."""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.finite import are_finite
from balun.relational.expression import Aggregate, Call, Expression, Literal, Ref, Window
from balun.relational.relation import NUMBERS, Made, Relation

# Of times: null of infinite ones.
OF_TIMES = frozenset({
    "epoch", "epoch_ms", "epoch_us", "epoch_ns", "year", "month", "day", "hour", "minute", "second", "millisecond",
    "microsecond", "quarter", "week", "weekofyear", "dayofweek", "isodow", "dayofyear", "dayofmonth", "weekday",
    "yearweek", "isoyear", "decade", "century", "millennium", "era", "julian", "dayname", "monthname", "date_diff",
    "datediff", "date_sub", "datesub", "last_day", "date_part", "datepart",
})  # fmt: skip
# Never null where no argument is, and null where one is; a test calls each on values of all kinds.
STRICT = OF_TIMES | frozenset({
    "+", "-", "*", "/", "//", "%", "||", "=", "<>", "<", ">", "<=", ">=", "not", "fmod", "mod", "divide",
    "~~", "!~~", "~~*", "!~~*", "like_escape", "ilike_escape", "regexp_matches", "regexp_full_match", "regexp_replace",
    "prefix", "suffix", "starts_with", "ends_with", "lower", "upper", "trim", "ltrim", "rtrim", "length", "strlen",
    "replace", "reverse", "lpad", "rpad", "left", "right", "substring", "substr", "repeat", "translate", "md5",
    "sha256", "instr", "strip_accents", "ascii", "chr", "levenshtein", "jaccard", "abs", "round", "floor", "ceil",
    "ceiling", "trunc", "sign", "exp", "ln", "log", "log2", "log10", "sqrt", "cbrt", "pow", "power", "**", "^", "sin",
    "cos", "tan", "asin", "acos", "atan", "atan2", "degrees", "radians", "isnan", "isfinite", "isinf", "xor", "&",
    "|", "<<", ">>", "bit_count", "date_trunc", "datetrunc", "time_bucket", "to_seconds", "to_minutes", "to_hours",
    "to_days", "to_weeks", "to_months", "to_years", "to_milliseconds", "to_microseconds", "to_timestamp", "make_date",
    "make_timestamp", "make_timestamptz", "strftime", "timezone", "list_contains", "list_has", "array_contains", "len",
    "array_length", "list_distinct", "list_unique", "list_sort", "list_reverse_sort", "flatten",
    "map_keys", "map_values", "json_valid",
})  # fmt: skip
# Never null where no argument is, yet sometimes a value where one is.
LENIENT = frozenset({"in", "not_in", "and", "or", "between", "contains", "list_concat", "mark"})
_NEVER_NULL = frozenset({
    "is_null", "is_not_null", "is_distinct", "is_not_distinct", "struct_pack", "row", "list_value",
    "grouping", "now", "today", "random", "uuid", "gen_random_uuid", "current_date", "get_current_timestamp", "hash",
})  # fmt: skip
COUNTS = frozenset({"count", "count_star", "approx_count_distinct", "regr_count"})
# Of a row at least, never null where no argument is.
OF_ONE = frozenset({
    "sum", "sum_no_overflow", "min", "max", "avg", "first", "last", "any_value", "string_agg", "mode", "median",
    "quantile_cont", "quantile_disc", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "product", "fsum", "favg",
    "kahan_sum", "stddev_pop", "var_pop", "arg_min", "arg_max", "histogram", "count_if", "list", "array_agg",
})  # fmt: skip
_KEEP_NULLS = frozenset({"list", "array_agg"})
NUMBERED = frozenset({"row_number", "rank", "rank_dense", "dense_rank", "percent_rank", "cume_dist"})
_LOOSE = ("JSON", "VARIANT", "UNION")  # a value of these may hold the null that a cast takes out


class Nullable(ColumnFact[bool]):
    name = "nullable"
    unknown = True

    def captured(self, column: contract.Column, event: contract.Contract) -> bool:  # noqa: ARG002
        return not column.required and column.key is None

    def join(self, one: bool, other: bool) -> bool:
        return one or other

    def literal(self, of: Literal) -> bool:
        return of.value is None

    def absent(self, of: bool) -> bool:  # noqa: ARG002 - whatever it was
        return True

    def passes(self, relation: Relation, inputs: Sequence[Sight[bool]]) -> tuple[bool, ...]:
        if isinstance(relation, Made) and relation.function in NUMBERS:
            return tuple(False for _ in relation.columns)
        return super().passes(relation, inputs)

    def denial(self, of: bool, value: str, dtype: str) -> str | None:  # noqa: ARG002
        return None if of else f"{value} IS NULL"

    def call(self, of: Call, args: Sequence[bool], sight: Sight[bool]) -> bool:
        if of.name in _NEVER_NULL:
            return False
        if of.name in {"coalesce", "greatest", "least"}:
            return all(args)
        if of.name == "concat":
            return all(args) and of.dtype.endswith("]")
        if of.name == "concat_ws":
            return args[0]
        if of.name == "cast":
            return any(args) or of.args[0].dtype.startswith(_LOOSE)
        if of.name in OF_TIMES and not are_finite(of.args, sight):
            return True
        return any(args) if of.name in STRICT or of.name in LENIENT else True

    def aggregate(self, of: Aggregate, args: Sequence[bool], sight: Sight[bool], *, some: bool) -> bool:  # noqa: ARG002
        if of.name in COUNTS:
            return False
        if not some or of.where is not None:
            return True
        return of.name not in _KEEP_NULLS and (any(args) or of.name not in OF_ONE)

    def window(self, of: Window, args: Sequence[bool], sight: Sight[bool]) -> bool:  # noqa: ARG002
        if of.name in NUMBERED or of.name in COUNTS:
            return False
        if of.name == "ntile":
            return any(args) or bool(of.arg_order)
        if of.name in {"lag", "lead"}:
            return len(args) < 3 or any(args)
        if not _holds_own_row(of):
            return True
        if of.name in _KEEP_NULLS:
            return False
        return any(args) or not (of.name in OF_ONE or of.name in {"first_value", "last_value"})

    def narrowed(self, condition: Expression, sight: Sight[bool]) -> tuple[bool, ...]:
        there = true_needs(condition)
        return tuple(null and at not in there for at, null in enumerate(sight.values)) if there else sight.values


def true_needs(condition: Expression) -> frozenset[int]:
    """Columns that aren't null wherever a condition is true.

    >>> a, b = Ref(0, "INTEGER"), Ref(1, "INTEGER")
    >>> true_needs(Call("or", (Call("=", (a, b), "BOOLEAN"), Call("is_not_null", (a,), "BOOLEAN")), "BOOLEAN"))
    frozenset({0})
    """
    if not isinstance(condition, Call):
        return value_needs(condition)
    match condition.name, condition.args:
        case "and", args:
            return frozenset().union(*map(true_needs, args))
        case "or", args:
            return frozenset.intersection(*map(true_needs, args))
        case "between", args:
            return frozenset().union(*map(value_needs, args))
        case "is_not_null", (arg,):
            return value_needs(arg)
        case "not", (Call("is_null", (arg,)),):
            return value_needs(arg)
        case "is_not_distinct", (one, other) if _is_there(one) or _is_there(other):
            return value_needs(one) | value_needs(other)
        case "is_distinct", (one, Literal(value=None)):
            return value_needs(one)
    return value_needs(condition)


def value_needs(of: Expression) -> frozenset[int]:
    """Columns that aren't null wherever a value isn't."""
    match of:
        case Ref():
            return frozenset({of.at})
        case Call("coalesce" | "and" | "or" | "greatest" | "least", args) if args:
            return frozenset.intersection(*map(value_needs, args))
        case Call("+", _, dtype) if dtype.endswith("]"):
            return frozenset()  # a list and a null is the list
        case Call(name, args) if name in STRICT or name in {"cast", "try_cast"}:
            return frozenset().union(*map(value_needs, args))
        case Call("in" | "not_in" | "contains" | "between", args):
            return value_needs(args[0])
    return frozenset()


def _is_there(of: Expression) -> bool:
    return isinstance(of, Literal) and of.value is not None


def _holds_own_row(of: Window) -> bool:
    """Whether the frame of each row holds the row itself, so that it is never empty."""
    start, end, exclude = of.frame
    bounds = list(of.bounds)
    before = start.startswith(("UNBOUNDED_PRECEDING", "CURRENT_ROW")) or (
        start == "EXPR_PRECEDING_ROWS" and _is_there(bounds.pop(0))
    )
    after = end.startswith(("UNBOUNDED_FOLLOWING", "CURRENT_ROW")) or (
        end == "EXPR_FOLLOWING_ROWS" and _is_there(bounds.pop())
    )
    return before and after and exclude == "NO_OTHER" and of.where is None
