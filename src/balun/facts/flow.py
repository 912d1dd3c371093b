"""What each column of a SELECT depends on, down to the rows it reads: the walk that origin and available share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import sqlglot.expressions as exp

from balun.facts.relation import (
    USER,
    Relation,
    Scan,
    Select,
    Source,
    UnfollowableError,
    Union,
    aggregates_in,
    is_aggregate,
    outputs_of,
)

Use = Literal["value", "filter", "join", "group", "order"]
Leaf = Scan | Union
Path = tuple[str, ...]
Place = tuple[Path, str]
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank)
_WHOLE = ("TableColumn", "Columns", "Star", "PositionalColumn", "Placeholder", "Parameter")
_MOST_READS = 10_000


@dataclass(frozen=True)
class Dep:
    """A value depends on a column of one row of a leaf, or with `column` None on that row's being there.

    path: the aliases that lead to the leaf, so that two reads of one event are told apart.
    groups: non-empty where rows were put together on the way: it depends on the whole group, not on one row;
    each is the set of places that are the same throughout the group.
    extended: an outer join may have put nulls in place of the row.
    """

    path: Path
    leaf: Leaf
    column: str | None
    use: Use
    groups: tuple[frozenset[Place], ...] = ()
    extended: bool = False


Deps = frozenset[Dep]
NOTHING: Deps = frozenset()


@dataclass(frozen=True)
class Same:
    """A value that is, row by row, this expression over one leaf's columns; a lone column's name for a copy."""

    path: Path
    leaf: Leaf
    text: str
    copy: bool
    extended: bool = False


@dataclass(frozen=True)
class Flow:
    """One column. ranks: what decides the order, where the column is a bare row_number() or rank()."""

    deps: Deps
    same: Same | None = None
    ranks: Deps | None = None


@dataclass(frozen=True)
class Flows:
    """rows: what decides which rows there are. fan: what decides how often. order: what decides their order only."""

    columns: Mapping[str, Flow]
    rows: Deps = NOTHING
    fan: Deps = NOTHING
    order: Deps = NOTHING


def flows_of(relation: Relation) -> Flows:
    """Raises UnfollowableError."""
    return _Walk().flows(relation, (), {})


def leaf_flows(leaf: Leaf, path: Path) -> Flows:
    columns = {
        name: Flow(frozenset({Dep(path, leaf, name, "value")}), Same(path, leaf, name, copy=True))
        for name in outputs_of(leaf)
    }
    return Flows(columns, frozenset({Dep(path, leaf, None, "value")}))


Env = Mapping[str, Mapping[str, Flow]]


@dataclass
class _Walk:
    reads: int = 0

    def flows(self, relation: Relation, path: Path, outer: Env) -> Flows:
        self.reads += 1
        if self.reads > _MOST_READS:
            raise UnfollowableError("too many reads of its WITH")
        match relation:
            case Scan() | Union():
                return leaf_flows(relation, path)
            case Select():
                return _SelectWalk(self, relation, path, outer).flows()


@dataclass
class _SelectWalk:
    walk: _Walk
    select: Select
    path: Path
    outer: Env
    env: dict[str, Mapping[str, Flow]] = field(default_factory=dict)
    rows: Deps = NOTHING
    fan: Deps = NOTHING

    def flows(self) -> Flows:
        for source in self.select.sources:
            self._join(source)
        self._filter(self.select.where)
        if self.select.keys is None:
            columns = self._project()
        else:
            columns = self._aggregate(self.select.keys)
        columns, order = self._after(columns)
        return Flows(columns, self.rows, self.fan, order)

    # -- FROM

    def _join(self, source: Source) -> None:
        if source.relation is None:
            made = self._of(source.made, "value") if source.made is not None else NOTHING
            read = Flows(_Anything(made), _used(made, "join"))
        else:
            read = self.walk.flows(source.relation, (*self.path, source.alias), self.outer)
        before = dict(self.env)
        self.env[source.alias] = read.columns
        on = self._of(source.on, "join") if source.on is not None else NOTHING
        match source.join:
            case "inner":
                self.rows |= read.rows | on
                self.fan |= read.fan
            case "semi" | "anti":
                self.env = before
                self.rows |= read.rows | read.fan | on
            case "left":
                self.env[source.alias] = _extended(read.columns, read.rows | on)
                self.fan |= _null(read.rows | read.fan | on)
            case "right":
                self.env.update({alias: _extended(columns, self.rows | on) for alias, columns in before.items()})
                self.fan, self.rows = _null(self.fan | self.rows | on) | read.fan, read.rows
            case "full":
                # Which side made a row can't be said of the row as a whole.
                both = _grouped(_null(self.rows | read.rows | on), frozenset())
                self.env = {alias: _extended(columns, both) for alias, columns in self.env.items()}
                self.rows, self.fan = both, self.fan | read.fan

    # -- WHERE, HAVING, QUALIFY

    def _filter(self, condition: exp.Expr | None, groups: frozenset[Place] | None = None) -> None:
        for part in _conjuncts(condition):
            ranks = self._first_rank(part)
            deps = ranks if ranks is not None else self._of(part, "filter")
            self.rows |= deps if groups is None else _grouped(deps, groups)

    def _first_rank(self, part: exp.Expr) -> Deps | None:
        """What decides which row is first in `row_number() OVER (…) = 1`.

        The first of all rows is also the first of those known at a time, if it is among them: so later rows don't
        make it late, as they would make a count.
        """
        if not isinstance(part, exp.EQ | exp.LTE):
            return None
        rank, one = part.this.unnest(), part.expression
        if not (isinstance(one, exp.Literal) and one.this == "1"):
            return None
        if isinstance(rank, exp.Window):
            return self._ranks(rank)
        if isinstance(rank, exp.Column) and rank.table:
            return self._flow(rank).ranks
        return None

    def _ranks(self, window: exp.Window) -> Deps | None:
        if not isinstance(window.this, _RANKS) or self.select.keys is not None:
            return None
        by = list(window.args.get("partition_by") or ())
        order = window.args.get("order")
        orders = list(order.expressions) if order is not None else []
        return self._all(by, "group") | self._all(orders, "order")

    # -- SELECT

    def _project(self) -> dict[str, Flow]:
        self._filter(self.select.qualify)
        columns = {}
        for name, value in self.select.outputs:
            ranks = self._ranks(value) if isinstance(value, exp.Window) else None
            columns[name] = Flow(self._of(value, "value"), self._same(value), ranks)
            if value.find(exp.Explode, exp.Unnest) is not None:
                self.rows |= _used(columns[name].deps, "filter")
        return columns

    def _aggregate(self, keys: tuple[exp.Expr, ...]) -> dict[str, Flow]:
        same = [self._same(key) for key in keys]
        constant = _places(same)
        columns = {}
        for name, value in self.select.outputs:
            kept = self._same(value) if value in keys else None
            columns[name] = Flow(_grouped(self._of(value, "value"), constant), kept)
        self._filter(self.select.having, constant)
        self._filter(self.select.qualify, constant)
        self.rows = _grouped(self.rows | self.fan | self._all(keys, "group"), constant)
        self.fan = NOTHING
        return columns

    def _after(self, columns: dict[str, Flow]) -> tuple[dict[str, Flow], Deps]:
        """DISTINCT, ORDER BY, LIMIT."""
        order: Deps = NOTHING
        for part in self.select.order:
            order |= self._of(part, "order", columns)
        if self.select.distinct:  # DISTINCT ON keeps the first in the order, as row_number() = 1 does
            self.rows |= self._all(self.select.distinct, "group") | order
        elif self.select.distinct is not None:
            constant = _places([flow.same for flow in columns.values()])
            columns = {name: replace(flow, deps=_grouped(flow.deps, constant)) for name, flow in columns.items()}
            self.rows = _grouped(self.rows, constant)
            self.rows |= _used(frozenset().union(*(flow.deps for flow in columns.values())), "group")
        if self.select.limited:
            self.rows |= order
        if self.select.skips:
            self.rows = _grouped(self.rows | order, frozenset())
        return columns, order

    # -- expressions

    def _all(self, parts: Iterable[exp.Expr], use: Use) -> Deps:
        return frozenset().union(*(self._of(part, use) for part in parts))

    def _of(self, value: exp.Expr, use: Use, outputs: Mapping[str, Flow] | None = None) -> Deps:
        return frozenset(self._deps(value, use, outputs or {}))

    def _deps(self, value: exp.Expr, use: Use, outputs: Mapping[str, Flow]) -> Iterator[Dep]:
        if isinstance(value, exp.Column):
            yield from _used(self._flow(value, outputs).deps, use)
        elif isinstance(value, exp.Query):
            yield from self._nested(value, use)
        elif isinstance(value, exp.Window):
            yield from self._window(value, use, outputs)
        elif type(value).__name__ in _WHOLE and not isinstance(value.parent, exp.Count):
            raise UnfollowableError("a whole row as a value")
        else:
            for part in value.iter_expressions():
                yield from self._deps(part, use, outputs)

    def _window(self, window: exp.Window, use: Use, outputs: Mapping[str, Flow]) -> Iterator[Dep]:
        by = list(window.args.get("partition_by") or ())
        constant = _places([self._same(part) for part in by])
        deps = set(self.rows | self.fan)
        order = window.args.get("order")
        for part in window.iter_expressions():
            if part is not order and all(part is not one for one in by):
                deps.update(self._deps(part, use, outputs))
        deps |= self._all(by, "group")
        if order is not None:
            deps |= self._all(order.expressions, "order")
        yield from _grouped(frozenset(deps), constant)

    def _nested(self, query: exp.Expr, use: Use) -> Iterator[Dep]:
        """A SELECT within an expression looks at all the rows it reads."""
        inner = query
        while isinstance(inner, exp.Subquery):
            inner = inner.this
        relation = self.select.nested.get(id(inner)) or self.select.nested.get(id(query))
        if relation is None:
            raise UnfollowableError("a SELECT in an unexpected place")
        read = self.walk.flows(relation, (*self.path, f"<{id(relation)}>"), {**self.outer, **self.env})
        deps = read.rows | read.fan | read.order
        for flow in read.columns.values():
            deps |= flow.deps
        own = frozenset(dep for dep in deps if dep.path[: len(self.path) + 1] != (*self.path, f"<{id(relation)}>"))
        yield from _used(own, use)
        yield from _grouped(_used(deps - own, use), frozenset())

    def _flow(self, column: exp.Column, outputs: Mapping[str, Flow] | None = None) -> Flow:
        name, table = column.name.lower(), column.table.lower()
        if not table and outputs and name in outputs:
            return outputs[name]
        columns = self.env.get(table, self.outer.get(table))
        if columns is None or name not in columns:
            raise UnfollowableError(f"{column.sql()}, whose place isn't certain")
        return columns[name]

    def _same(self, value: exp.Expr) -> Same | None:
        if isinstance(value, exp.Column):
            return self._flow(value).same
        if isinstance(value, exp.Coalesce) and not value.meta.get(USER):
            one_sided = all(source.join not in ("right", "full") for source in self.select.sources)
            return self._same(value.this) if one_sided else None  # made of USING (k)
        return self._same_expression(value)

    def _same_expression(self, value: exp.Expr) -> Same | None:
        columns = list(value.find_all(exp.Column))
        if not columns or value.find(exp.Query, exp.Window, exp.Lambda) or aggregates_in(value):
            return None
        parts = [self._flow(column).same for column in columns]
        first = parts[0]
        if first is None or any(part is None or not part.copy or part.path != first.path for part in parts):
            return None
        if any(is_aggregate(node) for node in value.walk()):
            return None
        names = {id(column): part.text for column, part in zip(columns, parts, strict=True) if part}
        extended = any(part.extended for part in parts if part)
        return Same(first.path, first.leaf, canonical(value, names), copy=False, extended=extended)


def canonical(value: exp.Expr, names: Mapping[int, str] | None = None) -> str:
    """One spelling for what differs only in layout, case of names, and the names of tables.

    names: by the identity of a column's node, what to call it; None: its own name.
    """
    columns = {id(node): node for node in value.find_all(exp.Column)}
    order = [names[key] if names else node.name.lower() for key, node in columns.items()]
    copied = value.copy()
    for node, name in zip(list(copied.find_all(exp.Column)), order, strict=True):
        new = exp.column(exp.to_identifier(name, quoted=True))
        if node is copied:
            copied = new
        else:
            node.replace(new)
    return copied.unnest().sql(dialect="duckdb", comments=False)


class _Anything(Mapping[str, Flow]):
    """The columns of VALUES, unnest and the like: any name, each made of all that the rows are made of."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps

    def __getitem__(self, name: str) -> Flow:
        return Flow(self.deps)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True


