"""origin: which columns of which parents an output comes from, and how each is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from balun.facts.flow import Dep, Deps, Flows, Same, Use, flows_of
from balun.facts.relation import Relation, Scan, Schema, UnfollowableError, Union, outputs_of, relation_of


@dataclass(frozen=True, order=True)
class Origin:
    """A parent's column and what it is used for: `value`, `filter`, `join`, `group` or `order`."""

    parent: str
    column: str
    use: Use


@dataclass(frozen=True)
class Pass:
    """An output that is an unchanged copy of a parent's column.

    read: the aliases that lead to the parent, so that two reads of one parent are told apart.
    extended: an outer join puts null where there is no row.
    """

    parent: str
    column: str
    read: tuple[str, ...]
    extended: bool = False


@dataclass(frozen=True)
class Origins:
    """columns: by output; None where the SQL can't be followed: anything may be.

    rows: what decides which rows there are, how often and in which order; None: anything may.
    """

    columns: Mapping[str, frozenset[Origin] | None]
    passes: Mapping[str, Pass]
    rows: frozenset[Origin] | None
    unknown: str | None = None


def origins(sql: str, schema: Schema, outputs: Sequence[str] = ()) -> Origins:
    """schema: each parent's columns and types. outputs: the SELECT's columns as DuckDB names them, where known.

    >>> found = origins("SELECT a AS x, b + 1 AS y FROM t WHERE c > 0", {"t": {"a": "INT", "b": "INT", "c": "INT"}})
    >>> found.passes["x"].column, sorted(found.columns["y"])
    ('a', [Origin(parent='t', column='b', use='value')])
    >>> sorted(found.rows)
    [Origin(parent='t', column='c', use='filter')]
    """
    try:
        relation = relation_of(sql, schema)
        names = named(relation, outputs)
        columns, passes, rows = _origins(relation)
    except UnfollowableError as exc:
        return Origins(dict.fromkeys(outputs), {}, None, str(exc))
    return Origins(
        {names[name]: found for name, found in columns.items()},
        {names[name]: found for name, found in passes.items()},
        rows,
    )


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


_Found = tuple[dict[str, frozenset[Origin]], dict[str, Pass], frozenset[Origin]]


def _origins(relation: Relation) -> _Found:
    if isinstance(relation, Union):
        return _of_union(relation)
    flows = flows_of(relation)
    columns = {name: _all(flow.deps) for name, flow in flows.columns.items()}
    passes = {name: found for name, flow in flows.columns.items() if (found := _pass(flow.same))}
    return columns, passes, _rows(flows)


def _of_union(union: Union) -> _Found:
    branches = [_origins(branch) for branch in union.branches]
    columns = {name: frozenset().union(*(branch[0][name] for branch in branches)) for name in union.names}
    rows = frozenset().union(*(branch[2] for branch in branches))
    if union.distinct:
        rows |= frozenset(Origin(found.parent, found.column, "group") for name in columns for found in columns[name])
    return columns, {}, rows


def _rows(flows: Flows) -> frozenset[Origin]:
    return _all(flows.rows | flows.fan | flows.order)


def _all(deps: Deps) -> frozenset[Origin]:
    return frozenset().union(*(_of_dep(dep) for dep in deps))


def _of_dep(dep: Dep) -> frozenset[Origin]:
    if isinstance(dep.leaf, Scan):
        return frozenset({Origin(dep.leaf.parent, dep.leaf.columns[dep.column], dep.use)} if dep.column else ())
    columns, _, rows = _origins(dep.leaf)
    if dep.column is None:
        return rows
    return frozenset(
        Origin(found.parent, found.column, dep.use if found.use == "value" else found.use)
        for found in columns[dep.column]
    )


def _pass(same: Same | None) -> Pass | None:
    if same is None or not same.copy or not isinstance(same.leaf, Scan):
        return None
    return Pass(same.leaf.parent, same.leaf.columns[same.text], same.path, same.extended)
