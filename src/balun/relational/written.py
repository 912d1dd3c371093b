"""A relation as SQL again, from the form alone: each step a WITH, with columns c0, c1 …"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal

from balun.quoting import literal, quoted
from balun.relational.expression import (
    Aggregate,
    Call,
    Case,
    Expression,
    Interval,
    Literal,
    Order,
    Ref,
    Window,
    conjuncts,
)
from balun.relational.relation import (
    Column,
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Windows,
    inputs,
    ordered,
)

_INFIX = {
    "=": "=", "<>": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "is_distinct": "IS DISTINCT FROM",
    "is_not_distinct": "IS NOT DISTINCT FROM", "and": "AND", "or": "OR",
}  # fmt: skip
_SIGNS = frozenset("+ - * / // % || & | << >> ~~ !~~ ~~* !~~* ^ ** -> ->>".split())  # noqa: SIM905
_FRAME = {
    "UNBOUNDED_PRECEDING": "UNBOUNDED PRECEDING", "UNBOUNDED_FOLLOWING": "UNBOUNDED FOLLOWING",
    "CURRENT_ROW": "CURRENT ROW", "EXPR_PRECEDING": "{} PRECEDING", "EXPR_FOLLOWING": "{} FOLLOWING",
}  # fmt: skip
_EXCLUDED = {"NO_OTHER": "", "CURRENT_ROW": " EXCLUDE CURRENT ROW", "GROUP": " EXCLUDE GROUP", "TIES": " EXCLUDE TIES"}


class UnwrittenError(Exception):
    """The form doesn't say all that the query does."""


def sql_of(relation: Relation, *, unknown: str | None = None) -> str:
    """What gives the same rows, read from the parents' names, in the relation's order of columns.

    unknown: rows in place of those that a function makes and the form doesn't know; an OFFSET is left out then, too.
    Raises UnwrittenError where there is such a step, and no `unknown`.
    """
    names = {id(one): f"r{number}" for number, one in enumerate(ordered(relation))}
    read = Counter(id(below) for one in ordered(relation) for below in inputs(one))
    steps = [
        f"{names[id(one)]}({_heads(one.columns)}) AS {'MATERIALIZED ' * (read[id(one)] > 1)}"
        f"({_step(one, names, unknown)})"
        for one in ordered(relation)
    ]
    return "WITH " + ",\n".join(steps) + f"\nSELECT * FROM {names[id(relation)]}"


def _heads(columns: Sequence[Column]) -> str:
    return ", ".join(f"c{at}" for at in range(len(columns))) or "nothing"


def _step(of: Relation, names: dict[int, str], unknown: str | None) -> str:
    match of:
        case Scan():
            columns = ", ".join(quoted(one.name) if one.name else "rowid" for one in of.columns)
            return f"SELECT {columns} FROM {quoted(of.parent)}"
        case Made():
            return _made(of, unknown)
        case Filter():
            return f"SELECT * FROM {names[id(of.input)]} WHERE {_all(of.conditions)}"
        case Project():
            return f"SELECT {', '.join(map(written, of.outputs)) or '1'} FROM {names[id(of.input)]}"
        case Join():
            return _join(of, names[id(of.left)], names[id(of.right)])
        case Group():
            return _group(of, names[id(of.input)])
        case Windows():
            return f"SELECT {_kept(of)}{', '.join(map(_window, of.windows))} FROM {names[id(of.input)]}"
        case Unnest():
            lists = ", ".join(f"unnest({written(one)})" for one in of.lists)
            return f"SELECT {_kept(of)}{lists} FROM {names[id(of.input)]}"
        case Distinct():
            on = "" if of.on is None else f" ON ({', '.join(map(written, of.on))})"
            return f"SELECT DISTINCT{on} * FROM {names[id(of.input)]}{_order(of.order)}"
        case Sort():
            return f"SELECT * FROM {names[id(of.input)]}{_order(of.order)}"
        case Limit():
            return f"SELECT * FROM {names[id(of.input)]}{_limit(of, unknown)}"
        case SetOperation():
            word = f" {of.kind.upper()}{' ALL' if of.all else ''} "
            return word.join(f"(SELECT * FROM {names[id(one)]})" for one in of.branches)
    raise UnwrittenError(type(of).__name__)


