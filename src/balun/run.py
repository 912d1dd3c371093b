"""The loop: make what is stale, in order, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from balun.finding import Finding, Place
from balun.snapshot import Snapshot, Store

if TYPE_CHECKING:
    from balun.chain.graph import Graph
    from balun.plan import State, Step


class Watch(Protocol):
    """Told of a run as it goes; the terminal's progress is one."""

    def begin(self, steps: list[str]) -> None: ...
    def start(self, step: str) -> None: ...
    def say(self, words: str) -> None: ...
    def done(self) -> None: ...
    def end(self) -> None: ...


class Silent:
    """Watches nothing."""

    def begin(self, steps: list[str]) -> None:
        pass

    def start(self, step: str) -> None:
        pass

    def say(self, words: str) -> None:
        pass

    def done(self) -> None:
        pass

    def end(self) -> None:
        pass


@dataclass(frozen=True)
class Outcome:
    """What one step is now. made: in this run; else it was up to date."""

    step: str
    owner: str | None
    snapshot: str
    made: bool
    seconds: float
    info: Mapping[str, object]

    def as_json(self) -> dict[str, object]:
        return {
            "step": self.step,
            "owner": self.owner,
            "snapshot": self.snapshot,
            "made": self.made,
            "seconds": self.seconds,
            **{key: value for key, value in self.info.items() if key not in {"sql", "seconds", "findings"}},
        }


@dataclass(frozen=True)
class Report:
    """outcomes: in the order of the chain. findings: of all current snapshots. seconds: wall time.

    stopped: more rows than may be were set aside: only events were made, and what was current still is.
    """

    project: str
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    seconds: float
    stopped: bool = False

    @property
    def made(self) -> int:
        return sum(outcome.made for outcome in self.outcomes)

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.project,
            "made": self.made,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "steps": [outcome.as_json() for outcome in self.outcomes],
            "findings": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Report:
        """A report kept from an earlier run; nothing of it was made now."""
        steps, findings = told["steps"], told["findings"]
        assert isinstance(steps, list)
        assert isinstance(findings, list)
        own = {"step", "owner", "snapshot", "made", "seconds"}
        outcomes = tuple(
            Outcome(
                step["step"],
                step["owner"],
                step["snapshot"],
                made=False,
                seconds=0.0,
                info={key: value for key, value in step.items() if key not in own},
            )
            for step in steps
        )
        return cls(str(told["project"]), outcomes, tuple(map(_finding, findings)), 0.0)


def run(folder: Path, *, wait: bool = False, watch: Watch | None = None) -> Report:
    """Make what is stale of the project in `folder`. Raises ProjectError, Busy."""
    from balun.chain.config import read_config
    from balun.settled import still_settled

    started = time.perf_counter()
    store = Store(read_config(folder).snapshots)
    try:
        with store.locked(wait=wait):
            kept = still_settled(folder, store)
            report = Report.from_json(kept) if kept else _run(folder, store, watch or Silent())
            return replace(report, seconds=time.perf_counter() - started)
    finally:
        store.close()


def _run(folder: Path, store: Store, watch: Watch) -> Report:
    from balun.chain.load import load_graph
    from balun.facts.supply import supply_of
    from balun.history import keep
    from balun.plan import make_plan, states
    from balun.settled import Seen, note_settled

    seen = Seen.before(folder)
    graph = load_graph(folder)
    supply = supply_of(graph)
    files = event_files(graph)
    plan = make_plan(graph, supply, files, store)
    number, began = store.begin_run(), time.time()
    stale = [state for state in states(plan, store) if not state.fresh]
    watch.begin([state.step.id for state in stale])
    try:
        making = _Making(graph, store, stale, watch, supply)
        events = making.make(step for step in plan if step.id.startswith("event:"))
        over = _over_limits(graph, events)
        if over:
            report = _stop(graph, store, events, over)
            _refuse_nothing(over)
            store.end_run(number, report.as_json())
            return report
        outcomes = making.make(plan)
    finally:
        watch.end()
    store.settle({step.id: step.name for step in plan})
    keep(store, number, began, (_kept(step, store) for step in plan if step.id.startswith(("event:", "table:"))))
    findings = [_finding(told) for outcome in outcomes for told in _listed(outcome.info.get("findings"))]
    report = Report(graph.config.name, tuple(outcomes), tuple(findings), 0.0)
    store.end_run(number, report.as_json())
    note_settled(store, seen, files, report)
    return report


