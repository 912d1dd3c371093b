"""A sum or a count over rows that a join has repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from balun.facts.column_fact import Sight
from balun.facts.domain import Domain
from balun.facts.extent import Extent, as_range
from balun.facts.known import Chain
from balun.facts.repeated import Repeated, Sides, handed_on, picks, repeated
from balun.finding import Finding
from balun.relational.expression import Aggregate, Call, Case, Expression, Ref, Window, conjuncts, refs
from balun.relational.relation import Group, Relation, Windows
from balun.rules.site import Site, breaks, looked_at, names_of, textual

RULE = "double-count"
_SUMS = frozenset({"sum", "sum_no_overflow", "fsum", "kahan_sum"})
# Of what is looked up these weigh each row by how often it is used, which may well be meant.
_WEIGHED = frozenset({
    "count", "avg", "favg", "mean", "median", "quantile_cont", "quantile_disc", "stddev", "stddev_samp", "stddev_pop",
    "variance", "var_samp", "var_pop",
})  # fmt: skip


Found = tuple[tuple[Finding, ...], Sides]


def find(chain: Chain) -> Iterator[Finding]:
    """What a join has repeated in one table may be counted in another, so all are looked at, parents first."""
    handed: dict[str, Sides] = {}
    looked = frozenset(looked_at(chain))
    for id_, known in chain.nodes.items():
        if known.sql is not None:
            ids = {name: chain.read(name) for name in known.brief.reads}
            read = {name: handed[parent] for name, parent in ids.items() if parent and handed.get(parent)}
            found, handed[id_] = _at(chain, id_, read)
            yield from found if id_ in looked else ()


def _at(chain: Chain, id_: str, read: Mapping[str, Sides]) -> Found:
    """As it is kept: it hangs on what is known of the node, what its parents hand on, and what it would break."""
    kept, node = chain.supply.kept, chain.node(id_)
    if kept is None or id_ not in chain.keys:
        return _made(chain, id_, read)
    key = kept.key(RULE, chain.keys[id_], read, node.owner, breaks(chain, node))
    found = kept.find(key)
    if found is not None:
        return cast("Found", found[1]())
    made = _made(chain, id_, read)
    kept.put(key, made)
    return made


def _made(chain: Chain, id_: str, read: Mapping[str, Sides]) -> Found:
    known = chain.nodes[id_]
    assert known.relation is not None
    sides = repeated(chain, known, read)
    site = Site(chain, id_, chain.node(id_), known, known.relation)
    return tuple(_of_site(site, sides)), handed_on(known, sides)


def _of_site(site: Site, sides: Mapping[int, Sides]) -> Iterator[Finding]:
    for relation in site.relations():
        match relation:
            case Group() if relation.sets in {((),), (tuple(range(len(relation.keys))),)}:
                for one in relation.aggregates:
                    yield from _counted(site, one, relation.input, relation.keys, sides[id(relation.input)])
            case Windows():
                for window in relation.windows:
                    below = sides[id(relation.input)]
                    yield from _counted(site, window, relation.input, window.partition, below)


def _counted(
    site: Site, of: Aggregate | Window, over: Relation, by: Sequence[Expression], sides: Sides
) -> Iterator[Finding]:
    """A mean or a count by what the side is joined to, or of what a group has one of, is meant so."""
    if of.distinct or not of.args or (isinstance(of, Window) and of.name not in _SUMS):
        return
    known = site.state(over).dependencies
    within = frozenset(key.at for key in by if isinstance(key, Ref))
    apart = frozenset[int]().union(*map(refs, by))
    for side in sides:
        meant = of.name in _WEIGHED and (refs(of.args[0]) <= known.closure(within) or not apart <= side.same)
        if _is_counted(site, of, over, side) and not side.once(known, within) and not meant:
            yield _found(site, of, over, side)
            return


def _is_counted(site: Site, of: Aggregate | Window, over: Relation, side: Repeated) -> bool:
    if of.name not in (_SUMS if side.looked_up else _SUMS | _WEIGHED):
        return False
    picked = of.where is not None and _picks_one(of.where, side)
    return _is_value(of.args[0], side) and not picked and not _is_flag(site, of, over)


def _picks_one(where: Expression, side: Repeated) -> bool:
    """Whether FILTER may leave one row of those that one meets, as `line = 1` does."""
    equal = (part for part in conjuncts(where) if isinstance(part, Call) and part.name in {"=", "in"})
    return picks(where, side) or any(not refs(part) <= side.same for part in equal)


def _is_value(of: Expression, side: Repeated) -> bool:
    """Whether it is a value of the side's own, and no 1 for each row of which something is true."""
    if isinstance(of, Case):
        results = (*(then for _, then in of.whens), of.otherwise)
        return refs(of) <= side.values and any(refs(one) for one in results)
    return bool(refs(of)) and refs(of) <= side.values


def _is_flag(site: Site, of: Aggregate | Window, over: Relation) -> bool:
    """A sum of zeros and ones counts rows: those that are there."""
    arg = of.args[0]
    if isinstance(arg, Call) and arg.name == "cast" and arg.args[0].dtype == "BOOLEAN":
        return True
    sight: Sight[Extent] = site.sight(Domain.name, over)  # type: ignore[assignment]
    about = as_range(Domain().of(arg, sight))
    return of.name in _SUMS and about is not None and (about.low, about.high) == (0, 1)


def _found(site: Site, of: Aggregate | Window, over: Relation, side: Repeated) -> Finding:
    names = names_of((over,))
    what = f"{of.name}({textual(of.args[0], names)})"
    message = (
        f"{what} takes a row of {side.side} as often as {side.by} has rows for it: "
        f"the join on ({', '.join(side.on)}) has repeated it"
    )
    mend = f"aggregate {side.side} before the join, or bring {side.by} to one row each first"
    place = site.call_place(of.name, {names[at] for at in refs(of.args[0])})
    return site.finding(RULE, place, message, mend)
