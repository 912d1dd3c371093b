"""A part of a time that is the same in every row."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.grid_text import written
from balun.facts.known import Chain
from balun.facts.resolution_fault import faults
from balun.finding import Finding
from balun.rules.site import sites

RULE = "constant-extract"
_FAULTS = frozenset({"part-constant"})


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for fault in faults(site.relation, site.known.states):
            if fault.rule in _FAULTS:
                step = written(fault.coarser, "TIMESTAMP")
                message = f"this part of a time told by {step} is the same in every row"
                yield site.finding(
                    RULE, fault.place, message, "take a coarser part, or capture the time at a finer step"
                )
