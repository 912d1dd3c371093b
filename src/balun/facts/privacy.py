"""privacy: the classification of what a column is computed from, and of what decides its rows.

Change what is classified, and a column without its label among `computed` changes by which rows there are alone;
without it among `selected` too, not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

from balun.chain import contract
from balun.chain.table import AnyTable
from balun.facts.column_fact import ColumnFact, Sight, together
from balun.relational.expression import Aggregate, Call, Case, Expression, Literal, Window, parts
from balun.relational.relation import Distinct, Filter, Group, Join, Relation, SetOperation, Sort, Unknown, Unnest

Labels = frozenset[str]
LEVELS = ("public", "internal", "confidential", "restricted")
_ALSO = {
    "open": "public", "none": "public", "non-sensitive": "public", "private": "confidential",
    "sensitive": "confidential", "personal": "restricted", "pii": "restricted", "pi": "restricted",
    "phi": "restricted", "pci": "restricted", "secret": "restricted", "highly confidential": "restricted",
    "strictly confidential": "restricted",
}  # fmt: skip
NOTHING: Labels = frozenset()
UNKNOWN: Labels = frozenset({"unknown"})
_COUNTS = frozenset({"count", "count_star", "count_if", "countif", "approx_count_distinct", "regr_count"})
_PLACED = frozenset({
    "row_number", "rank", "rank_dense", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first",
    "last", "first_value", "last_value", "nth_value", "list", "array_agg", "string_agg",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Privacy:
    """Labels: the highest of `LEVELS`, and each that is none of them.

    computed: of what the value is computed from. chosen: of what decides which values it is computed from.
    rows: of what decides which rows there are; the same for each column of a relation.
    """

    computed: Labels = NOTHING
    chosen: Labels = NOTHING
    rows: Labels = NOTHING

    @property
    def selected(self) -> Labels:
        """Of what it tells by being there."""
        return highest(self.chosen, self.rows)

    def __str__(self) -> str:
        told = ", ".join(sorted(self.computed)) or "free"
        chosen = ", ".join(sorted(self.selected - self.computed))
        return f"{told} by selection {chosen}" if chosen else told


FREE = Privacy()


class PrivacyFact(ColumnFact[Privacy]):
    name = "privacy"
    unknown = Privacy(UNKNOWN, UNKNOWN, UNKNOWN)

    def captured(self, column: contract.Column, event: contract.Contract) -> Privacy:  # noqa: ARG002
        return Privacy(frozenset({label_of(column.classification)})) if column.classification else FREE

    def promised(self, table: AnyTable, columns: Sequence[str], values: tuple[Privacy, ...]) -> tuple[Privacy, ...]:
        """What a table declares of a column, it is, whatever it is computed from: so a hash may tell nothing."""
        said = {name.lower(): highest(frozenset({label_of(word)})) for name, word in table.classification}
        return tuple(
            replace(value, computed=said[name.lower()], chosen=NOTHING) if name.lower() in said else value
            for name, value in zip(columns, values, strict=True)
        )

    def join(self, one: Privacy, other: Privacy) -> Privacy:
        if one is other:
            return one
        return Privacy(
            highest(one.computed, other.computed), highest(one.chosen, other.chosen), highest(one.rows, other.rows)
        )

    def literal(self, of: Literal) -> Privacy:  # noqa: ARG002
        return FREE

    def call(self, of: Call, args: Sequence[Privacy], sight: Sight[Privacy]) -> Privacy:  # noqa: ARG002
        return self._all(args)

    def of(self, one: Expression, sight: Sight[Privacy]) -> Privacy:
        found = super().of(one, sight)
        if isinstance(one, Case):
            return self._all([found, *(self.of(when, sight) for when, _ in one.whens)])
        return found

    def aggregate(self, of: Aggregate, args: Sequence[Privacy], sight: Sight[Privacy], *, some: bool) -> Privacy:  # noqa: ARG002
        about = self._seen(parts(of)[len(of.args) :], sight)
        return self._reduced(of.name, args, about)

    def window(self, of: Window, args: Sequence[Privacy], sight: Sight[Privacy]) -> Privacy:
        about = self._seen(parts(of)[len(of.args) :], sight)
        if of.name in _PLACED:
            return self.join(self._all(args), about)
        return self._reduced(of.name, args, about)

    def _reduced(self, name: str, args: Sequence[Privacy], about: Privacy) -> Privacy:
        """A count tells none of the values that it counts; all else tells something of them."""
        found = self._all(args)
        chosen = highest(found.chosen, about.computed, about.chosen)
        if name in _COUNTS:
            return Privacy(NOTHING, highest(chosen, found.computed))
        placed = about.computed if name in _PLACED else NOTHING
        return Privacy(highest(found.computed, placed), chosen)

    def passes(self, relation: Relation, inputs: Sequence[Sight[Privacy]]) -> tuple[Privacy, ...]:
        """What decides rows is said with each column."""
        if isinstance(relation, Unknown):
            return self._dark(relation, inputs)
        kept = inputs[:1] if _is_looked_up(relation) else inputs
        rows = highest(*(one.rows for sight in kept for one in sight.values[:1]), self._choice(relation, inputs))
        return tuple(replace(one, rows=rows) if one.rows != rows else one for one in self._values(relation, inputs))

    def _values(self, relation: Relation, inputs: Sequence[Sight[Privacy]]) -> tuple[Privacy, ...]:
        match relation:
            case Join() if _is_looked_up(relation):
                return (*inputs[0].values, *self._found(relation, inputs[0], inputs[1]))
            case Unnest():
                return (*inputs[0].values, *(self.of(one, inputs[0]) for one in relation.lists))
        return super().passes(relation, inputs)

    def _found(self, relation: Join, left: Sight[Privacy], right: Sight[Privacy]) -> Iterator[Privacy]:
        """What each left row looks up on the right, or whether it finds it."""
        by = self._seen(relation.conditions, together(left, right))
        rows = highest(*(one.rows for one in right.values[:1]))
        if relation.kind == "mark":
            yield replace(by, chosen=highest(by.chosen, rows))
        else:
            for one in right.values:
                yield replace(one, chosen=highest(one.chosen, by.computed, by.chosen, rows))

    def _choice(self, relation: Relation, inputs: Sequence[Sight[Privacy]]) -> Labels:
        """Of what a step decides rows by."""
        match relation:
            case Join() if _is_looked_up(relation):
                return NOTHING
            case Join():
                found = self._seen(relation.conditions, together(inputs[0], inputs[1]))
            case Filter():
                found = self._seen(relation.conditions, inputs[0])
            case Group():
                found = self._seen(relation.keys, inputs[0])
            case Distinct():
                on = relation.on if relation.on is not None else ()
                found = self._seen((*on, *(one.by for one in relation.order)), inputs[0])
                found = found if relation.on is not None else self._all(inputs[0].values)
            case Sort():
                found = self._seen((one.by for one in relation.order), inputs[0])
            case Unnest():
                found = self._seen(relation.lists, inputs[0])
            case SetOperation() if relation.kind != "union" or not relation.all:
                found = self._all([one for sight in inputs for one in sight.values])
            case _:
                return NOTHING
        return highest(found.computed, found.chosen)

    def _dark(self, relation: Unknown, inputs: Sequence[Sight[Privacy]]) -> tuple[Privacy, ...]:
        """Whatever it does, it does with its inputs."""
        if not inputs:
            return tuple(self.unknown for _ in relation.columns)
        found = self._all([one for sight in inputs for one in sight.values])
        everything = highest(found.computed, found.chosen, found.rows)
        return tuple(Privacy(everything, everything, everything) for _ in relation.columns)

    def _seen(self, expressions: Iterable[Expression], sight: Sight[Privacy]) -> Privacy:
        return self._all([self.of(one, sight) for one in expressions])

    def _all(self, values: Sequence[Privacy]) -> Privacy:
        return reduce(self.join, values, FREE)


def _is_looked_up(relation: Relation) -> bool:
    """Whether a join leaves the left's rows as they are."""
    return isinstance(relation, Join) and relation.kind in {"mark", "single"}


