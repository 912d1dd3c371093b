"""What a run set aside of one event, or a part of it: counted, grouped, sampled, written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from balun.chain.contract import Contract
from balun.errors import UsageError, nearest
from balun.quarantine.aside import FILE, LINE, NTH, all_rows, ask, copy, limited, text_of
from balun.quarantine.grouping import Group, grouped
from balun.quarantine.moment import moment
from balun.quarantine.sampling import picked
from balun.quoting import in_parquet, literal
from balun.scan.collected import Reason
from balun.scan.scan import MENDED
from balun.snapshot import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

_COUNTS = ("collected", "kept", "quarantined", "duplicates", "mended")
_SHOWN = f"* EXCLUDE ({NTH}) REPLACE ({LINE} AS source_line)"


@dataclass(frozen=True)
class Quarantine:
    """Of one event. contract: as it is now; the rows may have been set aside for an earlier one.

    zone: of times without one. when: the run that made the snapshot began, in seconds since 1970. stopped: why a run
    stopped at it, where one did; it isn't current then. earlier: other snapshots of the event, where a row may have
    been before. chosen: SQL that is true of the rows of this part.
    """

    contract: Contract
    owner: str | None
    zone: str
    snapshot: Snapshot
    when: float
    stopped: str | None = None
    earlier: tuple[Snapshot, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def event(self) -> str:
        return self.contract.name

    @property
    def run(self) -> int | None:
        """The number of the run that made the snapshot."""
        return self.snapshot.run

    @property
    def counts(self) -> Mapping[str, int]:
        """Of all rows of the event: collected, kept, quarantined, duplicates, mended."""
        return {name: int(str(self._collected.get(name, 0))) for name in _COUNTS}

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Of all rows of the event, the most frequent first."""
        listed = self._collected.get("reasons")
        found = listed if isinstance(listed, list) else []
        return tuple(Reason(one["rule"], one["column"], one["message"], one["rows"]) for one in found)

    @property
    def _collected(self) -> Mapping[str, object]:
        told = self.snapshot.info["collected"]
        assert isinstance(told, Mapping)
        return told

    def where(self, *, reason: str | None = None, column: str | None = None) -> Quarantine:
        """The rows with a reason of that name, and one about that column. Raises UsageError for what none has."""
        chosen = list(self.chosen)
        if reason is not None:
            own = [one for one in self.reasons if one.rule == reason]
            chosen.append(self._has_one_of(own, "reason", reason, {one.rule for one in self.reasons}))
        if column is not None:
            own = [one for one in self.reasons if (one.column or "").lower() == column.lower()]
            chosen.append(self._has_one_of(own, "column", column, {one.column for one in self.reasons if one.column}))
        return replace(self, chosen=tuple(chosen))

    def _has_one_of(self, reasons: list[Reason], what: str, word: str, known: set[str]) -> str:
        if not reasons:
            told = f"; there are {', '.join(sorted(known))}" if known else ""
            raise UsageError(f"no row of {self.event} was set aside for the {what} {word}{nearest(word, known)}{told}")
        return f"list_has_any(reasons, [{', '.join(literal(text_of(one)) for one in reasons)}])"

    @cached_property
    def rows(self) -> int:
        """How many are in this part, duplicates among them."""
        if not self.chosen:
            return self.counts["quarantined"] + self.counts["duplicates"]
        return int(ask(self.snapshot, f"SELECT count(*) AS n FROM ({self.sql})").column("n")[0].as_py())

    @cached_property
    def columns(self) -> list[str]:
        """The quarantine's own, then the raw ones."""
        return list(pq.read_schema(self.snapshot.folder / FILE).names)

    @cached_property
    def moment(self) -> str:
        """SQL for when a row happened."""
        return moment(self.contract, self.zone, self.columns)

    @property
    def sql(self) -> str:
        """A SELECT of this part's rows, each with its number."""
        return f"SELECT * FROM ({all_rows(self.snapshot)}) WHERE {' AND '.join(self.chosen or ('TRUE',))}"

    def groups(self, by: str = "reason") -> tuple[Group, ...]:
        """Most rows first. by: `reason`, `column`, `file`, `day`, `owner`, `run`, `kind`, or a column's raw value.

        A row of several reasons is in several groups. A run is the one that first set the row aside, as far as its
        snapshot is still there. Raises UsageError for a column that isn't there.
        """
        return grouped(self, by)

    def table(self, limit: int | None = None) -> pa.Table:
        """Rows in the order of the source, in raw form; `source_line` as text."""
        return ask(self.snapshot, f"SELECT {_SHOWN} FROM ({self.sql}) ORDER BY {NTH}{limited(limit)}")

    def sample(self, count: int) -> pa.Table:
        """So many rows, spread over the reasons, the rare ones too; the same each time. In the order of the source."""
        chosen = f"{NTH} IN ({picked(self, count)})"
        return ask(self.snapshot, f"SELECT {_SHOWN} FROM ({self.sql}) WHERE {chosen} ORDER BY {NTH}")

    def mended(self, limit: int | None = None) -> pa.Table:
        """All rows that are kept as they were mended: raw form, the reasons they had, by what and to what."""
        file = self.snapshot.folder / MENDED
        if not file.exists():
            return self.table(0)
        return ask(self.snapshot, f"SELECT * REPLACE ({LINE} AS source_line) FROM {in_parquet(file)}{limited(limit)}")

    def write(self, file: Path) -> int:
        """The rows of this part, as CSV where the file's name ends so, else as Parquet. Returns how many."""
        is_csv = file.suffix.lower() == ".csv"
        how = "FORMAT csv, HEADER" if is_csv else "FORMAT parquet, COMPRESSION zstd"
        joined = ", array_to_string(reasons, '; ') AS reasons" if is_csv else ""
        select = f"SELECT {_SHOWN.removesuffix(')')}{joined}) FROM ({self.sql}) ORDER BY {NTH}"
        try:
            file.touch()
        except OSError as exc:
            raise UsageError(f"{file} can't be written: {exc.strerror}") from exc
        copy(self.snapshot, f"COPY ({select}) TO {literal(str(file))} ({how})")
        return self.rows

    def as_json(self) -> dict[str, object]:
        """Counts and groups by reason; rows are asked for apart."""
        return {
            "event": self.event,
            "owner": self.owner,
            "snapshot": self.snapshot.name,
            "run": self.run,
            "when": datetime.fromtimestamp(self.when, UTC).isoformat(timespec="seconds"),
            "stopped": self.stopped,
            **self.counts,
            "rows": self.rows,
        }
