"""A fact of columns: how it passes through each relation. Each fact says how it passes through expressions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Generic, TypeVar

from balun.chain import contract
from balun.chain.table import AnyTable
from balun.quoting import quoted
from balun.relational.expression import (
    Aggregate,
    Call,
    Case,
    Expression,
    Literal,
    Ref,
    Window,
    conjuncts,
)
from balun.relational.relation import (
    Column,
    Filter,
    Group,
    Join,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Unknown,
    Unnest,
    Windows,
    mark,
)

V = TypeVar("V")


@dataclass(frozen=True)
class Sight(Generic[V]):
    """What an expression sees of its input's columns: this fact of each, and the other facts known before it.

    others: by the fact's name, a value for each column.
    """

    values: tuple[V, ...]
    others: Mapping[str, tuple[object, ...]] = field(default_factory=dict)


class ColumnFact(ABC, Generic[V]):
    """What is said of a column holds of each of its values, in every row, on all data that keeps the contracts.

    name: what other facts and findings call it. unknown: what is always true. A fact may look at those before it in
    `propagate.FACTS`.
    """

    name: str
    unknown: V

    @abstractmethod
    def captured(self, column: contract.Column, event: contract.Contract) -> V:
        """Of an event's column, by its contract: rows that break the contract are set aside."""

    def promised(self, table: AnyTable, columns: Sequence[str], values: tuple[V, ...]) -> tuple[V, ...]:  # noqa: ARG002
        """Of a table's columns, with what the table promises of them."""
        return values

    def read(self, values: tuple[V, ...], by: object) -> tuple[V, ...]:  # noqa: ARG002
        """Of a parent's columns, or a WITH's, as one read of them sees them: each may be read twice."""
        return values

    @abstractmethod
    def join(self, one: V, other: V) -> V:
        """What holds of a value that is of either."""

    @abstractmethod
    def literal(self, of: Literal) -> V: ...

    @abstractmethod
    def call(self, of: Call, args: Sequence[V], sight: Sight[V]) -> V:
        """args: of the call's own arguments, in order."""

    @abstractmethod
    def aggregate(self, of: Aggregate, args: Sequence[V], sight: Sight[V], *, some: bool) -> V:
        """some: each group has a row at least."""

    @abstractmethod
    def window(self, of: Window, args: Sequence[V], sight: Sight[V]) -> V: ...

    def absent(self, of: V) -> V:
        """Of a column in whose place an outer join may put nulls."""
        return of

    def narrowed(self, condition: Expression, sight: Sight[V]) -> tuple[V, ...]:  # noqa: ARG002 - no narrower
        """Of the columns, in rows for which the condition is true."""
        return sight.values

    def complement(self, condition: Expression) -> Expression | None:
        """What is true of rows for which a condition isn't, as far as this fact goes."""
        return complement(condition)

    # -- rows

    def denials(self, values: Sequence[V], columns: Sequence[Column]) -> tuple[str | None, ...]:
        """SQL for each column, true of the rows that contradict what is said of it; None where no row can.

        columns: as the rows have them, in DuckDB's types.
        """
        return tuple(self.denial(of, quoted(one.name), one.dtype) for of, one in zip(values, columns, strict=True))

    def denial(self, of: V, value: str, dtype: str) -> str | None:  # noqa: ARG002 - rows don't tell of units, say
        """The same, where each value contradicts it or doesn't by itself. value: SQL for it."""
        return None

    # -- expressions

    def of(self, one: Expression, sight: Sight[V]) -> V:
        match one:
            case Ref():
                return sight.values[one.at]
            case Literal():
                return self.literal(one)
            case Case():
                return self._case(one, sight)
            case Call():
                return self.call(one, [self.of(arg, sight) for arg in one.args], sight)

    def _case(self, one: Case, sight: Sight[V]) -> V:
        found: list[V] = []
        for when, then in one.whens:
            found.append(self.of(then, self.where((when,), sight)))
            otherwise = self.complement(when)
            sight = self.where((otherwise,), sight) if otherwise else sight
        return reduce(self.join, [*found, self.of(one.otherwise, sight)])

    def where(self, conditions: Sequence[Expression], sight: Sight[V]) -> Sight[V]:
        """The same columns, in rows for which all conditions are true."""
        for condition in conditions:
            for part in conjuncts(condition):
                sight = replace(sight, values=self.narrowed(part, sight))
        return sight

    # -- relations

    def passes(self, relation: Relation, inputs: Sequence[Sight[V]]) -> tuple[V, ...]:
        """Of each column of a relation, from those of its inputs. A Scan's come from the chain."""
        match relation:
            case Made():
                return self._made(relation)
            case Filter():
                return self.where(relation.conditions, inputs[0]).values
            case Project():
                outputs = tuple(self.of(one, inputs[0]) for one in relation.outputs)
                return self.read(outputs, mark(relation)) if relation.read else outputs
            case Join():
                return self._joined(relation, *inputs)
            case Group():
                return self._grouped(relation, inputs[0])
            case Windows():
                seen = inputs[0]
                made = (self.window(one, [self.of(arg, seen) for arg in one.args], seen) for one in relation.windows)
                return (*seen.values, *made)
            case Unnest():
                return (*inputs[0].values, *self._unnested(relation, inputs[0]))
            case SetOperation():
                return self._set(relation, inputs)
            case Unknown() | Scan():
                return tuple(self.unknown for _ in relation.columns)
        return inputs[0].values

    def _made(self, relation: Made) -> tuple[V, ...]:
        if not relation.rows:
            return tuple(self.unknown for _ in relation.columns)
        rows = [[self.of(one, Sight(())) for one in row] for row in relation.rows]
        return tuple(reduce(self.join, column) for column in zip(*rows, strict=True))

    def _unnested(self, relation: Unnest, seen: Sight[V]) -> tuple[V, ...]:
        """Of lists that are written out, as UNPIVOT does, what holds of each value; a shorter list ends in nulls."""
        lists = [_values(relation, one) for one in relation.lists]
        if not all(lists) or len({len(one) for one in lists}) > 1:
            return tuple(self.unknown for _ in lists)
        return tuple(
            reduce(self.join, (self.of(value, seen) if value else self.unknown for value in one)) for one in lists
        )

    def _joined(self, relation: Join, left: Sight[V], right: Sight[V]) -> tuple[V, ...]:
        split = len(left.values)
        pairs = together(left, right)
        both = self.where(relation.conditions, pairs).values
        match relation.kind:
            case "inner":
                return both
            case "left" | "single":
                return (*left.values, *map(self.absent, both[split:]))
            case "right":
                return (*map(self.absent, both[:split]), *right.values)
            case "semi":
                return both[:split]
            case "anti":
                return left.values
            case "mark":
                return (*left.values, self.of(Call("mark", relation.conditions, "BOOLEAN"), pairs))
        return (*map(self.absent, left.values), *map(self.absent, right.values))

    def _grouped(self, relation: Group, seen: Sight[V]) -> tuple[V, ...]:
        keys = [self.of(one, seen) for one in relation.keys]
        kept = [one if all(at in keyed for keyed in relation.sets) else self.absent(one) for at, one in enumerate(keys)]
        some = all(relation.sets)
        made = [
            self.aggregate(one, [self.of(arg, seen) for arg in one.args], seen, some=some)
            for one in relation.aggregates
        ]
        rest = len(relation.columns) - len(kept) - len(made)
        return (*kept, *made, *(self.call(Call("grouping", (), "BIGINT"), (), seen) for _ in range(rest)))

    def _set(self, relation: SetOperation, inputs: Sequence[Sight[V]]) -> tuple[V, ...]:
        if relation.kind != "union":
            return inputs[0].values
        return tuple(reduce(self.join, column) for column in zip(*(seen.values for seen in inputs), strict=True))


