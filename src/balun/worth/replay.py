"""Changes replayed on history: captured rows are edited, and what hangs on them, and no more, is built again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from balun.build import Bench, build
from balun.chain.change import Change
from balun.chain.contract import Contract, over
from balun.chain.graph import Graph, Node
from balun.difference import differences
from balun.difference.captured import captured_by
from balun.difference.delta import Same
from balun.difference.rows import Difference
from balun.effect import Effect, Judge
from balun.engine import Engine
from balun.errors import ProjectError, UsageError
from balun.impact import Standing, event_of, fallen, stand
from balun.plan import Step, make_plan, name_of
from balun.quoting import in_parquet, literal
from balun.run import event_files
from balun.snapshot import Snapshot, digest
from balun.worth.aligned import aligned
from balun.worth.history import History

Say = Callable[[str], None]


@dataclass(frozen=True)
class Replay:
    """made: snapshots of steps after the changes, the run's own where nothing hangs on them.

    lost: nodes that can't be made, and why. effects: what was proved of each node below the changes.
    rows: files of what is captured after them.
    """

    changes: tuple[Change, ...]
    effects: Mapping[str, Effect]
    made: Mapping[str, Snapshot]
    lost: Mapping[str, str]
    rows: tuple[Path, ...] = ()

    def forget(self, history: History) -> None:
        """Delete what was made for it: an answer is small, and what it was worked out from is not."""
        own = {one.name for one in history.made.values()}
        for made in self.made.values():
            if made.name not in own:
                history.store.drop(made.name)
        for file in self.rows:
            file.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Edited:
    """An event before and after its changes. rows: the file that the rows captured after them lie in."""

    node: Node
    before: Contract
    after: Contract
    changes: tuple[Change, ...]
    rows: Path


def replay(history: History, changes: Sequence[Change], say: Say) -> Replay:
    """All of `changes` at once. Raises UsageError where one of them doesn't fit the project or its rows."""
    edited = [_edited(history, node, some) for node, some in _by_event(history, changes)]
    for one in edited:
        _write(history, one)
    graph = history.chain.graph
    told = {one.node.id: replace(one.node, declared=one.after) for one in edited}
    standing = stand(Graph(graph.config, {**graph.nodes, **told}), history.chain.supply.kept)
    own = {one.node.id: captured_by(one.changes, one.before, one.after) for one in edited}
    judge = _judged(history, own, standing)
    files = {one.node.id: replace(one.node, declared=over(one.after, one.rows)) for one in edited}
    after = Graph(graph.config, {**standing.chain.graph.nodes, **files})
    lost = {id_: "; ".join(why) for id_, why in standing.broken.items()}
    made, failed = _make(history, after, standing, judge, say)
    return Replay(tuple(changes), judge.effects, made, lost | fallen(failed, graph), tuple(one.rows for one in edited))


def _by_event(history: History, changes: Sequence[Change]) -> list[tuple[Node, list[Change]]]:
    found: dict[str, tuple[Node, list[Change]]] = {}
    for change in changes:
        node = event_of(history.chain.graph, change)
        found.setdefault(node.id, (node, []))[1].append(change)
    return list(found.values())


def _edited(history: History, node: Node, changes: Sequence[Change]) -> _Edited:
    before = node.declared
    assert isinstance(before, Contract)
    after = before
    for change in changes:
        after = change.edit(after)
    made = history.made[node.id]
    name = digest({"of": made.name, "changes": list(map(str, changes)), "duckdb": duckdb.__version__})
    return _Edited(node, before, after, tuple(changes), history.store.folder / "rows" / f"{node.name}-{name}.parquet")


def _write(history: History, edited: _Edited) -> None:
    """The rows that the last run kept, as they would have been captured."""
    if edited.rows.exists():
        return
    sql = f"SELECT * FROM {in_parquet(history.made[edited.node.id].rows)}"
    contract = edited.before
    for change in edited.changes:
        sql = change.rows(contract, f"({sql})")
        contract = change.edit(contract)
    edited.rows.parent.mkdir(parents=True, exist_ok=True)
    draft = edited.rows.with_suffix(".draft")
    with _engine(history) as engine:
        try:
            engine.connection.execute(f"COPY ({sql}) TO {literal(str(draft))} (FORMAT parquet)")
        except duckdb.Error as exc:
            words = ", ".join(map(str, edited.changes))
            raise UsageError(f"{words} can't be done to the rows: {str(exc).splitlines()[0]}") from exc
    draft.replace(edited.rows)


def _engine(history: History) -> Engine:
    return Engine.of(history.chain.graph.config, history.store.spill)


def _judged(history: History, own: Mapping[str, Difference], after: Standing) -> Judge:
    """What is proved of each node below the events."""
    graph = history.chain.graph
    judge = Judge(graph, differences(history.chain, after.chain, own), after.broken)
    below = {node.id for id_ in own for node in graph.below(graph.nodes[id_])}
    for node in graph:
        if node.id in own or node.id in below:
            judge.effect(node)
    return judge


def _make(
    history: History, graph: Graph, standing: Standing, judge: Judge, say: Say
) -> tuple[dict[str, Snapshot], dict[str, str]]:
    """Steps up to features, each as it was where nothing hangs on the changes; and what ended others."""
    supply = standing.chain.supply
    made: dict[str, Snapshot] = {}
    failed: dict[str, str] = {}
    for step in make_plan(graph, supply, event_files(graph), history.store):
        if step.node.kind == "model" or step.id.startswith("corpus:"):
            continue
        if _is_as_before(step, judge):
            made[step.id] = history.made[step.id]
        elif all(parent in made for parent in step.parents):
            bench = Bench(graph, supply, history.store, made, say)
            try:
                made[step.id] = _made(history, bench, _renamed(step, made), judge)
            except ProjectError as exc:
                failed[step.id] = "; ".join(one.message for one in exc.findings)
    return made, failed


def _is_as_before(step: Step, judge: Judge) -> bool:
    """Whether it is proved that the changes leave it as it is.

    A feature stands below its source alone; beside its examples it hangs on these too.
    """
    if step.id.startswith(("examples:", "feature:")):
        names = [known.nodes[step.id].columns for known in (judge.found.before, judge.found.after)]
        return names[0] == names[1] and judge.found.nodes[step.id].is_same
    effect = judge.effects.get(step.node.id)
    return effect is None or effect.verdict == "same"


def _renamed(step: Step, made: Mapping[str, Snapshot]) -> Step:
    """Named by what it is really made of, so that what comes out the same is found again."""
    ingredients = {**step.ingredients, "parents": {parent: made[parent].name for parent in step.parents}}
    return replace(step, ingredients=ingredients, name=name_of(step.id, ingredients))


def _made(history: History, bench: Bench, step: Step, judge: Judge) -> Snapshot:
    base = history.made[step.id]
    if base.name == step.name:
        return base
    made = history.store.find(step.name) or build(bench, step)
    if not step.id.startswith("examples:"):
        return made
    names = judge.found.before.nodes[step.id].columns
    firm = [name for name in names if isinstance(judge.found.column(step.id, name), Same)]
    beside = aligned(base, bench, step, made, firm)
    history.store.drop(made.name)
    return beside
