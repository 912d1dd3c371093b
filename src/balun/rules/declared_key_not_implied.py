"""A key that is promised, and doesn't follow from the SQL."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.table import Table
from balun.facts.known import Chain
from balun.finding import Finding
from balun.rules.join_fans_out import fanned
from balun.rules.site import sites

RULE = "declared-key-not-implied"


def find(chain: Chain) -> Iterator[Finding]:
    """Said only of tables whose parents' keys are known: else there is nothing that could imply one."""
    for site in sites(chain):
        table = site.node.declared
        if not isinstance(table, Table) or not table.key:
            continue
        lower = [name.lower() for name in site.known.columns]
        places = [lower.index(name.lower()) for name in table.key]
        dependencies = site.known.derived.dependencies
        keyed = all(chain.nodes[parent].out.dependencies.keys for parent in site.node.parents if parent in chain.nodes)
        if keyed and not dependencies.is_key(places) and not any(fanned(site)):  # which is told by its own name
            found = [
                ", ".join(site.known.columns[at] for at in sorted(key)) for key in sorted(dependencies.keys, key=len)
            ]
            known = f"; ({found[0]}) is" if found else ""
            message = f"({', '.join(table.key)}) isn't implied to be unique by the SQL of {table.name}{known}"
            mend = "group by it, keep one row of each, or join on a unique key; a run tests it on rows"
            yield site.finding(RULE, None, message, mend)
