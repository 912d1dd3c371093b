"""Two chains side by side: what each node's rows and columns differ in, from the contracts down to the corpora."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from balun.chain.contract import Contract
from balun.chain.corpus import Corpus
from balun.chain.link import LinkTable
from balun.chain.point_in_time.expression import read_expression
from balun.chain.sql_table import canonical
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.difference.delta import OTHER, SAME, Delta, Retyped, Same, Swapped
from balun.difference.lockstep import Lockstep
from balun.difference.passage import is_number
from balun.difference.rows import Difference, Rows
from balun.facts.known import Chain, Known
from balun.facts.nullable import Nullable
from balun.facts.propagate import states_of
from balun.facts.supply import EXAMPLE
from balun.relational.normal import MOST, normal, size
from balun.relational.relation import Scan


@dataclass
class Differences:
    """nodes: of each of the chain after that can be built, by its id, as `Chain.nodes` has them; columns as there.

    late: corpora whose labels are known at other times. failing: nodes that may meet text that they can't cast.
    """

    before: Chain
    after: Chain
    captured: Mapping[str, Difference]
    nodes: dict[str, Difference] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)

    def column(self, id_: str, name: str) -> Delta | None:
        """Of a column that stood before; None where it is gone."""
        found, known = self.nodes[id_], self.before.nodes[id_]
        at = _place(known, name)
        return next((delta for delta, origin in zip(found.deltas, found.origins, strict=True) if origin == at), None)


def differences(before: Chain, after: Chain, captured: Mapping[str, Difference]) -> Differences:
    """captured: of events whose rows change, by node id; other events are as before where their contracts are."""
    found = Differences(before, after, captured)
    for id_, known in after.nodes.items():
        found.nodes[id_] = _node(found, id_, known) if id_ in before.nodes else _new(len(known.columns))
    return found


def _new(width: int) -> Difference:
    return Difference(tuple(OTHER for _ in range(width)), tuple(None for _ in range(width)), Rows.OTHER, in_order=False)


def _node(found: Differences, id_: str, known: Known) -> Difference:
    node = found.after.node(id_)
    match node.declared:
        case Contract():
            return found.captured.get(id_) or _by_names(found.before.nodes[id_], known)
        case LinkTable() as link:
            return _linked(found, id_, link, node.parents)
        case PythonTable() | OpaqueTable() as table:
            return _opaque(found, id_, table, node.parents)
        case Table():
            return _typed(found, id_, _selected(found, id_))
        case Corpus() as corpus if id_.startswith("examples:"):
            return _examples(found, id_, corpus)
        case Corpus() as corpus:
            return _corpus(found, id_, corpus)
    return _typed(found, id_, _feature(found, id_))


def _by_names(before: Known, after: Known) -> Difference:
    """Columns of the same name are the same."""
    names = [name.lower() for name in before.columns]
    origins = tuple(names.index(name.lower()) if name.lower() in names else None for name in after.columns)
    return Difference(tuple(OTHER if one is None else SAME for one in origins), origins)


def _place(known: Known, name: str) -> int | None:
    names = [one.lower() for one in known.columns]
    return names.index(name.lower()) if name.lower() in names else None


def _typed(found: Differences, id_: str, of: Difference) -> Difference:
    """Equal values of two types aren't the same."""
    before, after = found.before.supply.columns.get(id_), found.after.supply.columns.get(id_)
    if (
        before is None
        or after is None
        or (list(before) == list(after) and list(before.values()) == list(after.values()))
    ):
        return of
    old, new = list(before.values()), list(after.values())
    deltas = list(of.deltas)
    for at, (delta, origin) in enumerate(zip(of.deltas, of.origins, strict=True)):
        if (
            isinstance(delta, Same)
            and origin is not None
            and origin < len(old)
            and at < len(new)
            and old[origin] != new[at]
        ):
            deltas[at] = Retyped(numbers=True) if is_number(old[origin], new[at]) else OTHER
    return replace(of, deltas=tuple(deltas))


# -- tables


