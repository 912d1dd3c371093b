"""A column at one step of a SELECT, and where it comes from there."""

from __future__ import annotations

from dataclasses import dataclass

from balun.facts.known import Chain, Known
from balun.facts.propagate import State
from balun.relational.expression import Computed, Ref, refs
from balun.relational.relation import (
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
    Unnest,
    Windows,
    inputs,
)
from balun.why.words import Words, words_of

Column = tuple[Relation, int]


@dataclass(frozen=True)
class Spot:
    """id, known, output: the node whose SELECT it is in, and which of its columns was asked for.

    at: the column's position here. name: what the SQL calls it here.
    """

    id: str
    known: Known
    output: str
    relation: Relation
    at: int
    name: str

    @property
    def state(self) -> State:
        return self.known.states[id(self.relation)]

    @property
    def dtype(self) -> str:
        return self.relation.columns[self.at].dtype

    def words(self) -> Words:
        names = [name_of((self.relation, at)) or "?" for at in range(len(self.relation.columns))]
        return words_of(self.state, names, self.at, self.dtype)

    def copied(self) -> Spot | None:
        """The column of an input that it is the same as, row by row; None where it is made here."""
        found = copied((self.relation, self.at))
        return self._below(found) if found else None

    def sources(self) -> list[Spot]:
        """The columns of the inputs that it is made of, where it is no copy."""
        return [self._below(one) for one in sources((self.relation, self.at))]

    def expression(self) -> Computed | None:
        """What it is computed by at this step."""
        return expression((self.relation, self.at))

    def _below(self, column: Column) -> Spot:
        return Spot(self.id, self.known, self.output, *column, name_of(column) or self.name)


def root(chain: Chain, id_: str, name: str) -> Spot | None:
    """A node's column where its SELECT puts it out; None where no SELECT does."""
    known = chain.nodes[id_]
    if known.relation is None:
        return None
    ahead = len(known.columns) - len(known.relation.columns)  # examples have their number before
    at = known.columns.index(name) - ahead
    return Spot(id_, known, name, known.relation, at, name) if at >= 0 else None


def copied(column: Column) -> Column | None:
    relation, at = column
    match relation:
        case Project():
            output = relation.outputs[at]
            return (relation.input, output.at) if isinstance(output, Ref) else None
        case Filter() | Sort() | Limit() | Distinct():
            return relation.input, at
        case Join():
            width = len(relation.left.columns)
            if at < width:
                return relation.left, at
            return None if relation.kind == "mark" else (relation.right, at - width)
        case Group():
            one = relation.keys[at] if at < len(relation.keys) else None
            return (relation.input, one.at) if isinstance(one, Ref) else None
        case Windows() | Unnest():
            return (relation.input, at) if at < len(relation.input.columns) else None
        case SetOperation() if relation.kind != "union":
            return relation.branches[0], at
    return None


def sources(column: Column) -> list[Column]:
    relation, at = column
    match relation:
        case SetOperation():
            return [(branch, at) for branch in relation.branches]
        case Join():  # the mark of whether a row meets one
            width = len(relation.left.columns)
            read = sorted(frozenset().union(*map(refs, relation.conditions)))
            return [(relation.left, one) if one < width else (relation.right, one - width) for one in read]
        case Project() | Group() | Windows() | Unnest():
            one = expression(column)
            return [(relation.input, at) for at in sorted(refs(one))] if one else []
    return []


def expression(column: Column) -> Computed | None:
    relation, at = column
    match relation:
        case Project():
            return relation.outputs[at]
        case Group():
            made = (*relation.keys, *relation.aggregates)
            return made[at] if at < len(made) else None
        case Windows() if at >= len(relation.input.columns):
            return relation.windows[at - len(relation.input.columns)]
        case Unnest() if at >= len(relation.input.columns):
            return relation.lists[at - len(relation.input.columns)]
    return None


def name_of(column: Column) -> str:
    """As the SQL calls it; a column that DuckDB made has the name of what it copies, if it is a copy."""
    found: Column | None = column
    while found:
        relation, at = found
        name = relation.columns[at].name
        if name and not name.startswith("__duckdb"):
            return name
        found = copied(found)
    return ""


def met(side: Relation) -> tuple[str, ...]:
    """The events and tables that one side of a join reads, but for those of the rows that a subquery is asked for."""
    found: dict[str, None] = {}
    todo = [side]
    while todo:
        one = todo.pop()
        if isinstance(one, Scan):
            found[one.parent] = None
        elif not all(column.name.startswith("__duckdb_delim") for column in one.columns):
            todo.extend(reversed(inputs(one)))
    return tuple(found)
