"""Two units where one must be."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.table import Table
from balun.facts.known import Chain
from balun.facts.unit import UnitFact
from balun.facts.unit_fault import faults, fits
from balun.finding import Finding
from balun.rules.site import Site, sites

RULE = "unit-mixed"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        yield from _declared(site)
        for fault in faults(site.relation, site.known.states):
            if fault.kind == "mixed":
                message = f"{fault.found} and {fault.needed} are taken for one unit"
                yield site.finding(RULE, fault.place, message, f"convert one of them to {fault.needed} first")
            elif fault.kind == "wrong_argument":
                message = f"{fault.found} is given where {fault.needed} is needed"
                yield site.finding(RULE, fault.place, message, f"convert it to {fault.needed} first")


def _declared(site: Site) -> Iterator[Finding]:
    """Where a table says one unit of a column, and its SQL makes another."""
    table = site.node.declared
    if isinstance(table, Table):
        made = dict(zip(map(str.lower, site.known.columns), site.known.derived.values[UnitFact.name], strict=True))
        for name, unit in table.units:
            if not fits(made[name.lower()], unit):
                message = f"{name} is declared to be in {unit}, and is in {made[name.lower()]} by its SQL"
                yield site.finding(RULE, None, message, f"convert it to {unit}, or mend units: at the table's top")
