"""A property becomes a column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import cast, get_args

from balun.chain.contract import Column, LogicalType
from balun.chain.duration import Duration
from balun.chain.odcs.bounds import NUMBERS, TIMES, Kind, iso_text, needed_for, number, read_bounds
from balun.chain.odcs.custom import COLUMN, custom_text, customs
from balun.chain.odcs.dtype import duckdb_type, logical_of
from balun.chain.odcs.faults import Faults
from balun.chain.odcs.field import flag, mapping, mappings, scalar, text, whole
from balun.chain.odcs.name import read_name
from balun.chain.odcs.pattern import pattern_fault
from balun.chain.time_format import strptime_pattern
from balun.chain.units import check_unit
from balun.chain.yaml_lines import Mapping, Node, Scalar
from balun.chain.zone import is_zone
from balun.errors import nearest
from balun.finding import Place

Allowed = tuple[str | int | float | bool, ...]


@dataclass(frozen=True)
class Read:
    """A column with the places of what is judged once all columns are known."""

    column: Column
    node: Mapping
    available: Scalar | None
    kind: Kind


def read_column(node: Mapping, zone: str, faults: Faults) -> Read | None:
    """zone: where times without one are, unless the column says otherwise. None where it has no usable name."""
    name = read_name(node, "column", faults)
    if name is None:
        return None
    options = mapping(node, "logicalTypeOptions")
    kind = _kind(node, options, zone, faults)
    own = customs(node, COLUMN, faults)
    available = custom_text(own, "available", faults)
    bounds = read_bounds(options, kind, faults)
    shortest, longest = whole(options, "minLength"), whole(options, "maxLength")
    if shortest is not None and longest is not None and shortest > longest:
        message = f"no text can be: minLength is {shortest}, and maxLength {longest}"
        faults.wrong(options.line_of("maxLength"), message, mend="mend one of the two")
    required = flag(node, "required")
    column = Column(
        name=name,
        logical=kind.logical,
        dtype=kind.dtype,
        place=Place(faults.file, node.line_of("name")),
        required=flag(node, "primaryKey") is True if required is None else required,
        unique=flag(node, "unique") is True,
        allowed=read_allowed([entry.entries.get("value") for entry in mappings(node, "enum")], kind, faults),
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        open_minimum=bounds.open_minimum,
        open_maximum=bounds.open_maximum,
        min_length=shortest,
        max_length=longest,
        pattern=read_pattern(scalar(options, "pattern"), faults),
        unit=_unit(custom_text(own, "unit", faults), faults),
        resolution=_resolution(custom_text(own, "resolution", faults) or scalar(options, "multipleOf"), kind, faults),
        available=available.text.strip() if available else None,
        zone=_clock(custom_text(own, "zone", faults), kind, faults) or kind.zone,
        time_format=kind.pattern,
        classification=text(node, "classification"),
        description=text(node, "description"),
    )
    _physical_name(node, name, faults)
    return Read(column, node, available, kind)


def _physical_name(node: Mapping, name: str, faults: Faults) -> None:
    physical = scalar(node, "physicalName")
    if physical and physical.text.lower() != name.lower():
        message = f"physicalName {physical.text} differs from the name {name}, and columns are read by their names"
        faults.add("name-unusable", physical, message, mend="give both the source's name; rename in a table's SQL")


def _kind(node: Mapping, options: Mapping, zone: str, faults: Faults) -> Kind:
    logical = _logical(node, faults)
    physical, form = scalar(node, "physicalType"), scalar(options, "format")
    dtype = "VARCHAR"
    try:
        dtype = duckdb_type(logical, physical.text if physical else None, form.text if form else None)
    except ValueError as exc:
        faults.wrong(physical or node, str(exc), mend="mend physicalType, or leave it out")
    pattern = _time_format(form, faults) if form and logical in TIMES else None
    return Kind(logical, dtype, _zone(options, zone, faults) if logical == "timestamp" else None, pattern)


def _logical(node: Mapping, faults: Faults) -> LogicalType:
    given, physical = text(node, "logicalType"), text(node, "physicalType")
    near: dict[str, LogicalType] = {"map": "object", "vector": "array"}
    if given is not None:
        return near.get(given) or cast(LogicalType, given if given in get_args(LogicalType) else "string")
    found = logical_of(physical) if physical else None
    if found is None:
        what = f"physicalType {physical[:40]} tells none" if physical else "there is no physicalType that tells one"
        mend = f"add logicalType: one of {', '.join(get_args(LogicalType))}"
        faults.add("key-missing", node, f"the property has no logicalType, and {what}", mend=mend)
    return found or "string"


def _time_format(form: Scalar, faults: Faults) -> str | None:
    try:
        return strptime_pattern(form.text)
    except ValueError as exc:
        faults.wrong(form, f"format: {exc}", mend="write it as Java does, such as yyyy-MM-dd HH:mm:ss")
    return None


def _zone(options: Mapping, default: str, faults: Faults) -> str:
    given = scalar(options, "defaultTimezone")
    if given is None:
        return default
    return _named_zone(given, faults) or default


def _named_zone(given: Scalar, faults: Faults) -> str | None:
    if is_zone(given.text):
        return given.text
    message = f"{given.text} is no time zone{nearest(given.text, _zones())}"
    faults.wrong(given, message, mend="use an IANA name such as America/New_York")
    return None


def _clock(node: Scalar | None, kind: Kind, faults: Faults) -> str | None:
    """Where the clock hung that a number, a date or a text was read off."""
    if node is None:
        return None
    if kind.logical == "timestamp":
        mend = "write it as logicalTypeOptions: {defaultTimezone: …}"
        faults.wrong(node, "zone: of a timestamp it is the standard's own defaultTimezone", mend=mend)
        return None
    if kind.logical not in {*NUMBERS, "date", "time", "string"}:
        faults.wrong(node, f"zone: a {kind.logical} was read off no clock", mend="delete it")
        return None
    return _named_zone(node, faults)


def _zones() -> set[str]:
    from zoneinfo import available_timezones

    return available_timezones()


def read_pattern(node: Scalar | None, faults: Faults) -> str | None:
    if node is None:
        return None
    fault = pattern_fault(node.text)
    if fault:
        mend = "write it for RE2: it has neither look-around nor back-references"
        faults.wrong(node, f"the pattern is no regular expression: {fault}", mend=mend)
        return None
    return node.text


def _unit(node: Scalar | None, faults: Faults) -> str | None:
    if node is None:
        return None
    try:
        check_unit(node.text)
    except ValueError as exc:
        faults.add("unit-unknown", node, str(exc), mend="use a unit that pint knows, or a currency's ISO 4217 code")
        return None
    return node.text.strip()


def _resolution(node: Scalar | None, kind: Kind, faults: Faults) -> str | None:
    """Of a time, a duration; of a number, a number."""
    if node is None:
        return None
    fault = _resolution_fault(node.text, kind)
    if fault:
        mend = "write a duration such as 1 min for a time, a number such as 0.01 for a number; elsewhere delete it"
        faults.wrong(node, f"resolution: {fault}", mend=mend)
        return None
    return node.text.strip()


def _resolution_fault(written: str, kind: Kind) -> str | None:
    if kind.logical in NUMBERS:
        return None if _is_step(written) else f"{written[:40]} is no step between two numbers"
    if kind.logical not in TIMES:
        return f"a {kind.logical} has no resolution"
    try:
        Duration.parse(written)
    except ValueError as exc:
        return str(exc)
    return None


def _is_step(written: str) -> bool:
    try:
        step = Decimal(written)
    except InvalidOperation:
        return False
    return step.is_finite() and step > 0


def read_allowed(nodes: list[Node | None], kind: Kind, faults: Faults) -> Allowed:
    """The values as the column's type keeps them, each once."""
    values: dict[tuple[type, object], str | int | float | bool] = {}
    for node in nodes:
        if not isinstance(node, Scalar):
            continue
        value = _allowed(node, kind)
        if value is None:
            needed = needed_for(kind)
            faults.wrong(
                node, f"{node.text or 'null'} can't be a value here; it must be {needed}", mend=f"write {needed}"
            )
        else:
            values.setdefault((type(value), value), value)
    return tuple(values.values())