class _Making:
    """Makes steps, and remembers what was made."""

    def __init__(self, graph: Graph, store: Store, stale: list[State], watch: Watch, supply: object) -> None:
        self._todo = {state.step.id for state in stale}
        self._graph, self._store, self._watch, self._supply = graph, store, watch, supply
        self._made: dict[str, Snapshot] = {}

    def make(self, steps: Iterable[Step]) -> list[Outcome]:
        """Of each step what it is now. One that was made stays made."""
        return [self._one(step) for step in steps]

    def _one(self, step: Step) -> Outcome:
        if step.id not in self._made:
            self._made[step.id] = self._build(step) if step.id in self._todo else _kept(step, self._store)
        return _outcome(step, self._made[step.id], made_now=step.id in self._todo)

    def _build(self, step: Step) -> Snapshot:
        from balun.build import Bench, build

        self._watch.start(step.id)
        given = (self._graph, self._supply, self._store, self._made, self._watch.say)
        bench = Bench(*given, attempts=True, profiled=True)  # type: ignore[arg-type]
        made = build(bench, step)
        self._watch.done()
        return made


def _over_limits(graph: Graph, events: list[Outcome]) -> dict[str, Finding]:
    """By step, the events of which more rows are set aside than may be, or all."""
    from balun.chain.contract import Contract
    from balun.scan.limit import nothing_kept, over_limit

    found = {}
    for outcome in events:
        contract, counts = graph.nodes[outcome.step].declared, outcome.info["collected"]
        assert isinstance(contract, Contract)
        assert isinstance(counts, Mapping)
        over = over_limit(contract, graph.config.limit, counts) if counts["kept"] else nothing_kept(contract, counts)
        if over and counts["kept"]:
            over = replace(over, breaks=tuple(node.name for node in graph.below(graph.nodes[outcome.step])))
        if over:
            found[outcome.step] = over
    return found


def _refuse_nothing(over: Mapping[str, Finding]) -> None:
    """An event without a row is an error, not a finding: nothing can be made of it."""
    from balun.errors import ProjectError

    if any(finding.rule == "nothing-kept" for finding in over.values()):
        raise ProjectError(over.values())


def _stop(graph: Graph, store: Store, events: list[Outcome], over: Mapping[str, Finding]) -> Report:
    """Nothing is published: what was current stays, and what was made of the events can be looked at."""
    names = {outcome.step: outcome.snapshot for outcome in events}
    store.stop({step: (names[step], found.message) for step, found in over.items()})
    store.note_settled(None)
    findings = [*over.values(), *(_finding(told) for one in events for told in _listed(one.info.get("findings")))]
    return Report(graph.config.name, tuple(events), tuple(findings), 0.0, stopped=True)


def _kept(step: Step, store: Store) -> Snapshot:
    found = store.find(step.name)
    if found is None:
        raise RuntimeError(f"{step.name} was there a moment ago")
    return found


def _outcome(step: Step, snapshot: Snapshot, *, made_now: bool) -> Outcome:
    seconds = float(str(snapshot.info.get("seconds", 0.0))) if made_now else 0.0
    return Outcome(step.id, step.node.owner, snapshot.name, made_now, seconds, snapshot.info)


def _listed(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _finding(told: Mapping[str, object]) -> Finding:
    breaks = told["breaks"]
    line = told["line"]
    return Finding(
        str(told["rule"]),
        Place(str(told["file"]), line if isinstance(line, int) else None),
        str(told["message"]),
        breaks=tuple(breaks) if isinstance(breaks, list) else (),
        owner=None if told["owner"] is None else str(told["owner"]),
        mend=str(told["mend"]),
    )


def event_files(graph: Graph) -> dict[str, tuple[Path, ...]]:
    """Where each event's rows lie. Raises ProjectError with all that are not there."""
    from balun.chain.contract import Contract
    from balun.errors import ProjectError
    from balun.scan.source import source_files

    files: dict[str, tuple[Path, ...]] = {}
    faults: list[Finding] = []
    for node in graph.of("event"):
        assert isinstance(node.declared, Contract)
        try:
            files[node.id] = source_files(node.declared, graph.config.folder)
        except ProjectError as exc:
            faults.extend(exc.findings)
    if faults:
        raise ProjectError(faults)
    return files
