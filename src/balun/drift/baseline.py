"""A state that later ones are held against, in a small file of the project, for everyone who has it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from balun.errors import ProjectError, UsageError, nearest
from balun.finding import Place
from balun.history import Entry
from balun.profile import Profile

FOLDER = "baselines"
DEFAULT = "baseline"


@dataclass(frozen=True)
class Kept:
    """Of one event or table. when: its run began, in seconds since 1970."""

    run: int
    when: float
    snapshot: str
    profile: Profile


def write_baseline(folder: Path, name: str, entries: Iterable[Entry]) -> Path:
    """Returns the file, relative to the project's folder. Raises UsageError for a name that can't be a file's."""
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name) or name.isdigit():
        raise UsageError(f"a baseline can't be called {name!r}: use letters, digits, - and _, not digits alone")
    told = {
        one.step: {"run": one.run, "when": one.when, "snapshot": one.snapshot, "profile": one.profile.as_json()}
        for one in entries
    }
    (folder / FOLDER).mkdir(exist_ok=True)
    file = folder / FOLDER / f"{name}.json"
    file.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")
    return file.relative_to(folder)


def baseline_names(folder: Path) -> list[str]:
    return sorted(file.stem for file in (folder / FOLDER).glob("*.json"))


def read_baseline(folder: Path, name: str) -> Mapping[str, Kept]:
    """By step. Raises UsageError where there is none of that name, ProjectError where it can't be read."""
    known = baseline_names(folder)
    if name not in known:
        raise UsageError(
            f"there is no baseline {name}{nearest(name, known)}: `balun drift --baseline` makes one of the last run"
        )
    try:
        told = json.loads((folder / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        return {
            step: Kept(int(one["run"]), float(one["when"]), str(one["snapshot"]), Profile.from_json(one["profile"]))
            for step, one in told.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ProjectError.at(
            "file-unreadable",
            Place(f"{FOLDER}/{name}.json"),
            "isn't a baseline that Balun wrote",
            mend="make it anew with `balun drift --baseline`, or delete it",
        ) from exc


def kept_snapshots(folder: Path) -> frozenset[str]:
    """Snapshots whose rows a baseline is compared by, for as long as they are there."""
    found: set[str] = set()
    for name in baseline_names(folder):
        try:
            found |= {one.snapshot for one in read_baseline(folder, name).values()}
        except ProjectError:
            continue
    return frozenset(found)
