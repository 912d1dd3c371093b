"""A tree is changed until DuckDB binds it: what it refuses is cast, or stands as a function that only has a type.

Warehouses cast in silence where DuckDB asks for it to be written, and have functions that DuckDB hasn't. One that
stands in may give anything of its arguments, so that nothing is said of its value that might be false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sqlglot
import sqlglot.expressions as exp
from sqlglot.dialects.duckdb import DuckDB

from balun.dbt.refused import Refused
from balun.dbt.stand_in import is_stand_in, stand_in, stand_ins
from balun.dbt.written import FAILS, UnwritableError, Written, written

MOST = 80
# What a call is better given, where it may be given several: a time isn't cut to a day, nor a number to a whole one.
_RATHER = ("DOUBLE", "TIMESTAMP", "VARCHAR", "BIGINT", "JSON", "DATE", "INTERVAL", "BOOLEAN", "VARCHAR[]")


@dataclass(frozen=True)
class Bound:
    """SQL that DuckDB binds. lines: for each of its lines that of what the tree was parsed from. columns: as bound."""

    sql: str
    lines: list[int | None]
    columns: list[tuple[str, str]]
    functions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fault:
    """What was refused, and the parts that stand there, the smallest first."""

    said: Refused
    now: Written
    parts: list[exp.Expr]


def repaired(said: Refused, now: Written) -> bool:
    """Whether something was changed."""
    fault = Fault(said, now, [] if said.at is None else now.at(said.at))
    return any(re.search(pattern, said.message) and mend(fault) for pattern, mend in _MENDS)


# -- a function that there isn't, or not for such arguments


def _missing_function(fault: Fault) -> bool:
    call = _call_at(fault)
    return call is not None and stand_in(call, "varchar", aggregate="Aggregate" in fault.said.message)


def _no_match(fault: Fault) -> bool:
    call = _call_at(fault)
    if call is None:
        return False
    told = re.search(r"argument types '(.+?)\((.*)\)'\.", fault.said.message, flags=re.DOTALL)
    given = _listed(told[2]) if told else []
    wanted = _signature(fault.said.message, given)
    args = list(_arguments(call))
    if wanted and len(args) == len(given) and not call.meta.get("cast"):
        call.meta["cast"] = True
        changed = [
            _cast(arg, to) for arg, was, to in zip(args, given, wanted, strict=True) if to and not _fits(was, to)
        ]
        if any(changed):
            return True
    return stand_in(call, _made_by(call), aggregate=isinstance(call, exp.AggFunc))


def _made_by(call: exp.Expr) -> str:
    if isinstance(call, exp.Predicate):
        return "boolean"
    return "double" if isinstance(call, exp.Binary) and not isinstance(call, exp.DPipe) else "varchar"


def _listed(text: str) -> list[str]:
    """Types that commas part.

    >>> _listed("VARCHAR, STRUCT(a INTEGER, b DATE), DECIMAL(18,3)")
    ['VARCHAR', 'STRUCT(a INTEGER, b DATE)', 'DECIMAL(18,3)']
    """
    found, depth, last = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            found.append(text[last:at].strip())
            last = at + 1
    return [*found, text[last:].strip()] if text.strip() else []


def _signature(message: str, given: list[str]) -> list[str | None] | None:
    """The candidate that asks for the fewest casts, and for those that lose the least."""
    best: tuple[tuple[int, int], list[str | None]] | None = None
    for line in message.splitlines()[1:]:
        found = re.match(r"\s*\S+?\((.*)\) -> ", line)
        wanted = [_asked(one) for one in _listed(found[1]) if one not in {"/", "*"}] if found else None
        if wanted is None or len(wanted) != len(given):
            continue
        casts = [to for was, to in zip(given, wanted, strict=True) if to and not _fits(was, to)]
        cost = (len(casts), sum(_RATHER.index(one) if one in _RATHER else 50 for one in casts))
        if all(one in _RATHER for one in casts) and (best is None or cost < best[0]):
            best = cost, wanted
    return best[1] if best else None


def _asked(parameter: str) -> str | None:
    """The type of one parameter, as `"left" DOUBLE`; None for any."""
    found = re.match(r'(?:"[^"]*"|\w+) (.+)$', parameter)
    dtype = found[1] if found else parameter
    return None if dtype in {"ANY", "T", "T[]"} or "ANY" in dtype else dtype


def _fits(was: str, to: str) -> bool:
    literal = was.removesuffix("_LITERAL")
    if was.endswith("_LITERAL"):
        return literal == "STRING" or to in {"DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "DECIMAL"}
    if was in {to, '"NULL"'}:
        return True
    whole = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    if to == "DOUBLE":
        return was in {*whole, "FLOAT"} or was.startswith("DECIMAL")
    if was in whole and to in whole:
        return whole.index(was) <= whole.index(to)
    return was == "DATE" and to == "TIMESTAMP"


def _call_at(fault: Fault) -> exp.Expr | None:
    """The call or operation that DuckDB means: the smallest of that name that begins there, or stands about it."""
    name, now, parts = fault.said.name.lower(), fault.now, fault.parts
    if fault.said.at is None:
        parts = _told(fault)
    calls = [one for one in parts if _is_call(one)] or [one for one in _told(fault) if _is_call(one)]
    named = [one for one in calls if name and _named(one, now, name)]
    return next(iter(named or calls), None)


def _told(fault: Fault) -> list[exp.Expr]:
    """What DuckDB means where it doesn't say at which place: a function by its name, else what holds a word."""
    now, message = fault.now, fault.said.message
    named = re.search(_NAMED, message, re.IGNORECASE)
    word = next((one for one in named.groups() if one), "").lower() if named else ""
    quote = re.search(r"[\"'](.+?)[\"']", message)
    inside = [word] if word else [quote[1]] if quote else []
    inside += _MACROS.get(word, ())
    if "LIST argument during lambda" in message or "lambda" in message.lower():
        inside.append("lambda")
    spans = sorted(now.spans, key=lambda span: span.end - span.start)
    texts = [(span.part, now.text[span.start : span.end].lower()) for span in spans]
    parts = [part for part, text in texts if any(one.lower() in text for one in inside)]
    return [part for part in parts if part.root() is now.tree]


