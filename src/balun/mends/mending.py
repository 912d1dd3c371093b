"""`balun mend`: what is likely wrong in the rows of a table or an event, and the SQL that mends it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from balun.chain.contract import Contract
from balun.chain.graph import Graph, Node
from balun.chain.table import AnyTable
from balun.engine import Engine, types_of
from balun.errors import UsageError
from balun.mends.asking import MOST_ASKED, rows_to_ask
from balun.mends.combined import combined
from balun.mends.detect import doubts
from balun.mends.doubt import Doubt, shown
from balun.mends.labels import Labels, read_labels
from balun.mends.rule import Once
from balun.mends.sheet import Sheet, read_sheet
from balun.mends.sql import Front, select
from balun.mends.taught import by_column, taught
from balun.quoting import in_parquet
from balun.snapshot import Snapshot, damaged

Say = Callable[[str], None]
LEAST = 0.6
_SHOWN = 3


@dataclass(frozen=True)
class Mend:
    """number: as the SQL counts it; None where it can't be said what is right. column: None: whole rows.

    cells: how many, of all rows. confidence: that they are wrong and this is right, on average.
    examples: what stood there and what is right, each once, the commonest first.
    """

    number: int | None
    kind: str
    column: str | None
    cells: int
    confidence: float
    evidence: str
    examples: tuple[tuple[str | None, str | None], ...]

    def as_json(self) -> dict[str, object]:
        return {
            "number": self.number, "kind": self.kind, "column": self.column, "cells": self.cells,
            "confidence": self.confidence, "evidence": self.evidence,
            "examples": [{"was": was, "right": right} for was, right in self.examples],
        }  # fmt: skip


@dataclass(frozen=True)
class Mending:
    """name: whose rows these are. rows: all of them, of which `looked_at` were. mends: in the order they are tried.

    unknown: what is likely wrong, without a mend. sql: the mended table, or nothing where there is nothing to mend.
    """

    name: str
    rows: int
    looked_at: int
    mends: tuple[Mend, ...]
    unknown: tuple[Mend, ...]
    sql: str

    @property
    def table(self) -> str:
        return f"{self.name}_mended"

    def write(self, folder: Path, *, force: bool = False) -> Path:
        """Write the mended table into the project's folder. Raises UsageError where it is there already."""
        file = folder / "tables" / f"{self.table}.sql"
        if not re.fullmatch(r"[\w-]+", self.name):
            raise UsageError(f"{self.name} can't name a file: letters, figures, _ and - can")
        if not self.sql:
            raise UsageError(f"{self.name} needs no mend: nothing to write")
        if file.exists() and not force:
            raise UsageError(f"tables/{file.name} is there already: --force writes over it")
        file.parent.mkdir(exist_ok=True)
        file.write_text(self.sql, encoding="utf-8")
        return file

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.name, "rows": self.rows, "looked_at": self.looked_at,
            "mends": [one.as_json() for one in self.mends], "unknown": [one.as_json() for one in self.unknown],
            "table": self.table, "sql": self.sql,
        }  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A node's rows as the last run left them."""

    node: Node
    made: Snapshot
    front: Front


def asked(graph: Graph, word: str, current: Callable[[str], Snapshot | None]) -> Asked:
    """Raises UsageError where it is no event or table, or wasn't run."""
    node = graph.find(word, "event", "table")
    if node.kind not in {"event", "table"}:
        raise UsageError(f"{node.id} is made of events and tables: mend those it is made of")
    made = current(node.id)
    if made is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    declared = node.declared
    assert isinstance(declared, Contract | AnyTable)
    description = f"The rows of {node.name}, mended; written by balun mend, for a person to read and keep."
    return Asked(node, made, Front(_owner(graph, node), description, declared.key, node.time, ()))


def _owner(graph: Graph, node: Node) -> str | None:
    """An event's mends are for those whose tables read it: what is captured stays as it is."""
    below = [one.owner for one in graph.children(node) if one.kind == "table" and one.owner]
    return node.owner if node.kind == "table" or not below else below[0]


