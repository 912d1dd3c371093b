"""What `balun init` drafts from data: good contracts, and such as accept the data they were drafted from."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import balun as bl
from balun.chain.contract import Column, Contract, Files
from balun.chain.odcs import read_contracts
from balun.draft import Drafted, draft
from balun.engine import Engine
from balun.errors import ProjectError, UsageError
from balun.scan import Collected, collect

_SHARED = Path(__file__).parents[2] / "shared" / "data"
_PROPERTY = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))


def a_file(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file


def contracts(folder: Path, zone: str = "UTC") -> dict[str, Contract]:
    found = sorted((folder / "contracts").glob("*.yaml"))
    return {one.name: one for file in found for one in read_contracts(file, folder, zone)}


def drafted(folder: Path, text: str, name: str = "ride.csv") -> Contract:
    """The contract drafted from a file of its own."""
    (item,) = draft([a_file(folder, name, text)], folder)
    return contracts(folder)[item.event]


def column(folder: Path, values: list[str], name: str = "x") -> Column:
    """The column drafted from a CSV file of these values, beside a number for each."""
    return drafted(folder, f"nr,{name}\n" + "".join(f"{nr},{value}\n" for nr, value in enumerate(values))).column(name)


def scanned(folder: Path, zone: str = "UTC") -> Iterator[Collected]:
    """What a run makes of the events of all contracts in the folder."""
    with Engine(threads=1) as engine, TemporaryDirectory() as work:
        for contract in contracts(folder, zone).values():
            yield collect(engine, contract, folder, zone, Path(work) / "kept", Path(work) / "quarantine")


def accepts(folder: Path, zone: str = "UTC") -> None:
    """Each contract takes all rows of its own data, and nothing in it is found wanting."""
    for one in scanned(folder, zone):
        assert one.reasons == (), one.event
        assert (one.kept, one.broken) == (one.collected, ()), one.event


# --- types of text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "logical", "dtype"),
    [
        (["1", "-20", "3"], "integer", "BIGINT"),
        (["1", "99999999999999999999"], "integer", "HUGEINT"),
        (["1", "2.5", "1e3"], "number", "DOUBLE"),
        (["1.0", "2.0"], "number", "DOUBLE"),
        (["1.0", "2.0", "NA"], "integer", "BIGINT"),
        (["01234", "12345"], "string", "VARCHAR"),
        (["+4912345", "+4923456"], "string", "VARCHAR"),
        (["1_000", "2_000"], "string", "VARCHAR"),
        (["true", "False"], "boolean", "BOOLEAN"),
        (["Y", "N", ""], "boolean", "BOOLEAN"),
        (["N", "N"], "string", "VARCHAR"),
        (["0", "1"], "integer", "BIGINT"),
        (["2024-02-29", "2024-03-01"], "date", "DATE"),
        (["2024-02-30", "2024-03-01"], "string", "VARCHAR"),
        (["23:59", "07:00:01"], "time", "TIME"),
        (["2024-02-29T10:00:00Z", "2024-03-01 10:00:00+02"], "timestamp", "TIMESTAMP WITH TIME ZONE"),
        (["infinity", "1"], "string", "VARCHAR"),
        (["nan", "1.5"], "number", "DOUBLE"),
        (["", ""], "string", "VARCHAR"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else value,
)
def test_type_of_text(tmp_path: Path, values: list[str], logical: str, dtype: str) -> None:
    found = column(tmp_path, values)
    assert (found.logical, found.dtype) == (logical, dtype)
    accepts(tmp_path)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["13/02/2024", "01/02/2024"], "%d/%m/%Y"),
        (["02/13/2024", "02/01/2024"], "%m/%d/%Y"),
        (["13.2.2024", "1.2.2024"], "%d.%m.%Y"),
        (["13-Feb-2024", "01-Mar-2024"], "%d-%b-%Y"),
        (["13/02/2024 10:30", "01/02/2024 00:00"], "%d/%m/%Y %H:%M"),
        (["2/13/2024 1:30 PM", "2/1/2024 12:00 AM"], "%m/%d/%Y %I:%M %p"),
        (["13/Feb/2024:10:00:00 +0100", "13/Feb/2024:10:00:00 +0000"], "%d/%b/%Y:%H:%M:%S %z"),
    ],
)
def test_time_in_another_format(tmp_path: Path, values: list[str], form: str) -> None:
    found = column(tmp_path, values)
    assert found.time_format == form
    assert found.logical == ("timestamp" if {"%H", "%I"} & set(form.replace(":", " ").split()) else "date")
    accepts(tmp_path)


def test_day_and_month_that_could_be_either_are_marked(tmp_path: Path) -> None:
    column(tmp_path, ["01/02/2024", "03/04/2024"])
    text = (tmp_path / "contracts" / "ride.odcs.yaml").read_text(encoding="utf-8")
    assert "MM/dd/yyyy" in text
    assert "dd/MM/yyyy reads them all too" in text


def test_day_and_month_that_could_be_either_are_read_as_the_shorter_time(tmp_path: Path) -> None:
    values = [f"{day:02}/02/2024" for day in range(1, 12)]
    assert column(tmp_path, values).time_format == "%d/%m/%Y"


def test_zip_codes_stay_text_by_their_name(tmp_path: Path) -> None:
    assert column(tmp_path, ["90210", "10001"], "zip_code").logical == "string"


def test_few_odd_values_keep_a_column_text_and_are_told_of(tmp_path: Path) -> None:
    rows = "".join(f"{nr},{nr or '12 oz'}\n" for nr in range(100))
    (item,) = draft([a_file(tmp_path, "beer.csv", "nr,ounces\n" + rows)], tmp_path)
    assert "ounces is text, since 1 of 100 values can't be read as integer, such as '12 oz'" in item.notes


def test_null_marker_that_keeps_a_number_from_being_read(tmp_path: Path) -> None:
    contract = drafted(tmp_path, "ride,km,country\n1,-,NO\n2,3.5,NA\n")
    assert isinstance(contract.source, Files)
    assert contract.source.null == ("", "-")
    assert (contract.column("km").logical, contract.column("km").required) == ("number", False)
    assert contract.column("country").required
    text = (tmp_path / "contracts" / "ride.odcs.yaml").read_text(encoding="utf-8")
    assert 'value: ["", "-"]  # guess: these stand for null in every column' in text
    accepts(tmp_path)


def test_time_without_a_zone_is_read_in_the_projects_unless_it_skipped_it(tmp_path: Path) -> None:
    a_file(tmp_path, "balun.toml", 'name = "x"\nzone = "America/New_York"\n')
    text = "ride,started,ended\n1,2024-03-10 01:30:00,2024-03-10 02:30:00\n2,2024-03-11 01:30:00,2024-03-11 02:30:00\n"
    draft([a_file(tmp_path, "ride.csv", text)], tmp_path)
    ride = contracts(tmp_path, "America/New_York")["ride"]
    assert (ride.column("started").zone, ride.column("ended").zone) == ("America/New_York", "UTC")
    accepts(tmp_path, "America/New_York")


# --- what the rows show ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "resolution"), [(86_400, "1 d"), (3_600, "1 h"), (900, "15 min"), (60, "1 min"), (7, "1 s")]
)
def test_resolution_is_the_coarsest_step(tmp_path: Path, seconds: int, resolution: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    values = [(start + timedelta(seconds=seconds * nr)).isoformat() for nr in range(5)]
    assert column(tmp_path, values).resolution == resolution


def test_resolution_of_prices(tmp_path: Path) -> None:
    assert column(tmp_path, [f"{nr * 1.37:.2f}" for nr in range(60)], "price").resolution == "0.01"


def test_few_words_seen_often_are_all_there_are(tmp_path: Path) -> None:
    found = column(tmp_path, ["open", "paid", "sent"] * 40, "status")
    assert found.allowed == ("open", "paid", "sent")


def test_word_seen_once_means_there_are_others(tmp_path: Path) -> None:
    assert column(tmp_path, [*["open", "paid"] * 60, "lost"], "status").allowed == ()


def test_bounds_leave_room(tmp_path: Path) -> None:
    found = column(tmp_path, ["-43", "17", "1301"], "late")
    assert (found.minimum, found.maximum) == (-50, 2000)
    text = (tmp_path / "contracts" / "ride.odcs.yaml").read_text(encoding="utf-8")
    assert "maximum: 2000  # guess: the greatest seen is 1301" in text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("wait_ms", "millisecond"),
        ("fare_usd", "USD"),
        ("delay_minutes", "minute"),
        ("temp_f", "degF"),
        ("temp_min", None),
        ("amount_cents", "USD_cent"),
        ("weight_kg", "kg"),
        ("pct", "percent"),
        ("distanceKm", "km"),
        ("km", "km"),
    ],
)
def test_unit_from_a_name(tmp_path: Path, name: str, unit: str | None) -> None:
    assert column(tmp_path, ["1", "2"], name).unit == unit


# --- keys and references --------------------------------------------------------------------------------------------


def key_of(folder: Path, header: str, rows: list[str]) -> tuple[str, ...]:
    return drafted(folder, "\n".join([header, *rows]) + "\n").key


def test_key_of_one_column_is_named_like_one(tmp_path: Path) -> None:
    assert key_of(tmp_path, "amount,ride_id", [f"{nr},{nr + 5}" for nr in range(50)]) == ("ride_id",)


def test_key_of_several_columns(tmp_path: Path) -> None:
    rows = [f"{nr % 10},2024-01-{nr // 10 + 1:02},{nr % 7}" for nr in range(200)]
    assert key_of(tmp_path, "gauge,day,level", rows) == ("gauge", "day")


def test_no_key_where_rows_repeat(tmp_path: Path) -> None:
    (item,) = draft([a_file(tmp_path, "ride.csv", "a,b\n" + "1,2\n" * 30)], tmp_path)
    assert item.key == ()
    accepts(tmp_path)


def test_no_key_of_numbers_with_decimals_or_measures(tmp_path: Path) -> None:
    assert key_of(tmp_path, "km,price", [f"{nr}.5,{nr}" for nr in range(50)]) == ()


def test_id_that_almost_is_a_key_is_told_of(tmp_path: Path) -> None:
    rows = "".join(f"{max(nr, 1)},{nr % 3}\n" for nr in range(100))
    (item,) = draft([a_file(tmp_path, "ride.csv", "ride_id,kind\n" + rows)], tmp_path)
    assert "ride_id would be the key, but in 1 row it repeats an earlier one's" in item.notes


def test_other_keys_are_told_of(tmp_path: Path) -> None:
    rows = "".join(f"A{nr},name {nr}\n" for nr in range(30))
    (item,) = draft([a_file(tmp_path, "carrier.csv", "code,name\n" + rows)], tmp_path)
    assert item.key == ("code",)
    assert "as good a key: (name)" in item.notes


def test_reference_by_name_and_by_text(tmp_path: Path) -> None:
    ports = "faa,lat\n" + "".join(f"{chr(65 + nr)}PT,{nr}.5\n" for nr in range(20))
    planes = "id,seats\n" + "".join(f"{nr},100\n" for nr in range(30))
    legs = "leg_id,origin,plane_id,seats\n" + "".join(
        f"{nr},{chr(65 + nr % 9)}PT,{nr % 30},{nr % 25}\n" for nr in range(90)
    )
    files = [
        a_file(tmp_path, f"{name}.csv", text) for name, text in [("port", ports), ("planes", planes), ("leg", legs)]
    ]
    draft(files, tmp_path)
    leg = contracts(tmp_path)["leg"]
    assert {one.name: one.references for one in leg.columns if one.references} == {
        "origin": ("port.faa",),
        "plane_id": ("planes.id",),
    }


def test_reference_that_misses_some_rows_is_told_of(tmp_path: Path) -> None:
    planes = "tailnum,seats\n" + "".join(f"N{nr},100\n" for nr in range(30))
    legs = "leg_id,tailnum\n" + "".join(f"{nr},N{nr % 40}\n" for nr in range(80))
    files = [a_file(tmp_path, "planes.csv", planes), a_file(tmp_path, "leg.csv", legs)]
    notes = {item.event: item.notes for item in draft(files, tmp_path, owner="me")}
    assert "tailnum looks like planes.tailnum, which has 75.00 % of its rows' values" in notes["leg"]


def test_arrival_beside_a_rows_own_time_is_told_of(tmp_path: Path) -> None:
    rows = "".join(f"{nr},2024-01-01T00:{nr:02}:00Z,2024-01-01T00:{nr:02}:30Z\n" for nr in range(30))
    (item,) = draft([a_file(tmp_path, "ride.csv", "id,created_at,ingested_at\n" + rows)], tmp_path)
    assert any("half of them over 30 s later" in note and "available: ingested_at" in note for note in item.notes)


# --- files ----------------------------------------------------------------------------------------------------------


def packed(name: str, data: bytes) -> bytes:
    if name.endswith(".gz"):
        return gzip.compress(data)
    if name.endswith(".zst"):
        return bytes(pa.compress(data, codec="zstd", asbytes=True))
    if name.endswith(".zip"):
        into = io.BytesIO()
        with zipfile.ZipFile(into, "w") as held:
            held.writestr("inner", data)
        return into.getvalue()
    return data


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,km\n1,2\n2,3\n"),
        ("a.tsv", "id\tkm\n1\t2\n2\t3\n"),
        ("a.csv.gz", "id;km\n1;2\n2;3\n"),
        ("a.csv.zip", "id|km\n1|2\n2|3\n"),
        ("a.tsv.zst", "id\tkm\n1\t2\n2\t3\n"),
        ("a.jsonl", '{"id": 1, "km": 2}\n{"id": 2}\n'),
        ("a.json.gz", '[{"id": 1, "km": 2}, {"id": 2, "km": 3}]'),
    ],
)
def test_files_of_each_kind(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(packed(name, text.encode()))
    (item,) = draft([Path()], tmp_path)
    assert (item.event, item.rows, item.columns) == ("a", 2, 2)
    assert contracts(tmp_path)["a"].column("km").logical == "integer"
    accepts(tmp_path)


def test_nested_json_stays_json(tmp_path: Path) -> None:
    lines = (
        '{"id": 1, "at": "2024-01-01T00:00:00Z", "tags": ["a"], "by": {"x": 1}, "zip": "01"}\n{"id": 2, "more": 1.5}\n'
    )
    found = drafted(tmp_path, lines, "click.jsonl")
    assert {one.name: one.logical for one in found.columns} == {
        "id": "integer",
        "at": "timestamp",
        "tags": "array",
        "by": "object",
        "zip": "string",
        "more": "number",
    }
    accepts(tmp_path)


def test_file_without_a_header(tmp_path: Path) -> None:
    found = drafted(tmp_path, "1,2024-01-01\n2,2024-01-02\n")
    assert [one.name for one in found.columns] == ["column1", "column2"]
    accepts(tmp_path)


def test_files_that_differ_by_a_date_are_one_event(tmp_path: Path) -> None:
    for month in ("2024-01", "2024-02"):
        a_file(tmp_path, f"data/ride_{month}.csv", f"id,km\n{month[-1]},2\n")
    a_file(tmp_path, "data/ride_2024-03.csv", "id,miles\n1,2\n")
    names = {item.event: item.rows for item in draft([Path("data")], tmp_path)}
    assert sorted(names.values()) == [1, 2]
    both = next(one for one in contracts(tmp_path).values() if len(one.columns) == 2 and one.columns[1].name == "km")
    assert isinstance(both.source, Files)
    assert both.source.paths == ("data/ride_2024-01.csv", "data/ride_2024-02.csv")
    accepts(tmp_path)


def test_folders_of_parts_are_one_glob(tmp_path: Path) -> None:
    for day in (1, 2):
        for part in (0, 1):
            a_file(tmp_path, f"clicks/day={day}/part-0000{part}.csv", f"id,n\n{day}{part},2\n")
    (item,) = draft([tmp_path], tmp_path)
    source = contracts(tmp_path)[item.event].source
    assert isinstance(source, Files)
    assert (item.event, item.rows, source.paths) == ("clicks", 4, ("clicks/day=*/part-*.csv",))
    accepts(tmp_path)


def test_folder_search_leaves_out_what_is_no_data(tmp_path: Path) -> None:
    a_file(tmp_path, "ride.csv", "id,km\n1,2\n")
    for name in (".balun/a.csv", "contracts/b.csv", ".venv/c.csv", "node_modules/d.json", "package.json", "notes.txt"):
        a_file(tmp_path, name, '{\n"name": 1}\n')
    assert [item.event for item in draft([Path()], tmp_path, force=True)] == ["ride"]


def test_paths_outside_the_project_are_whole(tmp_path: Path) -> None:
    file = a_file(tmp_path, "elsewhere/a [1] {x}.csv", "id,km\n1,2\n")
    (tmp_path / "project").mkdir()
    draft([file], tmp_path / "project")
    (found,) = contracts(tmp_path / "project").values()
    assert isinstance(found.source, Files)
    assert Path(found.source.paths[0]).parent == tmp_path / "elsewhere"
    accepts(tmp_path / "project")


def test_names_that_no_contract_can_carry_are_left_out(tmp_path: Path) -> None:
    (item,) = draft([a_file(tmp_path, "a.csv", "id,, b,x,x,ID\n1,2,3,4,5,6\n2,3,4,5,6,7\n")], tmp_path)
    assert item.columns == 1
    assert item.notes[0] == "left out, since no contract can carry them: '', ' b', 'x' and 1 more"
    accepts(tmp_path)


def test_balun_toml_is_written_once(tmp_path: Path) -> None:
    file = a_file(tmp_path / "trips", "a.csv", "id,km\n1,2\n")
    draft([file], tmp_path / "trips")
    toml = tmp_path / "trips" / "balun.toml"
    assert toml.read_text(encoding="utf-8") == 'name = "trips"\nzone = "UTC"\n'
    toml.write_text('name = "mine"\n', encoding="utf-8")
    draft([file], tmp_path / "trips", force=True)
    assert toml.read_text(encoding="utf-8") == 'name = "mine"\n'


# --- faults ---------------------------------------------------------------------------------------------------------


def test_contract_in_the_way_is_not_written_over(tmp_path: Path) -> None:
    file = a_file(tmp_path, "ride.csv", "id,km\n1,2\n")
    draft([file], tmp_path, owner="me")
    with pytest.raises(UsageError, match=r"contracts/ride.odcs.yaml would be written over"):
        draft([file], tmp_path)
    assert contracts(tmp_path)["ride"].owner == "me"
    draft([file], tmp_path, force=True)
    assert contracts(tmp_path)["ride"].owner is None


def test_event_that_another_file_declares_is_refused(tmp_path: Path) -> None:
    draft([a_file(tmp_path, "ride.csv", "id,km\n1,2\n")], tmp_path)
    (tmp_path / "contracts" / "ride.odcs.yaml").rename(tmp_path / "contracts" / "mine.yaml")
    with pytest.raises(UsageError, match=r"ride of ride.csv is also contracts/mine.yaml"):
        draft([tmp_path / "ride.csv"], tmp_path)


def test_all_missing_paths_are_named_with_the_nearest(tmp_path: Path) -> None:
    a_file(tmp_path, "orders.csv", "id\n1\n")
    with pytest.raises(UsageError) as caught:
        draft([Path("order.csv"), Path("x/*.csv"), Path("orders.csv")], tmp_path)
    assert "there is no file or folder order.csv (did you mean orders.csv?)" in str(caught.value)
    assert "no data file matches x/*.csv" in str(caught.value)


def test_folder_without_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no data file in"):
        draft([Path()], tmp_path)


def test_all_unreadable_files_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    a_file(tmp_path, "good.csv", "id,km\n1,2\n")
    a_file(tmp_path, "empty.csv", "")
    a_file(tmp_path, "broken.parquet", "PAR1 and no more")
    a_file(tmp_path, "cut.csv.gz", "no gzip")
    with pytest.raises(ProjectError) as caught:
        draft([Path()], tmp_path)
    found = {finding.place.file: finding.rule for finding in caught.value.findings}
    assert found == {"broken.parquet": "file-unreadable", "cut.csv.gz": "file-unreadable", "empty.csv": "data-empty"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.parquet", "cut.csv.gz", "empty.csv", "good.csv"]


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "id,km\n"), ("a.json", "[1, 2]"), ("a.jsonl", "\n\n"), ("a.json", "{")]
)
def test_file_without_rows(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(ProjectError, match=name):
        draft([a_file(tmp_path, name, text)], tmp_path)
    assert not (tmp_path / "contracts").exists()


def test_where_one_file_cant_be_written_none_is(tmp_path: Path) -> None:
    files = [a_file(tmp_path, "a.csv", "id,km\n1,2\n"), a_file(tmp_path, "b.csv", "id,km\n1,2\n")]
    draft([files[0]], tmp_path, owner="me")
    (tmp_path / "balun.toml").unlink()
    (tmp_path / "contracts" / "b.odcs.yaml").mkdir()
    with pytest.raises(UsageError, match="can't write into"):
        draft(files, tmp_path, owner="you", force=True)
    (tmp_path / "contracts" / "b.odcs.yaml").rmdir()
    assert contracts(tmp_path)["a"].owner == "me"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "b.csv", "contracts"]


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_folder_that_cant_be_written(tmp_path: Path) -> None:
    file = a_file(tmp_path, "ride.csv", "id,km\n1,2\n")
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="can't write into"):
        draft([file], tmp_path)


def test_rows_that_no_contract_can_accept_are_told_of(tmp_path: Path) -> None:
    (item,) = draft([a_file(tmp_path, "ride.csv", "id,km\n1,2\n2\n3,4\n")], tmp_path)
    assert item.notes[0] == "1 line with fields missing: `balun run` sets these rows aside"
    (one,) = scanned(tmp_path)
    assert (one.collected, one.kept, one.quarantined) == (3, 2, 1)


# --- properties: what was drafted accepts what it was drafted from ----------------------------------------------------

_ODD = st.text(st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\x00"), max_size=6)
_TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.isoformat(" "))  # noqa: DTZ001
_VALUES: tuple[st.SearchStrategy[str], ...] = (
    st.integers(-5, 300).map(str),
    st.integers(-(10**40), 10**40).map(str),
    st.floats().map(str),
    st.decimals(-99, 99, places=2, allow_nan=False).map(str),
    st.sampled_from(["true", "false", "True", "t", "f", "yes", "no", "Y", "N", "1", "0"]),
    st.dates().map(str),
    st.dates().map(lambda day: f"{day.day}/{day.month}/{day.year}"),
    st.dates().map(lambda day: day.strftime("%Y%m%d")),
    _TIMES,
    _TIMES.map(lambda text: f"{text}+05:30"),
    st.times().map(str),
    st.sampled_from(
        ["01", "007", "1e5", "0x10", "1_0", "١", " 7", "7 ", "-", "+1", ".5", "5.", "inf", "NaN", "2024-1-1"]
    ),
    st.sampled_from(["EWR", "JFK", "LGA"]),
    _ODD,
)
_NULLS = st.sampled_from(["", "", "NA", "null", "N/A", "-", " ", "\\N", "?"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header, and rows of messy text."""
    header = draw(
        st.lists(
            st.sampled_from(["id", "a", "day", "temp_f", "at", "b c", "zip", "naïve"]) | _ODD, min_size=2, max_size=5
        )
    )
    count = draw(st.integers(1, 40))
    columns = []
    for _ in header:
        pools = draw(st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2))
        some = st.one_of(*pools, *([_NULLS] if draw(st.booleans()) else []))
        pool = draw(st.lists(some, min_size=1, max_size=draw(st.sampled_from([2, 40]))))
        columns.append([pool[nr % len(pool)] for nr in range(count)])
    return header, [list(row) for row in zip(*columns, strict=True)]


