"""Snapshots: frozen results, named by the content of what they are made from, and a small catalogue of them.

A snapshot is a folder that is written elsewhere, flushed to disk, and moved to its name whole; its `info.json` says
what is in it. The catalogue can be lost: it is made anew from the folders. Readers never see half a snapshot, and a run
killed at any instant leaves nothing but a folder in `tmp/` that the next one sweeps.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from balun.errors import BalunError, Busy, ProjectError
from balun.finding import Place

if TYPE_CHECKING:
    import pyarrow as pa

Json = Mapping[str, object]
PROFILE = "profile.json"
"""In a snapshot's folder: what the rows of an event or a table look like."""
_INFO = "info.json"
_CATALOGUE = """
CREATE TABLE IF NOT EXISTS snapshot (
  name TEXT PRIMARY KEY, step TEXT NOT NULL, created REAL NOT NULL, bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS current (step TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS content (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, started REAL NOT NULL, ended REAL, report TEXT);
CREATE TABLE IF NOT EXISTS stopped (step TEXT PRIMARY KEY, name TEXT NOT NULL, run INTEGER NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settled (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
"""


def digest(ingredients: Json) -> str:
    """The name of a content: 16 hexadecimal digits of the SHA-256 of its JSON.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(ingredients, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Snapshot:
    """A frozen result.

    step: what it is a result of, such as `table:flown`.
    ingredients: what its name is made from. info: what its making told. files: their sizes in bytes.
    run: the number of the run that made it; None: it isn't known.
    """

    name: str
    step: str
    folder: Path
    created: float
    ingredients: Json
    info: Json
    files: Mapping[str, int]
    run: int | None = None

    @property
    def rows(self) -> Path:
        return self.folder / "rows.parquet"

    @property
    def bytes(self) -> int:
        return sum(self.files.values())

    @property
    def count(self) -> int | None:
        """Its rows, where its making told of them."""
        told = self.info.get("rows")
        return told if isinstance(told, int) else None

    def whole(self) -> bool:
        """Whether each file is there with its size."""
        try:
            return all((self.folder / file).stat().st_size == size for file, size in self.files.items())
        except OSError:
            return False


@dataclass(frozen=True)
class Stopped:
    """A snapshot that was made and may not become current. run: the number of the run that stopped at it."""

    step: str
    name: str
    run: int
    why: str


class Store:
    """The snapshots below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._snapshots = folder / "snapshots"
        self._tmp = folder / "tmp"
        self._catalogue: sqlite3.Connection | None = None
        self._run: int | None = None

    @contextmanager
    def locked(self, *, wait: bool = False) -> Iterator[None]:
        """Hold the store alone, and sweep what a killed run left. Raises Busy where another run holds it, or waits."""
        self._make(self.folder)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                lock.seek(0)
                raise Busy(
                    f"another run works on this project ({lock.read().strip() or 'starting'}): "
                    "wait for it to end, or let this one wait with --wait"
                ) from exc
            lock.truncate(0)
            lock.write(f"process {os.getpid()} since {time.strftime('%H:%M:%S')}")
            lock.flush()
            shutil.rmtree(self._tmp, ignore_errors=True)
            self._make(self._tmp)
            try:
                yield
            finally:
                lock.truncate(0)

    @property
    def spill(self) -> Path:
        """Where an engine may put what doesn't fit in memory; gone with the next run."""
        return self._tmp / "spill"

    def find(self, name: str) -> Snapshot | None:
        """The snapshot of that name where it is whole; what isn't counts as not there."""
        folder = self._snapshots / name
        try:
            told = json.loads((folder / _INFO).read_text(encoding="utf-8"))
            found = Snapshot(
                name=name,
                step=told["step"],
                folder=folder,
                created=told["created"],
                ingredients=told["ingredients"],
                info=told["info"],
                files=told["files"],
                run=told.get("run"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.whole() else None

    @contextmanager
    def writing(self, name: str, step: str, ingredients: Json) -> Iterator[Writing]:
        """A folder to write files into; on leaving without an error it becomes the snapshot of that name."""
        draft = self._tmp / f"{name}-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        self._make(draft)
        writing = Writing(draft)
        try:
            yield writing
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        files = {file.relative_to(draft).as_posix(): file.stat().st_size for file in draft.rglob("*") if file.is_file()}
        told = {
            "step": step,
            "created": time.time(),
            "run": self._run,
            "ingredients": ingredients,
            "info": writing.info,
            "files": dict(sorted(files.items())),
        }
        (draft / _INFO).write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
        self._move_whole(draft, self._snapshots / name)
        self._note(name, step, float(told["created"]), sum(files.values()))  # type: ignore[arg-type]

    def current(self, step: str) -> Snapshot | None:
        """What the last run that ended settled on for a step."""
        name = self.current_name(step)
        return self.find(name) if name else None

    def current_name(self, step: str) -> str | None:
        """Its name, though its files may be gone or cut short."""
        row = self._db.execute("SELECT name FROM current WHERE step = ?", (step,)).fetchone()
        return str(row[0]) if row else None

    def settle(self, names: Mapping[str, str]) -> None:
        """Make these the current snapshots of their steps, all at once; steps that are gone have none."""
        with self._db:
            self._db.execute("DELETE FROM stopped")
            self._db.execute("DELETE FROM current")
            self._db.executemany("INSERT INTO current VALUES (?, ?)", sorted(names.items()))

    def stop(self, names: Mapping[str, tuple[str, str]]) -> None:
        """Note of these steps the snapshots that were made and may not become current, and why, until the next run."""
        rows = [(step, name, self._run or 0, why) for step, (name, why) in sorted(names.items())]
        with self._db:
            self._db.execute("DELETE FROM stopped")
            self._db.executemany("INSERT INTO stopped VALUES (?, ?, ?, ?)", rows)

    def stopped(self) -> dict[str, Stopped]:
        """By step, what the last run stopped at."""
        found = self._db.execute("SELECT step, name, run, why FROM stopped ORDER BY step").fetchall()
        return {step: Stopped(step, name, run, why) for step, name, run, why in found}

    def made_of(self, step: str) -> list[Snapshot]:
        """All snapshots of a step that are there and whole, the oldest first."""
        rows = self._db.execute("SELECT name FROM snapshot WHERE step = ? ORDER BY created, name", (step,)).fetchall()
        return [snapshot for (name,) in rows if (snapshot := self.find(name))]

    def started(self, run: int) -> float | None:
        """When a run began, in seconds since 1970."""
        row = self._db.execute("SELECT started FROM run WHERE id = ?", (run,)).fetchone()
        return float(row[0]) if row else None

    def content(self, file: Path) -> str:
        """SHA-256 of a file's bytes, remembered by its size, time and inode."""
        status = file.stat()
        stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
        row = self._db.execute("SELECT sha256 FROM content WHERE path = ? AND stamp = ?", (str(file), stamp)).fetchone()
        if row:
            return str(row[0])
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO content VALUES (?, ?, ?)", (str(file), stamp, sha256))
        return sha256

    def begin_run(self) -> int:
        with self._db:
            row = self._db.execute("INSERT INTO run (started) VALUES (?)", (time.time(),))
        self._run = row.lastrowid
        return row.lastrowid or 0

    def end_run(self, number: int, report: Json) -> None:
        with self._db:
            self._db.execute(
                "UPDATE run SET ended = ?, report = ? WHERE id = ?", (time.time(), json.dumps(report), number)
            )

    def last_settled(self) -> Json | None:
        """The state in which the last run left nothing to do."""
        row = self._db.execute("SELECT state FROM settled").fetchone()
        found = json.loads(row[0]) if row else None
        return found if isinstance(found, dict) else None

    def note_settled(self, state: Json | None) -> None:
        with self._db:
            self._db.execute("DELETE FROM settled")
            if state is not None:
                self._db.execute("INSERT INTO settled VALUES (1, ?)", (json.dumps(state),))

    def prune(self, besides: Collection[str] = ()) -> tuple[int, int]:
        """Delete the snapshots that are current for no step, but those `besides`. Returns how many, and their bytes."""
        keep = {row[0] for row in self._db.execute("SELECT name FROM current")} | set(besides)
        gone = [
            row
            for row in self._db.execute("SELECT name, bytes FROM snapshot ORDER BY name").fetchall()
            if row[0] not in keep
        ]
        for name, _ in gone:
            self.drop(name)
        return len(gone), sum(size for _, size in gone)

    def drop(self, name: str) -> None:
        """Delete the snapshot of that name."""
        doomed = self._tmp / f"{name}-pruned"
        with suppress(FileNotFoundError):
            (self._snapshots / name).rename(doomed)  # whole or gone, never half
        shutil.rmtree(doomed, ignore_errors=True)
        with self._db:
            self._db.execute("DELETE FROM snapshot WHERE name = ?", (name,))

    def is_there(self) -> bool:
        """Whether anything was ever made: to ask makes nothing."""
        return (self.folder / "catalogue.sqlite").exists()

    def close(self) -> None:
        if self._catalogue is not None:
            self._catalogue.close()
            self._catalogue = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._catalogue is None:
            self._make(self.folder)
            self._catalogue = self._opened(self.folder / "catalogue.sqlite")
        return self._catalogue

    def _opened(self, file: Path) -> sqlite3.Connection:
        new = not file.exists()
        try:
            catalogue = self._connect(file)
        except sqlite3.DatabaseError as exc:
            if isinstance(exc, sqlite3.OperationalError) and "locked" in str(exc):
                raise Busy("another run is writing the catalogue; try again in a moment") from exc
            # A catalogue that was damaged is set aside; the snapshots' own folders tell the same.
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    file.with_name(file.name + ending).replace(file.with_name(f"{file.name}.damaged{ending}"))
            catalogue, new = self._connect(file), True
        if new:
            self._gather(catalogue)
        return catalogue

    def _connect(self, file: Path) -> sqlite3.Connection:
        catalogue = sqlite3.connect(file, timeout=30)
        try:
            catalogue.execute("PRAGMA journal_mode = WAL")
            catalogue.executescript(_CATALOGUE)
            catalogue.execute("PRAGMA quick_check").fetchone()
        except sqlite3.DatabaseError:
            catalogue.close()
            raise
        return catalogue

    def _gather(self, catalogue: sqlite3.Connection) -> None:
        """Note what lies there, the newest of each step as current."""
        found = [self.find(folder.name) for folder in sorted(self._snapshots.glob("*"))]
        whole = sorted((snapshot for snapshot in found if snapshot), key=lambda snapshot: snapshot.created)
        with catalogue:
            for snapshot in whole:
                row = (snapshot.name, snapshot.step, snapshot.created, snapshot.bytes)
                catalogue.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", row)
                catalogue.execute("INSERT OR REPLACE INTO current VALUES (?, ?)", (snapshot.step, snapshot.name))

    def _note(self, name: str, step: str, created: float, size: int) -> None:
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", (name, step, created, size))

    def _move_whole(self, draft: Path, final: Path) -> None:
        for file in [*draft.rglob("*"), draft]:
            _flush(file)
        self._make(self._snapshots)
        if final.exists():  # a damaged one of the same name
            final.rename(self._tmp / f"{final.name}-replaced-{time.time_ns()}")
        draft.rename(final)
        _flush(self._snapshots)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise ProjectError.at(
                "folder-unwritable",
                Place(str(folder)),
                f"can't be made: {exc.strerror}",
                mend="make it writable, or set snapshots in balun.toml to a folder that is",
            ) from exc


@dataclass
class Writing:
    """A snapshot in the making. info: what its making tells, kept with it."""

    folder: Path
    info: dict[str, object]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = {}

    @property
    def rows(self) -> Path:
        return self.folder / "rows.parquet"


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rows_in(file: Path) -> pa.Table:
    """Of one Parquet file, with its own columns alone: Arrow would read a folder's `name=value` as one more."""
    import pyarrow.parquet as pq

    return pq.read_table(file, partitioning=None)


def damaged(snapshot: Snapshot, reason: str) -> BalunError:
    """A snapshot's bytes can't be read, though its size is right."""
    return ProjectError.at(
        "snapshot-damaged",
        Place(str(snapshot.folder)),
        f"the snapshot of {snapshot.step} can't be read: {reason}",
        mend="delete this folder and run again; it is made anew",
    )
