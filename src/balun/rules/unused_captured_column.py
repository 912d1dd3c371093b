"""A captured column that nothing downstream looks at: it costs capture, storage and trust, and nobody would miss it."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.contract import Contract
from balun.facts.known import Chain
from balun.facts.reach import looked_at
from balun.finding import Finding

RULE = "unused-captured-column"


def find(chain: Chain) -> Iterator[Finding]:
    """Said of events that something reads; of one that nothing reads the event as a whole is unused."""
    used = looked_at(chain)
    for node in chain.graph.of("event"):
        contract = node.declared
        assert isinstance(contract, Contract)
        for column in contract.columns:
            if (node.name, column.name) not in used:
                message = f"nothing reads {node.name}.{column.name}"
                mend = "stop capturing it, or accept it with the reason why it is kept"
                yield Finding(RULE, column.place, message, owner=node.owner, mend=mend)
