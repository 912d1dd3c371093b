"""Everything that is promised of an event or a table, asked of rows in as few statements as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from balun.chain.contract import Column, Contract, Files
from balun.chain.graph import Graph, Node
from balun.chain.table import PythonTable, Table
from balun.engine import Engine
from balun.errors import ProjectError, UsageError, nearest
from balun.facts.grid_text import written
from balun.facts.on_rows import columns_of
from balun.facts.resolution import Resolution
from balun.finding import Place
from balun.profile import Profile, profile_of
from balun.quoting import quoted
from balun.scan import quality
from balun.scan.constant import constant
from balun.scan.faulty import KEPT, TABLE, Faulty, faulty, key_repeats, unique_repeats
from balun.scan.lines import BAD_BYTES, BAD_QUOTES, TOO_FEW, TOO_MANY
from balun.scan.places import empty
from balun.scan.promises import Promise, promises
from balun.scan.rows import Rows, parquet
from balun.scan.scan import failing_sql, rows_of
from balun.scan.source import source_files
from balun.scan.stage import BAD_JSON, TWICE
from balun.scan.unusable import refuse_unusable
from balun.scan.write import write_parquet
from balun.scanned import references
from balun.scanned.fresh import freshness
from balun.scanned.of_table import contract_of, rows_of_table
from balun.scanned.plausible import implausible
from balun.scanned.result import Check, Scanned
from balun.snapshot import Snapshot

Current = Callable[[str], Snapshot | None]
Format = Literal["parquet", "csv", "json"]
_FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_RESOLUTION = Resolution()
_OF_LINES = frozenset({TOO_FEW, TOO_MANY, BAD_QUOTES, BAD_BYTES, BAD_JSON, TWICE})
_OF_READING = frozenset({"value-unreadable", "time-nonexistent"})


@dataclass(frozen=True)
class Asked:
    """data: files in place of the node's own. now: the clock that freshness goes by; None: the newest file's time.

    failing: the Parquet file to write the rows to that break anything. profile: what the rows look like, too.
    """

    data: tuple[Path, ...] = ()
    now: datetime | None = None
    failing: Path | None = None
    profile: bool = False


def scan(graph: Graph, current: Current, node: Node, asked: Asked, say: Callable[[str], None] | None = None) -> Scanned:
    """Raises ProjectError where the rows can't be read, and UsageError for a node that has none of its own."""
    if not isinstance(node.declared, Contract | Table | PythonTable):
        raise UsageError(f"{node.id} promises nothing of rows: name an event or a table")
    with ExitStack() as stack:
        work = Path(stack.enter_context(TemporaryDirectory(prefix="balun-scan-")))
        engine = stack.enter_context(Engine.of(graph.config, work / "spill"))
        one = _Scan(graph, current, node, asked, engine, work, say or (lambda _: None))
        try:
            return one.scanned()
        except (duckdb.IOException, duckdb.InvalidInputException) as exc:
            why = str(exc).splitlines()[0]
            mend = "write the file whole, and scan again"
            raise ProjectError.at(
                "file-unreadable", node.declared.place, f"a file can't be read: {why}", mend=mend, owner=node.owner
            ) from exc