def _opaque(found: Differences, id_: str, table: PythonTable | OpaqueTable, parents: tuple[str, ...]) -> Difference:
    """Made of all that it is given, nobody knows how; what can't be read may be made otherwise, and look the same."""
    was = found.before.node(id_).declared
    same = was is table
    if isinstance(was, PythonTable) and isinstance(table, PythonTable):
        same = (was.code, was.columns) == (table.code, table.columns)
    given = [found.nodes[parent] for parent in parents]
    whole = all(parent in found.before.nodes and _untouched(found, parent) for parent in parents)
    names = _by_names(found.before.nodes[id_], found.after.nodes[id_])
    if same and whole and all(one.is_same and one.in_order for one in given):
        return names
    return replace(names, deltas=tuple(OTHER for _ in names.deltas), rows=Rows.OTHER, in_order=False)


def _linked(found: Differences, id_: str, link: LinkTable, parents: tuple[str, ...]) -> Difference:
    """As before where all that it looks at is, in any order of the rows."""
    was = found.before.node(id_).declared
    alike = isinstance(was, LinkTable) and (was.code, was.columns) == (link.code, link.columns)
    names = _by_names(found.before.nodes[id_], found.after.nodes[id_])
    if alike and all(_seen_alike(found, link, side, parent) for side, parent in enumerate(parents)):
        return _typed(found, id_, names)
    return replace(names, deltas=tuple(OTHER for _ in names.deltas), rows=Rows.OTHER, in_order=False)


def _seen_alike(found: Differences, link: LinkTable, side: int, parent: str) -> bool:
    if parent not in found.before.nodes or found.nodes[parent].rows is not Rows.ALIKE:
        return False
    seen = [name for name in found.before.nodes[parent].columns if link.looks_at(side, name)]
    if found.before.supply.key(parent) != found.after.supply.key(parent):
        return False
    types = [chain.supply.columns[parent] for chain in (found.before, found.after)]
    alike = all(one.get(name) == types[0].get(name) for one in types for name in seen)
    return alike and all(isinstance(found.column(parent, name), Same) for name in seen)


def _untouched(found: Differences, id_: str) -> bool:
    return found.before.nodes[id_].columns == found.after.nodes[id_].columns


def _selected(found: Differences, id_: str) -> Difference:
    """Of a SELECT's outputs, by their names."""
    before, after = found.before.nodes[id_], found.after.nodes[id_]
    alike = _reads_alike(before, after)
    if alike and all(_passes(found, parent) for parent in found.after.node(id_).parents):
        return _by_names(before, after)
    return _stored(found, id_, _walked(found, id_, alike=alike))


def _reads_alike(before: Known, after: Known) -> bool:
    """Whether the SQL differs in layout at most."""
    return before.sql == after.sql or canonical(before.sql or "") == canonical(after.sql or "")


def _passes(found: Differences, parent: str) -> bool:
    """Whether a parent is just what it was."""
    of = found.nodes.get(parent)
    return of is not None and of.is_same and of.in_order and parent in found.before.nodes and _untouched(found, parent)


def _stored(found: Differences, id_: str, of: Difference) -> Difference:
    """A table's rows are written in the order of its key, then of its other columns."""
    declared = found.after.node(id_).declared
    key = [name.lower() for name in declared.key] if isinstance(declared, Table) else []
    names = [name.lower() for name in found.after.nodes[id_].columns]
    told = [delta for name, delta in zip(names, of.deltas, strict=True) if not key or name in key]
    as_many = bool(key) or _untouched(found, id_)
    in_order = of.rows is Rows.ALIKE and as_many and all(isinstance(one, Same) for one in told)
    return replace(of, in_order=in_order)


def _walked(found: Differences, id_: str, *, alike: bool, firm: bool = False) -> Difference:
    """alike: the SQL is the same. firm: rows come in an order that is told by what a feature breaks ties by."""
    before, after = found.before.nodes[id_], found.after.nodes[id_]
    best = _aligned(_lockstep(found, id_, firm=firm, alike=alike), before, after)
    if not alike and not best.is_same:
        other = _aligned(_lockstep(found, id_, firm=firm, joins=True), before, after)
        best = other if _badness(other) < _badness(best) else best
    return best


def _badness(of: Difference) -> tuple[int, int]:
    return of.rows, sum(not isinstance(one, Same) for one in of.deltas)


