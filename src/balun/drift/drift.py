"""`balun drift`: what has moved in current rows, and which days stand out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from balun.chain.corpus import Corpus
from balun.chain.duration import Duration
from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.drift.blame import blamed
from balun.drift.compare import FEWEST_ROWS, LEVEL, Compared, compare
from balun.drift.days import MOST_NEW, NEWEST, days_of
from balun.drift.from_profiles import compare_profiles
from balun.drift.node_rows import dated, engine_of, file_relation, relation_of, side_of, time_of
from balun.drift.part import Part
from balun.drift.reference import BEFORE, Reference, reference
from balun.drift.serving import served
from balun.drift.since import since
from balun.drift.unit import Side
from balun.errors import UsageError
from balun.facts.supply import Supply
from balun.finding import Finding
from balun.profile import Profile
from balun.quoting import literal
from balun.snapshot import PROFILE, Snapshot, Store, damaged

Say = Callable[[str], None]
_US = 1_000_000


@dataclass(frozen=True)
class Asked:
    """against: see `reference`; None: of files and corpora what they have, else the state before.

    file: rows in place of the current ones, held against those of the node. period: the newest stretch of time, held
    against the one before it. every_day: all days are judged, not the newest alone. serving: a log of what the one
    model was served.
    """

    against: str | None = None
    file: Path | None = None
    period: str | None = None
    every_day: bool = False
    serving: Path | None = None


@dataclass(frozen=True)
class Drift:
    parts: tuple[Part, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Alarms, with whose they are and what hangs on the column."""
        return tuple(finding for part in self.parts for finding in part.findings)

    def as_json(self) -> dict[str, object]:
        return {
            "parts": [part.as_json() for part in self.parts],
            "findings": [finding.as_json() for finding in self.findings],
        }


def drift(
    graph: Graph, supply: Supply, store: Store, words: Sequence[str] = (), asked: Asked | None = None,
    say: Say | None = None,
) -> Drift:  # fmt: skip
    """words: events, tables, corpora or models; none: all events and tables that were run.

    Raises UsageError for what isn't there or wasn't run.
    """
    asked, tell = asked or Asked(), say or (lambda _: None)
    if asked.serving is not None:
        return _of_serving(graph, supply, store, words, asked.serving)
    nodes = _nodes(graph, store, words, asked)
    level = LEVEL / len(nodes)
    parts = []
    with engine_of(graph) as engine:
        for node in nodes:
            tell(node.id)
            made = _current(store, node)
            try:
                parts.append(_part(engine.connection, graph, supply, store, node, made, asked, level, tell))
            except (duckdb.IOException, duckdb.InvalidInputException) as exc:
                if str(made.folder) in str(exc):
                    raise damaged(made, str(exc).splitlines()[0]) from exc
                raise
    return Drift(blamed(graph, supply, parts))


def _of_serving(graph: Graph, supply: Supply, store: Store, words: Sequence[str], file: Path) -> Drift:
    node = graph.find(words[0]) if len(words) == 1 else None
    if node is None or not isinstance(node.declared, Model):
        raise UsageError("--serving is the log of one model: name it, as in `balun drift MODEL --serving FILE`")
    with engine_of(graph) as engine:
        found = served(engine.connection, graph, store, node, supply.inputs[f"corpus:{node.declared.corpus}"], file)
    part = Part(node, f"corpus {node.declared.corpus}", f"what {file} was served", found.compared, served=found)
    return Drift(blamed(graph, supply, (part,)))


def _nodes(graph: Graph, store: Store, words: Sequence[str], asked: Asked) -> list[Node]:
    if asked.file is not None and len(words) != 1:
        raise UsageError("--file holds rows against those of one node: name it")
    if words:
        return [_node(graph, word) for word in words]
    nodes = [node for node in graph if node.kind in {"event", "table"} and store.current(node.id) is not None]
    if not nodes:
        raise UsageError("nothing has rows yet: run the project first")
    return nodes


def _node(graph: Graph, word: str) -> Node:
    """A model stands for its corpus."""
    kinds = [node for node in graph if node.name == word and node.kind in {"event", "table"}]
    node = kinds[0] if len(kinds) == 1 else graph.find(word)
    if isinstance(node.declared, Model):
        node = graph.nodes[f"corpus:{node.declared.corpus}"]
    if node.kind not in {"event", "table", "corpus"}:
        raise UsageError(f"{node.id} has no rows of its own to compare: name an event, a table, a corpus or a model")
    return node


def _current(store: Store, node: Node) -> Snapshot:
    made = store.current(node.id)
    if made is None:
        raise UsageError(f"{node.id} has no rows yet: run the project first")
    return made


