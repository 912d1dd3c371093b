"""A cast that changes values without saying how: fractions, big numbers, a time's zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from balun.facts.column_fact import Sight
from balun.facts.domain import WHOLE, Domain
from balun.facts.extent import Extent, Number, as_range
from balun.facts.grid import Steps, grid, within
from balun.facts.known import Chain
from balun.facts.resolution import Resolution
from balun.finding import Finding
from balun.relational.constant import scale_of
from balun.relational.expression import Call, Expression, Literal, Ref, refs, walk
from balun.relational.relation import Project, Relation, SetOperation
from balun.rules.site import Site, names_of, sites, textual, written

RULE = "lossy-cast"
_ROUNDED = frozenset({"round", "floor", "ceil", "ceiling", "trunc", "round_even", "sign"})
_EQUAL = frozenset({"=", "<>", "in", "not_in", "is_distinct", "is_not_distinct"})
_FLOATS = frozenset({"DOUBLE", "FLOAT"})
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_EXACT = 2**53
Inputs = tuple[Relation, ...]


def find(chain: Chain) -> Iterator[Finding]:
    """Of what somebody wrote; a feature's casts are Balun's own."""
    for site in (one for one in sites(chain) if one.node.kind != "feature"):
        for relation in site.relations():
            if isinstance(relation, SetOperation):
                yield from _united(site, relation)
            for whole, inputs in written(relation):
                for one in walk(whole):
                    if isinstance(one, Call) and one.name == "cast" and _is_said(site, one):
                        yield from _said(site, one, inputs)
                    elif isinstance(one, Call) and one.name in _EQUAL:
                        yield from _equated(site, one, inputs)


def _is_said(site: Site, cast: Call) -> bool:
    """Whether somebody wrote it: of others DuckDB tells the place of what they are of."""
    sql = (site.known.sql or "").encode()
    return cast.place is not None and re.match(rb"::|cast\b", sql[cast.place :], flags=re.IGNORECASE) is not None


def _said(site: Site, cast: Call, inputs: Inputs) -> Iterator[Finding]:
    (arg,) = cast.args
    what, to = textual(arg, names_of(inputs)), cast.dtype
    if isinstance(arg, Literal) or not refs(arg):
        return
    if to in WHOLE and _has_fractions(arg.dtype) and not _is_rounded(arg) and not _is_whole(site, arg, inputs):
        message = f"{what} may have a fraction, and is cast to {to}: DuckDB rounds it, other engines cut it off"
        yield site.finding(RULE, cast, message, "say which is meant: round(…), floor(…) or trunc(…), and then cast")
    elif to in _BITS and arg.dtype in WHOLE and (beyond := _beyond(site, arg, to, inputs)) is not None:
        message = f"{what} may be {beyond}, which is no {to}: the query ends there with an error"
        yield site.finding(RULE, cast, message, "cast it to a wider type, or filter what can't be")
    elif to == "TIMESTAMP" and arg.dtype == "TIMESTAMP WITH TIME ZONE":
        message = f"{what} is an instant, and is cast to a time without a zone: it shows the clock of whoever runs it"
        yield site.finding(RULE, cast, message, "name the clock: timezone('UTC', …)")


def _has_fractions(dtype: str) -> bool:
    return dtype in _FLOATS or (dtype.startswith("DECIMAL") and scale_of(dtype) > 0)


def _is_rounded(of: Expression) -> bool:
    match of:
        case Call("cast", (arg,)):
            return _is_rounded(arg)
        case Call(name):
            return name in _ROUNDED
    return False


def _is_whole(site: Site, of: Expression, inputs: Inputs) -> bool:
    sight: Sight[Steps] = site.sight(Resolution.name, *inputs)  # type: ignore[assignment]
    return within(Resolution().of(of, sight), grid(1))


def _beyond(site: Site, of: Expression, to: str, inputs: Inputs) -> Number | None:
    """A value that it may have by what is known of it, and that the type can't hold."""
    sight: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
    about = as_range(Domain().of(of, sight))
    if about is None:
        return None
    most = 2 ** (_BITS[to] - 1)
    ends = [end for end in (about.low, about.high) if end is not None and not -most <= end < most]
    return ends[0] if ends else None


def _equated(site: Site, one: Call, inputs: Inputs) -> Iterator[Finding]:
    """Two columns that DuckDB brings to doubles to compare them: unlike numbers may be equal then, or like ones not."""
    if sum(bool(refs(arg)) for arg in one.args) < 2:
        return
    for arg in one.args:
        match arg:
            case Call("cast", (of,), "DOUBLE") if not _is_said(site, arg) and _loses(site, of, inputs):
                message = f"{textual(of, names_of(inputs))}, {of.dtype}, is compared as a DOUBLE, which isn't exact"
                yield site.finding(RULE, one, message, f"bring the other side to {of.dtype}, and compare these")
                return


def _loses(site: Site, of: Expression, inputs: Inputs) -> bool:
    if of.dtype.startswith("DECIMAL"):
        return scale_of(of.dtype) > 0
    if of.dtype not in {"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"} or not isinstance(of, Ref):
        return False
    sight: Sight[Extent] = site.sight(Domain.name, *inputs)  # type: ignore[assignment]
    about = as_range(Domain().of(of, sight))
    return about is None or about.low is None or about.high is None or max(-about.low, about.high) > _EXACT


def _united(site: Site, union: SetOperation) -> Iterator[Finding]:
    """A key's numbers that stand below doubles become doubles: those above 2⁵³ are one then."""
    for branch in union.branches:
        if not isinstance(branch, Project):
            continue
        keys = _keyed(site, branch)
        for at, output in enumerate(branch.outputs):
            match output:
                case Call("cast", (Ref() as of,), "DOUBLE") if of.at in keys and not _is_said(site, output):
                    if _loses(site, of, (branch.input,)):
                        name = keys[of.at] or union.columns[at].name
                        message = f"{name}, {of.dtype}, stands in one column with DOUBLE, which isn't exact"
                        yield site.finding(RULE, output, message, f"cast the other branch to {of.dtype}")


def _keyed(site: Site, branch: Project) -> Mapping[int, str]:
    """Columns of its input that are part of a key, by their places."""
    keys = site.state(branch.input).dependencies.keys
    return {at: branch.input.columns[at].name for key in keys for at in key}
