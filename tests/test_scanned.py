"""`balun scan`: rows against all that is promised of them, and nothing is made."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import balun as bl
from balun.chain.sql_table import read_table
from balun.cli import balun
from balun.errors import ProjectError, UsageError
from balun.scanned import Scanned

_PLACE = """apiVersion: v3.1.0
kind: DataContract
id: place
version: 1.0.0
status: active
team: {name: maps}
servers: [{server: files, type: local, path: data/place.csv, format: csv}]
schema:
  - name: place
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
"""
_READING = """apiVersion: v3.1.0
kind: DataContract
id: reading
version: 1.0.0
status: active
team: {name: weather}
servers: [{server: files, type: local, path: data/reading.parquet, format: parquet}]
slaProperties:
  - {property: latency, value: 1, unit: h}
schema:
  - name: reading
    quality:
      - {name: enough rows, metric: rowCount, mustBeGreaterThan: 3}
      - {name: stations, metric: duplicateValues, arguments: {properties: [station]}, mustBeLessThan: 9}
    properties:
      - {name: station, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1,
         relationships: [{type: foreignKey, to: place.id}]}
      - {name: seen, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2,
         customProperties: [{property: resolution, value: 1 h}]}
      - {name: temp, logicalType: number, customProperties: [{property: unit, value: degC}]}
      - {name: sky, logicalType: string, enum: [{value: clear}, {value: rain}]}
"""
_TABLE = """/* owner: data
   key: [station, seen]
   units: {temp: degC}
   promises:
     temp: {minimum: -60, exclusiveMaximum: 60}
     sky: {enum: [clear, rain], maxLength: 4}
     station: {references: place.id}
*/
SELECT station, seen, temp, sky FROM reading
"""
_PYTHON = """import pyarrow as pa
import balun as bl


@bl.table(reads="reading", columns={"station": "BIGINT", "temp": "DOUBLE"}, owner="data", promises={promises})
def warm(reading: pa.Table) -> pa.Table:
    return reading.select(["station", "temp"])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "balun.toml": 'name = "weather"\nzone = "UTC"\n',
        "contracts/place.odcs.yaml": _PLACE,
        "contracts/reading.odcs.yaml": _READING,
        "tables/reported.sql": _TABLE,
        "tables/warm.py": _PYTHON.replace("{promises}", '{"temp": {"maximum": 25}, "station": {"unique": True}}'),
        "data/place.csv": "id\n1\n2\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    _write(
        tmp_path / "data" / "reading.parquet", [(1, 0, 10.0, "clear"), (1, 1, 20.0, "rain"), (2, 0, 30.0, "clear")] * 2
    )
    return tmp_path


def _write(file: Path, rows: list[tuple[int | None, int, float | None, str | None]], minute: int = 0) -> None:
    columns = list(zip(*rows, strict=True))
    times = [datetime(2024, 5, 1, hour, minute, tzinfo=UTC) for hour in columns[1]]
    kinds = (pa.int64(), pa.timestamp("us", "UTC"), pa.float64(), pa.string())
    arrays = [pa.array(one, kind) for one, kind in zip([columns[0], times, *columns[2:]], kinds, strict=True)]
    pq.write_table(pa.table(arrays, ["station", "seen", "temp", "sky"]), file)
    written = datetime(2024, 5, 1, 1, 30, tzinfo=UTC).timestamp()
    os.utime(file, (written, written))


def _broken(found: Scanned) -> dict[str, int | None]:
    return {one.says: one.broken for one in found.checks if one.broken != 0}


def test_every_kind_of_check_counts_the_rows_that_break_it(project: Path) -> None:
    _run_clean(project)
    rows = [
        (1, 0, 10.0, "clear"),
        (1, 0, 11.0, "rain"),  # its key again
        (None, 0, 10.0, "clear"),
        (2, 1, -300.0, "fog"),  # colder than can be, under no known sky
        (7, 1, None, None),  # no such place
    ]
    today = project / "today.parquet"
    _write(today, rows, minute=5)
    found = bl.load(project).scan("reading", data=[today], now=datetime(2024, 5, 1, 3, tzinfo=UTC))
    assert (found.rows, found.failing, found.files) == (5, 5, ("today.parquet",))
    assert _broken(found) == {
        "station must not be null, as part of the key": 1,
        "sky must be one of clear, rain": 1,
        "station, seen must be unique": 1,
        "temp must be possible: nothing is colder than -273.15 degC": 1,
        "seen must be on steps of 1 h": 5,
        "station must be found in place (id)": 1,
        "enough rows": 1,
        "the newest seen must be no older than 1 h": 1,
    }
    assert {one.owner for one in found.checks} == {"weather"}


