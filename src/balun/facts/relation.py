"""The small relational form: what a SELECT is made of once each of its columns has a place.

It is built from sqlglot's qualified tree. What can't be followed for certain makes the whole SELECT unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import duckdb
import sqlglot
import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, eq=False)
class Scan:
    """An event or a table. columns: as the chain spells them, by their names in lower case."""

    parent: str
    columns: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Source:
    """One member of FROM. relation: None where it makes rows of its own, as VALUES and unnest do; `made` says of what.

    join: `inner`, `left`, `right`, `full`, `semi` or `anti`; the first is `inner`.
    """

    alias: str
    relation: Relation | None
    join: str
    on: exp.Expr | None
    made: exp.Expr | None = None


@dataclass(frozen=True, eq=False)
class Select:
    """One SELECT. Every column in it is `alias.column`, in lower case, but for outputs' names in ORDER BY.

    keys: what it groups by; None where rows stay as they are.
    distinct: None; empty for DISTINCT; the expressions of DISTINCT ON.
    nested: SELECTs within its expressions, by the identity of their trees.
    using: the identities of `coalesce(a.k, b.k)` that stand for a column joined by USING.
    """

    sources: tuple[Source, ...]
    where: exp.Expr | None
    keys: tuple[exp.Expr, ...] | None
    having: exp.Expr | None
    qualify: exp.Expr | None
    outputs: tuple[tuple[str, exp.Expr], ...]
    distinct: tuple[exp.Expr, ...] | None
    order: tuple[exp.Expr, ...]
    limited: bool
    skips: bool
    nested: Mapping[int, Relation] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Union:
    """Rows of every branch; outputs by position, named by the first."""

    branches: tuple[Relation, ...]
    names: tuple[str, ...]
    distinct: bool


Relation = Scan | Select | Union
USER = "written by the user"
_KNOWN = {
    "expressions", "from_", "joins", "where", "group", "having", "qualify", "distinct", "order", "limit", "offset",
    "windows", "with_", "kind", "sample",
}  # fmt: skip
_SIDES = {"LEFT": "left", "RIGHT": "right", "FULL": "full", "": "inner"}


class UnfollowableError(Exception):
    """This SQL can't be followed for certain."""


def relation_of(sql: str, schema: Schema) -> Relation:
    """schema: columns and types by parent. Raises UnfollowableError with the reason."""
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        for call in tree.find_all(exp.Coalesce):
            call.meta[USER] = True
        for with_ in tree.find_all(exp.With):
            _refuse(bool(with_.args.get("recursive")), "a recursive WITH")
        _refuse(any(pivot.this is not None for pivot in tree.find_all(exp.Pivot)), "PIVOT")
        lower: dict[str, object] = {
            parent.lower(): {name.lower(): "INT" for name in columns} for parent, columns in schema.items()
        }
        tree = qualify(tree, schema=lower, dialect="duckdb", quote_identifiers=False, identify=False)
        scope = build_scope(tree)
    except (SqlglotError, ValueError, RecursionError) as exc:
        raise UnfollowableError(str(exc).splitlines()[0]) from exc
    _refuse(scope is None, "a statement of another kind")
    assert scope is not None
    return _Build({parent.lower(): Scan(parent, _spelt(columns)) for parent, columns in schema.items()}).relation(scope)


def outputs_of(relation: Relation) -> tuple[str, ...]:
    """The names of its columns in lower case, in order."""
    match relation:
        case Scan():
            return tuple(relation.columns)
        case Select():
            return tuple(name for name, _ in relation.outputs)
        case Union():
            return relation.names


@cache
def aggregates() -> frozenset[str]:
    """The names of DuckDB's aggregate functions."""
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
        return frozenset(str(name).lower() for (name,) in rows.fetchall())


def is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.AggFunc):
        return True
    if isinstance(node, exp.Func):
        return node.sql(dialect="duckdb").split("(")[0].lower() in aggregates()
    return False


