"""Where a contract's rows lie: paths, globs, and folders of installed packages, found without importing anything."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from balun.chain.contract import Contract, Files, Postgres
from balun.errors import ProjectError, nearest
from balun.finding import Finding, Place

_GLOB = frozenset("*?[")


def source_files(contract: Contract, folder: Path) -> tuple[Path, ...]:
    """The files that hold the contract's rows, in the order in which they are read; none for a Postgres table.

    A glob's files come in the order of their names. A file that two paths name is read once.
    Raises ProjectError with every path that finds nothing.
    """
    if contract.source is None:
        raise ProjectError.at(
            "source-missing",
            contract.place,
            f"{contract.name} doesn't say where its rows lie",
            mend="add a server of type local, with a path and a format",
            owner=contract.owner,
        )
    if isinstance(contract.source, Postgres):
        return ()
    start = base(contract, folder)
    files: dict[Path, None] = {}
    faults: list[Finding] = []
    for path in contract.source.paths:
        try:
            files.update(dict.fromkeys(_found(contract, contract.source, start, path)))
        except ProjectError as error:
            faults += error.findings
    if faults:
        raise ProjectError(faults)
    return tuple(files)


def base(contract: Contract, folder: Path) -> Path:
    """The folder that the contract's paths start from: the project's, or that of an installed package."""
    source = contract.source
    if not isinstance(source, Files) or source.package is None:
        return folder
    top, *inner = source.package.split(".")
    # find_spec of a dotted name would import its parents: only the first part is looked up.
    spec = find_spec(top) if top.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ProjectError.at(
            "package-missing",
            source.place,
            f"the Python package {source.package} isn't installed",
            mend=f"pip install {top}",
            owner=contract.owner,
        )
    return Path(next(iter(spec.submodule_search_locations)), *inner)


def source_name(file: Path, start: Path) -> str:
    """A file's name in accounts of its rows: relative to the folder that its path starts from where it lies in it.

    >>> source_name(Path("/flights/data/a.csv"), Path("/flights"))
    'data/a.csv'
    """
    try:
        return file.relative_to(start).as_posix()
    except ValueError:
        return file.as_posix()


def _found(contract: Contract, source: Files, start: Path, path: str) -> list[Path]:
    whole = start / path
    if whole.is_file() or not _GLOB & set(path):
        _readable(contract, source.place, whole, path)
        return [whole]
    pattern = Path(path)
    root = Path(pattern.anchor) if pattern.is_absolute() else start
    inner = str(pattern.relative_to(pattern.anchor)) if pattern.is_absolute() else path
    found = sorted(file for file in root.glob(inner) if file.is_file())
    if not found:
        raise ProjectError.at(
            "file-missing",
            source.place,
            f"no file matches {path} in {root}",
            mend="put the files there, or mend the path in the contract's server",
            owner=contract.owner,
        )
    for file in found:
        _readable(contract, source.place, file, source_name(file, root))
    return found


def _readable(contract: Contract, place: Place, file: Path, shown: str) -> None:
    if not file.exists():
        raise ProjectError.at(
            "file-missing",
            place,
            f"{shown} doesn't exist{nearest(file.name, _beside(file))}",
            mend="put the file there, or mend the path in the contract's server",
            owner=contract.owner,
        )
    if not file.is_file() or not os.access(file, os.R_OK):
        why = "is a folder" if file.is_dir() else "may not be read by this user"
        mend = f"name its files, such as {shown.rstrip('/')}/*" if file.is_dir() else f"chmod u+r {shown}"
        raise ProjectError.at("file-unreadable", place, f"{shown} {why}", mend=mend, owner=contract.owner)


def _beside(file: Path) -> list[str]:
    try:
        return [entry.name for entry in file.parent.iterdir()]
    except OSError:
        return []
