"""Contracts become an ODCS v3.1 file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from balun.chain.contract import Column, Contract, Files, Postgres, Quality, Source
from balun.chain.odcs.dtype import duckdb_type
from balun.chain.odcs.source import is_tsv
from balun.chain.odcs.yaml_text import Noted, Value, yaml_text
from balun.chain.time_format import java_format

Comments = Mapping[tuple[str, str, str], str]
Tree = dict[str, Value]
_NONE: Comments = MappingProxyType({})


def write_contracts(contracts: Sequence[Contract], *, name: str, comments: Comments = _NONE) -> str:
    """The text of one file; `read_contracts` gives the same contracts from it.

    name: the file's own, in its id. comments: what stands behind a line, by the event, the column ("" for the
    event's own), and the name of the field in Column or Contract.
    Raises ValueError where contracts of different owners, versions or states are to share the file.
    """
    shared = {(contract.owner, contract.version, contract.status) for contract in contracts}
    if len(shared) != 1:
        raise ValueError("contracts of one file share their owner, version and status; write several files")
    owner, version, status = shared.pop()
    tree: Tree = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "contract",
        "name": name,
        "version": version,
        "status": status,
    }
    if owner is not None:
        tree["team"] = {"name": owner}
    servers = _servers(contracts)
    if servers:
        tree["servers"] = servers
    tree["schema"] = [_event(contract, comments) for contract in contracts]
    return yaml_text(tree)


def _servers(contracts: Sequence[Contract]) -> list[Tree]:
    """One each where sources differ; `events` tells whose it is where the file has several."""
    entries: list[Tree] = []
    serves: list[list[str]] = []
    for contract in contracts:
        if contract.source is None:
            continue
        entry = _server(contract.name, contract.source)
        same = next((at for at, other in enumerate(entries) if _same(entry, other)), None)
        if same is None or isinstance(contract.source, Files):
            entries.append(entry)
            serves.append([contract.name])
        else:
            serves[same].append(contract.name)
    if len(contracts) > 1:
        for entry, names in zip(entries, serves, strict=True):
            entry["customProperties"] = [*_listed(entry.get("customProperties")), _custom("events", names)]
    return entries


def _same(one: Tree, other: Tree) -> bool:
    return {**one, "server": ""} == {**other, "server": ""}


def _listed(value: Value | None) -> list[Value]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _server(name: str, source: Source) -> Tree:
    if isinstance(source, Postgres):
        entry: Tree = {"server": name, "type": "postgres", "host": source.host, "port": source.port}
        entry |= {"database": source.database, "schema": source.schema}
        return entry | _customs([("user", source.user)])
    first, *others = source.paths
    tabs_matter = source.format == "csv" and (source.delimiter != "," or is_tsv(first))
    own: list[tuple[str, Value | None]] = [
        ("paths", list(source.paths) if others else None),
        ("package", source.package),
        ("delimiter", source.delimiter if tabs_matter else None),
        ("header", None if source.header else False),
        ("null", None if source.null == ("",) else list(source.null)),
    ]
    return {"server": name, "type": "local", "path": first, "format": source.format} | _customs(own)


def _custom(name: str, value: Value) -> Tree:
    return {"property": name, "value": value}


def _customs(named: Iterable[tuple[str, Value | None]]) -> Tree:
    entries = [_custom(name, value) for name, value in named if value is not None]
    return {"customProperties": entries} if entries else {}


def _event(contract: Contract, comments: Comments) -> Tree:
    notes = {field: text for (event, column, field), text in comments.items() if (event, column) == (contract.name, "")}
    tree: Tree = {"name": _noted(contract.name, "name", notes)}
    if isinstance(contract.source, Postgres) and contract.source.table != contract.name:
        tree["physicalName"] = contract.source.table
    if contract.description is not None:
        tree["description"] = contract.description
    sampling = None if contract.sampling == 1 else _noted(contract.sampling, "sampling", notes)
    available = None if contract.available is None else _noted(contract.available, "available", notes)
    tree |= _customs([("available", available), ("sampling", sampling)])
    if contract.relationships:
        tree["relationships"] = [
            {
                "from": [f"{contract.name}.{column}" for column in columns],
                "to": [f"{other}.{column}" for column in theirs],
            }
            for columns, other, theirs in contract.relationships
        ]
    own = [rule for rule in contract.quality if not _is_of_column(rule)]
    if own:
        tree["quality"] = [_rule(rule) for rule in own]
    tree["properties"] = [_property(column, contract, comments) for column in contract.columns]
    return tree


def _noted(value: Value, field: str, notes: Mapping[str, str]) -> Value:
    return Noted(value, notes[field]) if field in notes else value


def _property(column: Column, contract: Contract, comments: Comments) -> Tree:
    own = (contract.name, column.name)
    notes = {field: text for (event, name, field), text in comments.items() if (event, name) == own}
    tree: Tree = {"name": _noted(column.name, "name", notes)}
    tree["logicalType"] = _noted(column.logical, "logical", notes)
    if column.dtype != duckdb_type(column.logical, None, None):
        tree["physicalType"] = _noted(column.dtype, "dtype", notes)
    if column.required or column.key is not None:
        tree["required"] = _noted(column.required, "required", notes)
    if column.unique:
        tree["unique"] = _noted(True, "unique", notes)
    if column.key is not None:
        tree |= {"primaryKey": _noted(True, "key", notes), "primaryKeyPosition": column.key}
    if column.classification is not None:
        tree["classification"] = _noted(column.classification, "classification", notes)
    if column.description is not None:
        tree["description"] = _noted(column.description, "description", notes)
    options = _options(column, notes)
    if options:
        tree["logicalTypeOptions"] = options
    custom = [(field, getattr(column, field)) for field in ("unit", "resolution", "available")]
    tree |= _customs((field, None if value is None else _noted(value, field, notes)) for field, value in custom)
    if column.references:
        tree["relationships"] = [{"to": _noted(to, "references", notes)} for to in column.references]
    rules = [*_folded(column, notes), *(_rule(rule) for rule in contract.quality if _is_about(rule, column))]
    if rules:
        tree["quality"] = rules
    return tree


def _options(column: Column, notes: Mapping[str, str]) -> Tree:
    low, high = (
        ("exclusiveMinimum" if column.open_minimum else "minimum"),
        ("exclusiveMaximum" if column.open_maximum else "maximum"),
    )
    named: list[tuple[str, str, Value | None]] = [
        (low, "minimum", column.minimum),
        (high, "maximum", column.maximum),
        ("minLength", "min_length", column.min_length),
        ("maxLength", "max_length", column.max_length),
        ("pattern", "pattern", column.pattern if column.logical == "string" else None),
        ("format", "time_format", None if column.time_format is None else java_format(column.time_format)),
        ("defaultTimezone", "zone", column.zone),
    ]
    return {key: _noted(value, field, notes) for key, field, value in named if value is not None}


def _folded(column: Column, notes: Mapping[str, str]) -> list[Tree]:
    """What ODCS v3.1 says by a rule of quality."""
    rules: list[Tree] = []
    if column.allowed:
        values = _noted(list(column.allowed), "allowed", notes)
        rules.append({"metric": "invalidValues", "arguments": {"validValues": values}, "mustBe": 0})
    if column.pattern is not None and column.logical != "string":
        pattern = _noted(column.pattern, "pattern", notes)
        rules.append({"metric": "invalidValues", "arguments": {"pattern": pattern}, "mustBe": 0})
    return rules


def _is_of_column(rule: Quality) -> bool:
    """duplicateValues of one column stays the event's, or it would be read as `unique`."""
    return len(rule.columns) == 1 and rule.kind != "duplicateValues"


def _is_about(rule: Quality, column: Column) -> bool:
    return _is_of_column(rule) and rule.columns == (column.name,)


def _rule(rule: Quality) -> Tree:
    tree: Tree = {"name": rule.name, "type": "sql" if rule.kind == "sql" else "library"}
    tree |= {"query": rule.query or ""} if rule.kind == "sql" else {"metric": rule.kind}
    arguments: Tree = {name: values[0] if name == "pattern" else list(values) for name, values in rule.arguments}
    if rule.kind == "duplicateValues" and rule.columns:
        arguments["properties"] = list(rule.columns)
    if arguments:
        tree["arguments"] = arguments
    bounds = [int(bound) if bound == int(bound) else bound for bound in rule.bounds]
    tree[rule.operator] = bounds if rule.operator.endswith("Between") else bounds[0]
    if rule.percent:
        tree["unit"] = "percent"
    return tree
