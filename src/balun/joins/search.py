"""Which columns of two sides may be joined on, by names and by what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import prod

from balun.draft.words import is_measure, names_event, names_key, names_one, tokens
from balun.engine import Engine
from balun.joins.form import Link
from balun.joins.measured import measure
from balun.joins.mending import time_form, value_form
from balun.joins.proposal import ENOUGH_BITS, Proposal
from balun.joins.side import NUMBERS, TIMES, Column, Side
from balun.joins.sketch import contained
from balun.quoting import quoted

MOST_COLUMNS = 4
_MOST_LINKED = 10
_UNIQUE, _LEAST_SHARE, _UNNAMED_SHARE, _TIMES_SHARE, _FEWEST_VALUES = 0.99, 0.05, 0.85, 0.9, 3
# Names that many events have for things of their own.
_GENERIC = frozenset((word,) for word in (
    "id", "key", "code", "name", "type", "kind", "status", "state", "value", "number", "line", "rank", "label", "title",
    "description", "year", "month", "day", "hour", "minute", "week", "weekday", "date", "time", "at", "ts",
))  # fmt: skip


@dataclass(frozen=True)
class Search:
    engine: Engine
    zones: tuple[str, ...] = ()

    def between(self, left: Side, right: Side) -> Iterator[Proposal]:
        """Joins of left rows to at most one right row each, or nearly; the best for each choice of left columns."""
        links = self.links(left, right)
        best: dict[tuple[str, ...], Proposal] = {}
        for chosen in self._keyed(left, right, links):
            found = self.tested(left, right, chosen)
            if found is None:
                continue
            known = {column for column, _ in found.columns}
            rival = next((one for names, one in best.items() if known & set(names)), None)
            if rival is None:
                best[tuple(sorted(known))] = found
            elif _rank(found) > _rank(rival):
                best = {names: one for names, one in best.items() if one is not rival}
                best[tuple(sorted(known))] = found
        yield from best.values()

    def links(self, left: Side, right: Side) -> list[Link]:
        """Pairs of columns that may agree; those that names speak for first, then those that share most."""
        found: list[tuple[float, Link]] = []
        for one in left.columns:
            for other in right.columns:
                named = _named(one, other, right)
                alike = named or tokens(one.bare) == tokens(other.bare)
                if not _may_link(one, other, alike=alike):
                    continue
                share = _share(one, other)
                if share is None or share >= (_LEAST_SHARE if alike else _UNNAMED_SHARE):
                    found.append((share or 0.0, Link(one, other, named)))
        found.sort(key=lambda pair: (-pair[1].named, -pair[0]))
        return [link for _, link in found]

    def _keyed(self, left: Side, right: Side, links: Sequence[Link]) -> Iterator[tuple[Link, ...]]:
        """Sets of links whose right columns tell the right rows apart: single ones, and the smallest of several."""
        singles = [link for link in links if self._unique(right, (link,))]
        yield from ((link,) for link in singles)
        keys = {link.right.name for link in singles}
        wider = _wider(left, right, [link for link in links if link.right.name not in keys])
        for size in range(2, MOST_COLUMNS + 1):
            found = [some for some in combinations(wider, size) if _is_set(some) and self._unique(right, some)]
            yield from found
            if found:
                return

    def _unique(self, right: Side, links: Sequence[Link]) -> bool:
        names = tuple(link.right.name for link in links)
        # Nulls are in no key, so that fewer values than rows may do.
        rows = min((link.right.values for link in links), default=0)
        enough = prod(max(1, link.right.distinct) for link in links) >= _UNIQUE * rows
        return (enough or len(links) == 1) and right.told_apart(names, self.engine) >= _UNIQUE

    def documented(self, left: Side, right: Side) -> Iterator[Proposal]:
        """What the left side's contract says of the right one, even where no row finds a partner."""
        for own, other, theirs in left.rows.references:
            pairs = [(left.named(one), right.named(two)) for one, two in zip(own, theirs, strict=False)]
            if other == right.name and all(one and two and _comparable(one, two) for one, two in pairs):
                links = [Link(one, two, _named(one, two, right)) for one, two in pairs if one and two]
                found = self.tested(left, right, links, always=True)
                yield from [replace(found, documented=True)] if found else []

    def tested(self, left: Side, right: Side, links: Sequence[Link], *, always: bool = False) -> Proposal | None:
        """With forms in which they agree best, and counted on all rows; None where nothing agrees, unless `always`."""
        values = [
            replace(link, form=value_form(left, right, link.left, link.right, self.engine))
            for link in links
            if link.left.kind not in TIMES
        ]
        done = list(values)
        for link in links:
            if link.left.kind in TIMES:
                form, share = time_form(left, right, done, (link.left, link.right), self.zones, self.engine)
                if not always and share < (_LEAST_SHARE if link.named else _TIMES_SHARE):
                    return None
                done.append(replace(link, form=form))
        counted = measure(left, right, done, self.engine)
        if not counted.met and not always:
            return None
        bits = sum(self._bits(left, right, link) * link.left.distinct for link in done) * counted.covered
        return Proposal(left, right, tuple(done), counted, bits)

    def _bits(self, left: Side, right: Side, link: Link) -> float:
        """What one value tells. Of numbers: by how full the right column is where the left one's lie."""
        if not {link.left.kind, link.right.kind} <= NUMBERS:
            return link.right.bits
        one, other = quoted(link.left.name), quoted(link.right.name)
        span = f"SELECT min({one})::DOUBLE AS low, max({one})::DOUBLE AS high FROM {left.view}"
        found = self.engine.connection.execute(
            f"SELECT log2(greatest(1, (any_value(high) - any_value(low) + 1) / count(DISTINCT {other}))) "
            f"FROM ({span}) JOIN {right.view} ON {other} BETWEEN low AND high"
        ).fetchall()[0][0]
        return float(found or 0.0)