def _spelt(columns: Iterable[str]) -> Mapping[str, str]:
    return {name.lower(): name for name in columns}


def _refuse(met: bool, what: str) -> None:
    if met:
        raise UnfollowableError(what)


class _Build:
    """Each scope is built once, though it be read from several places."""

    def __init__(self, scans: Mapping[str, Scan]) -> None:
        self._scans = scans
        self._built: dict[int, Relation] = {}

    def relation(self, scope: Scope) -> Relation:
        found = self._built.get(id(scope.expression))
        if found is None:
            found = self._built[id(scope.expression)] = self._make(scope)
        return found

    def _make(self, scope: Scope) -> Relation:
        match scope.expression:
            case exp.SetOperation() as tree:
                return self._union(scope, tree)
            case exp.Select() as tree:
                return self._select(scope, tree)
            case exp.Subquery() as tree if len(scope.sources) == 1 and not _beyond(tree, {"this", "alias"}):
                inner = next(iter(scope.sources.values()))
                if isinstance(inner, Scope):
                    return self.relation(inner)
        raise UnfollowableError(f"a {scope.expression.key}")

    def _union(self, scope: Scope, tree: exp.SetOperation) -> Union:
        _refuse(not isinstance(tree, exp.Union), tree.key.upper())
        _refuse(
            _beyond(tree, {"this", "expression", "distinct", "by_name", "with_", "order"}) != "", "LIMIT of a UNION"
        )
        branches = tuple(self.relation(branch) for branch in scope.set_operation_scopes)
        names = [outputs_of(branch) for branch in branches]
        if tree.args.get("by_name"):
            _refuse(any(set(names[0]) != set(others) for others in names), "UNION BY NAME of other columns")
            branches = tuple(branches)
        else:
            _refuse(any(len(others) != len(names[0]) for others in names), "UNION of other columns")
            branches = tuple(_renamed(branch, names[0]) for branch in branches)
        return Union(branches, names[0], bool(tree.args.get("distinct")))

    def _select(self, scope: Scope, tree: exp.Select) -> Select:
        extra = _beyond(tree, _KNOWN)
        _refuse(extra != "", extra)
        _place_windows(tree)
        outputs = tuple((output.alias_or_name.lower(), output.unalias()) for output in tree.expressions)
        _refuse(any(value.is_star for _, value in outputs if not isinstance(value, exp.Count)), "a star")
        sources = tuple(self._sources(scope, tree))
        return Select(
            sources=sources,
            where=_this(tree, "where"),
            keys=_keys(tree, outputs),
            having=_this(tree, "having"),
            qualify=_this(tree, "qualify"),
            outputs=outputs,
            distinct=_distinct(tree),
            order=_order(tree),
            limited=tree.args.get("limit") is not None,
            skips=tree.args.get("offset") is not None,
            nested={id(inner.expression): self.relation(inner) for inner in scope.subquery_scopes},
        )

    def _sources(self, scope: Scope, tree: exp.Select) -> Iterable[Source]:
        first = tree.args.get("from_")
        if first is not None:
            yield Source(first.this.alias_or_name.lower(), self._member(scope, first.this), "inner", None, first.this)
        for join in tree.args.get("joins") or ():
            _refuse(bool(join.args.get("using")), "USING")
            _refuse(join.method not in ("", "ASOF"), f"a {join.method} JOIN")
            side = join.kind.lower() if join.kind in ("SEMI", "ANTI") else _SIDES.get(join.side)
            _refuse(side is None, f"a {join.side} JOIN")
            member = self._member(scope, join.this)
            yield Source(join.this.alias_or_name.lower(), member, str(side), join.args.get("on"), join.this)

    def _member(self, scope: Scope, tree: exp.Expr) -> Relation | None:
        _refuse(bool(tree.args.get("pivots")), "PIVOT")
        _refuse(isinstance(tree, exp.Lateral), "LATERAL")
        source = scope.sources.get(tree.alias_or_name)
        if isinstance(source, exp.Table):
            _refuse(not isinstance(source.this, exp.Identifier | exp.GenerateSeries), "a table function")
            if isinstance(source.this, exp.GenerateSeries):
                return None
            _refuse(source.name.lower() not in self._scans, f"{source.name}, which isn't in the chain")
            return self._scans[source.name.lower()]
        _refuse(source is None, "a source without a name")
        assert isinstance(source, Scope)
        if isinstance(source.expression, exp.Values | exp.Unnest):
            return None
        return self.relation(source)


