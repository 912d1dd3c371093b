"""Two relations walked side by side: how the rows and columns of the one after stand to those of the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeVar

from balun.difference.alike import all_same, frames_alike, kept_by, orders_alike, sorts_alike
from balun.difference.delta import OTHER, SAME, Delta, Other, Same, either, is_apart
from balun.difference.passage import (
    Columns,
    aggregated,
    decides_the_same,
    is_told,
    meets_another,
    text_casts,
)
from balun.difference.rows import Difference, Rows, as_before, found_again, kept_rows, lost_in, unlike, unordered
from balun.facts.joined import equal_columns
from balun.facts.nullable import COUNTS, NUMBERED
from balun.facts.propagate import State
from balun.facts.view import computed_by
from balun.relational.expression import Aggregate, Expression, Ref, Window, refs
from balun.relational.relation import (
    Distinct,
    Filter,
    Group,
    Join,
    Limit,
    Made,
    Project,
    Relation,
    Scan,
    SetOperation,
    Sort,
    Unknown,
    Unnest,
    Windows,
    inputs,
    ordered,
)

Given = Callable[[Scan, Scan], Difference]
# Of a group's or frame's rows these take one by the order in which they come.
_BY_ORDER = frozenset({
    "first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "group_concat", "mode", "arg_min",
    "arg_max", "min_by", "max_by", "arg_min_null", "arg_max_null", "first_value", "last_value", "nth_value", "lag",
    "lead", "row_number", "ntile", "histogram", "reservoir_quantile", "approx_top_k",
})  # fmt: skip
_BLIND = NUMBERED | {"count_star"}
C = TypeVar("C", Aggregate, Window)


@dataclass(frozen=True)
class Lockstep:
    """given: of what the chain supplies. before, after: states of all relations of both, by identity.

    alike: both are of the same SQL, so that what isn't understood of it is the same too.
    firm: rows that are joined come in the order of the sides; DuckDB promises no order, a feature's meaning does.
    found: of each relation after, by identity.
    """

    given: Given
    before: Mapping[int, State]
    after: Mapping[int, State]
    alike: bool
    firm: bool = False
    found: dict[int, Difference] = field(default_factory=dict)

    def of(self, before: Relation, after: Relation) -> Difference:
        found = self._of(before, after)
        self.found[id(after)] = found
        return found

    def may_fail(self, before: Relation, after: Relation) -> bool:
        """Whether the query may end at values that it couldn't meet before: at a text that is cast to something else,
        as it is written, or as the binder does where a type changed on one side of a comparison.
        """
        casts = [
            (cast, columns)
            for one in ordered(after)
            for columns in [self._seen(one)]
            if columns
            for computed in computed_by(one)
            for cast in text_casts(computed)
        ]
        new = sum(not is_told(cast, columns) for cast, columns in casts)
        old = sum(len(text_casts(computed)) for one in ordered(before) for computed in computed_by(one))
        return (self.alike and new > old) or any(meets_another(cast, columns) for cast, columns in casts)

    def _seen(self, relation: Relation) -> Columns | None:
        """What the expressions of a relation look at."""
        below = [self.found.get(id(one)) for one in inputs(relation)]
        deltas = [delta for one in below if one for delta in one.deltas]
        return Columns(tuple(deltas), tuple(None for _ in deltas)) if all(below) else None

    def _of(self, before: Relation, after: Relation) -> Difference:
        if type(before) is type(after):
            return _STEPS[type(after)](self, before, after)
        match before, after:
            case Project(), _:
                return self.projected(before, _itself(after))
            case _, Project():
                return self.projected(_itself(before), after)
            case Filter(), _:
                return kept_rows(self.of(before.input, after), Rows.OTHER)
            case _, Filter():
                return kept_rows(self.of(before, after.input), Rows.FEWER)
        return unlike(before, after)

    # -- sources

    def scanned(self, before: Scan, after: Scan) -> Difference:
        return self.given(before, after) if before.parent.lower() == after.parent.lower() else unlike(before, after)

    def made(self, before: Made, after: Made) -> Difference:
        told = before.rows == after.rows and after.rows is not None
        if not (told or (self.alike and before.function == after.function)) or len(before.columns) != len(
            after.columns
        ):
            return unlike(before, after)
        return as_before(len(after.columns))

    def unknown(self, before: Unknown, after: Unknown) -> Difference:
        if not self.alike or len(before.inputs) != len(after.inputs):
            return unlike(before, after)
        found = [self.of(one, other) for one, other in zip(before.inputs, after.inputs, strict=True)]
        same = all(one.is_same and one.in_order for one in found) and len(before.columns) == len(after.columns)
        return as_before(len(after.columns)) if same else unlike(before, after)

    # -- rows

    def filtered(self, before: Filter, after: Filter) -> Difference:
        found = self.of(before.input, after.input)
        found = found_again(found, after.conditions)
        return kept_rows(found, kept_by(found.columns, before.conditions, after.conditions))

    def projected(self, before: Project, after: Project) -> Difference:
        found = self.of(before.input, after.input)
        deltas: list[Delta] = []
        origins: list[int | None] = []
        for at in range(len(after.outputs)):
            origin = _partner(before, after, at)
            origins.append(origin)
            one = OTHER if origin is None else found.columns.delta(before.outputs[origin], after.outputs[at])
            deltas.append(one)
        lost = frozenset((at, value) for at, one in enumerate(after.outputs) for value in lost_in(one, found.lost))
        return Difference(tuple(deltas), tuple(origins), found.rows, found.in_order, lost)

    def sort(self, before: Sort, after: Sort) -> Difference:
        found = self.of(before.input, after.input)
        alike = found.rows is Rows.ALIKE and orders_alike(found.columns, before.order, after.order)
        told = frozenset().union(*(refs(one.by) for one in after.order))
        whole = alike and (found.in_order or self._is_key(after.input, told))
        return replace(found, in_order=whole)

    def limited(self, before: Limit, after: Limit) -> Difference:
        found = self.of(before.input, after.input)
        as_many = (before.at_most, before.skips, before.sampled) == (after.at_most, after.skips, after.sampled)
        told = as_many and after.at_most is not None and not after.skips and not after.sampled
        same_order = found.rows is Rows.ALIKE and found.in_order
        return found if told and same_order else kept_rows(found, Rows.OTHER)

    def unnested(self, before: Unnest, after: Unnest) -> Difference:
        found = self.of(before.input, after.input)
        if len(before.lists) != len(after.lists):
            return unlike(before, after)
        old = len(before.input.columns)
        lists = found.columns.deltas_of(before.lists, after.lists)
        alike = all(isinstance(one, Same) for one in lists)
        deltas = (*found.deltas, *(SAME if alike else OTHER for _ in lists))
        origins = (*found.origins, *range(old, old + len(lists)))
        return Difference(deltas, origins, found.rows if alike else Rows.OTHER, found.in_order and alike)

    def distinct(self, before: Distinct, after: Distinct) -> Difference:
        found = self.of(before.input, after.input)
        if (before.on is None) != (after.on is None):
            return kept_rows(found, Rows.OTHER)
        if after.on is None or before.on is None:
            whole = len(before.columns) == len(after.columns) and None not in found.origins
            apart = whole and all(is_apart(one) for one in found.deltas)
            return unordered(found if apart else kept_rows(found, Rows.OTHER))
        if not all_same(found.columns, before.on, after.on):
            return unordered(kept_rows(found, Rows.OTHER))
        told = frozenset().union(*map(refs, after.on), *(refs(one.by) for one in after.order))
        firm = found.in_order or self._is_key(after.input, told)
        first = found.rows is Rows.ALIKE and firm and orders_alike(found.columns, before.order, after.order)
        keys = {one.at for one in after.on if isinstance(one, Ref)}
        deltas = tuple(one if first or at in keys else OTHER for at, one in enumerate(found.deltas))
        return Difference(deltas, found.origins, found.rows, in_order=False)

    def set_operation(self, before: SetOperation, after: SetOperation) -> Difference:
        alike = (before.kind, before.all, len(before.branches)) == (after.kind, after.all, len(after.branches))
        if not alike:
            return unlike(before, after)
        pairs = list(zip(before.branches, after.branches, strict=True))
        found = [self.of(one, other) for one, other in pairs]
        if before.kind == "union" and any(one.rows is Rows.OTHER for one in found):
            turned = self._turned(before, after)
            found = turned or found
        width = len(after.columns)
        if len(before.columns) != width or any(one.origins != tuple(range(width)) for one in found):
            return unlike(before, after)
        return _of_branches(after, found)

    def _turned(self, before: SetOperation, after: SetOperation) -> list[Difference] | None:
        """Branches of a union in another order."""
        left = list(before.branches)
        found = []
        for branch in after.branches:
            same = next((one for one in left if self.of(one, branch).is_same), None)
            if same is None:
                return None
            left.remove(same)
            found.append(self.of(same, branch))
        return [Difference(one.deltas, one.origins, one.rows, in_order=False) for one in found]

    # -- joins

    def joined(self, before: Join, after: Join) -> Difference:
        if (before.kind, before.asof) != (after.kind, after.asof):
            return unlike(before, after)
        lefts, rights = self.of(before.left, after.left), self.of(before.right, after.right)
        if after.kind in {"inner", "semi"}:
            lefts = found_again(lefts, after.conditions)
        if after.kind in {"inner", "semi", "left", "single", "anti", "mark"}:
            rights = found_again(rights, after.conditions, len(after.left.columns))
        both = self._beside(lefts, rights, len(before.left.columns))
        on = kept_by(both.columns, before.conditions, after.conditions)
        if after.kind == "positional":
            same = lefts.rows is Rows.ALIKE is rights.rows and lefts.in_order and rights.in_order
            return replace(both, in_order=True) if same else unlike(before, after)
        if after.asof and not (rights.in_order or self._is_key(after.right, _right_reads(after))):
            on = max(on, Rows.FEWER)
        met = max(on, rights.rows)
        match after.kind:
            case "inner":
                return self._inner(after, both, lefts, rights, on)
            case "left" | "single":
                return self._left(before, after, lefts, rights, met)
            case "right" if max(on, lefts.rows) is Rows.ALIKE:
                return Difference(both.deltas, both.origins, rights.rows, both.in_order)
            case "semi":
                return kept_rows(lefts, met)
            case "anti":
                return kept_rows(lefts, Rows.ALIKE if met is Rows.ALIKE else Rows.OTHER)
            case "mark":
                mark: Delta = SAME if met is Rows.ALIKE else OTHER
                place = len(before.left.columns)
                return Difference((*lefts.deltas, mark), (*lefts.origins, place), lefts.rows, lefts.in_order)
        alike = lefts.rows is rights.rows is on is Rows.ALIKE
        return both if alike else kept_rows(both, Rows.OTHER)

    def _beside(self, lefts: Difference, rights: Difference, split: int) -> Difference:
        """The columns of both. split: how many columns the left had before."""
        origins = (*lefts.origins, *(None if one is None else one + split for one in rights.origins))
        in_order = self.firm and lefts.in_order and rights.in_order
        return Difference((*lefts.deltas, *rights.deltas), origins, max(lefts.rows, rights.rows), in_order)

    def _inner(self, after: Join, both: Difference, lefts: Difference, rights: Difference, on: Rows) -> Difference:
        worst = max(lefts.rows, rights.rows, on)
        if after.asof and max(rights.rows, on) is not Rows.ALIKE:
            split = len(after.left.columns)
            deltas = (*lefts.deltas, *(OTHER for _ in both.deltas[split:]))
            return Difference(deltas, both.origins, worst, in_order=False)
        sides = [one for one in (lefts, rights) if one.rows is not Rows.ALIKE]
        lost = lefts.lost if sides == [lefts] and on is Rows.ALIKE else frozenset()
        return Difference(both.deltas, both.origins, worst, in_order=False, lost=lost)

    def _left(self, before: Join, after: Join, lefts: Difference, rights: Difference, met: Rows) -> Difference:
        """Each left row stays; where it meets one row at most, it stays once."""
        both = self._beside(lefts, rights, len(before.left.columns))
        split = len(after.left.columns)
        if met is Rows.ALIKE:  # a right row that is missing is missing in both
            return Difference(both.deltas, both.origins, lefts.rows, both.in_order, lefts.lost)
        once = (
            after.asof
            or after.kind == "single"
            or (self._meets_one(before, self.before) and self._meets_one(after, self.after))
        )
        deltas = (*both.deltas[:split], *(OTHER for _ in both.deltas[split:]))
        return Difference(deltas, both.origins, lefts.rows if once else Rows.OTHER, in_order=False, lost=lefts.lost)

    def _meets_one(self, join: Join, states: Mapping[int, State]) -> bool:
        split = len(join.left.columns)
        pairs, _ = equal_columns(join.conditions, split)
        return states[id(join.right)].dependencies.is_key(other - split for _, other in pairs)

    # -- groups and windows

    def grouped(self, before: Group, after: Group) -> Difference:
        found = self.of(before.input, after.input)
        columns = found.columns
        plain = _is_plain(before) and _is_plain(after)
        if len(before.keys) != len(after.keys) or before.groupings != after.groupings:
            return unlike(before, after)
        if not plain and before.sets != after.sets:
            return unlike(before, after)
        order = _matched(columns, before.keys, after.keys) if plain else list(range(len(after.keys)))
        keys = [columns.delta(before.keys[origin], key) for origin, key in zip(order, after.keys, strict=True)]
        rows = found.rows if all(map(is_apart, keys)) else Rows.OTHER
        if not after.keys and after.sets == ((),):
            rows = Rows.ALIKE
        whole = found.rows is Rows.ALIKE and rows is Rows.ALIKE
        made, origins = self._aggregates(before, after, found, whole=whole)
        rest = len(after.columns) - len(keys) - len(made)
        width = len(before.keys)
        return Difference(
            (*keys, *made, *(SAME if rows is Rows.ALIKE else OTHER for _ in range(rest))),
            (*order, *origins, *range(width + len(before.aggregates), width + len(before.aggregates) + rest)),
            rows,
            in_order=False,
        )

    def _aggregates(
        self, before: Group, after: Group, found: Difference, *, whole: bool
    ) -> tuple[list[Delta], list[int | None]]:
        made: list[Delta] = []
        origins: list[int | None] = []
        for place, one in enumerate(after.aggregates):
            delta, at = _most_like(
                before.aggregates, one, place, lambda old, new: self._aggregate(old, new, found, after)
            )
            made.append(delta if whole or at is None else Other(nulls=not _never_null(one)))
            origins.append(None if at is None else len(before.keys) + at)
        return made, origins

    def _aggregate(self, before: Aggregate, after: Aggregate, found: Difference, group: Group) -> Delta:
        columns = found.columns
        if before.distinct != after.distinct or (before.where is None) != (after.where is None):
            return OTHER
        if before.where and after.where and not decides_the_same(columns.delta(before.where, after.where)):
            return Other(nulls=not _never_null(after))
        if not orders_alike(columns, before.order, after.order):
            return OTHER
        args = columns.deltas_of(before.args, after.args)
        if after.name in _BY_ORDER and not found.in_order and not self._is_told(group, after):
            return Other(nulls=any(one.nulls for one in args) or len(args) > 1)
        return aggregated(after.name, args, distinct=after.distinct)

    def _is_told(self, group: Group, one: Aggregate) -> bool:
        """Whether its order, or what it is chosen by, tells all rows of a group apart."""
        chosen = refs(one.args[1]) if one.name.startswith(("arg_", "min_by", "max_by")) and len(one.args) > 1 else ()
        told = frozenset().union(chosen, *(refs(each.by) for each in one.order), *map(refs, group.keys))
        return self._is_key(group.input, told)

    def windowed(self, before: Windows, after: Windows) -> Difference:
        found = self.of(before.input, after.input)
        old = len(before.input.columns)
        deltas: list[Delta] = []
        origins: list[int | None] = []
        for place, one in enumerate(after.windows):
            delta, at = _most_like(before.windows, one, place, lambda old, new: self._window(old, new, found, after))
            deltas.append(delta)
            origins.append(None if at is None else old + at)
        in_order = found.in_order and all(
            origin is not None and sorts_alike(found.columns, before.windows[origin - old], one)
            for one, origin in zip(after.windows, origins, strict=True)
        )
        return replace(found, deltas=(*found.deltas, *deltas), origins=(*found.origins, *origins), in_order=in_order)

    def _window(self, before: Window, after: Window, found: Difference, windows: Windows) -> Delta:
        columns = found.columns
        nulls = not _never_null(after)
        if found.rows is not Rows.ALIKE or not frames_alike(columns, before, after):
            return Other(nulls=nulls)
        if not sorts_alike(columns, before, after):
            return Other(nulls=nulls)
        told = frozenset().union(*map(refs, after.partition), *(refs(one.by) for one in after.order))
        rows_count = after.frame[0].endswith("ROWS") or after.frame[1].endswith("ROWS") or after.name in _BY_ORDER
        if rows_count and not found.in_order and not self._is_key(windows.input, told):
            return Other(nulls=nulls)
        if after.name in _BLIND:
            return SAME
        args = columns.deltas_of(before.args, after.args)
        return aggregated(after.name, args, distinct=after.distinct) if args else SAME

    def _is_key(self, relation: Relation, columns: frozenset[int]) -> bool:
        return self.after[id(relation)].dependencies.is_key(columns)


def _itself(of: Relation) -> Project:
    return Project(of, of.columns, tuple(Ref(at, one.dtype) for at, one in enumerate(of.columns)))


def _partner(before: Project, after: Project, at: int) -> int | None:
    """Which output before is the one after: by its name, or by its place where names don't tell."""
    names = [one.name.lower() for one in before.columns]
    name = after.columns[at].name.lower()
    if name and names.count(name) == 1:
        return names.index(name)
    return at if len(before.outputs) == len(after.outputs) and (not name or name not in names) else None


