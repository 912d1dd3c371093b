"""What a scan found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balun.finding import Place
from balun.profile import Profile

OF_ALL = frozenset({"rows-stale", "quality-broken", "quality-unanswered"})


@dataclass(frozen=True)
class Check:
    """One thing that is promised. rule: the fault's name. says: what a row, or all of them, must be.

    broken: rows that break it; of what all rows must be together, 1 where they aren't; None: it wasn't asked.
    proved: by what the files' footers tell. note: what was found, or why it wasn't asked.
    """

    rule: str
    column: str | None
    says: str
    broken: int | None
    place: Place
    owner: str | None = None
    proved: bool = False
    note: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.broken)

    @property
    def is_of_all(self) -> bool:
        """Whether it is about all rows together, so that it holds or fails as one."""
        return self.rule in OF_ALL

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "column": self.column,
            "says": self.says,
            "broken": self.broken,
            "proved": self.proved,
            "note": self.note,
            "file": self.place.file,
            "line": self.place.line,
            "owner": self.owner,
        }


@dataclass(frozen=True)
class Scanned:
    """node: its id. files: where the rows lie. failing: rows that break anything; written: where they were put.

    extra: columns that nobody has declared.
    """

    node: str
    files: tuple[str, ...]
    rows: int
    failing: int
    checks: tuple[Check, ...]
    extra: tuple[str, ...] = ()
    written: Path | None = None
    profile: Profile | None = None

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(one for one in self.checks if one.failed)

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node,
            "files": list(self.files),
            "rows": self.rows,
            "failing": self.failing,
            "checks": [one.as_json() for one in self.checks],
            "extra": list(self.extra),
            "written": None if self.written is None else str(self.written),
            **({"profile": self.profile.as_json()} if self.profile else {}),
        }
