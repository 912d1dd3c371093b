"""available: when the values of a table can first be known, as SQL over the table's own columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from balun.chain.link import LinkTable
from balun.chain.table import AnyTable, OpaqueTable, PythonTable, Table
from balun.facts.dtype import Binder
from balun.facts.time_text import bound, columns_in, identifier, null_of_nulls, rewritten
from balun.facts.waiting import Leaf, Read, UnfollowableError, Wait, Waitings, Waits, waiting
from balun.finding import Finding
from balun.relational.expression import Expression, Ref, moved
from balun.relational.relation import Project, Relation, Scan, SetOperation

Part = tuple[str, ...]
Schema = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Lost:
    """A column, or with None the row, that is known late, though the table can't say when.

    parent: the event or table whose availability was lost, and its `expression`.
    missing: the parent's columns that the table would have to carry; empty where `reason` says what is in the way.
    """

    column: str | None
    parent: str
    expression: str
    missing: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Availability:
    """row: when a row can first be known; None: at its own time. columns: those that are known later than their row.

    A null means never. What follows from SQL counts the row's own in with each of `columns`.
    lost: what no expression could be found for; it is not to be used before somebody declares it.
    parts: by column, None for the row: times that all must have passed, each with its other spellings.
    """

    row: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()
    parts: Mapping[str | None, tuple[Part, ...]] = field(default_factory=dict)

    def of(self, column: str) -> str | None:
        """When a column's value can first be known; None: at the row's own time."""
        return self.columns.get(column, self.row)

    def is_lost(self, column: str) -> bool:
        return any(lost.column in (None, column) for lost in self.lost)

    def parts_of(self, column: str | None) -> tuple[Part, ...]:
        if column in self.parts:
            return self.parts[column]
        text = self.row if column is None else self.columns.get(column)
        return ((text,),) if text else ()


def latest(expressions: Iterable[str]) -> str | None:
    """The latest of these times; null where one is null, which DuckDB's `greatest` would skip.

    >>> latest(["a"]), latest([])
    ('a', None)
    >>> latest(["a", "b"])
    'CASE WHEN (a) IS NOT NULL AND (b) IS NOT NULL THEN greatest(a, b) END'
    """
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) < 2:
        return distinct[0] if distinct else None
    known = " AND ".join(f"({one}) IS NOT NULL" for one in distinct)
    return f"CASE WHEN {known} THEN greatest({', '.join(distinct)}) END"


def late_check_sql(expression: str, at: str) -> str:
    """An aggregate: how many rows have a value that isn't known by `at`; both are SQL over the same relation.

    >>> late_check_sql("left_gate", "at")
    'count(*) FILTER (WHERE (left_gate) IS NULL OR (left_gate) > (at))'
    """
    return f"count(*) FILTER (WHERE ({expression}) IS NULL OR ({expression}) > ({at}))"


def availability(
    table: AnyTable,
    schema: Schema,
    parents: Mapping[str, Availability],
    *,
    relation: Relation | None = None,
    ats: Mapping[str, str | None] | None = None,
) -> Availability:
    """What the table declares, else what follows from its SQL and its parents.

    schema: each parent's columns and types. relation: of the table's SQL; bound here if not given.
    ats: the column with each parent's own time; where rows of one without an availability are put together, as in an
    aggregate, the whole is known when the last of them is.
    """
    times = {parent: at for parent, at in (ats or {}).items() if at and parent in schema}
    if not times and not any(_says_anything(known) for known in parents.values()):
        return _declared(table, Availability(), ())
    if isinstance(table, PythonTable | OpaqueTable):
        why = unfollowed(table)
        found = _unfollowed(parents, why)
        return _declared(table, found, [name for name, _ in table.columns])
    relation = relation or _bound(table, schema)
    found = _derived(schema, parents, relation, times)
    return _declared(table, found, [one.name for one in relation.columns])


def unfollowed(table: PythonTable | OpaqueTable) -> str:
    """Why nobody looks into how a table is made."""
    if isinstance(table, LinkTable):
        return "who a record belongs to hangs on all of them"
    return "a Python function can't be followed" if isinstance(table, PythonTable) else table.reason


def lost_findings(table: AnyTable, found: Availability) -> list[Finding]:
    """One for each column that is lost, or one for the row."""
    return [_finding(table, lost) for lost in found.lost]


def _finding(table: AnyTable, lost: Lost) -> Finding:
    what = f"{table.name}.{lost.column}" if lost.column else f"a row of {table.name}"
    known = f"`{lost.expression}` of {lost.parent}" if lost.expression else f"a time that {lost.parent} lost"
    if lost.missing:
        carried = " and ".join(f"{lost.parent}.{column}" for column in lost.missing)
        why, mend = f"{table.name} doesn't carry {carried}", f"add {carried} to the SELECT, or "
    else:
        why, mend = lost.reason, ""
    declare = f"declare `available: {{{lost.column or 'COLUMN'}: …}}`" + ("" if lost.column else " for each column")
    message = f"{what} is known only at {known}, and {why}"
    return Finding("availability-lost", table.place, message, mend=mend + declare, owner=table.owner)


def _says_anything(known: Availability) -> bool:
    return bool(known.row or known.columns or known.lost)


def _bound(table: Table, schema: Schema) -> Relation:
    with Binder() as binder:
        for parent, columns in schema.items():
            binder.bind_declared(parent, columns.items(), table.place)
        return binder.relation(table.sql, binder.bind_select(table.sql, table.place))


def _derived(
    schema: Schema, parents: Mapping[str, Availability], relation: Relation, ats: Mapping[str, str]
) -> Availability:
    try:
        return _Known(schema, parents, ats).of(relation, [one.name for one in relation.columns])
    except UnfollowableError as exc:
        return _unfollowed(parents, f"its SQL can't be followed: it holds {exc}")


def _unfollowed(parents: Mapping[str, Availability], reason: str) -> Availability:
    for parent, known in parents.items():
        if _says_anything(known):
            expression = known.row or next(iter(known.columns.values()), "")
            return Availability(lost=(Lost(None, parent, expression, reason=reason),))
    return Availability()


def _declared(table: AnyTable, found: Availability, names: Sequence[str]) -> Availability:
    """A declared column wins; a lost row is made good when every column but the key and the time is declared."""
    own = dict(table.available)
    if not own:
        return found
    given = {name.lower() for name in (*own, *table.key, *([table.at] if table.at else []))}
    row_made_good = all(name.lower() in given for name in names)
    mine = {name.lower() for name in own}
    lost = tuple(one for one in found.lost if not (row_made_good if one.column is None else one.column.lower() in mine))
    columns = {name: text for name, text in found.columns.items() if name.lower() not in mine} | own
    parts = {name: part for name, part in found.parts.items() if name is None or name.lower() not in mine}
    return replace(found, columns=columns, lost=lost, parts=parts | {name: ((text,),) for name, text in own.items()})


@dataclass(frozen=True)
class _Out:
    """An output that holds, row by row, a place of a leaf."""

    name: str
    extended: bool


_Outs = Mapping[tuple[Read, Expression], _Out]
_Times = dict[Part, None]


@dataclass
class _Known:
    schema: Schema
    parents: Mapping[str, Availability]
    ats: Mapping[str, str]
    _unions: dict[int, Availability] = field(default_factory=dict)

    def of(self, relation: Relation, names: Sequence[str]) -> Availability:
        relation = _bare(relation)
        if isinstance(relation, SetOperation) and relation.kind == "union":
            return self._union(relation, names)
        found = waiting(relation)
        outs = _outs(found, names)
        row, row_lost = self._times(found.rows, outs, None)
        if row_lost:
            return Availability(lost=(row_lost[0],))
        return self._columns(found, outs, names, row)

    def _columns(self, found: Waitings, outs: _Outs, names: Sequence[str], row: _Times) -> Availability:
        columns: dict[str, str] = {}
        parts: dict[str | None, tuple[Part, ...]] = {None: tuple(row)}
        lost: list[Lost] = []
        for name, one in zip(names, found.columns, strict=True):
            own, own_lost = self._times(one.waits, outs, name)
            lost += own_lost[:1]
            parts[name] = tuple(row | own)
            if not own_lost and own.keys() - row.keys():
                columns[name] = latest(part[0] for part in parts[name]) or ""
        return Availability(latest(part[0] for part in row), columns, tuple(lost), parts)

    def _times(self, waits: Waits, outs: _Outs, column: str | None) -> tuple[_Times, list[Lost]]:
        times: _Times = {}
        lost: dict[Lost, None] = {}
        for wait in sorted(waits, key=_order):
            for part in self._parts(wait):
                found = () if wait.rivals else self._said(part, wait, outs)
                if found:
                    times[found] = None
                else:
                    lost[self._lost(part, wait, outs, column)] = None
            if self._leaf(wait.leaf).is_lost(_spelt(wait) or ""):
                reason = "that time is not known there"
                lost[Lost(column, _name(wait.leaf), "", reason=reason)] = None
        return times, list(lost)

    def _parts(self, wait: Wait) -> tuple[Part, ...]:
        known = self._leaf(wait.leaf)
        if wait.rivals and not wait.extended and _spelt(wait) not in known.columns:
            return ()
        parts = known.parts_of(_spelt(wait)) or known.parts_of(None)
        if not parts and wait.groups and _name(wait.leaf) in self.ats:
            return ((identifier(self.ats[_name(wait.leaf)]),),)
        return parts

    def _said(self, part: Part, wait: Wait, outs: _Outs) -> Part:
        """Its spellings in outputs; empty where there are none. A column that holds the time itself comes first."""
        whole, rebuilt = [], []
        for text in part:
            value = None if wait.groups else self._value(text, wait.leaf)
            out = outs.get((wait.read, value)) if value is not None else None
            if out is not None and self._holds(text, wait, out.extended):
                whole.append(identifier(out.name))
            found = self._rebuilt(text, wait, outs)
            if found:
                rebuilt.append(found)
        return tuple(dict.fromkeys([*whole, *rebuilt]))

    def _rebuilt(self, text: str, wait: Wait, outs: _Outs) -> str | None:
        needed = columns_in(text)
        places = _places(wait.leaf)
        if needed is None or not needed <= places.keys():
            return None
        if any((wait.read, places[name]) not in constant for constant in wait.groups for name in needed):
            return None
        found = {name: outs.get((wait.read, _copy(wait.leaf, places[name]))) for name in needed}
        if not all(found.values()) or not self._holds(text, wait, any(out.extended for out in found.values() if out)):
            return None
        return rewritten(text, {name: out.name for name, out in found.items() if out})

    def _value(self, text: str, leaf: Leaf) -> Expression | None:
        """It as an expression over the leaf's columns."""
        needed, places = columns_in(text), _places(leaf)
        if needed is None or not needed <= places.keys():
            return None
        types = self._types(leaf, needed)
        found = bound(text, types)
        at = [places[name.lower()] for name, _ in types]
        return None if found is None else moved(found, lambda ref: Ref(at[ref.at], ref.dtype))

    def _types(self, leaf: Leaf, needed: frozenset[str]) -> tuple[tuple[str, str], ...]:
        if isinstance(leaf, Scan):
            types: Iterable[tuple[str, str]] = self.schema.get(leaf.parent, {}).items()
        else:
            types = ((one.name, one.dtype) for one in leaf.columns)
        return tuple((name, dtype) for name, dtype in types if name.lower() in needed)

    def _holds(self, text: str, wait: Wait, extended: bool) -> bool:
        """Where an outer join found no row, the time must be null: nobody knows when no row came."""
        if not (wait.extended or extended):
            return True
        return null_of_nulls(text, self._types(wait.leaf, columns_in(text) or frozenset()))

    def _lost(self, part: Part, wait: Wait, outs: _Outs, column: str | None) -> Lost:
        needed, places = columns_in(part[0]) or frozenset(), _places(wait.leaf)
        spelt = {name.lower(): name for name, _ in self._types(wait.leaf, needed)}
        missing = tuple(
            sorted(
                spelt.get(name, name)
                for name in needed
                if name not in places or (wait.read, _copy(wait.leaf, places[name])) not in outs
            )
        )
        if wait.rivals:
            reason = "till then its row is taken for one without a value, and may come before others"
            return Lost(column, _name(wait.leaf), part[0], reason=reason)
        if wait.groups:
            return Lost(
                column, _name(wait.leaf), part[0], reason="it is made of many rows: it is known with the last of them"
            )
        reason = "" if missing else "that time isn't null where the outer join finds no row"
        return Lost(column, _name(wait.leaf), part[0], missing, reason)

    def _leaf(self, leaf: Leaf) -> Availability:
        if isinstance(leaf, Scan):
            return self.parents.get(leaf.parent, Availability())
        if id(leaf) not in self._unions:
            self._unions[id(leaf)] = self._union(leaf, [one.name for one in leaf.columns])
        return self._unions[id(leaf)]

    def _union(self, union: SetOperation, names: Sequence[str]) -> Availability:
        """What all branches say alike."""
        if len(set(names)) != len(names):
            raise UnfollowableError("a UNION with two columns of one name")
        branches = [self.of(branch, names) for branch in union.branches]
        lost = tuple(dict.fromkeys(one for branch in branches for one in branch.lost))
        rows = {branch.row for branch in branches}
        if len(rows) > 1:
            expression = next(row for row in rows if row)
            return Availability(lost=(Lost(None, "a branch", expression, reason=_UNLIKE), *lost))
        columns: dict[str, str] = {}
        for name in names:
            texts = {branch.of(name) for branch in branches}
            if len(texts) > 1:
                lost += (Lost(name, "a branch", next(text for text in texts if text), reason=_UNLIKE),)
            elif name in branches[0].columns:
                columns[name] = branches[0].columns[name]
        return Availability(branches[0].row, columns, lost, branches[0].parts)