def _right_reads(join: Join) -> frozenset[int]:
    split = len(join.left.columns)
    return frozenset(at - split for one in join.conditions for at in refs(one) if at >= split)


def _of_branches(after: SetOperation, found: Sequence[Difference]) -> Difference:
    deltas = [reduce(either, column) for column in zip(*(one.deltas for one in found), strict=True)]
    rows = max(one.rows for one in found)
    same = all(isinstance(one, Same) for one in deltas)
    in_order = all(one.in_order for one in found) and after.all and after.kind == "union"
    if after.kind == "union":
        if not after.all and not same:
            rows = Rows.OTHER
    elif not same or (after.kind == "except" and any(one.rows is not Rows.ALIKE for one in found[1:])):
        rows = Rows.OTHER
    return Difference(tuple(deltas), tuple(range(len(deltas))), rows, in_order)


def _matched(columns: Columns, before: Sequence[Expression], after: Sequence[Expression]) -> list[int]:
    """For each key after, which key before it is."""
    left = list(range(len(before)))
    found = []
    for place, one in enumerate(after):
        best = min(left, key=lambda at: (not isinstance(columns.delta(before[at], one), Same), at != place))
        left.remove(best)
        found.append(best)
    return found


def _is_plain(of: Group) -> bool:
    return of.sets == (tuple(range(len(of.keys))),) and not of.groupings


def _most_like(before: Sequence[C], after: C, place: int, delta: Callable[[C, C], Delta]) -> tuple[Delta, int | None]:
    """Of an aggregate or a window, and which of those before it is: one that is the same, else the one in its place."""
    choices = [
        (delta(other, after), at)
        for at, other in enumerate(before)
        if other.name == after.name and len(other.args) == len(after.args)
    ]
    return min(
        choices, key=lambda each: (not isinstance(each[0], Same), each[1] != place, each[1]), default=(OTHER, None)
    )


def _never_null(of: Aggregate | Window) -> bool:
    return of.name in COUNTS or of.name in NUMBERED


_STEPS: Mapping[type, Callable[[Lockstep, Any, Any], Difference]] = {
    Scan: Lockstep.scanned,
    Made: Lockstep.made,
    Unknown: Lockstep.unknown,
    Filter: Lockstep.filtered,
    Project: Lockstep.projected,
    Join: Lockstep.joined,
    Group: Lockstep.grouped,
    Windows: Lockstep.windowed,
    Unnest: Lockstep.unnested,
    Distinct: Lockstep.distinct,
    Sort: Lockstep.sort,
    Limit: Lockstep.limited,
    SetOperation: Lockstep.set_operation,
}
