"""What Python code looks at while it is imported: until that changes, the import would give the same again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BEYOND = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "sqlite3.", "ctypes.cdata")
_LISTED = frozenset({"os.listdir", "os.scandir"})
_IMPORTER = "<frozen importlib"
_MOST_FILES = 20_000


@dataclass
class Traced:
    """files: and folders, each with its stamp. words: of the environment. beyond: it looked at more than these."""

    files: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    words: dict[str, str | None] = field(default_factory=dict)
    beyond: bool = False

    def holds(self) -> bool:
        """Whether all that was looked at is as it was."""
        return (
            not self.beyond
            and all(os.environ.get(word) == value for word, value in self.words.items())
            and all(_stamp(file) == stamp for file, stamp in self.files.items())
        )


@contextmanager
def tracing(own: Sequence[Path]) -> Iterator[Traced]:
    """Files, folders and words of the environment are told of; the clock isn't.

    own: folders in which only the caller knows what an import would find.
    """
    traced = Traced()
    before, words = dict(os.environ), type(os.environ)
    trace = _Trace(traced, frozenset(map(str, own)))
    _listen()
    _TRACES.append(trace)
    os.environ.__class__ = _Words
    try:
        yield traced
    finally:
        os.environ.__class__ = words
        _TRACES.remove(trace)
    traced.words.update({word: before.get(word) for word in trace.words})
    traced.beyond = traced.beyond or len(traced.files) > _MOST_FILES


@dataclass
class _Trace:
    traced: Traced
    own: frozenset[str]
    words: set[str] = field(default_factory=set)

    def look(self, path: object) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            file = os.fsdecode(path) if os.path.isabs(path) else str(Path(os.fsdecode(path)).absolute())  # noqa: PTH117
            if file not in self.traced.files:
                self.traced.files[file] = _stamp(file)


_TRACES: list[_Trace] = []
_LISTENING: list[bool] = []


def _listen() -> None:
    """Once: the interpreter doesn't let go of a hook."""
    if not _LISTENING:
        _LISTENING.append(True)
        sys.addaudithook(_heard)


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if not _TRACES:
        return
    trace = _TRACES[-1]
    if event == "open":
        path, _, flags = args
        trace.traced.beyond |= isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
        trace.look(path)
    elif event in _LISTED:
        folder = args[0] or "."
        imports = sys._getframe(1).f_code.co_filename.startswith(_IMPORTER)  # noqa: SLF001
        if not (imports and str(folder) in trace.own):
            trace.look(folder)
    elif event.startswith(_BEYOND):
        trace.traced.beyond = True


def _stamp(file: str) -> tuple[int, int] | None:
    try:
        status = os.stat(file)  # noqa: PTH116 - of thousands of files
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


class _Words(type(os.environ)):  # type: ignore[misc]
    """The environment, while somebody listens to who reads it."""

    def __getitem__(self, word: str) -> str:
        for trace in _TRACES:
            trace.words.add(word)
        found: str = super().__getitem__(word)
        return found

    def __iter__(self) -> Iterator[str]:
        for trace in _TRACES:
            trace.traced.beyond = True
        return iter(super().__iter__())