_UNLIKE = "the branches of its UNION are known at different times"


def _bare(relation: Relation) -> Relation:
    """Without steps that only name columns."""
    while isinstance(relation, Project) and len(relation.outputs) == len(relation.input.columns):
        if any(not isinstance(one, Ref) or one.at != at for at, one in enumerate(relation.outputs)):
            break
        relation = relation.input
    return relation


def _outs(found: Waitings, names: Sequence[str]) -> _Outs:
    """The first output of each value of a leaf's row.

    A copy under the parent's own name is preferred, so that expressions stay as they are.
    """
    outs: dict[tuple[Read, Expression], _Out] = {}
    for name, one in zip(names, found.columns, strict=True):
        same = one.same
        if same is None:
            continue
        value = (same.read, same.value)
        own = isinstance(same.value, Ref) and same.leaf.columns[same.value.at].name.lower() == name.lower()
        if own or value not in outs:
            outs[value] = _Out(name, same.extended)
    return outs


def _places(leaf: Leaf) -> Mapping[str, int]:
    return {one.name.lower(): at for at, one in enumerate(leaf.columns)}


def _copy(leaf: Leaf, at: int) -> Expression:
    return Ref(at, leaf.columns[at].dtype)


def _order(wait: Wait) -> tuple[object, ...]:
    return (
        wait.read,
        _spelt(wait) or "",
        len(wait.groups),
        sorted(map(sorted, wait.groups)),
        wait.extended,
        wait.rivals,
    )


def _spelt(wait: Wait) -> str | None:
    return None if wait.at is None else wait.leaf.columns[wait.at].name


def _name(leaf: Leaf) -> str:
    return leaf.parent if isinstance(leaf, Scan) else "the UNION"
