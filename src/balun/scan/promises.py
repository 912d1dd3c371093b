"""What a contract promises of each row: a promise is a SQL condition that a broken row meets, and words for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, isfinite

from balun.chain.contract import Bound, Column, Contract
from balun.quoting import literal
from balun.scan.lines import BAD_BYTES, BAD_QUOTES, TOO_FEW, TOO_MANY
from balun.scan.reading import NO_SUCH_TIME, UNREADABLE, family
from balun.scan.stage import BAD_JSON, TWICE

Constant = Callable[[Column, object], str]


@dataclass(frozen=True)
class Promise:
    """rule: the fault's name. condition: true of rows that break it, over `fault`, `t0` and `why0`, `t1` and so on."""

    rule: str
    column: str | None
    message: str
    condition: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


_BROKEN = (
    (TOO_FEW, "the line has too few fields"),
    (TOO_MANY, "the line has too many fields"),
    (BAD_QUOTES, "a quote in the line doesn't close where a field ends"),
    (BAD_BYTES, "the line holds bytes that aren't UTF-8"),
    (BAD_JSON, "the line isn't a JSON object"),
    (TWICE, "the line holds a key twice"),
)


def promises(contract: Contract, constant: Constant) -> tuple[Promise, ...]:
    """All that one row alone can break, in the order of the contract.

    constant: SQL for a value that the contract writes, as a column's type holds it.
    """
    found = [Promise(rule, None, message, f"fault = {literal(rule)}") for rule, message in _BROKEN]
    for at, column in enumerate(contract.columns):
        found += _promises(at, column, constant)
    return tuple(found)


def duplicate_key(contract: Contract) -> Promise:
    key = ", ".join(contract.key)
    return Promise("duplicate-key", None, f"an earlier row has the same {key}", "FALSE")


def not_unique(column: Column) -> Promise:
    return Promise(
        "value-repeated", column.name, f"{column.name} must be unique, and an earlier row has this one", "FALSE"
    )


def _promises(at: int, column: Column, constant: Constant) -> Iterator[Promise]:
    value, why, name = f"t{at}", f"why{at}", column.name

    def broken(rule: str, message: str, condition: str) -> Promise:
        return Promise(rule, name, f"{name} {message}", condition)

    yield broken("value-unreadable", f"can't be read as {_described(column)}", f"{why} = {UNREADABLE}")
    if family(column.dtype) == "timestamptz":
        yield broken("time-nonexistent", "is a clock time that the zone skipped", f"{why} = {NO_SUCH_TIME}")
    # A value that can't be read is null too, but that isn't its fault.
    null = f"{value} IS NULL AND {why} = 0 AND fault IS NULL"
    if column.key is not None:
        yield broken("key-null", "is null, and is part of the key", null)
    elif column.required:
        yield broken("value-null", "is null, and must not be", null)
    yield from of_value(value, column, constant)


def of_value(value: str, column: Column, constant: Constant) -> Iterator[Promise]:
    """What is promised of each value that there is. value: SQL for it."""
    name = column.name

    def broken(rule: str, message: str, condition: str) -> Promise:
        return Promise(rule, name, f"{name} {message}", condition)

    if column.allowed:
        listed = ", ".join(constant(column, one) for one in column.allowed)
        yield broken("value-unknown", f"must be one of {_several(column.allowed)}", f"{value} NOT IN ({listed})")
    yield from _range(value, column, constant, broken)
    length = f"length({value})" if family(column.dtype) == "text" else f"length({value}::VARCHAR)"
    if column.min_length is not None:
        words = f"must have at least {column.min_length} characters"
        yield broken("text-short", words, f"{length} < {column.min_length}")
    if column.max_length is not None:
        words = f"must have at most {column.max_length} characters"
        yield broken("text-long", words, f"{length} > {column.max_length}")
    if column.pattern is not None:
        matched = f"regexp_full_match({value}::VARCHAR, {literal(column.pattern)})"
        yield broken("pattern-broken", f"must match {column.pattern}", f"NOT {matched}")


def _range(
    value: str, column: Column, constant: Constant, broken: Callable[[str, str, str], Promise]
) -> Iterator[Promise]:
    ends = (
        ("value-low", column.minimum, column.open_minimum, "<", "more than", "at least", ceil),
        ("value-high", column.maximum, column.open_maximum, ">", "less than", "at most", floor),
    )
    for rule, bound, is_open, beyond, strict, loose, whole in ends:
        if bound is not None:
            sign = f"{beyond}=" if is_open else beyond
            limit, sign = _whole(bound, sign, whole) if family(column.dtype) == "integer" else (bound, sign)
            words = f"must be {strict if is_open else loose} {bound}"
            # NaN is more than any number; footers don't tell of it, and DuckDB answers isnan() by them.
            nan = beyond == ">" and family(column.dtype) == "float"
            odd = f" OR (NOT isfinite({value}) AND NOT isinf({value}))" if nan else ""
            yield broken(rule, words, f"{value} {sign} {constant(column, limit)}{odd}")


def _whole(bound: Bound, sign: str, whole: Callable[[float | Decimal], int]) -> tuple[Bound, str]:
    """A bound between two whole numbers is the next one inside: DuckDB would compare decimals, and overflow."""
    number = Decimal(str(bound))
    if not isfinite(number) or number == int(number):
        return (int(number) if isfinite(number) else bound), sign
    return whole(number), sign[0]


def _several(values: tuple[object, ...]) -> str:
    shown = ", ".join(map(str, values[:10]))
    return shown if len(values) <= 10 else f"{shown} … ({len(values)} values)"


def _described(column: Column) -> str:
    return f"{column.dtype} by {column.time_format}" if column.time_format else column.dtype


def key_columns(contract: Contract) -> tuple[int, ...]:
    names = [column.name for column in contract.columns]
    return tuple(names.index(name) for name in contract.key)
