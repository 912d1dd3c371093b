"""Wall clocks of two zones taken for one."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.joined import equal_columns
from balun.facts.known import Chain
from balun.facts.zone_fault import faults
from balun.finding import Finding
from balun.relational.relation import Join, Relation
from balun.rules.site import Site, sites

RULE = "zone-mixed"
_WHAT = {
    "zones-compared": "are compared",
    "zones-subtracted": "are subtracted",
    "zones-mixed": "stand in one column",
    "zone-misread": "are taken for each other",
}


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for fault in faults(site.relation, site.known.states):
            message = f"wall clocks of {fault.one} and {fault.other} {_WHAT[fault.rule]}"
            mend = "compare instants, TIMESTAMP WITH TIME ZONE, or bring both to one zone with timezone()"
            place = fault.place if fault.place is not None else _join_place(site, fault.relation)
            yield site.finding(RULE, place, message, mend)


def _join_place(site: Site, relation: Relation) -> int | None:
    if not isinstance(relation, Join):
        return None
    pairs, _ = equal_columns(relation.conditions, len(relation.left.columns))
    return site.join_place({relation.left.columns[one].name for one, _ in pairs})
