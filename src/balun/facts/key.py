"""key: which columns make a row unique, and which follow from which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, islice, product

from balun.facts.dependency import MOST, NOTHING, Dependencies, Pairs, Set
from balun.facts.joined import UNKNOWN, joined
from balun.facts.told import is_told, said, same_as
from balun.relational.expression import Call, Expression, Literal, Ref, conjuncts, refs
from balun.relational.relation import (
    NUMBERS,
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Project,
    Relation,
    SetOperation,
    Sort,
    Unnest,
    Windows,
)

ONE_ROW = Dependencies(keys=frozenset({NOTHING}))

Nulls = Sequence[bool]


def passes(relation: Relation, inputs: Sequence[Dependencies], nulls: Sequence[Nulls]) -> Dependencies:
    """Of a relation, from those of its inputs; a Scan's come from the chain.

    nulls: for each input, whether each of its columns may hold null.
    """
    match relation:
        case Made():
            return _made(relation)
        case Filter():
            return inputs[0].with_follows(said(relation.conditions, inputs[0]))
        case Project():
            return _projected(relation, inputs[0])
        case Join():
            return joined(relation, inputs[0], inputs[1], nulls)
        case Group():
            return _grouped(relation, inputs[0], nulls[0])
        case Windows():
            return _numbered(relation, inputs[0])
        case Unnest():
            told = inputs[0].spelled_out(range(len(nulls[0])))
            return Dependencies(told.follows, numbered=told.numbered)
        case Distinct():
            return _distinct(relation, inputs[0])
        case Limit():
            return inputs[0].with_keys([NOTHING]) if relation.at_most in {0, 1} else inputs[0]
        case Sort():
            return inputs[0]
        case SetOperation():
            return _set(relation, inputs)
    return UNKNOWN


def _made(relation: Made) -> Dependencies:
    if relation.rows is None:
        return UNKNOWN.with_keys([frozenset({0})] if relation.function in NUMBERS and relation.columns else [])
    if len(relation.rows) <= 1:
        return ONE_ROW
    apart = (at for at, column in enumerate(zip(*relation.rows, strict=True)) if _differ(column))
    return UNKNOWN.with_keys(frozenset({at}) for at in apart)


def _differ(values: Sequence[Expression | None]) -> bool:
    """Whether they are constants of one type, each another."""
    told = [one.value for one in values if isinstance(one, Literal) and (one.value is None or _is_plain(one))]
    types = {one.dtype for one in values if isinstance(one, Literal)}
    return len(types) == 1 and len(set(told)) == len(values)


def _projected(relation: Project, known: Dependencies) -> Dependencies:
    found = _computed(relation.outputs, known)
    merged = [key for key in (_coalesced(relation.outputs, pairs) for pairs in known.merged) if key]
    return found.with_keys([*found.keys, *merged])


def _coalesced(outputs: Sequence[Expression], pairs: Pairs) -> Set | None:
    """Where each pair's `coalesce` is put out, as USING of a full join does."""
    places: dict[frozenset[int], int] = {}
    for at, output in enumerate(outputs):
        match output:
            case Call("coalesce", (Ref() as one, Ref() as other)):
                places[frozenset({one.at, other.at})] = at
    wanted = [frozenset(pair) for pair in pairs]
    return frozenset(places[one] for one in wanted) if all(one in places for one in wanted) else None


def _computed(outputs: Sequence[Expression], known: Dependencies) -> Dependencies:
    """What holds among expressions."""
    names: dict[int, tuple[int, ...]] = {}
    computed: list[tuple[int, Expression]] = []
    for at, output in enumerate(outputs):
        kept = same_as(output)
        if kept is not None:
            names[kept] = (*names.get(kept, ()), at)
        elif is_told(output):
            computed.append((at, output))
    found = known.renamed(names)
    counts = frozenset((one, of) for one, of in found.numbered if isinstance(outputs[one], Ref))
    more = [(new, at) for at, output in computed for new in _named(known, refs(output), names)]
    copies = [(frozenset({one}), other) for same in names.values() for one in same for other in same if one != other]
    return replace(found, numbered=counts).with_follows([*more, *copies])


def _named(known: Dependencies, of: Set, names: Mapping[int, tuple[int, ...]]) -> list[Set]:
    bare = Dependencies(known.follows, frozenset({of}))
    return list(bare.renamed(names).keys)


