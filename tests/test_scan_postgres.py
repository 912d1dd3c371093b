"""A Postgres table is read by ADBC, from a real server, with each type as it is; what fails says so without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from balun.chain.contract import Column, Contract, LogicalType, Postgres
from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Place
from balun.scan import Collected, collect
from postgres_server import PASSWORD, Server, programs, server

PLACE = Place("contracts/ride.odcs.yaml", 5)
BIN = programs()
pytestmark = [
    pytest.mark.skipif(BIN is None, reason="no Postgres that this user can start"),
    pytest.mark.xdist_group("postgres"),
]
ADBC = pytest.importorskip("adbc_driver_postgresql.dbapi")


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    assert BIN is not None
    with server(BIN) as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        given(started, "CREATE TYPE mood AS ENUM ('glad', 'sad')")
        yield started


def given(running: Server, *statements: str) -> None:
    with ADBC.connect(f"postgresql://owner@127.0.0.1:{running.port}/postgres") as connection:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        connection.commit()


def contract(running: Server, table: str, *columns: Column, **source: Any) -> Contract:
    postgres = Postgres("127.0.0.1", "postgres", table, PLACE, running.port, user="owner")
    return Contract("ride", "fleet", "1.0.0", PLACE, columns, replace(postgres, **source))


def column(name: str, logical: LogicalType, dtype: str, **promised: Any) -> Column:
    return Column(name, logical, dtype, PLACE, **promised)


def collected(folder: Path, contract: Contract) -> Collected:
    with Engine() as engine:
        found = collect(engine, contract, folder, "Europe/Berlin", folder / "kept", folder / "aside")
    assert found.collected == found.kept + found.quarantined + found.duplicates
    return found


def refused(folder: Path, contract: Contract) -> str:
    with pytest.raises(ProjectError) as caught:
        collected(folder, contract)
    said = str(caught.value)
    assert PASSWORD not in said
    assert "wrong-9" not in said
    assert caught.value.findings[0].owner == "fleet"
    return said


KINDS: list[tuple[str, LogicalType, str, str, object]] = [
    ("smallint", "integer", "SMALLINT", "7", 7),
    ("integer", "integer", "INTEGER", "-7", -7),
    ("bigint", "integer", "BIGINT", "9223372036854775807", 2**63 - 1),
    ("numeric(20,4)", "number", "DECIMAL(20,4)", "1234567890123456.7891", Decimal("1234567890123456.7891")),
    ("numeric", "number", "DOUBLE", "0.5", 0.5),
    ("real", "number", "FLOAT", "0.25", 0.25),
    ("double precision", "number", "DOUBLE", "0.1", 0.1),
    ("boolean", "boolean", "BOOLEAN", "true", True),
    ("text", "string", "VARCHAR", "'Zoë, \"a\"\n'", 'Zoë, "a"\n'),
    ("varchar(3)", "string", "VARCHAR", "'abc'", "abc"),
    ("date", "date", "DATE", "'2024-02-29'", date(2024, 2, 29)),
    ("timestamp", "timestamp", "TIMESTAMP WITH TIME ZONE", "'2024-07-01 12:00'", datetime(2024, 7, 1, 10, tzinfo=UTC)),
    (
        "timestamptz",
        "timestamp",
        "TIMESTAMP WITH TIME ZONE",
        "'2024-07-01 12:00:00.000001-04'",
        datetime(2024, 7, 1, 16, 0, 0, 1, tzinfo=UTC),
    ),
    ("json", "object", "JSON", """'{"a": [1, null]}'""", '{"a": [1, null]}'),
    ("jsonb", "object", "JSON", """'{"a": [1, null]}'""", '{"a": [1, null]}'),
    ("interval", "string", "VARCHAR", "'1 day 02:00'", "1 day 02:00:00"),
    ("inet", "string", "VARCHAR", "'10.0.0.1/24'", "10.0.0.1/24"),
    ("mood", "string", "VARCHAR", "'glad'", "glad"),
    ("money", "number", "DECIMAL(9,2)", "1.23::numeric", Decimal("1.23")),
    ("oid", "integer", "BIGINT", "4294967295", 4294967295),
    ("time", "time", "TIME", "'12:00:01'", time(12, 0, 1)),
    ("integer[]", "array", "INTEGER[]", "'{1,null}'", [1, None]),
    ("numeric[]", "array", "JSON", "'{1.50}'", '["1.50"]'),
    (
        "uuid",
        "string",
        "VARCHAR",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
]


@pytest.mark.parametrize(("kind", "logical", "dtype", "written", "value"), KINDS, ids=[kind[0] for kind in KINDS])
def test_each_type_comes_as_it_is_and_null_as_null(
    tmp_path: Path, running: Server, kind: str, logical: LogicalType, dtype: str, written: str, value: object
) -> None:
    given(running, "DROP TABLE IF EXISTS one", f"CREATE TABLE one (id int, x {kind})")
    given(running, f"INSERT INTO one VALUES (2, NULL), (1, {written})")
    key = column("id", "integer", "BIGINT", key=1)
    assert collected(tmp_path, contract(running, "one", key, column("x", logical, dtype))).kept == 2
    assert pq.read_table(tmp_path / "kept").column("x").to_pylist() == [value, None]


def test_promises_are_held_against_the_table(tmp_path: Path, running: Server) -> None:
    given(
        running,
        "CREATE TABLE rides (id int, fare numeric(9,2), came timestamp)",
        "INSERT INTO rides SELECT i, i, '2024-01-01' FROM generate_series(1, 5000) i",
        "INSERT INTO rides VALUES (7, 1, '2024-01-01'), (6001, NULL, '2024-01-01'), (6002, -1, '2024-03-31 02:30')",
    )
    fare = column("fare", "number", "DECIMAL(9,2)", required=True, minimum=0)
    came = column("came", "timestamp", "TIMESTAMP WITH TIME ZONE")
    found = collected(tmp_path, contract(running, "rides", column("id", "integer", "BIGINT", key=1), fare, came))
    assert (found.collected, found.kept, found.quarantined, found.duplicates) == (5003, 5000, 2, 1)
    rows = pq.read_table(tmp_path / "aside").to_pylist()
    assert {row["source_file"] for row in rows} == {"127.0.0.1/postgres/public.rides"}
    rules = {row["id"]: [reason.split(":")[0] for reason in row["reasons"]] for row in rows}
    assert rules == {"7": ["duplicate-key"], "6001": ["value-null"], "6002": ["value-low", "time-nonexistent"]}


@pytest.mark.parametrize(
    ("kind", "written", "dtype"),
    [
        ("numeric", "'NaN'", "DECIMAL(9,2)"),
        ("numeric", "1.239", "DECIMAL(9,2)"),
        ("double precision", "'Infinity'", "DOUBLE"),
        ("date", "'infinity'", "DATE"),
        ("timestamptz", "'-infinity'", "TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_what_the_type_cannot_hold_is_set_aside(
    tmp_path: Path, running: Server, kind: str, written: str, dtype: str
) -> None:
    given(running, "DROP TABLE IF EXISTS odd", f"CREATE TABLE odd (x {kind})", f"INSERT INTO odd VALUES ({written})")
    logical: LogicalType = "date" if dtype == "DATE" else "timestamp" if dtype.startswith("TIME") else "number"
    assert collected(tmp_path, contract(running, "odd", column("x", logical, dtype))).quarantined == 1


def test_server_can_be_reached_by_its_socket_and_names_may_be_odd(tmp_path: Path, running: Server) -> None:
    given(running, 'CREATE SCHEMA "odd one"', 'CREATE TABLE "odd one"."a ""b""" ("The Id" int)')
    given(running, 'INSERT INTO "odd one"."a ""b""" VALUES (1)')
    named = column("The Id", "integer", "BIGINT", key=1)
    odd = contract(running, 'a "b"', named, host=running.socket, schema="odd one")
    assert collected(tmp_path, odd).kept == 1


