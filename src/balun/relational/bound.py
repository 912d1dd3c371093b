"""DuckDB's bound plan of a SELECT becomes a relation.

DuckDB's own binder resolves names, types, stars, aliases, USING, GROUP BY ALL, PIVOT and correlated subqueries; we read
what it made of them, before it optimises. So what we say of a query is said of the query that runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import duckdb

from balun.quoting import literal
from balun.relational.dtype import dtype_of
from balun.relational.expression import Call, Expression, Literal, Ref
from balun.relational.relation import (
    Column,
    Distinct,
    Filter,
    Group,
    Join,
    Join_,
    Limit,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unknown,
    Unnest,
    Windows,
)
from balun.relational.scalar import (
    COMPARED,
    Plan,
    UnreadablePlan,
    place_of,
    read_aggregate,
    read_expression,
    read_orders,
    read_window,
    shifted,
)

_DEEPEST = 150  # each step down takes a few frames of Python
_ASOF_TYPE = "LOGICAL_ASOF_JOIN"


def relation_of(connection: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column]) -> Relation:
    """The relation of one SELECT; Unknown where its plan can't be read.

    connection: holds each table it reads, without rows. columns: what the SELECT puts out, as the binder has it.
    """
    try:
        return _named(Reader().relation(_plan(connection, sql)), columns)
    except UnreadablePlan as exc:
        return Unknown(str(exc), (), tuple(columns), exc.place)


def _plan(connection: duckdb.DuckDBPyConnection, sql: str) -> Plan:
    short = "skip_null := true, skip_empty := true, skip_default := true"
    ask = f"SELECT json_serialize_plan({literal(sql)}, optimize := false, {short})"
    # DuckDB writes NAN, which no JSON reader knows; inside a text its quotes would be escaped.
    text = re.sub(r'"value":-?NAN', '"value":NaN', connection.execute(ask).fetchall()[0][0])
    try:
        told = json.loads(text)
    except RecursionError as exc:
        raise UnreadablePlan("a query that is nested too deep") from exc
    if told.get("error"):
        raise UnreadablePlan(str(told.get("error_message", "its plan can't be told")))
    return cast("Plan", told["plans"][0])


def _named(relation: Relation, columns: Sequence[Column]) -> Relation:
    """Outputs under the names that the binder gives them."""
    if len(relation.columns) != len(columns):
        raise UnreadablePlan(f"a plan of {len(relation.columns)} columns for {len(columns)}")
    if isinstance(relation, Project):
        return replace(relation, columns=tuple(columns))
    if tuple(relation.columns) == tuple(columns):
        return relation
    return Project(relation, tuple(columns), tuple(Ref(at, one.dtype) for at, one in enumerate(relation.columns)))


@dataclass
class Reader:
    """Reads one plan. made: the relations that WITH names, by their numbers. depth: of the step that is read.

    reads: how many reads there were so far.
    """

    made: dict[int, Relation] = field(default_factory=dict)
    depth: int = 0
    reads: int = 0

    def relation(self, plan: Plan) -> Relation:
        read = _OPERATORS.get(plan["type"])
        if read is None:
            kind = plan["type"].removeprefix("LOGICAL_").replace("_", " ").lower()
            raise UnreadablePlan(f"{kind}, which isn't known")
        if self.depth > _DEEPEST:
            raise UnreadablePlan("a query that is nested too deep")
        self.depth += 1
        found = read(self, plan)
        self.depth -= 1
        return found

    def mark(self) -> int:
        self.reads += 1
        return self.reads

    def child(self, plan: Plan) -> Relation:
        (one,) = plan["children"]
        return self.relation(one)

    # -- sources

    def scan(self, plan: Plan) -> Relation:
        types = [dtype_of(one) for one in plan["returned_types"]]
        table = plan.get("function_data", {}).get("table")
        places = [one.get("index", 0) for one in plan.get("column_indexes", ())]
        kept = [places[at] for at in plan.get("projection_ids") or range(len(places))]
        virtual = 2**32  # the row's number, which DuckDB reads where no column is needed
        columns = tuple(
            Column("", "BIGINT") if at >= virtual else Column(str(plan["names"][at]), types[at]) for at in kept
        )
        if plan.get("children"):
            return self._made_of(plan, columns)
        if table is None or plan["qname"]["path"] != ["seq_scan"]:
            return Made(columns, None, plan["qname"]["path"][-1])
        return Scan(str(table), columns, self.mark())

    def _made_of(self, plan: Plan, columns: tuple[Column, ...]) -> Relation:
        """Rows that a function makes of each row of another relation, with some of that row's columns behind them."""
        (one,) = plan["children"]
        _resolve(one.get("expressions"), one.get("children", [{}])[0].get("table_index", 0))
        below, name = self.relation(one), plan["qname"]["path"][-1]
        kept = plan.get("projected_input", ())
        if name != "unnest" or len(columns) != 1:
            carried = (below.columns[at] for at in kept)
            return Unknown(f"{name}() of the columns of a row", (below,), (*columns, *carried))
        width = len(below.columns)
        found = Unnest(below, (Ref(0, below.columns[0].dtype),), (*below.columns, *columns))
        return _picked(found, [width, *kept])

    def empty(self, _: Plan) -> Relation:
        """The row that a SELECT without FROM is made of; DuckDB counts a column in it, which nothing reads."""
        return Made((Column("", "BOOLEAN"),), ((Literal(None, "BOOLEAN"),),))

    def nothing(self, plan: Plan) -> Relation:
        return Made(tuple(Column("", dtype_of(one)) for one in plan["return_types"]), ())

    def values(self, plan: Plan) -> Relation:
        rows = tuple(tuple(map(read_expression, row)) for row in plan["expressions"])
        columns = tuple(Column("", dtype_of(one)) for one in plan["expr_types"])
        return Made(columns, rows)

    def with_(self, plan: Plan) -> Relation:
        while plan["type"] == "LOGICAL_MATERIALIZED_CTE":
            definition, body = plan["children"]
            self.made[plan.get("table_index", 0)] = self.relation(definition)
            plan = body
        return self.relation(plan)

    def named(self, plan: Plan) -> Relation:
        found = self.made.get(plan.get("cte_index", 0))
        if found is None:
            raise UnreadablePlan("a WITH that reads itself")
        names = plan.get("bound_columns") or [one.name for one in found.columns]
        columns = tuple(Column(str(name), one.dtype) for name, one in zip(names, found.columns, strict=True))
        outputs = tuple(Ref(at, one.dtype) for at, one in enumerate(found.columns))
        return Project(found, columns, outputs, read=True, mark=self.mark())

    def recursive(self, plan: Plan) -> Relation:
        first, step = plan["children"]
        start = self.relation(first)
        columns = start.columns
        self.made[plan.get("table_index", 0)] = Unknown("a WITH that reads itself", (start,), columns)
        return Unknown("a WITH that reads itself", (start, self.relation(step)), columns)

    # -- rows

    def filter(self, plan: Plan) -> Relation:
        found: Relation = Filter(self.child(plan), tuple(map(read_expression, plan["expressions"])))
        return _picked(found, plan.get("projection_map"))

    def project(self, plan: Plan) -> Relation:
        below = self.child(plan)
        outputs = tuple(map(read_expression, plan["expressions"]))
        names = [str(one.get("alias", "")) for one in plan["expressions"]]
        columns = tuple(Column(name, one.dtype) for name, one in zip(names, outputs, strict=True))
        return Project(below, columns, outputs)

    def group(self, plan: Plan) -> Relation:
        below = self.child(plan)
        keys = tuple(map(read_expression, plan.get("groups", ())))
        found = tuple(map(read_aggregate, plan.get("expressions", ())))
        sets = tuple(tuple(one) for one in plan.get("grouping_sets") or [range(len(keys))])
        groupings = tuple(tuple(one) for one in plan.get("grouping_functions", ()))
        columns = [*(Column("", one.dtype) for one in keys), *(Column("", one.dtype) for one in found)]
        columns += [Column("", "BIGINT") for _ in groupings]
        return Group(below, keys, found, sets, tuple(columns), groupings)

    def window(self, plan: Plan) -> Relation:
        below = self.child(plan)
        windows = tuple(map(read_window, plan["expressions"]))
        return Windows(below, windows, (*below.columns, *(Column("", one.dtype) for one in windows)))

    def unnest(self, plan: Plan) -> Relation:
        below = self.child(plan)
        lists = tuple(read_expression(one["child"]) for one in plan["expressions"])
        made = (Column("", dtype_of(one["return_type"])) for one in plan["expressions"])
        return Unnest(below, lists, (*below.columns, *made))

    def distinct(self, plan: Plan) -> Relation:
        targets = tuple(map(read_expression, plan.get("distinct_targets", ())))
        on = targets if plan.get("distinct_type") == "DISTINCT_ON" else None
        return Distinct(self.child(plan), on, read_orders((plan.get("order_by") or {}).get("orders", ())))

    def sort(self, plan: Plan) -> Relation:
        found = Sort(self.child(plan), read_orders(plan.get("orders", ())))
        return _picked(found, plan.get("projection_map") or plan.get("projections"))

    def limit(self, plan: Plan) -> Relation:
        most, skip = plan.get("limit_val") or {}, plan.get("offset_val") or {}
        at_most = most.get("constant_integer", 0) if most.get("type") == "CONSTANT_VALUE" else None
        return Limit(self.child(plan), at_most, skips=skip.get("type", "UNSET") != "UNSET")

    def sample(self, plan: Plan) -> Relation:
        return Limit(self.child(plan), None, sampled=True)

    def set_operation(self, plan: Plan) -> Relation:
        kind = plan["type"].removeprefix("LOGICAL_").lower()
        branches = tuple(map(self.relation, plan["children"]))
        return SetOperation(kind, plan.get("setop_all", True), branches, branches[0].columns)

    # -- joins

    def join(self, plan: Plan) -> Relation:
        left, right = map(self.relation, plan["children"])
        shift = len(left.columns)
        conditions = [self._condition(one, shift) for one in plan.get("conditions", ())]
        conditions += [read_expression(one) for one in [plan.get("condition"), plan.get("predicate")] if one]
        if plan.get("duplicate_eliminated_columns"):
            raise UnreadablePlan("a subquery that reads the rows about it, in a form that isn't known")
        kind = str(plan.get("join_type", "INNER")).lower()
        return self._joined(plan, Join(left, right, cast("Join_", kind), tuple(conditions), plan["type"] == _ASOF_TYPE))

    def _joined(self, plan: Plan, join: Join) -> Relation:
        if join.kind not in {"inner", "left", "right", "full", "semi", "anti", "single", "mark"}:
            raise UnreadablePlan(f"a {join.kind} join")
        lefts, rights = plan.get("left_projection_map"), plan.get("right_projection_map")
        shift = len(join.left.columns)
        kept = list(lefts or range(shift))
        if len(join.columns) > shift:
            kept += [shift + at for at in rights or range(len(join.columns) - shift)]
        return _picked(join, kept)

    def _condition(self, told: Plan, shift: int) -> Expression:
        if "right" not in told:  # it reads both sides
            return read_expression(told.get("left", told))
        left, right = read_expression(told["left"]), read_expression(told["right"])
        return Call(COMPARED[told["comparison"]], (left, shifted(right, shift)), "BOOLEAN", place_of(told["left"]))

    def cross(self, plan: Plan) -> Relation:
        left, right = map(self.relation, plan["children"])
        return Join(left, right, "inner", ())

    def positional(self, plan: Plan) -> Relation:
        left, right = map(self.relation, plan["children"])
        return Join(left, right, "positional", ())


