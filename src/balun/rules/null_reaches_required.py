"""A column that is promised not to be null, and may be."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.table import Table
from balun.facts.known import Chain
from balun.facts.nullable import Nullable
from balun.finding import Finding
from balun.relational.relation import Unknown
from balun.rules.site import sites

RULE = "null-reaches-required"


def find(chain: Chain) -> Iterator[Finding]:
    for site in sites(chain):
        table = site.node.declared
        if not isinstance(table, Table) or any(isinstance(one, Unknown) for one in site.relations()):
            continue
        nulls = dict(zip(map(str.lower, site.known.columns), site.known.derived.values[Nullable.name], strict=True))
        for name in dict.fromkeys([*table.required, *table.key]):
            if nulls.get(name.lower()):
                what = "part of the key" if name in table.key else "required"
                message = f"{table.name}.{name} is {what}, and may be null by its SQL"
                mend = f"filter its nulls, give them a value, require what it is made of, or don't promise {name}"
                yield site.finding(RULE, None, message, mend)
