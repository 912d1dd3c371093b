"""What a mend's SQL gives, by row. It is others': it runs closed off, and sees the raw text of rows at fault alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import duckdb
import pyarrow.parquet as pq

from balun.chain.contract import Contract
from balun.chain.mend import Mend
from balun.errors import ProjectError
from balun.quoting import literal

LONGEST_S = 300.0
LARGEST = "1GB"
F, R = '"\u2060f"', '"\u2060r"'
"""A row's place, beside columns of any name."""


def answer(mend: Mend, contract: Contract, asked: Path, answered: Path) -> None:
    """What a mend sets, by row, to a file; a row where its SQL fails, such as by a cast, isn't mended by it."""
    sets = ", ".join(f"'v{place}': (\n{sql}\n)::VARCHAR" for place, (_, sql) in enumerate(mend.sets))
    where = mend.where if mend.where is not None and mend.rule is None else "TRUE"
    values = ", ".join(f"v.v{place} AS v{place}" for place in range(len(mend.sets)))
    tried = (
        f"SELECT {F} AS f, {R} AS r, try({{{sets}}}) AS v FROM at_fault "
        f"WHERE coalesce(try((\n{where}\n)::BOOLEAN), FALSE)"
    )
    with _closed_off(asked) as connection:
        clock = Timer(LONGEST_S, connection.interrupt)
        clock.start()
        try:
            found = connection.sql(f"SELECT f, r, {values} FROM ({tried}) WHERE v IS NOT NULL").to_arrow_reader()
            with pq.ParquetWriter(answered, found.schema, compression="lz4") as out:
                for batch in found:
                    out.write_batch(batch)
        except (duckdb.Error, OSError) as exc:
            raise _unusable(mend, contract, exc) from exc
        finally:
            clock.cancel()


@contextmanager
def _closed_off(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that sees one file's rows, as `at_fault`: no other file, no network, no settings."""
    with duckdb.connect(config={"temp_directory": "", "max_memory": LARGEST}) as connection:
        path = str(file.resolve())
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET python_enable_replacements = false")
        connection.execute(f"CREATE VIEW at_fault AS FROM read_parquet({literal(path)}, hive_partitioning = false)")
        connection.execute(f"SET allowed_paths = [{literal(path)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _unusable(mend: Mend, contract: Contract, exc: Exception) -> ProjectError:
    slow = isinstance(exc, duckdb.InterruptException)
    why = f"it takes longer than {LONGEST_S:g} s" if slow else str(exc).splitlines()[0]
    return ProjectError.at(
        "mend-unusable",
        mend.place,
        f"{contract.name} can't be mended by {mend.words()}: {why}",
        mend="mend its SQL, or delete it",
        owner=mend.owner or contract.owner,
    )