@_PROPERTY
@given(
    tables(),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_messy_csv_is_accepted(
    table: tuple[list[str], list[list[str]]], delimiter: str, quoting: Any, zone: str
) -> None:
    header, rows = table
    with TemporaryDirectory() as name:
        folder = Path(name)
        a_file(folder, "balun.toml", f'zone = "{zone}"\n')
        with (folder / "a.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n")
            writer.writerows([header, *rows])
        try:
            (item,) = draft([folder / "a.csv"], folder)
        except ProjectError as exc:
            assert {finding.rule for finding in exc.findings} <= {"name-unusable", "data-empty"}  # noqa: PT017
            return
        told = any("sets these rows aside" in note for note in item.notes)
        for one in scanned(folder, zone):
            assert one.broken == ()
            assert told or one.kept == one.collected, one.reasons
            assert {reason.rule for reason in one.reasons} <= {"fields-missing", "fields-surplus", "quotes-broken"}


_ARROW = st.sampled_from(
    [
        pa.int8(),
        pa.int64(),
        pa.uint64(),
        pa.float32(),
        pa.float64(),
        pa.bool_(),
        pa.string(),
        pa.date32(),
        pa.time64("us"),
        pa.timestamp("us"),
        pa.timestamp("ns"),
        pa.timestamp("ms", "UTC"),
        pa.decimal128(5, 2),
        pa.decimal128(38, 30),
        pa.list_(pa.int32()),
        pa.struct([("x y", pa.string())]),
        pa.binary(),
        pa.null(),
        pa.duration("s"),
        pa.dictionary(pa.int8(), pa.string()),
    ]
)


def _of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_integer(kind):
        low = 0 if pa.types.is_unsigned_integer(kind) else -(2 ** (kind.bit_width - 1))
        return st.integers(low, low + 2**kind.bit_width - 1) | st.integers(0, 3)
    if pa.types.is_floating(kind):
        return st.floats(width=kind.bit_width, allow_nan=False, allow_infinity=False) | st.sampled_from([0.5, 0.25])
    if pa.types.is_decimal(kind):
        most = Decimal(10) ** (kind.precision - kind.scale) - 1
        return st.decimals(-most, most, places=2)
    if pa.types.is_timestamp(kind):
        return st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
    plain: dict[pa.DataType, st.SearchStrategy[Any]] = {
        pa.bool_(): st.booleans(),
        pa.string(): st.one_of(*_VALUES),
        pa.date32(): st.dates(),
        pa.time64("us"): st.times(),
        pa.list_(pa.int32()): st.lists(st.integers(0, 3), max_size=2),
        pa.binary(): st.binary(max_size=3),
        pa.null(): st.none(),
        pa.duration("s"): st.integers(0, 10**6).map(lambda count: timedelta(seconds=count)),
    }
    if pa.types.is_struct(kind):
        return st.fixed_dictionaries({"x y": st.text("ab'\"", max_size=2)})
    return plain.get(kind, st.sampled_from(["EWR", "JFK"]))


@st.composite
def arrow_tables(draw: st.DrawFn) -> pa.Table:
    names = draw(
        st.lists(
            st.sampled_from(["id", "a", "day", "temp_f", "filename", "Created_at", 'q"t']),
            min_size=1,
            max_size=5,
            unique=True,
        )
    )
    count = draw(st.integers(1, 40))
    arrays = []
    for _ in names:
        kind = draw(_ARROW)
        values = st.none() | _of(kind) if draw(st.booleans()) else _of(kind)
        pool = draw(st.lists(values, min_size=1, max_size=draw(st.sampled_from([2, 40]))))
        arrays.append(pa.array([pool[nr % len(pool)] for nr in range(count)], kind))
    return pa.table(dict(zip(names, arrays, strict=True)))


@_PROPERTY
@given(arrow_tables(), st.sampled_from(["UTC", "America/New_York"]))
def test_parquet_of_any_type_is_accepted(table: pa.Table, zone: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        a_file(folder, "balun.toml", f'zone = "{zone}"\n')
        pq.write_table(table, folder / "a.parquet")
        try:
            draft([folder / "a.parquet"], folder)
        except ProjectError as exc:
            assert {finding.rule for finding in exc.findings} == {"name-unusable"}  # noqa: PT017
            return
        accepts(folder, zone)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.one_of(*_VALUES),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_ODD, inner, max_size=2),
    max_leaves=3,
)


