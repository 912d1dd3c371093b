"""A normal form: queries that differ in layout, names, WITH or where a condition stands become the same relation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from balun.relational.expression import (
    CHANGING,
    Aggregate,
    Call,
    Case,
    Expression,
    Literal,
    Order,
    Ref,
    Window,
    conjuncts,
    moved,
    walk,
)
from balun.relational.relation import (
    Column,
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unknown,
    Unnest,
    Windows,
    inputs,
    ordered,
)

MOST = 20_000
"""Relations; a WITH that is read twice is walked twice, and the reads of its reads four times."""


def normal(of: Relation, *, joins: bool = False) -> Relation:
    """The same rows with the same columns in the same places.

    Projections are joined and pulled up, filters merged and pulled up into inner joins. Each read of a WITH has its own
    relations. joins: inner joins of inner joins are put in one order, whatever order they are written in.
    """
    return _ordered_joins(_normal(of)) if joins else _normal(of)


def size(of: Relation) -> int:
    """How many relations its normal form may have."""
    known: dict[int, int] = {}
    for one in ordered(of):
        known[id(one)] = 1 + sum(known[id(below)] for below in inputs(one))
    return known[id(of)]


def _normal(of: Relation) -> Relation:
    match of:
        case Project():
            return _project(_normal(of.input), of.columns, of.outputs)
        case Filter():
            return _filter(_normal(of.input), _flat(of.conditions))
        case Join():
            return _join(replace(of, left=_normal(of.left), right=_normal(of.right), conditions=_flat(of.conditions)))
        case Group():
            return _group(of, _normal(of.input))
        case Windows():
            return _windows(of, _normal(of.input))
        case Unnest():
            return _widened(_normal(of.input), lambda below, place: _unnest(of, below, place))
        case Sort():
            return _above(_normal(of.input), lambda below, place: Sort(below, _orders(of.order, place)))
        case Limit():
            return _above(_normal(of.input), lambda below, _: replace(of, input=below))
        case Distinct():
            return replace(of, input=_normal(of.input))
        case SetOperation():
            return replace(of, branches=tuple(map(_normal, of.branches)))
        case Unknown():
            return replace(of, inputs=tuple(map(_normal, of.inputs)))
        case Scan():
            return Scan(of.parent, of.columns)
    return of


Place = Callable[[Ref], Expression]


def _here(ref: Ref) -> Expression:
    return ref


def _flat(conditions: Iterable[Expression]) -> tuple[Expression, ...]:
    parts = (part for one in conditions for part in conjuncts(_plain(one)))
    return tuple(part for part in parts if not (isinstance(part, Literal) and part.value is True))


def _plain(of: Expression) -> Expression:
    """`x BETWEEN a AND b` as the comparisons that it stands for."""
    if isinstance(of, Call) and of.name == "between":
        one, low, high = of.args
        parts = (Call(">=", (one, low), of.dtype, of.place), Call("<=", (one, high), of.dtype, of.place))
        return Call("and", parts, of.dtype, of.place)
    return of


# -- projections


def _project(below: Relation, columns: tuple[Column, ...], outputs: tuple[Expression, ...]) -> Relation:
    if isinstance(below, Project) and _may_move(below.outputs):
        outputs = tuple(moved(one, _by(below.outputs)) for one in outputs)
        below = below.input
    if len(outputs) == len(below.columns) and all(
        isinstance(one, Ref) and one.at == at for at, one in enumerate(outputs)
    ):
        return below
    return Project(below, columns, outputs)


def _by(outputs: Sequence[Expression]) -> Place:
    return lambda ref: outputs[ref.at]


def _may_move(outputs: Iterable[Expression]) -> bool:
    return not any(isinstance(one, Call) and one.name in CHANGING for output in outputs for one in walk(output))


def _above(below: Relation, make: Callable[[Relation, Place], Relation]) -> Relation:
    """A step that keeps the columns, under the projection where there is one."""
    if isinstance(below, Project) and _may_move(below.outputs):
        return _project(make(below.input, _by(below.outputs)), below.columns, below.outputs)
    return make(below, _here)


def _widened(below: Relation, make: Callable[[Relation, Place], Relation]) -> Relation:
    """A step that puts columns behind its input's, under the projection where there is one."""
    if not (isinstance(below, Project) and _may_move(below.outputs)):
        return make(below, _here)
    made = make(below.input, _by(below.outputs))
    width = len(below.input.columns)
    added = made.columns[width:]
    more = tuple(Ref(width + at, one.dtype) for at, one in enumerate(added))
    return _project(made, (*below.columns, *added), (*below.outputs, *more))


