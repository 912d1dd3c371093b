"""Where a column's nulls come from: what isn't required, rows that an outer join doesn't find, a CASE without ELSE …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from balun.chain.contract import Contract
from balun.chain.feature import Aggregate as AggregateFeature
from balun.chain.feature import Latest
from balun.facts.column_fact import Sight
from balun.facts.known import Chain
from balun.facts.nullable import LENIENT, STRICT, Nullable
from balun.facts.supply import EXAMPLE
from balun.finding import Place
from balun.relational.expression import Aggregate, Call, Case, Computed, Expression, Literal, Ref, Window
from balun.relational.relation import Group, Join, Made, Relation, Scan, SetOperation
from balun.why.cited import Cited
from balun.why.feature import sources_of
from balun.why.spot import Spot, met, root
from balun.why.steps import made_words, opaque, part_of

_NULLABLE = Nullable()
_PASSED_ON = STRICT | LENIENT | {"coalesce", "greatest", "least", "cast"}


@dataclass(frozen=True)
class Cause:
    """why: in words. place, text: the line that makes it so."""

    why: str
    place: Place | None
    text: str

    def as_json(self) -> dict[str, object]:
        at = (self.place.file, self.place.line) if self.place else (None, None)
        return {"why": self.why, "file": at[0], "line": at[1], "text": self.text}


class Nulls:
    """Of one question: each cause once."""

    def __init__(self, chain: Chain, cited: Cited) -> None:
        self._chain = chain
        self._cited = cited
        self._asked: set[tuple[object, object]] = set()

    def of(self, id_: str, name: str) -> tuple[Cause, ...]:
        """None of them where it is never null."""
        return tuple(dict.fromkeys(self._node(id_, name)))

    def _node(self, id_: str, name: str) -> Iterator[Cause]:
        known = self._chain.nodes[id_]
        if (id_, name) in self._asked or not known.out.values[Nullable.name][known.columns.index(name)]:
            return
        self._asked.add((id_, name))
        declared = self._chain.node(id_).declared
        if isinstance(declared, Contract):
            column = declared.column(name)
            yield self._cause(f"{declared.name}.{column.name} isn't required", column.place)
        elif id_.startswith("corpus:"):
            yield from self._node(*part_of(self._chain, id_, name))
        elif isinstance(declared, AggregateFeature | Latest):
            yield from self._feature(id_, name, declared)
        elif (spot := root(self._chain, id_, name)) is not None:
            yield from self._spot(spot)
        else:
            yield self._cause(f"{opaque(declared)} may give null: `required` has it tested", declared.place)

    def _feature(self, id_: str, name: str, feature: AggregateFeature | Latest) -> Iterator[Cause]:
        source = self._chain.node(id_).parents[0].split(":", 1)[1]
        since = "in the window" if isinstance(feature, AggregateFeature) else "by then"
        yield self._cause(f"no row of {source} was known {since}", self._cited.output(id_, name))
        if name != EXAMPLE:
            for one in sources_of(self._chain, id_, name)[:1]:
                yield from self._node(*one)

    def _spot(self, spot: Spot) -> Iterator[Cause]:
        relation = spot.relation
        asked = (id(relation), spot.at)
        if asked in self._asked or not spot.state.values[Nullable.name][spot.at]:
            return
        self._asked.add(asked)
        if isinstance(relation, Scan):
            id_ = self._chain.read(relation.parent)
            name = relation.columns[spot.at].name.lower()
            if id_:
                yield from self._node(id_, next(one for one in self._chain.nodes[id_].columns if one.lower() == name))
            return
        below = spot.copied()
        if below is not None:
            if self._puts_in(relation, below, left=spot.at < _left(relation)):
                yield self._put_in(spot, relation)
            yield from self._spot(below)
        elif isinstance(relation, SetOperation):
            for one in spot.sources():
                yield from self._spot(one)
        else:
            yield from self._computed(spot)

    def _puts_in(self, relation: Relation, below: Spot, *, left: bool) -> bool:
        """Whether the step may put nulls in place of a column's values."""
        if isinstance(relation, Join):
            return relation.kind in ({"right", "full"} if left else {"left", "single", "full", "positional"})
        return isinstance(relation, Group) and not below.state.values[Nullable.name][below.at]

    def _put_in(self, spot: Spot, relation: Relation) -> Cause:
        if isinstance(relation, Join):
            side = relation.left if spot.at < _left(relation) else relation.right
            parents = " or ".join(met(side))
            place = self._cited.joined(spot.id, relation) or self._cited.output(spot.id, spot.output)
            return self._cause(f"a {relation.kind} join finds no row of {parents or 'those made here'}", place)
        place = self._cited.output(spot.id, spot.output) or self._cited.declared(spot.id)
        return self._cause("GROUPING SETS leave it out of the totals", place)

    def _computed(self, spot: Spot) -> Iterator[Cause]:
        one = spot.expression()
        inputs = spot.sources()
        if isinstance(spot.relation, Group) and _is_left_out(spot.relation, spot.at):
            yield self._put_in(spot, spot.relation)
        if one is None or isinstance(spot.relation, Made):
            yield self._made(spot, one)
            return
        below = {source.at: source for source in inputs}
        sight = Sight(inputs[0].state.values[Nullable.name], inputs[0].state.values) if inputs else Sight(())
        if isinstance(one, Aggregate | Window):
            yield from self._gathered(spot, one, below, sight)
        else:
            yield from self._expression(spot, one, below, sight)

    def _gathered(
        self, spot: Spot, one: Aggregate | Window, below: dict[int, Spot], sight: Sight[bool]
    ) -> Iterator[Cause]:
        shifts = one.name in {"lag", "lead"}
        args = [arg for arg in one.args[: 1 if shifts else None] if _NULLABLE.of(arg, sight)]
        if _NULLABLE.of(one.args[-1], sight) if shifts else not args or _alone(one, spot.relation):
            yield self._made(spot, one)
        for arg in args:
            yield from self._expression(spot, arg, below, sight)

    def _expression(self, spot: Spot, one: Expression, below: dict[int, Spot], sight: Sight[bool]) -> Iterator[Cause]:
        if not _NULLABLE.of(one, sight):
            return
        match one:
            case Ref(at=at):
                yield from self._spot(below[at])
            case Literal():
                yield self._made(spot, one)
            case Case():
                yield from self._case(spot, one, below, sight)
            case Call(name=name, args=args):
                told = [arg for arg in args if _NULLABLE.of(arg, sight)]
                if not told or name not in _PASSED_ON:
                    yield self._made(spot, one)
                for arg in told:
                    yield from self._expression(spot, arg, below, sight)

    def _case(self, spot: Spot, one: Case, below: dict[int, Spot], sight: Sight[bool]) -> Iterator[Cause]:
        for when, then in one.whens:
            yield from self._expression(spot, then, below, _NULLABLE.where((when,), sight))
            otherwise = _NULLABLE.complement(when)
            sight = _NULLABLE.where((otherwise,), sight) if otherwise else sight
        if isinstance(one.otherwise, Literal) and one.otherwise.value is None and one.otherwise.place is None:
            yield self._cause("a CASE has no ELSE", self._line(spot, one))
        else:
            yield from self._expression(spot, one.otherwise, below, sight)

    def _made(self, spot: Spot, one: Computed | None) -> Cause:
        words = made_words(spot.relation, one)
        if isinstance(one, Literal):
            words = "null is given"
        elif isinstance(one, Window) and one.name in {"lag", "lead"}:
            words = f"{one.name}() finds no row {'before the first' if one.name == 'lag' else 'after the last'}"
        elif isinstance(one, Window | Aggregate):
            words = f"{one.name}() may have no row, or none with a value"
        elif isinstance(one, Call):
            words = f"{one.name if not one.name.isidentifier() else one.name + '()'} may give null"
        return self._cause(words, self._line(spot, one))

    def _line(self, spot: Spot, one: Computed | None) -> Place | None:
        found = self._cited.made(spot.id, one, spot.name)
        return found or self._cited.output(spot.id, spot.output) or self._cited.declared(spot.id)

    def _cause(self, why: str, place: Place | None) -> Cause:
        return Cause(why, place, self._cited.text(place))


def _left(relation: Relation) -> int:
    """How many columns are the left's."""
    return len(relation.left.columns) if isinstance(relation, Join) else 0


def _is_left_out(relation: Group, at: int) -> bool:
    """Whether it is a key that some of the GROUPING SETS don't have."""
    return at < len(relation.keys) and not all(at in keyed for keyed in relation.sets)


def _alone(one: Aggregate | Window, relation: Relation) -> bool:
    """Whether it may be null even where no argument is."""
    if isinstance(one, Window):
        return _NULLABLE.window(one, [False for _ in one.args], Sight(()))
    assert isinstance(relation, Group)
    return _NULLABLE.aggregate(one, [False for _ in one.args], Sight(()), some=all(relation.sets))
