"""What would come of the rows that were set aside: their raw form, mended, held against the contract as it is now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files
from balun.chain.mend import OF_A_LINE, Mend
from balun.engine import Engine
from balun.quarantine.aside import NTH, all_rows, text_of
from balun.quarantine.moment import reading_of
from balun.quarantine.quarantine import Quarantine
from balun.quoting import in_parquet, literal, quoted
from balun.scan.collected import Reason
from balun.scan.faulty import TABLE, faulty
from balun.scan.mended import CURED, Mending
from balun.scan.promises import key_columns
from balun.scan.reading import Reading
from balun.scan.rows import Part, Rows, part_sql
from balun.scan.scan import of_one_row, raw_names, reasons_of

_ASIDE, _ROWS, _WHOLE, _REPEATED = "_balun_aside", "_balun_rows", "_balun_whole", "_balun_repeated"
_FAULT, _AFTER = '"\u2060fault"', '"\u2060after"'
_NOT_LOOKED_AT = 3


@dataclass(frozen=True)
class Example:
    """A row that would be kept. place: in the source. before: its raw values. after: what mends set, by column."""

    place: str
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]


@dataclass(frozen=True)
class Preview:
    """rows: set aside now, duplicates among them. admitted: those that would be kept. repeated: those that keep every
    promise of their own, and repeat the key or a unique value of a row that is kept. reasons: of the others.
    """

    event: str
    rows: int
    admitted: int
    repeated: int
    reasons: tuple[Reason, ...]
    examples: tuple[Example, ...]

    @property
    def at_fault(self) -> int:
        return self.rows - self.admitted - self.repeated

    def as_json(self) -> dict[str, object]:
        return {
            "event": self.event,
            "rows": self.rows,
            "admitted": self.admitted,
            "repeated": self.repeated,
            "at_fault": self.at_fault,
            "reasons": [vars(one) for one in self.reasons],
            "examples": [
                {"place": one.place, "before": dict(one.before), "after": dict(one.after)} for one in self.examples
            ],
        }


def preview(part: Quarantine, mend: Mend | None = None, *, examples: int = 3) -> Preview:
    """Of all rows of the event that were set aside; the source isn't read.

    mend: in trial, after those that the project has. Raises ProjectError where a mend's SQL can't be used.
    """
    contract = replace(part.contract, mends=(*part.contract.mends, *([mend] if mend else [])))
    with TemporaryDirectory(prefix="balun-") as work, Engine(threads=1) as engine:
        return _Trial(part, contract, engine, Path(work)).held(examples)


@dataclass(frozen=True)
class _Trial:
    """contract: with all mends that are tried."""

    part: Quarantine
    contract: Contract
    engine: Engine
    work: Path

    def held(self, examples: int) -> Preview:
        run = self.engine.connection.execute
        run(f"CREATE TEMP TABLE {_ASIDE} AS {all_rows(self.part.snapshot)}")
        named = f"SELECT source_file FROM {_ASIDE} GROUP BY source_file ORDER BY min({NTH})"
        files = [str(name) for (name,) in run(named).fetchall()]
        alone = of_one_row(self.engine, self.contract, self.part.zone)
        mending = Mending(self.engine, self.contract, self.part.zone, files, alone, self.work, lambda _: None)
        run(f"CREATE TEMP TABLE {_ROWS} AS {self._rows(files)}")
        rows = Rows(f"SELECT * FROM {_ROWS}", tuple(files), self._count(_ROWS), ())
        with faulty(self.engine, rows, self.contract.columns, alone, [], [], mending=mending) as found:
            at_fault = f"FROM {TABLE} AS y WHERE y.f = x.f AND y.r = x.r"
            run(f"CREATE TEMP TABLE {_WHOLE} AS SELECT * FROM ({found.rows}) AS x WHERE NOT EXISTS ({at_fault})")
            run(f"CREATE TEMP TABLE {_REPEATED} AS {self._repeated()}")
            return Preview(
                self.part.event,
                self._count(_ROWS),
                self._count(_WHOLE) - self._count(_REPEATED),
                self._count(_REPEATED),
                reasons_of(found),
                tuple(self._examples(files, examples)),
            )

    def _count(self, table: str) -> int:
        return int(self.engine.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])

    def _rows(self, files: list[str]) -> str:
        """What was set aside as `Rows.sql` gives it, read again from its raw form."""
        listed = f"([{', '.join(map(literal, files))}]::VARCHAR[])"
        lines = ", ".join(literal(rule) for rule in OF_A_LINE)
        rules = "list_transform(reasons, lambda one: split_part(one, ':', 1))"
        fault = f"list_filter({rules}, lambda one: one IN ({lines}))[1]"
        source = f"(SELECT *, {fault} AS {_FAULT} FROM {_ASIDE})"
        place = (f"(list_position({listed}, source_file) - 1)::INTEGER", "source_row", _FAULT, "source_line")
        readings = tuple(map(self._reading, self.contract.columns, raw_names(self.contract.columns)))
        read = part_sql(Part(source, place, readings))
        return read if self._is_text else self._without_doubts(read, listed)

    def _reading(self, column: Column, name: str) -> Reading:
        raw = quoted(name) if name in self.part.columns else "NULL::VARCHAR"
        return reading_of(self.contract, column, raw, f"CASE WHEN {_FAULT} IS NULL THEN {raw} END", self.part.zone)

    @property
    def _is_text(self) -> bool:
        """Whether the raw form is all that there was, as of text files: it reads back as it was read."""
        return isinstance(self.contract.source, Files) and self.contract.source.format != "parquet"

    def _without_doubts(self, read: str, listed: str) -> str:
        """Of typed sources: a value that its text doesn't give back, and that was no reason, is left out of account."""
        seen = [
            f"CASE WHEN x.why{at} <> 0 AND NOT {self._is_reason(column)} THEN {_NOT_LOOKED_AT} ELSE x.why{at} END "
            f"AS why{at}"
            for at, column in enumerate(self.contract.columns)
        ]
        same = f"q.source_row = x.r AND q.source_file = {listed}[x.f + 1]"
        return f"SELECT x.* REPLACE ({', '.join(seen)}) FROM ({read}) AS x JOIN {_ASIDE} AS q ON {same}"

    def _is_reason(self, column: Column) -> str:
        texts = [literal(text_of(one)) for one in self.part.reasons if one.column == column.name]
        return f"list_has_any(q.reasons, [{', '.join(texts)}]::VARCHAR[])"

    def _repeated(self) -> str:
        """Rows that repeat a key or a unique value, of a row that is kept or of one before them."""
        names = [column.name for column in self.contract.columns]
        sets = [key_columns(self.contract)] if self.contract.key else []
        sets += [(at,) for at, column in enumerate(self.contract.columns) if column.unique]
        there = {name.lower() for name in pq.read_schema(self.part.snapshot.rows).names}
        known = [ats for ats in sets if {names[at].lower() for at in ats} <= there]
        return " UNION ".join(map(self._repeats, known)) or f"SELECT f, r FROM {_WHOLE} LIMIT 0"

    def _repeats(self, ats: tuple[int, ...]) -> str:
        values = [f"t{at}" for at in ats]
        filled = " AND ".join(f"{value} IS NOT NULL" for value in values)
        columns = [self.contract.columns[at] for at in ats]
        kept = " AND ".join(
            f"try_cast(k.{quoted(column.name)} AS {column.dtype}) = w.{value}"
            for column, value in zip(columns, values, strict=True)
        )
        nth = f"row_number() OVER (PARTITION BY {', '.join(values)} ORDER BY f, r) AS nth"
        whole = f"(SELECT *, {nth} FROM {_WHOLE} WHERE {filled})"
        there = f"EXISTS (FROM {in_parquet(self.part.snapshot.rows)} AS k WHERE {kept})"
        return f"SELECT f, r FROM {whole} AS w WHERE nth > 1 OR {there}"

    def _examples(self, files: list[str], count: int) -> Iterator[Example]:
        """Of rows that would be kept, from anywhere in the source; the same each time."""
        listed = f"([{', '.join(map(literal, files))}]::VARCHAR[])"
        whole = f"(SELECT f, r FROM {_WHOLE} EXCEPT SELECT f, r FROM {_REPEATED})"
        after = f"LEFT JOIN (SELECT f, r, after FROM {CURED}) AS c USING (f, r)"
        found = self.engine.connection.sql(
            f"SELECT q.*, c.after AS {_AFTER} FROM {whole} AS w {after} JOIN {_ASIDE} AS q "
            f"ON q.source_row = w.r AND q.source_file = {listed}[w.f + 1] ORDER BY md5(w.f || ' ' || w.r) LIMIT {count}"
        )
        names = dict(zip([one.name for one in self.contract.columns], raw_names(self.contract.columns), strict=True))
        of = {text_of(one): one.column for one in self.part.reasons}
        for row in found.to_arrow_table().to_pylist():
            set_to = json.loads(row[_AFTER.strip('"')] or "{}")
            shown = set_to or dict.fromkeys(name for one in row["reasons"] if (name := of.get(one)))
            before = {name: row.get(names.get(name, name)) for name in shown}
            yield Example(f"{row['source_file']} row {row['source_row']}", before, set_to)