def _resolve(told: Any, table: int) -> None:
    """Positions in place of the names that DuckDB leaves in what functions make of the columns of a row."""
    todo = [told]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            binding = one.get("binding", {})
            if one.get("expression_class") == "BOUND_COLUMN_REF" and binding.get("table_index", 0) == table:
                one.update(expression_class="BOUND_REF", index=binding.get("column_index", 0))
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)


def _picked(of: Relation, places: Sequence[int] | None) -> Relation:
    """Some of its columns, where not all are kept."""
    if not places or list(places) == list(range(len(of.columns))):
        return of
    columns = tuple(of.columns[at] for at in places)
    return Project(of, columns, tuple(Ref(at, of.columns[at].dtype) for at in places))


_OPERATORS: Mapping[str, Callable[[Reader, Plan], Relation]] = {
    "LOGICAL_GET": Reader.scan,
    "LOGICAL_DUMMY_SCAN": Reader.empty,
    "LOGICAL_EMPTY_RESULT": Reader.nothing,
    "LOGICAL_EXPRESSION_GET": Reader.values,
    "LOGICAL_MATERIALIZED_CTE": Reader.with_,
    "LOGICAL_CTE_REF": Reader.named,
    "LOGICAL_RECURSIVE_CTE": Reader.recursive,
    "LOGICAL_FILTER": Reader.filter,
    "LOGICAL_PROJECTION": Reader.project,
    "LOGICAL_AGGREGATE_AND_GROUP_BY": Reader.group,
    "LOGICAL_WINDOW": Reader.window,
    "LOGICAL_UNNEST": Reader.unnest,
    "LOGICAL_DISTINCT": Reader.distinct,
    "LOGICAL_ORDER_BY": Reader.sort,
    "LOGICAL_LIMIT": Reader.limit,
    "LOGICAL_SAMPLE": Reader.sample,
    "LOGICAL_UNION": Reader.set_operation,
    "LOGICAL_EXCEPT": Reader.set_operation,
    "LOGICAL_INTERSECT": Reader.set_operation,
    "LOGICAL_COMPARISON_JOIN": Reader.join,
    "LOGICAL_ANY_JOIN": Reader.join,
    "LOGICAL_ASOF_JOIN": Reader.join,
    "LOGICAL_DELIM_JOIN": Reader.join,
    "LOGICAL_DEPENDENT_JOIN": Reader.join,
    "LOGICAL_CROSS_PRODUCT": Reader.cross,
    "LOGICAL_POSITIONAL_JOIN": Reader.positional,
}
