"""What footers prove, and what is judged by value, is as if every row had been looked at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from balun.chain.contract import Column, Contract, Files, LogicalType
from balun.engine import Engine
from balun.finding import Place
from balun.quoting import literal
from balun.scan import collect
from balun.scan.constant import constant
from balun.scan.faulty import TABLE, faulty, key_repeats, unique_repeats
from balun.scan.promises import promises
from balun.scan.rows import Rows
from balun.scan.scan import rows_of
from balun.scan.twins import repeated

PLACE = Place("contracts/thing.odcs.yaml", 2)
LONG = "x" * 70
# Of each column of a contract: types that its files may have, and what they hold.
KINDS: dict[tuple[LogicalType, str], list[tuple[pa.DataType, list[Any]]]] = {
    ("integer", "BIGINT"): [
        (pa.int64(), [-9, 0, 1, 2, 5, 2**62]),
        (pa.uint64(), [0, 1, 5, 2**63 + 1]),
        (pa.uint32(), [0, 5, 2**31 + 1]),
        (pa.int8(), [-9, 0, 5]),
        (pa.float64(), [0.0, 1.5, 5.0, math.nan]),
        (pa.string(), ["1", "5", "x", " 7", "10", ""]),
    ],
    ("integer", "INTEGER"): [(pa.int64(), [0, 1, 5, 2**40])],
    ("number", "DOUBLE"): [
        (pa.float64(), [-0.0, 0.0, 0.5, 5.0, 7.25, math.nan, math.inf]),
        (pa.float32(), [0.5, 5.0, math.nan, -math.inf]),
        (pa.int32(), [0, 1, 9]),
        (pa.decimal128(9, 2), [Decimal("0.50"), Decimal("9.00")]),
    ],
    ("number", "DECIMAL(9,2)"): [
        (pa.decimal128(9, 2), [Decimal("-1.00"), Decimal("0.50"), Decimal("9.99")]),
        (pa.decimal128(12, 4), [Decimal("0.5000"), Decimal("0.5001")]),
        (pa.int64(), [0, 9, 2**50]),
    ],
    ("date", "DATE"): [
        (pa.date32(), [date(1, 1, 1), date(2019, 12, 31), date(2020, 1, 1), date(2021, 5, 5)]),
        (pa.timestamp("us"), [datetime(2020, 1, 1), datetime(2020, 6, 1, 5)]),  # noqa: DTZ001
    ],
    ("timestamp", "TIMESTAMP WITH TIME ZONE"): [
        (pa.timestamp("us"), [datetime(2013, 3, 10, 2, 30), datetime(2013, 11, 3, 1, 30)]),  # noqa: DTZ001
        (pa.timestamp("ns", "UTC"), [datetime(2013, 7, 1, tzinfo=UTC), datetime(2014, 7, 1, tzinfo=UTC)]),
        (pa.timestamp("ms", "UTC"), [datetime(2013, 7, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]),
    ],
    ("boolean", "BOOLEAN"): [(pa.bool_(), [True, False])],
    ("string", "UUID"): [
        (pa.string(), ["00000000-0000-0000-0000-000000000000", "a text", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
    ],
    ("string", "VARCHAR"): [
        (pa.string(), ["", "a", "ab", "é", LONG, LONG + "a", LONG + "b", "b"]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", "b"]),
        (pa.int32(), [1, 22]),
    ],
}
BOUNDS: dict[str, list[Any]] = {
    "integer": [None, 0, 1, 5, 0.5],
    "number": [None, 0, 0.5, 5],
    "date": [None, "2020-01-01", "2021-01-01"],
    "timestamp": [None, "2013-07-01T00:00:00Z", "2013-11-03T01:30:00Z"],
}


@st.composite
def columns(draw: st.DrawFn, name: str) -> tuple[Column, pa.DataType, list[Any]]:
    logical, dtype = draw(st.sampled_from(list(KINDS)))
    kind, values = draw(st.sampled_from(KINDS[logical, dtype]))
    bounds = st.sampled_from(BOUNDS.get(logical, [None]))
    is_text = dtype == "VARCHAR"
    column = Column(
        name,
        logical,
        dtype,
        PLACE,
        required=draw(st.booleans()),
        unique=draw(st.integers(0, 5)) == 0,
        key=draw(st.sampled_from([None, None, 1])),
        allowed=draw(st.sampled_from([(), ("a", "b", LONG)])) if is_text else (),
        minimum=draw(bounds),
        maximum=draw(bounds),
        open_minimum=draw(st.booleans()),
        open_maximum=draw(st.booleans()),
        min_length=draw(st.sampled_from([None, 1, 2])) if is_text else None,
        max_length=draw(st.sampled_from([None, 1, 71])) if is_text else None,
        pattern=draw(st.sampled_from([None, "[a-z]*", "x+a?"])) if is_text else None,
    )
    return column, kind, [None, *values]


@st.composite
def cells(draw: st.DrawFn, values: Sequence[Any]) -> list[Any]:
    """In runs, so that many row groups hold one value, or none that is wrong."""
    runs = draw(st.lists(st.tuples(st.sampled_from(values), st.integers(1, 9)), min_size=1, max_size=5))
    found = [value for value, times in runs for _ in range(times)]
    return (found * 24)[:24]


def _broken(engine: Engine, contract: Contract, rows: Rows) -> tuple[set[tuple[Any, ...]], tuple[bool, ...], list[int]]:
    alone = promises(contract, lambda column, value: constant(engine.connection, column, value, "UTC", None))
    repeats = key_repeats(contract), unique_repeats(contract)
    with faulty(engine, rows, contract.columns, alone, *repeats) as found:
        return set(engine.connection.execute(f"FROM {TABLE}").fetchall()), found.proved, list(found.counts())


@settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
@given(st.data())
def test_footers_and_values_tell_what_every_row_tells(data: st.DataObject) -> None:
    drawn = [data.draw(columns(name)) for name in ("a", "b.c", "file_row_number")]
    contract = Contract("thing", None, "1", PLACE, tuple(one for one, _, _ in drawn), None)
    writer = {
        "row_group_size": data.draw(st.sampled_from([2, 5, 24])),
        "write_statistics": data.draw(st.sampled_from([True, True, ["a"], False])),
        "use_dictionary": data.draw(st.booleans()),
    }
    with TemporaryDirectory() as name:
        for file in ("1.parquet", "2.parquet"):
            arrays = [pa.array(data.draw(cells(values)), kind) for _, kind, values in drawn]
            pq.write_table(pa.table(arrays, [one.name for one, _, _ in drawn]), Path(name) / file, **writer)
        contract = replace(contract, source=Files("parquet", ("*.parquet",), PLACE))
        with Engine(threads=1) as engine:
            rows = rows_of(engine, contract, Path(name), "UTC", Path(name), lambda _: None)
            assert rows.parts
            narrow = _broken(engine, contract, rows)
            whole = _broken(engine, contract, replace(rows, parts=()))
    assert narrow[0] == whole[0]
    assert narrow[2] == whole[2]
    assert all(not count for proved, count in zip(narrow[1], whole[2], strict=True) if proved)


def test_footers_of_duckdb_prove_clean_columns(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    duckdb.sql(
        "COPY (SELECT n AS id, n % 12 + 1 AS month, 'N' || n % 50 AS tail, n / 2.0 AS share FROM range(30000) t(n)) "
        f"TO {literal(str(file))} (FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
    contract = Contract(
        "thing",
        None,
        "1",
        PLACE,
        (
            Column("id", "integer", "BIGINT", PLACE, key=1),
            Column("month", "integer", "BIGINT", PLACE, required=True, minimum=1, maximum=12),
            Column("tail", "string", "VARCHAR", PLACE, required=True, pattern="N[0-9]+"),
        ),
        Files("parquet", (str(file),), PLACE),
    )
    with Engine(threads=1) as engine:
        rows = rows_of(engine, contract, tmp_path, "UTC", tmp_path, lambda _: None)
        alone = promises(contract, lambda _, value: literal(value))
        with faulty(engine, rows, contract.columns, alone, key_repeats(contract), []) as found:
            left = [str(one) for one, proved in zip(found.promises, found.proved, strict=True) if not proved]
            assert not any(found.counts())
    assert left == ["pattern-broken: tail must match N[0-9]+", "duplicate-key: an earlier row has the same id"]


def test_only_row_groups_that_may_hold_faults_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [*range(90), 1000, *range(9)]}), file, row_group_size=10)
    column = Column("a", "integer", "BIGINT", PLACE, maximum=100)
    contract = Contract("thing", None, "1", PLACE, (column,), Files("parquet", (str(file),), PLACE))
    with Engine(threads=1) as engine:
        rows = rows_of(engine, contract, tmp_path, "UTC", tmp_path, lambda _: None)
        alone = promises(contract, lambda _, value: literal(value))
        with faulty(engine, rows, contract.columns, alone, [], []):
            assert engine.connection.execute(f"SELECT f, r FROM {TABLE}").fetchall() == [(0, 91)]


@given(
    st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**56, 2**64 - 1]), max_size=60), st.integers(0, 200)
)
@settings(deadline=None, max_examples=20)
def test_repeated_hashes_are_those_that_come_twice(hashes: list[int], held_bytes: int) -> None:
    connection = duckdb.connect()
    connection.register("given", pa.table({"h": pa.array(hashes, pa.uint64())}))
    found = repeated(connection, "SELECT h FROM given", held_bytes)
    assert sorted(found["h"].to_pylist()) == sorted(one for one, times in Counter(hashes).items() if times > 1)


def test_hashes_beyond_memory_wait_in_a_file(tmp_path: Path) -> None:
    connection = duckdb.connect(config={"temp_directory": str(tmp_path / "spill")})
    found = repeated(connection, "SELECT hash(n // 2) AS h FROM range(1200000) t(n)", held_bytes=1_000_000)
    assert found.num_rows == len(np.unique(found["h"].to_numpy())) == 600_000


@pytest.mark.parametrize("rows", [0, 1])
def test_few_hashes_are_no_trouble(rows: int) -> None:
    assert repeated(duckdb.connect(), f"SELECT hash(n) AS h FROM range({rows}) t(n)").num_rows == 0


def test_nan_beside_one_value_alone_is_found(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [5.0, math.nan, 5.0]}), tmp_path / "a.parquet")
    column = Column("a", "number", "DOUBLE", PLACE, minimum=0)
    contract = Contract("thing", None, "1", PLACE, (column,), Files("parquet", ("a.parquet",), PLACE))
    with Engine(threads=1) as engine:
        found = collect(engine, contract, tmp_path, "UTC", tmp_path / "kept.parquet", tmp_path / "aside.parquet")
    assert [(one.rule, one.rows) for one in found.reasons] == [("value-unreadable", 1)]
    assert pq.read_table(tmp_path / "kept.parquet")["a"].to_pylist() == [5.0, 5.0]