def _wider(left: Side, right: Side, links: Sequence[Link]) -> list[Link]:
    """What a key of several columns may be made of: names must agree; a row's own time may be called anything."""
    named = [link for link in links if link.named or _same(link)]
    if named and left.times and right.times:
        time = Link(left.times[0], right.times[0], named=False)
        if not any(link.right == time.right for link in named):
            named.append(time)
    return [replace(link, named=link.named or _same(link)) for link in named][:_MOST_LINKED]


def _is_set(links: Sequence[Link]) -> bool:
    lefts, rights = {link.left.name for link in links}, {link.right.name for link in links}
    return len(lefts) == len(rights) == len(links) and any(link.left.kind not in TIMES for link in links)


def _rank(one: Proposal) -> tuple[bool, bool, bool, float, int]:
    """Of a name that says the event alone, the column that seems to be its key."""
    key = all(names_one(link.right.bare, one.right.name) or _same(link) for link in one.links)
    return one.named, key, one.measured.right_most <= 1, round(one.measured.coverage, 2), -len(one.links)


def _comparable(one: Column, other: Column) -> bool:
    """By their types, and by what is in them, where anything is."""
    if any(each.sketch is None and each.values for each in (one, other)):
        return False
    return any(one.kind in some and other.kind in some for some in (TIMES, NUMBERS | {"text"}))


def _share(one: Column, other: Column) -> float | None:
    """Of one's different values, those that are the other's; None where a sketch can't tell, as of times mended."""
    if one.sketch is None or other.sketch is None or one.kind in TIMES:
        return None
    return contained(one.sketch, other.sketch)


def _named(one: Column, other: Column, right: Side) -> bool:
    """Whether names say that a column is the other side's key. Names that many events have say nothing."""
    if names_event(one.bare, right.name):
        return True
    forms = {(one.bare, other.bare), (one.name, other.name)}
    return any(tokens(key) not in _GENERIC and names_key(column, key, right.name) for column, key in forms)


def _same(link: Link) -> bool:
    return tokens(link.left.bare) == tokens(link.right.bare)


def _may_link(one: Column, other: Column, *, alike: bool) -> bool:
    """What can be told before their values are held together. alike: by their names."""
    if one.sketch is None or other.sketch is None or not _comparable(one, other):
        return False
    if is_measure(one.bare) or is_measure(other.bare):
        return False
    if alike:
        return True
    if one.kind in TIMES or ({one.kind, other.kind} & NUMBERS and other.bits < 1):
        return False
    return one.distinct >= _FEWEST_VALUES and other.bits * one.distinct >= ENOUGH_BITS