def _limit(of: Limit, unknown: str | None) -> str:
    if unknown is None and (of.at_most is None or of.skips or of.sampled):
        raise UnwrittenError("LIMIT")
    return "" if of.at_most is None or of.skips else f" LIMIT {of.at_most}"


def _kept(of: Windows | Unnest) -> str:
    return "".join(f"c{at}, " for at in range(len(of.input.columns)))


def _made(of: Made, unknown: str | None) -> str:
    if of.rows is None:
        if unknown is None:
            raise UnwrittenError(of.function)
        return unknown
    if not of.rows:
        return f"SELECT {', '.join(f'NULL::{one.dtype}' for one in of.columns) or '1'} WHERE false"
    if not of.columns:
        return "SELECT 1"
    return "VALUES " + ", ".join(f"({', '.join(map(written, row))})" for row in of.rows)


def _all(conditions: Sequence[Expression], write: Callable[[Expression], str] | None = None) -> str:
    return " AND ".join(f"({(write or written)(one)})" for one in conditions) or "true"


def _join(of: Join, left: str, right: str) -> str:
    split = len(of.left.columns)

    def sided(one: Expression) -> str:
        return written(one, lambda ref: f"l.c{ref.at}" if ref.at < split else f"r.c{ref.at - split}")

    on = _all([part for one in of.conditions for part in conjuncts(one)], sided)
    columns = [f"l.c{at}" for at in range(split)]
    if of.kind == "mark":
        return f"SELECT {', '.join([*columns, _marked(of, right, sided)])} FROM {left} AS l"
    both = ", ".join([*columns, *(f"r.c{at}" for at in range(len(of.right.columns)))]) or "1"
    if of.kind == "positional":
        return f"SELECT {both} FROM {left} AS l POSITIONAL JOIN {right} AS r"
    if of.kind in {"semi", "anti"}:
        return f"SELECT l.* FROM {left} AS l WHERE {'NOT ' * (of.kind == 'anti')}EXISTS (FROM {right} AS r WHERE {on})"
    kind = "LEFT" if of.kind == "single" else of.kind.upper()
    return f"SELECT {both} FROM {left} AS l {'ASOF ' * of.asof}{kind} JOIN {right} AS r ON {on}"


def _marked(of: Join, right: str, sided: Callable[[Expression], str]) -> str:
    """True if one pair's conditions are, null if one's are null, else false."""
    on = _all(of.conditions, sided)
    told = f"bool_or({on}) IS TRUE OR CASE WHEN bool_or(({on}) IS NULL) THEN NULL ELSE false END"
    return f"(SELECT {told} FROM {right} AS r)"


def _group(of: Group, below: str) -> str:
    keys = [f"({written(one)})" for one in of.keys]
    found = [*keys, *map(_aggregate, of.aggregates)]
    found += [f"GROUPING({', '.join(keys[at] for at in one)})" for one in of.groupings]
    sets = ", ".join(f"({', '.join(keys[at] for at in one)})" for one in of.sets)
    plain = of.sets == ((),) and not of.keys
    return f"SELECT {', '.join(found) or '1'} FROM {below}{'' if plain else f' GROUP BY GROUPING SETS ({sets})'}"


def _aggregate(of: Aggregate) -> str:
    inner = f"{'DISTINCT ' * of.distinct}{', '.join(map(written, of.args))}{_order(of.order)}"
    name = of.name if of.name != "count_star" else "count"
    return f'"{name}"({inner}){f" FILTER (WHERE {written(of.where)})" if of.where else ""}'


