"""A contract's tree against the JSON schema that the standard ships.

The walk is ours: jsonschema takes 0.8 s for 200 columns, and names neither the line nor what may have been meant. It
knows the keywords that ODCS uses, and a test holds it beside jsonschema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from math import isfinite
from typing import Any

from balun.chain.odcs.faults import Faults
from balun.chain.yaml_lines import Mapping, Node, Scalar, Sequence
from balun.errors import nearest

Schema = dict[str, Any]
_OPERATORS = "DataQualityOperators"
_ITEMS = {
    "schema": "an object of the schema",
    "properties": "a property",
    "servers": "a server",
    "quality": "a rule of quality",
    "relationships": "a relationship",
    "customProperties": "a custom property",
    "enum": "an allowed value",
}
SECRET = re.compile(r"passw|secret|token|credential", flags=re.IGNORECASE)
"""What names a secret; source.py finds it, and better words for it."""


@dataclass
class _Seen:
    """What one mapping's schemas say of its keys. known: all names. checked: those that some schema let in."""

    known: dict[str, None] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def shipped() -> Schema:
    """The schema of the newest version, loosened where Balun needs less than the standard asks for."""
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    schema["properties"]["apiVersion"] = {"type": "string"}
    parts = schema["$defs"]
    local = parts["ServerSource"]["LocalServer"]
    local["required"] = ["path"]  # the format is told by the file's ending
    local["properties"]["delimiter"] = {"type": "string"}
    parts["ServerSource"]["PostgresServer"]["required"] = ["host", "database"]
    reference = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    parts["RelationshipBase"]["properties"] |= {"from": reference, "to": reference}
    parts["RelationshipSchemaLevel"]["allOf"].pop()  # both text or both lists: reference.py says it better
    library = parts["DataQuality"]["allOf"][0]["if"]["anyOf"]
    operators = [{"required": branch["required"]} for branch in parts[_OPERATORS]["oneOf"]]
    library.append({"allOf": [{"not": {"required": ["type"]}}, {"anyOf": operators}]})
    return schema


def server_types() -> list[str]:
    """All that the standard names."""
    types: list[str] = shipped()["$defs"]["Server"]["properties"]["type"]["enum"]
    return types


def check_schema(tree: Mapping, faults: Faults) -> None:
    """Adds a finding for each key that the standard doesn't know, and each value of a wrong type."""
    schema = shipped()
    _Walk(schema["$defs"], faults).check(tree, schema, "the file", _Seen())


