"""A node that nobody owns: nobody can be asked before it changes, and nobody is told when it breaks."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.known import Chain
from balun.finding import Finding
from balun.rules.site import breaks

RULE = "owner-missing"
_HOW = {
    "event": "name a team in the contract: `team: {name: …}`",
    "table": "write `owner: …` into the comment at its top",
}


def find(chain: Chain) -> Iterator[Finding]:
    for node in chain.graph:
        if not node.owner:
            mend = _HOW.get(node.kind, "give it `owner=`")
            message = f"{node.kind} {node.name} has no owner"
            yield Finding(RULE, node.declared.place, message, breaks=breaks(chain, node), mend=mend)
