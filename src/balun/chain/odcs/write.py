"""Contracts become an ODCS v3.1 file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from balun.chain.contract import Column, Contract, Files, Postgres, Quality, Source
from balun.chain.odcs.dtype import duckdb_type
from balun.chain.odcs.source import is_tsv
from balun.chain.odcs.written_reference import Ids, ids_of
from balun.chain.odcs.yaml_text import Noted, Value, yaml_text
from balun.chain.time_format import java_format

Comments = Mapping[tuple[str, str, str], str]
Tree = dict[str, Value]
_NONE: Comments = MappingProxyType({})


def write_contracts(contracts: Sequence[Contract], *, name: str, comments: Comments = _NONE) -> str:
    """The text of one file; `read_contracts` gives the same contracts from it.

    name: the file's own, in its id. comments: what stands behind a line, by the event, the column ("" for the
    event's own), and the name of the field in Column, Contract or Files.
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
    servers = _servers(contracts, comments)
    if servers:
        tree["servers"] = servers
    ids = ids_of(contracts)
    sla = [entry for contract in contracts for entry in _sla(contract, alone=len(contracts) == 1)]
    if sla:
        tree["slaProperties"] = sla
    tree["schema"] = [_event(contract, ids, comments) for contract in contracts]
    return yaml_text(tree)


def _servers(contracts: Sequence[Contract], comments: Comments) -> list[Tree]:
    """One each where sources differ; `events` tells whose it is where the file has several."""
    entries: list[Tree] = []
    serves: list[list[str]] = []
    for contract in contracts:
        if contract.source is None:
            continue
        entry = _server(contract.name, contract.source, _notes(contract.name, "", comments))
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


def _server(name: str, source: Source, notes: Mapping[str, str]) -> Tree:
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
    noted = [(field, None if value is None else _noted(value, field, notes)) for field, value in own]
    return {"server": name, "type": "local", "path": first, "format": source.format} | _customs(noted)


def _custom(name: str, value: Value) -> Tree:
    return {"property": name, "value": value}


def _customs(named: Iterable[tuple[str, Value | None]]) -> Tree:
    entries = [_custom(name, value) for name, value in named if value is not None]
    return {"customProperties": entries} if entries else {}


def _sla(contract: Contract, *, alone: bool) -> Iterable[Tree]:
    for name, length in (("latency", contract.latency), ("frequency", contract.frequency)):
        number = re.match(r"[\d.]+", length or "")
        if length and number:
            whole = float(number[0]) if "." in number[0] else int(number[0])
            entry: Tree = {"property": name, "value": whole, "unit": length[number.end() :].strip()}
            yield entry if alone else entry | {"element": contract.name}


def _event(contract: Contract, ids: Ids, comments: Comments) -> Tree:
    notes = _notes(contract.name, "", comments)
    tree: Tree = {"name": _noted(contract.name, "name", notes)}
    if contract.name in ids.events:
        tree["id"] = ids.events[contract.name]
    if isinstance(contract.source, Postgres) and contract.source.table != contract.name:
        tree["physicalName"] = contract.source.table
    if contract.description is not None:
        tree["description"] = contract.description
    if contract.granularity is not None:
        tree["dataGranularityDescription"] = contract.granularity
    sampling = None if contract.sampling == 1 else _noted(contract.sampling, "sampling", notes)
    available = None if contract.available is None else _noted(contract.available, "available", notes)
    limit = contract.limit.written if contract.limit else None
    tree |= _customs([("available", available), ("sampling", sampling), ("quarantineLimit", limit)])
    if contract.relationships:
        tree["relationships"] = [
            {
                "from": [ids.reference(contract.name, column) for column in columns],
                "to": [ids.reference(other, column) for column in theirs],
            }
            for columns, other, theirs in contract.relationships
        ]
    own = [rule for rule in contract.quality if not _is_of_column(rule)]
    if own:
        tree["quality"] = [_rule(rule) for rule in own]
    tree["properties"] = [_property(column, contract, ids, comments) for column in contract.columns]
    return tree


def _notes(event: str, column: str, comments: Comments) -> dict[str, str]:
    """By field."""
    return {field: text for (one, other, field), text in comments.items() if (one, other) == (event, column)}


def _noted(value: Value, field: str, notes: Mapping[str, str]) -> Value:
    return Noted(value, notes[field]) if field in notes else value


def _property(column: Column, contract: Contract, ids: Ids, comments: Comments) -> Tree:
    notes = _notes(contract.name, column.name, comments)
    is_key = column.key is not None
    named: list[tuple[str, str, Value | None]] = [
        ("name", "name", column.name),
        ("id", "", ids.columns.get((contract.name, column.name))),
        ("logicalType", "logical", column.logical),
        ("physicalType", "dtype", None if column.dtype == duckdb_type(column.logical, None, None) else column.dtype),
        ("required", "required", column.required if column.required or is_key else None),
        ("unique", "unique", column.unique or None),
        ("primaryKey", "key", is_key or None),
        ("primaryKeyPosition", "", column.key),
        ("classification", "classification", column.classification),
        ("description", "description", column.description),
    ]
    tree: Tree = {key: _noted(value, field, notes) for key, field, value in named if value is not None}
    options = _options(column, notes)
    if options:
        tree["logicalTypeOptions"] = options
    custom = [(field, getattr(column, field)) for field in ("unit", "resolution", "available")]
    custom += [] if column.logical == "timestamp" else [("zone", column.zone)]
    tree |= _customs((field, None if value is None else _noted(value, field, notes)) for field, value in custom)
    if column.references:
        targets = [ids.reference(*to.split(".", 1)) for to in column.references]
        tree["relationships"] = [{"to": _noted(target, "references", notes)} for target in targets]
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
        ("defaultTimezone", "zone", column.zone if column.logical == "timestamp" else None),
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