def _values(relation: Unnest, of: Expression) -> tuple[Expression | None, ...]:
    """The values of a list that is written out; None for one that isn't told by the columns of the input."""
    if isinstance(of, Call) and of.name in _WRITTEN:
        return of.args
    below = relation.input
    if isinstance(of, Ref) and isinstance(below, Project):
        found = _values(relation, below.outputs[of.at]) if isinstance(below.outputs[of.at], Call) else ()
        return tuple(one if isinstance(one, Literal) else None for one in found)
    return ()


def together(left: Sight[V], right: Sight[V]) -> Sight[V]:
    """The columns of both sides of a join."""
    others = {name: (*left.others[name], *right.others[name]) for name in left.others}
    return Sight((*left.values, *right.values), others)


def complement(condition: Expression) -> Expression | None:
    """What is true of the rows for which a condition isn't, where that can be said: a condition may also be null.

    >>> complement(Call("is_null", (Ref(0, "INTEGER"),), "BOOLEAN")).name
    'is_not_null'
    """
    if isinstance(condition, Call):
        if condition.name in _OPPOSITE:
            return replace(condition, name=_OPPOSITE[condition.name])
        if condition.name == "or":
            parts = [complement(one) for one in condition.args]
            if all(parts):
                return Call("and", tuple(one for one in parts if one), "BOOLEAN")
    return None


_WRITTEN = frozenset({"list_value", "unpivot_list"})
_OPPOSITE = {
    "is_null": "is_not_null",
    "is_not_null": "is_null",
    "is_distinct": "is_not_distinct",
    "is_not_distinct": "is_distinct",
}
