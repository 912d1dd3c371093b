"""A contract's files as one relation: each row's place, its raw text, its values, and why one can't be read.

Its columns are `f` and `r`, the file's number and the row's in it; `fault` and `line` of a record that can't be split;
and for the contract's first column `raw0`, `t0` and `why0`, for its second `raw1`, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files
from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Finding
from balun.quoting import literal, no_glob, quoted
from balun.scan import from_parquet, from_text, reading, stage
from balun.scan.footers import Group, footers
from balun.scan.places import extra, places_of, refuse_empty
from balun.scan.reading import Reading
from balun.scan.unreadable import mendable

_PLACES = frozenset({"file_row_number", "file_index", "filename"})


@dataclass(frozen=True)
class Rows:
    """sql: a SELECT. names: of the files, by number. count: of their rows, counted apart from any query over them.

    parts: that it is made of, where they are Parquet as it was captured.
    """

    sql: str
    names: tuple[str, ...]
    count: int
    extra: tuple[str, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Part:
    """Files that are read alike. source: what to select from. place: SQL for f, r, fault and line.

    Of Parquet: files; start: the first one's number; names, dtypes: of the columns that are read, in the files; groups:
    what their footers tell.
    """

    source: str
    place: tuple[str, str, str, str]
    readings: tuple[Reading, ...]
    files: tuple[Path, ...] = ()
    start: int = 0
    names: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


def parquet_part(
    files: tuple[Path, ...],
    start: int,
    readings: tuple[Reading, ...],
    names: tuple[str, ...],
    dtypes: tuple[str, ...],
    groups: tuple[Group, ...],
) -> Part:
    place = (f"({start} + file_index)::INTEGER", "file_row_number + 1", "NULL::VARCHAR", "NULL::BLOB")
    return Part(f"{parquet(files)} AS s", place, readings, files, start, names, dtypes, groups)


def part_sql(part: Part) -> str:
    """Layer by layer, so that no expression is written, or computed, twice."""
    place = ", ".join(f"{sql} AS {name}" for sql, name in zip(part.place, ("f", "r", "fault", "line"), strict=True))
    given, local, value, why = [], [], [], []
    for at, one in enumerate(part.readings):
        given += [f"{one.raw} AS raw{at}", f"{one.given} AS g{at}"]
        words = {"{given}": f"g{at}", "{local}": f"n{at}"}
        if one.local is not None:
            local.append(f"{_filled(one.local, words)} AS n{at}")
        value.append(f"{_value(at, _filled(one.value, words), one)} AS t{at}")
        why.append(f"{_why(at, one)} AS why{at}")
    layers = f"SELECT {', '.join([place, *given])} FROM {part.source}"
    for layer in (local, value, why):
        if layer:
            layers = f"SELECT *, {', '.join(layer)} FROM ({layers})"
    kept = [f"raw{at}, t{at}, why{at}" for at in range(len(part.readings))]
    return f"SELECT {', '.join(['f, r, fault, line', *kept])} FROM ({layers})"


def _filled(sql: str, words: dict[str, str]) -> str:
    for word, name in words.items():
        sql = sql.replace(word, name)
    return sql


def _value(at: int, sql: str, one: Reading) -> str:
    if one.local is None or one.zone in {"UTC", "Etc/UTC"}:
        return sql
    # A clock time that the zone skipped comes back as another.
    return f"CASE WHEN n{at} IS NULL OR timezone({literal(one.zone)}, {sql}) = n{at} THEN {sql} END"


def _why(at: int, one: Reading) -> str:
    if one.sure:
        return "0"
    skipped = "" if one.local is None else f"WHEN n{at} IS NOT NULL THEN {reading.NO_SUCH_TIME} "
    fine = f"t{at} IS NOT NULL OR g{at} IS NULL"
    return f"CASE WHEN {fine} THEN {reading.READABLE} {skipped}ELSE {reading.UNREADABLE} END"


@dataclass(frozen=True)
class Reader:
    """Reads one contract's files into a Rows; `work` is a folder for what it must write on the way."""

    engine: Engine
    contract: Contract
    source: Files
    zone: str
    work: Path
    say: Callable[[str], None]

    def rows(self, files: tuple[Path, ...], names: tuple[str, ...]) -> Rows:
        read = {"csv": self._csv, "json": self._json, "parquet": self._parquet}[self.source.format]
        return read(files, names)

    def _zone(self, column: Column) -> str:
        return column.zone or self.zone

    def _csv(self, files: tuple[Path, ...], names: tuple[str, ...]) -> Rows:
        columns = self.contract.columns
        headers = [self._header(file, name) for file, name in zip(files, names, strict=True)]
        refuse_empty(self.contract, headers, names)
        found = places_of(self.contract, headers, names)
        count, staged = 0, []
        for number, file in enumerate(files):
            self.say(f"reading {names[number]}")
            target = self.work / f"{number}.parquet"
            with mendable(self.contract, self.source, names[number]):
                done = stage.stage_csv(
                    file,
                    number,
                    target,
                    delimiter=self.source.delimiter,
                    header=self.source.header,
                    width=len(headers[number]),
                    wanted=found[number],
                )
            count += done.rows
            staged.append(target)
        readings = [
            from_text.from_csv(
                column, f"c{at}", f"CASE WHEN fault IS NULL THEN c{at} END", self._zone(column), self.source.null
            )
            for at, column in enumerate(columns)
        ]
        part = Part(parquet(staged), ("f", "r", "fault", "line"), tuple(readings))
        return Rows(part_sql(part), names, count, extra(self.contract, headers) if self.source.header else ())

    def _header(self, file: Path, name: str) -> tuple[str, ...]:
        with mendable(self.contract, self.source, name):
            header = stage.csv_header(file, self.source.delimiter)
        return header if self.source.header else tuple(column.name for column in self.contract.columns)

    def _json(self, files: tuple[Path, ...], names: tuple[str, ...]) -> Rows:
        count, staged = 0, []
        keys: dict[str, None] = {}
        for number, (file, name) in enumerate(zip(files, names, strict=True)):
            self.say(f"reading {name}")
            raw, target = self.work / f"{number}.lines", self.work / f"{number}.parquet"
            with mendable(self.contract, self.source, name):
                done = stage.stage_json(file, number, raw)
            count += done.rows
            keys |= dict.fromkeys(self._split_json(raw, target))
            staged.append(target)
        if not count:
            refuse_empty(self.contract, [], names)
        places_of(
            self.contract, [tuple(keys)], (names[0] if len(names) == 1 else f"{names[0]} and the files after it",)
        )
        readings = [
            from_text.from_json(column, f"c{at}", self._zone(column)) for at, column in enumerate(self.contract.columns)
        ]
        part = Part(parquet(staged), ("f", "r", "fault", "line"), tuple(readings))
        return Rows(part_sql(part), names, count, extra(self.contract, [tuple(keys)]))

    def _split_json(self, raw: Path, target: Path) -> list[str]:
        """Takes each record apart once; returns all keys seen, sorted."""
        run = self.engine.connection.execute
        paths = ["/" + column.name.replace("~", "~0").replace("/", "~1") for column in self.contract.columns]
        wanted = ", ".join(map(literal, paths))
        values = "".join(f", x[{at + 1}]::VARCHAR AS c{at}" for at in range(len(paths)))
        text = f"SELECT *, CASE WHEN fault IS NULL THEN decode(line) END AS j FROM {parquet([raw])}"
        whole = f"SELECT *, CASE WHEN json_valid(j) THEN json_type(j) = 'OBJECT' END AS good FROM ({text})"
        split = f"SELECT *, CASE WHEN good THEN json_extract(j, [{wanted}]) END AS x FROM ({whole})"
        twice = f"WHEN len(json_keys(j)) <> len(list_distinct(json_keys(j))) THEN {literal(stage.TWICE)}"
        fault = f"coalesce(fault, CASE WHEN good IS NOT TRUE THEN {literal(stage.BAD_JSON)} {twice} END)"
        run(
            f"COPY (SELECT f, r, line, {fault} AS fault{values} FROM ({split})) "
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
        )
        found = run(f"SELECT DISTINCT unnest(json_keys(j)) AS k FROM ({whole}) WHERE good ORDER BY k").fetchall()
        raw.unlink()
        return [str(key) for (key,) in found]

    def _parquet(self, files: tuple[Path, ...], names: tuple[str, ...]) -> Rows:
        files = tuple(self._plain(file, number, names[number]) for number, file in enumerate(files))
        shapes = [self._shape(file, name) for file, name in zip(files, names, strict=True)]
        headers = [tuple(name for name, _ in shape) for shape in shapes]
        places = places_of(self.contract, headers, names)
        parts, start = [], 0
        for shape, group in groupby(shapes):
            length = len(list(group))
            chosen = files[start : start + length]
            readings = self._typed(shape, places[start], chosen[0], names[start])
            inner, dtypes = zip(*((_inner(shape[at][0]), shape[at][1]) for at in places[start]), strict=True)
            with mendable(self.contract, self.source, names[start]):
                groups = [group for at, one in enumerate(chosen, start) for group in footers(one, at, inner)]
            parts.append(parquet_part(chosen, start, readings, inner, dtypes, tuple(groups)))
            start += length
        with mendable(self.contract, self.source, names[0]):
            count = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
        sql = " UNION ALL ".join(map(part_sql, parts))
        return Rows(sql, names, count, extra(self.contract, headers), tuple(parts))

    def _plain(self, file: Path, number: int, name: str) -> Path:
        """The file, or where a column's name is that of one of DuckDB's own columns, a copy with that one renamed."""
        with mendable(self.contract, self.source, name):
            schema = pq.read_schema(file)
        if not _PLACES & {column.lower() for column in schema.names}:
            return file
        names = [_inner(column) for column in schema.names]
        copy = self.work / f"{number}.parquet"
        renamed = pa.schema([field.with_name(one) for field, one in zip(schema, names, strict=True)])
        with pq.ParquetWriter(copy, renamed, compression="lz4") as out:
            for batch in pq.ParquetFile(file).iter_batches():
                out.write_batch(batch.rename_columns(names))
        return copy

    def _shape(self, file: Path, name: str) -> tuple[tuple[str, str], ...]:
        with mendable(self.contract, self.source, name):
            found = self.engine.connection.execute(f"DESCRIBE SELECT * FROM {parquet([file])}").fetchall()
        return tuple((str(row[0]).removesuffix(_RENAMED), str(row[1])) for row in found)

    def _typed(
        self, shape: tuple[tuple[str, str], ...], places: tuple[int, ...], file: Path, name: str
    ) -> tuple[Reading, ...]:
        found, faults = [], []
        for column, at in zip(self.contract.columns, places, strict=True):
            here, dtype = shape[at]
            one = from_parquet.from_parquet(column, f"s.{quoted(_inner(here))}", dtype, self._zone(column))
            if one is None and _has_no_type(file, _inner(here)):
                one = from_parquet.all_null(column)
            if one is None:
                faults.append(self._other_kind(column, dtype, name))
            else:
                found.append(one)
        if faults:
            raise ProjectError(faults)
        return tuple(found)

    def _other_kind(self, column: Column, dtype: str, name: str) -> Finding:
        return Finding(
            "column-retyped",
            column.place,
            f"{column.name} must be {column.dtype}; in {name} it is {dtype}",
            mend=f"write {column.name} as {column.dtype}, or change the contract with those who use it",
            owner=self.contract.owner,
        )


_RENAMED = "\u2060balun"


def _inner(name: str) -> str:
    return f"{name}{_RENAMED}" if name.lower() in _PLACES else name


def parquet(files: Iterable[Path]) -> str:
    listed = ", ".join(literal(no_glob(str(file))) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _has_no_type(file: Path, name: str) -> bool:
    return bool(pa.types.is_null(pq.read_schema(file).field(name).type))
