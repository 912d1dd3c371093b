"""Files become events: those whose names differ by a date or a number only, and whose columns are the same, are one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from itertools import count
from pathlib import Path

from balun.chain.contract import Files
from balun.draft.shape import Shape, bare_name
from balun.finding import Place

_VARYING = re.compile(
    r"(?<![^\W_])("
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # a uuid
    r"|[0-9]{4}[-_.]?[0-9]{2}([-_.]?[0-9]{2}(T[0-9]+Z?)?)?|[0-9]+"
    r"|(?=[0-9a-f]*[0-9])[0-9a-f]{7,40}"
    r")(?![^\W_])",
    flags=re.IGNORECASE,
)
# Names that writers of many files give to each of them.
_PART = re.compile(r"(part|data|file|chunk|shard|batch)?[\W_]*(c[0-9]{3})?[\W_]*(snappy|zstd)?", flags=re.IGNORECASE)


@dataclass(frozen=True)
class Capture:
    """An event's files. name: as messages call them."""

    event: str
    name: str
    files: tuple[Path, ...]
    shape: Shape
    paths: tuple[str, ...]

    def source(self, null: tuple[str, ...] = ("",)) -> Files:
        shape = self.shape
        return Files(shape.format, self.paths, Place(self.name), None, shape.delimiter, shape.header, null)


def captures(shaped: Sequence[tuple[Path, Shape]], folder: Path) -> list[Capture]:
    """folder: the project's. In the order of the files, each with a name of its own."""
    alike: dict[tuple[str, Shape], list[Path]] = {}
    for file, shape in shaped:
        alike.setdefault((_pattern(file, folder), shape), []).append(file)
    groups = [(shape, sorted(files)) for (_, shape), files in alike.items()]
    names = _names([files for _, files in groups], folder)
    return [
        Capture(event, written(files[0], folder), tuple(files), shape, _paths(files, folder))
        for event, (shape, files) in zip(names, groups, strict=True)
    ]


def written(file: Path, folder: Path) -> str:
    """A path as the contract has it: relative where the file lies in the project."""
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()


def _pattern(file: Path, folder: Path) -> str:
    """A glob for the file and those like it.

    >>> _pattern(Path("/p/data/2024/rides_2024-01.csv"), Path("/p")), _pattern(Path("/p/day=3/a1.csv"), Path("/p"))
    ('data/*/rides_*.csv', 'day=*/a1.csv')
    """
    inside = file.relative_to(folder) if file.is_relative_to(folder) else file
    parts = [*inside.parts[:-1], bare_name(file)]
    ending = file.name.removeprefix(parts[-1])
    return "/".join(_varied(part) for part in parts).replace("//", "/", 1) + escape(ending)


def _varied(part: str) -> str:
    key, equals, _ = part.partition("=")
    if equals:
        return f"{escape(key)}=*"
    pieces = _VARYING.split(part)
    # Of each hit, split gives the groups too: every fourth piece is what stands between.
    return "*".join(escape(piece) for piece in pieces[:: _VARYING.groups + 1])


def _paths(files: list[Path], folder: Path) -> tuple[str, ...]:
    """One path, one glob that finds these files and no others, or all paths."""
    if len(files) > 1:
        pattern = _pattern(files[0], folder)
        root = Path(Path(pattern).anchor) if Path(pattern).is_absolute() else folder
        inner = str(Path(pattern).relative_to(root)) if Path(pattern).is_absolute() else pattern
        if sorted(root.glob(inner)) == files and _carries(pattern):
            return (pattern,)
    return tuple(_path(file, folder) for file in files)


def _path(file: Path, folder: Path) -> str:
    """A contract fills braces in a path, and has no room for signs that can't be seen: a glob goes round both."""
    path = written(file, folder)
    return path if _carries(path) else re.sub(r"[{}]|[^ -~]", "?", escape(path))


def _carries(path: str) -> bool:
    return path.isprintable() and not re.search(r"[{}]|^[a-z][a-z0-9+.-]+://", path)


def _names(groups: list[list[Path]], folder: Path) -> list[str]:
    """Where two have the same name, the folder's goes before it, and a number behind where that doesn't help."""
    plain = [_event(files, folder) for files in groups]
    lower = [name.lower() for name in plain]
    longer = [
        name if lower.count(name.lower()) == 1 else _usable(f"{files[0].parent.name}_{name}")
        for name, files in zip(plain, groups, strict=True)
    ]
    taken: set[str] = set()
    return [_free(name, taken) for name in longer]


def _free(name: str, taken: set[str]) -> str:
    tried = (name if number == 1 else f"{name}_{number}" for number in count(1))
    free = next(one for one in tried if one.lower() not in taken)
    taken.add(free.lower())
    return free


def _event(files: list[Path], folder: Path) -> str:
    name = bare_name(files[0])
    if len(files) == 1:
        return _usable(name)
    fixed = _VARYING.sub("", name).strip("-_. ")
    if _PART.fullmatch(fixed):
        parts = written(files[0], folder).split("/")[:-1]
        fixed = next((part for part in reversed(parts) if not _is_varied(part)), folder.name)
        fixed = bare_name(Path(fixed))
    return _usable(re.sub(r"([-_. ])[-_. ]+", r"\1", fixed))


def _is_varied(part: str) -> bool:
    return "=" in part or not _VARYING.sub("", part).strip("-_. ")


def _usable(name: str) -> str:
    """A name that SQL takes without quotes.

    >>> _usable("Rides 2024-01"), _usable("2024"), _usable("…")
    ('Rides_2024_01', 'event_2024', 'event')
    """
    name = re.sub(r"\W+", "_", name.replace("-", "_")).strip("_")[:100]
    if not name:
        return "event"
    return name if re.match(r"[^\W\d]", name) else f"event_{name}"