def _allowed(node: Scalar, kind: Kind) -> str | int | float | bool | None:
    if kind.logical in NUMBERS:
        value = number(node, kind)
        return float(value) if isinstance(value, Decimal) else value
    if kind.logical == "boolean":
        return node.flag
    if kind.logical in TIMES:
        return iso_text(node.text, kind)
    return None if node.value is None else node.text


def with_keys(columns: list[Read], faults: Faults) -> list[Read]:
    """Numbers the key's columns: those with a position first, the others after them in their order."""
    keyed = [read for read in columns if flag(read.node, "primaryKey")]
    places: dict[int, str] = {}
    for read in columns:
        position = scalar(read.node, "primaryKeyPosition")
        number = whole(read.node, "primaryKeyPosition")
        if position is None or number is None or number == -1:
            continue
        if number < 1:
            faults.wrong(position, f"primaryKeyPosition is {number}; it counts from 1", mend="count from 1")
        elif read not in keyed:
            message = f"{read.column.name} has a primaryKeyPosition and no primaryKey"
            faults.add("key-missing", position, message, mend="add primaryKey: true, or delete the position")
        elif number in places:
            message = f"{read.column.name} and {places[number]} share primaryKeyPosition {number}"
            faults.wrong(position, message, mend="give each column of the key its own position")
        places.setdefault(number, read.column.name)
    unplaced = max([1, *places]) + len(columns)
    order = sorted(keyed, key=lambda read: _position(read, unplaced))
    rank = {read.column.name: number for number, read in enumerate(order, 1)}
    return [replace(read, column=replace(read.column, key=rank.get(read.column.name))) for read in columns]


def _position(read: Read, otherwise: int) -> int:
    found = whole(read.node, "primaryKeyPosition")
    return found if found is not None and found > 0 else otherwise