def _run_clean(project: Path) -> None:
    _write(
        project / "data" / "reading.parquet", [(1, 0, 10.0, "clear"), (1, 1, 20.0, "rain"), (2, 0, 30.0, "clear")] * 2
    )
    bl.load(project).run()


def test_before_a_run_references_are_not_asked_and_nothing_is_made(project: Path) -> None:
    found = bl.load(project).scan("reading")
    said = next(one for one in found.checks if one.rule == "reference-missing")
    assert (said.broken, said.failed, said.note) == (None, False, "place has no rows yet: balun run makes them")
    assert not (project / ".balun").exists()


def test_clean_columns_are_proved_by_the_footer(project: Path) -> None:
    found = bl.load(project).scan("reading")
    proved = {one.says for one in found.checks if one.proved}
    assert {"seen must not be null, as part of the key", "station must be BIGINT"} <= proved
    assert "sky must be one of clear, rain" not in proved


def test_failing_rows_are_written_with_their_reasons(project: Path) -> None:
    _write(project / "data" / "reading.parquet", [(1, 0, 10.0, "fog"), (1, 1, 10.0, "rain"), (1, 1, -300.0, "rain")])
    out = project / "failing.parquet"
    bl.load(project).scan("reading", failing=out)
    rows = pq.read_table(out).to_pylist()
    assert [(row["source_row"], row["kind"], row["temp"]) for row in rows] == [
        (1, "quarantined", "10.0"),
        (3, "duplicate", "-300.0"),
    ]
    assert rows[0]["reasons"] == ["value-unknown: sky must be one of clear, rain"]
    assert [one.split(":")[0] for one in rows[1]["reasons"]] == ["duplicate-key", "value-impossible"]


def test_freshness_goes_by_the_newest_files_time_unless_a_clock_is_given(project: Path) -> None:
    def fresh(now: datetime | None) -> tuple[int | None, str]:
        found = bl.load(project).scan("reading", now=now)
        return next((one.broken, one.note) for one in found.checks if one.rule == "rows-stale")

    assert fresh(None) == (0, "30.0 min old by when the newest file was written")
    assert fresh(datetime(2024, 5, 3, tzinfo=UTC)) == (1, "2.0 days old by the clock given")


def test_a_tables_rows_are_held_against_its_promises(project: Path) -> None:
    _run_clean(project)
    found = bl.load(project).scan("reported", profile=True)
    assert _broken(found) == {"sky must have at most 4 characters": 2}
    assert "station must be found in place (id)" in {one.says for one in found.checks}
    assert found.profile is not None
    assert found.profile.rows == 3


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ("place.idd", "place has no column idd (did you mean id?)"),
        ("plac.id", "there is no plac in this project (did you mean place?)"),
    ],
)
def test_a_reference_that_leads_nowhere_is_not_asked(project: Path, target: str, note: str) -> None:
    file = project / "tables" / "reported.sql"
    file.write_text(file.read_text().replace("place.id", target))
    _run_clean(project)
    found = bl.load(project).scan("reported")
    assert [(one.broken, one.note) for one in found.checks if one.rule == "reference-missing"] == [(None, note)]


def test_nan_is_more_than_any_maximum(project: Path) -> None:
    _run_clean(project)
    file = project / "today.parquet"
    _write(file, [(1, 0, float("nan"), "rain"), (1, 1, 5.0, "rain")])
    found = bl.load(project).scan("reported", data=[file])
    assert _broken(found)["temp must be less than 60"] == 1


def test_run_tests_what_tables_in_sql_and_python_promise(project: Path) -> None:
    report = bl.load(project).run()
    said = [one.message for one in report.findings if one.rule == "promise-broken"]
    assert said == [
        "reported breaks its promise: sky must have at most 4 characters, and isn't in 2 of 3 rows",
        "warm breaks its promise: station must be unique, and repeats another row's in 1 of 3 rows",
        "warm breaks its promise: temp must be at most 25, and isn't in 1 of 3 rows",
    ]


