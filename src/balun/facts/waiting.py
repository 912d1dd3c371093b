"""What each value of a SELECT waits for, down to the rows it reads: the walk that `available` takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from balun.relational.expression import Call, Computed, Expression, Literal, Order, Ref, Window, conjuncts, moved, refs
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
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

Leaf = Scan | SetOperation
Read = tuple[str, ...]
Spot = tuple[Read, int]
_RANKS = frozenset({"row_number", "rank", "dense_rank"})
_SUBQUERY_READS = "__duckdb_delim_scan_"
_MOST_READS = 10_000


class UnfollowableError(Exception):
    """This SELECT can't be followed for certain."""


@dataclass(frozen=True)
class Wait:
    """For a column of one row of a leaf, or with None as its place for that row's being there.

    read: the way that leads to the leaf, so that two reads of one event are told apart.
    groups: non-empty where rows were put together on the way: it waits for the whole group, not for one row; each is
    the set of spots that are the same throughout the group.
    extended: an outer join may have put nulls in place of the row.
    """

    read: Read
    leaf: Leaf
    at: int | None
    groups: tuple[frozenset[Spot], ...] = ()
    extended: bool = False


Waits = frozenset[Wait]
NOTHING: Waits = frozenset()


@dataclass(frozen=True)
class Same:
    """A value that is, row by row, this expression over one leaf's columns; a Ref for a copy."""

    read: Read
    leaf: Leaf
    value: Expression
    extended: bool = False

    @property
    def spot(self) -> Spot | None:
        return (self.read, self.value.at) if isinstance(self.value, Ref) else None


@dataclass(frozen=True)
class Waiting:
    """One column. ranks: what decides the order, where the column is a bare row_number() or rank()."""

    waits: Waits
    same: Same | None = None
    ranks: Waits | None = None


@dataclass(frozen=True)
class Waitings:
    """rows: what decides which rows there are. fan: what decides how often. order: what decides their order only."""

    columns: tuple[Waiting, ...]
    rows: Waits = NOTHING
    fan: Waits = NOTHING
    order: Waits = NOTHING

    def of(self, one: Computed) -> Waits:
        return frozenset().union(*(self.columns[at].waits for at in refs(one)))

    def all(self, some: Iterable[Computed]) -> Waits:
        return frozenset().union(*(self.of(one) for one in some))

    def same(self, one: Expression) -> Same | None:
        """It as an expression over one leaf, where it is."""
        if isinstance(one, Ref):
            return self.columns[one.at].same
        places = refs(one)
        parts = [self.columns[at].same for at in places]
        first = next(iter(parts), None)
        if first is None or any(part is None or part.spot is None or part.read != first.read for part in parts):
            return None
        value = moved(one, lambda ref: replace(self.columns[ref.at].same.value, place=None))  # type: ignore[union-attr]
        return Same(first.read, first.leaf, value, any(part.extended for part in parts if part))

    def spots(self, some: Iterable[Expression]) -> frozenset[Spot]:
        """Those that the expressions are copies of."""
        return frozenset(same.spot for same in map(self.same, some) if same is not None and same.spot is not None)


def waiting(relation: Relation) -> Waitings:
    """Raises UnfollowableError. The branches of a UNION are not looked into: it is a leaf."""
    return _Walk().of(relation, ())


class _Walk:
    """A relation that is read twice is walked twice, so that its reads are told apart."""

    def __init__(self) -> None:
        self._reads = 0

    def of(self, relation: Relation, read: Read) -> Waitings:
        self._reads += 1
        if self._reads > _MOST_READS:
            raise UnfollowableError("too many reads of its WITH")
        match relation:
            case Scan() | SetOperation():
                return _leaf(relation, read)
            case Made():
                return Waitings(tuple(Waiting(NOTHING) for _ in relation.columns))
            case Join():
                return _joined(relation, self.of(relation.left, (*read, "0")), self.of(relation.right, (*read, "1")))
            case Unknown():
                raise UnfollowableError(relation.reason)
            case Project() if _reads_the_row_outside(relation):
                return Waitings(tuple(Waiting(NOTHING) for _ in relation.columns))
        return _step(relation, self.of(relation.input, (*read, "0")))


def _leaf(leaf: Leaf, read: Read) -> Waitings:
    if isinstance(leaf, SetOperation) and leaf.kind != "union":
        raise UnfollowableError(leaf.kind.upper())
    columns = (
        Waiting(frozenset({Wait(read, leaf, at)}), Same(read, leaf, Ref(at, one.dtype)))
        for at, one in enumerate(leaf.columns)
    )
    return Waitings(tuple(columns), frozenset({Wait(read, leaf, None)}))


def _reads_the_row_outside(relation: Project) -> bool:
    """A subquery that reads the row about it is joined to it by the very columns that it reads: it waits for none."""
    return relation.read and all(one.name.startswith(_SUBQUERY_READS) for one in relation.columns)


def _step(relation: Relation, of: Waitings) -> Waitings:
    match relation:
        case Filter():
            parts = (part for condition in relation.conditions for part in conjuncts(condition))
            return replace(of, rows=of.rows.union(*(_decides(part, of) for part in parts)))
        case Project():
            return replace(of, columns=tuple(_output(one, of) for one in relation.outputs))
        case Group():
            return _grouped(relation, of)
        case Windows():
            return replace(of, columns=(*of.columns, *(_windowed(one, of) for one in relation.windows)))
        case Unnest():
            made = [of.of(one) for one in relation.lists]
            return replace(of, columns=(*of.columns, *map(Waiting, made)), rows=of.rows.union(*made))
        case Distinct():
            return _distinct(relation, of)
        case Sort():
            return replace(of, order=of.order | of.all(one.by for one in relation.order))
        case Limit():
            return _limited(relation, of)
    raise UnfollowableError(f"a {type(relation).__name__.lower()}")


