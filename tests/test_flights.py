"""The example on all its data: the model beats its baselines, and the data's traps are treated."""

from __future__ import annotations

import fcntl
import io
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from rich.console import Console

import balun as bl
from balun.run import Report
from balun.why import draw
from held import contradicted

_EXAMPLE = Path(__file__).parent.parent / "examples" / "flights"
_WHY = Path(__file__).parent.parent / "docs" / "why.md"


@pytest.fixture(scope="module")
def flights(shared: Path) -> tuple[bl.Project, Report]:
    """Run once, whichever worker comes first; the others find it up to date."""
    folder = shared / "flights"
    with (shared / "flights.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns(".balun", "__pycache__"))
        project = bl.load(folder)
        return project, project.run()


def _counts(report: Report, event: str) -> tuple[object, ...]:
    found = next(outcome.info["collected"] for outcome in report.outcomes if outcome.step == f"event:{event}")
    assert isinstance(found, dict)
    return tuple(found[name] for name in ("collected", "kept", "quarantined", "duplicates"))


def test_no_row_is_lost(flights: tuple[bl.Project, Report]) -> None:
    report = flights[1]
    assert _counts(report, "departure") == (336_776, 336_776, 0, 0)
    assert _counts(report, "weather") == (26_115, 26_114, 1, 0)
    assert _counts(report, "plane") == (3_322, 3_322, 0, 0)


def test_no_finding(flights: tuple[bl.Project, Report]) -> None:
    assert flights[1].findings == ()


def test_no_fact_is_contradicted_by_the_rows(flights: tuple[bl.Project, Report]) -> None:
    said, wrong = contradicted(flights[0], ("event", "table"))
    assert said > 150
    assert wrong == []


def test_page_shows_what_is_said_after_a_run(flights: tuple[bl.Project, Report], accept: bool) -> None:
    page, said = _WHY.read_text(encoding="utf-8"), io.StringIO()
    draw(flights[0].why("flown.sched_dep"), Console(file=said, width=100, color_system=None))
    printed = (
        f"$ balun run\n…\n$ balun why flown.sched_dep\n{said.getvalue().split('How it is made')[0].rstrip()}\n…\n```"
    )
    now = re.sub(r"\$ balun run\n.*?```", lambda _: printed, page, flags=re.DOTALL)
    if accept:
        _WHY.write_text(now, encoding="utf-8")
    assert printed in now
    assert _WHY.read_text(encoding="utf-8") == now


def test_model_beats_its_baselines_by_more_than_its_interval(flights: tuple[bl.Project, Report]) -> None:
    result = flights[0]["delay"].result
    assert 0.7 < result.low < result.value < result.high
    for baseline in result.baselines:
        assert result.low > baseline.high


def test_impossible_wind_is_set_aside_in_raw_form(flights: tuple[bl.Project, Report]) -> None:
    rows = flights[0]["event:weather"].quarantined().to_pylist()
    assert [(row["origin"], row["time_hour"], row["wind_speed"]) for row in rows] == [
        ("EWR", "2013-02-12T08:00:00Z", "1048.36058")
    ]


def test_cancelled_flights_are_no_departures_and_have_no_label(flights: tuple[bl.Project, Report]) -> None:
    project, report = flights
    assert project["schedule"].rows().num_rows - project["flown"].rows().num_rows == 8_255
    corpus = next(outcome for outcome in report.outcomes if outcome.step == "corpus:late_departures")
    assert corpus.info["unlabelled"] == 8_255


def test_flights_without_a_plane_record_stay(flights: tuple[bl.Project, Report]) -> None:
    schedule = flights[0]["schedule"].pl()
    assert schedule.height == 336_776
    assert schedule["seats"].null_count() / schedule.height == pytest.approx(0.156, abs=0.0005)


def test_null_tail_number_matches_nothing(flights: tuple[bl.Project, Report]) -> None:
    project = flights[0]
    examples = _read(project, "examples:late_departures").select("example", "tailnum")
    found = project["same_plane"].pl().join(examples, on="example").filter(pl.col("tailnum").is_null())
    assert found.height == 2_512
    assert found["same_plane_dep_delay"].null_count() == 2_512


def test_hour_that_repeats_keeps_its_two_rows(flights: tuple[bl.Project, Report]) -> None:
    """01:00 to 02:00 on 2013-11-03 comes twice in New York; (origin, time_hour) tells the two apart."""
    rows = flights[0]["event:weather"].pl().with_columns(pl.col("time_hour").dt.convert_time_zone("America/New_York"))
    night = rows.filter((pl.col("time_hour").dt.date() == pl.date(2013, 11, 3)) & (pl.col("time_hour").dt.hour() == 1))
    assert night.group_by("origin").len()["len"].to_list() == [2, 2, 2]


def test_features_look_only_at_what_had_left_by_then(flights: tuple[bl.Project, Report]) -> None:
    """A loop over a sample of examples, on the tables as they are."""
    project = flights[0]
    flown = project["flown"].pl().select("origin", "left_gate", "dep_delay")
    examples = _read(project, "examples:late_departures").select("example", "origin", "at").sample(40, seed=3)
    traffic = project["traffic"].pl()
    for example, origin, at in examples.iter_rows():
        seen = flown.filter(
            (pl.col("origin") == origin)
            & (pl.col("left_gate") < at)
            & (pl.col("left_gate") >= at - pl.duration(hours=3))
        )
        row = traffic.row(example, named=True)
        assert row["example"] == example
        assert row["traffic_departures_3h"] == seen.height
        assert row["traffic_delay_3h"] == pytest.approx(seen["dep_delay"].mean())


def test_labels_of_training_were_known_before_the_test(flights: tuple[bl.Project, Report]) -> None:
    corpus = flights[0]["late_departures"].pl()
    last = corpus["at"].max()
    assert isinstance(last, datetime)
    start = last - timedelta(days=60)
    result = flights[0]["delay"].result
    known = corpus.filter((pl.col("at") < start) & (pl.col("label_known") < start)).height
    assert result.train.rows == known
    assert result.train.rows + result.test.rows + result.embargoed == corpus.height


def _read(project: bl.Project, step: str) -> pl.DataFrame:
    snapshot = project.store.current(step)
    assert snapshot is not None
    return pl.read_parquet(snapshot.rows)


def test_second_run_makes_nothing(flights: tuple[bl.Project, Report]) -> None:
    assert flights[0].run().made == 0


def test_columns_known_late_are_no_inputs(flights: tuple[bl.Project, Report]) -> None:
    names = set(flights[0]["late_departures"].rows().column_names)
    assert not names & {"dep_delay", "dep_time", "arr_time", "air_time", "arr_delay", "left_gate"}


def test_taking_the_delay_itself_as_an_input_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "flights"
    shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns(".balun", "__pycache__"))
    (folder / "models.py").unlink()
    (folder / "features.py").write_text(
        "import balun as bl\n"
        "late = bl.corpus('late', owner='ml-delays', label='late', features=[bl.columns('dep_delay')], examples='''\n"
        "SELECT time_hour, minute, dep_delay, sched_dep AS at, dep_delay > 30 AS late FROM schedule''')\n",
        encoding="utf-8",
    )
    report = bl.load(folder).run()
    assert [finding.rule for finding in report.findings] == ["known-too-late"]
    assert "dep_delay" in report.findings[0].message


def test_raw_csv_agrees_on_what_was_kept(flights: tuple[bl.Project, Report]) -> None:
    shared = Path(__file__).parent.parent.parent / "shared" / "data" / "nycflights13" / "flights.parquet"
    if not shared.exists():
        pytest.skip("the copy as Parquet is not here")
    kept = flights[0]["departure"].path()
    row = duckdb.execute(
        f"SELECT count(*) FROM (SELECT carrier, flight, origin, dest, tailnum, dep_delay, air_time FROM '{kept}' "
        f"EXCEPT ALL SELECT carrier, flight, origin, dest, tailnum, dep_delay, air_time FROM '{shared}')"
    ).fetchall()
    assert row == [(0,)]
