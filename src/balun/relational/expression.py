"""Expressions over the columns of a relation, by their positions: equal where they say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

# Another value each time they are asked; a test holds this against DuckDB's own list.
CHANGING = frozenset({
    "random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "currval", "setval", "setseed", "error",
    "write_log", "sleep_ms", "stats", "vector_type", "current_query_id", "current_query", "current_transaction_id",
    "current_connection_id",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """A calendar length, as SQL has it: months, days and microseconds don't convert into each other."""

    months: int = 0
    days: int = 0
    us: int = 0

    @property
    def exact(self) -> timedelta | None:
        """Its length where no calendar is needed to tell it."""
        return None if self.months or self.days else timedelta(microseconds=self.us)


Value = None | bool | int | float | Decimal | str | Interval


@dataclass(frozen=True, slots=True)
class Ref:
    """A column of the input, counted from 0; of a join, the left's columns and then the right's.

    place: where it stands in the SQL, in bytes; None where nobody wrote it.
    """

    at: int
    dtype: str
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. value: None for NULL; text for what has no like in Python, as dates and exact decimals."""

    value: Value
    dtype: str
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments.

    name: in lower case, as DuckDB has it: `date_trunc`, `+`, `=`, `and`, `not`, `is_null`, `in`, `coalesce`, `cast`,
    `try_cast`, `struct_pack`. `and` and `or` have two arguments or more. `lambda` has the number of lambdas in
    it, of its parameters, and its body, where `parameter` has the first of these and its place among them.
    """

    name: str
    args: tuple[Expression, ...]
    dtype: str
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """The first result whose condition is true; `otherwise` is NULL where there is no ELSE."""

    whens: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression
    dtype: str
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Order:
    by: Expression
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function of the rows of a group. where: FILTER (WHERE …). order: of its rows."""

    name: str
    args: tuple[Expression, ...]
    dtype: str
    distinct: bool = False
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """A function of the rows about each row.

    frame: from where to where, in DuckDB's words. bounds: what its ends are told by, where they are. arg_order: of the
    frame's rows, as the function takes them: with one, `row_number` counts within the frame.
    """

    name: str
    args: tuple[Expression, ...]
    dtype: str
    partition: tuple[Expression, ...] = ()
    order: tuple[Order, ...] = ()
    frame: tuple[str, ...] = ()
    bounds: tuple[Expression, ...] = ()
    where: Expression | None = None
    distinct: bool = False
    ignore_nulls: bool = False
    arg_order: tuple[Order, ...] = ()
    place: int | None = field(default=None, compare=False)


Expression = Ref | Literal | Call | Case
Computed = Expression | Aggregate | Window


def parts(of: Computed) -> tuple[Expression, ...]:
    """What it is made of, one level down.

    >>> parts(Call("+", (Ref(0, "INTEGER"), Literal(1, "INTEGER")), "INTEGER"))[0].at
    0
    """
    match of:
        case Call():
            return of.args
        case Case():
            return (*(part for when in of.whens for part in when), of.otherwise)
        case Aggregate():
            return (*of.args, *_given(of.where), *(order.by for order in of.order))
        case Window():
            orders = (order.by for order in (*of.order, *of.arg_order))
            return (*of.args, *of.partition, *orders, *of.bounds, *_given(of.where))
    return ()


def walk(of: Computed) -> Iterator[Computed]:
    """It and all that it is made of, outermost first."""
    todo: list[Computed] = [of]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(reversed(parts(one)))


def refs(of: Computed) -> frozenset[int]:
    """Positions of the columns that it reads."""
    return frozenset(one.at for one in walk(of) if isinstance(one, Ref))


def moved(of: Expression, place: Callable[[Ref], Expression]) -> Expression:
    """The same with another expression for each column."""
    match of:
        case Ref():
            return place(of)
        case Call():
            return replace(of, args=tuple(moved(one, place) for one in of.args))
        case Case():
            whens = tuple((moved(when, place), moved(then, place)) for when, then in of.whens)
            return replace(of, whens=whens, otherwise=moved(of.otherwise, place))
    return of


def conjuncts(condition: Expression) -> tuple[Expression, ...]:
    """The conditions that must all be true."""
    if isinstance(condition, Call) and condition.name == "and":
        return tuple(part for one in condition.args for part in conjuncts(one))
    return (condition,)


def _given(one: Expression | None) -> tuple[Expression, ...]:
    return () if one is None else (one,)
