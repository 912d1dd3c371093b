"""How one node is looked at: its rows now, those that they are held against, and its days."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from balun.chain.corpus import Corpus
from balun.chain.duration import Duration
from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.drift import days as by_day
from balun.drift.asked import Asked
from balun.drift.compare import FEWEST_ROWS, LEVEL, Compared, compare
from balun.drift.from_profiles import compare_profiles
from balun.drift.node_rows import dated, file_relation, relation_of, side_of
from balun.drift.part import Part
from balun.drift.reference import BEFORE, Reference, reference
from balun.drift.since import since
from balun.drift.unit import Side
from balun.errors import UsageError
from balun.facts.supply import Supply
from balun.profile import Profile
from balun.quoting import literal
from balun.snapshot import PROFILE, Snapshot, Store

_US = 1_000_000
_LONG_AGO, _FAR_AHEAD = -1e12, 1e12


@dataclass(frozen=True)
class Desk:
    """nodes: how many share the chance of a false alarm."""

    connection: duckdb.DuckDBPyConnection
    graph: Graph
    supply: Supply
    store: Store
    asked: Asked
    nodes: int
    say: Callable[[str], None]

    def part(self, node: Node, made: Snapshot) -> Part:
        if self.asked.file is not None:
            return self._of_file(node, made, self.asked.file)
        if self.asked.period is not None:
            return self._of_period(node, made, self.asked.period)
        if isinstance(node.declared, Corpus):
            return self._of_corpus(node, made)
        held = reference(node, self.asked.against or BEFORE, self.store, self.graph.config.folder)
        part = self._of_reference(node, made, held)
        rows = dated(self.connection, self.graph, self.supply, node, made)
        if rows is None:
            return part
        self.say(f"{node.id}: days")
        newest = None if self.asked.every_day else _newest(node, made, held)
        days = by_day.days_of(self.connection, rows, newest=newest, level=by_day.LEVEL / self.nodes)
        return replace(part, days=days)

    def _compared(self, node: Node, before: Side, now: Side, *, typed: bool = True) -> Compared:
        level = LEVEL / self.nodes
        return compare(self.connection, before, now, time=node.time, level=level, typed=typed, say=self.say)

    def _of_file(self, node: Node, made: Snapshot, file: Path) -> Part:
        now = side_of(self.connection, file_relation(file), node.time, file)
        before = side_of(self.connection, relation_of(made), node.time)
        found = self._compared(node, before, now, typed=file.suffix == ".parquet")
        return Part(node, f"the rows of {node.id}", f"those of {file}", found, note=_too_few(found))

    def _of_reference(self, node: Node, made: Snapshot, held: Reference | None) -> Part:
        if held is None:
            return Part(node, note="there is no other state yet that it could be held against")
        if held.snapshot is None:
            profile = _profile(made)
            if profile is None:
                return Part(node, held.words, note="its rows are gone, and the current ones have no profile")
            return Part(node, held.words, compared=compare_profiles(held.profile, profile, LEVEL / self.nodes))
        if held.snapshot.name == made.name:
            return Part(node, held.words, note="nothing has changed since")
        before, now = (side_of(self.connection, relation_of(one), node.time) for one in (held.snapshot, made))
        fresh = since(self.connection, before, now)
        which = "all" if fresh is now else f"{fresh.rows:,} new ones of {now.rows:,}"
        found = self._compared(node, before, fresh)
        return Part(node, held.words, which, found, note=_too_few(found))

    def _of_period(self, node: Node, made: Snapshot, period: str) -> Part:
        try:
            length = Duration.parse(period)
        except ValueError as exc:
            raise UsageError(f"--period: {exc}") from exc
        side = side_of(self.connection, relation_of(made), node.time)
        if side.time is None:
            raise UsageError(f"{node.id} has no column that says when a row happened, so it has no periods")
        seconds, end = _seconds(length), self._end(side)
        before = self._between(node, side, end - 2 * seconds, end - seconds)
        found = self._compared(node, before, self._between(node, side, end - seconds, end))
        return Part(node, f"the {period} before", f"those of the last {period}", found, note=_too_few(found))

    def _of_corpus(self, node: Node, made: Snapshot) -> Part:
        """What its model is tested on against what it learns from."""
        if self.asked.against not in {None, BEFORE}:
            known = "it is held against what its model learns from, or against --file"
            raise UsageError(f"of {node.id} no runs are kept: {known}")
        models = [one.declared for one in self.graph.children(node) if isinstance(one.declared, Model)]
        if not models:
            return Part(node, note="no model says by its split what of it is new: compare it with --period or --file")
        seconds = _seconds(models[0].split.test)
        side = side_of(self.connection, relation_of(made), node.time)
        start = self._end(side) - seconds
        before = self._between(node, side, _LONG_AGO, start)
        found = self._compared(node, before, self._between(node, side, start, _FAR_AHEAD))
        which = f"those of its test, the last {seconds / 86400:g} days"
        return Part(node, f"what {models[0].name} learns from", which, found, note=_too_few(found))

    def _end(self, side: Side) -> float:
        told = self.connection.execute(f"SELECT max({side.time}) FROM {side.relation}").fetchone()
        return float(told[0]) if told and told[0] is not None else 0.0

    def _between(self, node: Node, side: Side, start: float, end: float) -> Side:
        """After `start`, up to `end`."""
        own = f"(SELECT * FROM {side.relation} WHERE {side.time} > {literal(start)} AND {side.time} <= {literal(end)})"
        return side_of(self.connection, own, node.time)


def _seconds(length: Duration) -> float:
    return length.us / _US if length.us else 86400.0 * length.local_days


def _newest(node: Node, made: Snapshot, held: Reference | None) -> int:
    """Days that came since the state before, a week at least."""
    now, time = _profile(made), node.time
    if held is None or now is None or time is None:
        return by_day.NEWEST
    before, after = (_last_day(profile, time) for profile in (held.profile, now))
    if before is None or after is None:
        return by_day.NEWEST
    return max(by_day.NEWEST, min(by_day.MOST_NEW, (after - before).days))


def _last_day(profile: Profile, time: str) -> date | None:
    column = profile.column(time)
    try:
        return date.fromisoformat((column.most or "")[:10]) if column else None
    except ValueError:
        return None


def _profile(made: Snapshot) -> Profile | None:
    try:
        return Profile.from_json(json.loads((made.folder / PROFILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _too_few(found: Compared) -> str:
    if found.moved:
        return ""
    if found.rows[1] < FEWEST_ROWS <= found.rows[0]:
        return f"{found.rows[1]:,} rows are too few to compare"
    return f"{found.rows[0]:,} rows before and {found.rows[1]:,} now are too few to compare"
