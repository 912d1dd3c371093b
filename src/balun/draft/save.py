"""Drafted files reach their places all together, or none does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from balun.errors import UsageError


def save(texts: Mapping[Path, str], folder: Path) -> None:
    """texts: of each file, by its path in `folder`. Files that are there are written over.

    Each file is flushed elsewhere and moved to its name whole. Where one can't be moved, those before it get their
    former text back. Raises UsageError where the folder can't be written.
    """
    try:
        with TemporaryDirectory(prefix=".init-", dir=folder) as work:
            waiting = {
                folder / path: _written(Path(work) / str(number), text)
                for number, (path, text) in enumerate(texts.items())
            }
            _move(waiting)
    except OSError as exc:
        raise UsageError(f"can't write into {folder}: {exc.strerror or exc}") from exc


def _written(file: Path, text: str) -> Path:
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return file


def _move(waiting: Mapping[Path, Path]) -> None:
    before: dict[Path, bytes | None] = {}
    try:
        for target, file in waiting.items():
            target.parent.mkdir(exist_ok=True)
            before[target] = target.read_bytes() if target.exists() else None
            file.replace(target)
    except OSError:
        for target, text in before.items():
            _put_back(target, text)
        raise


def _put_back(target: Path, text: bytes | None) -> None:
    if text is None:
        target.unlink(missing_ok=True)
    else:
        target.write_bytes(text)
