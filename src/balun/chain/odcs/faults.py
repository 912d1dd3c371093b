"""What is wrong with one contract file, gathered while it is read."""

from __future__ import annotations

from balun.chain.yaml_lines import Node
from balun.finding import Finding, Place


class Faults:
    """Findings of one file. The same one is kept once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[Finding, None] = {}

    def add(self, rule: str, at: Node | int, message: str, *, mend: str) -> None:
        """at: a line, or a node that stands on it."""
        line = at if isinstance(at, int) else at.line
        self.found.setdefault(Finding(rule, Place(self.file, line), message, mend=mend))

    def wrong(self, at: Node | int, message: str, *, mend: str) -> None:
        """A value that can't be meant."""
        self.add("value-wrong", at, message, mend=mend)
