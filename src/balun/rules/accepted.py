"""Findings that somebody accepted, in the file, with a reason: `balun: accept RULE: why` in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from balun.finding import Finding

_ACCEPT = re.compile(r"(?:--|#|/\*|^\s*)\s*balun:\s*accept\s+([a-z][a-z-]*)\s*:\s*(\S.*?)\s*(?:\*/)?\s*$")


@dataclass(frozen=True)
class Accepted:
    """A finding, and the reason for which its owner lives with it."""

    finding: Finding
    why: str


def accepted(findings: Iterable[Finding], root: Path) -> tuple[list[Finding], list[Accepted]]:
    """Those that stand, and those that were accepted: on the finding's own line, or on lines of comment right above it.

    A finding without a line, or at its file's first, is accepted anywhere in the file.
    """
    stand: list[Finding] = []
    lived_with: list[Accepted] = []
    files: dict[str, list[str]] = {}
    for finding in findings:
        lines = files.setdefault(finding.place.file, _lines(root / finding.place.file))
        why = _reasons(lines, finding.place.line).get(finding.rule)
        if why:
            lived_with.append(Accepted(finding, why))
        else:
            stand.append(finding)
    return stand, lived_with


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _reasons(lines: list[str], line: int | None) -> Mapping[str, str]:
    if line is None or line <= 1:
        return _said(lines)
    own = [lines[line - 1]] if line <= len(lines) else []
    above = line - 2
    while 0 <= above < len(lines) and lines[above].strip().startswith(("--", "#", "/*", "*")):
        own.append(lines[above])
        above -= 1
    return _said(own)


def _said(lines: Iterable[str]) -> Mapping[str, str]:
    found = (_ACCEPT.search(line) for line in lines)
    return {one[1]: one[2] for one in found if one}
