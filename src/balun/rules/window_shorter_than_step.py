"""A window of time that is shorter than the step that times are told in."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.grid_text import written
from balun.facts.known import Chain
from balun.facts.resolution_fault import faults
from balun.finding import Finding
from balun.rules.site import sites

RULE = "window-shorter-than-step"
_FAULTS = frozenset({"window-short"})


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for fault in faults(site.relation, site.known.states):
            if fault.rule in _FAULTS:
                step = written(fault.coarser, "TIMESTAMP")
                message = f"a window shorter than {step}, in which its times are told, holds nothing for most rows"
                yield site.finding(RULE, fault.place, message, "widen the window, or capture the time at a finer step")
