"""`relationships`: values that must be found in another event."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass

from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import get, mappings, scalars, text
from balun.chain.yaml_lines import Mapping, Scalar
from balun.chain.yaml_lines import Sequence as Listed
from balun.errors import nearest

Target = tuple[str, str]
Relationship = tuple[tuple[str, ...], str, tuple[str, ...]]


@dataclass(frozen=True)
class Names:
    """What a reference may name in this file. columns: each event's. ids: `schema/a/properties/b` by the names."""

    columns: Dict[str, Sequence[str]]
    ids: Dict[str, Target]


def names_of(events: Sequence[Mapping]) -> Names:
    columns: dict[str, list[str]] = {}
    ids: dict[str, Target] = {}
    named: dict[str, Target] = {}
    for event in events:
        name = text(event, "name") or ""
        columns[name] = [text(column, "name") or "" for column in mappings(event, "properties")]
        for column in mappings(event, "properties"):
            target = (name, text(column, "name") or "")
            path = f"schema/{text(event, 'id') or name}/properties"
            (ids if "id" in column.entries else named)[f"{path}/{text(column, 'id') or target[1]}"] = target
    return Names(columns, named | ids)


def column_references(node: Mapping, names: Names, faults: Faults) -> tuple[str, ...]:
    """`event.column` of each relationship of a property."""
    found: dict[str, None] = {}
    for entry in mappings(node, "relationships"):
        ends = _ends(entry, "to", names, faults)
        if len(ends) == 1:
            found.setdefault(".".join(ends[0]))
        elif isinstance(get(entry, "to"), Listed) and len(scalars(entry, "to")) > 1:
            mend = "move it to the object's relationships, with from and to"
            faults.wrong(entry, "a property's relationship names several columns", mend=mend)
    return tuple(found)


def event_relationships(node: Mapping, event: str, names: Names, faults: Faults) -> tuple[Relationship, ...]:
    """Those of the object itself."""
    found: dict[Relationship, None] = {}
    for entry in mappings(node, "relationships"):
        starts, ends = _ends(entry, "from", names, faults), _ends(entry, "to", names, faults)
        if _paired(entry, event, starts, ends, faults):
            columns = tuple(column for _, column in starts)
            found.setdefault((columns, ends[0][0], tuple(column for _, column in ends)))
    return tuple(found)


def _paired(entry: Mapping, event: str, starts: list[Target], ends: list[Target], faults: Faults) -> bool:
    many, others = scalars(entry, "from"), scalars(entry, "to")
    if many and others and len(many) != len(others):
        message = f"from names {len(many)} columns, and to {len(others)}"
        faults.wrong(entry, message, mend="name as many columns on both sides")
        return False
    if not starts or len(starts) != len(many) or len(ends) != len(others):
        return False
    if {name for name, _ in starts} != {event}:
        faults.wrong(entry.line_of("from"), f"from names columns outside {event}", mend=f"write {event}.column")
        return False
    if len({name for name, _ in ends}) != 1:
        faults.wrong(entry.line_of("to"), "to names columns of several events", mend="write one relationship an event")
        return False
    return True


def _ends(entry: Mapping, key: str, names: Names, faults: Faults) -> list[Target]:
    found = [_target(node, names, faults) for node in scalars(entry, key)]
    return [target for target in found if target]


def _target(node: Scalar, names: Names, faults: Faults) -> Target | None:
    """None where it is at fault, or in a contract outside the project."""
    if node.text.startswith(("http://", "https://", "file://")):
        return None
    event, _, column = node.text.partition(".")
    if column in names.columns.get(event, ()):  # whatever signs its name has
        return event, column
    file, _, inner = node.text.rpartition("#")
    inner = inner.removeprefix("/")
    if "/" in inner:
        return _by_id(node, file, inner, names, faults)
    event, _, column = inner.partition(".")
    if not event or not column or (event not in names.columns and "." in column):
        mend = "write event.column; a part of a nested column can't be referred to"
        faults.wrong(node, f"{node.text} names no column of an event", mend=mend)
        return None
    return (event, column) if file else _known(node, event, column, names, faults)


def _by_id(node: Scalar, file: str, inner: str, names: Names, faults: Faults) -> Target | None:
    if not file and inner in names.ids:
        return names.ids[inner]
    near = "" if file else nearest(inner, names.ids)
    mend = "write event.column, which also names events of other files"
    faults.add("column-missing", node, f"{node.text} leads to no property of this file{near}", mend=mend)
    return None


def _known(node: Scalar, event: str, column: str, names: Names, faults: Faults) -> Target | None:
    if event not in names.columns:  # of another file; the chain looks there
        return event, column
    for name in names.columns[event]:
        if name.lower() == column.lower():
            return event, name
    message = f"{event} has no property {column}{nearest(column, names.columns[event])}"
    faults.add("column-missing", node, message, mend="mend the name, or declare the property")
    return None