def _lockstep(found: Differences, id_: str, *, firm: bool, alike: bool = False, joins: bool = False) -> Difference:
    relations = found.before.nodes[id_].relation, found.after.nodes[id_].relation
    before, after = (normal(one, joins=joins) if one and size(one) < MOST else one for one in relations)
    assert before is not None
    assert after is not None
    was, now = states_of(before, found.before.scanned), states_of(after, found.after.scanned)
    walk = Lockstep(lambda one, other: _scanned(found, one, other, firm=firm), was, now, alike, firm)
    of = walk.of(before, after)
    if walk.may_fail(before, after):
        found.failing.add(id_)
    return of


def _aligned(of: Difference, before: Known, after: Known) -> Difference:
    """With outputs told by their names in place of where they stood."""
    shift = len(before.columns) - (len(before.relation.columns) if before.relation else 0)
    names = [name.lower() for name in before.columns]
    width = len(of.deltas)
    deltas: list[Delta] = []
    origins: list[int | None] = []
    for at, name in enumerate(after.columns[len(after.columns) - width :]):
        origin = names.index(name.lower()) if name.lower() in names else None
        same = origin is not None and of.origins[at] == origin - shift
        deltas.append(of.deltas[at] if same else OTHER)
        origins.append(origin)
    return Difference(tuple(deltas), tuple(origins), of.rows, of.in_order, of.lost)


def _scanned(found: Differences, before: Scan, after: Scan, *, firm: bool) -> Difference:
    """What a Scan reads of its parent. firm: ties among its rows are broken by its key, or else by all its columns."""
    id_, old_id = found.after.read(after.parent), found.before.read(before.parent)
    if id_ is None or old_id != id_:
        return _new(len(after.columns))
    of, known, old = found.nodes[id_], found.after.nodes[id_], found.before.nodes[id_]
    read = [one.name.lower() for one in before.columns]
    deltas: list[Delta] = []
    origins: list[int | None] = []
    for column in after.columns:
        at = _place(known, column.name)
        origin = of.origins[at] if at is not None else None
        name = old.columns[origin].lower() if origin is not None else ""
        deltas.append(of.deltas[at] if at is not None else _number(of))
        origins.append(read.index(name) if name in read else None)
    rows = of.rows
    in_order = of.in_order
    if firm:
        in_order = rows is Rows.ALIKE and _ties(found, id_, of)
    if id_.startswith("examples:"):
        deltas = [SAME if one.name == EXAMPLE else delta for one, delta in zip(after.columns, deltas, strict=True)]
        rows = Rows.ALIKE  # each example is told by its number
        in_order = True
    places = [_place(known, column.name) for column in after.columns]
    lost = frozenset((at, value) for at, place in enumerate(places) for one, value in of.lost if one == place)
    return Difference(tuple(deltas), tuple(origins), rows, in_order, lost)


def _number(of: Difference) -> Delta:
    """Of the number of a row, which is read where no column is needed."""
    return SAME if of.rows is Rows.ALIKE and of.in_order else OTHER


def _ties(found: Differences, id_: str, of: Difference) -> bool:
    declared = found.after.graph.nodes[id_].declared if id_ in found.after.graph.nodes else None
    key = {name.lower() for name in declared.key} if isinstance(declared, Contract | AnyTable) else set()
    names = [name.lower() for name in found.after.nodes[id_].columns]
    told = [delta for name, delta in zip(names, of.deltas, strict=True) if not key or name in key]
    return (bool(key) or _untouched(found, id_)) and all(isinstance(one, Same) for one in told)


# -- corpora


def _examples(found: Differences, id_: str, corpus: Corpus) -> Difference:
    before, after = found.before.nodes[id_], found.after.nodes[id_]
    was = found.before.node(id_).declared
    assert isinstance(was, Corpus)
    alike = _reads_alike(before, after)
    parents = [parent for parent in found.after.node(id_).parents if not parent.startswith("feature:")]
    if alike and was.at == corpus.at and all(_passes(found, parent) for parent in parents):
        return _by_names(before, after)
    own = _walked(found, id_, alike=alike)
    whole = own.rows is Rows.ALIKE and all(isinstance(one, Same) for one in own.deltas) and _untouched(found, id_)
    deltas, origins = (SAME if whole else OTHER, *own.deltas), (0, *own.origins)
    numbered = Difference(deltas, origins, own.rows, whole, frozenset((at + 1, value) for at, value in own.lost))
    return _typed(found, id_, numbered)


