"""What current rows are held against: an earlier run's, a baseline's, or those of the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from balun.chain.graph import Node
from balun.drift.baseline import DEFAULT, baseline_names, read_baseline
from balun.errors import UsageError, nearest
from balun.history import Entry, History
from balun.profile import Profile
from balun.snapshot import Snapshot, Store

BEFORE = "before"


@dataclass(frozen=True)
class Reference:
    """words: as in `against run 3 of 2026-03-01 09:00`. snapshot: its rows, where they are still there."""

    words: str
    snapshot: Snapshot | None
    profile: Profile


def reference(node: Node, against: str, store: Store, folder: Path) -> Reference | None:
    """against: `before` (the state before the current one), a run's number, a day (the last state up to it), or the
    name of a baseline. None: there was no other state yet. Raises UsageError for what can't be found.
    """
    history = History(store)
    if against == BEFORE:
        current = store.current_name(node.id)
        entry = next((one for one in history.back(node.id) if one.snapshot != current), None)
    elif against.isdigit():
        entry = _of_run(node, history.of(node.id), int(against))
    elif (day := _day(against)) is not None:
        entry = _of_day(node, history.of(node.id), day)
    else:
        return _of_baseline(node, against, store, folder)
    if entry is None:
        return None
    return Reference(str(entry), store.find(entry.snapshot), entry.profile)


def _of_run(node: Node, entries: Sequence[Entry], run: int) -> Entry:
    found = next((one for one in reversed(entries) if one.run <= run), None)
    if found is None:
        known = f": the first is run {entries[0].run}" if entries else ""
        raise UsageError(f"nothing is kept of {node.id} as of run {run}{known}")
    return found


def _of_day(node: Node, entries: Sequence[Entry], day: date) -> Entry:
    found = next((one for one in reversed(entries) if one.day <= day), None)
    if found is None:
        known = f": the first is of {entries[0].day}" if entries else ""
        raise UsageError(f"nothing is kept of {node.id} as of {day}{known}")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _of_baseline(node: Node, name: str, store: Store, folder: Path) -> Reference | None:
    known = [*baseline_names(folder), BEFORE]
    if name not in known and name != DEFAULT:
        raise UsageError(
            f"--against {name} is no run's number, day or baseline{nearest(name, known)}: write `before`, a number as "
            "`balun history` shows it, a day such as 2026-03-01, or a baseline's name"
        )
    found = read_baseline(folder, name).get(node.id)
    if found is None:
        return None
    return Reference(
        f"the baseline {name} (run {found.run})" if name != DEFAULT else f"the baseline (run {found.run})",
        store.find(found.snapshot),
        found.profile,
    )
