"""A join in which rows of both sides meet many of the other."""

from __future__ import annotations

from collections.abc import Iterator

from balun.facts.joined import equal_columns
from balun.facts.known import Chain
from balun.facts.repeated import has_grain, narrows
from balun.finding import Finding
from balun.relational.relation import Join, Relation, scans
from balun.rules.site import Site, sites

RULE = "join-fans-out"
_KINDS = frozenset({"inner", "left", "right", "full"})


def find(chain: Chain) -> Iterator[Finding]:
    """Where keys of both sides are known and the join covers neither, so that rows multiply; a feature means to."""
    for site in (one for one in sites(chain) if one.node.kind != "feature"):
        yield from fanned(site)


def fanned(site: Site) -> Iterator[Finding]:
    for relation in site.relations():
        if isinstance(relation, Join) and relation.kind in _KINDS and not relation.asof:
            yield from _fanned(site, relation)


def _fanned(site: Site, join: Join) -> Iterator[Finding]:
    split = len(join.left.columns)
    pairs, _ = equal_columns(join.conditions, split)
    left, right = site.state(join.left).dependencies, site.state(join.right).dependencies
    covered = left.is_key(one for one, _ in pairs) or right.is_key(other - split for _, other in pairs)
    known = has_grain(site.chain, join.left) and has_grain(site.chain, join.right)
    if pairs and known and not covered and not narrows(join):
        on = ", ".join(join.left.columns[one].name or "?" for one, _ in pairs)
        message = (
            f"a join on ({on}) multiplies rows: one side is unique by {_keys(site, join.left)}, "
            f"the other by {_keys(site, join.right)}"
        )
        mend = "join on the whole key of one side, or bring that side to one row each first"
        names = {join.left.columns[one].name for one, _ in pairs}
        yield site.finding(RULE, site.join_place(names), message, mend)


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