_NAMED = r"function: '(\w+)\(|^(\w+) only takes|^(\w+) can only operate|No function matches.*? '(\w+)\("
# DuckDB names what a macro is made of, and not the macro.
_MACROS = {
    "list_aggr": ("array_to_string", "list_count", "list_sum", "list_avg", "list_max", "list_min"),
    "list_filter": ("array_remove", "list_compact"),
    "array_length": ("array_size",),
}


def _is_call(one: exp.Expr) -> bool:
    if isinstance(one, exp.And | exp.Or | exp.Not | exp.Case | exp.Subquery | exp.Query | exp.Dot | exp.Window):
        return False
    kinds = exp.Func | exp.Binary | exp.Interval | exp.Bracket | exp.Between | exp.In | exp.Neg | exp.AtTimeZone
    return isinstance(one, kinds)


def _named(one: exp.Expr, now: Written, name: str) -> bool:
    span = next((span for span in now.spans if span.part is one), None)
    if span is None:
        return False
    text = now.text[span.start : span.end].lower()
    if isinstance(one, exp.Binary) and not name[0].isalpha():
        left = next((other for other in now.spans if other.part is one.this), None)
        return left is not None and name in now.text[left.end : left.end + len(name) + 2]
    return text.startswith((name, f'"{name}"')) or (name == "date_part" and text.startswith("extract"))


