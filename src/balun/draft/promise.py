"""What was found out becomes a contract, with a comment behind each line that is a guess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from balun.chain.contract import Bound, Column, Contract
from balun.chain.units import check_unit
from balun.draft import kind as kinds
from balun.draft.bounds import LARGEST, bounds
from balun.draft.detect import Found
from balun.draft.kind import Kind
from balun.draft.profile import Seen
from balun.draft.reference import Drawn, Reference
from balun.draft.unit import unit_of
from balun.draft.words import names_one, tokens
from balun.finding import Place
from balun.scan.reading import family

Comments = dict[tuple[str, str, str], str]
VERSION = "0.1.0"


@dataclass(frozen=True)
class Promise:
    """One field of a column, and what makes it a guess; None: it is a fact of the file."""

    field: str
    value: Any
    why: str | None


def contract_of(drawn: Drawn, owner: str | None, references: Sequence[Reference]) -> tuple[Contract, Comments]:
    """references: of all events."""
    event = drawn.event
    columns: list[Column] = []
    comments: Comments = {}
    whole = {one.at: one for one in references if one.event == event and one.share == 1}
    for at, column in enumerate(drawn.rows.columns):
        for promise in _promises(drawn, at, column, whole.get(at)):
            column = replace(column, **{promise.field: promise.value})  # noqa: PLW2901 - it grows
            if promise.why is not None:
                comments[event, column.name, promise.field] = f"guess: {promise.why}"
        columns.append(column)
    if drawn.rows.source.null != ("",):
        comments[event, "", "null"] = "guess: these stand for null in every column"
    if not drawn.rows.source.header:
        comments[event, "", "header"] = "guess: the first line looks like the others"
    place = Place(drawn.rows.capture.name)
    contract = Contract(event, owner, VERSION, place, tuple(columns), drawn.rows.source, status="draft")
    return contract, comments


def _promises(drawn: Drawn, at: int, column: Column, reference: Reference | None) -> Iterator[Promise]:
    seen, found = drawn.seen[at], drawn.rows.found.get(at)
    yield from _type(column, found)
    yield from _zone(column, found)
    if seen.values == drawn.rows.read:
        yield Promise("required", True, "never null here")
    if at in drawn.keys.key:
        yield Promise("key", drawn.keys.key.index(at) + 1, _why_key(drawn) if at == drawn.keys.key[0] else None)
    if seen.listed:
        yield Promise("allowed", seen.listed, f"all that {seen.values:,} values show")
    if not (at in drawn.keys.key or reference or names_one(column.name, drawn.event)):
        yield from _bounds(column, seen)
    yield from _measure(column, seen)
    if reference:
        why = "all values are there" + (", and the names agree" if reference.named else "")
        yield Promise("references", (f"{reference.other}.{reference.column}",), why)


def _type(column: Column, found: Found | None) -> Iterator[Promise]:
    if found is None or found.kind == kinds.TEXT:
        return
    yield Promise("logical", column.logical, _why_type(found))
    if column.time_format is not None:
        either = "" if found.either is None else f", and {_shown(found.either)} reads them all too"
        yield Promise("time_format", column.time_format, f"it reads all values{either}")


def _why_type(found: Found) -> str:
    if found.kind == kinds.MIXED:
        return f"{found.values:,} values of several kinds"
    what = {"integer": "a whole number", "object": "an object", "array": "a list"}.get(
        found.kind.logical, f"a {found.kind.logical}"
    )
    return f"each of {found.values:,} values is {what}"


def _shown(kind: Kind) -> str:
    from balun.chain.time_format import java_format

    return java_format(kind.time_format or "")


def _zone(column: Column, found: Found | None) -> Iterator[Promise]:
    """What times are read in that name no zone."""
    if found is not None and (kinds.is_zoned(found.kind) or found.zoned == found.values):
        yield Promise("zone", None, None)
    elif column.zone is not None:
        yield Promise("zone", column.zone, "the times name no zone")


def _why_key(drawn: Drawn) -> str:
    alike = f"no two of {drawn.rows.read:,} rows are alike"
    names = [drawn.rows.columns[at].name for at in drawn.keys.key]
    return f"{alike} in {', '.join(names)}" if len(names) > 1 else alike


def _bounds(column: Column, seen: Seen) -> Iterator[Promise]:
    if seen.low is None or seen.high is None or family(column.dtype) not in {"integer", "float", "decimal"}:
        return
    low, high = _number(column, seen.low), _number(column, seen.high)
    found = bounds(tokens(column.name), low, high, complete=seen.complete)
    if found is None or max(abs(one) for one in found) >= _room(column):
        return
    least, most = (_bound(one, column) for one in found)
    yield Promise("minimum", least, f"the least seen is {seen.low}")
    yield Promise("maximum", most, f"the greatest seen is {seen.high}")


def _number(column: Column, text: str) -> Decimal:
    """The value itself, not its shortest text: 0.1 of a float lies above a tenth."""
    return Decimal(float(text)) if family(column.dtype) == "float" else Decimal(text)


def _room(column: Column) -> Decimal:
    """What DuckDB can hold beside a value of the type."""
    if not column.dtype.startswith("DECIMAL"):
        return LARGEST
    digits, scale = (int(part) for part in column.dtype.removeprefix("DECIMAL(").rstrip(")").split(","))
    return min(LARGEST, Decimal(10) ** (digits - scale))


def _bound(number: Decimal, column: Column) -> Bound:
    if number == int(number):
        return int(number)
    return number if column.dtype.startswith("DECIMAL") else float(number)


def _measure(column: Column, seen: Seen) -> Iterator[Promise]:
    if seen.step is not None:
        yield Promise("resolution", seen.step, "all values are on it")
    unit = unit_of(column.name) if column.logical in {"integer", "number"} else None
    if unit is not None:
        check_unit(unit)
        cents = ", which doesn't name the currency" if unit == "USD_cent" and "usd" not in tokens(column.name) else ""
        yield Promise("unit", unit, f"from the name{cents}")
