"""An event's rows with the types that its contract will give them, in one Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files, LogicalType
from balun.chain.odcs.dtype import duckdb_type, logical_of
from balun.draft.detect import Found, Texts, detect, null_texts, read_column
from balun.draft.group import Capture
from balun.draft.shape import empty, mendable
from balun.draft.words import counted
from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Place
from balun.quoting import in_parquet, literal
from balun.scan import stage
from balun.scan.reading import NO_SUCH_TIME, UNREADABLE, family
from balun.scan.rows import Part, Reader, Rows, part_sql

Say = Callable[[str], None]


@dataclass(frozen=True)
class Desk:
    """What rows are read with. folder: the project's. zone: its time zone. work: for files on the way."""

    engine: Engine
    folder: Path
    zone: str
    work: Path
    say: Say


@dataclass(frozen=True)
class Typed:
    """file: the rows that can be read, column 0 as c0 and so on. rows: how many there are, readable or not.

    found: what the columns that hold text turned out to be, by place. unusable: names that no contract can carry.
    broken: what the rows that aren't in `file` have, with their numbers, in words.
    """

    capture: Capture
    source: Files
    file: Path
    rows: int
    read: int
    columns: tuple[Column, ...]
    found: Mapping[int, Found]
    unusable: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        return in_parquet(self.file)


def typed(capture: Capture, desk: Desk) -> Typed:
    """Raises ProjectError where the files can't be read, or hold no rows."""
    work = desk.work / capture.event
    work.mkdir()
    names = _json_keys(capture, desk, work) if capture.shape.format == "json" else capture.shape.columns
    usable, unusable = _usable(names)
    plain = [(name, dtype) for name, dtype in usable if dtype != "BLOB"]
    if not plain:
        message = "no column has a name and a type that a contract can carry"
        raise ProjectError.at("name-unusable", Place(capture.name), message, mend="name the columns, or leave it out")
    drafted = tuple(_column(name, dtype, capture, desk.zone) for name, dtype in plain)
    return _typed(capture, drafted, desk, work, (*unusable, *(name for name, dtype in usable if dtype == "BLOB")))


def _typed(capture: Capture, drafted: tuple[Column, ...], desk: Desk, work: Path, unusable: tuple[str, ...]) -> Typed:
    rows = _rows(capture, drafted, desk, work)
    if not rows.count:
        raise empty(capture.name)
    text = {at: one.name for at, one in enumerate(drafted) if one.dtype == "VARCHAR"}
    texts = Texts(desk.engine, rows.sql, capture.shape.format, desk.zone, text)
    desk.say(f"reading types of {capture.event}")
    found = detect(texts)
    columns = tuple(_as_found(column, found.get(at), desk.zone) for at, column in enumerate(drafted))
    null = null_texts(found) if capture.shape.format == "csv" else ("",)
    read = _Final(capture, texts, desk, work, null, rows)
    columns, file, broken = read.write(columns)
    count = pq.ParquetFile(file).metadata.num_rows
    if not count:
        raise ProjectError.at(
            "file-unreadable", Place(capture.name), f"no row can be read: {broken[0]}", mend="write the file again"
        )
    return Typed(capture, capture.source(null), file, rows.count, count, columns, found, unusable, broken)


