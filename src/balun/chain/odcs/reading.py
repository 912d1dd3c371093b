"""An ODCS file becomes contracts, one for each object of its schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from balun.chain.contract import Column, Contract, Quality
from balun.chain.limit import Limit, read_limit
from balun.chain.odcs.column import Read, read_column, with_keys
from balun.chain.odcs.custom import EVENT, custom_text, customs
from balun.chain.odcs.expression import check_expression
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import items, mappings, scalar, text
from balun.chain.odcs.name import read_name
from balun.chain.odcs.older import upgraded
from balun.chain.odcs.owner import read_owner
from balun.chain.odcs.quality import event_rules, fold, named_apart
from balun.chain.odcs.reference import Names, column_references, event_relationships, names_of
from balun.chain.odcs.schema import check_schema
from balun.chain.odcs.sla import promised
from balun.chain.odcs.source import Servers
from balun.chain.yaml_lines import Mapping, Scalar, read_yaml
from balun.errors import ProjectError
from balun.finding import Place

_VERSION = re.compile(r"v3\.[012]\.[0-9]{1,3}")


@dataclass(frozen=True)
class _File:
    """What all events of the file share."""

    tree: Mapping
    owner: str | None
    servers: Servers
    names: Names
    zone: str
    faults: Faults


def read_contracts(file: Path, root: Path, zone: str = "UTC") -> tuple[Contract, ...]:
    """The contracts of one ODCS file, in its order.

    root: the project's folder; places are relative to it where the file lies in it.
    zone: where times without a zone are, in columns that name none.
    Raises ProjectError with every fault found, each at its line.
    """
    place = _place(file, root)
    tree = read_yaml(file, place)
    faults = Faults(place.file)
    contracts = _read(tree, zone, faults) if _is_readable(tree, faults) else ()
    if faults.found:
        raise ProjectError(faults.found)
    return contracts


def _place(file: Path, root: Path) -> Place:
    try:
        return Place(file.resolve().relative_to(root.resolve()).as_posix())
    except ValueError:
        return Place(str(file))


def _is_readable(tree: Mapping, faults: Faults) -> bool:
    """It says that it is ODCS, and of a version that is read; the rest is of no use where it isn't."""
    version = scalar(tree, "apiVersion")
    mend = "write apiVersion: v3.1.0"
    if version is None:
        faults.add("key-missing", tree, "there is no apiVersion, so this is no ODCS contract", mend=mend)
        return False
    if not _VERSION.fullmatch(version.text):
        message = f"apiVersion is {version.text[:40]}; v3.0, v3.1 and v3.2 are read"
        faults.add("version-unknown", version, message, mend=mend)
        return False
    return True


def _read(tree: Mapping, zone: str, faults: Faults) -> tuple[Contract, ...]:
    tree = upgraded(tree, text(tree, "apiVersion") or "")
    check_schema(tree, faults)
    events = mappings(tree, "schema")
    if not items(tree, "schema") and not isinstance(tree.entries.get("schema"), Scalar):
        faults.add(
            "key-missing", tree.line_of("schema"), "the schema has no object", mend="add one with its properties"
        )
    named = [(node, read_name(node, "event", faults)) for node in events]
    _twice([(node, name) for node, name in named if name], "event", faults)
    servers = Servers(mappings(tree, "servers"), [name for _, name in named if name], faults)
    file = _File(tree, read_owner(tree, faults), servers, names_of(events), zone, faults)
    return tuple(_contract(node, name, file) for node, name in named if name)


def _contract(node: Mapping, name: str, file: _File) -> Contract:
    faults = file.faults
    columns, quality = _columns(node, name, file)
    own = customs(node, EVENT, faults)
    available = custom_text(own, "available", faults)
    if available is not None:
        check_expression(available, [column.name for column in columns], faults)
    return Contract(
        name=name,
        owner=file.owner,
        version=text(file.tree, "version") or "",
        place=Place(faults.file, node.line_of("name")),
        columns=columns,
        source=file.servers.source_of(name, text(node, "physicalName")),
        quality=quality,
        available=available.text.strip() if available else None,
        sampling=_sampling(custom_text(own, "sampling", faults), faults),
        status=text(file.tree, "status") or "active",
        description=text(node, "description"),
        relationships=event_relationships(node, name, file.names, faults),
        granularity=text(node, "dataGranularityDescription"),
        latency=promised(file.tree, name, "latency"),
        frequency=promised(file.tree, name, "frequency"),
        limit=_limit(custom_text(own, "quarantineLimit", faults), faults),
    )


def _columns(node: Mapping, event: str, file: _File) -> tuple[tuple[Column, ...], tuple[Quality, ...]]:
    faults = file.faults
    found = [read_column(item, file.zone, faults) for item in mappings(node, "properties")]
    reads = with_keys([read for read in found if read], faults)
    if not items(node, "properties") and not isinstance(node.entries.get("properties"), Scalar):
        line = node.line_of("properties")
        faults.add("key-missing", line, f"{event} has no properties", mend="add its columns as properties")
    _twice([(read.node, read.column.name) for read in reads], "property", faults)
    names = [read.column.name for read in reads]
    columns: list[Column] = []
    rules: list[Quality] = []
    for read in reads:
        _check_available(read, names, faults)
        folded, left = fold(read, event, names, faults)
        columns.append(replace(folded.column, references=column_references(read.node, file.names, faults)))
        rules.extend(left)
    return tuple(columns), named_apart([*rules, *event_rules(node, event, names, faults)])


def _check_available(read: Read, names: Sequence[str], faults: Faults) -> None:
    if read.available is not None:
        check_expression(read.available, names, faults)


def _twice(named: Sequence[tuple[Mapping, str]], kind: str, faults: Faults) -> None:
    """SQL doesn't tell upper case from lower."""
    first: dict[str, int] = {}
    for node, name in named:
        line = node.line_of("name")
        if name.lower() in first:
            message = f"{kind} {name} stands twice, first in line {first[name.lower()]}"
            faults.add("name-twice", line, message, mend="rename one of them; upper and lower case are the same in SQL")
        first.setdefault(name.lower(), line)


def _sampling(node: Scalar | None, faults: Faults) -> float:
    if node is None:
        return 1.0
    found = re.fullmatch(r"([0-9]{0,3}\.?[0-9]{0,20}(?:e-[0-9]{1,2})?)\s*(%?)", node.text.strip())
    share = float(found[1]) / (100 if found[2] else 1) if found and found[1].strip(".") else 0.0
    if not 0 < share <= 1:
        message = f"sampling is {node.text[:40]}; it must be over 0, and 1 or 100% at most"
        faults.wrong(node, message, mend="write a share such as 10% or 0.1")
        return 1.0
    return share


def _limit(node: Scalar | None, faults: Faults) -> Limit | None:
    if node is None:
        return None
    found = read_limit(node.text, Place(faults.file, node.line))
    if found is None:
        message = f"quarantineLimit is {node.text[:40]}; it must be a share, or a count of rows"
        faults.wrong(node, message, mend="write a share such as 1%, or a count such as 100")
    return found
