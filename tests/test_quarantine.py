"""What was set aside is shown, grouped, sampled and released; above a limit a run stops."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import balun as bl
from balun.against.edits import edits
from balun.chain.load import load_graph
from balun.cli import balun
from balun.errors import Busy, UsageError
from balun.run import Report

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: till
version: 1.0.0
status: active
team: {name: tills}
servers:
  - {server: files, type: local, path: data/*.csv, format: csv}
schema:
  - name: sale
    customProperties: []
    properties:
      - {name: sale_id, logicalType: integer, primaryKey: true}
      - {name: at, logicalType: timestamp, required: true}
      - {name: amount, logicalType: number, required: true, logicalTypeOptions: {maximum: 100}}
      - {name: shop, logicalType: string, logicalTypeOptions: {maxLength: 3}}
"""
_A = """\
sale_id,at,amount,shop
1,2024-01-01T10:00:00Z,5,a
2,2024-01-01T11:00:00Z,"7,5",b
3,2024-01-02T10:00:00Z,"8,5",bb
4,2024-01-02T11:00:00Z,lots,b
1,2024-01-02T12:00:00Z,6,a
"""
_B = """\
sale_id,at,amount,shop
6,2024-01-03T10:00:00Z,500,a
7,2024-01-03T11:00:00Z,"9,5",basel
8,2024-01-03
9,2024-01-03T12:00:00Z,3,c
"""
_COMMA = "amount = replace(amount, ',', '.')"
_SQL = "/* owner: desk\n   key: [sale_id] */\nSELECT sale_id, amount FROM sale\n"


