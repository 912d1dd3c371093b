"""Faults that end the reading of a project, that a run finds on rows, or two revisions: each has its page."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Raised:
    name: str

    @property
    def page(self) -> str:
        file = f"{self.name.replace('-', '_')}.md"
        return resources.files(__name__).joinpath(file).read_text(encoding="utf-8")


RAISED: tuple[Raised, ...] = tuple(
    Raised(name)
    for name in (
        "column-ambiguous",
        "column-drifted",
        "column-missing",
        "contract-version-not-bumped",
        "day-unusual",
        "feature-unusable",
        "function-missing",
        "group-by-missing",
        "key-missing",
        "key-unknown",
        "known-too-late",
        "label-is-feature",
        "mend-unusable",
        "name-twice",
        "nothing-kept",
        "parent-missing",
        "promise-broken",
        "quality-broken",
        "quarantine-limit",
        "select-needed",
        "served-otherwise",
        "sql-syntax",
        "table-missing",
        "table-outside",
        "type-mismatch",
        "value-wrong",
    )
)