@dataclass(frozen=True)
class _Scan:
    graph: Graph
    current: Current
    node: Node
    asked: Asked
    engine: Engine
    work: Path
    say: Callable[[str], None]

    def scanned(self) -> Scanned:
        contract, files, rows = self._read()
        if not rows.count:
            raise empty(contract, f"{', '.join(rows.names)} holds no rows")
        self.say(f"checking {contract.name}")
        alone = promises(contract, lambda column, value: self._constant(contract, column, value))
        besides, checks = self._besides(contract, rows)
        repeats = key_repeats(contract), unique_repeats(contract)
        with faulty(self.engine, rows, contract.columns, alone, *repeats, besides) as found:
            own = [*self._of_promises(contract, found), *checks, *self._quality(contract, rows)]
            fresh = freshness(self.engine.connection, contract, rows, files, self.asked.now)
            failing = self._number(f"SELECT count(*) FROM {TABLE}")
            self._write(contract, rows, found)
        return Scanned(
            self.node.id,
            rows.names,
            rows.count,
            failing,
            (*own, *([fresh] if fresh else [])),
            rows.extra,
            self.asked.failing,
            self._profile(contract, rows) if self.asked.profile else None,
        )

    def _read(self) -> tuple[Contract, tuple[Path, ...], Rows]:
        declared, folder = self.node.declared, self.graph.config.folder
        if not isinstance(declared, Contract):
            files = self.asked.data or (self._made().rows,)
            contract = contract_of(self.engine.connection, self.node, files)
            refuse_unusable(self.engine, contract)
            return contract, files, rows_of_table(contract, files)
        contract = _over(declared, self.asked.data) if self.asked.data else declared
        refuse_unusable(self.engine, contract)
        rows = rows_of(self.engine, contract, folder, self.graph.config.zone, self.work, self.say)
        return contract, source_files(contract, folder), rows

    def _made(self) -> Snapshot:
        found = self.current(self.node.id)
        if found is None:
            raise UsageError(f"{self.node.id} has no rows yet: run the project first, or name files with --data")
        return found

    def _constant(self, contract: Contract, column: Column, value: object) -> str:
        return constant(self.engine.connection, column, value, self.graph.config.zone, contract.owner)

    def _number(self, sql: str) -> int:
        return int(self.engine.connection.execute(sql).fetchall()[0][0])

    def _besides(self, contract: Contract, rows: Rows) -> tuple[list[Promise], list[Check]]:
        """What a run doesn't set rows aside for; and of what can't be asked, why."""
        found = [*implausible(contract), *_off_step(contract)]
        unasked = []
        for number, one in enumerate(references.references(contract)):
            parent = self._parent(one.target)
            missing = self._missing(one, parent)
            if parent is None or missing:
                says, column = one.says(contract), one.column(contract)
                place = _place(contract, column)
                unasked.append(Check(references.RULE, column, says, None, place, contract.owner, note=missing))
            else:
                found.append(references.orphans(self.engine.connection, contract, rows, number, one, parent))
        return found, unasked

    def _parent(self, name: str) -> Snapshot | None:
        made = (self.current(f"{kind}:{name}") for kind in ("event", "table"))
        return next((one for one in made if one is not None), None)

    def _missing(self, one: references.Reference, parent: Snapshot | None) -> str:
        """Why a reference can't be followed; empty where it can."""
        known = [node.name for node in self.graph if node.kind in {"event", "table"}]
        if one.target not in known:
            return f"there is no {one.target} in this project{nearest(one.target, known)}"
        if parent is None:
            return f"{one.target} has no rows yet: balun run makes them"
        own = [column.name for column in columns_of(self.engine.connection, parquet([parent.rows]))]
        lost = [name for name in one.names if name.lower() not in {one.lower() for one in own}]
        return f"{one.target} has no column {lost[0]}{nearest(lost[0], own)}" if lost else ""

    def _of_promises(self, contract: Contract, found: Faulty) -> Iterator[Check]:
        is_table = not isinstance(self.node.declared, Contract)
        for promise, broken, proved in zip(found.promises, found.counts(), found.proved, strict=True):
            if not broken and (promise.rule in _OF_LINES or (is_table and promise.rule in _OF_READING)):
                continue  # nobody has promised them
            place = _place(contract, promise.column)
            yield Check(promise.rule, promise.column, _says(contract, promise), broken, place, contract.owner, proved)

    def _quality(self, contract: Contract, rows: Rows) -> Iterator[Check]:
        """On the rows that a run would keep."""
        if not contract.quality:
            return
        columns = ", ".join(f"t{at} AS {quoted(column.name)}" for at, column in enumerate(contract.columns))
        kept = (
            f"SELECT {columns} FROM ({rows.sql}) AS x WHERE NOT EXISTS "
            f"(FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r AND y.kind <> '{KEPT}')"
        )
        file = self.work / "kept.parquet"
        if any(rule.kind == "sql" for rule in contract.quality):
            self.say(f"asking what {contract.name} promises as a whole")
            write_parquet(self.engine, kept, file)
            found = quality.judged(contract, file)
        else:
            found = quality.judged_in(self.engine.connection, contract, f"({kept})")
        for rule, fault in zip(contract.quality, found, strict=True):
            note = fault.message if fault else ""
            name = fault.rule if fault else "quality-broken"
            yield Check(name, None, rule.name, int(fault is not None), rule.place, contract.owner, note=note)

    def _write(self, contract: Contract, rows: Rows, found: Faulty) -> None:
        if self.asked.failing is None:
            return
        self.say(f"writing {self.asked.failing.name}")
        run = self.engine.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE _balun_failing AS {failing_sql(contract, rows, found)}")
        try:
            write_parquet(self.engine, "FROM _balun_failing ORDER BY source_file, source_row", self.asked.failing)
        except duckdb.IOException as exc:
            raise UsageError(f"{self.asked.failing} can't be written: {str(exc).splitlines()[0]}") from exc

    def _profile(self, contract: Contract, rows: Rows) -> Profile:
        self.say(f"looking at {contract.name}")
        columns = ", ".join(f"t{at} AS {quoted(column.name)}" for at, column in enumerate(contract.columns))
        return profile_of(self.engine.connection, f"(SELECT {columns} FROM ({rows.sql}))")


def _says(contract: Contract, promise: Promise) -> str:
    """What must be so, where a promise's own message says how it is broken."""
    words = {
        "value-unreadable": "{0} must be {1}",
        "time-nonexistent": "{0} must be a time that its zone's clock showed",
        "value-null": "{0} must not be null",
        "key-null": "{0} must not be null, as part of the key",
        "value-repeated": "{0} must be unique",
        "duplicate-key": f"{', '.join(contract.key)} must be unique",
    }
    dtype = contract.column(promise.column).dtype if promise.column else ""
    return words[promise.rule].format(promise.column, dtype) if promise.rule in words else promise.message


def _place(contract: Contract, column: str | None) -> Place:
    return contract.place if column is None else contract.column(column).place


def _over(contract: Contract, data: Sequence[Path]) -> Contract:
    """The same contract over other files; read as the contract's own are, where they are of the same format."""
    formats = {_format(file) for file in data}
    chosen = formats.pop()
    if formats or chosen is None:
        named = ", ".join(file.name for file in data)
        raise UsageError(f"{named}: name files of one format: Parquet, CSV or JSON")
    own = contract.source if isinstance(contract.source, Files) else Files("parquet", (), contract.place)
    paths = tuple(str(file.resolve()) for file in data)
    return replace(contract, source=replace(own, format=chosen, paths=paths, package=None))


def _format(file: Path) -> Format | None:
    suffixes = [one.lower() for one in file.suffixes if one.lower() not in {".gz", ".zst", ".zip"}]
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _off_step(contract: Contract) -> Iterator[Promise]:
    """Of what captures a coarser step than it says, a run keeps the rows, and says so."""
    for at, column in enumerate(contract.columns):
        steps = _RESOLUTION.captured(column, contract) if column.resolution else None
        condition = _RESOLUTION.denial(steps, f"t{at}", column.dtype) if steps is not None else None
        if condition and steps is not None:
            says = f"{column.name} must be on steps of {written(steps, column.dtype)}"
            yield Promise("step-missed", column.name, says, f"TRY({condition})")