@pytest.fixture
def tills(tmp_path: Path) -> Path:
    return make(tmp_path / "tills")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has been run; for reading only."""
    folder = make(tmp_path_factory.mktemp("ran") / "tills")
    bl.load(folder).run()
    return folder


def make(folder: Path) -> Path:
    for part in ("contracts", "data", "tables"):
        (folder / part).mkdir(parents=True)
    (folder / "balun.toml").write_text('name = "tills"\n', encoding="utf-8")
    (folder / "contracts" / "sale.odcs.yaml").write_text(_CONTRACT, encoding="utf-8")
    (folder / "tables" / "sold.sql").write_text(_SQL, encoding="utf-8")
    for name, text in (("a", _A), ("b", _B)):
        (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def said(folder: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(balun, ["-C", str(folder), *words])
    assert "Traceback" not in done.output
    assert done.exit_code == code, done.output + done.stderr
    return done.stdout + done.stderr


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def made(report: Report) -> list[str]:
    return [outcome.step for outcome in report.outcomes if outcome.made]


def names(report: Report) -> dict[str, str]:
    return {outcome.step: outcome.snapshot for outcome in report.outcomes}


def counts(folder: Path) -> tuple[int, ...]:
    return tuple(bl.load(folder)["sale"].quarantine().counts.values())


def mends_of(folder: Path) -> Path:
    return folder / "contracts" / "sale.mends.yaml"


# -- looking


def test_groups_count_rows_by_reason_with_places_and_times(ran: Path) -> None:
    found = bl.load(ran)["sale"].quarantine().groups()
    told = [(one.rule, one.column, one.rows, one.first, one.last, one.since) for one in found]
    assert told == [
        ("value-unreadable", "amount", 4, "data/a.csv row 2", "data/b.csv row 2", "2024-01-01T11:00:00Z"),
        ("duplicate-key", None, 1, "data/a.csv row 5", "data/a.csv row 5", "2024-01-02T12:00:00Z"),
        ("fields-missing", None, 1, "data/b.csv row 3", "data/b.csv row 3", None),
        ("text-long", "shop", 1, "data/b.csv row 2", "data/b.csv row 2", "2024-01-03T11:00:00Z"),
        ("value-high", "amount", 1, "data/b.csv row 1", "data/b.csv row 1", "2024-01-03T10:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("column", {"amount": 5, "shop": 1, None: 2}),
        ("file", {"data/a.csv": 4, "data/b.csv": 3}),
        ("day", {"2024-01-01": 1, "2024-01-02": 3, "2024-01-03": 2, None: 1}),
        ("owner", {"tills": 7}),
        ("run", {"1": 7}),
        ("kind", {"quarantined": 6, "duplicate": 1}),
        ("shop", {"b": 2, "a": 2, "bb": 1, "basel": 1, None: 1}),
    ],
)
def test_rows_group_by_what_they_have_in_common(ran: Path, by: str, expected: dict[str | None, int]) -> None:
    assert {one.value: one.rows for one in bl.load(ran)["sale"].quarantine().groups(by)} == expected


def test_a_row_keeps_the_run_that_first_set_it_aside(tills: Path) -> None:
    bl.load(tills).run()
    (tills / "data" / "c.csv").write_text("sale_id,at,amount,shop\n11,2024-01-04,none,a\n", encoding="utf-8")
    bl.load(tills).run()
    assert {one.value: one.rows for one in bl.load(tills)["sale"].quarantine().groups("run")} == {"1": 7, "2": 1}


def test_sample_shows_every_reason_before_any_twice(ran: Path) -> None:
    found = bl.load(ran)["sale"].quarantine()
    rows = found.sample(5).to_pylist()
    assert {row["reasons"][-1].split(":")[0] for row in rows} == {one.rule for one in found.reasons}
    assert rows == found.sample(5).to_pylist()


def test_a_part_is_chosen_by_reason_and_column(ran: Path) -> None:
    found = bl.load(ran)["sale"].quarantine()
    assert found.where(reason="value-high").table().column("sale_id").to_pylist() == ["6"]
    assert found.where(reason="value-unreadable", column="shop").rows == 1
    with pytest.raises(UsageError, match=r"value-hihg \(did you mean value-high\?\)"):
        found.where(reason="value-hihg")


def test_raw_rows_are_written_to_files(ran: Path, tmp_path: Path) -> None:
    whole, part = tmp_path / "all.parquet", tmp_path / "part.csv"
    assert "7 rows written" in said(ran, "quarantine", "sale", "--parquet", str(whole))
    assert "4 rows written" in said(ran, "quarantine", "sale", "--reason", "value-unreadable", "--csv", str(part))
    assert pq.read_table(whole).column("amount").to_pylist()[:2] == ["7,5", "8,5"]
    assert pa_csv.read_csv(part).column("amount").to_pylist() == ["7,5", "8,5", "lots", "9,5"]


def test_a_file_that_cannot_be_written_is_told(ran: Path) -> None:
    told = said(ran, "quarantine", "sale", "--csv", str(ran / "nowhere" / "a.csv"), code=2)
    assert "can't be written: No such file" in told


def test_all_events_are_counted_by_reason_and_owner(tills: Path) -> None:
    assert "run the project first" in said(tills, "quarantine", code=2)
    bl.load(tills).run()
    (told,) = json.loads(said(tills, "quarantine", "--json"))["events"]
    assert (told["event"], told["owner"], told["run"], told["quarantined"], told["duplicates"]) == (
        "sale",
        "tills",
        1,
        6,
        1,
    )
    assert "value-unreadable sale" in said(tills, "quarantine")


def test_what_is_no_event_has_no_quarantine(ran: Path) -> None:
    with pytest.raises(UsageError, match="above it are sale"):
        bl.load(ran)["sold"].quarantine()


# -- mends


def test_preview_says_what_would_come_of_a_mend_and_writes_nothing(ran: Path) -> None:
    found = bl.load(ran)["sale"].preview(_COMMA)
    assert (found.rows, found.admitted, found.repeated, found.at_fault) == (7, 2, 1, 4)
    assert {(one.rule, one.rows) for one in found.reasons} == {
        ("value-unreadable", 2), ("value-high", 1), ("text-long", 1), ("fields-missing", 1),
    }  # fmt: skip
    assert found.examples[0].after["amount"] == str(found.examples[0].before["amount"]).replace(",", ".")
    assert not mends_of(ran).exists()
    assert counts(ran) == (9, 2, 6, 1, 0)


def test_release_lets_rows_in_where_they_stood_and_builds_what_hangs_on_them(tills: Path) -> None:
    bl.load(tills).run()
    found = bl.load(tills)["sale"].release(_COMMA, where="value-unreadable", why="a till set to German")
    assert found.file == Path("contracts/sale.mends.yaml")
    assert made(found.report) == ["event:sale", "table:sold"]
    assert counts(tills) == (9, 4, 4, 1, 2)
    assert bl.load(tills)["sale"].rows().column("sale_id").to_pylist() == [1, 2, 3, 9]
    mended = bl.load(tills)["sale"].quarantine().mended().to_pylist()
    assert [(row["source_row"], row["amount"], row["after"]) for row in mended] == [
        (2, "7,5", '{"amount":"7.5"}'),
        (3, "8,5", '{"amount":"8.5"}'),
    ]


def test_what_a_mend_does_not_cure_stays_as_it_was(tills: Path) -> None:
    bl.load(tills).run()
    bl.load(tills)["sale"].release(_COMMA)
    (row,) = bl.load(tills)["sale"].quarantine().where(column="shop").table().to_pylist()
    assert (row["amount"], row["shop"]) == ("9,5", "basel")
    assert [one.split(":")[0] for one in row["reasons"]] == ["value-unreadable", "text-long"]


def test_releasing_twice_changes_nothing(tills: Path) -> None:
    project = bl.load(tills)
    project.run()
    first = project["sale"].release(_COMMA)
    text = mends_of(tills).read_text(encoding="utf-8")
    for chain in (project, bl.load(tills)):  # one that was loaded before the mend was written, and one after
        again = chain["sale"].release(_COMMA)
        assert (again.file, again.report.made, again.preview.admitted) == (None, 0, 0)
        assert mends_of(tills).read_text(encoding="utf-8") == text
        assert names(again.report) == names(first.report)


def test_a_release_beside_another_run_writes_nothing(tills: Path) -> None:
    bl.load(tills).run()
    with bl.load(tills).store.locked(), pytest.raises(Busy):
        bl.load(tills)["sale"].release(_COMMA)
    assert not mends_of(tills).exists()


def test_a_mend_taken_out_gives_the_same_snapshots_as_before(tills: Path) -> None:
    before = bl.load(tills).run()
    folder = bl.load(tills)["sale"].path().parent
    held = {file.name: file.read_bytes() for file in folder.glob("*.parquet")}
    said(tills, "quarantine", "sale", "--set", _COMMA, "--release")
    said(tills, "quarantine", "sale", "--set", "shop = left(shop, 3)", "--where", "text-long", "--release")
    assert counts(tills) == (9, 5, 3, 1, 3)
    bl.load(tills).store.drop(before.outcomes[0].snapshot)
    said(tills, "quarantine", "sale", "--drop-mend", "2")
    said(tills, "quarantine", "sale", "--drop-mend", "1")
    assert not mends_of(tills).exists()
    assert names(bl.load(tills).run()) == names(before)
    assert {file.name: file.read_bytes() for file in folder.glob("*.parquet")} == held


def test_a_changed_comment_builds_nothing_and_a_changed_mend_what_hangs_on_it(tills: Path) -> None:
    bl.load(tills).run()
    bl.load(tills)["sale"].release(_COMMA)
    edit(mends_of(tills), "# Mends", "# The mends")
    assert made(bl.load(tills).run()) == []
    edit(mends_of(tills), "',', '.'", "',', '')".removesuffix(")"))
    (state, *_) = [one for one in bl.load(tills).status().states if not one.fresh]
    assert state.why == "its mends changed"
    assert made(bl.load(tills).run()) == ["event:sale", "table:sold"]


def test_a_mended_contract_lets_rows_in(tills: Path) -> None:
    bl.load(tills).run()
    edit(tills / "contracts" / "sale.odcs.yaml", "maximum: 100", "maximum: 1000")
    found = bl.load(tills)["sale"].release()
    assert (found.preview.admitted, found.file) == (1, None)
    assert counts(tills) == (9, 3, 5, 1, 0)


def test_a_line_that_cannot_be_split_is_mended_by_setting_all_columns(tills: Path) -> None:
    bl.load(tills).run()
    sets = [
        "sale_id = split_part(source_line, ',', 1)",
        "at = split_part(source_line, ',', 2)",
        "amount = '0'",
        "shop = NULL",
    ]
    bl.load(tills)["sale"].release(*sets, where="fields-missing")
    assert bl.load(tills)["sale"].rows().column("sale_id").to_pylist() == [1, 8, 9]


@pytest.mark.parametrize(
    ("set_", "why"),
    [
        ("amuont = '1'", "did you mean amount"),
        ("amount = (SELECT 1)", "holds a subquery"),
        ("amount = getenv('HOME')", "calls getenv"),
        ("amount = random()", "does not give the same each time"),
        ("amount = sum(amount)", "about more than one row"),
        ("amount = repeat('1', 4000000000)", "more memory than there is"),
        ("amount = replace(amout, ',', '.')", "reads amout, which is no column"),
        ("amount = replace(amount", "can't be read"),
        ("amount = no_such(amount)", "can't be done"),
        ("amount", "sets nothing"),
    ],
)
def test_a_mend_that_cannot_be_used_is_refused(ran: Path, set_: str, why: str) -> None:
    assert why in said(ran, "quarantine", "sale", "--set", set_, code=2)


def test_a_mend_that_lets_nothing_in_is_not_written(ran: Path) -> None:
    assert "nothing is written" in said(ran, "quarantine", "sale", "--set", "amount = 'x'", "--release", code=2)
    assert not mends_of(ran).exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mends: 5\n", "sale.mends.yaml:1"),
        ("mends:\n  - set: {amont: '1'}\n", "sale has no column amont (did you mean amount?)"),
        ("mends:\n  - set: {amount: now()}\n", "calls now"),
        ('mends:\n  - set: {amount: "1"}\n    wher: value-high\n', "did you mean where?"),
        ("mends:\n  - where: value-high\n", "sets nothing"),
        ('mends:\n  - set: {amount: "1"}\n    where: amount = (\n', "where can't be read"),
        ("mends: [\n", "yaml-invalid"),
        ("- set: {}\n", "yaml-invalid"),
    ],
)
def test_a_faulty_file_of_mends_is_told_with_its_line(tills: Path, text: str, why: str) -> None:
    mends_of(tills).write_text(text, encoding="utf-8")
    assert why in said(tills, "run", code=2)


def test_mends_of_no_event_are_told(tills: Path) -> None:
    (tills / "contracts" / "sael.mends.yaml").write_text("mends: []\n", encoding="utf-8")
    assert "there is no event sael (did you mean sale?)" in said(tills, "run", code=2)


def test_a_cast_that_fails_mends_the_other_rows(ran: Path) -> None:
    found = bl.load(ran)["sale"].preview("amount = replace(amount, ',', '.')::DOUBLE / 100")
    assert (found.admitted, found.at_fault) == (3, 3)


def test_a_new_mend_and_a_limit_are_edits(tills: Path) -> None:
    before = load_graph(tills)
    mends_of(tills).write_text('mends:\n  - set: {amount: "1"}\n', encoding="utf-8")
    _limited(tills, "6")
    told = [(edit.words, str(edit.place)) for edit in edits(before, load_graph(tills))]
    assert told == [
        ("its mends: other raw rows are kept", "contracts/sale.mends.yaml"),
        ("how many of its rows may be set aside", "contracts/sale.odcs.yaml:11"),
    ]


# -- limits


def _limited(tills: Path, limit: str) -> None:
    edit(
        tills / "contracts" / "sale.odcs.yaml",
        "customProperties: []",
        f"customProperties: [{{property: quarantineLimit, value: {limit}}}]",
    )


@pytest.mark.parametrize(("limit", "stops"), [("66%", True), ("67%", False), ("5", True), ("6", False), ("0.5", True)])
def test_a_run_stops_above_the_limit(tills: Path, limit: str, stops: bool) -> None:
    _limited(tills, limit)
    report = bl.load(tills).run()
    assert report.stopped is stops
    assert [outcome.step for outcome in report.outcomes] == (["event:sale"] if stops else ["event:sale", "table:sold"])


def test_what_was_current_stays_and_the_stopped_attempt_can_be_looked_at(tills: Path) -> None:
    first = bl.load(tills).run()
    _limited(tills, "6")
    (tills / "data" / "c.csv").write_text("sale_id,at,amount,shop\n11,2024-01-04,none,a\n", encoding="utf-8")
    told = said(tills, "run", code=1)
    assert "contracts/sale.odcs.yaml:11  quarantine-limit" in told
    assert "7 of 10 rows of sale are set aside (70.00%); at most 6 may be: 6" in told
    assert "breaks sold" in told
    assert "Stopped" in told
    assert bl.load(tills)["sale"].path().parent.name == names(first)["event:sale"]
    assert bl.load(tills)["sale"].quarantined().num_rows == 7
    assert "A run stopped here" in said(tills, "quarantine", "sale")
    assert bl.load(tills)["sale"].quarantine().rows == 8
    assert "a run stops here: 7 of 10" in said(tills, "status", code=1)


def test_rows_none_of_which_is_kept_can_be_looked_at_and_mended(tills: Path) -> None:
    (tills / "data" / "b.csv").unlink()
    (tills / "data" / "a.csv").write_text('sale_id,at,amount,shop\n1,2024-01-01,"7,5",b\n', encoding="utf-8")
    for _ in range(2):
        assert "nothing-kept" in said(tills, "run", code=2)
    assert "A run stopped here" in said(tills, "quarantine", "sale")
    assert "a run stops here: none of the 1 rows" in said(tills, "status", code=1)
    assert "table sold" in said(tills, "quarantine", "sale", "--set", _COMMA, "--release")
    assert counts(tills) == (1, 1, 0, 0, 1)


def test_a_raised_limit_publishes_what_was_made(tills: Path) -> None:
    _limited(tills, "5")
    assert bl.load(tills).run().stopped
    assert bl.load(tills).run().stopped
    edit(tills / "contracts" / "sale.odcs.yaml", "value: 5", "value: 6")
    report = bl.load(tills).run()
    assert (report.stopped, made(report)) == (False, ["table:sold"])
    assert bl.load(tills)["sale"].quarantine().stopped is None


def test_the_project_has_a_limit_for_contracts_that_have_none(tills: Path) -> None:
    (tills / "balun.toml").write_text('name = "tills"\nquarantine_limit = "1%"\n', encoding="utf-8")
    told = said(tills, "run", code=1)
    assert "the project's limit (balun.toml:2)" in told
    _limited(tills, "80%")
    assert not bl.load(tills).run().stopped


def test_a_mend_brings_an_event_under_its_limit(tills: Path) -> None:
    _limited(tills, "4")
    assert bl.load(tills).run().stopped
    report = bl.load(tills)["sale"].release(_COMMA).report
    assert (report.stopped, counts(tills)) == (False, (9, 4, 4, 1, 2))


@pytest.mark.parametrize(("limit", "toml"), [("few", '"few"'), ("101%", "true"), ("-1", "[1]")])
def test_a_limit_that_is_none_is_told(tills: Path, limit: str, toml: str) -> None:
    _limited(tills, limit)
    assert "quarantineLimit is" in said(tills, "run", code=2)
    (tills / "balun.toml").write_text(f"quarantine_limit = {toml}\n", encoding="utf-8")
    assert "quarantine_limit must be a share" in said(tills, "run", code=2)


# -- crashes


def _killed(folder: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "balun", "-C", str(folder), "quarantine", "sale", "--set", _COMMA, "--release"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _kill_often(tmp_path: Path, times: int, seed: int) -> None:
    """Killed at any instant a release is whole or nothing, the account holds, and done again it ends as undisturbed."""
    undisturbed = make(tmp_path / "undisturbed")
    bl.load(undisturbed).run()
    started = time.perf_counter()
    _killed_never = [sys.executable, "-m", "balun", "-C", str(undisturbed), "quarantine", "sale", "--set", _COMMA]
    subprocess.run([*_killed_never, "--release"], capture_output=True, check=True)
    whole_s = time.perf_counter() - started
    wanted = {outcome.step: outcome.snapshot for outcome in bl.load(undisturbed).run().outcomes}
    chance = random.Random(seed)
    for attempt in range(times):
        folder = make(tmp_path / f"killed{attempt}")
        bl.load(folder).run()
        _killed(folder, chance.uniform(0.3 * whole_s, whole_s))
        assert counts(folder) in {(9, 2, 6, 1, 0), (9, 4, 4, 1, 2)}
        report = bl.load(folder)["sale"].release(_COMMA).report
        assert names(report) == wanted
        assert counts(folder) == (9, 4, 4, 1, 2)
        assert mends_of(folder).read_text(encoding="utf-8") == mends_of(undisturbed).read_text(encoding="utf-8")


def test_a_release_that_is_killed_is_whole_or_nothing(tmp_path: Path) -> None:
    _kill_often(tmp_path, times=2, seed=1)


@pytest.mark.long
def test_a_release_that_is_killed_is_whole_or_nothing_50_times(tmp_path: Path) -> None:
    _kill_often(tmp_path, times=50, seed=2)