@dataclass(frozen=True)
class ToLabel:
    """A row for a person to look at. number: counted from 1. cells: column, value, and whether it is doubted.

    proposed: by column, what is likely right instead.
    """

    number: int
    cells: tuple[tuple[str, str | None, bool], ...]
    proposed: Mapping[str, str | None]

    def as_json(self) -> dict[str, object]:
        cells = [{"column": name, "value": value, "doubted": doubted} for name, value, doubted in self.cells]
        return {"row": self.number, "cells": cells, "proposed": dict(self.proposed)}


def mend(
    graph: Graph, given: Asked, *, labels: Path | None = None, least: float = LEAST, say: Say | None = None
) -> Mending:
    """labels: a CSV, see `read_labels`. least: of confidence, for a cell to be told.

    Raises ProjectError where the rows can't be read, UsageError where the labels don't fit them.
    """
    with _opened(graph, given, say) as (sheet, names):
        front = given.front
        whole = Front(front.owner, front.description, front.key, front.at, names)
        return mended(sheet, whole, least, say, read_labels(labels, sheet) if labels else None)


def to_label(graph: Graph, given: Asked, count: int = MOST_ASKED, say: Say | None = None) -> tuple[ToLabel, ...]:
    """The rows whose labels tell most of all others."""
    with _opened(graph, given, say) as (sheet, _):
        if sheet.total > sheet.count:
            raise UsageError(
                f"{sheet.name} has more than {sheet.count:,} rows, of which some are drawn: labels need all"
            )
        found = doubts(sheet, say)
        rows = rows_to_ask(by_column(sheet, found), count)
        told = combined(found, LEAST)
        return tuple(_to_label(sheet, told, row) for row in rows)


def _to_label(sheet: Sheet, found: Sequence[Doubt], row: int) -> ToLabel:
    here = [(one, np.flatnonzero(one.rows == row)) for one in found if one.kind != "duplicate"]
    doubted = {one.column.name for one, at in here if len(at)}
    proposed = {one.column.name: one.rights[at[0]] for one, at in here if len(at) and one.rule is not None}
    cells = tuple((one.name, one.text_at(row), one.name in doubted) for one in sheet.columns)
    return ToLabel(row + 1, cells, proposed)


@contextmanager
def _opened(graph: Graph, given: Asked, say: Say | None) -> Iterator[tuple[Sheet, tuple[str, ...]]]:
    relation = in_parquet(given.made.rows)
    with Engine.of(graph.config) as engine:
        try:
            sheet = read_sheet(given.node.name, relation, engine, key=given.front.key, say=say)
            names = tuple(types_of(engine.connection, relation))
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise damaged(given.made, str(exc).splitlines()[0]) from exc
        yield sheet, names


def mended(
    sheet: Sheet, front: Front, least: float = LEAST, say: Say | None = None, labels: Labels | None = None
) -> Mending:
    doubted, known = doubts(sheet, say), None
    if labels is not None:
        doubted, known = taught(sheet, doubted, by_column(sheet, doubted), labels)
    found = combined(doubted, least, known)
    ruled = [one for one in found if one.rule is not None]
    numbered = list(enumerate(ruled, 1))
    told = tuple(_mend(number, one, sheet) for number, one in numbered)
    unknown = tuple(_mend(None, one, sheet) for one in found if one.rule is None)
    sql = select(sheet, numbered, front) if numbered else ""
    return Mending(sheet.name, sheet.total, sheet.count, told, unknown, sql)


def _mend(number: int | None, one: Doubt, sheet: Sheet) -> Mend:
    whole = isinstance(one.rule, Once)
    return Mend(
        number, one.kind, None if whole else one.column.name, round(len(one) * sheet.share), one.sure, one.evidence,
        () if whole else tuple(_examples(one)),
    )  # fmt: skip


def _examples(one: Doubt) -> Sequence[tuple[str | None, str | None]]:
    rows = range(len(one)) if len(one) <= 10_000 else range(0, len(one), len(one) // 10_000)
    pairs = Counter((one.column.text_at(int(one.rows[at])), one.rights[at]) for at in rows)
    return [pair for pair, _ in pairs.most_common(_SHOWN)]


def words(pair: tuple[str | None, str | None], *, known: bool) -> str:
    """
    >>> words(("birminghxm", "birmingham"), known=True), words(("1301", None), known=False)
    ("'birminghxm' → 'birmingham'", "'1301'")
    """
    was, right = pair
    return f"{shown(was, right)} → {shown(right, was)}" if known else shown(was)