def _feature(found: Differences, id_: str) -> Difference:
    """A value of each example, made of the rows that it could know."""
    before, after = found.before.nodes[id_], found.after.nodes[id_]
    examples = f"examples:{id_.split('@', 1)[1]}"
    of = found.nodes[examples]
    parent = found.after.node(id_).parents[0]
    alike = before.sql == after.sql
    if alike and _passes(found, parent) and _passes(found, examples) and not _waits_otherwise(found, id_, parent):
        return _by_names(before, after)
    walked = _walked(found, id_, alike=alike, firm=True)
    if walked.rows is not Rows.ALIKE or _waits_otherwise(found, id_, parent):
        walked = replace(walked, deltas=(SAME, *(OTHER for _ in walked.deltas[1:])))
    return replace(walked, rows=of.rows, in_order=of.in_order)


def _waits_otherwise(found: Differences, id_: str, parent: str) -> bool:
    """Whether what a feature reads is known at other times."""
    known = [chain.supply.available[parent] for chain in (found.before, found.after) if parent in chain.nodes]
    if len(known) < 2:
        return True
    if known[0] == known[1] and _passes(found, parent):
        return False
    flow = found.after.nodes[id_].flow
    assert flow is not None
    name = found.after.graph.nodes[parent].name
    read = {one.column for one in frozenset().union(flow.rows, *flow.columns) if one.parent == name}
    for column in (None, *read):
        told = [one.row if column is None else one.of(column) for one in known]
        if told[0] != told[1]:
            return True
        if told[1] and not _same_columns(found, parent, told[1]):
            return True
    return False


def _same_columns(found: Differences, id_: str, sql: str) -> bool:
    types = found.after.supply.columns[id_]
    known, of = found.after.nodes[id_], found.nodes[id_]
    places = [_place(known, name) for name in read_expression(sql, types).columns]
    return all(at is not None and isinstance(of.deltas[at], Same) for at in places)


def _corpus(found: Differences, id_: str, corpus: Corpus) -> Difference:
    """The examples that have a label, with their features beside them."""
    examples = f"examples:{corpus.name}"
    parts = [examples, *(f"feature:{part}@{corpus.name}" for part in corpus.features if isinstance(part, str))]
    places = {name.lower(): at for at, name in enumerate(found.before.nodes[id_].columns)}
    deltas: list[Delta] = []
    rows = Rows.ALIKE
    for part in parts:
        of = found.nodes[part]
        deltas += of.deltas if part == examples else of.deltas[1:]
        rows = max(rows, of.rows)
    origins = tuple(places.get(name.lower()) for name in found.after.nodes[id_].columns)
    place = _place(found.after.nodes[id_], corpus.label) or 0
    label = deltas[place]
    if rows is Rows.FEWER and (place, None) in found.nodes[examples].lost:
        rows = Rows.ALIKE
    if label.nulls and any(_may_be_null(chain, examples, corpus.label) for chain in (found.before, found.after)):
        fewer = isinstance(label, Swapped) and label.to == frozenset({None})
        rows = max(rows, Rows.FEWER if fewer else Rows.OTHER)
    if _label_known_otherwise(found, id_, corpus):
        found.late.add(id_)
    return Difference(tuple(deltas), origins, rows, in_order=False)


def _may_be_null(chain: Chain, id_: str, name: str) -> bool:
    at = _place(chain.nodes[id_], name)
    return at is None or bool(chain.nodes[id_].out.values[Nullable.name][at])


def _label_known_otherwise(found: Differences, id_: str, corpus: Corpus) -> bool:
    was, now = (chain.supply.label_known[id_] for chain in (found.before, found.after))
    if was != now:
        return True
    return now is not None and not _same_columns(found, f"examples:{corpus.name}", now)
