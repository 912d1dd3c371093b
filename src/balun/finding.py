"""A finding: where, what was needed, what was found, what it breaks, whose it is, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Place:
    """A file, relative to the project's folder where it lies in it, and a line counted from 1 where one is known.

    >>> str(Place("tables/flown.sql", 3))
    'tables/flown.sql:3'
    """

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """A fault somebody can mend.

    rule: the fault's name, in words joined by hyphens.
    message: what is wrong, as one sentence without a full stop.
    breaks: names downstream that can't be built or trusted, nearest first.
    mend: what to do about it, in the imperative.

    >>> print(Finding("column-missing", Place("tables/flown.sql", 3), "needs departure.gate", mend="add it"))
    tables/flown.sql:3  column-missing
      needs departure.gate
      mend: add it
    """

    rule: str
    place: Place
    message: str
    breaks: tuple[str, ...] = field(default=(), kw_only=True)
    owner: str | None = field(default=None, kw_only=True)
    mend: str = field(kw_only=True)

    def __str__(self) -> str:
        lines = [f"{self.place}  {self.rule}", f"  {self.message}"]
        owner = f"owner: {self.owner}" if self.owner else ""
        if self.breaks:
            lines.append(f"  breaks {' > '.join(self.breaks)}" + (f"     {owner}" if owner else ""))
        elif owner:
            lines.append(f"  {owner}")
        lines.append(f"  mend: {self.mend}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The same as plain data, for `--json`."""
        return {
            "rule": self.rule,
            "file": self.place.file,
            "line": self.place.line,
            "message": self.message,
            "breaks": list(self.breaks),
            "owner": self.owner,
            "mend": self.mend,
        }
