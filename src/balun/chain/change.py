"""A change: one edit to what is captured. It edits a contract, and it edits rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from math import ceil, log10

from balun.chain.contract import Column, Contract, LogicalType, Quality
from balun.chain.duration import Duration
from balun.chain.units import registry
from balun.errors import UsageError, nearest
from balun.finding import Place
from balun.quoting import literal, quoted

# Where a change is about some rows and doesn't say which, it is about a tenth of them, told by a hash of the row.
SOME_PERCENT = 10


@dataclass(frozen=True)
class Change:
    """kind: as in KINDS. event: by its name. column: what of it; None where the event as a whole changes.

    to: what it becomes: a name, a type, a unit, a step, a zone, a value, a share, a length of time.
    was: what it was, where that must be said: a unit, a value.
    by: columns, of a key; values, of a pool.
    """

    kind: str
    event: str
    column: str | None = None
    to: str | None = None
    was: str | None = None
    by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return KINDS[self.kind].words(self)

    def edit(self, contract: Contract) -> Contract:
        """The contract after it. Raises UsageError where the change doesn't fit the contract."""
        if self.column is not None and self.kind != "add":
            _column(contract, self.column)
        return KINDS[self.kind].edit(self, contract)

    def rows(self, contract: Contract, relation: str) -> str:
        """A SELECT of the rows that would be captured after it, from those captured before it.

        contract: before it. relation: SQL for FROM.
        """
        return KINDS[self.kind].rows(self, contract, relation)


@dataclass(frozen=True)
class Kind:
    """words: the change as a phrase that `--if` reads."""

    words: Callable[[Change], str]
    edit: Callable[[Change, Contract], Contract]
    rows: Callable[[Change, Contract, str], str]


def _column(contract: Contract, name: str) -> Column:
    try:
        return contract.column(name)
    except KeyError:
        names = [column.name for column in contract.columns]
        raise UsageError(f"{contract.name} has no column {name}{nearest(name, names)}") from None


def place_of(change: Change, contract: Contract) -> Place:
    """Of the column that it is about, where the contract has it; else of the contract."""
    named = (one.place for one in contract.columns if one.name.lower() == (change.column or "").lower())
    return next(named, contract.place)


def _with(change: Change, contract: Contract, **fields: object) -> Contract:
    column = _column(contract, change.column or "")
    new = replace(column, **fields)  # type: ignore[arg-type]
    return replace(contract, columns=tuple(new if one is column else one for one in contract.columns))


def _unchanged(_: Change, __: Contract, relation: str) -> str:
    return f"SELECT * FROM {relation}"


def _replaced(value: Callable[[Change, Column, str], str]) -> Callable[[Change, Contract, str], str]:
    """Rows with another value in the column."""

    def rows(change: Change, contract: Contract, relation: str) -> str:
        column = _column(contract, change.column or "")
        name = quoted(column.name)
        return f"SELECT * REPLACE ({value(change, column, name)} AS {name}) FROM {relation}"

    return rows


def _some(contract: Contract) -> str:
    """A condition that is true of some rows, the same ones each time."""
    names = contract.key or tuple(column.name for column in contract.columns)
    return f"hash({', '.join(map(quoted, names))}) % 100 < {SOME_PERCENT}"


# -- drop, rename, retype, add


def _drop(change: Change, contract: Contract) -> Contract:
    gone = _column(contract, change.column or "")
    kept = tuple(one for one in contract.columns if one is not gone)
    return replace(contract, columns=kept, quality=_rules_without(contract, gone.name))


def _rules_without(contract: Contract, name: str) -> tuple[Quality, ...]:
    return tuple(rule for rule in contract.quality if name not in rule.columns)


def _dropped(change: Change, contract: Contract, relation: str) -> str:
    name = _column(contract, change.column or "").name
    return f"SELECT * EXCLUDE ({quoted(name)}) FROM {relation}"


def _renamed(change: Change, contract: Contract, relation: str) -> str:
    name = _column(contract, change.column or "").name
    return f"SELECT * RENAME ({quoted(name)} AS {quoted(change.to or '')}) FROM {relation}"


_LOGICAL: Mapping[str, LogicalType] = {
    "VARCHAR": "string", "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "HUGEINT": "integer", "FLOAT": "number", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date",
    "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp", "TIME": "time",
}  # fmt: skip
_OF_LOGICAL = {
    "string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE", "time": "TIME",
}  # fmt: skip


