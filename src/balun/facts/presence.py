"""presence: which captured values a column's value takes to be there, so that one null tells of another."""

from __future__ import annotations

from collections.abc import Sequence

from balun.chain import contract
from balun.facts.column_fact import ColumnFact, Sight
from balun.facts.finite import are_finite
from balun.facts.nullable import OF_TIMES, STRICT, true_needs
from balun.quoting import quoted
from balun.relational.expression import Aggregate, Call, Expression, Literal, Window
from balun.relational.relation import Column

Token = tuple[object, ...]
Needs = frozenset[Token] | None


class Presence(ColumnFact[Needs]):
    """The captured values, each nullable, of which one is null wherever the column is, and nowhere else.

    None: nobody knows. None of them: the column is never null.
    """

    name = "presence"
    unknown: Needs = None

    def captured(self, column: contract.Column, event: contract.Contract) -> Needs:
        there = column.required or column.key is not None
        return frozenset() if there else frozenset({(event.name, column.name)})

    def read(self, values: tuple[Needs, ...], by: object) -> tuple[Needs, ...]:
        return tuple(None if one is None else frozenset((by, *token) for token in one) for one in values)

    def join(self, one: Needs, other: Needs) -> Needs:
        return one if one == other else None

    def literal(self, of: Literal) -> Needs:
        return None if of.value is None else frozenset()

    def absent(self, of: Needs) -> Needs:  # noqa: ARG002 - the row itself may not be there
        return None

    def denials(self, values: Sequence[Needs], columns: Sequence[Column]) -> tuple[str | None, ...]:
        """A column is null, and another that takes all that it takes isn't."""
        names = [quoted(one.name) for one in columns]
        return tuple(_denied(needs, name, values, names) for needs, name in zip(values, names, strict=True))

    def call(self, of: Call, args: Sequence[Needs], sight: Sight[Needs]) -> Needs:
        if of.name in OF_TIMES and not are_finite(of.args, sight):  # type: ignore[arg-type]
            return None
        if of.name in STRICT or (of.name == "cast" and not of.args[0].dtype.startswith(("JSON", "UNION", "VARIANT"))):
            found = [one for one in args if one is not None]
            return frozenset().union(*found) if len(found) == len(args) else None
        return None

    def aggregate(self, of: Aggregate, args: Sequence[Needs], sight: Sight[Needs], *, some: bool) -> Needs:  # noqa: ARG002
        return None

    def window(self, of: Window, args: Sequence[Needs], sight: Sight[Needs]) -> Needs:  # noqa: ARG002
        return None

    def narrowed(self, condition: Expression, sight: Sight[Needs]) -> tuple[Needs, ...]:
        """Where a column is there, so are all that it takes; and so is what takes nothing else."""
        there: frozenset[Token] = frozenset()
        for at in true_needs(condition):
            there |= sight.values[at] or frozenset()
        return tuple(None if one is None else one - there for one in sight.values) if there else sight.values


def _denied(needs: Needs, name: str, values: Sequence[Needs], names: Sequence[str]) -> str | None:
    if not needs:
        return None if needs is None else f"{name} IS NULL"
    others = zip(values, names, strict=True)
    there = [other for takes, other in others if takes is not None and needs <= takes and other != name]
    return f"{name} IS NULL AND ({' OR '.join(f'{one} IS NOT NULL' for one in there)})" if there else None


def never_null(nullable: Sequence[bool], presence: Sequence[Needs]) -> tuple[bool, ...]:
    """What `nullable` says, mended by what presence knows better."""
    return tuple(null and needs != frozenset() for null, needs in zip(nullable, presence, strict=True))