def _filter(below: Relation, conditions: tuple[Expression, ...]) -> Relation:
    if not conditions:
        return below

    def make(under: Relation, place: Place) -> Relation:
        here = tuple(moved(one, place) for one in conditions)
        if isinstance(under, Filter):
            return Filter(under.input, (*under.conditions, *here))
        if isinstance(under, Join) and under.kind == "inner" and not under.asof:
            return replace(under, conditions=(*under.conditions, *here))
        return Filter(under, here)

    return _above(below, make)


def _unnest(of: Unnest, below: Relation, place: Place) -> Relation:
    added = of.columns[len(of.input.columns) :]
    return Unnest(below, tuple(moved(one, place) for one in of.lists), (*below.columns, *added))


def _windows(of: Windows, below: Relation) -> Relation:
    added = of.columns[len(of.input.columns) :]

    def make(under: Relation, place: Place) -> Relation:
        return Windows(under, tuple(_window(one, place) for one in of.windows), (*under.columns, *added))

    return _widened(below, make)


def _group(of: Group, below: Relation) -> Relation:
    place: Place = _here
    if isinstance(below, Project) and _may_move(below.outputs):
        place, below = _by(below.outputs), below.input
    keys = tuple(moved(one, place) for one in of.keys)
    return replace(of, input=below, keys=keys, aggregates=tuple(_aggregate(one, place) for one in of.aggregates))


def _orders(orders: Iterable[Order], place: Place) -> tuple[Order, ...]:
    return tuple(replace(one, by=moved(one.by, place)) for one in orders)


def _aggregate(of: Aggregate, place: Place) -> Aggregate:
    where = moved(of.where, place) if of.where else None
    return replace(of, args=tuple(moved(one, place) for one in of.args), where=where, order=_orders(of.order, place))


def _window(of: Window, place: Place) -> Window:
    return replace(
        of,
        args=tuple(moved(one, place) for one in of.args),
        partition=tuple(moved(one, place) for one in of.partition),
        order=_orders(of.order, place),
        bounds=tuple(moved(one, place) for one in of.bounds),
        where=moved(of.where, place) if of.where else None,
        arg_order=_orders(of.arg_order, place),
    )


# -- joins


def _join(of: Join) -> Relation:
    """Projections of its sides are pulled above it, where null takes the place of no computed value."""
    hidden = of.kind in {"semi", "anti", "mark"}
    left = _side(of.left, computed=of.kind not in {"right", "full", "positional"})
    right = _side(of.right, computed=of.kind == "inner" or hidden)
    if left is None and right is None:
        return _merged(of)
    lefts = left.outputs if left else _refs(of.left)
    rights = right.outputs if right else _refs(of.right)
    under = left.input if left else of.left, right.input if right else of.right
    shift = len(under[0].columns)
    both = (*lefts, *(moved(one, lambda ref: replace(ref, at=ref.at + shift)) for one in rights))
    made = replace(of, left=under[0], right=under[1], conditions=tuple(moved(one, _by(both)) for one in of.conditions))
    outputs = list(lefts if hidden else both)
    if of.kind == "mark":
        outputs.append(Ref(shift, "BOOLEAN"))
    return _project(_merged(made), of.columns, tuple(outputs))


def _side(of: Relation, *, computed: bool) -> Project | None:
    if not isinstance(of, Project) or not _may_move(of.outputs):
        return None
    return of if computed or all(isinstance(one, Ref) for one in of.outputs) else None


def _refs(of: Relation) -> tuple[Expression, ...]:
    return tuple(Ref(at, one.dtype) for at, one in enumerate(of.columns))


