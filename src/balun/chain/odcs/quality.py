"""`quality`: promises of single rows are folded into the column, the rest become rules; text and others' are left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from balun.chain.contract import Quality
from balun.chain.odcs.column import Read, read_allowed, read_pattern
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import get, mapping, mappings, scalar, scalars, text
from balun.chain.yaml_lines import Mapping, Node, Scalar
from balun.errors import ProjectError, nearest
from balun.finding import Place

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
_ARGUMENTS = {
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}


@dataclass(frozen=True)
class _About:
    """What a rule is about. column: None for the event itself."""

    event: str
    column: str | None
    columns: Sequence[str]


def fold(read: Read, event: str, columns: Sequence[str], faults: Faults) -> tuple[Read, list[Quality]]:
    """The column with what its rules promise of each row, and the rules that are left."""
    left: list[Quality] = []
    for node in mappings(read.node, "quality"):
        rule = _rule(node, _About(event, read.column.name, columns), faults)
        folded = _folded(read, rule, node, faults) if rule else read
        if rule and folded is None:
            left.append(rule)
        read = folded or read
    return read, left


def event_rules(node: Mapping, event: str, columns: Sequence[str], faults: Faults) -> list[Quality]:
    rules = [_rule(check, _About(event, None, columns), faults) for check in mappings(node, "quality")]
    return [rule for rule in rules if rule]


def named_apart(rules: Sequence[Quality]) -> tuple[Quality, ...]:
    """The same rules, a number behind each name that was there before."""
    taken: set[str] = set()
    apart = []
    for rule in rules:
        name, number = rule.name, 1
        while name in taken:
            number += 1
            name = f"{rule.name} {number}"
        taken.add(name)
        apart.append(replace(rule, name=name))
    return tuple(apart)


def _folded(read: Read, rule: Quality, node: Mapping, faults: Faults) -> Read | None:
    """None where the rule is more than a promise of each row."""
    if (rule.operator, rule.bounds) not in {("mustBe", (0.0,)), ("mustBeLessOrEqualTo", (0.0,))}:
        return None
    column, arguments = read.column, mapping(node, "arguments")
    if rule.kind == "nullValues":
        return replace(read, column=replace(column, required=True))
    if rule.kind == "duplicateValues" and not rule.arguments:
        return replace(read, column=replace(column, unique=True))
    names = {name for name, _ in rule.arguments}
    if rule.kind == "invalidValues" and names == {"validValues"} and not column.allowed:
        allowed = read_allowed(list(scalars(arguments, "validValues")), read.kind, faults)
        return replace(read, column=replace(column, allowed=allowed))
    if rule.kind == "invalidValues" and names == {"pattern"} and column.pattern in {None, text(arguments, "pattern")}:
        return replace(read, column=replace(column, pattern=text(arguments, "pattern")))
    return None


def _rule(node: Mapping, about: _About, faults: Faults) -> Quality | None:
    kind = text(node, "metric") or text(node, "type")
    if kind not in (*METRICS, "sql") or (text(node, "type") not in {None, "library", "sql"}):
        return None  # text is for people, and a custom engine's rule for that engine; the schema finds the rest
    operator, bounds = _comparison(node, faults)
    if operator is None:
        return None
    query = _query(node, about, faults) if kind == "sql" else None
    columns = () if about.column is None else (about.column,)
    default = " ".join(["query" if kind == "sql" else kind, *columns])
    _misplaced(kind, node, about, faults)
    return Quality(
        name=text(node, "name") or default,
        kind=kind,
        operator=operator,
        bounds=bounds,
        place=Place(faults.file, node.line),
        columns=columns or _properties(kind, node, about, faults),
        query=query,
        arguments=_arguments(kind, node, faults),
        percent=_percent(node, faults),
    )


def _misplaced(kind: str, node: Mapping, about: _About, faults: Faults) -> None:
    if about.column is None and kind in {"nullValues", "missingValues", "invalidValues"}:
        faults.wrong(node, f"{kind} is about one property", mend="move the rule to the property it is about")
    elif about.column is not None and kind == "rowCount":
        faults.wrong(node, "rowCount is about the whole object", mend="move the rule to the object's own quality")


def _comparison(node: Mapping, faults: Faults) -> tuple[str | None, tuple[float, ...]]:
    operators = [key for key in OPERATORS if get(node, key) is not None]
    if len(operators) != 1:
        return None, ()
    operator = operators[0]
    values = scalars(node, operator)
    bounds = tuple(number for number in map(_number, values) if number is not None)
    if len(bounds) != (2 if operator.endswith("Between") else 1) or len(bounds) != len(values):
        if operator in {"mustBe", "mustNotBe"}:  # of the others the schema says that they are numbers
            faults.wrong(node.line_of(operator), f"{operator} needs a number", mend="write the number to compare with")
        return None, ()
    if bounds[0] > bounds[-1]:
        message = f"{operator} begins at {bounds[0]:g} and ends at {bounds[1]:g}"
        faults.wrong(node.line_of(operator), message, mend="write the smaller number first")
    return operator, bounds


def _number(node: Scalar) -> float | None:
    value = node.value
    try:
        return float(value) if isinstance(value, int | float) else None  # true is 1, as a query may give it
    except OverflowError:
        return None


def _percent(node: Mapping, faults: Faults) -> bool:
    unit = scalar(node, "unit")
    if unit is not None and unit.text not in {"rows", "percent", "%"}:
        message = f"unit is {unit.text}; a rule counts rows or percent{nearest(unit.text, ['rows', 'percent'])}"
        faults.wrong(unit, message, mend="write rows or percent")
    return unit is not None and unit.text in {"percent", "%"}


def _properties(kind: str, node: Mapping, about: _About, faults: Faults) -> tuple[str, ...]:
    """What duplicateValues of an event is about: columns together."""
    if kind != "duplicateValues":
        return ()
    given = scalars(mapping(node, "arguments"), "properties")
    known = {column.lower(): column for column in about.columns}
    for name in given:
        if name.text.lower() not in known:
            message = f"{about.event} has no property {name.text}{nearest(name.text, about.columns)}"
            faults.add("column-missing", name, message, mend="mend the name, or declare the property")
    return tuple(known[name.text.lower()] for name in given if name.text.lower() in known)


def _arguments(kind: str, node: Mapping, faults: Faults) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """As text; null among missing values is left out, since null is always missing."""
    given = mapping(node, "arguments")
    known = _ARGUMENTS.get(kind, ())
    for key in given.entries:
        if key not in known:
            mend = f"use {' or '.join(known)}" if known else f"take it out: {kind} has no arguments"
            faults.add(
                "key-unknown", given.line_of(key), f"{kind} has no argument {key}{nearest(key, known)}", mend=mend
            )
    if kind == "invalidValues" and not set(known) & set(given.entries):
        faults.add("key-missing", node, "invalidValues says no value", mend="add arguments: validValues or pattern")
    read_pattern(scalar(given, "pattern"), faults)
    named = [(key, given.entries[key]) for key in known if key in given.entries and key != "properties"]
    return tuple((key, _texts(given, key, value)) for key, value in named)


def _texts(given: Mapping, key: str, value: Node) -> tuple[str, ...]:
    return tuple(item.text for item in scalars(given, key) if item.value is not None) if value else ()


def _query(node: Mapping, about: _About, faults: Faults) -> str | None:
    """With the names of the event and the property in their places."""
    from balun.chain.sql_table import parse_select

    written = scalar(node, "query")
    if written is None:
        return None
    query = written.text
    for word, name in ((r"object|table|model|schema\.name", about.event), ("property|column", about.column)):
        if name is not None:
            query = re.sub(rf'("?)\$?\{{({word})\}}\1', _quoted(name).replace("\\", r"\\"), query)
    try:
        parse_select(query, Place(faults.file), written.line + 1 if written.block else written.line)
    except ProjectError as exc:
        for finding in exc.findings:
            faults.add(finding.rule, finding.place.line or written.line, finding.message, mend=finding.mend)
    return query


def _quoted(name: str) -> str:
    """Always in quotes: an event may be called order."""
    return '"' + name.replace('"', '""') + '"'
