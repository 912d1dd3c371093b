"""A join in which rows of both sides meet many of the other."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.known import Chain
from balun.facts.meeting import Meeting, meetings
from balun.facts.repeated import has_grain
from balun.finding import Finding
from balun.relational.relation import Relation, scans
from balun.rules.site import Site, sites

RULE = "join-fans-out"


def find(chain: Chain) -> Iterator[Finding]:
    """Where keys of both sides are known and the join covers neither, so that rows multiply; a feature means to."""
    for site in (one for one in sites(chain) if one.node.kind != "feature"):
        yield from fanned(site)


def fanned(site: Site) -> Iterator[Finding]:
    for relation in site.relations():
        for one in meetings(relation, site.known.states):
            known = has_grain(site.chain, one.left) and has_grain(site.chain, one.right)
            if known and not (one.left_once or one.right_once or one.narrowed):
                yield _fanned(site, one)


def _fanned(site: Site, one: Meeting) -> Finding:
    message = (
        f"a join on ({', '.join(one.on)}) multiplies rows: one side is unique by {_keys(site, one.left)}, "
        f"the other by {_keys(site, one.right)}"
    )
    mend = "join on the whole key of one side, or bring that side to one row each first"
    return site.finding(RULE, site.join_place(set(one.on)), message, mend)


def _keys(site: Site, side: Relation) -> str:
    """By its columns; where the key isn't among them, by that of what it reads."""
    names, keys = [column.name for column in side.columns], site.state(side).dependencies.keys
    if not keys:
        ids = [site.chain.read(scan.parent) for scan in scans(side)]
        if len(ids) != 1 or ids[0] is None:
            return "other columns"
        parent = site.chain.nodes[ids[0]]
        names, keys = [*parent.columns], parent.out.dependencies.keys
    return " or ".join(f"({', '.join(names[at] or '?' for at in sorted(key))})" for key in sorted(keys, key=sorted))