def test_a_promise_that_a_columns_type_cant_hold_is_told(project: Path) -> None:
    file = project / "tables" / "reported.sql"
    whole = file.read_text()
    file.write_text(whole.replace("temp: {minimum: -60, exclusiveMaximum: 60}", "temp: {minimum: cold}"))
    with pytest.raises(ProjectError, match="temp is promised against cold, which can't be read as DOUBLE"):
        bl.load(project).run()
    file.write_text(whole.replace("temp: {minimum: -60, exclusiveMaximum: 60}", "temp: {maxLength: 3, pattern: '.*'}"))
    report = bl.load(project).run()
    assert "temp must have at most 3 characters, and isn't in 3 of 3 rows" in report.findings[1].message


def test_a_changed_promise_is_tested_anew(project: Path) -> None:
    bl.load(project).run()
    file = project / "tables" / "reported.sql"
    file.write_text(file.read_text().replace("maxLength: 4", "maxLength: 5"))
    report = bl.load(project).run()
    assert [one.step for one in report.outcomes if one.made] == ["table:reported"]
    assert not [one for one in report.findings if "reported" in one.message]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("temp: {minimun: 1}", "did you mean minimum"),
        ("temp: {minimum: 5, maximum: 1}", "no value of temp can be"),
        ("sky: {pattern: '['}", "pattern of sky must be a regular expression"),
        ("sky: {maxLength: -1}", "maxLength of sky must be a whole number"),
        ("sky: clear", "what sky promises must be words"),
        ("hum: {minimum: 0}", "promises names hum, and there is no such column"),
    ],
)
def test_a_wrong_promise_is_told_with_its_line(project: Path, written: str, said: str) -> None:
    file = project / "tables" / "reported.sql"
    file.write_text(file.read_text().replace("sky: {enum: [clear, rain], maxLength: 4}", written), encoding="utf-8")
    with pytest.raises(ProjectError, match=said):
        _ = bl.load(project).supply


def test_words_of_yaml_that_look_like_others_are_texts(tmp_path: Path) -> None:
    file = tmp_path / "a.sql"
    file.write_text(
        "/* promises:\n     a: {enum: [no, 1, 1.50, '1', 007, true]}\n     b: {minimum: 12:30} */ SELECT 1 AS a, 2 AS b"
    )
    told = {one.column: one.told for one in read_table(file, tmp_path).promises}
    assert told == {"a": (("enum", ("no", 1, 1.5, "1", "007", True)),), "b": (("minimum", "12:30"),)}


def test_wrong_words_of_a_python_table_are_told(project: Path) -> None:
    (project / "tables" / "warm.py").write_text(_PYTHON.replace("{promises}", '{"temp": {"max": 25}}'))
    with pytest.raises(ProjectError, match="max can't be promised"):
        bl.load(project)


def test_a_table_without_rows_and_other_nodes_are_refused(project: Path) -> None:
    with pytest.raises(UsageError, match="run the project first"):
        bl.load(project).scan("reported")
    with pytest.raises(UsageError, match="one format"):
        bl.load(project).scan("reading", data=[project / "data" / "place.csv", project / "data" / "reading.parquet"])


def test_command_tells_what_fails_by_its_exit_status(project: Path) -> None:
    asked = CliRunner().invoke(balun, ["-C", str(project), "scan", "reading", "--json"])
    told = json.loads(asked.stdout)
    assert (asked.exit_code, told["rows"], told["failing"]) == (1, 6, 3)
    shown = CliRunner().invoke(balun, ["-C", str(project), "scan", "reading", "--profile"])
    assert "station, seen must be unique" in shown.stdout
    assert "most frequent" in shown.stdout
    _write(
        project / "data" / "reading.parquet",
        [(1, 0, 9.0, "clear"), (1, 1, 9.0, "rain"), (2, 1, 3.0, "rain"), (2, 0, 1.0, None)],
    )
    assert CliRunner().invoke(balun, ["-C", str(project), "scan", "reading"]).exit_code == 0
