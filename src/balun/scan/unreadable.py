"""What reading a file may meet, as an error for the user."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from balun.chain.contract import Contract, Files
from balun.errors import ProjectError


@contextmanager
def mendable(contract: Contract, source: Files, name: str) -> Iterator[None]:
    """name: the file's, in accounts of its rows."""
    try:
        yield
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, duckdb.Error, pa.ArrowException) as exc:
        why = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise ProjectError.at(
            "file-unreadable",
            source.place,
            f"{name} can't be read as {source.format}: {why}",
            mend=f"write {name} again, or mend the format in the contract's server",
            owner=contract.owner,
        ) from exc
