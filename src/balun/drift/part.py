"""What drift finds of one node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from balun.chain.graph import Node
from balun.drift.compare import Compared
from balun.drift.days import Days
from balun.drift.serving import Served
from balun.finding import Finding


@dataclass(frozen=True)
class Part:
    """What is found of one node. against: what its rows were held against, in words; None: there was nothing.

    rows: which of its rows were. note: why something wasn't judged. served: of a model's log.
    findings: its alarms. hangs: by column that has one, what hangs on it, nearest first; `` for the rows.
    """

    node: Node
    against: str | None = None
    rows: str = "all"
    compared: Compared | None = None
    days: Days | None = None
    note: str = ""
    served: Served | None = None
    findings: tuple[Finding, ...] = ()
    hangs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id,
            "against": self.against,
            "which": self.rows,
            "compared": self.compared.as_json() if self.compared else None,
            "days": self.days.as_json() if self.days else None,
            "note": self.note,
            "served": self.served.as_json() if self.served else None,
        }
