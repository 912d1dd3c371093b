"""References as ODCS writes them: `event.column`, or by ids where a name holds other signs than ODCS has for one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from balun.chain.contract import Contract

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Ids:
    """Of what can't be referred to by name. events: by their names; columns: by event and name."""

    events: Mapping[str, str]
    columns: Mapping[tuple[str, str], str]

    def reference(self, event: str, column: str) -> str:
        """An event of another file is always named: its ids aren't known here."""
        if event not in self.events and (event, column) not in self.columns:
            return f"{event}.{column}"
        return f"schema/{self.events.get(event, event)}/properties/{self.columns.get((event, column), column)}"


def ids_of(contracts: Sequence[Contract]) -> Ids:
    events = {one.name: f"event-{nth}" for nth, one in enumerate(contracts, 1) if not _NAME.fullmatch(one.name)}
    columns = {
        (one.name, column.name): f"property-{nth}"
        for one in contracts
        for nth, column in enumerate(one.columns, 1)
        if not _NAME.fullmatch(column.name)
    }
    return Ids(events, columns)
