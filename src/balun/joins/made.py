"""The joins that a table's SQL makes, counted on its parents' rows: matched, multiplied, and lost, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from balun.chain.graph import Graph, Node
from balun.chain.table import Table
from balun.engine import Engine
from balun.facts.supply import Supply
from balun.joins.form import Link
from balun.joins.lost import Slice, lost_slice
from balun.joins.measured import Measured, measure
from balun.joins.percent import percent
from balun.joins.side import Rows, Side, sides
from balun.quoting import literal
from balun.relational.expression import Call, Expression, Ref, conjuncts
from balun.relational.relation import Join, Project, Relation, Scan, Sort, ordered
from balun.snapshot import Snapshot

Current = Callable[[str], Snapshot | None]
Read = tuple[str, str]
_KINDS = frozenset({"inner", "left", "right", "full"})
# Of more rows than these, whoever looks at a node would wait for the counts.
_MOST_ROWS = 5_000_000


@dataclass(frozen=True)
class Made:
    """One join by equal columns of two parents. kind: `inner`, `left`, `right` or `full`.

    pairs: left and right columns, by name.
    measured: on all rows of the two parents; None: they are too many. lost: where left rows are that find no partner.
    """

    left: str
    right: str
    kind: str
    pairs: tuple[tuple[str, str], ...]
    measured: Measured | None
    lost: Slice | None = None

    def words(self) -> str:
        on = ", ".join(one if one == other else f"{one} = {other}" for one, other in self.pairs)
        head = f"{self.left} {self.kind} join {self.right} on {on}"
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
            "left": self.left, "right": self.right, "kind": self.kind, "on": [list(pair) for pair in self.pairs],
            "counts": self.measured.as_json() if self.measured else None,
            "lost_in": self.lost.as_json() if self.lost else None,
        }  # fmt: skip


def made_joins(graph: Graph, supply: Supply, node: Node, current: Current) -> tuple[Made, ...]:
    """Those of two parents by plain equality of columns; none where a parent has no rows yet."""
    relation = supply.relations.get(node.id) if isinstance(node.declared, Table) else None
    if relation is None:
        return ()
    found = dict.fromkeys(equal_joins(relation))
    made = {parent.name.lower(): current(parent.id) for parent in graph.parents(node)}
    with Engine(memory=graph.config.memory, threads=graph.config.threads) as engine:
        return tuple(one for each in found for one in _counted(each, made, engine))


Found = tuple[str, str, str, tuple[tuple[str, str], ...]]


def equal_joins(relation: Relation) -> Iterator[Found]:
    """Left and right parent, kind and columns of each join whose conditions say no more than that these are equal."""
    for one in ordered(relation):
        if isinstance(one, Join) and one.kind in _KINDS and not one.asof and one.conditions:
            parts = [_pair(part, one) for condition in one.conditions for part in conjuncts(condition)]
            pairs = [pair for pair in parts if pair is not None]
            lefts, rights = {own[0] for own, _ in pairs}, {theirs[0] for _, theirs in pairs}
            if len(pairs) == len(parts) and len(lefts) == len(rights) == 1 and lefts != rights:
                yield lefts.pop(), rights.pop(), one.kind, tuple((own[1], theirs[1]) for own, theirs in pairs)


def _pair(part: Expression, of: Join) -> tuple[Read, Read] | None:
    """The left column and the right one that are set equal."""
    if not isinstance(part, Call) or part.name != "=" or not all(isinstance(arg, Ref) for arg in part.args):
        return None
    places = sorted(arg.at for arg in part.args if isinstance(arg, Ref))
    split = len(of.left.columns)
    if not places[0] < split <= places[1]:
        return None
    own, theirs = _scanned(of.left, places[0]), _scanned(of.right, places[1] - split)
    return (own, theirs) if own is not None and theirs is not None else None


def _scanned(of: Relation, at: int) -> Read | None:
    """The parent's column, where all rows of the parent come here, as far as that can be told."""
    match of:
        case Scan():
            return of.parent, of.columns[at].name
        case Sort():
            return _scanned(of.input, at)
        case Project():
            output = of.outputs[at]
            return _scanned(of.input, output.at) if isinstance(output, Ref) else None
        case Join(kind="left") if not of.asof and at < len(of.left.columns):
            return _scanned(of.left, at)
    return None


def _counted(found: Found, made: dict[str, Snapshot | None], engine: Engine) -> Iterator[Made]:
    left, right, kind, pairs = found
    snapshots = made.get(left.lower()), made.get(right.lower())
    if snapshots[0] is None or snapshots[1] is None:
        return
    if any(_rows_of(one) > _MOST_ROWS for one in snapshots if one is not None):
        yield Made(left, right, kind, pairs, None)
        return
    given = [
        Rows(one.step, name, f"read_parquet({literal(str(one.rows))})")
        for one, name in zip(snapshots, (left, right), strict=True)
        if one is not None
    ]
    own, theirs = sides(given, engine, sketched=False)
    links = _links(own, theirs, pairs)
    if len(links) == len(pairs):
        counted = measure(own, theirs, links, engine)
        lost = lost_slice(own, theirs, links, engine) if counted.met < counted.rows else None
        yield Made(left, right, kind, pairs, counted, lost)


def _rows_of(made: Snapshot) -> int:
    rows = made.info.get("rows")
    return rows if isinstance(rows, int) else 0


def _links(left: Side, right: Side, pairs: tuple[tuple[str, str], ...]) -> list[Link]:
    found = [(left.named(one), right.named(other)) for one, other in pairs]
    return [Link(one, other, named=True) for one, other in found if one is not None and other is not None]
