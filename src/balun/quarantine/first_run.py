"""Which run first set a row aside, as far as the snapshots of earlier runs are still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balun.quarantine.aside import NTH, all_rows

if TYPE_CHECKING:
    from balun.quarantine.quarantine import Quarantine


def first_runs(part: Quarantine) -> str:
    """A SELECT of `n`, the row's number, and `run`; null where no run is known.

    It is the same row where it stands at the same place of the source in the same raw form.
    """
    known = [one for one in (*part.earlier, part.snapshot) if one.run is not None]
    seen = " UNION ALL ".join(f"SELECT form, {one.run} AS run FROM ({_forms(all_rows(one))})" for one in known)
    first = f"SELECT form, min(run) AS run FROM ({seen or 'SELECT NULL AS form, NULL AS run'}) GROUP BY form"
    return f"SELECT n, run FROM ({_forms(part.sql)}) LEFT JOIN ({first}) USING (form)"


def _forms(rows: str) -> str:
    """Each row's number and its place and raw form as one text."""
    raw = f"SELECT * EXCLUDE ({NTH}, reasons, kind) REPLACE (source_line::VARCHAR AS source_line) FROM ({rows})"
    numbers = f"SELECT {NTH} AS n FROM ({rows})"
    return f"SELECT n, to_json(x)::VARCHAR AS form FROM ({numbers}) AS m POSITIONAL JOIN ({raw}) AS x"
