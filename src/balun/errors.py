"""What a user can mend. Bugs raise as they are.

BalunError
├── ProjectError   the project's files or data are at fault: findings with their places
├── UsageError     a command or call was given what it can't take
└── Busy           another run holds the project
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from balun.finding import Finding, Place


class BalunError(Exception):
    """An error with a message for the user; the command line prints it and exits 2."""


class ProjectError(BalunError):
    """The project can't be used as it stands. All that was found, not the first only.

    findings: in the order of their places; never empty.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (finding.place.file, finding.place.line or 0)))
        super().__init__("\n".join(map(str, self.findings)))

    @classmethod
    def at(cls, rule: str, place: Place, message: str, *, mend: str, owner: str | None = None) -> ProjectError:
        """One finding, raised at once."""
        return cls([Finding(rule, place, message, mend=mend, owner=owner)])


class UsageError(BalunError):
    """A command or a call was given what it can't take."""


class Busy(BalunError):
    """Another run holds the project."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that names what may have been meant, or nothing.

    >>> nearest("requierd", ["required", "unique"])
    ' (did you mean required?)'
    >>> nearest("xyz", ["required"])
    ''
    """
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
