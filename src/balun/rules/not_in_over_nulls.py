"""NOT IN over values that may be null, which then lets no row through."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.known import Chain
from balun.facts.nullable import Nullable
from balun.finding import Finding
from balun.relational.expression import Call, Literal, Ref, walk
from balun.relational.relation import Filter, Join
from balun.rules.site import Site, sites, written

RULE = "not-in-over-nulls"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for relation in site.relations():
            if isinstance(relation, Filter):
                yield from _marked(site, relation)
            for whole, _ in written(relation):
                for one in walk(whole):
                    if isinstance(one, Call) and _lists_null(one):
                        yield site.finding(
                            RULE, one, "NOT IN a list that holds NULL is never true", "take the NULL out"
                        )


def _lists_null(one: Call) -> bool:
    inner = one.args[0] if one.name == "not" else one
    negated = one.name == "not_in" or (one.name == "not" and isinstance(inner, Call) and inner.name == "in")
    return (
        negated
        and isinstance(inner, Call)
        and any(isinstance(arg, Literal) and arg.value is None for arg in inner.args[1:])
    )


def _marked(site: Site, relation: Filter) -> Iterator[Finding]:
    """`x NOT IN (SELECT …)` is NOT of a mark, which is null as soon as one value is."""
    below = relation.input
    for condition in relation.conditions:
        match condition:
            case Call("not", (Ref() as mark,)) if isinstance(below, Join) and below.kind == "mark":
                if mark.at == len(below.columns) - 1 and _may_be_null(site, below):
                    name = below.right.columns[0].name or "the SELECT's column"
                    message = f"NOT IN a SELECT whose {name} may be null: one null there, and no row is left"
                    yield site.finding(
                        RULE, condition, message, f"add WHERE {name} IS NOT NULL to it, or use NOT EXISTS"
                    )


def _may_be_null(site: Site, join: Join) -> bool:
    nulls = site.state(join.right).values[Nullable.name]
    split = len(join.left.columns)
    return any(
        isinstance(condition, Call) and condition.name == "=" and isinstance(other, Ref) and nulls[other.at - split]
        for condition in join.conditions
        for other in (condition.args[1:] if isinstance(condition, Call) else ())
    )
