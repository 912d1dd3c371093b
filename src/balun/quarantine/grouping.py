"""Rows that were set aside, counted by what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from balun.errors import UsageError, nearest
from balun.quarantine.aside import NTH, ask, text_of
from balun.quarantine.first_run import first_runs
from balun.quoting import literal, quoted

if TYPE_CHECKING:
    from balun.quarantine.quarantine import Quarantine

WAYS = ("reason", "column", "file", "day", "owner", "run", "kind")


@dataclass(frozen=True)
class Group:
    """Rows of one value. value: None where they have none. share: of the rows collected.

    column, rule: of a reason. first, last: places in the source, as `data/a.csv row 3`. since, until: the earliest and
    the latest time that can be read, in ISO 8601 and UTC; None: none can.
    """

    value: str | None
    rows: int
    share: float
    first: str
    last: str
    since: str | None = None
    until: str | None = None
    rule: str | None = None
    column: str | None = None
    owner: str | None = None

    def as_json(self) -> dict[str, object]:
        return dict(vars(self))


def grouped(part: Quarantine, by: str) -> tuple[Group, ...]:
    at = "strftime({}(moment), '%Y-%m-%dT%H:%M:%SZ')"
    found = ask(
        part.snapshot,
        "SELECT value::VARCHAR AS value, count(*) AS rows, arg_min(place, n) AS first, arg_max(place, n) AS last, "
        f"{at.format('min')} AS since, {at.format('max')} AS until "
        f"FROM ({_valued(part, by)}) GROUP BY value ORDER BY rows DESC, value",
    )
    whole = part.counts["collected"]
    told = {text_of(one): one for one in part.reasons} if by == "reason" else {}
    groups = []
    for row in found.to_pylist():
        reason = told.get(row["value"])
        rule, column = (reason.rule, reason.column) if reason else (None, None)
        groups.append(Group(**row, share=row["rows"] / whole, owner=part.owner, rule=rule, column=column))
    return tuple(groups)


def _valued(part: Quarantine, by: str) -> str:
    """A SELECT of each row's `n`, `place`, `moment` and `value`; of several values it is there several times."""
    if by == "reason":
        return f"SELECT n, place, moment, unnest(reasons) AS value FROM ({_cells(part, 'NULL')})"
    if by == "column":
        pairs = ", ".join(f"({literal(text_of(one))}, {literal(one.column)})" for one in part.reasons)
        each = f"SELECT n, place, moment, unnest(reasons) AS reason FROM ({_cells(part, 'NULL')})"
        named = f"(VALUES {pairs or '(NULL, NULL)'}) AS c(reason, value)"
        return f"SELECT DISTINCT n, place, moment, c.value FROM ({each}) JOIN {named} USING (reason)"
    if by == "run":
        return (
            f"SELECT * EXCLUDE (value), run AS value FROM ({_cells(part, 'NULL')}) JOIN ({first_runs(part)}) USING (n)"
        )
    own = {"file": "source_file", "kind": "kind", "owner": literal(part.owner), "day": f"({part.moment})::DATE"}
    return _cells(part, own[by] if by in own else quoted(_raw(part, by)))


def _cells(part: Quarantine, value: str) -> str:
    place = "source_file || ' row ' || source_row"
    return f"SELECT {NTH} AS n, {place} AS place, {part.moment} AS moment, reasons, {value} AS value FROM ({part.sql})"


def _raw(part: Quarantine, by: str) -> str:
    found = next((name for name in part.columns if name.lower() == by.lower()), None)
    if found is None:
        near = nearest(by, [*WAYS, *part.columns])
        raise UsageError(f"rows of {part.event} can't be grouped by {by}{near}: by {', '.join(WAYS)}, or a raw column")
    return found
