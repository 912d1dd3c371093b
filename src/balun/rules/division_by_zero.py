"""A division by what may be zero."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import Extent, may_be
from balun.facts.known import Chain
from balun.finding import Finding
from balun.relational.expression import Call, walk
from balun.rules.site import is_written, names_of, sites, textual, written

RULE = "division-by-zero"
_DIVISIONS = frozenset({"/", "//", "%", "fmod", "mod"})


def find(chain: Chain) -> Iterator[Finding]:
    """Where the range of the divisor is known to hold zero; of what nobody knows nothing is said."""
    for site in sites(chain):
        for relation in site.relations():
            for whole, inputs in written(relation):
                sight: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
                for one in walk(whole):
                    if isinstance(one, Call) and one.name in _DIVISIONS and is_written(one):
                        known = Domain().of(one.args[1], sight)
                        if known is not None and may_be(known, 0):
                            names = names_of(inputs)
                            by = textual(one.args[1], names)
                            message = f"it is divided by {by}, which may be 0: it is {known}"
                            yield site.finding(RULE, one, message, f"write nullif({by}, 0), or filter the zeros")
