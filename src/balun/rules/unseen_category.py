"""A comparison with a value that the column never takes."""

from __future__ import annotations

from collections.abc import Iterator

from balun.errors import nearest
from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import Extent, Only
from balun.facts.known import Chain
from balun.finding import Finding
from balun.relational.expression import Call, Computed, Expression, Literal, Ref, walk
from balun.relational.relation import Relation
from balun.rules.site import Site, names_of, sites, written

RULE = "unseen-category"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for relation in site.relations():
            for whole, inputs in written(relation):
                for one, column, value, known in unseen(site, whole, inputs):
                    name = names_of(inputs)[column.at] if isinstance(column, Ref) else "this"
                    texts = [text for text in known.values if isinstance(text, str)]
                    message = f"{name} is never '{value.value}'{nearest(str(value.value), texts)}: it is {known}"
                    yield site.finding(RULE, one, message, "mend the value, or the contract that lists them")


def unseen(
    site: Site, whole: Computed, inputs: tuple[Relation, ...]
) -> Iterator[tuple[Computed, Expression, Literal, Only]]:
    """Comparisons in it, each of what with which constant, and all that it may be instead."""
    sight: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
    for one in walk(whole):
        for column, value in _compared(one):
            known = Domain().of(column, sight)
            if isinstance(known, Only) and known.values and value.value not in known.values:
                yield one, column, value, known


def _compared(one: Computed) -> Iterator[tuple[Expression, Literal]]:
    match one:
        case Call("=" | "<>", (Literal(value=str()) as value, other)):
            yield other, value
        case Call("=" | "<>" | "is_distinct" | "is_not_distinct", (other, Literal(value=str()) as value)):
            yield other, value
        case Call("in" | "not_in", (other, *values)):
            yield from (
                (other, value) for value in values if isinstance(value, Literal) and isinstance(value.value, str)
            )