def _output(one: Expression, of: Waitings) -> Waiting:
    return of.columns[one.at] if isinstance(one, Ref) else Waiting(of.of(one), of.same(one))


# -- joins


def _joined(join: Join, left: Waitings, right: Waitings) -> Waitings:
    both = Waitings((*left.columns, *right.columns))
    on = both.all(join.conditions)
    order = left.order | right.order
    match join.kind:
        case "inner":
            return replace(both, rows=left.rows | right.rows | on, fan=left.fan | right.fan, order=order)
        case "semi" | "anti":
            return replace(left, rows=left.rows | right.rows | right.fan | on)
        case "left":
            rights = _extended(right.columns, right.rows | on)
            fan = left.fan | _null(right.rows | right.fan | on)
            return Waitings((*left.columns, *rights), left.rows, fan, order)
        case "right":
            lefts = _extended(left.columns, left.rows | on)
            fan = right.fan | _null(left.rows | left.fan | on)
            return Waitings((*lefts, *right.columns), right.rows, fan, order)
        case "full":
            # Which side made a row can't be said of the row as a whole.
            whole = _put_together(_null(left.rows | right.rows | on), frozenset())
            return Waitings(_extended(both.columns, whole), whole, left.fan | right.fan, order)
        case "mark" | "single":
            return _subquery(join, left, right)
    raise UnfollowableError(f"a {join.kind} join")


def _subquery(join: Join, left: Waitings, right: Waitings) -> Waitings:
    """A SELECT within an expression looks at all the rows it reads."""
    nothing = Waitings((*left.columns, *(Waiting(NOTHING) for _ in right.columns)))
    own = nothing.all(join.conditions)
    read = right.rows | right.fan | right.order | frozenset().union(*(one.waits for one in right.columns))
    made = Waiting(own | _put_together(read, frozenset()))
    return replace(left, columns=(*left.columns, *(made for _ in range(len(join.columns) - len(left.columns)))))


def _null(waits: Waits) -> Waits:
    return frozenset(replace(one, extended=True) for one in waits)


def _extended(columns: Sequence[Waiting], more: Waits) -> tuple[Waiting, ...]:
    more = _null(more)
    return tuple(
        Waiting(_null(one.waits) | more, replace(one.same, extended=True) if one.same else None) for one in columns
    )


# -- rows that are put together, ranked, or chosen


def _put_together(waits: Waits, constant: frozenset[Spot]) -> Waits:
    return frozenset(replace(one, groups=(*one.groups, constant)) for one in waits)


def _grouped(group: Group, of: Waitings) -> Waitings:
    always = [at for at in range(len(group.keys)) if all(at in keyed for keyed in group.sets)]
    constant = of.spots(group.keys[at] for at in always)
    keys = [
        Waiting(_put_together(of.of(one), constant), of.same(one) if at in always else None)
        for at, one in enumerate(group.keys)
    ]
    made = [Waiting(_put_together(of.of(one), constant)) for one in group.aggregates]
    rest = [Waiting(NOTHING) for _ in group.columns[len(keys) + len(made) :]]
    rows = _put_together(of.rows | of.fan | of.all(group.keys), constant)
    return Waitings((*keys, *made, *rest), rows)


def _decides(condition: Expression, of: Waitings) -> Waits:
    """The first of all rows is also the first of those known at a time, if it is among them: so `row_number() = 1`
    waits for no later row, as a count would.
    """
    match condition:
        case Call("=" | "<=", (Ref() as rank, Literal(value=1))):
            ranks = of.columns[rank.at].ranks
            if ranks is not None:
                return ranks
    return of.of(condition)


def _windowed(window: Window, of: Waitings) -> Waiting:
    ranks = of.all(window.partition) | _by(window.order, of)
    waits = of.rows | of.fan | of.of(window)
    bare = window.name in _RANKS and not any(one.groups for one in ranks)
    return Waiting(_put_together(waits, of.spots(window.partition)), None, ranks if bare else None)


def _by(order: Iterable[Order], of: Waitings) -> Waits:
    return of.all(one.by for one in order)


def _distinct(distinct: Distinct, of: Waitings) -> Waitings:
    """DISTINCT ON keeps the first in the order, as row_number() = 1 does."""
    if distinct.on is not None:
        return replace(of, rows=of.rows | of.all(distinct.on) | of.order | _by(distinct.order, of))
    constant = frozenset(one.same.spot for one in of.columns if one.same is not None and one.same.spot is not None)
    columns = tuple(replace(one, waits=_put_together(one.waits, constant)) for one in of.columns)
    rows = _put_together(of.rows, constant).union(*(one.waits for one in columns))
    return replace(of, columns=columns, rows=rows)


def _limited(limit: Limit, of: Waitings) -> Waitings:
    """The first rows in an order are found among those known; those behind them, or a share of all, aren't."""
    if limit.sampled:
        return of
    rows = of.rows | of.order
    return replace(of, rows=_put_together(rows, frozenset()) if limit.skips or limit.at_most is None else rows)