def _usable(names: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Columns whose names a contract can carry; of names that SQL takes for one, the first, and none of twins."""
    exact = [name for name, _ in names]
    seen: set[str] = set()
    good, bad = [], []
    for name, dtype in names:
        fits = name.isprintable() and name == name.strip() and 0 < len(name) <= 255
        if fits and exact.count(name) == 1 and name.lower() not in seen:
            seen.add(name.lower())
            good.append((name, dtype))
        else:
            bad.append(name)
    return good, tuple(dict.fromkeys(bad))


def _column(name: str, dtype: str, capture: Capture, zone: str) -> Column:
    """Of a file's own type; text is looked at more closely later."""
    place = Place(capture.name)
    kind = family(dtype)
    if kind in {"timestamp", "timestamptz"}:
        return Column(name, "timestamp", "TIMESTAMP WITH TIME ZONE", place, zone=zone if kind == "timestamp" else None)
    if kind in {"nested", "json"}:
        logical: LogicalType = "array" if dtype.endswith("]") else "object"
        return Column(name, logical, dtype if _is_written(logical, dtype) else "JSON", place)
    if kind == "time":
        return Column(name, "time", "TIME", place)
    logical = logical_of(dtype) or "string"
    return Column(name, logical, duckdb_type(logical, dtype, None), place)


def _is_written(logical: LogicalType, dtype: str) -> bool:
    """Whether a contract can name the nested type."""
    try:
        return duckdb_type(logical, dtype, None) == dtype
    except ValueError:
        return False


def _as_found(column: Column, found: Found | None, zone: str) -> Column:
    if found is None:
        return column
    kind = found.kind
    timed = replace(column, logical=kind.logical, dtype=kind.dtype, time_format=kind.time_format)
    return replace(timed, zone=zone) if kind.logical == "timestamp" else timed


def _rows(capture: Capture, columns: tuple[Column, ...], desk: Desk, work: Path) -> Rows:
    contract = Contract(capture.event, None, "0", Place(capture.name), columns, capture.source())
    reader = Reader(desk.engine, contract, capture.source(), desk.zone, work, desk.say)
    return reader.rows(capture.files, tuple(map(str, capture.files)))


@dataclass(frozen=True)
class _Final:
    """Writes the rows by their final types."""

    capture: Capture
    texts: Texts
    desk: Desk
    work: Path
    null: tuple[str, ...]
    rows: Rows

    def write(self, columns: tuple[Column, ...]) -> tuple[tuple[Column, ...], Path, tuple[str, ...]]:
        """The columns, a clock time's zone changed to UTC where the project's skipped one; the file; what is broken."""
        file = self.work / "typed.parquet"
        sql = self._sql(columns)
        names = ", ".join(f"t{at} AS c{at}" for at in range(len(columns)))
        good = " AND ".join(["fault IS NULL", *(f"why{at} = 0" for at in range(len(columns)))])
        self.desk.engine.connection.execute(
            f"COPY (SELECT {names} FROM ({sql}) WHERE {good}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION lz4)"
        )
        if pq.ParquetFile(file).metadata.num_rows == self.rows.count:
            return columns, file, ()
        skipped = self._counts(sql, columns, NO_SUCH_TIME)
        if any(skipped):
            mended = zip(columns, skipped, strict=True)
            return self.write(tuple(replace(one, zone="UTC") if count else one for one, count in mended))
        return columns, file, self._broken(sql, columns)

    def _sql(self, columns: tuple[Column, ...]) -> str:
        if self.capture.shape.format == "parquet":
            return _rows(self.capture, columns, self.desk, self.work).sql
        readings = [read_column(self.texts, at, column, self.null) for at, column in enumerate(columns)]
        return part_sql(Part(f"({self.rows.sql})", ("f", "r", "fault", "line"), tuple(readings)))

    def _counts(self, sql: str, columns: tuple[Column, ...], why: int) -> list[int]:
        asked = ", ".join(f"count(*) FILTER (why{at} = {why})" for at in range(len(columns)))
        return list(self.desk.engine.connection.execute(f"SELECT {asked} FROM ({sql})").fetchall()[0])

    def _broken(self, sql: str, columns: tuple[Column, ...]) -> tuple[str, ...]:
        faults = f"SELECT fault, count(*) FROM ({sql}) WHERE fault IS NOT NULL GROUP BY fault ORDER BY fault"
        found = self.desk.engine.connection.execute(faults).fetchall()
        lines = [f"{counted(count, 'line')} with {fault.replace('-', ' ')}" for fault, count in found]
        unread = zip(columns, self._counts(sql, columns, UNREADABLE), strict=True)
        values = [
            f"{counted(count, 'value')} of {one.name} can't be read as {one.dtype}" for one, count in unread if count
        ]
        return tuple(lines + values)


def _json_keys(capture: Capture, desk: Desk, work: Path) -> tuple[tuple[str, str], ...]:
    """All keys of the records, in the order in which they come."""
    keys: dict[str, None] = {}
    for number, file in enumerate(capture.files):
        target = work / f"{number}.keys"
        desk.say(f"reading the keys of {file.name}")
        with mendable(capture.name, "json"):
            stage.stage_json(file, number, target)
        text = f"SELECT r, decode(line) AS j FROM {in_parquet(target)} WHERE fault IS NULL"
        good = f"SELECT r, CASE WHEN json_valid(j) AND json_type(j) = 'OBJECT' THEN json_keys(j) END AS k FROM ({text})"
        each = f"SELECT r, unnest(k) AS name, generate_subscripts(k, 1) AS nth FROM ({good})"
        found = desk.engine.connection.execute(
            f"SELECT name FROM ({each}) GROUP BY name ORDER BY min(r), min_by(nth, r), name"
        ).fetchall()
        keys |= dict.fromkeys(str(name) for (name,) in found)
        target.unlink()
    if not keys:
        raise ProjectError.at(
            "data-empty", Place(capture.name), "there is no JSON object in it", mend="write one object a line"
        )
    return tuple((name, "VARCHAR") for name in keys)
