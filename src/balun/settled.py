"""When nothing was touched since the last run, a run knows it from file times alone, and imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from balun.snapshot import Json, Store

if TYPE_CHECKING:
    from balun.run import Report

# What of a project decides its results, besides its data.
_DECLARED = (
    "balun.toml",
    "*.py",
    "tables/*.py",
    "tables/**/*.sql",
    "contracts/**/*.yaml",
    "contracts/**/*.yml",
    "links/*.csv",
)
_PACKAGES = ("balun", "duckdb", "sqlglot", "pyarrow", "scikit-learn", "lightgbm", "polars", "pandas", "numpy", "splink")
_OWN = Path(__file__).parent


@dataclass(frozen=True)
class Seen:
    """The state of a project's files before a run began."""

    folder: str
    files: Mapping[str, str]
    versions: Mapping[str, str]

    @classmethod
    def before(cls, folder: Path) -> Seen:
        return cls(str(folder), {file: _stamp(Path(file)) for file in _declared(folder)}, _versions())


def note_settled(store: Store, seen: Seen, files: Mapping[str, tuple[Path, ...]], report: Report) -> None:
    """Remember that in this state there is nothing to do; not where rows lie in a server, which has no stamp."""
    data = {str(file): _stamp(file) for found in files.values() for file in found}
    if not all(files.values()):
        store.note_settled(None)
        return
    state = {
        "folder": seen.folder,
        "files": seen.files,
        "versions": seen.versions,
        "data": data,
        "listed": {str(folder): _listing(folder) for folder in sorted({Path(file).parent for file in data})},
        "snapshots": [outcome.snapshot for outcome in report.outcomes],
        "report": report.as_json(),
    }
    store.note_settled(state)


def still_settled(folder: Path, store: Store) -> Json | None:
    """The last run's report, if nothing has changed since and its snapshots are whole."""
    state = store.last_settled()
    if state is None or state.get("folder") != str(folder) or state.get("versions") != _versions():
        return None
    data, listed, snapshots = state["data"], state["listed"], state["snapshots"]
    assert isinstance(data, dict)
    assert isinstance(listed, dict)
    assert isinstance(snapshots, list)
    same = (
        state["files"] == Seen.before(folder).files
        and all(_stamp(Path(file)) == stamp for file, stamp in data.items())
        and all(_listing(Path(parent)) == names for parent, names in listed.items())
        and all(store.find(name) for name in snapshots)
    )
    report = state["report"]
    return report if same and isinstance(report, dict) else None


def _declared(folder: Path) -> list[str]:
    own = (file for file in _OWN.rglob("*.py"))  # while Balun itself is being worked on
    found = {file for pattern in _DECLARED for file in folder.glob(pattern)} | set(own)
    return sorted(map(str, found))


def _stamp(file: Path) -> str:
    try:
        status = file.stat()
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _listing(folder: Path) -> int:
    """How many names a data folder holds: a new file may belong to a glob."""
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return -1


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found
