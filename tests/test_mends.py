"""Mends: dirt that was planted is found, clean rows are let alone, and the SQL does to the rows what is said."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import balun as bl
from balun.cli import balun
from balun.engine import Engine
from balun.errors import UsageError
from balun.mends.asking import rows_to_ask
from balun.mends.detect import doubts
from balun.mends.labels import Labels, read_labels
from balun.mends.mending import Mending, mended
from balun.mends.sheet import Sheet, read_sheet
from balun.mends.sql import Front
from balun.mends.taught import by_column
from shop import write_csv

Table = Mapping[str, Sequence[object]]
_CITIES = (
    "Hamburg", "Bremen", "Leipzig", "Dresden", "Potsdam", "Stuttgart", "Nürnberg", "Augsburg", "Rostock", "Münster",
)  # fmt: skip
_STATES = ("HH", "HB", "SN", "SN", "BB", "BW", "BY", "BY", "MV", "NW")


class Dirty:
    """A table in an engine, and what is said of it."""

    def __init__(self, table: Table, labels: Labels | None = None) -> None:
        self.engine = Engine(threads=1)
        self.engine.connection.register("given", pa.table({name: list(column) for name, column in table.items()}))
        self.engine.connection.execute("CREATE TABLE dirty AS SELECT * FROM given")
        self.names = tuple(table)
        self.found = mended(self.sheet(), Front("me", "Mended.", (), None, self.names), labels=labels)

    def sheet(self) -> Sheet:
        return read_sheet("dirty", "dirty", self.engine)

    def kinds(self) -> set[tuple[str, str | None]]:
        return {(one.kind, one.column) for one in (*self.found.mends, *self.found.unknown)}

    def mend(self, column: str) -> list[object]:
        """The column as the SQL mends it."""
        rows = self.engine.connection.execute(self.found.sql).fetchall()
        return [row[self.names.index(column)] for row in rows]


def _orders(rows: int = 400, seed: int = 1) -> dict[str, list[object]]:
    """Clean: city tells state, and distance, price and the time of arrival are figures of their own."""
    chance = random.Random(seed)
    at = [chance.randrange(len(_CITIES)) for _ in range(rows)]
    start = datetime(2024, 5, 1)  # noqa: DTZ001  # as a table without zones holds it
    minutes = [60 * 24 * (number // 20) + 37 * (number % 20) for number in range(rows)]
    placed = [start + timedelta(hours=7, minutes=one) for one in minutes]
    return {
        "id": [f"K{number:05d}" for number in range(rows)],
        "shop": [f"S{chance.randrange(12):02d}" for _ in range(rows)],
        "city": [_CITIES[one] for one in at],
        "state": [_STATES[one] for one in at],
        "distance": [100 * (one + 1) + chance.randrange(5) for one in at],
        "price": [round(chance.uniform(5, 90), 2) for _ in range(rows)],
        "day": [f"{one:%Y-%m-%d}" for one in placed],
        "placed": list(placed),
        "arrived": [one + timedelta(minutes=chance.randrange(20, 60)) for one in placed],
    }


def _spoilt(column: str, values: Mapping[int, object], rows: int = 400) -> dict[str, list[object]]:
    made = _orders(rows)
    for row, value in values.items():
        made[column][row] = value
    return made


@pytest.mark.parametrize("seed", range(5))
def test_clean_rows_are_let_alone(seed: int) -> None:
    assert Dirty(_orders(seed=seed)).kinds() == set()


def _mends_back(column: str, spoil: Mapping[int, object]) -> Dirty:
    dirty = Dirty(_spoilt(column, spoil))
    right = _orders()[column]
    wrong = [row for row, value in enumerate(dirty.mend(column)) if value != right[row]]
    assert not wrong, [(dirty.mend(column)[row], right[row]) for row in wrong[:3]]
    return dirty


def _each(column: str, step: int, change: object) -> dict[int, object]:
    assert callable(change)
    return {row: change(value) for row, value in enumerate(_orders()[column]) if row % step == 1}


def _slipped(text: str) -> str:
    return text[:2] + "k" + text[3:]


@pytest.mark.parametrize(
    ("kind", "column", "spoil"),
    [
        ("whitespace", "city", _each("city", 20, lambda one: f" {one} ")),
        ("case", "city", _each("city", 20, str.upper)),
        ("mojibake", "city", _each("city", 3, lambda one: one.encode().decode("cp1252"))),
        ("misspelt", "city", {7: _slipped(str(_orders()["city"][7]))}),
        ("dependency", "state", {7: "ZZ"}),
        ("missing", "state", _each("state", 40, lambda _: None)),
        ("form", "id", _each("id", 20, lambda one: f"{one[0]}-{one[1:]}")),
        ("date form", "day", _each("day", 9, lambda one: f"{one[8:]}/{one[5:7]}/{one[:4]}")),
        ("date form", "day", _each("day", 9, lambda one: f"{datetime.fromisoformat(one):%b %d, %Y}")),
        ("unit", "distance", _each("distance", 9, lambda one: one * 1000)),
    ],
)  # fmt: skip
def test_dirt_is_mended_by_the_sql(kind: str, column: str, spoil: Mapping[int, object]) -> None:
    assert kind in {found for found, at in _mends_back(column, spoil).kinds() if at == column}


def test_placeholders_become_null() -> None:
    made = _orders()
    for row in range(0, 400, 25):
        made["distance"][row], made["shop"][row] = 9999, "N/A"
        made["arrived"][row] = datetime(1970, 1, 1)  # noqa: DTZ001
    dirty = Dirty(made)
    for column in ("distance", "shop", "arrived"):
        assert ("placeholder", column) in dirty.kinds()
        assert [row for row, value in enumerate(dirty.mend(column)) if value is None] == list(range(0, 400, 25))


def test_units_beside_a_number_go() -> None:
    made: dict[str, list[object]] = dict(_orders())
    texts = [str(one) for one in made["distance"]]
    made["distance"] = [
        f"{one} km" if row % 7 == 0 else f"{one}km." if row % 9 == 0 else one for row, one in enumerate(texts)
    ]
    dirty = Dirty(made)
    assert dirty.mend("distance") == texts


def test_swapped_values_change_places() -> None:
    made = _orders()
    for row in range(3, 400, 40):
        made["shop"][row], made["city"][row] = made["city"][row], made["shop"][row]
    dirty = Dirty(made)
    assert {("swapped", "shop"), ("swapped", "city")} <= dirty.kinds()
    assert dirty.mend("shop") == _orders()["shop"]
    assert dirty.mend("city") == _orders()["city"]


def test_what_ran_into_another_column_goes_back() -> None:
    made = _orders()
    for row in range(5, 400, 20):
        made["city"][row], made["state"][row] = f"{made['city'][row]} {made['state'][row]}", None
    dirty = Dirty(made)
    assert dirty.mend("city") == _orders()["city"]
    assert dirty.mend("state") == _orders()["state"]


def test_a_clock_that_hangs_elsewhere_is_put_back() -> None:
    made = _orders(2000)
    for row, shop in enumerate(made["shop"]):
        if shop in {"S03", "S07"}:
            was = made["arrived"][row]
            assert isinstance(was, datetime)
            made["arrived"][row] = was + timedelta(hours=2)
    dirty = Dirty(made)
    assert ("zone", "arrived") in dirty.kinds()
    assert dirty.mend("arrived") == _orders(2000)["arrived"]


def test_rows_that_come_twice_are_kept_once() -> None:
    made = _orders()
    for row, number in ((10, "K00010"), (20, "K90001"), (30, "K90002")):
        for column in made:
            made[column].append(number if column == "id" else made[column][row])
    dirty = Dirty(made)
    assert ("duplicate", None) in dirty.kinds()
    assert sorted(map(str, dirty.mend("id"))) == _orders()["id"]


def test_rows_that_differ_in_what_is_nested_are_kept() -> None:
    made = _orders()
    for column in made:
        made[column].append(made[column][10])
    made["tags"] = [*([["a"]] * 400), ["b"]]
    assert ("duplicate", None) not in Dirty(made).kinds()


def test_an_outlier_is_told_and_not_mended() -> None:
    dirty = Dirty(_spoilt("price", {50: 91_000.0}))
    assert [(one.kind, one.column, one.examples) for one in dirty.found.unknown] == [
        ("outlier", "price", (("91000.0", None),))
    ]
    assert not dirty.found.sql


def test_a_reader_that_takes_one_sign_for_many_is_learnt() -> None:
    made = _orders(1200)
    chance = random.Random(3)
    for row in range(0, 1200, 15):
        was = str(made["city"][row])
        made["city"][row] = was.replace(chance.choice(was), "#")
    dirty = Dirty(made)
    assert ("smudge", "city") in dirty.kinds()
    assert dirty.mend("city") == _orders(1200)["city"]


@pytest.mark.parametrize("kind", ["DECIMAL(6,1)", "DATE", "INTEGER", "VARCHAR"])
def test_many_contradictions_are_mended_by_one_list(kind: str) -> None:
    """More than a person strikes out one by one; values of each type are found again, and names are what they are."""
    shops = [number % 60 for number in range(1200)]
    table: dict[str, list[object]] = {
        "group": list(shops),
        "end": [f"owner {one:02d} of {one * one}" for one in shops],
        "site": [f"S{one}" for one in shops],
        "order": [f"K{number}" for number in range(1200)],
    }
    right = list(table["end"])
    for shop in range(60):
        table["end"][shop + 600] = right[(shop * 7 + 11) % 60]
    group = "DATE '2024-01-01' + g::INT" if kind == "DATE" else "g"
    dirty = Dirty(table)
    dirty.engine.connection.execute(
        f'CREATE OR REPLACE TABLE dirty AS SELECT ({group})::{kind} AS "group", * EXCLUDE (g) '
        'FROM (SELECT "group" AS g, * EXCLUDE ("group") FROM given)'
    )
    dirty.found = mended(dirty.sheet(), Front("me", "Mended.", (), None, dirty.names))
    assert "m.meant" in dirty.found.sql
    assert dirty.mend("end") == right


def test_a_tie_is_not_mended() -> None:
    table: Table = {"shop": ["a", "a", "b", "b"] * 10, "owner": ["Ann", "Bob", "Cid", "Dee"] * 10, "n": list(range(40))}
    assert Dirty(table).kinds() == set()


def test_a_tendency_is_no_dependency() -> None:
    """Nine of ten of a shop's orders go to its city; the tenth is no error, and there are many of them."""
    chance = random.Random(5)
    shops = [chance.randrange(8) for _ in range(600)]
    cities = [_CITIES[one if chance.random() < 0.9 else chance.randrange(10)] for one in shops]
    assert Dirty({"id": list(range(600)), "shop": [f"S{one}" for one in shops], "city": cities}).kinds() == set()


