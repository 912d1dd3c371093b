"""What was worked out before, kept in one file beside the snapshots, by what it was worked out from.

A key is a digest of all that decides on an answer, and of the program itself, so nothing kept is ever out of date. What
is damaged or in the way is as if it weren't there: it is worked out again. Entries make data of Balun's kinds only.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from balun.digest import digest

FILE = "worked-out.sqlite"
MOST_BYTES = 256_000_000
_TABLE = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, told BLOB, sum BLOB, body BLOB) WITHOUT ROWID"
_SUM_BYTES = 16


class DamagedError(Exception):
    """An entry that seemed whole can't be read: work without what is kept."""


class Kept:
    """Entries of one file. `save` writes what was put; nobody waits for a file that another process is writing."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.used = False
        self._by = _program()
        self._new: dict[bytes, tuple[bytes, bytes]] = {}
        self._met: set[bytes] = set()
        self._told: dict[int, tuple[object, bytes]] = {}
        self._connection = self._opened()

    def key(self, *of: object) -> bytes:
        return digest(self._by, *of)

    def told(self, value: object) -> bytes:
        """The digest of a declaration, worked out once."""
        found = self._told.get(id(value))
        if found is None:
            found = self._told[id(value)] = value, digest(value)
        return found[1]

    def tell(self, value: object, told: bytes) -> None:
        """What `told` is to say of a value: that by which it was read."""
        self._told[id(value)] = value, told

    def find(self, key: bytes) -> tuple[bytes, Callable[[], Any]] | None:
        """What stands beside an entry, and what reads it, which may raise DamagedError; None: there is no whole one."""
        if key in self._new:
            told, body = self._new[key]
        else:
            told, sum_, body = self._row(key)
            if _sum(key, told, body) != sum_:
                return None
        self._met.add(key)
        self.used = True
        return told, lambda: _read(body)

    def put(self, key: bytes, value: object, told: bytes = b"") -> None:
        self._new[key] = told, pickle.dumps(value, protocol=5)

    def put_data(self, key: bytes, value: object) -> None:
        """Where it is all data that could be read again."""
        with suppress(DamagedError, pickle.PicklingError, AttributeError, TypeError):
            body = pickle.dumps(value, protocol=5)
            _read(body)
            self._new[key] = b"", body

    def save(self) -> None:
        """Write what is new; where the file has grown too large, only what this process has met stays."""
        if self._connection is None or not self._new:
            return
        rows = [(key, told, _sum(key, told, body), body) for key, (told, body) in self._new.items()]
        with suppress(sqlite3.Error), self._connection:
            if _size(self._connection) > MOST_BYTES:
                keep = [(key,) for key in self._met]
                self._connection.execute("CREATE TEMP TABLE met (key BLOB PRIMARY KEY) WITHOUT ROWID")
                self._connection.executemany("INSERT OR IGNORE INTO met VALUES (?)", keep)
                self._connection.execute("DELETE FROM entry WHERE key NOT IN (SELECT key FROM met)")
            self._connection.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
        self._new.clear()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _row(self, key: bytes) -> tuple[bytes, bytes, bytes]:
        """What stands beside it, its sum, and its bytes; empty where there is none."""
        row = None
        if self._connection is not None:
            try:
                row = self._connection.execute("SELECT told, sum, body FROM entry WHERE key = ?", (key,)).fetchone()
            except sqlite3.OperationalError:
                pass  # locked by who writes
            except sqlite3.Error:
                self.close()
                forget(self.file)
        whole = row is not None and all(isinstance(one, bytes) for one in row)
        return (row[0], row[1], row[2]) if row is not None and whole else (b"", b"", b"")

    def _opened(self) -> sqlite3.Connection | None:
        """None where there can't be a file: then nothing is kept."""
        for _ in range(2):
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                return _connect(self.file)
            except sqlite3.OperationalError:
                return None  # unwritable, or locked
            except sqlite3.Error:
                forget(self.file)  # damaged
            except OSError:
                return None
        return None


def forget(file: Path) -> int:
    """Delete what is kept. Returns its bytes."""
    size = 0
    for ending in ("", "-journal"):
        one = file.with_name(file.name + ending)
        with suppress(OSError):
            size += one.stat().st_size
            one.unlink()
    return size


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=0.5, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")  # each entry has its sum
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _size(connection: sqlite3.Connection) -> int:
    with closing(connection.cursor()) as cursor:
        pages, free, size = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def _sum(key: bytes, told: bytes, body: bytes) -> bytes:
    return blake2b(key + told + body, digest_size=_SUM_BYTES).digest()


@cache
def _program() -> str:
    """Balun's own code, and what its answers hang on besides."""
    root = Path(__file__).parent
    files = []
    for file in sorted(root.rglob("*.py")):
        status = file.stat()
        files.append((str(file.relative_to(root)), status.st_size, status.st_mtime_ns))
    return digest(sys.version, [_version(name) for name in ("balun", "duckdb", "sqlglot", "pint")], files).hex()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


# -- entries


def _read(body: bytes) -> Any:
    try:
        return _Reader(io.BytesIO(body)).load()
    except Exception as exc:  # a pickle that is damaged may raise anything
        raise DamagedError from exc


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _kind(module, name)


_KINDS = frozenset({
    ("builtins", "frozenset"), ("builtins", "set"), ("fractions", "Fraction"), ("decimal", "Decimal"),
    ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("datetime", "timedelta"),
})  # fmt: skip


@cache
def _kind(module: str, name: str) -> Any:
    """Only data: what a dataclass or an Enum of Balun's holds, and plain values."""
    if (module, name) in _KINDS or module.split(".", maxsplit=1)[0] == "balun":
        __import__(module)
        found = getattr(sys.modules[module], name)
        data = isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum))
        if data or (module, name) in _KINDS:
            return found
    raise pickle.UnpicklingError(f"{module}.{name} isn't data")
