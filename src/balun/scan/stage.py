"""CSV and JSON files as Parquet of their raw text, a row a record, whatever state the records are in.

The columns are `f` the file's number, `r` the record's number in it from 1, `line` the record's bytes, `fault` a rule's
name where the record can't be split, and `c0`, `c1` … the text of the contract's columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from balun.scan import lines, tidy
from balun.scan.lines import BAD_BYTES, TOO_FEW, TOO_MANY, Record

BAD_JSON = "json-broken"
TWICE = "json-key-twice"
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Staged:
    """rows: counted while reading, apart from any file written."""

    file: Path
    rows: int


def schema(width: int) -> pa.Schema:
    return pa.schema(
        [("f", pa.int32()), ("r", pa.int64()), ("line", pa.binary()), ("fault", pa.string())]
        + [(f"c{number}", pa.string()) for number in range(width)]
    )


def csv_header(file: Path, delimiter: str) -> tuple[str, ...]:
    """The first record's fields; empty where there is none. Raises OSError, ValueError, EOFError."""
    with lines.unpacked(file) as stream:
        record = next(lines.records(lines.lines(stream), delimiter), None)
    return () if record is None else tuple(map(_shown, record.fields or (record.line,)))


def stage_csv(
    file: Path, number: int, target: Path, *, delimiter: str, header: bool, width: int, wanted: tuple[int, ...]
) -> Staged:
    """wanted: the place among the file's `width` fields of each of the contract's columns.

    Files that keep to RFC 4180 go through Arrow's reader; all others, slower, through ours, which gives up no record.
    Raises OSError, ValueError, EOFError.
    """
    plain = file
    packed = file.suffix.lower() in {".gz", ".zst", ".zip"}
    if packed:
        plain = target.with_suffix(".unpacked")
        with lines.unpacked(file) as stream:
            tidy.unpack(stream, plain)
    try:
        with plain.open("rb") as stream:
            state = tidy.look(stream, delimiter)
        if state.strict and width > 1:
            rows = _fast(plain, number, target, delimiter, header, width, wanted)
            if rows is not None and state.lines in {None, rows + header}:
                return Staged(target, rows)
        with plain.open("rb") as stream:
            found = lines.records(lines.lines(stream), delimiter)
            return Staged(target, _careful(islice(found, int(header), None), number, target, width, wanted))
    finally:
        if packed:
            plain.unlink(missing_ok=True)


def _fast(
    file: Path, number: int, target: Path, delimiter: str, header: bool, width: int, wanted: tuple[int, ...]
) -> int | None:
    names = [str(field) for field in range(width)]
    columns = [str(field) for field in dict.fromkeys(wanted)]
    rows = 0
    try:
        found = pa_csv.open_csv(
            file,
            read_options=pa_csv.ReadOptions(
                column_names=names, skip_rows_after_names=int(header), block_size=tidy.CHUNK_BYTES
            ),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=columns, strings_can_be_null=False
            ),
        )
        with pq.ParquetWriter(target, schema(len(wanted)), compression="lz4") as out:
            for batch in found:
                count = batch.num_rows
                place = {name: batch.column(at) for at, name in enumerate(columns)}
                raw = [place[str(field)] for field in wanted]
                out.write_batch(_batch(number, rows, count, pa.nulls(count, pa.binary()), None, raw))
                rows += count
    except pa.ArrowInvalid:
        # A record of too many or too few fields, or one longer than a block: the careful reader says which.
        return None
    return rows


def _batch(
    number: int, before: int, count: int, line: pa.Array, fault: pa.Array | None, raw: list[pa.Array]
) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.repeat(pa.scalar(number, pa.int32()), count),
            pa.array(range(before + 1, before + count + 1), pa.int64()),
            line,
            pa.nulls(count, pa.string()) if fault is None else fault,
            *raw,
        ],
        schema=schema(len(raw)),
    )


def _careful(found: Iterator[Record], number: int, target: Path, width: int, wanted: tuple[int, ...]) -> int:
    rows = 0
    with pq.ParquetWriter(target, schema(len(wanted)), compression="lz4") as out:
        while batch := list(islice(found, BATCH_ROWS)):
            faults = [_fault(record, width) for record in batch]
            line = pa.array(
                [None if fault is None else _bytes(record.line) for fault, record in zip(faults, batch, strict=True)],
                pa.binary(),
            )
            split = [record.fields if len(record.fields) == width else None for record in batch]
            raw = [
                pa.array([None if fields is None else _shown(fields[at]) for fields in split], pa.string())
                for at in wanted
            ]
            out.write_batch(_batch(number, rows, len(batch), line, pa.array(faults, pa.string()), raw))
            rows += len(batch)
    return rows


def _fault(record: Record, width: int) -> str | None:
    if record.fault is not None:
        return record.fault
    if not record.line.isascii() and _shown(record.line) is not record.line:
        return BAD_BYTES
    if len(record.fields) != width:
        return TOO_FEW if len(record.fields) < width else TOO_MANY
    return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _shown(text: str) -> str:
    """The same text, or with `\\xe9` in place of bytes that aren't UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _bytes(text).decode("utf-8", "backslashreplace")
    return text


def stage_json(file: Path, number: int, target: Path) -> Staged:
    """Every record as its bytes, in `line`: the lines that aren't blank, or the elements of an array.

    Raises OSError, EOFError, and ValueError where an array is broken: nothing says where its elements end.
    """
    rows = 0
    with lines.unpacked(file) as stream, pq.ParquetWriter(target, schema(0), compression="lz4") as out:
        found = _json_records(lines.lines(stream))
        while batch := list(islice(found, BATCH_ROWS)):
            line = pa.array([_bytes(text) for text in batch], pa.binary())
            fault = pa.array([BAD_BYTES if _shown(text) is not text else None for text in batch], pa.string())
            out.write_batch(_batch(number, rows, len(batch), line, fault, []))
            rows += len(batch)
    return Staged(target, rows)


def _json_records(texts: Iterator[str]) -> Iterable[str]:
    filled = (text for text in texts if not text.isspace())
    first = next(filled, None)
    if first is None:
        return iter(())
    if first.lstrip().startswith("["):
        return _elements("".join(chain([first], texts)))
    return (text.rstrip("\r\n") for text in chain([first], filled))


def _elements(text: str) -> Iterator[str]:
    """The elements of an array, each as it is written.

    >>> list(_elements('[{"a": 1.0}, {"a": 2}]'))
    ['{"a": 1.0}', '{"a": 2}']
    """
    decoder = json.JSONDecoder()
    at = _blank(text, text.index("[") + 1)
    while not text.startswith("]", at):
        end = decoder.raw_decode(text, at)[1]
        yield text[at:end]
        at = _blank(text, end)
        if text.startswith(",", at):
            at = _blank(text, at + 1)
        elif not text.startswith("]", at):
            raise ValueError(f"the array breaks off at character {at}")
    if text[at + 1 :].strip():
        raise ValueError(f"the array ends at character {at}, and more follows")


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
