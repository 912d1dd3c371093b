"""`balun init`: from data files to contracts that accept them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from balun.chain.config import FILE, find_project, read_config
from balun.chain.contract import Contract
from balun.chain.mends import is_mends
from balun.chain.odcs import read_contracts, write_contracts
from balun.draft.find import find_files
from balun.draft.group import Capture, captures, written
from balun.draft.key import find_keys
from balun.draft.notes import notes_of
from balun.draft.profile import profile
from balun.draft.promise import Comments, contract_of
from balun.draft.reference import Drawn, find_references
from balun.draft.save import save
from balun.draft.shape import Shape, shape_of
from balun.draft.typed import Desk, Say, Typed, typed
from balun.draft.words import counted
from balun.engine import Engine
from balun.errors import ProjectError, UsageError
from balun.finding import Finding

_NOBODY = "nobody owns these events yet: say --owner TEAM, or add the team to the files"
_ENDING = ".odcs.yaml"
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Drafted:
    """A contract that was written.

    file: relative to the project's folder. columns: how many. key: its columns' names, none where none was found.
    notes: what a person should know, a line each.
    """

    file: Path
    event: str
    rows: int
    columns: int
    key: tuple[str, ...]
    notes: tuple[str, ...]


def draft(
    paths: Iterable[Path],
    start: Path,
    *,
    owner: str | None = None,
    force: bool = False,
    progress: Callable[[str], None] | None = None,
) -> tuple[Drafted, ...]:
    """Writes a contract for each kind of event in `paths`, and a balun.toml where the project has none.

    paths: files, globs, and folders to be searched; relative ones start in `start`. start: the project's folder, or one
    inside it. owner: the team that captures the events. force: write over contracts that are there.
    progress: told what is under way, in a few words.
    All files are written or none. Raises UsageError where `paths` lead to no data or a contract is in the way, and
    ProjectError with each file that can't be read.
    """
    say = progress or (lambda _: None)
    if not start.is_dir():
        raise UsageError(f"{start} is no folder")
    folder = _project(start)
    zone = read_config(folder).zone if (folder / FILE).is_file() else "UTC"
    files = find_files(paths, start.resolve(), say)
    with _desk(folder, zone, say) as desk:
        captured = captures(_shapes(files, desk), folder)
        _refuse_to_replace(captured, folder, force=force)
        drawn = _draw(captured, desk)
        say("comparing keys")
        return _write(drawn, desk, owner)


@contextmanager
def reading(paths: Iterable[Path], start: Path, say: Say) -> Iterator[tuple[list[Typed], Desk]]:
    """The events in `paths` with the types that contracts would give them, while their files are there."""
    if not start.is_dir():
        raise UsageError(f"{start} is no folder")
    folder = _project(start)
    zone = read_config(folder).zone if (folder / FILE).is_file() else "UTC"
    with _desk(folder, zone, say) as desk:
        captured = captures(_shapes(find_files(paths, start.resolve(), say), desk), folder)
        yield _each(captured, lambda capture: typed(capture, desk)), desk


def _project(start: Path) -> Path:
    try:
        return find_project(start)
    except ProjectError:
        return start.resolve()


@contextmanager
def _desk(folder: Path, zone: str, say: Say) -> Iterator[Desk]:
    config = read_config(folder) if (folder / FILE).is_file() else None
    memory, threads = (config.memory, config.threads) if config else (None, None)
    with TemporaryDirectory(prefix="balun-init-") as work:
        spill = Path(work) / "spill"
        with Engine(memory=memory, threads=threads, spill=spill) as engine:
            yield Desk(engine, folder, zone, Path(work), say)


def _shapes(files: Sequence[Path], desk: Desk) -> list[tuple[Path, Shape]]:
    return _each(files, lambda file: (file, shape_of(file, written(file, desk.folder), desk.engine)))


def _draw(captured: Sequence[Capture], desk: Desk) -> list[Drawn]:
    def one(capture: Capture) -> Drawn:
        rows = typed(capture, desk)
        desk.say(f"profiling {capture.event}")
        seen = profile(rows, desk.engine)
        desk.say(f"looking for the key of {capture.event}")
        return Drawn(rows, seen, find_keys(rows, seen, desk.engine))

    return _each(captured, one)


def _each(items: Sequence[Item], make: Callable[[Item], Made]) -> list[Made]:
    """All that can be made of `items`; or a ProjectError with what is wrong with each that can't."""
    made: list[Made] = []
    faults: list[Finding] = []
    for item in items:
        try:
            made.append(make(item))
        except ProjectError as exc:
            faults += exc.findings
    if faults:
        raise ProjectError(faults)
    return made


def _file(event: str) -> Path:
    return Path("contracts") / f"{event}{_ENDING}"


def _refuse_to_replace(captured: Sequence[Capture], folder: Path, *, force: bool) -> None:
    there = [_file(one.event) for one in captured if (folder / _file(one.event)).exists()]
    if there and not force:
        named = ", ".join(path.as_posix() for path in there)
        raise UsageError(f"{named} would be written over; name other files, or say --force")
    taken = _taken(folder, {folder / path for path in there})
    faults = [
        f"{one.event} of {one.name} is also {taken[one.event.lower()]}; rename the file, or leave it out"
        for one in captured
        if one.event.lower() in taken
    ]
    if faults:
        raise UsageError("\n".join(faults))


def _taken(folder: Path, replaced: set[Path]) -> dict[str, str]:
    """Names that events and tables of the project have, in lower case, and where."""
    tables = (folder / "tables").glob("*.[sp][qy]*")
    taken = {file.stem.lower(): written(file, folder) for file in tables}
    for file in sorted((folder / "contracts").rglob("*.y*ml")):
        if file not in replaced and not is_mends(file):
            for contract in read_contracts(file, folder):
                taken[contract.name.lower()] = written(file, folder)
    return taken


def _write(drawn: Sequence[Drawn], desk: Desk, owner: str | None) -> tuple[Drafted, ...]:
    references = find_references(drawn, desk.engine)
    texts: dict[Path, str] = {}
    drafted: list[Drafted] = []
    for one in drawn:
        contract, comments = contract_of(one, owner, references)
        texts[_file(one.event)] = _text(contract, comments, one)
        own = [reference for reference in references if reference.event == one.event]
        notes = notes_of(one, own, desk.engine)
        notes += () if owner or drafted else (_NOBODY,)
        drafted.append(Drafted(_file(one.event), one.event, one.rows.rows, len(contract.columns), contract.key, notes))
    if not (desk.folder / FILE).exists():
        texts[Path(FILE)] = f"name = {json.dumps(desk.folder.name or 'project')}\nzone = {json.dumps(desk.zone)}\n"
    save(texts, desk.folder)
    return tuple(drafted)


def _text(contract: Contract, comments: Comments, drawn: Drawn) -> str:
    others = len(drawn.rows.capture.files) - 1
    head = (
        f"# Drafted by `balun init` from {counted(drawn.rows.rows, 'row')} of {drawn.rows.capture.name}"
        f"{' and ' + counted(others, 'file') + ' like it' if others else ''}.\n"
        "# What is marked as a guess is one: mend it or take the mark away, then say status: active.\n"
    )
    return head + write_contracts([contract], name=contract.name, comments=comments)