def test_missing_column_is_named(tmp_path: Path, running: Server) -> None:
    given(running, "DROP TABLE IF EXISTS short", "CREATE TABLE short (ids int)", "INSERT INTO short VALUES (1)")
    said = refused(tmp_path, contract(running, "short", column("id", "integer", "BIGINT", key=1)))
    assert "has no column id (did you mean ids?)" in said


def test_empty_table_is_refused(tmp_path: Path, running: Server) -> None:
    given(running, "CREATE TABLE nothing (id int)")
    assert "data-empty" in refused(tmp_path, contract(running, "nothing", column("id", "integer", "BIGINT")))


ID = column("id", "integer", "BIGINT")


def test_missing_table_is_refused(tmp_path: Path, running: Server) -> None:
    assert 'relation "public.ridez" does not exist' in refused(tmp_path, contract(running, "ridez", ID))


def test_missing_database_is_refused(tmp_path: Path, running: Server) -> None:
    assert 'database "opz" does not exist' in refused(tmp_path, contract(running, "rides", ID, database="opz"))


def test_wrong_password_is_refused_and_not_shown(
    tmp_path: Path, running: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong-9")
    said = refused(tmp_path, contract(running, "rides", ID))
    assert "password authentication failed" in said
    assert "PGPASSWORD or ~/.pgpass" in said


def test_server_that_is_down_is_refused(tmp_path: Path, running: Server) -> None:
    said = refused(tmp_path, contract(running, "rides", ID, port=1))
    assert "can't read public.rides of postgres on 127.0.0.1:1" in said
    assert "refused" in said