def _part(
    connection: duckdb.DuckDBPyConnection, graph: Graph, supply: Supply, store: Store, node: Node, made: Snapshot,
    asked: Asked, level: float, say: Say,
) -> Part:  # fmt: skip
    if asked.file is not None:
        return _of_file(connection, node, made, asked.file, level, say)
    if asked.period is not None:
        return _of_period(connection, node, made, asked.period, level, say)
    if isinstance(node.declared, Corpus):
        if asked.against not in {None, BEFORE}:
            raise UsageError(
                f"of {node.id} no runs are kept: it is held against what its model learns from, or by --file"
            )
        return _of_corpus(connection, graph, node, made, level, say)
    held = reference(node, asked.against or BEFORE, store, graph.config.folder)
    part = _of_reference(connection, node, made, held, level, say)
    rows = dated(connection, graph, supply, node, made)
    if rows is None:
        return part
    say(f"{node.id}: days")
    newest = None if asked.every_day else _newest(node, made, held)
    return replace(part, days=days_of(connection, rows, newest=newest, level=level))


def _newest(node: Node, made: Snapshot, held: Reference | None) -> int:
    """Days that came since the state before, a week at least."""
    now, time = _profile(made), time_of(node)
    if held is None or now is None or time is None:
        return NEWEST
    ends = [_last_day(profile, time) for profile in (held.profile, now)]
    return max(NEWEST, min(MOST_NEW, (ends[1] - ends[0]).days)) if ends[0] and ends[1] else NEWEST


def _last_day(profile: Profile, time: str) -> date | None:
    column = profile.column(time)
    try:
        return date.fromisoformat((column.most or "")[:10]) if column else None
    except ValueError:
        return None


def _of_file(
    connection: duckdb.DuckDBPyConnection, node: Node, made: Snapshot, file: Path, level: float, say: Say
) -> Part:
    now = side_of(connection, file_relation(file), time_of(node), file)
    before = side_of(connection, relation_of(made), time_of(node))
    typed = file.suffix == ".parquet"
    found = compare(connection, before, now, time=time_of(node), level=level, typed=typed, say=say)
    return Part(node, f"the rows of {node.id}", f"those of {file}", found, note=_too_few(found))


def _of_reference(
    connection: duckdb.DuckDBPyConnection, node: Node, made: Snapshot, held: Reference | None, level: float, say: Say
) -> Part:
    if held is None:
        return Part(node, note="there is no other state yet that it could be held against")
    if held.snapshot is None:
        profile = _profile(made)
        if profile is None:
            return Part(node, held.words, note="its rows are gone, and the current ones have no profile")
        return Part(node, held.words, compared=compare_profiles(held.profile, profile, level))
    if held.snapshot.name == made.name:
        return Part(node, held.words, note="nothing has changed since")
    before = side_of(connection, relation_of(held.snapshot), time_of(node))
    now = side_of(connection, relation_of(made), time_of(node))
    fresh = since(connection, before, now)
    which = "all" if fresh is now else f"{fresh.rows:,} new ones of {now.rows:,}"
    found = compare(connection, before, fresh, time=time_of(node), level=level, say=say)
    return Part(node, held.words, which, found, note=_too_few(found))


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


def _of_period(
    connection: duckdb.DuckDBPyConnection, node: Node, made: Snapshot, period: str, level: float, say: Say
) -> Part:
    try:
        length = Duration.parse(period)
    except ValueError as exc:
        raise UsageError(f"--period: {exc}") from exc
    seconds = length.us / _US or length.local_days * 86400
    side = side_of(connection, relation_of(made), time_of(node))
    if side.time is None:
        raise UsageError(f"{node.id} has no column that says when a row happened, so it has no periods")
    told = connection.execute(f"SELECT max({side.time}) FROM {side.relation}").fetchone()
    end = float(told[0]) if told and told[0] is not None else 0.0
    before = _between(connection, side, end - 2 * seconds, end - seconds, node)
    now = _between(connection, side, end - seconds, end, node)
    found = compare(connection, before, now, time=time_of(node), level=level, say=say)
    return Part(node, f"the {period} before", f"those of the last {period}", found, note=_too_few(found))


def _between(connection: duckdb.DuckDBPyConnection, side: Side, start: float, end: float, node: Node) -> Side:
    """After `start`, up to `end`."""
    own = f"(SELECT * FROM {side.relation} WHERE {side.time} > {literal(start)} AND {side.time} <= {literal(end)})"
    return side_of(connection, own, time_of(node))


def _of_corpus(
    connection: duckdb.DuckDBPyConnection, graph: Graph, node: Node, made: Snapshot, level: float, say: Say
) -> Part:
    """What its model is tested on against what it learns from."""
    models = [one.declared for one in graph.children(node) if isinstance(one.declared, Model)]
    if not models:
        return Part(node, note="no model says by its split what of it is new: compare it with --period or --file")
    test = models[0].split.test
    period = f"{test.us / _US / 86400:g} days" if test.us else f"{test.local_days} days"
    seconds = test.us / _US or test.local_days * 86400
    side = side_of(connection, relation_of(made), time_of(node))
    told = connection.execute(f"SELECT max({side.time}) FROM {side.relation}").fetchone()
    start = float(told[0]) - seconds if told and told[0] is not None else 0.0
    before = _between(connection, side, -1e12, start, node)
    now = _between(connection, side, start, 1e12, node)
    found = compare(connection, before, now, time=time_of(node), level=level, say=say)
    return Part(node, f"what {models[0].name} learns from", f"those of its test, the last {period}", found)