def _grouped(relation: Group, known: Dependencies, nulls: Nulls) -> Dependencies:
    if len(relation.sets) == 1 and not relation.keys:
        return ONE_ROW
    width = len(relation.keys)
    whole = frozenset(range(width))
    if relation.sets == (tuple(range(width)),):
        kept = _computed(relation.keys, known)
        rest = {(whole, at) for at in range(width, len(relation.columns))}
        return kept.with_follows(rest).with_keys([whole, *kept.keys])
    apart = len({frozenset(one) for one in relation.sets}) == len(relation.sets)
    never_null = all(isinstance(key, Ref) and not nulls[key.at] for key in relation.keys)
    return UNKNOWN.with_keys([whole] if apart and never_null else [])


def _numbered(relation: Windows, known: Dependencies) -> Dependencies:
    width = len(relation.columns) - len(relation.windows)
    counts = [
        (width + at, one.partition)
        for at, one in enumerate(relation.windows)
        if one.name == "row_number" and not one.arg_order and all(map(is_told, one.partition))
    ]
    keys = [frozenset({at}).union(*map(refs, partition)) for at, partition in counts]
    plain = {
        (at, frozenset(one.at for one in partition if isinstance(one, Ref)))
        for at, partition in counts
        if all(isinstance(one, Ref) for one in partition)
    }
    return replace(known, numbered=known.numbered | plain).with_keys([*known.keys, *keys])


def _distinct(relation: Distinct, known: Dependencies) -> Dependencies:
    if relation.on is None:
        return known.with_keys([*known.keys, frozenset(range(len(relation.columns)))])
    if all(map(is_told, relation.on)):
        return known.with_keys([*known.keys, frozenset().union(*map(refs, relation.on))])
    return known


def _set(relation: SetOperation, inputs: Sequence[Dependencies]) -> Dependencies:
    whole = [] if relation.all else [frozenset(range(len(relation.columns)))]
    match relation.kind:
        case "union":
            return _union(relation, inputs).with_keys(whole) if whole else _union(relation, inputs)
        case "intersect":
            held = inputs[0].with_follows(inputs[1].follows)
            return held.with_keys([*held.keys, *inputs[1].keys, *whole])
    return inputs[0].with_keys([*inputs[0].keys, *whole])


def _union(relation: SetOperation, inputs: Sequence[Dependencies]) -> Dependencies:
    """Where a column tells the branches apart, what holds in each holds of all, with that column."""
    tags = (at for at in range(len(relation.columns)) if _apart([_constant(one, at) for one in relation.branches]))
    tag = next(tags, None)
    if tag is None:
        return UNKNOWN
    follows = {(of | {tag}, one) for each in inputs for of, one in each.follows}
    held = [(of, one) for of, one in follows if all(one in each.closure(of) for each in inputs)]
    keys = (frozenset({tag}).union(*chosen) for chosen in islice(product(*(each.keys for each in inputs)), MOST))
    return UNKNOWN.with_follows(held).with_keys(keys)


def _apart(constants: Sequence[Literal | None]) -> bool:
    told = [one for one in constants if one is not None and _is_plain(one)]
    differ = all(one.value != other.value and one.dtype == other.dtype for one, other in combinations(told, 2))
    return differ and len(told) == len(constants)


def _is_plain(of: Literal) -> bool:
    """Whether another constant of its type is another value: an instant may be written in many ways."""
    return isinstance(of.value, int) or (isinstance(of.value, str) and of.dtype in {"VARCHAR", "DATE"})


def _constant(relation: Relation, at: int) -> Literal | None:
    """The one value of a column, where the SQL says it."""
    match relation:
        case Project():
            output = relation.outputs[at]
            if isinstance(output, Ref):
                return _constant(relation.input, output.at)
            return output if isinstance(output, Literal) else None
        case Filter():
            return _equalled(relation.conditions, at) or _constant(relation.input, at)
        case Sort() | Limit() | Distinct():
            return _constant(relation.input, at)
    return None


def _equalled(conditions: Iterable[Expression], at: int) -> Literal | None:
    for part in (part for condition in conditions for part in conjuncts(condition)):
        match part:
            case Call("=", (Ref(at=one), Literal() as told) | (Literal() as told, Ref(at=one))) if one == at:
                return told
    return None
