"""A promise that the last run's rows contradict, and that facts still rest on."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.contract import Contract
from balun.chain.graph import Node
from balun.facts.known import Chain
from balun.finding import Finding, Place
from balun.rules.site import breaks
from balun.rules.tested import SetAside, Tested, TestedNode

RULE = "stale-promise"
_MEND = "mend what makes the rows, or the promise"
_MOST = 0.01


def find(chain: Chain, tested: Tested) -> Iterator[Finding]:
    """A promise that fewer than one row in a hundred breaks is kept by those that are kept; the others are dirt."""
    for id_, found in tested.items():
        node = chain.graph.nodes[id_]
        for broken in found.broken:
            yield _found(chain, node, node.declared.place, f"the last run's rows contradict it: {broken}")
        for one in found.set_aside:
            if one.rows >= _MOST * found.rows:
                yield _set_aside(chain, node, found, one)


def _set_aside(chain: Chain, node: Node, found: TestedNode, one: SetAside) -> Finding:
    contract = node.declared
    assert isinstance(contract, Contract)
    place = contract.column(one.column).place if one.column else contract.place
    share = f"{100 * one.rows / found.rows:.3g} %"
    message = f"{one.rows:,} of the last run's {found.rows:,} rows ({share}) were set aside: {one.message}"
    return _found(chain, node, place, message)


def _found(chain: Chain, node: Node, place: Place, message: str) -> Finding:
    return Finding(RULE, place, message, breaks=breaks(chain, node), owner=node.owner, mend=_MEND)
