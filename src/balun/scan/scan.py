"""Events read once, held against their contract, and every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files, Postgres
from balun.engine import Engine
from balun.errors import ProjectError
from balun.quoting import in_parquet, literal, quoted
from balun.scan import postgres, promises, quality
from balun.scan.collected import Collected, Reason
from balun.scan.constant import constant
from balun.scan.faulty import TABLE, Faulty, faulty, key_repeats, unique_repeats
from balun.scan.mended import CURED, Mending
from balun.scan.places import empty
from balun.scan.promises import Promise
from balun.scan.rows import Reader, Rows
from balun.scan.source import base, source_files, source_name
from balun.scan.unusable import refuse_unusable
from balun.scan.write import in_order, write_parquet

OWN = ("source_file", "source_row", "source_line", "reasons", "kind")
"""The quarantine file's own columns, before the raw ones."""
OF_MENDED = ("mends", "after")
"""What the file of mended rows has besides."""
MENDED = "mended.parquet"
"""The file's name, beside the quarantine; there where the contract has mends."""


def collect(
    engine: Engine,
    contract: Contract,
    folder: Path,
    zone: str,
    kept: Path,
    quarantine: Path,
    progress: Callable[[str], None] | None = None,
) -> Collected:
    """Splits a contract's rows into two Parquet files, `kept` and `quarantine`, both in the order of the source.

    zone: in which a time without one is read, unless its column says otherwise.
    progress: told what is under way, in a few words.
    Raises ProjectError where the rows can't be read at all: a file or column missing, a type of another kind, no rows,
    or a file that changes while it is read.
    """
    say = progress or (lambda _: None)
    refuse_unusable(engine, contract)
    files = source_files(contract, folder)
    before = _stamps(files)
    with TemporaryDirectory(prefix=".reading-", dir=kept.parent) as work:
        rows = rows_of(engine, contract, folder, zone, Path(work), say)
        if not rows.count:
            raise empty(contract, f"{rows.names[0]} holds no rows" if len(rows.names) == 1 else "no file holds rows")
        scan = _Scan(engine, contract, rows, zone, Path(work), say)
        try:
            found = scan.split(kept, quarantine)
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            raise _file_fault("file-unreadable", contract, f"a file can't be read: {_first_line(exc)}") from exc
    for file, stamp, now in zip(files, before, _stamps(files), strict=True):
        if stamp != now:
            name = source_name(file, base(contract, folder))
            raise _file_fault("file-changed", contract, f"{name} changed while it was read")
    if found.collected != found.kept + found.quarantined + found.duplicates:
        raise AssertionError(f"rows of {contract.name} are lost: {found}")
    return found