def _window(of: Window) -> str:
    names = {"count_star": "count", "rank_dense": "dense_rank"}
    nulls = " IGNORE NULLS" * of.ignore_nulls
    inner = f"{'DISTINCT ' * of.distinct}{', '.join(map(written, of.args))}{_order(of.arg_order)}{nulls}"
    where = f" FILTER (WHERE {written(of.where)})" if of.where else ""
    by = f"PARTITION BY {', '.join(map(written, of.partition))}" if of.partition else ""
    return f'"{names.get(of.name, of.name)}"({inner}){where} OVER ({by}{_order(of.order)} {_frame(of)})'


def _frame(of: Window) -> str:
    bounds = list(of.bounds)
    units = {end.rsplit("_", 1)[1] for end in of.frame[:2]} & {"ROWS", "RANGE", "GROUPS"}
    ends = []
    for end in of.frame[:2]:
        word = _FRAME[next(name for name in _FRAME if end.startswith(name))]
        ends.append(word.format(_offset(bounds.pop(0), end)) if "{}" in word else word)
    return f"{next(iter(units), 'ROWS')} BETWEEN {ends[0]} AND {ends[1]}{_EXCLUDED[of.frame[2]]}"


def _offset(bound: Expression, end: str) -> str:
    """Of RANGE, DuckDB has where it ends: the row's place, less or more what is written."""
    return written(bound.args[1] if end.endswith("RANGE") and isinstance(bound, Call) else bound)


def _order(order: Sequence[Order]) -> str:
    told = (
        f"{written(one.by)} {'DESC' if one.descending else 'ASC'} NULLS {'FIRST' if one.nulls_first else 'LAST'}"
        for one in order
    )
    return f" ORDER BY {', '.join(told)}" if order else ""


def written(of: Expression, named: Callable[[Ref], str] = lambda ref: f"c{ref.at}") -> str:
    match of:
        case Ref():
            return named(of)
        case Literal():
            return _literal(of)
        case Case():
            whens = " ".join(f"WHEN {written(when, named)} THEN {written(then, named)}" for when, then in of.whens)
            return f"CASE {whens} ELSE {written(of.otherwise, named)} END"
    return _call(of, [written(one, named) for one in of.args])


def _call(of: Call, args: list[str]) -> str:
    match of.name:
        case "cast" | "try_cast":
            return f"{of.name}({args[0]} AS {of.dtype})"
        case "is_null" | "is_not_null":
            return f"({args[0]} {of.name.replace('_', ' ')})"
        case "not":
            return f"(NOT {args[0]})"
        case "in" | "not_in":
            return f"({args[0]} {of.name.replace('_', ' ')} ({', '.join(args[1:])}))"
        case "between":
            return f"({args[0]} BETWEEN {args[1]} AND {args[2]})"
        case "coalesce":
            return f"coalesce({', '.join(args)})"
        case "try":
            return f"try({args[0]})"
        case "lambda":
            level, count = (int(one.split(")")[0].strip("(")) for one in args[:2])
            return f"lambda {', '.join(f'p{level}_{at}' for at in range(count))}: {args[2]}"
        case "parameter":
            return "p" + "_".join(one.split(")")[0].strip("(") for one in args)
        case "struct_pack":
            return f"CAST(row({', '.join(args)}) AS {of.dtype})"
        case name if name in _INFIX:
            return "(" + f" {_INFIX[name]} ".join(args) + ")"
        case name if name in _SIGNS:
            return f"({args[0]} {name} {args[1]})" if len(args) == 2 else f"({name} {args[0]})"
    return f'"{of.name}"({", ".join(args)})'


def _literal(of: Literal) -> str:
    match of.value:
        case None:
            return f"NULL::{of.dtype}" if of.dtype != '"NULL"' else "NULL"
        case bool():
            return str(of.value).lower()
        case Interval(months, days, us):
            parts = (("to_months", months), ("to_days", days), ("to_microseconds", us))
            return " + ".join(f"{name}({count})" for name, count in parts if count) or "to_days(0)"
        case int() | Decimal():
            return f"({of.value:f})::{of.dtype}" if isinstance(of.value, Decimal) else f"({of.value})::{of.dtype}"
        case float():
            return f"'{of.value!r}'::DOUBLE"
    return f"{literal(str(of.value))}::{of.dtype}"
