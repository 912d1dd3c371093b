"""What is known of a column: what its declaration promises, and what an unchanged copy keeps of what it copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from balun.chain.contract import Column, Contract
from balun.chain.corpus import Corpus
from balun.chain.table import PythonTable, Table
from balun.near.lineage import Lineages


@dataclass(frozen=True)
class Facts:
    """key: its position in the key, counted from 1. at: it is the row's own time. label: it is the corpus's.

    range, length: in words, `-40 to 130`, `over 0`.
    like: the captured column that it is an unchanged copy of, from which the rest is taken.
    """

    key: int | None = None
    at: bool = False
    label: bool = False
    required: bool = False
    unique: bool = False
    unit: str | None = None
    resolution: str | None = None
    allowed: tuple[str | int | float | bool, ...] = ()
    range: str | None = None
    length: str | None = None
    pattern: str | None = None
    classification: str | None = None
    references: tuple[str, ...] = ()
    description: str | None = None
    like: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def words(self) -> Iterator[str]:
        """The most telling first."""
        if self.key:
            yield "key"
        if self.label:
            yield "the label"
        if self.at:
            yield "the row's time"
        if self.required:
            yield "required"
        if self.unique:
            yield "unique"
        if self.classification:
            yield self.classification
        if self.unit:
            yield f"in {self.unit}"
        if self.resolution:
            yield f"step {self.resolution}"
        yield from (f"{what} {told}".strip() for what, told in _bounds(self) if told)
        yield from (f"found in {one}" for one in self.references)


def _bounds(facts: Facts) -> Iterator[tuple[str, str | None]]:
    yield "one of", ", ".join(map(str, facts.allowed))
    yield "", facts.range
    yield "", facts.length and f"{facts.length} characters"
    yield "like", facts.pattern


def facts_of(lineages: Lineages, node: str, column: str) -> Facts:
    declared = lineages.graph.nodes[node].declared
    if isinstance(declared, Contract):
        return _promised(declared.column(column))
    own = Facts()
    if isinstance(declared, Table | PythonTable):
        key = [name.lower() for name in declared.key]
        own = Facts(
            key=key.index(column.lower()) + 1 if column.lower() in key else None,
            at=(declared.at or "").lower() == column.lower(),
            required=column.lower() in {name.lower() for name in (*declared.required, *declared.key)},
            unit=dict(declared.units).get(column),
        )
    if isinstance(declared, Corpus):
        own = Facts(at=declared.at == column, label=declared.label == column)
    return _kept(lineages, node, column, own)


def _promised(column: Column) -> Facts:
    return Facts(
        key=column.key,
        required=column.required,
        unique=column.unique,
        unit=column.unit,
        resolution=column.resolution,
        allowed=column.allowed,
        range=_between(column.minimum, column.maximum, column.open_minimum, column.open_maximum),
        length=_between(column.min_length, column.max_length),
        pattern=column.pattern,
        classification=column.classification,
        references=column.references,
        description=column.description,
    )


def _between(low: object, high: object, open_low: bool = False, open_high: bool = False) -> str | None:
    """In words.

    >>> _between(0, 5), _between(0, None, True), _between(None, 9)
    ('0 to 5', 'over 0', 'at most 9')
    """
    if low is None and high is None:
        return None
    if low == high and not open_low and not open_high:
        return str(low)
    if low is not None and high is not None and not open_low and not open_high:
        return f"{low} to {high}"
    words = [] if low is None else [f"over {low}" if open_low else f"at least {low}"]
    words += [] if high is None else [f"under {high}" if open_high else f"at most {high}"]
    return " and ".join(words)


def _kept(lineages: Lineages, node: str, column: str, own: Facts) -> Facts:
    """A copy's values are some of the copied ones: what holds of each of them holds on; that there is one need not."""
    came = lineages.of(node).columns.get(column)
    if came is None or came.copy is None:
        return own
    above = facts_of(lineages, came.copy.node, came.copy.column)
    parent = lineages.graph.nodes[came.copy.node]
    return replace(
        above,
        key=own.key,
        at=own.at,
        label=own.label,
        unique=False,
        references=(),
        required=own.required or (above.required and not came.or_null),
        unit=own.unit or above.unit,
        like=f"{parent.name}.{came.copy.column}" if parent.kind == "event" else above.like,
    )