def _stamps(files: tuple[Path, ...]) -> list[tuple[int, int] | None]:
    """Of each file its time and size; None where it is gone."""
    return [(file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None for file in files]


def _file_fault(rule: str, contract: Contract, message: str) -> ProjectError:
    place = contract.source.place if contract.source else contract.place
    return ProjectError.at(rule, place, message, mend="write the file whole, and run again", owner=contract.owner)


def _first_line(exc: Exception) -> str:
    return str(exc).splitlines()[0]


def quarantined(path: Path, limit: int) -> pa.Table:
    """The first `limit` rows of a quarantine file; `source_line` as text, with `\\xe9` for bytes that aren't UTF-8."""
    file = pq.ParquetFile(path)
    batches, left = [], limit
    for batch in file.iter_batches(batch_size=max(1, min(limit, 65_536))):
        if left <= 0:
            break
        batches.append(batch.slice(0, left))
        left -= batch.num_rows
    found = pa.Table.from_batches(batches, file.schema_arrow)
    at = found.schema.get_field_index("source_line")
    shown = [
        None if line is None else line.decode("utf-8", "backslashreplace") for line in found.column(at).to_pylist()
    ]
    return found.set_column(at, "source_line", pa.array(shown, pa.string()))


def rows_of(
    engine: Engine, contract: Contract, folder: Path, zone: str, work: Path, say: Callable[[str], None]
) -> Rows:
    files = source_files(contract, folder)
    source = contract.source
    if isinstance(source, Files):
        start = base(contract, folder)
        reader = Reader(engine, contract, source, zone, work, say)
        return reader.rows(files, tuple(source_name(file, start) for file in files))
    if isinstance(source, Postgres):
        say(f"reading {source.schema}.{source.table}")
        fetched = work / "fetched"
        name = postgres.fetch(contract, source, fetched)
        held = Files("parquet", (str(fetched),), source.place)
        return Reader(engine, contract, held, zone, work, say).rows((fetched,), (name,))
    raise AssertionError("source_files refuses a contract without a source")


@dataclass(frozen=True)
class _Scan:
    engine: Engine
    contract: Contract
    rows: Rows
    zone: str
    work: Path
    say: Callable[[str], None]

    def split(self, kept: Path, quarantine: Path) -> Collected:
        contract = self.contract
        alone = of_one_row(self.engine, contract, self.zone)
        key, unique = key_repeats(contract), unique_repeats(contract)
        mending = self._mending(alone) if contract.mends else None
        self.say(f"checking {contract.name}")
        with faulty(self.engine, self.rows, contract.columns, alone, key, unique, mending=mending) as found:
            self.say(f"writing {contract.name}")
            with in_order(self.engine):
                write_parquet(self.engine, self._kept_sql(found), kept)
            if mending:
                write_parquet(self.engine, self._mended_sql(found), quarantine.with_name(MENDED))
            write_parquet(self.engine, failing_sql(contract, self.rows, found), quarantine)
            return self._account(found, kept, quarantine)

    def _mending(self, alone: Sequence[Promise]) -> Mending:
        return Mending(self.engine, self.contract, self.zone, self.rows.names, alone, self.work, self.say)

    def _kept_sql(self, found: Faulty) -> str:
        columns = ", ".join(f"t{at} AS {quoted(column.name)}" for at, column in enumerate(self.contract.columns))
        return (
            f"SELECT {columns} FROM ({found.rows}) AS x "
            f"WHERE NOT EXISTS (FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r)"
        )

    def _mended_sql(self, found: Faulty) -> str:
        """The raw form of the rows that are kept as they were mended, with what made them so."""
        kept = f"(FROM {CURED} AS c WHERE NOT EXISTS (FROM {TABLE} AS o WHERE o.f = c.f AND o.r = c.r))"
        return _raw_sql(self.contract, self.rows, found, kept, "'mended' AS kind, mends, after", (*OWN, *OF_MENDED))

    def _account(self, found: Faulty, kept: Path, quarantine: Path) -> Collected:
        """Each number from its own source: the reader's count, and the rows of the files written."""
        kinds = f"SELECT kind, count(*) FROM {in_parquet(quarantine)} GROUP BY kind"
        by_kind = dict(self.engine.connection.execute(kinds).fetchall())
        return Collected(
            self.contract.name,
            self.rows.count,
            pq.ParquetFile(kept).metadata.num_rows,
            by_kind.get("quarantined", 0),
            by_kind.get("duplicate", 0),
            reasons_of(found),
            quality.broken(self.contract, kept),
            self.rows.extra,
            pq.ParquetFile(quarantine.with_name(MENDED)).metadata.num_rows if self.contract.mends else 0,
        )


def failing_sql(contract: Contract, rows: Rows, found: Faulty) -> str:
    """The faulty rows in raw form, with their places and all reasons, in the order of the source."""
    return _raw_sql(contract, rows, found, TABLE, "kind", OWN)


def _raw_sql(contract: Contract, rows: Rows, found: Faulty, table: str, more: str, own: tuple[str, ...]) -> str:
    """table: of rows, with their masks. more: SQL for what follows the reasons. own: names taken."""
    raw = "".join(f", raw{at} AS {quoted(name)}" for at, name in enumerate(raw_names(contract.columns, own)))
    names = ", ".join(map(literal, rows.names))
    reasons = ", ".join(
        f"CASE WHEN {found.broken(bit)} THEN {literal(str(promise))} END" for bit, promise in enumerate(found.promises)
    )
    return (
        f"SELECT ([{names}])[x.f + 1] AS source_file, x.r AS source_row, line AS source_line, "
        f"list_filter([{reasons}], lambda one: one IS NOT NULL) AS reasons, {more}{raw} "
        f"FROM ({rows.sql}) AS x JOIN {table} AS y ON y.f = x.f AND y.r = x.r ORDER BY x.f, x.r"
    )


def reasons_of(found: Faulty) -> tuple[Reason, ...]:
    """Why rows are at fault, the most frequent first."""
    counted = zip(found.promises, found.counts(), strict=True)
    reasons = [Reason(promise.rule, promise.column, promise.message, count) for promise, count in counted if count]
    return tuple(sorted(reasons, key=lambda one: -one.rows))


def of_one_row(engine: Engine, contract: Contract, zone: str) -> tuple[Promise, ...]:
    """What one row alone can break."""

    def written(column: Column, value: object) -> str:
        return constant(engine.connection, column, value, zone, contract.owner)

    return promises.promises(contract, written)


def raw_names(columns: tuple[Column, ...], own: tuple[str, ...] = OWN) -> list[str]:
    """The columns' names in the quarantine file, where five are taken; or those in `own`.

    >>> from balun.finding import Place
    >>> raw_names(tuple(Column(name, "string", "VARCHAR", Place("a")) for name in ("kind", "kind_raw", "shop")))
    ['kind_raw_raw', 'kind_raw', 'shop']
    """
    given = {column.name.lower() for column in columns}
    names = []
    for column in columns:
        name = column.name
        while name.lower() in own or (name != column.name and name.lower() in given):
            name += "_raw"
        names.append(name)
    return names
