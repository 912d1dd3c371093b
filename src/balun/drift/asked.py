"""What current rows are to be held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """against: see `reference`; None: of files and corpora what they have, else the state before.

    file: rows in place of the current ones, held against those of the node. period: the newest stretch of time, held
    against the one before it. every_day: all days are judged, not the newest alone. serving: a log of what the one
    model was served.
    """

    against: str | None = None
    file: Path | None = None
    period: str | None = None
    every_day: bool = False
    serving: Path | None = None
