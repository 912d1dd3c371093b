"""Which changes to try: every kind that fits, on every captured column, with values that its rows hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from balun.chain.change import Change, factor
from balun.chain.contract import Column, Contract
from balun.chain.duration import Duration
from balun.errors import UsageError
from balun.quoting import quoted

_STEPS = ("1 s", "1 min", "15 min", "1 h", "6 h", "1 d")
# What a unit may be told in besides: the first that is of its dimension and another.
_UNITS = (
    "second", "minute", "hour", "meter", "kilometer", "mile", "gram", "kilogram", "kelvin", "degree_Fahrenheit",
    "pascal", "hectopascal", "percent", "inch", "mile/hour", "meter/second", "liter", "watt", "joule", "byte",
)  # fmt: skip
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE")
_NEW = "balun_new"


@dataclass(frozen=True)
class Held:
    """What the rows of an event hold. rows, others: SQL for FROM that reads its rows, and those of other events."""

    connection: duckdb.DuckDBPyConnection
    rows: str
    others: Mapping[str, Contract]

    def any_null(self, column: Column) -> bool:
        asked = f"SELECT EXISTS (SELECT 1 FROM {self.rows} WHERE {quoted(column.name)} IS NULL)"
        return bool(self.connection.execute(asked).fetchall()[0][0])

    def spread(self, column: Column) -> float | None:
        name = quoted(column.name)
        found = self.connection.execute(f"SELECT max({name}) - min({name}) FROM {self.rows}").fetchall()[0][0]
        return None if found is None else float(found)

    def common(self, column: Column) -> list[str]:
        """The values that come most often, those first that events with a column of that name hold too."""
        name = quoted(column.name)
        met = "".join(
            f" + (SELECT count(*) > 0 FROM {rows} AS o WHERE o.{name} = t.value)::INTEGER"
            for rows, other in self.others.items()
            if any(one.name == column.name and one.dtype == "VARCHAR" for one in other.columns)
        )
        counted = (
            f"SELECT value FROM (SELECT {name} AS value, count(*) AS n FROM {self.rows} "
            f"WHERE {name} IS NOT NULL GROUP BY 1) AS t ORDER BY 0 * n{met} DESC, n DESC, value LIMIT 3"
        )
        return [str(value) for (value,) in self.connection.execute(counted).fetchall()]


def trials(contract: Contract, held: Held) -> Iterator[Change]:
    for column in contract.columns:
        yield from _of_column(contract, column, held)
    yield Change("add", contract.name, column=_NEW, to="INTEGER")
    yield Change("sample", contract.name, to="50%")
    yield Change("delay", contract.name, to="1 d")
    by = _thinned_by(contract)
    if contract.time is not None and by is not None:
        yield Change("thin", contract.name, to="1 d", by=(by,))
    yield Change("reown", contract.name, to="somebody-else")


def _thinned_by(contract: Contract) -> str | None:
    """A part of the key, or else a text that isn't the key: of which there are several rows."""
    parts = contract.key[:1] if len(contract.key) > 1 else ()
    texts = (one.name for one in contract.columns if one.dtype == "VARCHAR" and one.name not in contract.key)
    return next(iter(parts), None) or next(texts, None)


def _of_column(contract: Contract, column: Column, held: Held) -> Iterator[Change]:
    event, name = contract.name, column.name
    yield Change("drop", event, name)
    yield Change("rename", event, name, to=f"{name}_{_NEW}")
    yield from (Change("retype", event, name, to=to) for to in _types(column))
    yield Change("blank", event, name)
    if column.required or column.key:
        yield Change("nullable", event, name)
    elif held.any_null(column):
        yield Change("require", event, name)
    yield Change("reclassify", event, name, to="restricted")
    if column.logical in {"timestamp", "date"}:
        yield from (Change("coarsen", event, name, to=step) for step in _coarser(column))
    if column.logical == "timestamp":
        yield Change("rezone", event, name, to="Asia/Kolkata" if column.zone != "Asia/Kolkata" else "UTC")
    if column.dtype in _NUMBERS or column.dtype.startswith("DECIMAL"):
        yield from _of_number(event, column, held)
    if column.dtype == "VARCHAR":
        yield from _of_text(event, column, held)


def _types(column: Column) -> list[str]:
    if column.dtype in _NUMBERS:
        wider = {"INTEGER": "BIGINT", "SMALLINT": "INTEGER"}.get(column.dtype)
        narrower = "INTEGER" if column.dtype in {"FLOAT", "DOUBLE"} else None
        return [one for one in (wider, narrower, "VARCHAR") if one]
    if column.logical in {"timestamp", "date"}:
        return ["VARCHAR", "DATE"] if column.dtype != "DATE" else ["VARCHAR"]
    return ["BIGINT"] if column.dtype == "VARCHAR" else ["VARCHAR"]


def _coarser(column: Column) -> list[str]:
    known = Duration.parse(column.resolution).us if column.resolution else 0
    fits = [step for step in _STEPS if Duration.parse(step).us > known and (column.logical != "date")]
    return [*dict.fromkeys([*fits[:1], *fits[-2:]])] if fits else ["7 d"]


def _of_number(event: str, column: Column, held: Held) -> Iterator[Change]:
    if column.unit is not None:
        to = next((unit for unit in _units(column.unit) if _fits(event, column, unit)), None)
        if to is not None:
            yield Change("rescale", event, column.name, to=to, was=column.unit)
    spread = held.spread(column)
    step = Decimal(10) if spread is None or spread > 20 else Decimal(2) if spread > 3 else Decimal("0.5")
    if column.dtype not in {"FLOAT", "DOUBLE"} and step != int(step):
        step = Decimal(2)
    yield Change("coarsen", event, column.name, to=str(step))


def _units(unit: str) -> Iterator[str]:
    if len(unit) == 3 and unit.isupper():
        yield f"{unit}_cent"
    if unit.endswith("_cent"):
        yield unit.removesuffix("_cent")
    yield from _UNITS


def _fits(event: str, column: Column, unit: str) -> bool:
    try:
        return factor(Change("rescale", event, column.name, to=unit, was=column.unit)) != 1
    except UsageError:
        return False


def _of_text(event: str, column: Column, held: Held) -> Iterator[Change]:
    found = held.common(column)
    for value in found[:2]:
        yield Change("recode", event, column.name, to=f"{value}_{_NEW}", was=value)
    if len(found) > 1:
        yield Change("recode", event, column.name, to=found[1], was=found[0])
        yield Change("pool", event, column.name, to=f"{found[0]}_{_NEW}", by=tuple(found[:2]))
    yield Change("add value", event, column.name, to=_NEW)
    yield from (Change("remove value", event, column.name, was=value) for value in found[:2])
