"""What was said against what was so, counted by kind of change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from balun.effect import RANK, Verdict


@dataclass(frozen=True)
class Cell:
    """One change's verdict on a column of a node, or on the node where `column` is None.

    said: without rows. truth: by executing the change on rows. why: of `said`, where the two differ.
    """

    change: str
    kind: str
    node: str
    column: str | None
    said: Verdict
    truth: Verdict
    why: str = ""

    @property
    def missed(self) -> bool:
        """It does more than was said."""
        return RANK[self.said] > RANK[self.truth]

    @property
    def false_alarm(self) -> bool:
        return self.truth == "same" and self.said != "same"

    def as_json(self) -> dict[str, object]:
        return {
            "change": self.change,
            "kind": self.kind,
            "node": self.node,
            "column": self.column,
            "said": self.said,
            "truth": self.truth,
            "why": self.why,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Cell:
        return cls(**told)  # type: ignore[arg-type]

    def __str__(self) -> str:
        where = self.node if self.column is None else f"{self.node}.{self.column}"
        told = f"{self.change}: {where} was said {self.said}, and is {self.truth}"
        return f"{told} ({self.why})" if self.why else told


@dataclass(frozen=True)
class Tally:
    """Of some cells. touched: that break or shift on rows. found: of these, said to be as bad at least.

    alarms: said to break or shift. right: of these, that do.
    same: untouched on rows. false_alarms: of these, not said to be.
    """

    cells: int
    touched: int
    found: int
    alarms: int
    right: int
    same: int
    false_alarms: int

    @property
    def recall(self) -> float:
        return self.found / self.touched if self.touched else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.alarms if self.alarms else 1.0

    @property
    def false_rate(self) -> float:
        return self.false_alarms / self.same if self.same else 0.0

    def as_json(self) -> dict[str, object]:
        return {
            "cells": self.cells,
            "touched": self.touched,
            "found": self.found,
            "recall": self.recall,
            "precision": self.precision,
            "same": self.same,
            "false_alarms": self.false_alarms,
            "false_rate": self.false_rate,
        }


def tally(cells: Iterable[Cell]) -> Tally:
    every = list(cells)
    touched = [cell for cell in every if cell.truth != "same"]
    alarms = [cell for cell in every if cell.said != "same"]
    false = sum(cell.false_alarm for cell in every)
    return Tally(
        len(every),
        len(touched),
        sum(not cell.missed for cell in touched),
        len(alarms),
        len(alarms) - false,
        len(every) - len(touched),
        false,
    )