@cache
def duckdb_name(text: str) -> str:
    """A type as a contract or DuckDB names it, as DuckDB spells it. Raises UsageError where it is none.

    >>> duckdb_name("integer"), duckdb_name("int"), duckdb_name("decimal(9,2)"), duckdb_name("text")
    ('BIGINT', 'INTEGER', 'DECIMAL(9,2)', 'VARCHAR')
    """
    if text.strip() in _OF_LOGICAL:
        return _OF_LOGICAL[text.strip()]
    import duckdb

    if re.fullmatch(r"[\w ()\[\],\"]+", text):
        with suppress(duckdb.Error), duckdb.connect() as connection:
            return str(connection.execute(f"DESCRIBE SELECT CAST(NULL AS {text}) AS it").fetchall()[0][1])
    raise UsageError(f"{text} is no type: write one such as integer, string, DOUBLE or TIMESTAMP")


def _retyped(change: Change) -> str:
    return duckdb_name(change.to or "")


def _retype(change: Change, contract: Contract) -> Contract:
    """What is promised of the value in the old type, and can't be said in another, isn't promised in the new."""
    column = _column(contract, change.column or "")
    new = _retyped(change)
    logical = _logical(new)
    if {column.logical, logical} <= {"integer", "number"}:
        return _with(change, contract, dtype=new, logical=logical)
    unsaid: dict[str, object] = dict.fromkeys(
        ("minimum", "maximum", "min_length", "max_length", "pattern", "resolution")
    )
    return _with(change, contract, dtype=new, logical=logical, allowed=(), **unsaid)


# Types of numbers that have room for a code in place of each text.
CODES = frozenset({"INTEGER", "BIGINT", "HUGEINT", "DOUBLE"})


def _told_otherwise(change: Change, column: Column, name: str) -> str:
    """The same value in another type; in place of a text a number of its own."""
    new = _retyped(change)
    if column.dtype == "VARCHAR" and new in CODES:
        return f"CASE WHEN {name} IS NOT NULL THEN (dense_rank() OVER (ORDER BY {name}))::{new} END"
    return f"try_cast({name} AS {new})"


def _logical(dtype: str) -> LogicalType:
    if dtype.startswith("DECIMAL") and not dtype.endswith("]"):
        return "number"
    return _LOGICAL.get(dtype, "array" if dtype.endswith("]") else "object")


def _added(change: Change, _: Contract, relation: str) -> str:
    return f"SELECT *, NULL::{_retyped(change)} AS {quoted(change.column or '')} FROM {relation}"


def _add(change: Change, contract: Contract) -> Contract:
    name = change.column or ""
    if any(one.name.lower() == name.lower() for one in contract.columns):
        raise UsageError(f"{contract.name} has a column {name} already")
    dtype = _retyped(change)
    new = Column(name, _logical(dtype), dtype, contract.place)
    return replace(contract, columns=(*contract.columns, new))


# -- values


def factor(change: Change) -> float:
    """By what numbers grow when their unit changes. Raises UsageError for units of two dimensions."""
    units = registry()
    try:
        return float(units.Quantity(1, change.was).to(change.to).magnitude)
    except Exception as exc:  # pint has a family of errors, and offsets among them
        raise UsageError(f"{change.was} can't be told in {change.to}: {exc}") from exc


def _rescaled(change: Change, column: Column, name: str) -> str:
    scale = factor(change)
    return f"({name} * {literal(scale)})::{_roomy(column.dtype, scale)}"


def _roomy(dtype: str, scale: float) -> str:
    """A decimal with digits enough for what it holds as many times as large.

    >>> _roomy("DECIMAL(6,2)", 100.0), _roomy("DOUBLE", 100.0)
    ('DECIMAL(8,2)', 'DOUBLE')
    """
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", dtype)
    if found is None:
        return dtype
    return f"DECIMAL({min(38, int(found[1]) + max(0, ceil(log10(abs(scale)))))},{found[2]})"


