"""What differs between two declarations of a node: of contracts what is captured otherwise, of others which part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from balun.chain.change import Change, place_of
from balun.chain.contract import Column, Contract
from balun.chain.corpus import Corpus
from balun.chain.duration import Duration
from balun.chain.graph import Graph, Node
from balun.chain.model import Model
from balun.chain.sql_table import canonical
from balun.chain.table import PythonTable, Table
from balun.finding import Place
from balun.plan import described


@dataclass(frozen=True)
class Edit:
    """One thing that differs. change: of what is captured, where it is that; words: what else it is.

    place: of what it is now; of what is gone, where it was.
    """

    node: Node
    words: str
    place: Place
    change: Change | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "node": self.node.id,
            "owner": self.node.owner,
            "edit": self.words,
            "file": self.place.file,
            "line": self.place.line,
        }


def edits(before: Graph, after: Graph) -> list[Edit]:
    """In the order of the chain after; what is gone comes last."""
    found: list[Edit] = []
    for node in after:
        old = before.nodes.get(node.id)
        if old is None:
            found.append(Edit(node, f"new {node.kind}", node.declared.place))
        elif isinstance(node.declared, Contract) and isinstance(old.declared, Contract):
            found += _of_contract(node, old.declared, node.declared)
        else:
            found += (Edit(node, words, node.declared.place) for words in _of_others(old, node))
        if old is not None and old.owner != node.owner and not isinstance(node.declared, Contract):
            words = f"its owner is {node.owner or 'nobody'}, was {old.owner or 'nobody'}"
            found.append(Edit(node, words, node.declared.place))
    gone = [node for id_, node in before.nodes.items() if id_ not in after.nodes]
    return [*found, *(Edit(node, f"{node.kind} {node.name} is gone", node.declared.place) for node in gone)]


# -- contracts


def _of_contract(node: Node, before: Contract, after: Contract) -> Iterator[Edit]:
    for change in changes(before, after):
        yield Edit(node, str(change), place_of(change, after), change)
    if before.quality != after.quality and _plain(before.quality) != _plain(after.quality):
        yield Edit(node, "its rules on rows as a whole", after.place)
    if _source(before) != _source(after):
        yield Edit(node, "where its rows lie", after.place)
    if _mends(before) != _mends(after):
        place = after.mends[0].place if after.mends else after.place
        yield Edit(node, "its mends: other raw rows are kept", Place(place.file))
    if _limit(before) != _limit(after):
        yield Edit(node, "how many of its rows may be set aside", (after.limit and after.limit.place) or after.place)


def _plain(quality: object) -> list[object]:
    return [replace(rule, place=Place("")) for rule in quality]  # type: ignore[attr-defined]


def _source(contract: Contract) -> object:
    return replace(contract.source, place=Place("")) if contract.source else None


def _mends(contract: Contract) -> object:
    return [(mend.sets, mend.where) for mend in contract.mends]


def _limit(contract: Contract) -> object:
    return (contract.limit.rows, contract.limit.share) if contract.limit else None


def changes(before: Contract, after: Contract) -> list[Change]:
    """What of an event is captured otherwise, column by column, then of the event as a whole.

    A column of another name is one that is gone and one that is new: nothing tells that they hold the same.
    """
    event = after.name
    old = {one.name.lower(): one for one in before.columns}
    new = {one.name.lower(): one for one in after.columns}
    found = [Change("drop", event, one.name) for name, one in old.items() if name not in new]
    found += [Change("add", event, one.name, to=one.dtype) for name, one in new.items() if name not in old]
    for name, column in new.items():
        if name in old:
            found += _of_column(event, old[name], column)
    if before.key != after.key:
        found.append(Change("rekey", event, by=after.key))
    return [*found, *_of_event(before, after)]


def _of_column(event: str, before: Column, after: Column) -> Iterator[Change]:
    name = after.name
    if before.name != name:
        yield Change("rename", event, before.name, to=name)
    if before.dtype != after.dtype:
        yield Change("retype", event, name, to=after.dtype)
    if before.required != after.required and before.key is None and after.key is None:
        yield Change("require" if after.required else "nullable", event, name)
    yield from _allowed(event, before, after)
    if before.unit != after.unit:
        yield Change("rescale", event, name, was=before.unit, to=after.unit)
    if before.resolution != after.resolution and not _finer(before.resolution, after.resolution):
        yield Change("coarsen", event, name, to=after.resolution)
    elif before.resolution != after.resolution:
        yield Change("refine", event, name, to=after.resolution)
    if before.zone != after.zone:
        yield Change("rezone", event, name, was=before.zone, to=after.zone)
    if before.classification != after.classification:
        yield Change("reclassify", event, name, to=after.classification or "none")
    if _shape(before) != _shape(after):
        yield Change("rebound", event, name)
    if before.available != after.available:
        yield Change("reschedule", event, name)
    if (before.description or "") != (after.description or ""):
        yield Change("reword", event, name)


def _allowed(event: str, before: Column, after: Column) -> Iterator[Change]:
    if before.allowed and after.allowed:
        was, now = [str(one) for one in before.allowed], [str(one) for one in after.allowed]
        yield from (Change("add value", event, after.name, to=one) for one in now if one not in was)
        yield from (Change("remove value", event, after.name, was=one) for one in was if one not in now)
    elif before.allowed != after.allowed:
        yield Change("rebound", event, after.name)


def _finer(before: str | None, after: str | None) -> bool:
    """Whether the steps got smaller: values may be what they could not be."""
    if before is None or after is None:
        return after is None
    try:
        return Duration.parse(after).us < Duration.parse(before).us
    except ValueError:
        try:
            return Fraction(after) < Fraction(before)
        except ValueError:
            return False


def _shape(column: Column) -> tuple[object, ...]:
    return (
        column.minimum, column.maximum, column.open_minimum, column.open_maximum, column.min_length, column.max_length,
        column.pattern, column.unique, column.time_format,
    )  # fmt: skip


def _of_event(before: Contract, after: Contract) -> Iterator[Change]:
    event = after.name
    if before.sampling != after.sampling:
        yield Change("sample", event, to=f"{after.sampling * 100:g}%", was=f"{before.sampling * 100:g}%")
    if before.available != after.available:
        yield Change("reschedule", event)
    if before.latency != after.latency:
        yield Change("latency", event, was=before.latency, to=after.latency)
    if before.frequency != after.frequency:
        yield Change("frequency", event, was=before.frequency, to=after.frequency)
    if (before.granularity or "") != (after.granularity or ""):
        yield Change("regrain", event, was=before.granularity or "nothing", to=after.granularity or "nothing")
    if before.owner != after.owner:
        yield Change("reown", event, to=after.owner or "nobody")
    if (before.description or "") != (after.description or ""):
        yield Change("reword", event)


# -- the rest


def _of_others(before: Node, after: Node) -> Iterator[str]:
    old, new = before.declared, after.declared
    if type(old) is not type(new):
        yield f"it is made otherwise: {type(new).__name__.lower()}"
        return
    match old, new:
        case Table(), Table():
            if canonical(old.sql) != canonical(new.sql):
                yield "its SQL"
            yield from _fields(old, new, ("key", "at", "available", "required", "units"))
        case PythonTable(), PythonTable():
            if old.code != new.code:
                yield "its code"
            yield from _fields(old, new, ("parents", "columns", "key", "at", "available", "required", "units"))
        case Corpus(), Corpus():
            if canonical(old.examples) != canonical(new.examples):
                yield "its examples"
            if _parts(old) != _parts(new):
                yield "its features"
            yield from _fields(old, new, ("label", "at", "entity", "label_available"))
        case Model(), Model():
            if described(old.estimator) != described(new.estimator):
                yield "its estimator"
            yield from _fields(old, new, ("corpus", "metric", "split", "slices", "seed"))
        case _:
            ignored = {"place", "owner", "description"}
            yield from _fields(old, new, tuple(name for name in vars(new) if name not in ignored))


def _parts(corpus: Corpus) -> list[object]:
    return [part if isinstance(part, str) else part.names for part in corpus.features]


def _fields(before: object, after: object, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"its {name.replace('_', ' ')}"
