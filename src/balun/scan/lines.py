"""Text files as records: unpacked, split as RFC 4180 says, and nothing dropped, however broken."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
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
    """Lines with their ends, `\\n`, `\\r\\n` or `\\r`; bytes that aren't UTF-8 as lone surrogates; without its BOM."""
    yield from io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def records(texts: Iterator[str], delimiter: str) -> Iterator[Record]:
    """The records of a CSV file, its header among them; blank lines are none.

    A quote that never closes, or that closes before other text, spoils its own line only: reading goes on at the next.

    >>> [record.fields for record in records(iter(["a,b\\n", '"x ""y""\\n', 'z",2\\n']), ",")]
    [('a', 'b'), ('x "y"\\nz', '2')]
    >>> [(record.line, record.fault) for record in records(iter(['"a,1\\n', "b,2\\n"]), ",")]
    [('"a,1', 'quotes-broken'), ('b,2', None)]
    """
    waiting: list[str] = []
    while True:
        line = waiting.pop() if waiting else next(texts, None)
        if line is None:
            return
        bare = line.rstrip("\r\n")
        if not bare:
            continue
        if '"' not in bare:
            yield Record(bare, tuple(bare.split(delimiter)))
            continue
        taken, length = [line], len(line)
        fields = _split(bare, delimiter)
        while fields is None and length < LONGEST_RECORD:
            more = waiting.pop() if waiting else next(texts, None)
            if more is None:
                break
            taken.append(more)
            length += len(more)
            # Only a quote can close the field: the text is looked at again when one has come.
            if '"' in more:
                fields = _split(_without_end("".join(taken)), delimiter)
        if fields:
            yield Record(_without_end("".join(taken)), fields)
        else:
            yield Record(bare, (), BAD_QUOTES)
            waiting += reversed(taken[1:])


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _split(text: str, delimiter: str) -> tuple[str, ...] | None:
    """Fields; () where a quote closes before other text; None where a quote is still open."""
    fields: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            end = _closing(text, at + 1)
            if end is None:
                return None
            fields.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
            if at < len(text) and not text.startswith(delimiter, at):
                return ()
        else:
            end = text.find(delimiter, at)
            fields.append(text[at:] if end < 0 else text[at:end])
            at = len(text) if end < 0 else end
        if at >= len(text):
            return tuple(fields)
        at += len(delimiter)


def _closing(text: str, at: int) -> int | None:
    while True:
        at = text.find('"', at)
        if at < 0:
            return None
        if not text.startswith('"', at + 1):
            return at
        at += 2