def _rescale(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    scale = Decimal(str(factor(change)))
    rounds = Decimal(0) if scale == int(scale) else Decimal(1)
    ends = {
        side: Decimal(str(end)) * scale + sign * rounds
        for side, sign in (("minimum", -1), ("maximum", 1))
        if (end := getattr(column, side)) is not None and not isinstance(end, str)
    }
    dtype = _roomy(column.dtype, float(scale))
    return _with(change, contract, unit=change.to, dtype=dtype, **ends)


def step_us(change: Change) -> int | None:
    """The step of a coarsened time in microseconds; None for a number's."""
    try:
        return Duration.parse(change.to or "").us
    except ValueError:
        return None


def _coarsened(change: Change, column: Column, name: str) -> str:
    us = step_us(change)
    if us is None:
        return f"(floor({name} / {change.to}) * {change.to})::{column.dtype}"
    return f"time_bucket(to_microseconds({us}), {name}::TIMESTAMP, TIMESTAMP '1970-01-01')::{column.dtype}"


def _coarsen(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    is_time = column.logical in {"timestamp", "date", "time"}
    if is_time != (step_us(change) is not None) or not (is_time or _is_step(change.to or "")):
        needed = "a duration such as 1 hour" if is_time else "a number such as 10"
        raise UsageError(f"{change.event}.{change.column} can't be coarsened to {change.to}: it takes {needed}")
    if is_time or not isinstance(column.minimum, int | float | Decimal):
        return _with(change, contract, resolution=change.to)
    step = Decimal(change.to or "1")
    return _with(change, contract, resolution=change.to, minimum=Decimal(str(column.minimum)) // step * step - step)


def _is_step(text: str) -> bool:
    try:
        return Decimal(text) > 0
    except InvalidOperation:
        return False


def _rezoned(change: Change, column: Column, name: str) -> str:
    """The same clock reading, said of another zone."""
    was = literal(column.zone or "UTC")
    return f"timezone({literal(change.to)}, timezone({was}, {name}))::{column.dtype}"


def _recoded(change: Change, _: Column, name: str) -> str:
    return f"CASE WHEN {name}::VARCHAR = {literal(change.was)} THEN {literal(change.to)} ELSE {name} END"


def _recode(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    allowed = dict.fromkeys(change.to if str(one) == change.was else one for one in column.allowed)
    return _with(change, contract, allowed=tuple(allowed))


def _pooled(change: Change, _: Column, name: str) -> str:
    values = ", ".join(map(literal, change.by))
    return f"CASE WHEN {name}::VARCHAR IN ({values}) THEN {literal(change.to)} ELSE {name} END"


def _pool(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    allowed = dict.fromkeys(change.to if str(one) in change.by else one for one in column.allowed)
    return _with(change, contract, allowed=tuple(allowed))


def _pool_words(change: Change) -> str:
    values = ", ".join(map(literal, change.by))
    return f"pool {change.event}.{change.column} {values} into {literal(change.to)}"


def _value_added(change: Change, contract: Contract, relation: str) -> str:
    name = quoted(_column(contract, change.column or "").name)
    value = f"CASE WHEN {_some(contract)} THEN {literal(change.to)} ELSE {name} END"
    return f"SELECT * REPLACE ({value} AS {name}) FROM {relation}"


def _add_value(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    return _with(change, contract, allowed=(*column.allowed, change.to) if column.allowed else ())


def _value_removed(change: Change, contract: Contract, relation: str) -> str:
    """Where a null may stand in its place it does; else the row doesn't come."""
    column = _column(contract, change.column or "")
    name = quoted(column.name)
    if column.required or column.key:
        return f"SELECT * FROM {relation} WHERE {name}::VARCHAR IS DISTINCT FROM {literal(change.was)}"
    kept = f"CASE WHEN {name}::VARCHAR <> {literal(change.was)} THEN {name} END"
    return f"SELECT * REPLACE ({kept} AS {name}) FROM {relation}"


def _remove_value(change: Change, contract: Contract) -> Contract:
    column = _column(contract, change.column or "")
    return _with(change, contract, allowed=tuple(one for one in column.allowed if str(one) != change.was))


def _blank(change: Change, contract: Contract) -> Contract:
    """Without its values nothing tells rows apart that they told apart: of a column of the key the key goes too."""
    column = _column(contract, change.column or "")
    told = replace(contract, quality=_rules_without(contract, column.name))
    if column.key is not None:
        told = replace(told, columns=tuple(replace(one, key=None, required=True) if one.key is not None else one
                                           for one in told.columns))  # fmt: skip
    return _with(change, told, required=False, unique=False, key=None, blank=True)


def _blanked(change: Change, contract: Contract, relation: str) -> str:
    column = _column(contract, change.column or "")
    return f"SELECT * REPLACE (NULL::{column.dtype} AS {quoted(column.name)}) FROM {relation}"


def _nulled(change: Change, contract: Contract, relation: str) -> str:
    name = quoted(_column(contract, change.column or "").name)
    return f"SELECT * REPLACE (CASE WHEN NOT ({_some(contract)}) THEN {name} END AS {name}) FROM {relation}"


# -- rows


def share(change: Change) -> float:
    text = (change.to or "").strip()
    number = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    if not 0 < number <= 1:
        raise UsageError(f"a sample of {text} is none: write a share such as 10%")
    return number


def _sampled(change: Change, contract: Contract, relation: str) -> str:
    names = contract.key or tuple(column.name for column in contract.columns)
    return (
        f"SELECT * FROM {relation} "
        f"WHERE hash({', '.join(map(quoted, names))}) % 1000000 < {round(share(change) * 1_000_000)}"
    )


def _delay(change: Change, contract: Contract) -> Contract:
    return later(contract, Duration.parse(change.to or "").us)


def later(contract: Contract, us: int) -> Contract:
    """Everything of the event is known so many microseconds later, sooner where that is below 0; without an
    availability of its own, than its time.
    """
    more = f"to_microseconds({us})"
    known = contract.available or (quoted(contract.time.name) if contract.time else None)
    columns = tuple(
        replace(one, available=f"({one.available}) + {more}") if one.available else one for one in contract.columns
    )
    return replace(contract, columns=columns, available=f"({known}) + {more}" if known else None)


def _thinned(change: Change, contract: Contract, relation: str) -> str:
    """The first row of each key and step, in the order of the event's key."""
    us = Duration.parse(change.to or "").us
    time = contract.time
    if time is None:
        raise UsageError(f"{contract.name} has no time: no row of it is the first of a stretch of time")
    stretch = f"epoch_us({quoted(time.name)}) // {us}"
    first = ", ".join(map(quoted, dict.fromkeys([time.name, *contract.key])))
    keys = ", ".join([*map(quoted, change.by), stretch])
    return f"SELECT * FROM {relation} QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {first}) = 1"


def _told(pattern: str) -> Callable[[Change], str]:
    def words(change: Change) -> str:
        column = f"{change.event}.{change.column}" if change.column else change.event
        by = ", ".join(change.by)
        return pattern.format(c=column, e=change.event, to=change.to, was=change.was, by=by)

    return words


KINDS: Mapping[str, Kind] = {
    "drop": Kind(_told("drop {c}"), _drop, _dropped),
    "rename": Kind(_told("rename {c} to {to}"), lambda c, k: _with(c, k, name=c.to), _renamed),
    "retype": Kind(
        _told("retype {c} to {to}"),
        _retype,
        _replaced(_told_otherwise),
    ),
    "nullable": Kind(_told("nullable {c}"), lambda c, k: _with(c, k, required=False), _nulled),
    "blank": Kind(_told("blank {c}"), _blank, _blanked),
    "require": Kind(_told("require {c}"), lambda c, k: _with(c, k, required=True), _unchanged),
    "rescale": Kind(_told("rescale {c} from {was} to {to}"), _rescale, _replaced(_rescaled)),
    "coarsen": Kind(_told("coarsen {c} to {to}"), _coarsen, _replaced(_coarsened)),
    "rezone": Kind(_told("rezone {c} to {to}"), lambda c, k: _with(c, k, zone=c.to), _replaced(_rezoned)),
    "recode": Kind(_told("recode {c} '{was}' to '{to}'"), _recode, _replaced(_recoded)),
    "pool": Kind(_pool_words, _pool, _replaced(_pooled)),
    "add value": Kind(_told("add value {c} '{to}'"), _add_value, _value_added),
    "remove value": Kind(_told("remove value {c} '{was}'"), _remove_value, _value_removed),
    "sample": Kind(_told("sample {e} to {to}"), lambda c, k: replace(k, sampling=k.sampling * share(c)), _sampled),
    "delay": Kind(_told("delay {e} by {to}"), _delay, _unchanged),
    "thin": Kind(_told("thin {e} to 1 per {by} per {to}"), lambda _, k: k, _thinned),
    "add": Kind(_told("add {c} {to}"), _add, _added),
    "reclassify": Kind(_told("reclassify {c} to {to}"), lambda c, k: _with(c, k, classification=c.to), _unchanged),
    **{
        kind: Kind(_told(words), lambda _, k: k, _unchanged)
        for kind, words in {
            "rekey": "rekey {e} by {by}",
            "refine": "refine {c} to {to}",
            "rebound": "rebound {c}",
            "reschedule": "reschedule {c}",
            "latency": "latency of {e} from {was} to {to}",
            "frequency": "frequency of {e} from {was} to {to}",
            "reword": "reword {c}",
            "regrain": "a row of {e} is '{to}', was '{was}'",
        }.items()
    },
    "reown": Kind(_told("reown {e} to {to}"), lambda c, k: replace(k, owner=c.to), _unchanged),
}

_NAME = r'("[^"]+"|[A-Za-z_][\w$]*)'
_AT = rf"{_NAME}\.{_NAME}"
_TEXT = r"'((?:[^']|'')*)'"
_TEXTS = r"'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*"
_PHRASES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("add value", rf"add\s+value\s+{_AT}\s+{_TEXT}", ("event", "column", "to")),
    ("remove value", rf"remove\s+value\s+{_AT}\s+{_TEXT}", ("event", "column", "was")),
    ("drop", rf"drop\s+{_AT}", ("event", "column")),
    ("rename", rf"rename\s+{_AT}\s+to\s+{_NAME}", ("event", "column", "to")),
    ("retype", rf"retype\s+{_AT}\s+to\s+(.+)", ("event", "column", "to")),
    ("nullable", rf"nullable\s+{_AT}", ("event", "column")),
    ("blank", rf"blank\s+{_AT}", ("event", "column")),
    ("require", rf"require\s+{_AT}", ("event", "column")),
    ("rescale", rf"rescale\s+{_AT}\s+from\s+(\S+)\s+to\s+(\S+)", ("event", "column", "was", "to")),
    ("coarsen", rf"coarsen\s+{_AT}\s+to\s+(.+)", ("event", "column", "to")),
    ("rezone", rf"rezone\s+{_AT}\s+to\s+(\S+)", ("event", "column", "to")),
    ("recode", rf"recode\s+{_AT}\s+{_TEXT}\s+to\s+{_TEXT}", ("event", "column", "was", "to")),
    ("pool", rf"pool\s+{_AT}\s+({_TEXTS})\s+into\s+{_TEXT}", ("event", "column", "by", "to")),
    ("sample", rf"sample\s+{_NAME}\s+to\s+([\d.]+\s*%?)", ("event", "to")),
    ("delay", rf"delay\s+{_NAME}\s+by\s+(.+)", ("event", "to")),
    ("thin", rf"thin\s+{_NAME}\s+to\s+1\s+per\s+(.+?)\s+per\s+(.+)", ("event", "by", "to")),
    ("reclassify", rf"reclassify\s+{_AT}\s+to\s+(\S+)", ("event", "column", "to")),
    ("reown", rf"reown\s+{_NAME}\s+to\s+(\S+)", ("event", "to")),
    ("add", rf"add\s+{_AT}\s+(.+)", ("event", "column", "to")),
)


def read_change(phrase: str) -> Change:
    """A change from its words. Raises UsageError that shows how they are said.

    >>> str(read_change("coarsen departure.sched_dep to 1 hour"))
    'coarsen departure.sched_dep to 1 hour'
    >>> read_change("recode ride.status 'done' to 'finished'").was
    'done'
    >>> read_change("pool ride.zone 'Chelsea', 'St George''s' into 'Manhattan'").by
    ('Chelsea', "St George's")
    """
    for kind, pattern, names in _PHRASES:
        found = re.fullmatch(pattern, phrase.strip(), flags=re.IGNORECASE)
        if found:
            told = dict(zip(names, found.groups(), strict=True))
            by = _listed(told.pop("by", ""))
            return Change(kind, by=by, **{name: _plain(text) for name, text in told.items()})
    known = [kind for kind, *_ in _PHRASES]
    verb = phrase.strip().split(" ")[0]
    raise UsageError(f"{phrase!r} is no change{nearest(verb, known)}; write one such as {EXAMPLES}")


def _listed(text: str) -> tuple[str, ...]:
    """Names apart by commas, or texts in quotes, which may hold some."""
    quoted_texts = re.findall(_TEXT, text)
    if quoted_texts:
        return tuple(one.replace("''", "'") for one in quoted_texts)
    return tuple(_plain(one) for one in text.split(",") if one.strip())


def _plain(text: str) -> str:
    return text.strip().strip('"').replace("''", "'")


EXAMPLES = (
    "'drop ride.tip', 'coarsen ride.started to 1 hour', 'rescale ride.fare from EUR to EUR_cent', 'sample ride to 10%'"
)