class _Walk:
    def __init__(self, parts: Schema, faults: Faults) -> None:
        self.parts = parts
        self.faults = faults

    def check(self, node: Node, schema: Schema, name: str, seen: _Seen) -> None:
        if "$ref" in schema:
            self.check(node, self._part(schema["$ref"]), name, seen)
        if "type" in schema and not _is(node, schema["type"]):
            self.faults.wrong(
                node, f"{name} {_found(node)}; it must be {_needed(schema)}", mend=_mend(node, schema, name)
            )
            return
        match node:
            case Mapping():
                self._mapping(node, schema, name, seen)
            case Sequence():
                self._sequence(node, schema, name)
            case Scalar():
                self._scalar(node, schema, name)
        if "oneOf" in schema or "anyOf" in schema:
            self._one_of(node, schema.get("oneOf") or schema["anyOf"], name, seen)

    def _part(self, reference: str) -> Schema:
        part = self.parts
        for step in reference.removeprefix("#/$defs/").split("/"):
            part = part[step]
        return part

    def _mapping(self, node: Mapping, schema: Schema, name: str, seen: _Seen) -> None:
        self._properties(node, schema, seen)
        for part in schema.get("allOf", ()):
            self.check(node, part, name, seen)
        if "if" in schema and self._holds(node, schema["if"]):
            self.check(node, schema["then"], name, seen)
        for key in schema.get("required", ()):
            if _absent(node, key):
                self.faults.add("key-missing", node, f"{name} has no {key}", mend=f"add {key}")
        banned = schema.get("not", {}).get("required", ())
        for key in banned:
            if key in node.entries:
                self.faults.add("key-unknown", node.line_of(key), f"{key} can't stand here", mend=f"delete {key}")
        if schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False:
            self._unknown(node, name, seen)

    def _properties(self, node: Mapping, schema: Schema, seen: _Seen) -> None:
        for key, part in schema.get("properties", {}).items():
            seen.known.setdefault(key)
            value = node.entries.get(key)
            if value is None:
                continue
            seen.checked.add(key)
            if not _absent(node, key):
                self.check(value, part, key, _Seen())

    def _unknown(self, node: Mapping, name: str, seen: _Seen) -> None:
        for key in node.entries:
            if key not in seen.checked and not (name == "a server" and SECRET.search(key)):
                near = nearest(key, seen.known)
                mend = "mend the name" if near else f"{_one_of(seen.known)}, or put it into customProperties"
                self.faults.add("key-unknown", node.line_of(key), f"unknown key {key} in {name}{near}", mend=mend)

    def _sequence(self, node: Sequence, schema: Schema, name: str) -> None:
        part = schema.get("items", {})
        for item in node.items:
            self.check(item, part, _ITEMS.get(name, f"an item of {name}"), _Seen())
        if not schema.get("minItems", 0) <= len(node.items) <= schema.get("maxItems", len(node.items)):
            needed = schema.get("maxItems", schema.get("minItems"))
            self.faults.wrong(node, f"{name} holds {len(node.items)} items; it needs {needed}", mend="mend the list")

    def _scalar(self, node: Scalar, schema: Schema, name: str) -> None:
        known = schema.get("enum")
        if known and node.text not in known:
            near = nearest(node.text, known)
            self.faults.wrong(
                node, f"{name} is {_short(node)}, which the standard doesn't know{near}", mend=_one_of(known)
            )
        number = node.value
        if isinstance(number, int | float) and not isinstance(number, bool):
            least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
            if (least is not None and number < least) or (above is not None and number <= above):
                bound = f"over {above}" if least is None else f"{least} or more"
                self.faults.wrong(node, f"{name} is {node.text}; it must be {bound}", mend=f"make {name} {bound}")

    def _one_of(self, node: Node, branches: list[Schema], name: str, seen: _Seen) -> None:
        if isinstance(node, Mapping) and all(len(branch.get("required", ())) == 1 for branch in branches):
            self._one_key(node, branches, name, seen)
            return
        fits = [branch for branch in branches if self._fits(node, branch)]
        if fits:
            self.check(node, fits[0], name, seen)
        elif any("type" in branch for branch in branches):
            needed = " or ".join(_needed(branch) for branch in branches)
            self.faults.wrong(node, f"{name} {_found(node)}; it must be {needed}", mend=f"make {name} {needed}")

    def _one_key(self, node: Mapping, branches: list[Schema], name: str, seen: _Seen) -> None:
        """Exactly one of the branches' keys must be there."""
        keys = [branch["required"][0] for branch in branches]
        given = [key for key in keys if not _absent(node, key)]
        for branch in branches:
            self._properties(node, branch, seen)
        if len(given) != 1:
            what = f"{' and '.join(given)} together" if given else "none"
            message = f"{name} has {what}; it needs one of {', '.join(keys)}"
            self.faults.add("key-missing", node, message, mend="write exactly one of them")

    def _fits(self, node: Node, branch: Schema) -> bool:
        """The branch is of the node's type, which is all that tells ODCS's branches apart."""
        if "$ref" in branch:
            return self._fits(node, self._part(branch["$ref"]))
        if "type" in branch:
            return _is(node, branch["type"])
        return "oneOf" not in branch and "anyOf" not in branch

    def _holds(self, node: Mapping, condition: Schema) -> bool:
        """An absent key doesn't hold: the standard's text means a column *of* that type, where its schema says
        "of that type or of none", and so would ask each column without a logicalType for a map."""
        if "anyOf" in condition and not any(self._holds(node, part) for part in condition["anyOf"]):
            return False
        if "allOf" in condition and not all(self._holds(node, part) for part in condition["allOf"]):
            return False
        if "not" in condition and self._holds(node, condition["not"]):
            return False
        if any(_absent(node, key) for key in condition.get("required", ())):
            return False
        for key, part in condition.get("properties", {}).items():
            value = node.entries.get(key)
            if not isinstance(value, Scalar) or ("const" in part and value.text != part["const"]):
                return False
        return True


def _one_of(known: Collection[str]) -> str:
    return f"use one of {', '.join(sorted(known))}" if len(known) <= 15 else "use a word that the standard knows"


def _absent(node: Mapping, key: str) -> bool:
    """A key with no value is as good as none, except where null is a value."""
    value = node.entries.get(key)
    if value is None:
        return True
    null = isinstance(value, Scalar) and value.value is None
    return null and key not in {"value", "property"}


_TYPES: dict[str, Callable[[Node], bool]] = {
    "object": lambda node: isinstance(node, Mapping),
    "array": lambda node: isinstance(node, Sequence),
    "string": lambda node: isinstance(node, Scalar),
    "boolean": lambda node: isinstance(node, Scalar) and node.flag is not None,
    "integer": lambda node: isinstance(node, Scalar) and type(node.value) is int,
    "number": lambda node: isinstance(node, Scalar) and type(node.value) in {int, float} and isfinite(node.value),  # type: ignore[arg-type]
    "null": lambda node: isinstance(node, Scalar) and node.value is None,
}
_NEEDED = {
    "object": "keys with values",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "empty",
}


def _is(node: Node, kinds: str | list[str]) -> bool:
    return any(_TYPES[kind](node) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _needed(schema: Schema) -> str:
    if "$ref" in schema:
        return "keys with values"
    kinds = schema.get("type", ())
    return " or ".join(_NEEDED[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _found(node: Node) -> str:
    match node:
        case Mapping():
            return "holds keys with values"
        case Sequence():
            return "is a list"
    return f"is {_short(node)}"


def _short(node: Scalar) -> str:
    shown = node.text if len(node.text) <= 40 else node.text[:39] + "…"
    return repr(shown) if not node.plain else shown or "empty"


def _mend(node: Node, schema: Schema, name: str) -> str:
    unquoted = isinstance(node, Scalar) and not node.plain and _is(Scalar(node.line, node.text), schema["type"])
    return "take the quotes away" if unquoted else f"make {name} {_needed(schema)}"
