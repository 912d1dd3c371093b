"""Two units where one must be."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.known import Chain
from balun.facts.unit_fault import faults
from balun.finding import Finding
from balun.rules.site import sites

RULE = "unit-mixed"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for fault in faults(site.relation, site.known.states):
            if fault.kind == "mixed":
                message = f"{fault.found} and {fault.needed} are taken for one unit"
                yield site.finding(RULE, fault.place, message, f"convert one of them to {fault.needed} first")
            elif fault.kind == "wrong_argument":
                message = f"{fault.found} is given where {fault.needed} is needed"
                yield site.finding(RULE, fault.place, message, f"convert it to {fault.needed} first")
