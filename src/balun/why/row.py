"""Why a row of a table is as it is: each value beside the one it was made of, and the branch that changed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from balun.chain.graph import Graph, Node
from balun.chain.load import load_graph
from balun.chain.sql_table import parse_select
from balun.chain.table import Table
from balun.check import with_kept
from balun.engine import Engine
from balun.errors import UsageError, nearest
from balun.facts.supply import Supply, supply_of
from balun.finding import Place
from balun.kept import Kept
from balun.plan import last_made
from balun.quoting import in_parquet, literal, quoted
from balun.snapshot import Snapshot, Store, damaged

if TYPE_CHECKING:
    import sqlglot.expressions as exp

_WAS, _WHEN = "_balun_was_", "_balun_when_"


@dataclass(frozen=True)
class Cell:
    """value: now. was: in the parent's row, where it has a column of that name.

    text: the branch of a CASE that was taken. note: what the file says of it, in a comment.
    """

    column: str
    value: object
    was: object
    in_parent: bool
    text: str = ""
    place: Place | None = None
    note: str = ""

    @property
    def changed(self) -> bool:
        return self.in_parent and self.value != self.was

    def as_json(self) -> dict[str, object]:
        return {
            "column": self.column, "value": self.value, "was": self.was if self.in_parent else None,
            "changed": self.changed, "by": self.text or None, "note": self.note or None,
            "file": self.place.file if self.place else None, "line": self.place.line if self.place else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Row:
    """key: by which it was asked for. parent: whose row it is made of."""

    node: Node
    key: tuple[tuple[str, str], ...]
    parent: Node
    cells: tuple[Cell, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id, "owner": self.node.owner, "key": dict(self.key), "parent": self.parent.id,
            "cells": [one.as_json() for one in self.cells],
        }  # fmt: skip


@dataclass(frozen=True)
class _Branch:
    column: str
    condition: exp.Expression
    text: str
    line: int | None
    comment: str


def why_row(folder: Path, word: str, key: str) -> Row:
    """word: a table, or one of its columns. key: `column=value,…`, or the values of its key in order.

    Raises UsageError where the table isn't one SELECT over the rows of one parent, or not exactly one row has the key.
    """
    name, _, column = word.partition(".")

    def answer(kept: Kept | None) -> tuple[Node, Node, tuple[tuple[str, str], ...], list[Cell]]:
        graph = load_graph(folder, kept)
        node = graph.find(name)
        parent = _parent(graph, node)
        asked = _key(node, key)
        store = Store(graph.config.snapshots)
        try:
            rows = _rows(graph, supply_of(graph, kept), store, node, parent)
            return node, parent, asked, _cells(node, parent, asked, rows)
        finally:
            store.close()

    node, parent, asked, cells = with_kept(folder, answer)
    if column and column.lower() not in {one.column.lower() for one in cells}:
        raise UsageError(f"{node.id} has no column {column}{nearest(column, [one.column for one in cells])}")
    return Row(node, asked, parent, tuple(one for one in cells if not column or one.column.lower() == column.lower()))


def _parent(graph: Graph, node: Node) -> Node:
    if node.kind == "event":
        raise UsageError(f"{node.id} is captured: there is no row above its rows")
    above = [one for one in graph.parents(node) if one.kind in {"event", "table"}]
    if not isinstance(node.declared, Table) or len(above) != 1 or not _is_plain(_tree(node.declared)):
        raise UsageError(
            f"{node.id} isn't made row by row of one parent: its rows have no single row to be held against"
        )
    return above[0]


def _tree(table: Table) -> exp.Query:
    return parse_select(table.sql, table.place)


def _is_plain(tree: exp.Query) -> bool:
    import sqlglot.expressions as exp

    kept = ("expressions", "from_", "from", "where", "qualify", "order", "kind", "hint")
    return (
        isinstance(tree, exp.Select)
        and isinstance(tree.args["from_"].this, exp.Table)
        and not any(value for name, value in tree.args.items() if name not in kept)
        and not any(one.find_ancestor(exp.Window) is None for one in _own(tree, exp.AggFunc))
    )


def _own(tree: exp.Query, kind: type[exp.AggFunc]) -> list[exp.AggFunc]:
    """Those that stand in the SELECT itself rather than in one within it."""
    return [one for one in tree.find_all(kind) if one.parent_select is tree]


def _key(node: Node, key: str) -> tuple[tuple[str, str], ...]:
    declared = node.declared
    assert isinstance(declared, Table)
    parts = [part.strip() for part in key.split(",")]
    if all("=" in part for part in parts):
        pairs = (part.split("=", 1) for part in parts)
        return tuple((name.strip(), value.strip()) for name, value in pairs)
    if not declared.key:
        raise UsageError(f"{node.id} promises no key: write --row COLUMN=VALUE, several joined by commas")
    if len(parts) != len(declared.key):
        raise UsageError(f"the key of {node.id} is {', '.join(declared.key)}: {len(parts)} values were given")
    return tuple(zip(declared.key, parts, strict=True))


def _rows(graph: Graph, supply: Supply, store: Store, node: Node, parent: Node) -> Snapshot:
    """The parent's rows that the table was last made of, which may not be the parent's last ones."""
    made = last_made(node.id, graph, supply, store) if store.is_there() else None
    parents = made.ingredients.get("parents") if made else None
    names = [str(name) for name in parents.values()] if isinstance(parents, Mapping) else []
    found = [one for name in names if (one := store.find(name)) is not None and one.step == parent.id]
    if not found:
        raise UsageError(f"{node.id} has no rows of how it is declared now: run the project first")
    return found[0]


def _cells(node: Node, parent: Node, key: tuple[tuple[str, str], ...], rows: Snapshot) -> list[Cell]:
    declared = node.declared
    assert isinstance(declared, Table)
    with Engine(threads=1) as engine:
        run = engine.connection.execute
        try:
            run(f"CREATE TEMP VIEW {quoted(parent.name)} AS SELECT * FROM {in_parquet(rows.rows)}")
            names = [str(row[0]) for row in run(f"DESCRIBE {quoted(parent.name)}").fetchall()]
            columns = [str(row[0]) for row in run(f"DESCRIBE {_tree(declared).sql(dialect='duckdb')}").fetchall()]
            wrong = next((name for name, _ in key if name.lower() not in {one.lower() for one in columns}), None)
            if wrong is not None:
                raise UsageError(f"{node.id} has no column {wrong}{nearest(wrong, columns)}")
            branches = _branches(declared)
            met = " AND ".join(f"{quoted(name)}::VARCHAR = {literal(value)}" for name, value in key)
            found = run(f"SELECT * FROM ({_widened(declared, names, branches)}) WHERE {met} LIMIT 2").fetchall()
        except duckdb.IOException as exc:
            raise damaged(rows, str(exc).splitlines()[0]) from exc
    if len(found) != 1:
        how = "no row has" if not found else "several rows have"
        raise UsageError(f"{node.id}: {how} {', '.join(f'{name} = {value}' for name, value in key)}")
    row = found[0]
    values, olds, taken = (
        row[: len(columns)],
        row[len(columns) : len(columns) + len(names)],
        row[-len(branches) or len(row) :],
    )
    was = {name.lower(): old for name, old in zip(names, olds, strict=True)}
    return [_cell(declared, name, value, was, branches, taken) for name, value in zip(columns, values, strict=True)]


def _widened(table: Table, names: Sequence[str], branches: Sequence[_Branch]) -> str:
    """The table's SELECT, with its parent's columns and every condition beside its own."""
    import sqlglot.expressions as exp

    tree = _tree(table)
    assert isinstance(tree, exp.Select)
    source = next(one.alias_or_name for one in tree.find_all(exp.Table) if one.parent_select is tree)
    olds = [exp.column(name, table=source, quoted=True).as_(f"{_WAS}{at}") for at, name in enumerate(names)]
    met = [one.condition.copy().as_(f"{_WHEN}{at}") for at, one in enumerate(branches)]
    return tree.select(*olds, *met, copy=True).sql(dialect="duckdb")


def _branches(table: Table) -> list[_Branch]:
    import sqlglot.expressions as exp

    found = []
    for output in _tree(table).selects:
        case = output.unalias()
        if isinstance(case, exp.Case) and case.this is None:
            found += [_branch(table, output.alias_or_name, one) for one in case.args["ifs"]]
    return found


def _branch(table: Table, column: str, one: exp.Expression) -> _Branch:
    lines = [int(part.meta["line"]) for part in one.walk() if "line" in part.meta]
    comments = [comment.strip() for part in one.walk() for comment in part.comments or ()]
    condition, value = (part.sql(dialect="duckdb", comments=False) for part in (one.this, one.args["true"]))
    line = table.line(min(lines)) if lines else None
    return _Branch(column, one.this, f"WHEN {condition} THEN {value}", line, " ".join(comments))


def _cell(
    table: Table, name: str, value: object, was: dict[str, object], branches: Sequence[_Branch], taken: Sequence[object]
) -> Cell:
    own = [(one, met) for one, met in zip(branches, taken, strict=True) if one.column.lower() == name.lower()]
    branch = next((one for one, met in own if met is True), None)
    there = name.lower() in was
    if branch is None:
        return Cell(name, value, was.get(name.lower()), there)
    place = Place(table.place.file, branch.line)
    return Cell(name, value, was.get(name.lower()), there, branch.text, place, _note(table.sql, branch.comment))


def _note(sql: str, comment: str) -> str:
    """What a comment at the branch says; where it is `mend 3`, the comment that begins so above the SELECT."""
    if not re.fullmatch(r"mend \d+", comment):
        return comment
    lines = [line.strip() for line in sql.splitlines()]
    start = next((at for at, line in enumerate(lines) if line.startswith(f"-- {comment}.")), None)
    if start is None:
        return comment
    told = [lines[start]]
    for line in lines[start + 1 :]:
        if not line.startswith("-- ") or re.match(r"-- mend \d+\.", line):
            break
        told.append(line)
    return " ".join(line.removeprefix("-- ") for line in told)
