"""Profiles of runs that are gone, a few kilobytes each, in files beside the snapshots; `prune` leaves them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from balun.profile import Profile
from balun.snapshot import PROFILE, Snapshot, Store

FOLDER = "history"


@dataclass(frozen=True)
class Entry:
    """One state of an event or a table. run: the first that had it. when: it began, in seconds since 1970."""

    file: Path
    run: int
    when: float
    step: str
    snapshot: str
    rows: int

    @cached_property
    def profile(self) -> Profile:
        return Profile.from_json(json.loads(gzip.decompress(self.file.read_bytes()))["profile"])

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.when, UTC).date()

    def __str__(self) -> str:
        return f"run {self.run} of {datetime.fromtimestamp(self.when, UTC):%Y-%m-%d %H:%M}"


class History:
    """Of the steps of one store."""

    def __init__(self, store: Store) -> None:
        self.folder = store.folder / FOLDER

    def of(self, step: str) -> tuple[Entry, ...]:
        """Its states, the oldest first. A file that can't be read is as if it weren't there."""
        return tuple(self.back(step))[::-1]

    def back(self, step: str) -> Iterator[Entry]:
        """Its states, the newest first, each read when it is asked for."""
        for file in sorted((self.folder / _slug(step)).glob("*.json.gz"), reverse=True):
            entry = _read(file)
            if entry is not None and entry.step == step:
                yield entry

    def add(self, run: int, when: float, made: Snapshot) -> None:
        """Where it isn't the newest state already, and has a profile."""
        before = next(self.back(made.step), None)
        if before is not None and before.snapshot == made.name:
            return
        with suppress(OSError, ValueError, KeyError):
            profile = json.loads((made.folder / PROFILE).read_text(encoding="utf-8"))
            told = {"run": run, "when": when, "step": made.step, "snapshot": made.name, "rows": profile["rows"]}
            folder = self.folder / _slug(made.step)
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{int(when * 1000):015d}-{run:06d}.json.gz"
            text = json.dumps({**told, "profile": profile}, ensure_ascii=False)
            draft = file.with_suffix(".draft")
            draft.write_bytes(gzip.compress(text.encode(), mtime=0))
            draft.replace(file)


def keep(store: Store, run: int, when: float, snapshots: Iterable[Snapshot]) -> None:
    """Note the states that a run left, of events and tables; those that it found and left are there already."""
    history = History(store)
    for one in snapshots:
        history.add(run, when, one)


def _slug(step: str) -> str:
    """
    >>> _slug("table:flown"), _slug("table:a/b")
    ('table-flown', 'table-a_b')
    """
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in step.replace(":", "-"))


def _read(file: Path) -> Entry | None:
    try:
        told = json.loads(gzip.decompress(file.read_bytes()))
        return Entry(
            file, int(told["run"]), float(told["when"]), str(told["step"]), str(told["snapshot"]), int(told["rows"])
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
