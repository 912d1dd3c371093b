"""Rows at fault, mended as the contract's mends say: those that then keep all promises are kept, as they are mended.

The mends are taken from top to bottom. Each sees the rows that are still at fault after those before it, and of them
only rows with a fault in a column that it sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from balun.chain.contract import Column, Contract, Files
from balun.chain.mend import Mend
from balun.chain.mend_sql import PLACES
from balun.engine import Engine
from balun.quoting import in_parquet, literal, quoted
from balun.scan import from_text
from balun.scan.answer import F, R, answer
from balun.scan.faulty import TABLE, Faulty
from balun.scan.promises import Promise
from balun.scan.reading import Reading
from balun.scan.rows import Part, part_sql

PATIENTS, CURED = "_balun_patients", "_balun_cured"
_TREATED = "len(mends) > 0"


@dataclass(frozen=True)
class Mending:
    """rows: a SELECT as `Rows.sql` gives, of all rows at fault. names: of the files, by number.

    promises: what one row alone can break. work: a folder for what must be written on the way.
    """

    engine: Engine
    contract: Contract
    zone: str
    names: Sequence[str]
    promises: Sequence[Promise]
    work: Path
    say: Callable[[str], None]

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.contract.columns

    def cure(self, found: Faulty) -> Faulty:
        """The rows that break no promise any more are taken out of the faulty ones, and into the table CURED."""
        run = self.engine.connection.execute
        at_fault = f"SELECT x.* FROM ({found.rows}) AS x JOIN {TABLE} AS y ON y.f = x.f AND y.r = x.r"
        self.treat(at_fault)
        own = f"p.f, p.r, y.* EXCLUDE (f, r, kind), p.mends, {self.after()} AS after"
        values = "".join(f", p.t{at}" for at in self._set)
        patients = f"{PATIENTS} AS p JOIN {TABLE} AS y ON y.f = p.f AND y.r = p.r"
        whole = f"{_TREATED} AND NOT {self.broken()}"
        run(f"CREATE OR REPLACE TEMP TABLE {CURED} AS SELECT {own}{values} FROM {patients} WHERE {whole}")
        run(f"DELETE FROM {TABLE} AS y WHERE EXISTS (FROM {CURED} AS c WHERE c.f = y.f AND c.r = y.r)")
        left = f"SELECT f, r, 'quarantined', {found.masks(len(self.promises))} FROM {PATIENTS}"
        run(f"INSERT INTO {TABLE} {left} WHERE {_TREATED} AND {self.broken()}")
        run(f"DROP TABLE {PATIENTS}")
        return replace(found, rows=self._mended(found.rows))

    @property
    def _set(self) -> list[int]:
        """The numbers of the columns that some mend sets."""
        own = {column.lower() for mend in self.contract.mends for column, _ in mend.sets}
        return [at for at, column in enumerate(self.columns) if column.name.lower() in own]

    def _mended(self, rows: str) -> str:
        """The same rows in the same order; of those that were cured, the values that they were mended to."""
        if not self._set:
            return rows
        values = ", ".join(f"CASE WHEN y.f IS NULL THEN x.t{at} ELSE y.t{at} END AS t{at}" for at in self._set)
        return f"SELECT x.* REPLACE ({values}) FROM ({rows}) AS x LEFT JOIN {CURED} AS y ON y.f = x.f AND y.r = x.r"

    def recall(self, found: Faulty) -> None:
        """Of mended rows that repeat others, the reasons that they had."""
        masks = ", ".join(f"c.{name}" for name in found.mask_names)
        run = self.engine.connection.execute
        run(
            f"INSERT INTO {TABLE} SELECT c.f, c.r, y.kind, {masks} FROM {CURED} AS c "
            f"JOIN (SELECT DISTINCT f, r, kind FROM {TABLE}) AS y ON y.f = c.f AND y.r = c.r"
        )

    def treat(self, rows: str) -> None:
        """Makes the table PATIENTS: each row, what it was mended by, and its values as mended."""
        self._admit(rows)
        for number, mend in enumerate(self.contract.mends, 1):
            self.say(f"mending {self.contract.name}: {mend.words()}")
            self._apply(number, mend)

    def _admit(self, rows: str) -> None:
        texts = ", ".join(f"{self._seen(at)} AS e{at}, FALSE AS s{at}" for at in range(len(self.columns)))
        self.engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {PATIENTS} AS SELECT *, {texts}, []::VARCHAR[] AS mends FROM ({rows})"
        )

    def _seen(self, at: int) -> str:
        """A raw value as a mend sees it: of JSON, a text without its quotes."""
        if isinstance(self.contract.source, Files) and self.contract.source.format == "json":
            text = f"try((raw{at}::JSON) ->> '$')"
            return f"CASE WHEN raw{at} LIKE '\"%' THEN {text} WHEN raw{at} <> 'null' THEN raw{at} END"
        return f"raw{at}"

    def _apply(self, number: int, mend: Mend) -> None:
        asked, answered = self.work / f"mend{number}.parquet", self.work / f"mended{number}.parquet"
        run = self.engine.connection.execute
        run(f"COPY ({self._asked(mend)}) TO {literal(str(asked))} (FORMAT parquet, COMPRESSION lz4)")
        if pq.read_metadata(asked).num_rows:
            answer(mend, self.contract, asked, answered)
            run(f"CREATE OR REPLACE TEMP TABLE {PATIENTS} AS {self._answered(number, mend, answered)}")
        asked.unlink()
        answered.unlink(missing_ok=True)

    def _asked(self, mend: Mend) -> str:
        """What the mend sees, of the rows that it is for."""
        taken = {column.name.lower() for column in self.columns}
        names = ", ".join(map(literal, self.names))
        line = "coalesce(try(decode(line)), line::VARCHAR)"
        places = zip(PLACES, (f"([{names}])[f + 1]", "r", line), strict=True)
        seen = [f"{sql} AS {name}" for name, sql in places if name not in taken]
        seen += [f"e{at} AS {quoted(column.name)}" for at, column in enumerate(self.columns)]
        return f"SELECT f AS {F}, r AS {R}, {', '.join(seen)} FROM {PATIENTS} WHERE {self._is_for(mend)}"

    def _is_for(self, mend: Mend) -> str:
        own = {column.lower() for column, _ in mend.sets}
        whole = own == {column.name.lower() for column in self.columns}
        faults = [one for one in self.promises if (one.column.lower() in own if one.column else whole)]
        asked = _any(faults)
        if mend.rule:
            rule, column = mend.rule
            named = [one for one in self.promises if one.rule == rule and _is_of(one, column)]
            asked = f"{asked} AND {_any(named)}"
        return asked

    def _answered(self, number: int, mend: Mend, file: Path) -> str:
        numbers = {column.name.lower(): at for at, column in enumerate(self.columns)}
        at_of = [numbers[column.lower()] for column, _ in mend.sets]
        own = ("f", "r", "NULL::VARCHAR", "NULL::BLOB")
        readings = tuple(self._reading(self.columns[at], f"v{place}") for place, at in enumerate(at_of))
        values = part_sql(Part(in_parquet(file), own, readings))
        fault = "CASE WHEN n.f IS NULL THEN p.fault END" if len(at_of) == len(self.columns) else "p.fault"
        changed = [f"{fault} AS fault"]
        for place, at in enumerate(at_of):
            for old, new in ((f"e{at}", f"raw{place}"), (f"t{at}", f"t{place}"), (f"why{at}", f"why{place}")):
                changed.append(f"CASE WHEN n.f IS NULL THEN p.{old} ELSE n.{new} END AS {old}")
            changed.append(f"p.s{at} OR n.f IS NOT NULL AS s{at}")
        told = literal(f"{number}: {mend.words()}")
        changed.append(f"CASE WHEN n.f IS NULL THEN p.mends ELSE list_append(p.mends, {told}) END AS mends")
        return (
            f"SELECT p.* REPLACE ({', '.join(changed)}) FROM {PATIENTS} AS p "
            f"LEFT JOIN ({values}) AS n ON n.f = p.f AND n.r = p.r"
        )

    def _reading(self, column: Column, name: str) -> Reading:
        """What a mend sets is text, and read as the source's text is."""
        zone, source = column.zone or self.zone, self.contract.source
        null = source.null if isinstance(source, Files) and source.format == "csv" else ()
        return from_text.from_csv(column, name, name, zone, null)

    def broken(self) -> str:
        """SQL over PATIENTS that is true of rows that still break a promise."""
        return _any(self.promises)

    def after(self) -> str:
        """SQL over PATIENTS, or CURED: the texts that were set, by column, as JSON."""
        entries = ", ".join(
            f"CASE WHEN s{at} THEN {{'key': {literal(column.name)}, 'value': e{at}}} END"
            for at, column in enumerate(self.columns)
        )
        return f"to_json(map_from_entries(list_filter([{entries}], lambda one: one IS NOT NULL)))::VARCHAR"


def _is_of(promise: Promise, column: str | None) -> bool:
    return column is None or (promise.column or "").lower() == column.lower()


def _any(promises: Sequence[Promise]) -> str:
    terms = " OR ".join(f"coalesce({one.condition}, FALSE)" for one in promises)
    return f"({terms or 'FALSE'})"