def _beyond(tree: exp.Expr, known: set[str]) -> str:
    """The first part that isn't known."""
    return next((part for part, value in tree.args.items() if value and part not in known), "")


def _this(tree: exp.Expr, part: str) -> exp.Expr | None:
    found = tree.args.get(part)
    return found.this if found is not None else None


def _keys(tree: exp.Select, outputs: Sequence[tuple[str, exp.Expr]]) -> tuple[exp.Expr, ...] | None:
    group = tree.args.get("group")
    values = [value for _, value in outputs]
    if group is None:
        grouped = any(aggregates_in(value) for value in values) or tree.args.get("having") is not None
        return () if grouped else None
    if group.args.get("all"):
        return tuple(value for value in values if not aggregates_in(value))
    _refuse(_beyond(group, {"expressions"}) != "", "GROUPING SETS")
    keys = tuple(group.expressions)
    _refuse(any(isinstance(key, exp.GroupingSets | exp.Cube | exp.Rollup) for key in keys), "GROUPING SETS")
    return keys


def aggregates_in(value: exp.Expr) -> bool:
    """Whether it aggregates rows; a window's own function doesn't, nor does what a nested SELECT holds."""
    if isinstance(value, exp.Query):
        return False
    if isinstance(value, exp.Window):
        function = value.this
        inside = [*function.iter_expressions(), *(node for node in value.iter_expressions() if node is not function)]
        return any(aggregates_in(node) for node in inside)
    return is_aggregate(value) or any(aggregates_in(node) for node in value.iter_expressions())


def _distinct(tree: exp.Select) -> tuple[exp.Expr, ...] | None:
    distinct = tree.args.get("distinct")
    if distinct is None:
        return None
    on = distinct.args.get("on")
    return tuple(on.expressions if isinstance(on, exp.Tuple) else (on,)) if on is not None else ()


def _order(tree: exp.Select) -> tuple[exp.Expr, ...]:
    order = tree.args.get("order")
    return tuple(order.expressions) if order is not None else ()


def _place_windows(tree: exp.Select) -> None:
    """`OVER w` gets what WINDOW w says."""
    named = {window.name.lower(): window for window in tree.args.get("windows") or ()}
    for window in list(tree.find_all(exp.Window)):
        name = window.args.get("alias")
        if name is None or window.find_ancestor(exp.Select) is not tree:
            continue
        _refuse(name.name.lower() not in named, f"window {name.name}")
        model = named[name.name.lower()]
        _refuse(model.args.get("alias") is not None, "a window made from a window")
        window.set("partition_by", [part.copy() for part in model.args.get("partition_by") or ()])
        if model.args.get("order") is not None and window.args.get("order") is None:
            window.set("order", model.args["order"].copy())


def _renamed(branch: Relation, names: Sequence[str]) -> Relation:
    match branch:
        case Select():
            outputs = tuple((name, value) for name, (_, value) in zip(names, branch.outputs, strict=True))
            return Select(**{**vars(branch), "outputs": outputs})
        case Union():
            return Union(branch.branches, tuple(names), branch.distinct) if tuple(names) == branch.names else _wrong()
        case Scan():
            return branch


def _wrong() -> Relation:
    raise UnfollowableError("a UNION within a UNION under other names")