_VALUE = st.one_of(
    st.none(), st.sampled_from(["a", "b ", "N/A", "12 km", "é", "Ã©", "'", '"; --', "", "*/", "1970-01-01"])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_VALUE, _VALUE, st.one_of(st.none(), st.integers(-3, 9999))), max_size=40))
def test_whatever_is_there_the_sql_does_what_is_said(rows: list[tuple[str | None, str | None, int | None]]) -> None:
    """It runs, keeps names and order of columns, and changes no more cells than it tells of."""
    schema = pa.schema([("it's", pa.string()), ("b", pa.string()), ("c", pa.int64())])
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    with Engine(threads=1) as engine:
        engine.connection.register("dirty", table)
        found = mended(read_sheet("dirty", "dirty", engine), Front(None, "d", (), None, ("it's", "b", "c")), 0.3)
        if not found.sql:
            return
        made = engine.connection.sql(found.sql)
        assert made.columns == ["it's", "b", "c"]
        once = any(one.column is None for one in found.mends)
        after = made.fetchall()
    assert once or len(after) == len(rows)
    if not once:
        changed = sum(
            was != now for before, row in zip(rows, after, strict=True) for was, now in zip(before, row, strict=True)
        )
        assert changed <= sum(one.cells for one in found.mends)


def test_labels_undo_what_they_deny_and_add_what_they_know() -> None:
    made = _spoilt("shop", dict.fromkeys(range(0, 400, 10), "N/A"))
    for row in range(5, 400, 10):
        made["city"][row] = f"{made['city'][row]} (old)"
    sheet = Dirty(made).sheet()
    rows = rows_to_ask(by_column(sheet, doubts(sheet)))
    right = {(row, "city"): str(made["city"][row]).removesuffix(" (old)") for row in range(5, 400, 10)}
    labels = Labels(tuple(rows), {cell: value for cell, value in right.items() if cell[0] in rows})
    dirty = Dirty(made, labels)
    assert not [one for one in dirty.found.mends if one.column == "shop"], "a person found them right"
    labelled = {row: value for (row, _), value in labels.right.items()}
    assert all(dirty.mend("city")[row] == value for row, value in labelled.items())


