"""A condition that no row can meet."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import FALSE, NEVER, Extent
from balun.facts.known import Chain
from balun.finding import Finding
from balun.relational.expression import Expression, refs
from balun.relational.relation import Relation
from balun.rules.site import Site, conditions, is_written, names_of, sites, textual
from balun.rules.threshold_in_another_unit import misread
from balun.rules.unseen_category import unseen

RULE = "predicate-never-true"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for relation in site.relations():
            yield from _never(site, list(conditions(relation)))


def _never(site: Site, found: list[tuple[Expression, tuple[Relation, ...]]]) -> Iterator[Finding]:
    """Each condition in rows for which those before it are true. What reads no column, as `false`, is meant so."""
    if not found:
        return
    sight: Sight[Extent] = site.sight(Domain.name, *found[0][1])  # type: ignore[assignment]
    for condition, inputs in found:
        if is_written(condition) and Domain().of(condition, sight) in (FALSE, NEVER):
            if refs(condition) and not is_told_otherwise(site, condition, inputs):
                yield _found(site, condition, inputs, sight.values)
            return  # nothing is left for the others
        sight = Domain().where((condition,), sight)


def is_told_otherwise(site: Site, condition: Expression, inputs: tuple[Relation, ...]) -> bool:
    """Whether what makes it always true, or never, has a name of its own."""
    return misread(site, condition, inputs) is not None or any(unseen(site, condition, inputs))


def _found(site: Site, condition: Expression, inputs: tuple[Relation, ...], values: tuple[Extent, ...]) -> Finding:
    names = names_of(inputs)
    said = "; ".join(f"{names[at]} is {values[at]}" for at in sorted(refs(condition)) if values[at] is not None)
    message = f"{textual(condition, names)} is never true" + (f": {said}" if said else "")
    return site.finding(RULE, condition, message, "mend the condition, or the contract that rules these values out")
