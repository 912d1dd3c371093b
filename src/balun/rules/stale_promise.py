"""A promise that the last run's rows contradict, and that facts still rest on."""

from __future__ import annotations

from collections.abc import Iterator

from balun.chain.contract import Contract
from balun.chain.graph import Node
from balun.facts.known import Chain
from balun.finding import Finding
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
            yield _found(chain, node, broken.column, f"the last run's rows contradict it: {broken.message}")
        for one in found.set_aside:
            if one.rows >= _MOST * found.rows:
                yield _found(chain, node, one.column, _set_aside(found, one))


def _set_aside(found: TestedNode, one: SetAside) -> str:
    share = f"{100 * one.rows / found.rows:.3g} %"
    return f"{one.rows:,} of the last run's {found.rows:,} rows ({share}) were set aside: {one.message}"


def _found(chain: Chain, node: Node, column: str | None, message: str) -> Finding:
    declared = node.declared
    place = declared.column(column).place if isinstance(declared, Contract) and column else declared.place
    return Finding(RULE, place, message, breaks=breaks(chain, node), owner=node.owner, mend=_MEND)
