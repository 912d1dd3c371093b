"""What the last run's rows told of promises: evidence that some rules look at besides the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class SetAside:
    """Rows that broke one promise. column: whose it is, where it is one column's."""

    column: str | None
    message: str
    rows: int


@dataclass(frozen=True)
class Broken:
    """A promise that the rows that were kept don't keep. column: whose it is, where it is one column's."""

    column: str | None
    message: str


@dataclass(frozen=True)
class TestedNode:
    """Of an event or a table, made from the same contract or SQL. rows: how many there were.

    set_aside: promises of each row, and how many broke them.
    """

    rows: int
    broken: tuple[Broken, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


Tested = Mapping[str, TestedNode]
UNTESTED: Tested = MappingProxyType({})
