"""What became of an event's rows."""

from __future__ import annotations

from dataclasses import dataclass

from balun.finding import Finding


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
    extra: columns in the data that the contract doesn't name. mended: of the kept rows, those that mends made whole.
    """

    event: str
    collected: int
    kept: int
    quarantined: int
    duplicates: int
    reasons: tuple[Reason, ...]
    broken: tuple[Finding, ...]
    extra: tuple[str, ...] = ()
    mended: int = 0

    def as_json(self) -> dict[str, object]:
        """The same as plain data, for `--json`."""
        return {
            "event": self.event,
            "collected": self.collected,
            "kept": self.kept,
            "quarantined": self.quarantined,
            "duplicates": self.duplicates,
            "mended": self.mended,
            "reasons": [
                {"rule": one.rule, "column": one.column, "message": one.message, "rows": one.rows}
                for one in self.reasons
            ],
            "broken": [finding.as_json() for finding in self.broken],
            "extra": list(self.extra),
        }
