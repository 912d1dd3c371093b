"""Whether a CSV file keeps so strictly to RFC 4180 that a fast reader can't read it in another way."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

CHUNK_BYTES = 8 << 20
_QUOTE = ord('"')


@dataclass(frozen=True)
class Tidy:
    """strict: quotes stand round whole fields, all is UTF-8. lines: how many aren't blank; None: quotes hide it."""

    strict: bool
    lines: int | None


def look(stream: BinaryIO, delimiter: str, copy: BinaryIO | None = None) -> Tidy:
    """Reads a file once, and copies it if asked.

    >>> import io
    >>> look(io.BytesIO(b'a,b\\n1,"x"\\n'), ",")
    Tidy(strict=True, lines=None)
    >>> look(io.BytesIO(b'a,b\\n1,5" disk\\n\\n'), ",")
    Tidy(strict=False, lines=None)
    >>> look(io.BytesIO(b'a,b\\n1,2\\n\\n'), ",").lines
    2
    """
    ends = np.zeros(256, bool)
    ends[[*delimiter.encode(), *b"\r\n"]] = True
    strict, quotes, lines = len(delimiter.encode()) == 1, 0, 0
    while chunk := stream.read(CHUNK_BYTES):
        # Whole lines: what stands before and after a chunk is then a line's end.
        chunk += stream.readline()
        if copy is not None:
            copy.write(chunk)
        held = chunk.count(b'"')
        strict = strict and _is_text(chunk) and (not held or _quotes_whole(chunk, quotes, ends))
        lines += 0 if quotes else _filled(chunk)
        quotes += held
    return Tidy(strict and quotes % 2 == 0, None if quotes else lines)


def unpack(stream: BinaryIO, target: Path) -> None:
    with target.open("wb") as out:
        shutil.copyfileobj(stream, out, CHUNK_BYTES)


def _is_text(chunk: bytes) -> bool:
    if chunk.isascii():
        return True
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return False
    return True


def _quotes_whole(chunk: bytes, before: int, ends: np.ndarray) -> bool:
    """Whether every odd quote starts a field and every even one ends it, save where two make one quote of the text."""
    text = np.frombuffer(b"\n" + chunk + b"\n", np.uint8)
    at = np.flatnonzero(text == _QUOTE)
    first = before % 2
    opening, closing = text[at[first::2] - 1], text[at[1 - first :: 2] + 1]
    return bool((ends[opening] | (opening == _QUOTE)).all() and (ends[closing] | (closing == _QUOTE)).all())


def _filled(chunk: bytes) -> int:
    """Lines that aren't blank.

    >>> _filled(b"a\\r\\n\\r\\nb\\rc")
    3
    """
    if b"\r" in chunk:
        chunk = chunk.replace(b"\r", b"\n")
    text = np.frombuffer(b"\n" + chunk, np.uint8) == ord("\n")
    return int((text[:-1] & ~text[1:]).sum())
