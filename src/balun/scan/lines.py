"""Text files as records: unpacked, split as RFC 4180 says, and nothing dropped, however broken."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

# A quoted field that runs on for longer has lost its closing quote.
LONGEST_RECORD = 1 << 20

TOO_FEW = "fields-missing"
TOO_MANY = "fields-surplus"
BAD_QUOTES = "quotes-broken"
BAD_BYTES = "bytes-broken"


@dataclass(frozen=True)
class Record:
    """line: as in the file, without its end. fields: empty where the line can't be split. fault: a rule's name."""

    line: str
    fields: tuple[str, ...]
    fault: str | None = None


def unpacked(file: Path) -> BinaryIO:
    """A file's bytes, unpacked from `.gz`, `.zst` or a `.zip` that holds one file. Raises OSError, ValueError."""
    match file.suffix.lower():
        case ".gz":
            return cast("BinaryIO", gzip.open(file))
        case ".zst":
            import pyarrow as pa

            return cast("BinaryIO", pa.input_stream(str(file), compression="zstd"))
        case ".zip":
            held = zipfile.ZipFile(file)
            names = [name for name in held.namelist() if not name.endswith("/")]
            if len(names) != 1:
                raise ValueError(f"a .zip must hold one file; this one holds {len(names)}")
            return cast("BinaryIO", held.open(names[0]))
    return file.open("rb")


def lines(stream: BinaryIO) -> Iterator[str]:
    """Lines with their ends, `\\n`, `\\r\\n` or `\\r`; bytes that aren't UTF-8 as lone surrogates; without its BOM.

    Raises ValueError where the text begins as UTF-16 or UTF-32 does.
    """
    held = io.BufferedReader(cast("io.RawIOBase", stream))
    if held.peek(4).startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        raise ValueError("it is UTF-16 or UTF-32, and must be UTF-8")
    yield from io.TextIOWrapper(held, encoding="utf-8-sig", errors="surrogateescape", newline="")


def records(texts: Iterator[str], delimiter: str) -> Iterator[Record]:
    """The records of a CSV file, its header among them; blank lines are none.

    A quote that never closes, or that closes before other text, spoils its own line only: reading goes on at the next.

    >>> [record.fields for record in records(iter(["a,b\\n", '"x ""y""\\n', 'z",2\\n']), ",")]
    [('a', 'b'), ('x "y"\\nz', '2')]
    >>> [(record.line, record.fault) for record in records(iter(['"a,1\\n', "b,2\\n"]), ",")]
    [('"a,1', 'quotes-broken'), ('b,2', None)]
    """
    waiting: list[str] = []
    longest = LONGEST_RECORD
    while (line := waiting.pop() if waiting else next(texts, None)) is not None:
        bare = line.rstrip("\r\n")
        if not bare:
            continue
        if '"' not in bare:
            yield Record(bare, tuple(bare.split(delimiter)))
            continue
        taken, fields = _whole(line, delimiter, chain(_drained(waiting), texts), longest)
        if fields:
            yield Record(_without_end("".join(taken)), fields)
            longest = min(2 * max(longest, 1), LONGEST_RECORD)
        else:
            yield Record(bare, (), BAD_QUOTES)
            waiting += reversed(taken[1:])
            # A file of nothing but open quotes would be read again from each of its lines, to its end.
            longest //= 2


def _drained(waiting: list[str]) -> Iterator[str]:
    while waiting:
        yield waiting.pop()


def _whole(line: str, delimiter: str, more: Iterator[str], longest: int) -> tuple[list[str], tuple[str, ...]]:
    """The lines of a record, as far as they were looked at, and its fields; none where its quotes are broken."""
    taken, length = [line], len(line)
    fields: list[str] = []
    rest = _split(fields, line, delimiter)
    inside: list[str] = []
    while rest and length < longest and (following := next(more, None)) is not None:
        taken.append(following)
        inside.append(following)
        length += len(following)
        if _closing(following, 0) is not None:  # only then is the field's text looked at again
            rest = _split(fields, rest + "".join(inside), delimiter)
            inside.clear()
    return taken, tuple(fields) if rest == "" else ()


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _split(fields: list[str], line: str, delimiter: str) -> str | None:
    """Adds the line's fields, and returns the text of one that is still open; None where a quote closes before text."""
    text = _without_end(line)
    at = 0
    while True:
        if text.startswith('"', at):
            end = _closing(text, at + 1)
            if end is None:
                return line[at:]
            fields.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
            if at < len(text) and not text.startswith(delimiter, at):
                return None
        else:
            end = text.find(delimiter, at)
            fields.append(text[at:] if end < 0 else text[at:end])
            at = len(text) if end < 0 else end
        if at >= len(text):
            return ""
        at += len(delimiter)


def _closing(text: str, at: int) -> int | None:
    while True:
        at = text.find('"', at)
        if at < 0:
            return None
        if not text.startswith('"', at + 1):
            return at
        at += 2
