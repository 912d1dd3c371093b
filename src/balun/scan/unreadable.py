"""What reading a file may meet, as an error for the user."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import duckdb
import pyarrow as pa

from balun.chain.contract import Contract, Files
from balun.errors import ProjectError
from balun.finding import Place


def mendable(contract: Contract, source: Files, name: str) -> AbstractContextManager[None]:
    """name: the file's, in accounts of its rows."""
    message = f"{name} can't be read as {source.format}"
    mend = f"write {name} again, or mend the format in the contract's server"
    return unreadable(source.place, message, mend=mend, owner=contract.owner)


@contextmanager
def unreadable(place: Place, message: str, *, mend: str, owner: str | None = None) -> Iterator[None]:
    """message: without the reason, which is what was met."""
    try:
        yield
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile, duckdb.Error, pa.ArrowException) as exc:
        why = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
        raise ProjectError.at("file-unreadable", place, f"{message}: {why}", mend=mend, owner=owner) from exc