@_PROPERTY
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "a", "at", "x/y", "~"]) | _ODD, _JSON, max_size=4),
        min_size=1,
        max_size=12,
    )
)
def test_json_of_any_kind_is_accepted(records: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        a_file(folder, "a.jsonl", "".join(json.dumps(record) + "\n" for record in records))
        try:
            draft([folder / "a.jsonl"], folder)
        except ProjectError as exc:
            assert {finding.rule for finding in exc.findings} <= {"name-unusable", "data-empty"}  # noqa: PT017
            return
        accepts(folder)


# --- real data ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not _SHARED.is_dir(), reason="the data isn't here")
@pytest.mark.parametrize(
    "files",
    [
        "nycflights13/*.parquet",
        "nycflights13/*/*2016*",
        "nyc_taxi_2018_2020",
        "open_bandit/*_men.parquet",
        "dirty/*_dirty*",
    ],
)
def test_real_data_is_accepted(files: str, tmp_path: Path) -> None:
    items = {item.event: item for item in draft([_SHARED / files], tmp_path)}
    accepts(tmp_path)
    if "flights" in items:
        _are_the_flights(items, contracts(tmp_path))


def _are_the_flights(items: dict[str, Drafted], found: dict[str, Contract]) -> None:
    assert items["flights"].key == ("carrier", "flight", "time_hour")
    assert items["weather"].key == ("origin", "time_hour")
    assert found["flights"].column("carrier").references == ("airlines.carrier",)
    assert found["flights"].column("origin").allowed == ("EWR", "JFK", "LGA")
    assert found["weather"].column("time_hour").resolution == "1 h"


def test_run_after_init_finds_nothing(tmp_path: Path) -> None:
    a_file(
        tmp_path,
        "ride.csv",
        "id,started,km\n" + "".join(f"{nr},2024-01-01T00:{nr:02}:00Z,{nr}.5\n" for nr in range(40)),
    )
    draft([Path("ride.csv")], tmp_path, owner="rides")
    report = bl.load(tmp_path).run()
    assert report.findings == ()