def test_labels_say_where_they_do_not_fit(tmp_path: Path) -> None:
    sheet = Dirty(_orders()).sheet()
    file = tmp_path / "labels.csv"
    for text, said in (
        ("a,b\n", "the first line must be"),
        ("row,column,right value\n900,city,x\n", "labels.csv:2: there is no row 900"),
        ("row,column,right value\n1,citi,x\n", "has no column citi (did you mean city?)"),
        ("id,column,right value\nK9,city,x\n", "labels.csv:2: 0 rows have id = K9"),
        ("row,column,right value\n1\n", "labels.csv:2 has 1 values, the first line 3"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError) as raised:
            read_labels(file, sheet)
        assert said in str(raised.value)
    file.write_text("id,column,right value\nK00003,city,\nK00004,,\n", encoding="utf-8")
    assert read_labels(file, sheet) == Labels((3, 4), {(3, "city"): None})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one event with blanks, a slip and another form, run."""
    folder = tmp_path_factory.mktemp("mends")
    made = _orders()
    made["city"][7] = f"{made['city'][7]} "
    made["state"][8] = "ZZ"
    made["placed"] = [str(one) for one in made["placed"]]
    made["arrived"] = [str(one) for one in made["arrived"]]
    (folder / "balun.toml").write_text('name = "mends"\n', encoding="utf-8")
    write_csv(folder / "parcel.csv", list(made), [list(row) for row in zip(*made.values(), strict=True)])
    for words in (["init", str(folder / "parcel.csv"), "--owner", "shop"], ["run"]):
        done = CliRunner().invoke(balun, ["-C", str(folder), *words])
        assert done.exit_code == 0, done.output
    return folder


def _balun(folder: Path, *words: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(balun, ["-C", str(folder), *words], input=given)
    assert done.exit_code == code, done.output
    return done.output


def test_the_mended_table_is_written_checked_and_run(project: Path) -> None:
    told = _balun(project, "mend", "parcel", "--write", code=1)
    assert "city   whitespace   1 cell" in told
    assert "written: tables/parcel_mended.sql" in told
    assert "is there already" in _balun(project, "mend", "parcel", "--write", code=2)
    assert "Nothing found" in _balun(project, "check")
    _balun(project, "run")
    rows = bl.load(project)["parcel_mended"].rows().to_pylist()
    right = _orders()
    assert [row["city"] for row in rows] == right["city"]
    assert [row["state"] for row in rows] == right["state"]


def test_every_old_value_is_within_reach(project: Path) -> None:
    _balun(project, "mend", "parcel", "--write", "--force", code=1)
    _balun(project, "run")
    told = _balun(project, "why", "parcel_mended", "--row", "K00008")
    assert "was ZZ in parcel" in told
    assert "8 of 9 values are as in parcel" in told
    (cell,) = json.loads(_balun(project, "why", "parcel_mended.city", "--row", "id=K00007", "--json"))["cells"]
    assert (cell["was"], cell["value"], cell["changed"]) == (f"{_orders()['city'][7]} ", _orders()["city"][7], True)
    assert cell["file"] == "tables/parcel_mended.sql"
    assert cell["note"].startswith("mend ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["why", "parcel_mended", "--row", "K9"], "no row has id = K9"),
        (["why", "parcel_mended", "--row", "idd=K00001"], "did you mean id?"),
        (["why", "parcel_mended", "--row", "a,b"], "the key of table:parcel_mended is id: 2 values were given"),
        (["why", "parcel", "--row", "K00001"], "is captured: there is no row above its rows"),
        (["mend", "parcl"], "did you mean parcel?"),
        (["mend", "parcel", "--labels", "nowhere.csv"], "can't be read as labels"),
    ],
)
def test_what_cannot_be_asked_is_said(project: Path, words: list[str], said: str) -> None:
    if not (project / "tables" / "parcel_mended.sql").exists():
        _balun(project, "mend", "parcel", "--write", code=1)
        _balun(project, "run")
    assert said in _balun(project, *words, code=2)


def test_a_person_is_asked_and_may_stop(project: Path) -> None:
    done = _balun(project, "mend", "parcel", "--label", "--json", code=1, given="y\ncity=Bremen\n\nq\n")
    assert "2 rows are labelled in" in done
    lines = (project / "labels" / "parcel.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "row,column,right value"
    assert any(line.endswith("city,Bremen") for line in lines)


def test_python_reaches_the_same(project: Path) -> None:
    found = bl.load(project)["parcel"].mend()
    assert isinstance(found, Mending)
    assert {(one.kind, one.column) for one in found.mends} == {("whitespace", "city"), ("dependency", "state")}
    assert json.loads(json.dumps(found.as_json()))["rows"] == 400
