"""Events read once, held against their contract, and every row accounted for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files, Postgres
from balun.engine import Engine, literal, quoted
from balun.errors import ProjectError
from balun.finding import Finding
from balun.scan import from_text, postgres, promises, quality, reading
from balun.scan.promises import Promise
from balun.scan.rows import Reader, Rows, empty
from balun.scan.source import base, source_files, source_name
from balun.scan.write import write_parquet

# Bits of one BIGINT that stand for promises; the last three stay free of the sign.
MASK_BITS = 60
_FAULTY, _TWINS, _LATER = "_balun_faulty", "_balun_twins", "_balun_later"


@dataclass(frozen=True)
class Reason:
    """Why rows were set aside. rows: how many, of which some may have other reasons too."""

    rule: str
    column: str | None
    message: str
    rows: int


@dataclass(frozen=True)
class Collected:
    """What became of an event's rows: collected = kept + quarantined + duplicates, each counted on its own.

    reasons: most frequent first. broken: rules of the contract that the kept rows as a whole don't keep.
    extra: columns in the data that the contract doesn't name.
    """

    event: str
    collected: int
    kept: int
    quarantined: int
    duplicates: int
    reasons: tuple[Reason, ...]
    broken: tuple[Finding, ...]
    extra: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The same as plain data, for `--json`."""
        return {
            "event": self.event,
            "collected": self.collected,
            "kept": self.kept,
            "quarantined": self.quarantined,
            "duplicates": self.duplicates,
            "reasons": [
                {"rule": one.rule, "column": one.column, "message": one.message, "rows": one.rows}
                for one in self.reasons
            ],
            "broken": [finding.as_json() for finding in self.broken],
            "extra": list(self.extra),
        }


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
    Raises ProjectError where the rows can't be read at all: a file or column missing, a type of another kind, no rows.
    """
    say = progress or (lambda _: None)
    with TemporaryDirectory(prefix=".reading-", dir=kept.parent) as work:
        rows = _rows(engine, contract, folder, zone, Path(work), say)
        if not rows.count:
            raise empty(
                contract, "the source holds no rows" if len(rows.names) != 1 else f"{rows.names[0]} holds no rows"
            )
        try:
            return _Scan(engine, contract, rows, zone, say).split(kept, quarantine)
        finally:
            for table in (_FAULTY, _TWINS, _LATER):
                engine.connection.execute(f"DROP TABLE IF EXISTS {table}")


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


def _rows(engine: Engine, contract: Contract, folder: Path, zone: str, work: Path, say: Callable[[str], None]) -> Rows:
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
    say: Callable[[str], None]

    def split(self, kept: Path, quarantine: Path) -> Collected:
        self._refuse_unusable()
        alone = promises.promises(self.contract, self._constant)
        unique = self._unique()
        later = ([promises.duplicate_key(self.contract)] if self.contract.key else []) + [
            promises.not_unique(self.contract.columns[at]) for at in unique
        ]
        every = (*alone, *later)
        self.say(f"checking {self.contract.name}")
        self._find_faulty(alone, len(every))
        if self.contract.key:
            self._find_repeated([(len(alone), promises.key_columns(self.contract))], len(every), "duplicate")
        first = len(every) - len(unique)
        self._find_repeated([(first + nth, [at]) for nth, at in enumerate(unique)], len(every), "quarantined")
        self._merge(len(every))
        self.say(f"writing {self.contract.name}")
        write_parquet(self.engine, self._kept_sql(), kept)
        write_parquet(self.engine, self._quarantine_sql(every), quarantine)
        return self._account(every, kept, quarantine)

    def _constant(self, column: Column, value: object) -> str:
        """A value that the contract writes, as the column's type holds it."""
        kind = reading.family(column.dtype)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and kind in {"integer", "float", "decimal"}:
            return literal(value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if kind == "text":
            return literal(text)
        one = from_text.from_csv(column, "NULL", literal(text), column.zone or self.zone, ())
        sql = one.value.replace("{local}", f"({one.local})").replace("{given}", literal(text))
        found = self.engine.connection.execute(f"SELECT ({sql})::VARCHAR").fetchall()[0][0]
        if found is None:
            raise ProjectError.at(
                "bound-unreadable",
                column.place,
                f"{column.name} is promised against {text}, which can't be read as {column.dtype}",
                mend=f"write a value of type {column.dtype}",
                owner=self.contract.owner,
            )
        return f"{literal(found)}::{column.dtype}"

    def _refuse_unusable(self) -> None:
        """Raises ProjectError with each pattern and time format that DuckDB can't use."""
        faults = []
        for column in self.contract.columns:
            for what, written, sql in (
                ("pattern", column.pattern, "regexp_full_match('', {0})"),
                ("time format", column.time_format, "try_strptime('', {0})"),
            ):
                try:
                    if written is not None:
                        self.engine.connection.execute(f"SELECT {sql.replace('{0}', literal(written))}")
                except duckdb.Error as exc:
                    why = str(exc).splitlines()[0]
                    faults.append(
                        Finding(
                            "pattern-unusable",
                            column.place,
                            f"{column.name}'s {what} {written} can't be used: {why}",
                            mend=f"write a {what} that DuckDB knows: RE2 has no look-around and no back-references"
                            if what == "pattern"
                            else "use the signs of strptime, such as %Y-%m-%d %H:%M:%S",
                            owner=self.contract.owner,
                        )
                    )
        if faults:
            raise ProjectError(faults)

    def _unique(self) -> list[int]:
        # A key of one column is unique already, and a row that breaks it is a duplicate.
        return [
            at
            for at, column in enumerate(self.contract.columns)
            if column.unique and self.contract.key != (column.name,)
        ]

    def _find_faulty(self, alone: tuple[Promise, ...], total: int) -> None:
        masks = ", ".join(
            _mask([(bit, promise.condition) for bit, promise in enumerate(alone) if bit // MASK_BITS == number], number)
            for number in range(_masks(total))
        )
        any_broken = " OR ".join(f"({promise.condition})" for promise in alone)
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_FAULTY} AS SELECT f, r, 'quarantined' AS kind, {masks} "
            f"FROM ({self.rows.sql}) WHERE {any_broken}"
        )

    def _find_repeated(self, sets: list[tuple[int, list[int]]], total: int, kind: str) -> None:
        """Adds the rows that repeat an earlier one's values, among those that nothing has set aside before.

        sets: the promise's bit, and the columns whose values together must differ. All are held against the same rows.
        """
        for bit, columns in sets:
            self._repeats(bit, columns, total, kind, "CREATE TEMP TABLE" if bit == sets[0][0] else "INSERT INTO")
        if sets:
            self.engine.connection.execute(f"INSERT INTO {_FAULTY} FROM {_LATER}; DROP TABLE {_LATER}")

    def _repeats(self, bit: int, columns: list[int], total: int, kind: str, into: str) -> None:
        """Equal hashes are few: only rows that share one are compared by value."""
        run = self.engine.connection.execute
        values = [f"t{at}" for at in columns]
        filled = " AND ".join(f"{value} IS NOT NULL" for value in values)
        hashed = f"hash({', '.join(values)})"
        run(
            f"CREATE OR REPLACE TEMP TABLE {_TWINS} AS SELECT {hashed} AS h FROM ({self.rows.sql}) "
            f"WHERE {filled} GROUP BY h HAVING count(*) > 1"
        )
        masks = ", ".join(
            f"{1 << bit % MASK_BITS if bit // MASK_BITS == number else 0}::BIGINT AS m{number}"
            for number in range(_masks(total))
        )
        run(
            f"{into} {_LATER} {'AS' if into.startswith('CREATE') else ''} "
            f"SELECT f, r, {literal(kind)} AS kind, {masks} FROM ("
            f"SELECT f, r, row_number() OVER (PARTITION BY {', '.join(values)} ORDER BY f, r) AS nth "
            f"FROM ({self.rows.sql}) AS x WHERE {filled} AND {hashed} IN (FROM {_TWINS}) "
            f"AND NOT EXISTS (FROM {_FAULTY} AS y WHERE y.f = x.f AND y.r = x.r)) WHERE nth > 1"
        )

    def _merge(self, total: int) -> None:
        """One entry a row, whatever number of unique columns it repeats."""
        masks = ", ".join(f"bit_or(m{number}) AS m{number}" for number in range(_masks(total)))
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_FAULTY} AS SELECT f, r, any_value(kind) AS kind, {masks} "
            f"FROM {_FAULTY} GROUP BY f, r"
        )

    def _kept_sql(self) -> str:
        columns = ", ".join(f"t{at} AS {quoted(column.name)}" for at, column in enumerate(self.contract.columns))
        return (
            f"SELECT {columns} FROM ({self.rows.sql}) AS x "
            f"WHERE NOT EXISTS (FROM {_FAULTY} AS y WHERE y.f = x.f AND y.r = x.r)"
        )

    def _quarantine_sql(self, every: tuple[Promise, ...]) -> str:
        ours = ("source_file", "source_row", "source_line", "reasons", "kind")
        raw = "".join(
            f", raw{at} AS {quoted(raw_name(column, ours))}" for at, column in enumerate(self.contract.columns)
        )
        names = ", ".join(map(literal, self.rows.names))
        reasons = ", ".join(
            f"CASE WHEN m{bit // MASK_BITS} & {1 << bit % MASK_BITS} <> 0 THEN {literal(str(promise))} END"
            for bit, promise in enumerate(every)
        )
        return (
            f"SELECT ([{names}])[x.f + 1] AS source_file, x.r AS source_row, line AS source_line, "
            f"list_filter([{reasons}], lambda one: one IS NOT NULL) AS reasons, kind{raw} "
            f"FROM ({self.rows.sql}) AS x JOIN {_FAULTY} AS y ON y.f = x.f AND y.r = x.r ORDER BY x.f, x.r"
        )

    def _account(self, every: tuple[Promise, ...], kept: Path, quarantine: Path) -> Collected:
        run = self.engine.connection.execute
        kept_rows = pq.ParquetFile(kept).metadata.num_rows
        by_kind = dict(
            run(f"SELECT kind, count(*) FROM read_parquet({literal(str(quarantine))}) GROUP BY kind").fetchall()
        )
        set_aside, duplicates = by_kind.get("quarantined", 0), by_kind.get("duplicate", 0)
        if self.rows.count != kept_rows + set_aside + duplicates:
            raise AssertionError(
                f"{self.contract.name}: {self.rows.count} rows collected, but {kept_rows} kept, "
                f"{set_aside} quarantined and {duplicates} duplicates"
            )
        broken = quality.broken(self.contract, kept)
        return Collected(
            self.contract.name,
            self.rows.count,
            kept_rows,
            set_aside,
            duplicates,
            self._reasons(every),
            broken,
            self.rows.extra,
        )

    def _reasons(self, every: tuple[Promise, ...]) -> tuple[Reason, ...]:
        counts = ", ".join(
            f"count(*) FILTER (m{bit // MASK_BITS} & {1 << bit % MASK_BITS} <> 0)" for bit in range(len(every))
        )
        rows = self.engine.connection.execute(f"SELECT {counts} FROM {_FAULTY}").fetchall()[0]
        found = [
            Reason(promise.rule, promise.column, promise.message, count)
            for promise, count in zip(every, rows, strict=True)
            if count
        ]
        return tuple(sorted(found, key=lambda one: -one.rows))


def raw_name(column: Column, ours: tuple[str, ...]) -> str:
    """A column's name in the quarantine file, where five names are taken.

    >>> from balun.finding import Place
    >>> raw_name(Column("kind", "string", "VARCHAR", Place("a")), ("kind",))
    'kind_raw'
    """
    return f"{column.name}_raw" if column.name.lower() in ours else column.name


def _masks(total: int) -> int:
    return (total - 1) // MASK_BITS + 1


def _mask(bits: list[tuple[int, str]], number: int) -> str:
    terms = [f"CASE WHEN {condition} THEN {1 << bit % MASK_BITS} ELSE 0 END" for bit, condition in bits]
    return f"({' + '.join(terms) or '0'})::BIGINT AS m{number}"
