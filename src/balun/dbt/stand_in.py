"""Functions that stand in for those that DuckDB doesn't have: of any arguments, with a type, and never run.

Facts know nothing of what such a function gives but that it is made of its arguments. Its type is the end of its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import sqlglot
import sqlglot.expressions as exp

_NAME = re.compile(r"[a-z0-9_]+_as_([a-z]+)")
_DTYPES: Mapping[str, str] = {
    "varchar": "VARCHAR", "double": "DOUBLE", "bigint": "BIGINT", "boolean": "BOOLEAN", "timestamp": "TIMESTAMP",
    "date": "DATE", "json": "JSON", "list": "VARCHAR[]", "numbers": "BIGINT[]", "jsons": "JSON[]",
    "versions": "STRUCT(dbt_scd_id VARCHAR, dbt_updated_at TIMESTAMP, dbt_valid_from TIMESTAMP, dbt_valid_to TIMESTAMP,"
    " dbt_is_deleted VARCHAR)[]",
}  # fmt: skip


def stand_ins(tree: exp.Expr) -> tuple[tuple[str, str], ...]:
    """Those of a tree, with their types."""
    told = {str(one.this).lower(): _dtype(str(one.this)) for one in tree.find_all(exp.Anonymous)}
    return tuple(sorted((name, dtype) for name, dtype in told.items() if dtype is not None))


def _dtype(name: str) -> str | None:
    kind = _NAME.fullmatch(name.lower())
    return _DTYPES.get(kind[1]) if kind else None


PATHS = (exp.JSONExtract, exp.JSONExtractScalar, exp.JSONBExtract, exp.JSONBExtractScalar)


def argument(one: exp.Expr) -> exp.Expr:
    """A copy that a call may be given: DuckDB takes an arrow in a call for a lambda."""
    return exp.paren(one.copy()) if isinstance(one, PATHS) else one.copy()


def is_stand_in(one: exp.Expr) -> bool:
    return isinstance(one, exp.Anonymous) and _dtype(str(one.this)) is not None


def stand_in(call: exp.Expr, kind: str, *, aggregate: bool = False) -> bool:
    """Puts a function that only has a type in its place."""
    name = (
        str(call.this)
        if isinstance(call, exp.Anonymous)
        else (call.sql_name() if isinstance(call, exp.Func) else call.key)
    )
    name = re.sub(r"\W+", "_", name.lower()).strip("_") or "call"
    if _dtype(name) is not None:
        return False
    args = [plain for one in call.iter_expressions() for plain in _plain(one)]
    about = call.parent
    whole = call
    if aggregate or isinstance(call, exp.AggFunc):
        args = [exp.Anonymous(this="list", expressions=[arg]) for arg in args or [exp.Literal.number(1)]]
        while isinstance(about, exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup | exp.Filter | exp.Window):
            if isinstance(about, exp.Window):
                args = [_windowed(about, arg) for arg in args]
            elif isinstance(about, exp.Filter):
                args = [exp.Filter(this=arg, expression=about.expression.copy()) for arg in args]
            whole, about = about, about.parent
    whole.replace(exp.Anonymous(this=f"{name}_as_{kind}", expressions=args or [exp.Literal.number(1)]))
    return True


def _windowed(window: exp.Expr, arg: exp.Expr) -> exp.Expr:
    copy = window.copy()
    copy.set("this", arg)
    return copy


def _plain(one: exp.Expr) -> Iterator[exp.Expr]:
    match one:
        case exp.Var() | exp.DataType():
            yield exp.Literal.string(one.sql(dialect="duckdb"))
        case exp.Kwarg() | exp.PropertyEQ():
            yield one.expression.copy()
        case exp.Star():
            yield sqlglot.parse_one("f(*COLUMNS(*))", read="duckdb").expressions[0]
        case exp.Lambda():
            own = {name.name.lower() for name in one.expressions} if not isinstance(one.this, exp.Literal) else set()
            yield from (exp.column(name.name) for name in one.expressions if not own)
            yield from (each.copy() for each in one.this.find_all(exp.Column) if each.name.lower() not in own)
        case exp.Identifier() | exp.Order():
            yield from (column.copy() for column in one.find_all(exp.Column))
        case exp.Distinct() | exp.Tuple():
            yield from (part.copy() for part in one.expressions)
        case _:
            yield argument(one)
