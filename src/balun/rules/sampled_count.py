"""A count or a sum of a sampled event, without its rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from balun.chain.contract import Contract
from balun.facts.column_fact import Sight
from balun.facts.known import Chain
from balun.facts.propagate import State
from balun.facts.sampling import SAME, SamplingFact, Share
from balun.facts.sampling_fault import SamplingFault, faults
from balun.facts.supply import EXAMPLE
from balun.finding import Finding
from balun.relational.relation import Scan, inputs
from balun.rules.site import Site, sites

RULE = "sampled-count"
_COUNTS = frozenset({"count", "count_star", "count_if", "countif", "approx_count_distinct", "sum", "fsum", "kahan_sum"})


def find(chain: Chain) -> Iterator[Finding]:
    """Where it is made; what hangs on it is told by what it breaks."""
    contracts = [node.declared for node in chain.graph.of("event")]
    if all(isinstance(one, Contract) and one.sampling == 1 for one in contracts):
        return
    for site in sites(chain):
        states = _states(site) if site.node.kind == "feature" else site.known.states
        for fault in faults(site.relation, states):
            if fault.kind == "unscaled" and _is_made(site):
                yield _unscaled(site, fault)
            elif fault.kind == "lost" and fault.what in _COUNTS:
                message = f"{fault.what} of what is sampled: no rate makes it that of the whole"
                yield site.finding(RULE, fault.place, message, "capture all of it, or don't count it")


def _states(site: Site) -> Mapping[int, State]:
    """Of a feature, whose examples are numbered: where all of them are there, each has its number."""
    fact, found = SamplingFact(), dict[int, State]()
    for one in site.relations():
        below = [Sight[Share](found[id(each)].values[fact.name]) for each in inputs(one)]
        values = fact.passes(one, below) if not isinstance(one, Scan) else site.state(one).values[fact.name]
        if isinstance(one, Scan) and any(value == SAME for value in values):
            numbers = (column.name == EXAMPLE for column in one.columns)
            values = tuple(SAME if is_it else value for value, is_it in zip(values, numbers, strict=True))
        found[id(one)] = State({fact.name: values}, site.state(one).dependencies)
    return found


def _is_made(site: Site) -> bool:
    """Whether nothing that it reads is such a count already."""
    read = (site.state(one).values[SamplingFact.name] for one in site.relations() if isinstance(one, Scan))
    return all(value.kind != "scaled" for values in read for value in values)


def _unscaled(site: Site, fault: SamplingFault) -> Finding:
    share = f"{fault.rate:.4g}" if fault.rate else "a share"
    what = f"{fault.column} counts" if fault.column else f"what is compared by {fault.what} counts"
    place = fault.place if fault.place is not None or not fault.column else site.output_place(fault.column)
    mend = f"divide it by {share}" if fault.rate else "divide it by the rate"
    return site.finding(RULE, place, f"{what} {share} of the rows that there were", mend)
