"""The joins that a project's SQL makes, counted on the rows that reach them: matched, multiplied, lost, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import duckdb

from balun.chain.corpus import Corpus
from balun.chain.graph import Graph, Node
from balun.chain.table import Table
from balun.engine import Engine
from balun.facts.supply import Supply
from balun.joins.condition import Condition, Pairs, heads
from balun.joins.form import Link
from balun.joins.lost import Slice, lost_by
from balun.joins.measured import Measured, measure, measure_by
from balun.joins.percent import percent
from balun.joins.side import Rows, Side, sides
from balun.quoting import in_parquet, quoted
from balun.relational.relation import Join, Relation, ordered, scans
from balun.relational.written import UnwrittenError, sql_of
from balun.snapshot import Snapshot

Current = Callable[[str], Snapshot | None]
_KINDS = frozenset({"inner", "left", "right", "full"})
# Of more rows whoever looks at a node would wait for the counts; where nothing is equal, pairs are compared.
_MOST_ROWS, _MOST_PAIRS = 5_000_000, 10_000_000_000


@dataclass(frozen=True)
class Made:
    """One join. left, right: the parents that its sides are made of. kind: `inner`, `left`, `right` or `full`.

    on: its condition, in words. pairs: left and right columns, where it says no more than that they are equal.
    measured: on the rows that reach it; None: they are too many. lost: where left rows are that find no partner.
    """

    left: str
    right: str
    kind: str
    on: str
    pairs: Pairs
    measured: Measured | None
    lost: Slice | None = None

    def words(self) -> str:
        head = f"{self.left} {self.kind} join {self.right} on {self.on}"
        if self.measured is None:
            return f"{head}: not counted, of more than {_MOST_ROWS:,} rows"
        return f"{head}: {'; '.join(self._counts(self.measured))}"

    def _counts(self, counted: Measured) -> Iterator[str]:
        yield f"{counted.rows:,} rows, {counted.met:,} matched"
        lost = counted.rows - counted.met
        if lost:
            what = "dropped" if self.kind in {"inner", "right"} else "without a partner"
            nulls = counted.rows - counted.valued
            null = f", {nulls:,} of them null" if nulls else ""
            yield f"{lost:,} {what} ({percent(lost / counted.rows)}{null})"
        if self.lost is not None:
            yield self.lost.words()
        if counted.most > 1:
            yield f"multiplied: each meets {counted.fan_out:,.2f} on average, {counted.most:,} at most"
        yield f"{percent(counted.other_coverage)} of {self.right} are met"

    def as_json(self) -> dict[str, object]:
        return {
            "left": self.left, "right": self.right, "kind": self.kind, "on": self.on,
            "pairs": [list(pair) for pair in self.pairs],
            "counts": self.measured.as_json() if self.measured else None,
            "lost_in": self.lost.as_json() if self.lost else None,
        }  # fmt: skip


def made_joins(graph: Graph, supply: Supply, node: Node, current: Current) -> tuple[Made, ...]:
    """Of a table's SQL, and of a corpus's examples; none where a parent has no rows yet."""
    relation = supply.relations.get(f"examples:{node.name}" if isinstance(node.declared, Corpus) else node.id)
    if relation is None or not isinstance(node.declared, Table | Corpus):
        return ()
    made = {parent.name.lower(): current(parent.id) for parent in graph.parents(node)}
    rows = {name: one for name, one in made.items() if one is not None}
    with Engine.of(graph.config) as engine:
        for name, one in rows.items():
            engine.connection.execute(f"CREATE VIEW {quoted(name)} AS FROM {in_parquet(one.rows)}")
        found = [_counted(one, rows, engine) for one in joins_of(relation)]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def joins_of(relation: Relation) -> Iterator[Join]:
    """Those that hold rows of two sides against each other, in the order in which they are made."""
    for one in ordered(relation):
        if isinstance(one, Join) and one.kind in _KINDS and one.conditions:
            yield one


def _counted(of: Join, rows: dict[str, Snapshot], engine: Engine) -> Made | None:
    """None where it can't be told: a side is made of what has no rows yet, or of what the form doesn't say."""
    if not all(one.parent.lower() in rows for one in scans(of)):
        return None
    condition = Condition(of)
    made = Made(*condition.names, of.kind, condition.words(), condition.pairs, None)
    sizes = [max((rows[one.parent.lower()].count or 0 for one in scans(side)), default=0) for side in condition.sides]
    if max(sizes) > _MOST_ROWS or (not condition.is_equality and sizes[0] * sizes[1] > _MOST_PAIRS):
        return made
    try:
        counted, lost = _measured(condition, engine)
    except (UnwrittenError, duckdb.Error):
        return None
    return replace(made, measured=counted, lost=lost)


def counts(of: Join, engine: Engine) -> Measured:
    """On the rows that its sides' parents have in the engine. Raises UnwrittenError, and what DuckDB says of rows."""
    return _measured(Condition(of), engine)[0]


def _measured(condition: Condition, engine: Engine) -> tuple[Measured, Slice | None]:
    given = [Rows(name, name, _relation(side)) for name, side in zip(condition.names, condition.sides, strict=True)]
    left, right = sides(given, engine, sketched=False)
    on, keys = condition.sql(), condition.keys()
    if links := _links(left, right, condition.pairs):
        counted = measure(left, right, links, engine)
    else:
        counted = measure_by(left, right, on, tuple(keys.values()), engine, asof=condition.of.asof)
    return counted, lost_by(left, right, on, keys, engine) if counted.met < counted.rows else None


def _relation(side: Relation) -> str:
    return f"({sql_of(side)}) AS side({', '.join(map(quoted, heads(side.columns)))})"


def _links(left: Side, right: Side, pairs: Pairs) -> list[Link]:
    found = [(left.named(one), right.named(other)) for one, other in pairs]
    return [Link(one, other, named=True) for one, other in found if one is not None and other is not None]
