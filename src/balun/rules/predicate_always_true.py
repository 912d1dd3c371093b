"""A condition that every row meets."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import TRUE, Extent
from balun.facts.known import Chain
from balun.facts.nullable import Nullable
from balun.finding import Finding
from balun.relational.expression import refs
from balun.relational.relation import Filter
from balun.rules.predicate_never_true import is_told_otherwise
from balun.rules.site import conditions, is_written, names_of, sites, textual

RULE = "predicate-always-true"


def find(chain: Chain) -> Iterator[Finding]:
    """What reads no column, as `1 = 1`, is meant so."""
    for site in sites(chain):
        for relation in site.relations():
            if not isinstance(relation, Filter):
                continue
            for condition, inputs in conditions(relation):
                sight: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
                nulls: Sight[bool] = site.sight(Nullable.name, *inputs)  # type: ignore[assignment]
                sure = Domain().of(condition, sight) == TRUE and not Nullable().of(condition, nulls)
                there = getattr(condition, "name", "") == "is_not_null" and not Nullable().of(condition.args[0], nulls)  # type: ignore[union-attr]
                if not (sure or there) or not is_written(condition) or not refs(condition):
                    continue
                if not is_told_otherwise(site, condition, inputs):
                    names = names_of(inputs)
                    message = f"{textual(condition, names)} is true of every row"
                    yield site.finding(RULE, condition, message, "take the condition out, or mend what it compares")
