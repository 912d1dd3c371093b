"""What people said of pairs: `links/NAME.labels.csv`, which a project keeps beside its tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from balun.errors import ProjectError
from balun.finding import Place

FOLDER = "links"
_YES, _NO = {"y", "yes", "true", "1"}, {"n", "no", "false", "0"}
Key = tuple[str, ...]
Labels = Mapping[tuple[Key, Key], bool]


def labels_file(root: Path, name: str) -> Path:
    return root / FOLDER / f"{name}.labels.csv"


def columns(keys: Sequence[Sequence[str]]) -> list[str]:
    """The file's header. keys: of the left and of the right record.

    >>> columns([["id"], ["id"]])
    ['id_l', 'id_r', 'match']
    """
    return [*(f"{name}_l" for name in keys[0]), *(f"{name}_r" for name in keys[-1]), "match"]


def read_labels(file: Path, keys: Sequence[Sequence[str]], root: Path) -> dict[tuple[Key, Key], bool]:
    """Keys as text, the last answer where one was given twice. Raises ProjectError at a line that can't be read."""
    if not file.exists():
        return {}
    shown = file.relative_to(root).as_posix()
    wanted = columns(keys)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        try:
            told = list(enumerate(rows, start=1))
        except (csv.Error, UnicodeDecodeError) as exc:
            raise _unreadable(Place(shown), str(exc), wanted) from exc
    if not told:
        return {}
    if [word.strip() for word in told[0][1]] != wanted:
        raise _unreadable(Place(shown, 1), f"the columns are {', '.join(told[0][1]) or 'none'}", wanted)
    found: dict[tuple[Key, Key], bool] = {}
    for line, row in told[1:]:
        if row:
            found |= _answer(row, len(keys[0]), wanted, Place(shown, line))
    return found


def _answer(row: Sequence[str], split: int, wanted: Sequence[str], place: Place) -> dict[tuple[Key, Key], bool]:
    word = row[-1].strip().lower()
    if len(row) != len(wanted) or word not in _YES | _NO:
        raise _unreadable(place, f"{','.join(row)} is no answer", wanted)
    return {(tuple(row[:split]), tuple(row[split:-1])): word in _YES}


def _unreadable(place: Place, message: str, wanted: Sequence[str]) -> ProjectError:
    mend = f"write the columns {', '.join(wanted)}, with match as y or n"
    return ProjectError.at("labels-unreadable", place, message, mend=mend)


def add_labels(file: Path, keys: Sequence[Sequence[str]], answers: Iterable[tuple[Key, Key, bool]]) -> None:
    """Append answers; the file is made where there is none."""
    file.parent.mkdir(exist_ok=True)
    fresh = not file.exists() or not file.stat().st_size
    with file.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        if fresh:
            writer.writerow(columns(keys))
        for left, right, same in answers:
            writer.writerow([*left, *right, "y" if same else "n"])