def _merged(of: Join) -> Join:
    """Filters of an inner join's sides are conditions of it."""
    if of.kind != "inner" or of.asof:
        return of
    shift = len(of.left.columns)
    conditions = list(of.conditions)
    left, right = of.left, of.right
    if isinstance(left, Filter):
        conditions += left.conditions
        left = left.input
    if isinstance(right, Filter):
        conditions += [moved(one, lambda ref: replace(ref, at=ref.at + shift)) for one in right.conditions]
        right = right.input
    return replace(of, left=left, right=right, conditions=tuple(conditions))


def _ordered_joins(of: Relation) -> Relation:
    below = tuple(map(_ordered_joins, inputs(of)))
    made = _with_inputs(of, below)
    if not (isinstance(made, Join) and _is_plain(made)):
        return made
    leaves, conditions = _leaves(made, 0)
    order = sorted(range(len(leaves)), key=lambda at: signature(leaves[at]))
    if order == list(range(len(leaves))) and len(leaves) == 2:
        return made
    starts, new = [0], {}
    for leaf in leaves:
        starts.append(starts[-1] + len(leaf.columns))
    width = 0
    for at in order:
        new.update({starts[at] + one: width + one for one in range(len(leaves[at].columns))})
        width += len(leaves[at].columns)
    joined = leaves[order[0]]
    for at in order[1:]:
        joined = Join(joined, leaves[at], "inner", ())
    assert isinstance(joined, Join)
    place: Place = lambda ref: replace(ref, at=new[ref.at])  # noqa: E731
    joined = replace(joined, conditions=tuple(moved(one, place) for one in conditions))
    return _project(joined, made.columns, tuple(Ref(new[at], one.dtype) for at, one in enumerate(made.columns)))


def _is_plain(of: Relation) -> bool:
    return isinstance(of, Join) and of.kind == "inner" and not of.asof


def _leaves(of: Relation, start: int) -> tuple[list[Relation], list[Expression]]:
    """What inner joins join, and by what. start: where its columns begin."""
    if not (isinstance(of, Join) and _is_plain(of)):
        return [of], []
    left, lefts = _leaves(of.left, start)
    right, rights = _leaves(of.right, start + len(of.left.columns))
    own = [moved(one, lambda ref: replace(ref, at=ref.at + start)) for one in of.conditions]
    return [*left, *right], [*lefts, *rights, *own]


def _with_inputs(of: Relation, below: tuple[Relation, ...]) -> Relation:
    match of:
        case Join():
            return _join(replace(of, left=below[0], right=below[1]))
        case SetOperation():
            return replace(of, branches=below)
        case Unknown():
            return replace(of, inputs=below)
        case Project():
            return _project(below[0], of.columns, of.outputs)
        case Filter():
            return _filter(below[0], of.conditions)
        case Group():
            return _group(of, below[0])
        case Windows():
            return _windows(of, below[0])
        case Unnest() | Sort() | Limit() | Distinct():
            return replace(of, input=below[0])
    return of


def signature(of: Relation) -> str:
    """A text that is the same for the same relation, whatever its columns are called within."""
    told = [one.parent.lower() for one in ordered(of) if isinstance(one, Scan)]
    return f"{sorted(told)} {[type(one).__name__ for one in ordered(of)]} {_words(of)}"


def _words(of: Relation) -> str:
    match of:
        case Scan():
            return of.parent.lower()
        case Filter():
            return f"filter({_words(of.input)}, {sorted(map(_said, of.conditions))})"
        case Project():
            return f"project({_words(of.input)}, {list(map(_said, of.outputs))})"
    return f"{type(of).__name__}({', '.join(map(_words, inputs(of)))})"


def _said(of: Expression) -> str:
    match of:
        case Ref():
            return f"#{of.at}"
        case Call():
            return f"{of.name}({', '.join(map(_said, of.args))})"
        case Case():
            return f"case({[(_said(when), _said(then)) for when, then in of.whens]}, {_said(of.otherwise)})"
    return f"{of.value!r}"
