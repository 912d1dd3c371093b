"""The columns of what a SELECT reads, as far as they are known: what isn't declared grows as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from balun.dbt.cell import Cell


class Shape(Protocol):
    def find(self, name: str) -> Cell | None:
        """The column of that name, if it is known."""

    def grow(self, name: str) -> Cell | None:
        """The column of that name, which there is from now on; None where all columns are known."""

    def names(self) -> Iterator[str]:
        """Those known, in order."""


@dataclass(eq=False)
class Event:
    """What is captured. whole: all columns are known, so that one more is asked for only where nothing else has it."""

    columns: dict[str, Cell] = field(default_factory=dict)
    whole: bool = False

    def declare(self, name: str, dtype: str | None) -> None:
        self.columns.setdefault(name.lower(), Cell(name, dtype))

    def find(self, name: str) -> Cell | None:
        return self.columns.get(name.lower())

    def grow(self, name: str) -> Cell | None:
        found = self.find(name)
        if found is None and name:
            found = self.columns[name.lower()] = Cell(name)
        return found

    def names(self) -> Iterator[str]:
        return (cell.name for cell in self.columns.values())


@dataclass(eq=False)
class Loose:
    """Columns that depend on values, as a PIVOT's do: any that is asked for is there."""

    columns: dict[str, Cell] = field(default_factory=dict)

    def find(self, name: str) -> Cell | None:
        return self.columns.get(name.lower())

    def grow(self, name: str) -> Cell | None:
        return self.columns.setdefault(name.lower(), Cell(name))

    def names(self) -> Iterator[str]:
        return (cell.name for cell in self.columns.values())


@dataclass(eq=False)
class Turned:
    """What a PIVOT or UNPIVOT makes: its own columns, and those of what it reads that it lets be."""

    of: Shape
    made: dict[str, Cell]

    def find(self, name: str) -> Cell | None:
        return self.made.get(name.lower().strip("'")) or self.of.find(name)

    def grow(self, name: str) -> Cell | None:
        return self.find(name) or self.of.grow(name)

    def names(self) -> Iterator[str]:
        return iter([*(name for name in self.of.names() if name.lower() not in self.made), *self.made])


@dataclass(eq=False)
class Fixed:
    """Columns that are all known."""

    columns: dict[str, Cell]

    def find(self, name: str) -> Cell | None:
        return self.columns.get(name.lower())

    def grow(self, name: str) -> Cell | None:
        return self.find(name)

    def names(self) -> Iterator[str]:
        return (cell.name for cell in self.columns.values())


@dataclass(eq=False)
class Star:
    """All columns of another, but for some; `others` stand in place of what they replace or rename."""

    of: Shape
    without: frozenset[str] = frozenset()

    def find(self, name: str) -> Cell | None:
        return None if name.lower() in self.without else self.of.find(name)

    def grow(self, name: str) -> Cell | None:
        return None if name.lower() in self.without else self.of.grow(name)

    def names(self) -> Iterator[str]:
        return (name for name in self.of.names() if name.lower() not in self.without)


@dataclass(eq=False)
class Selected:
    """What a SELECT puts out: columns by name, and stars."""

    items: list[tuple[str, Cell] | Star] = field(default_factory=list)

    def find(self, name: str) -> Cell | None:
        lower = name.lower()
        for item in self.items:
            if isinstance(item, Star):
                found = item.find(name)
                if found is not None:
                    return found
            elif item[0].lower() == lower:
                return item[1]
        return None

    def grow(self, name: str) -> Cell | None:
        found = self.find(name)
        stars = [item for item in self.items if isinstance(item, Star)]
        for star in stars if found is None else ():
            found = star.grow(name)
            if found is not None:
                return found
        return found

    def names(self) -> Iterator[str]:
        seen: set[str] = set()
        for item in self.items:
            for name in item.names() if isinstance(item, Star) else (item[0],):
                if name.lower() not in seen:
                    seen.add(name.lower())
                    yield name


@dataclass(eq=False)
class Named:
    """A shape whose first columns are called anew, as in `WITH t (a, b) AS …`."""

    of: Shape
    called: Sequence[str]

    def find(self, name: str) -> Cell | None:
        lower = [one.lower() for one in self.called]
        if name.lower() in lower:
            inner = list(self.of.names())
            at = lower.index(name.lower())
            return self.of.find(inner[at]) if at < len(inner) else None
        return self.of.find(name)

    def grow(self, name: str) -> Cell | None:
        return self.find(name) or self.of.grow(name)

    def names(self) -> Iterator[str]:
        inner = list(self.of.names())
        return iter([*self.called, *inner[len(self.called) :]])


@dataclass(eq=False)
class Both:
    """A UNION's branches: what is asked of one is asked of the other."""

    left: Shape
    right: Shape

    def find(self, name: str) -> Cell | None:
        return self._alike(self.left.find(name), name)

    def grow(self, name: str) -> Cell | None:
        return self._alike(self.left.grow(name), name)

    def names(self) -> Iterator[str]:
        return self.left.names()

    def _alike(self, found: Cell | None, name: str) -> Cell | None:
        other = None if found is None else self.right.grow(name)
        if found is not None and other is not None:
            found.join(other)
        return found
