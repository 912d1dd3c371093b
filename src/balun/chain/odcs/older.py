"""What v3.0 named otherwise becomes what v3.1 and v3.2 name it, line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from balun.chain.odcs.field import get, text
from balun.chain.yaml_lines import Mapping, Node, Scalar, Sequence

_METRICS = {
    "duplicateCount": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "nullCheck": "nullValues",
    "nullCount": "nullValues",
    "validValues": "invalidValues",
    "countCheck": "rowCount",
}
_KNOWN = {"nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"}
_ROWS = {"nullValues", "missingValues", "invalidValues", "duplicateValues"}
_ARGUMENTS = ("validValues", "pattern", "missingValues")


def upgraded(tree: Mapping, version: str) -> Mapping:
    """The tree as v3.1 would write it. What v3.1 deprecates and still takes is mapped in any version."""
    early = version.startswith("v3.0.")
    return _with(tree, "schema", lambda node: _each(node, lambda event: _element(event, early)))


def _element(node: Mapping, early: bool) -> Mapping:
    node = _with(node, "quality", lambda checks: _each(checks, _quality))
    node = _with(node, "properties", lambda inner: _each(inner, lambda item: _element(item, early)))
    if early:
        node = _timestamp(_with(node, "logicalTypeOptions", _options))
    return node


def _with(node: Mapping, key: str, change: Callable[[Node], Node]) -> Mapping:
    old = node.entries.get(key)
    return node if old is None else replace(node, entries={**node.entries, key: change(old)})


def _each(node: Node, change: Callable[[Mapping], Mapping]) -> Node:
    if not isinstance(node, Sequence):
        return node
    return replace(node, items=[change(item) if isinstance(item, Mapping) else item for item in node.items])


def _options(node: Node) -> Node:
    """`exclusiveMinimum: true` said that `minimum` is open; since v3.1 it is the bound itself."""
    if not isinstance(node, Mapping):
        return node
    for closed, open_ in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        said = get(node, open_)
        if not isinstance(said, Scalar) or not isinstance(said.value, bool):
            continue
        bound, line = get(node, closed), node.line_of(closed)
        node = node.without(open_)
        if said.value and bound is not None:
            node = node.without(closed)
            node.put(open_, bound, line)
    return node


def _timestamp(node: Mapping) -> Mapping:
    """v3.0 had no timestamp: a date whose format or physical type holds a time of day is one."""
    kind = node.entries.get("logicalType")
    if not isinstance(kind, Scalar) or kind.text != "date":
        return node
    options = node.entries.get("logicalTypeOptions")
    form = (text(options, "format") or "") if isinstance(options, Mapping) else ""
    physical = (text(node, "physicalType") or "").lower()
    is_clock = "H" in form and "d" not in form
    if not ("H" in form or physical.startswith(("timestamp", "datetime"))):
        return node
    return replace(
        node, entries={**node.entries, "logicalType": replace(kind, text="time" if is_clock else "timestamp")}
    )


def _quality(node: Mapping) -> Mapping:
    rule = get(node, "rule")
    if get(node, "metric") is not None or not isinstance(rule, Scalar):
        return node
    metric, line = _METRICS.get(rule.text, rule.text), node.line_of("rule")
    node = node.without("rule")
    operator = any(key.startswith("must") for key in node.entries)
    if metric not in _KNOWN and not operator:  # a word of the writer's own, that compares nothing
        return _put(node.without("type", *_ARGUMENTS), "type", Scalar(line, "text"), line)
    node = _put(node, "metric", replace(rule, text=metric), line)
    if not operator and metric in _ROWS:
        node = _put(node, "mustBe", Scalar(line, "0"), line)
    elif not operator:
        return _put(node.without("type", "metric"), "type", Scalar(line, "text"), line)
    return _arguments(node)


def _arguments(node: Mapping) -> Mapping:
    """`validValues` stood beside the rule, and stands in its `arguments` now."""
    moved = {key: node.entries[key] for key in _ARGUMENTS if key in node.entries}
    if not moved:
        return node
    given = node.entries.get("arguments")
    arguments = Mapping(node.line)
    if isinstance(given, Mapping):
        arguments = replace(given, entries=dict(given.entries), lines=dict(given.lines))
    for key, value in moved.items():
        arguments.put(key, value, node.line_of(key))
    return _put(node.without(*moved), "arguments", arguments, node.line)


def _put(node: Mapping, key: str, value: Node, line: int) -> Mapping:
    return Mapping(node.line, {**node.entries, key: value}, {**node.lines, key: line})
