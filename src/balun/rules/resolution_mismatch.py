"""Values of two resolutions are equated."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.grid import SECOND, Grid, Steps
from balun.facts.grid_text import written
from balun.facts.known import Chain
from balun.facts.resolution_fault import faults
from balun.finding import Finding
from balun.rules.site import sites

RULE = "resolution-mismatch"
_FAULTS = frozenset({"resolutions-equated", "resolutions-disjoint"})


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        for fault in faults(site.relation, site.known.states):
            if fault.rule in _FAULTS:
                finer, coarser = _told(fault.finer), _told(fault.coarser)
                message = f"{finer} is equated with {coarser}: most rows can't match"
                yield site.finding(
                    RULE,
                    fault.place,
                    message,
                    "bring both to the coarser step first, as with date_trunc, or join to the latest before",
                )


def _told(of: Steps) -> str:
    """A step of a second and more is a time's: numbers that go in millions are rare, and times finer rarer."""
    is_time = isinstance(of, Grid) and of.step >= SECOND
    return written(of, "TIMESTAMP" if is_time else "BIGINT")
