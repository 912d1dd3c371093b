"""Questions of how a model answers after changes, answered by one process or by several, and kept as they are."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from balun.chain.change import Change
from balun.errors import ProjectError, UsageError
from balun.fit.fitting import silent
from balun.run import Watch
from balun.snapshot import digest
from balun.worth.history import History, history_of
from balun.worth.replay import Replay, replay
from balun.worth.reply import Manner, Reply, broken, reply
from balun.worth.served import Served, served
from balun.worth.standard import Standard, before_test, standard

Say = Callable[[str], None]
# Raise it when the same question comes to be answered otherwise.
_FORMAT = 2
_KEPT = "kept"
# States of a project, as a branch and the one it is held against, whose answers stay.
_OLDER = 3
# Fits on all training rows and on both halves of a cut: what tells of the noise of fitting, to a table of changes. To
# a change alone one cut tells too little.
FITS, ALONE = 3, 5


@dataclass(frozen=True)
class Asked:
    """How a model answers after changes, all at once; after none: as it is. model: a node's id.

    own_label, fits, since, without, timed, nulled: as `Manner` has them.
    on: `test`, or `validation`: the last of the training rows, which a search may look at.
    share: of the training rows, on which the model is fitted again.
    """

    model: str
    changes: tuple[Change, ...] = ()
    own_label: bool = True
    fits: int = 1
    since: int = 0
    without: tuple[str, ...] = ()
    timed: bool = False
    nulled: tuple[tuple[str, ...], ...] = ()
    on: str = "test"
    share: float = 1.0

    def __str__(self) -> str:
        words = [*map(str, self.changes), *([f"{len(self.without)} inputs fewer"] if self.without else [])]
        return " and ".join(words) or "as it is"

    @property
    def manner(self) -> Manner:
        return Manner(self.own_label, self.fits, self.since, self.without, self.timed, self.nulled)

    def as_json(self) -> dict[str, object]:
        changes = [vars(change) | {"by": list(change.by)} for change in self.changes]
        nulled = [list(one) for one in self.nulled]
        return {**vars(self), "changes": changes, "without": list(self.without), "nulled": nulled}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Asked:
        changes = tuple(Change(**{**one, "by": tuple(one["by"])}) for one in told["changes"])
        nulled = tuple(map(tuple, told["nulled"]))
        return cls(**{**told, "changes": changes, "without": tuple(told["without"]), "nulled": nulled})


@dataclass
class Answers:
    """Of one project; each is kept in a file, so that it is given once."""

    past: History
    _standards: dict[tuple[str, str, float], Standard] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.past.store.folder / "answers" / digest({"format": _FORMAT, "of": self.past.name})

    def file(self, asked: Asked) -> Path:
        return self.folder / f"{digest(asked.as_json())}.npz"

    def find(self, asked: Asked) -> Reply | None:
        return Reply.load(self.file(asked))

    def give(self, asked: Asked, say: Say) -> Reply:
        """Found, or worked out and kept."""
        return self.find(asked) or self._kept(asked, self._worked_out(asked, say))

    def after(self, found: Replay, asked: Asked, say: Say) -> Reply:
        """Of changes that were replayed."""
        known = self.find(asked)
        return known or self._kept(asked, self._reply(found, asked, say))

    def standard(self, model: str, on: str = "test", share: float = 1.0) -> Standard:
        """on, share: as `Asked` has them.

        Raises UsageError where that is no share of rows, or where there are too few rows for a validation.
        """
        if not 0 < share <= 1:
            raise UsageError(f"{share:g} is no share of the training rows: it lies above 0, and is 1 (100 %) at most")
        if (model, on, share) not in self._standards:
            made = standard(self.past, self.past.chain.graph.nodes[model])
            if on == "validation":
                self.folder.mkdir(parents=True, exist_ok=True)
                made = before_test(made, self.folder / f"{digest({'model': model, 'on': on})}.model", silent)
            self._standards[model, on, share] = replace(made, share=share)
        return self._standards[model, on, share]

    def _kept(self, asked: Asked, made: Reply) -> Reply:
        made.save(self.file(asked))
        return made

    def _worked_out(self, asked: Asked, say: Say) -> Reply:
        of = self.standard(asked.model, asked.on, asked.share)
        if not asked.changes:
            return reply(of, Served({}), say, asked.manner)
        try:
            found = replay(self.past, asked.changes, say)
        except ProjectError as exc:
            return broken("; ".join(one.message for one in exc.findings))
        except UsageError as exc:
            return broken(str(exc))
        made = self._reply(found, asked, say)
        found.forget(self.past)
        return made

    def _reply(self, found: Replay, asked: Asked, say: Say) -> Reply:
        if asked.model in found.lost:
            return broken(found.lost[asked.model])
        of = self.standard(asked.model, asked.on, asked.share)
        corpus = self.past.chain.graph.nodes[of.node.parents[0]]
        return reply(of, served(self.past, found, corpus), say, asked.manner)

    def sweep(self, *, fresh: bool = False) -> None:
        """Forget answers of what the project was long before; with `fresh` also of what it is."""
        others = sorted(self.folder.parent.glob("*"), key=lambda folder: -folder.stat().st_mtime)
        for folder in [one for one in others if one != self.folder][_OLDER:] + ([self.folder] if fresh else []):
            shutil.rmtree(folder, ignore_errors=True)


class Desk:
    """Gives answers one after the other or, where several processes help, side by side."""

    def __init__(self, past: History, watch: Watch, *, workers: int = 1, fresh: bool = False) -> None:
        self._watch, self._workers = watch, workers
        self.answers = Answers(past)
        self.answers.sweep(fresh=fresh)
        self.worked_out = 0

    def ask(self, asked: Sequence[Asked]) -> list[Reply]:
        """In their order. What was answered before isn't worked out again."""
        todo = [one for one in dict.fromkeys(asked) if self.answers.find(one) is None]
        self._watch.begin([str(one) for one in todo])
        try:
            if self._workers > 1 and len(todo) > 1:
                self._by_several(todo)
            else:
                for one in todo:
                    self._watch.start(str(one))
                    self.answers.give(one, self._watch.say)
                    self._watch.done()
        finally:
            self._watch.end()
        self.worked_out += len(todo)
        return [self.answers.give(one, self._watch.say) for one in asked]

    def _by_several(self, todo: Sequence[Asked]) -> None:
        waiting: queue.SimpleQueue[Asked] = queue.SimpleQueue()
        for one in todo:
            waiting.put(one)
        found: queue.SimpleQueue[Asked | BaseException] = queue.SimpleQueue()
        helpers = [_Helper(self.answers.past) for _ in range(min(self._workers, len(todo)))]
        threads = [threading.Thread(target=_work, args=(helper, waiting, found), daemon=True) for helper in helpers]
        try:
            for thread in threads:
                thread.start()
            for _ in todo:
                told = found.get()
                if isinstance(told, BaseException):
                    raise told
                self._watch.start(str(told))
                self._watch.done()
        finally:
            for helper in helpers:
                helper.end()


class _Helper:
    """A process that answers: a line in for each question, a line out when its answer is kept. It has one core."""

    def __init__(self, past: History) -> None:
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "balun.worth.helper", str(past.chain.graph.config.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **one, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def ask(self, asked: Asked) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked.as_json()) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != _KEPT:
            raise RuntimeError(f"the process that was asked of {asked} ended with status {self._process.wait()}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _work(helper: _Helper, waiting: queue.SimpleQueue[Asked], found: queue.SimpleQueue[Asked | BaseException]) -> None:
    try:
        while True:
            try:
                asked = waiting.get_nowait()
            except queue.Empty:
                return
            helper.ask(asked)
            found.put(asked)
    except BaseException as exc:  # told to the one who waits for answers
        found.put(exc)


def answer_all(folder: Path) -> None:
    """What a helper does. The process that it helps holds the store."""
    past = history_of(folder)
    graph = past.chain.graph
    alone = replace(past, chain=replace(past.chain, graph=replace(graph, config=replace(graph.config, threads=1))))
    answers = Answers(alone)
    # What libraries print, as DuckDB its progress, is no answer.
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.give(Asked.from_json(json.loads(line)), lambda _: None)
        own.write(f"{_KEPT}\n")
        own.flush()
