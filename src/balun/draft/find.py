"""Data files: those that were named, and those in folders that were named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from balun.draft.shape import FORMATS, format_of, holds_records
from balun.errors import UsageError, nearest

_LEFT_OUT = frozenset({"contracts", "node_modules", "__pycache__"})
_GLOB = frozenset("*?[")


def find_files(paths: Iterable[Path], folder: Path, say: Callable[[str], None]) -> list[Path]:
    """Each file once, in the order of `paths`, those of a folder or a glob by their names.

    folder: where relative paths start. Raises UsageError with each path that leads to no data.
    """
    files: dict[Path, None] = {}
    faults: list[str] = []
    for path in paths:
        try:
            files.update(dict.fromkeys(_found(path, folder, say)))
        except UsageError as exc:
            faults.append(str(exc))
    if faults:
        raise UsageError("\n".join(faults))
    return list(files)


def _found(path: Path, folder: Path, say: Callable[[str], None]) -> list[Path]:
    whole = Path(os.path.normpath(folder / path))
    if whole.is_dir():
        found = _inside(whole, say)
        if not found:
            raise UsageError(f"there is no data file in {whole}; Balun reads {_readable()}")
        return found
    if whole.is_file():
        if format_of(whole) is None:
            raise UsageError(f"{path} is no data file by its name; Balun reads {_readable()}")
        return [whole]
    matched = _matched(path, folder) if _GLOB & set(str(path)) else []
    if not matched:
        raise UsageError(_missing(path, whole))
    return matched


def _matched(path: Path, folder: Path) -> list[Path]:
    start = Path(path.anchor) if path.is_absolute() else folder
    pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else str(path)
    return sorted(file for file in start.glob(pattern) if file.is_file() and format_of(file) is not None)


def _missing(path: Path, whole: Path) -> str:
    if _GLOB & set(str(path)):
        return f"no data file matches {path}"
    try:
        beside = [entry.name for entry in whole.parent.iterdir()]
    except OSError:
        beside = []
    here = f"; a relative path starts in {whole.parent}" if not path.is_absolute() and path.exists() else ""
    return f"there is no file or folder {path}{nearest(path.name, beside)}{here}"


def _inside(folder: Path, say: Callable[[str], None]) -> list[Path]:
    found: list[Path] = []
    for top, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not _is_left_out(Path(top) / name))
        files = [Path(top) / name for name in sorted(names) if not name.startswith((".", "_"))]
        for file in files:
            if format_of(file) is None:
                continue
            # A folder's .json files may be settings; a file that was named by itself is data.
            if file.suffix.lower() == ".json" and not holds_records(file):
                say(f"leaving out {file.name}, which holds no records")
                continue
            found.append(file)
    return found


def _is_left_out(folder: Path) -> bool:
    return folder.name.startswith((".", "_")) or folder.name in _LEFT_OUT or (folder / "pyvenv.cfg").exists()


def _readable() -> str:
    return f"{', '.join(FORMATS)}, and these with .gz, .zst or .zip behind"
