"""Which version a contract's changes need: another first number where something breaks, a second where it shifts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from balun.chain.change import Change
from balun.effect import Verdict

# Whoever reads the event by these names or types can't go on, though nothing in this project may.
_MAJOR = frozenset({"drop", "rename", "retype", "rekey"})
_MINOR = frozenset({
    "add", "add value", "remove value", "nullable", "require", "rescale", "coarsen", "refine", "rezone", "rebound",
    "sample", "latency", "frequency", "reschedule", "delay", "thin", "recode", "pool",
})  # fmt: skip


@dataclass(frozen=True)
class Needed:
    """At least `least`, in numbers. words: it, and why."""

    least: tuple[int, int, int]
    words: str

    def is_met_by(self, version: str) -> bool:
        now = _numbers(version)
        return now is None or now >= self.least


def needed_version(was: str, changes: Iterable[tuple[Change, Verdict]]) -> Needed | None:
    """None: none, as they change words alone; or as the version is no three numbers, of which nothing can be asked.

    >>> needed_version("1.4.0", [(Change("drop", "ride", "tip"), "same")]).words
    '2.0.0, as drop ride.tip breaks whoever reads it'
    >>> needed_version("1.4.0", [(Change("coarsen", "ride", "started", to="1 h"), "shifts")]).words
    '1.5.0, as coarsen ride.started to 1 h shifts values'
    """
    numbers = _numbers(was)
    if numbers is None:
        return None
    major = minor = None
    for change, verdict in changes:
        if verdict == "breaks" or change.kind in _MAJOR:
            major = major or f"{change} breaks {'what hangs on it' if verdict == 'breaks' else 'whoever reads it'}"
        elif verdict == "shifts" or change.kind in _MINOR:
            minor = minor or f"{change} {'adds to it' if change.kind.startswith('add') else 'shifts values'}"
    if major is not None:
        return _needed((numbers[0] + 1, 0, 0), major)
    return _needed((numbers[0], numbers[1] + 1, 0), minor) if minor is not None else None


def _needed(least: tuple[int, int, int], why: str) -> Needed:
    return Needed(least, f"{'.'.join(map(str, least))}, as {why}")


def _numbers(version: str) -> tuple[int, int, int] | None:
    """
    >>> _numbers("v1.4"), _numbers("2.0.1-beta"), _numbers("spring")
    ((1, 4, 0), (2, 0, 1), None)
    """
    found = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?![\d.])", version.strip())
    if found is None:
        return None
    first, second, third = (int(one or 0) for one in found.groups())
    return first, second, third