def _arguments(call: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(call, exp.AtTimeZone):
        yield call.args["zone"]
        yield call.this
        return
    if isinstance(call, exp.Extract):
        yield call.this
        yield call.expression
        return
    for one in call.iter_expressions():
        if isinstance(one, exp.Distinct | exp.Order):
            yield from (part for part in one.iter_expressions() if not isinstance(part, exp.Ordered))
        elif not isinstance(one, exp.DataType | exp.Identifier):
            yield one


def _cast(arg: exp.Expr, to: str) -> bool:
    if isinstance(arg, exp.Var | exp.Interval | exp.Star):
        return False
    arg.replace(exp.cast(exp.paren(arg.copy()) if isinstance(arg, exp.Binary) else arg.copy(), to, dialect="duckdb"))
    return True


# -- values of two types


def _mixed(fault: Fault) -> bool:
    """Branches of different types become text, and what compares them a function of both."""
    about = next(
        (
            one
            for one in fault.parts
            if isinstance(one, exp.Case | exp.Coalesce | exp.If | exp.Greatest | exp.Least | exp.Array)
        ),
        None,
    )
    compared = next(
        (one for one in fault.parts if isinstance(one, exp.Between | exp.In | exp.Predicate) and not _logical(one)),
        None,
    )
    if "CASE" in fault.said.message or "COALESCE" in fault.said.message or (about is not None and compared is None):
        return about is not None and _as_text(about)
    return compared is not None and stand_in(compared, "boolean")


def _logical(one: exp.Expr) -> bool:
    return isinstance(one, exp.Not | exp.And | exp.Or | exp.Exists | exp.Paren)


def _as_text(about: exp.Expr) -> bool:
    if about.meta.get("text"):
        return False
    about.meta["text"] = True
    if isinstance(about, exp.Case):
        branches = [one.args.get("true") for one in about.args["ifs"]] + [about.args.get("default")]
        if about.this is not None:
            branches += [about.this, *(one.this for one in about.args["ifs"])]
    elif isinstance(about, exp.If):
        branches = [about.args.get("true"), about.args.get("false")]
    else:
        branches = list(about.iter_expressions())
    cast = [_cast(one, "VARCHAR") for one in branches if isinstance(one, exp.Expr)]
    return any(cast)


# -- names


def _grouped(fault: Fault) -> bool:
    column = next((one for one in fault.parts if isinstance(one, exp.Column)), None)
    if column is None or isinstance(column.parent, exp.AnyValue):
        return False
    column.replace(exp.AnyValue(this=column.copy()))
    return True


def _ambiguous(fault: Fault) -> bool:
    use = re.search(r"""\(use: ["']*([^"'.]+)["']*\.""", fault.said.message)
    column = next((one for one in fault.parts if isinstance(one, exp.Column) and not one.table), None)
    if column is None:
        found = re.search(r'column name "(.+?)"', fault.said.message)
        columns = (one for one in fault.now.tree.find_all(exp.Column) if not one.table)
        column = next((one for one in columns if found and one.name.lower() == found[1].lower()), None)
    if use is None or column is None:
        return False
    column.set("table", exp.to_identifier(use[1], quoted=True))
    return True


def _own_name(fault: Fault) -> bool:
    """An output's name where DuckDB looks for columns only: what it stands for is written there."""
    column = next((one for one in fault.parts if isinstance(one, exp.Column) and not one.table), None)
    select = column.find_ancestor(exp.Select) if column is not None else None
    while column is not None and select is not None:
        for output in select.expressions:
            if isinstance(output, exp.Alias) and output.alias.lower() == column.name.lower():
                inside = column.find_ancestor(exp.Alias)
                if inside is output or next(output.this.find_all(exp.AggFunc, exp.Window), None):
                    return False
                column.replace(exp.paren(output.this.copy()))
                return True
        select = select.parent_select
    return False


# -- shapes


def _no_struct(fault: Fault) -> bool:
    found = re.search(r"Cannot extract field '(.+?)' from expression", fault.said.message)
    name = found[1].lower() if found else ""
    for one in fault.now.tree.find_all(exp.Column, exp.Dot):
        if isinstance(one, exp.Dot) and one.expression.name.lower() == name:
            return _field(one, one.this, name)
        if isinstance(one, exp.Column) and one.table and one.name.lower() == name:
            return _field(one, exp.column(*[part.name for part in one.parts[:-1]][::-1]), name)
    return False


def _field(whole: exp.Expr, of: exp.Expr, name: str) -> bool:
    whole.replace(exp.Anonymous(this="field_as_json", expressions=[of.copy(), exp.Literal.string(name)]))
    return True


def _no_list(fault: Fault) -> bool:
    unnest = next((one for one in fault.parts if isinstance(one, exp.Unnest | exp.Explode)), None)
    args = (unnest.expressions or [unnest.this]) if unnest is not None else []
    if not args or any(is_stand_in(one) for one in args):
        return False
    for one in args:
        one.replace(exp.Anonymous(this="items_as_list", expressions=[one.copy()]))
    return True


def _not_parsed(fault: Fault) -> bool:
    """What isn't even DuckDB's grammar: the smallest call about it."""
    call = next(
        (
            one
            for one in fault.parts
            if isinstance(one, exp.Func) and not isinstance(one, exp.AggFunc | exp.And | exp.Or | exp.Case | exp.Cast)
        ),
        None,
    )
    return call is not None and stand_in(call, _made_by(call))


def _no_type(fault: Fault) -> bool:
    cast = next((one for one in fault.parts if isinstance(one, exp.Cast)), None)
    found = re.search(r"Type with name (\S+)", fault.said.message)
    if cast is None and found:
        name = found[1].lower().strip('"')
        casts = fault.now.tree.find_all(exp.Cast)
        cast = next((one for one in casts if name in one.to.sql("duckdb").lower()), None)
    if cast is None:
        return False
    cast.replace(exp.Anonymous(this="cast_as_varchar", expressions=[cast.this.copy()]))
    return True


def _any_call(fault: Fault) -> bool:
    call = _call_at(fault)
    return call is not None and stand_in(call, _made_by(call), aggregate=isinstance(call, exp.AggFunc))


_MENDS: tuple[tuple[str, Callable[[Fault], bool]], ...] = (
    (r"Function with name .* (does not exist|is not in the catalog)", _missing_function),
    (r"No function matches", _no_match),
    (r"Cannot (mix|compare|combine|unify)|Cannot deduce", _mixed),
    (r"must appear in the GROUP BY", _grouped),
    (r"Ambiguous reference", _ambiguous),
    (r"Referenced column .* not found|does not have a column named", _own_name),
    (r"Cannot extract field", _no_struct),
    (r"UNNEST|Unnest", _no_list),
    (r"Type with name|type .* does not exist", _no_type),
    (r"syntax error", _not_parsed),
    (r"", _any_call),
)


def attempt(
    tree: exp.Expr, describe: Callable[[str, tuple[tuple[str, str], ...]], list[tuple[str, str]] | Refused]
) -> Bound | Refused:
    """The tree as DuckDB binds it, with the columns it makes; else what stands in the way."""
    try:
        now = written(tree)
        if _without_made_up(now):
            now = written(tree)
    except UnwritableError as exc:
        return Refused("", f"it can't be written for DuckDB: {exc}", None)
    found = describe(now.text, stand_ins(tree))
    if not isinstance(found, Refused):
        return Bound(now.text, now.lines(), found, stand_ins(tree))
    lines, tree, said = now.lines(), _again(now.text, tree), found
    for _ in range(MOST):
        now = written(tree)
        found = describe(now.text, stand_ins(tree))
        if not isinstance(found, Refused):
            return Bound(now.text, [_of(lines, line) for line in now.lines()], found, stand_ins(tree))
        said = replace(found, line=_of(lines, _line_at(now, found.at)))
        if not repaired(found, now):
            return said
    return replace(said, message=f"after {MOST} changes, {said.message}")


def _line_at(now: Written, at: int | None) -> int | None:
    """Of what the tree was parsed from, the line that a character stands on, or the last before it that is known."""
    if at is None:
        return None
    known = now.lines()[: now.text[:at].count("\n") + 1]
    return next((line for line in reversed(known) if line is not None), None)


# Written as a CASE that says just what they mean.
_AS_CASES = (exp.Case, exp.If, exp.Nvl2, exp.DecodeCase, exp.SafeDivide, exp.Div, exp.IntDiv, exp.Coalesce, exp.Nullif)
_CONSTANT = re.compile(r"WHEN\s+(?:'[^']*'|-?\d+)\s*(?:=|<>|<|>|IS\b)")


def _without_made_up(now: Written) -> bool:
    """A function that sqlglot writes as a CASE stands in: findings are about what somebody wrote."""
    found = [
        span.part
        for span in sorted(now.spans, key=lambda span: span.end - span.start)
        if isinstance(span.part, exp.Func)
        and _is_made_up(span.part, now.text[span.start : span.end])
        and span.part.root() is now.tree
    ]
    changed = [stand_in(one, _kind(one)) for one in found]
    return any(changed)


def _is_made_up(part: exp.Expr, text: str) -> bool:
    made = text.startswith("CASE") or _CONSTANT.search(text) is not None
    return made and not isinstance(part, _AS_CASES) and not part.find(exp.Case, exp.If)


_KINDS = {"BOOLEAN": "boolean", "BIGINT": "bigint", "INT": "bigint", "DOUBLE": "double", "DATE": "date", "JSON": "json"}


def _kind(part: exp.Expr) -> str:
    told = DuckDB.EXPRESSION_METADATA.get(type(part), {}).get("returns")
    name = told.sql(dialect="duckdb") if isinstance(told, exp.DataType) else str(getattr(told, "value", ""))
    return _KINDS.get(name.upper(), "timestamp" if name.upper().startswith("TIMESTAMP") else "varchar")


def _again(text: str, tree: exp.Expr) -> exp.Expr:
    """The text as DuckDB reads it, whose parts are what it speaks of: a warehouse's own may be written otherwise."""
    try:
        return sqlglot.parse_one(text, read="duckdb")
    except FAILS:
        return tree


def _of(lines: list[int | None], line: int | None) -> int | None:
    return lines[line - 1] if line is not None and line <= len(lines) else None