@lru_cache(maxsize=1024)
def label_of(classification: str) -> str:
    """A contract's own word, as one of `LEVELS` where it means one.

    >>> label_of("PII"), label_of("Internal"), label_of("tier 2")
    ('restricted', 'internal', 'tier 2')
    """
    plain = " ".join(classification.lower().replace("_", " ").split())
    return _ALSO.get(plain, plain)


@lru_cache(maxsize=4096)
def highest(*labels: Labels) -> Labels:
    """The highest level among labels, and all that are no levels; public is like none.

    >>> sorted(highest(frozenset({"internal"}), frozenset({"restricted"}), frozenset({"tier 2"})))
    ['restricted', 'tier 2']
    """
    found = frozenset[str]().union(*labels)
    levels = [level for level in LEVELS[1:] if level in found]
    return found.difference(LEVELS) | frozenset(levels[-1:])


def beyond(labels: Labels, most: str) -> Labels:
    """Labels above what is allowed: those that are no levels are allowed by their own name only.

    >>> sorted(beyond(frozenset({"restricted", "tier 2"}), "internal")), sorted(beyond(frozenset({"tier 2"}), "Tier 2"))
    (['restricted', 'tier 2'], [])
    """
    allowed = label_of(most)
    if allowed not in LEVELS:
        return labels - {allowed, *LEVELS[:1]}
    return labels - set(LEVELS[: LEVELS.index(allowed) + 1])
