"""Expressions in DuckDB's plans: of the columns of a relation, of its groups and of its windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from balun.relational.constant import read_cast, read_constant
from balun.relational.dtype import dtype_of
from balun.relational.expression import Aggregate, Call, Case, Expression, Literal, Order, Ref, Window, moved, walk

Plan = Mapping[str, Any]
COMPARED = {
    "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=", "COMPARE_DISTINCT_FROM": "is_distinct",
    "COMPARE_NOT_DISTINCT_FROM": "is_not_distinct", "COMPARE_IN": "in", "COMPARE_NOT_IN": "not_in",
    "CONJUNCTION_AND": "and", "CONJUNCTION_OR": "or",
}  # fmt: skip
_RENAMED = {"__between": "between"}
_CALLS = frozenset({"BOUND_FUNCTION", "BOUND_OPERATOR", "BOUND_CONJUNCTION", "BOUND_COMPARISON", "BOUND_CAST"})
_DEEPEST = 100  # what walks an expression needs a few frames of Python for each step down


class UnreadablePlan(Exception):
    """DuckDB's plan holds what isn't known here; the message says what. place: in the SQL, in bytes."""

    def __init__(self, reason: str, place: int | None = None) -> None:
        super().__init__(reason)
        self.place = place


def read_expression(told: Plan, depth: int = 0) -> Expression:
    """Raises UnreadablePlan."""
    kind, place = told["expression_class"], place_of(told)
    if depth > _DEEPEST:
        raise UnreadablePlan("an expression that is nested too deep", place)
    if kind in _CALLS:
        return _call(told, place, depth)
    match kind:
        case "BOUND_REF":
            return Ref(told.get("index", 0), dtype_of(told["return_type"]), place)
        case "BOUND_CONSTANT":
            return read_constant(told["value"], dtype_of(told["value"]["type"]), place)
        case "BOUND_CASE":
            return _case(told, place, depth)
    raise UnreadablePlan(f"{kind.removeprefix('BOUND_').replace('_', ' ').lower()} in an expression", place)


def _read_all(told: Iterable[Plan], depth: int) -> tuple[Expression, ...]:
    return tuple(read_expression(one, depth) for one in told)


def _case(told: Plan, place: int | None, depth: int) -> Case:
    otherwise = read_expression(told["else_expr"], depth + 1)
    whens = [_read_all((one["when_expr"], one["then_expr"]), depth + 1) for one in told["case_checks"]]
    return Case(tuple((when, then) for when, then in whens), otherwise, dtype_of(told["return_type"]), place)


def _call(told: Plan, place: int | None, depth: int) -> Expression:
    dtype = dtype_of(told.get("return_type") or {"id": "BOOLEAN"})  # of what DuckDB makes of conditions it has none
    children = [told["left"], told["right"]] if "left" in told else told.get("children", ())
    if any(one["expression_class"] == "BOUND_LAMBDA" for one in children):
        args = _with_lambda(told, children, depth + 1)
    else:
        args = _read_all(children, depth + 1)
    if told["type"] == "OPERATOR_CAST":
        return read_cast(args[0], dtype, safe=bool(told.get("function_data", {}).get("try_cast")), place=place)
    return Call(COMPARED.get(told["type"]) or function_of(told), args, dtype, place)


def _with_lambda(told: Plan, children: Sequence[Plan], depth: int) -> tuple[Expression, ...]:
    """The arguments as they are written: what a lambda captures stands behind them in the plan."""
    written = told.get("positional_arguments", len(children))
    captured = _read_all(children[written:], depth)
    return tuple(
        _lambda(one, captured, depth) if one["expression_class"] == "BOUND_LAMBDA" else read_expression(one, depth)
        for one in children[:written]
    )


def _lambda(told: Plan, captured: Sequence[Expression], depth: int) -> Call:
    """How many lambdas deep it is, how many parameters it has, and its body, which reads columns of the relation."""
    count: int = told.get("parameter_count", 0)
    body = read_expression(told["lambda_expr"], depth + 1)
    inner = sum(isinstance(one, Call) and one.name == "lambda" for one in walk(body))
    level = Literal(inner, "INTEGER")

    def given(ref: Ref) -> Expression:
        if ref.at >= count:
            return captured[ref.at - count]
        return Call("parameter", (level, Literal(count - 1 - ref.at, "INTEGER")), ref.dtype, ref.place)

    return Call("lambda", (level, Literal(count, "INTEGER"), moved(body, given)), "LAMBDA", place_of(told))


def read_aggregate(told: Plan) -> Aggregate:
    """Raises UnreadablePlan."""
    return Aggregate(
        name=function_of(told),
        args=_read_all(told.get("children", ()), 0),
        dtype=dtype_of(told["return_type"]),
        distinct=told.get("aggregate_type") == "DISTINCT",
        where=read_expression(told["filter"]) if told.get("filter") else None,
        order=read_orders((told.get("order_bys") or {}).get("orders", ())),
        place=place_of(told),
    )


def read_window(told: Plan) -> Window:
    """Raises UnreadablePlan."""
    plain = told["type"].removeprefix("WINDOW_").lower()
    bounds = (told.get(name) for name in ("start_expr", "end_expr"))
    return Window(
        name=function_of(told) if plain == "aggregate" else plain,
        args=_read_all(told.get("children", ()), 0),
        dtype=dtype_of(told["return_type"]),
        partition=_read_all(told.get("partitions", ()), 0),
        order=read_orders(told.get("orders", ())),
        frame=(told.get("start", ""), told.get("end", ""), told.get("exclude_clause", "")),
        bounds=tuple(read_expression(one) for one in bounds if one),
        where=read_expression(told["filter_expr"]) if told.get("filter_expr") else None,
        distinct=bool(told.get("distinct")),
        ignore_nulls=bool(told.get("ignore_nulls")),
        arg_order=read_orders(told.get("arg_orders", ())),
        place=place_of(told),
    )


def read_orders(told: Sequence[Plan]) -> tuple[Order, ...]:
    return tuple(
        Order(read_expression(one["expression"]), one["type"] == "DESCENDING", "FIRST" in one.get("null_order", ""))
        for one in told
    )


def place_of(told: Plan) -> int | None:
    place = told.get("query_location")
    return place if isinstance(place, int) and place < 2**32 else None


def function_of(told: Plan) -> str:
    path = (told.get("qname") or {}).get("path")
    name = str(path[-1]) if path else str(told["type"]).removeprefix("OPERATOR_")
    return _RENAMED.get(name, name.lower())


def shifted(of: Expression, by: int) -> Expression:
    return moved(of, lambda ref: replace(ref, at=ref.at + by))