def _conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    if condition is None:
        return []
    return (
        [part.unnest() for part in condition.unnest().flatten()]
        if isinstance(condition.unnest(), exp.And)
        else [condition.unnest()]
    )


def _used(deps: Deps, use: Use) -> Deps:
    """A value used to filter is used to filter; what already decided on rows stays what it was."""
    return frozenset(replace(dep, use=use) if dep.use == "value" and dep.column else dep for dep in deps)


def _grouped(deps: Deps, constant: frozenset[Place]) -> Deps:
    return frozenset(replace(dep, groups=(*dep.groups, constant)) for dep in deps)


def _null(deps: Deps) -> Deps:
    return frozenset(replace(dep, extended=True) for dep in deps)


def _extended(columns: Mapping[str, Flow], more: Deps) -> Mapping[str, Flow]:
    more = _null(more)
    if isinstance(columns, _Anything):
        return _Anything(_null(columns.deps) | more)
    return {
        name: Flow(_null(flow.deps) | more, replace(flow.same, extended=True) if flow.same else None)
        for name, flow in columns.items()
    }


def _places(sames: Iterable[Same | None]) -> frozenset[Place]:
    return frozenset((same.path, same.text) for same in sames if same is not None and same.copy)


def named(relation: Relation, outputs: Sequence[str]) -> dict[str, str]:
    """DuckDB's name for each output in lower case. Raises UnfollowableError where the two don't agree."""
    lower = outputs_of(relation)
    if len(set(lower)) != len(lower):
        raise UnfollowableError("two outputs of one name")
    if not outputs:
        return {name: name for name in lower}
    made = [name.startswith("_col_") for name in lower]
    if len(lower) != len(outputs) or any(
        name != output.lower() and not own for name, output, own in zip(lower, outputs, made, strict=True)
    ):
        raise UnfollowableError("outputs that DuckDB names otherwise")
    return dict(zip(lower, outputs, strict=True))
