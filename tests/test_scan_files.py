"""Files as they come: packed, globbed, cut short, empty, changed. Each is accounted for, or refused in words."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import faults
from balun.chain.contract import Column, Contract, Files
from balun.engine import Engine
from balun.errors import ProjectError
from balun.finding import Place
from balun.scan import Collected, collect

PLACE = Place("contracts/click.odcs.yaml", 4)
COLUMNS = (Column("id", "integer", "BIGINT", PLACE, key=1), Column("word", "string", "VARCHAR", PLACE))
TEXT = b"id,word\n1,a\n2,b\n"


def collected(folder: Path, *paths: str, columns: tuple[Column, ...] = COLUMNS, **source: Any) -> Collected:
    files = Files(source.pop("format", "csv"), paths, PLACE, **source)
    contract = Contract("click", "web", "1.0.0", PLACE, columns, files)
    with Engine() as engine:
        found = collect(engine, contract, folder, "UTC", folder / "kept", folder / "aside")
    assert found.collected == found.kept + found.quarantined + found.duplicates
    return found


def words(folder: Path) -> list[tuple[object, object]]:
    kept = pq.read_table(folder / "kept")
    return list(zip(kept.column(0).to_pylist(), kept.column(1).to_pylist(), strict=True))


def reasons(folder: Path) -> list[str]:
    return [reason.split(":")[0] for row in pq.read_table(folder / "aside").to_pylist() for reason in row["reasons"]]


def refused(folder: Path, *paths: str, **source: Any) -> str:
    with pytest.raises(ProjectError) as caught:
        collected(folder, *paths, **source)
    finding = caught.value.findings[0]
    assert finding.owner == "web"
    assert finding.mend
    return f"{finding.rule}: {finding.message}"


def zipped(folder: Path, **files: bytes) -> None:
    with zipfile.ZipFile(folder / "a.csv.zip", "w") as out:
        for name, data in files.items():
            out.writestr(name, data)


def test_gz_zst_and_zip_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "b.csv.zst").write_bytes(pa.compress(b"id,word\n3,c\n", "zstd", asbytes=True))
    zipped(tmp_path, inner=b"id,word\n4,d\n")
    assert collected(tmp_path, "a.csv.gz", "b.csv.zst", "a.csv.zip").kept == 4
    assert words(tmp_path) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_packed_json_lines_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1, "word": "a"}\n\n{"id": 2, "word": null}\n'))
    assert collected(tmp_path, "a.jsonl.gz", format="json").kept == 2
    assert words(tmp_path) == [(1, "a"), (2, None)]


def test_zip_of_two_files_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path, one=TEXT, two=TEXT)
    assert "a .zip must hold one file; this one holds 2" in refused(tmp_path, "a.csv.zip")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.csv.zip"])
def test_packed_file_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    text = b"id,word\n" + b"".join(b"%d,%x\n" % (row, row * 2_654_435_761 % 2**32) for row in range(50_000))
    zipped(tmp_path, inner=text)
    packed = {"gz": gzip.compress, "zst": lambda text: pa.compress(text, "zstd", asbytes=True)}
    data = packed[name[6:]](text) if name[6:] in packed else (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    assert refused(tmp_path, name).startswith(f"file-unreadable: {name} can't be read as csv: ")


def test_what_is_no_gz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(TEXT)
    assert "Not a gzipped file" in refused(tmp_path, "a.csv.gz")


def test_glob_reads_files_by_name_and_none_twice(tmp_path: Path) -> None:
    for name in ("b", "a", "[c]"):
        (tmp_path / f"{name}.csv").write_bytes(b"id,word\n%d,%s\n" % (ord(name[0]), name.encode()))
    assert collected(tmp_path, "*.csv", "a.csv").kept == 3
    assert [word for _, word in words(tmp_path)] == ["[c]", "a", "b"]


def test_files_may_order_their_columns_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    (tmp_path / "b.csv").write_bytes(b"other,word,ID\nx,c,3\n")
    assert collected(tmp_path, "*.csv").extra == ("other",)
    assert words(tmp_path) == [(1, "a"), (2, "b"), (3, "c")]


def test_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + TEXT)
    assert collected(tmp_path, "a.csv").kept == 2


@pytest.mark.parametrize("code", ["utf-16", "utf-32"])
def test_utf_16_is_refused(tmp_path: Path, code: str) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT.decode().encode(code))
    assert "it is UTF-16 or UTF-32, and must be UTF-8" in refused(tmp_path, "a.csv")


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_each_kind_of_line_end_is_known(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT.replace(b"\n", end).removesuffix(end))
    assert collected(tmp_path, "a.csv").kept == 2
    assert words(tmp_path) == [(1, "a"), (2, "b")]


def test_planted_faults_are_found_behind_windows_line_ends(tmp_path: Path) -> None:
    whole = faults.rows(2_000, 2)
    planted = faults.plant(whole, 0.05, 2)
    faults.write(tmp_path / "orders", whole, planted, "csv", end=b"\r\n")
    with Engine() as engine:
        found = collect(engine, faults.contract("orders"), tmp_path, "UTC", tmp_path / "kept", tmp_path / "aside")
    assert (found.kept, found.quarantined + found.duplicates) == (1_900, 100)
    assert reasons(tmp_path) == [one.fault.rule for one in planted.values()]


def test_quoted_line_ends_stay_in_their_field(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,word\n1,"two\nlines, ""and"" more"\n2,b\n')
    collected(tmp_path, "a.csv")
    assert words(tmp_path) == [(1, 'two\nlines, "and" more'), (2, "b")]


def test_huge_line_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,word\n1," + b"x" * 20_000_000 + b'\n2,"b"\n')
    assert collected(tmp_path, "a.csv").kept == 2
    assert [len(str(word)) for _, word in words(tmp_path)] == [20_000_000, 1]


def test_bytes_of_latin_1_set_their_row_aside(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,word\n1,a\n2,Stra\xdfe\n")
    assert collected(tmp_path, "a.csv").quarantined == 1
    assert reasons(tmp_path) == ["bytes-broken"]


def test_many_open_quotes_take_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,word\n"a\n' + b'b","c\n' * 50_000)
    assert collected(tmp_path, "a.csv").collected == 50_001


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    assert refused(tmp_path, "a.csv") == "data-empty: a.csv is empty: there are no rows of click"


@pytest.mark.parametrize(("name", "data"), [("a.csv", b"id,word\n"), ("a.json", b"\n"), ("a.json", b"[]")])
def test_file_without_rows_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert refused(tmp_path, name, format=name[2:]).startswith("data-empty: a.")


def test_empty_file_beside_others_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    (tmp_path / "b.csv").write_bytes(b"id,word\n")
    (tmp_path / "c.csv").write_bytes(TEXT)
    assert collected(tmp_path, "*.csv").collected == 2


def test_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,word,word\n1,a,b\n")
    assert refused(tmp_path, "a.csv") == "column-twice: a.csv has more than one column word"


def test_missing_column_is_named_with_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,words\n1,a\n")
    assert refused(tmp_path, "a.csv") == "column-missing: a.csv has no column word (did you mean words?)"


def test_file_without_a_header_has_the_contracts_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1;a\n2;b;c\n")
    assert collected(tmp_path, "a.csv", header=False, delimiter=";").kept == 1
    assert reasons(tmp_path) == ["fields-surplus"]


@pytest.mark.parametrize(("path", "said"), [("b.csv", "b.csv doesn't exist (did you mean a.csv?)"), ("*.tsv", "*.tsv")])
def test_missing_file_is_refused(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    assert said in refused(tmp_path, path)


def test_each_run_sees_the_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    assert collected(tmp_path, "a.csv").kept == 2
    (tmp_path / "a.csv").write_bytes(TEXT + b"3,c\n3,d\n")
    assert (collected(tmp_path, "a.csv").kept, len(words(tmp_path))) == (3, 3)


def test_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(TEXT)
    contract = Contract("click", "web", "1.0.0", PLACE, COLUMNS, Files("csv", ("a.csv",), PLACE))

    def append(_: str) -> None:
        file.write_bytes(file.read_bytes() + b"3,c\n")

    with Engine() as engine, pytest.raises(ProjectError, match=r"a\.csv changed while it was read"):
        collect(engine, contract, tmp_path, "UTC", tmp_path / "kept", tmp_path / "aside", append)


@pytest.mark.parametrize("at", [0.1, 0.5, 0.999])
def test_spoilt_parquet_is_refused(tmp_path: Path, at: float) -> None:
    table = pa.table({"id": list(range(50_000)), "word": [str(row * 2_654_435_761 % 2**32) for row in range(50_000)]})
    pq.write_table(table, tmp_path / "a.parquet", compression="snappy")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    start = int(at * len(data))
    data[start : start + 400] = b"\xff" * len(data[start : start + 400])
    (tmp_path / "a.parquet").write_bytes(data)
    assert refused(tmp_path, "a.parquet", format="parquet").startswith("file-unreadable: ")


def test_parquet_of_another_kind_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [[1]], "word": ["a"]}), tmp_path / "a.parquet")
    said = "column-retyped: id must be BIGINT; in a.parquet it is BIGINT[]"
    assert refused(tmp_path, "a.parquet", format="parquet") == said


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("ns", "UTC"), pa.timestamp("us"), pa.string()])
def test_times_are_cut_to_the_microsecond_and_never_rounded_up(tmp_path: Path, kind: pa.DataType) -> None:
    last = pa.array([1_577_836_799_999_999_999], pa.timestamp("ns"))
    last = pa.array(["2019-12-31 23:59:59.999999999"]) if kind == pa.string() else last.cast(kind, safe=False)
    pq.write_table(pa.table({"seen": last}), tmp_path / "a.parquet")
    seen = Column("seen", "timestamp", "TIMESTAMP WITH TIME ZONE", PLACE, required=True)
    collected(tmp_path, "a.parquet", format="parquet", columns=(seen,))
    assert str(pq.read_table(tmp_path / "kept").column("seen")[0]) == "2019-12-31 23:59:59.999999+00:00"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1234567890123.25", True),
        ('"12345678901234567.25"', True),
        ("12345678901234567.25", False),
        ("12345678901234567", True),
        ("0.1234567890123456789", False),
    ],
)
def test_json_decimals_are_exact_or_set_aside(tmp_path: Path, written: str, kept: bool) -> None:
    (tmp_path / "a.json").write_text(f'{{"sum": {written}}}\n', encoding="utf-8")
    exact = Column("sum", "number", "DECIMAL(38,2)", PLACE, required=True)
    collected(tmp_path, "a.json", format="json", columns=(exact,))
    found = pq.read_table(tmp_path / "kept").column("sum").to_pylist()
    assert [float(one) for one in found] == ([float(written.strip('"'))] if kept else [])


def test_two_signs_are_no_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x\n+-9\n-9\n")
    collected(tmp_path, "a.csv", columns=(Column("x", "number", "DOUBLE", PLACE),))
    assert reasons(tmp_path) == ["value-unreadable"]


def test_pattern_holds_for_numbers_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id\n12\n123\n")
    collected(tmp_path, "a.csv", columns=(Column("id", "integer", "BIGINT", PLACE, pattern="[0-9]{3}"),))
    assert reasons(tmp_path) == ["pattern-broken"]


def test_columns_may_be_named_as_the_quarantines_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"kind,kind_raw,Reasons\nx,y,z\n")
    columns = [Column(name, "string", "VARCHAR", PLACE, max_length=0) for name in ("kind", "kind_raw", "Reasons")]
    collected(tmp_path, "a.csv", columns=tuple(columns))
    (row,) = pq.read_table(tmp_path / "aside").to_pylist()
    assert (row["kind"], row["kind_raw_raw"], row["kind_raw"], row["Reasons_raw"]) == ("quarantined", "x", "y", "z")
    assert len(row["reasons"]) == 3


def test_few_kept_rows_of_several_files_stand_in_the_order_of_the_source(tmp_path: Path) -> None:
    lines = ["0,a", *(f"x,{number}" for number in range(1, 9)), "9,b"]
    for name, held in (("a", lines[:1]), ("b", lines[1:5]), ("c", lines[5:])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["id,word", *held]), encoding="utf-8")
    collected(tmp_path, "*.csv")
    assert words(tmp_path) == [(0, "a"), (9, "b")]
