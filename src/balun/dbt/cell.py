"""What is told of a column's type by how it is used, where nobody declared it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from balun.quoting import quoted

Kind = Literal["text", "whole", "number", "truth", "time", "json"]
_DTYPES: Mapping[Kind, str] = {
    "text": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE", "truth": "BOOLEAN", "time": "TIMESTAMP", "json": "JSON",
}  # fmt: skip
_LOOSER = {"DATE": "TIMESTAMP", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "FLOAT": "DOUBLE"}
# Only where no use tells: a name that means the same everywhere.
_NAMED: tuple[tuple[str, Kind], ...] = (
    (r".*(_at|_ts|_timestamp|_datetime|_date|_time)|date|timestamp|_fivetran_synced", "time"),
    (r"(is|has|was|_fivetran_deleted)(_.*|$)", "truth"),
    (r".*_(amount|price|cost|total|revenue|quantity|count)|amount|price|cost|quantity", "number"),
)


@dataclass(eq=False)
class Cell:
    """A type that is declared, or waits for what uses tell. Cells that must be alike are made one.

    dtype: as DuckDB writes it, where it is declared or computed. votes: what uses ask it to be, each with its weight.
    fields: of a struct, or of a list's structs. element: of a list's values. same: what it was made one with.
    """

    name: str = ""
    dtype: str | None = None
    votes: Counter[Kind] = field(default_factory=Counter)
    fields: dict[str, Cell] | None = None
    element: Cell | None = None
    same: Cell | None = None

    @property
    def one(self) -> Cell:
        """The cell that stands for all that are alike."""
        found = self
        while found.same is not None:
            found = found.same
        if self is not found:
            self.same = found
        return found

    def vote(self, kind: Kind | None, weight: int = 2) -> None:
        if kind:
            self.one.votes[kind] += weight

    def join(self, other: Cell) -> None:
        """They are alike, unless both are declared."""
        one, other = self.one, other.one
        if one is other or (one.dtype and other.dtype):
            return
        if other.dtype:
            one, other = other, one
        other.same = one
        one.name = one.name or other.name
        one.votes.update(other.votes)
        one.element = one.element or other.element
        if other.fields is not None:
            one.fields = {**other.fields, **(one.fields or {})}

    def field(self, name: str) -> Cell:
        """A struct's field, which it has from now on."""
        one = self.one
        if one.fields is None:
            one.fields = {}
        return one.fields.setdefault(name.lower(), Cell(name))

    def item(self) -> Cell:
        """A list's values."""
        one = self.one
        if one.element is None:
            one.element = Cell(one.name)
        return one.element

    def captured(self) -> str:
        """The type of a captured column: as it is declared, or as a guess that says nothing of steps and zones."""
        dtype = self.settled()
        if self.same is None and self.dtype is not None:
            return dtype
        return "DOUBLE" if dtype.startswith("DECIMAL") else _LOOSER.get(dtype, dtype)

    def settled(self, deepest: int = 6) -> str:
        """The type, as far as it can be told."""
        one = self.one
        if one.dtype:
            return one.dtype
        if one.element is not None and deepest:
            return f"{one.element.settled(deepest - 1)}[]"
        if one.fields and deepest:
            fields = ", ".join(f"{quoted(at.name)} {at.settled(deepest - 1)}" for at in one.fields.values())
            return f"STRUCT({fields})"
        if one.votes.get("number"):
            one.votes.pop("whole", None)  # what is now and then compared with whole numbers needn't be whole
        if one.votes:
            return _DTYPES[max(one.votes.items(), key=lambda vote: vote[1])[0]]
        name = one.name.lower()
        return next((_DTYPES[kind] for pattern, kind in _NAMED if re.fullmatch(pattern, name)), "VARCHAR")
