"""The point-in-time build beside the best SQL by hand, Polars and Feast: one run, ratios against the SQL by hand.

1,000,000 examples over 10,000,000 events of 10,000 skewed entities. Results are compared before times are printed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import duckdb

from measure import BENCH, DATA, Taken, machine, ratios, rounds

JOBS = ("latest", "windows", "distinct", "all")
WHAT = {
    "latest": "`latest` of 3 columns",
    "windows": "count, sum, mean over 1 h, 1 d, 30 d",
    "distinct": "distinct over 7 d",
    "all": "all of these",
}
PEERS = {"Balun": "balun", "SQL by hand": "duckdb", "Polars": "polars"}
_FEAST = BENCH / ".venv-feast"


def make_data(folder: Path, examples: int, events: int, entities: int) -> None:
    """Events of a year; an entity's share falls with its number, as customers' do."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    year_us = 365 * 86_400_000_000
    skewed = f"CAST(floor({entities} * power(hash(i, {{seed}}) / 18446744073709551616.0, 2)) AS BIGINT)"
    when = f"make_timestamptz((1704067200000000 + hash(i, {{seed}} + 1) % {year_us})::BIGINT)"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        f"""COPY (SELECT {skewed.format(seed=1)} AS entity, {when.format(seed=1)} AS ts, i AS seq,
        (hash(i, 3) % 10000)::BIGINT AS amount, ['new', 'paid', 'sent', 'back'][1 + (hash(i, 4) % 4)::INT] AS status,
        (hash(i, 5) % 500)::BIGINT AS item FROM range({events}) t(i)) TO '{folder}/events.parquet' (FORMAT parquet)"""
    )
    connection.execute(
        f"""COPY (SELECT i AS example, {skewed.format(seed=11)} AS entity, {when.format(seed=11)} AS at
        FROM range({examples}) t(i)) TO '{folder}/examples.parquet' (FORMAT parquet)"""
    )
    (folder / "done").touch()


def commands(job: str, data: Path, peers: Mapping[str, str]) -> dict[str, list[str]]:
    """How each contestant is started; every one writes its result to a file of its own."""
    found = {}
    for name, peer in peers.items():
        python = str(_FEAST / "bin" / "python") if peer == "feast" else sys.executable
        script, result = BENCH / "peers" / f"pit_{peer}.py", data / f"{job}-{peer}.parquet"
        found[name] = [python, str(script), job, str(data), str(result)]
    return found


def compared(job: str, data: Path, peers: Mapping[str, str], times: int) -> list[str]:
    """The table's lines, once all results are known to be equal."""
    found = rounds(commands(job, data, peers), times, limit_s=300, limit_gb=14)
    for name, peer in peers.items():
        if name != "Balun" and not found[name][-1].error:
            check_equal(job, data, peer)
    return table(job, found)


def check_equal(job: str, data: Path, peer: str) -> None:
    """Balun's values are the peer's, row by row; means within rounding."""
    connection = duckdb.connect()
    ours = f"'{data}/{job}-balun.parquet'"
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {ours}").fetchall()]
    same = " AND ".join(["a.example = b.example", *(f"({_same(name)})" for name in names if name != "example")])
    joined = f"{ours} a FULL JOIN '{data}/{job}-{peer}.parquet' b USING (example)"
    counted = f"SELECT count(*), count(*) FILTER (({same}) IS NOT TRUE) FROM {joined}"
    ((total, wrong),) = connection.execute(counted).fetchall()
    if wrong:
        raise SystemExit(f"{job}: {wrong:,} of {total:,} rows differ from {peer}'s")


def _same(name: str) -> str:
    a, b = f'a."{name}"', f'b."{name}"'
    if "mean" in name:
        return f"({a} IS NULL AND {b} IS NULL) OR abs({a} - {b}) <= 1e-9 * abs({b})"
    if "total" in name:  # Polars gives 0 for the sum of nothing
        return f"coalesce({a}, 0) = coalesce({b}, 0)"
    return f"{a} IS NOT DISTINCT FROM {b}"


def install_feast() -> str | None:
    """Its version; None where it can't be installed. Its pins clash with ours: it gets an environment of its own."""
    try:
        if not (_FEAST / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", _FEAST], check=True)
            subprocess.run([_FEAST / "bin" / "pip", "install", "-q", "feast[duckdb]"], check=True)
            (_FEAST / "done").touch()
        asked = "from importlib.metadata import version; print(version('feast'))"
        return subprocess.check_output([_FEAST / "bin" / "python", "-c", asked], text=True).strip()
    except subprocess.CalledProcessError:
        return None


HEADER = [
    "| job | who | s | processor s | peak MB | × time | × processor time | × memory |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
]


def table(job: str, found: dict[str, list[Taken]]) -> list[str]:
    hand = found["SQL by hand"]
    return [f"| {WHAT[job]} | {name} | {_figures(taken, hand)} |" for name, taken in found.items()]


def _figures(taken: Sequence[Taken], hand: Sequence[Taken]) -> str:
    """The best of all rounds and its ratio; of the rest the rounds' ratios too."""
    if error := next((one.error for one in taken if one.error), None):
        return f"– | – | {taken[-1].peak:,.0f} | {error} | – | –"
    wall, other = min(one.wall for one in taken), min(one.wall for one in hand)
    cpu, peak = min(one.cpu for one in taken), max(one.peak for one in taken)
    cpus = ratios([one.cpu / other.cpu for one, other in zip(taken, hand, strict=True)])
    peaks = ratios([one.peak / other.peak for one, other in zip(taken, hand, strict=True)])
    return f"{wall:.2f} | {cpu:.2f} | {peak:,.0f} | {wall / other:.2f} | {cpus} | {peaks}"


@click.command()
@click.option("--examples", default=1_000_000, show_default=True)
@click.option("--events", default=10_000_000, show_default=True)
@click.option("--entities", default=10_000, show_default=True)
@click.option("--rounds", "times", default=5, show_default=True)
@click.option(
    "--feast/--no-feast", default=True, show_default=True, help="Feast at a tenth and a hundredth of the size."
)
@click.option("--job", "jobs", multiple=True, type=click.Choice(JOBS), default=JOBS)
def main(examples: int, events: int, entities: int, times: int, jobs: tuple[str, ...], *, feast: bool) -> None:
    """Measure, compare, print the table, and write it to bench/results/point_in_time.md."""
    DATA.mkdir(exist_ok=True)
    lines = [
        "# The point-in-time build", "", machine("duckdb", "polars"), "",
        _conditions(examples, events, entities, times), "", *HEADER,
    ]  # fmt: skip
    data = DATA / f"{examples}x{events}"
    make_data(data, examples, events, entities)
    for job in jobs:
        print(job, file=sys.stderr)
        lines += compared(job, data, PEERS, times)
    if feast and "latest" in jobs:
        lines += beside_feast(examples, events, entities)
    print("\n".join(lines))
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / "point_in_time.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _conditions(examples: int, events: int, entities: int, times: int) -> str:
    return (
        f"{examples:,} examples over {events:,} events of {entities:,} skewed entities, Parquet to Parquet, each in a "
        f"process of its own, imports and all. {times} rounds, in turn: the least time, the least processor time and "
        "the greatest peak. × is against the SQL by hand: of the least times; of processor time and memory the median "
        "of the rounds' ratios, with the least and the greatest. All take `seq` to be unique. Balun "
        "builds all of these one by one, as a run does, and joins them; the SQL by hand shares one sort. Results are "
        "equal, row by row."
    )


def beside_feast(examples: int, events: int, entities: int) -> list[str]:
    """Feast joins every event of an entity with every example: it gets less to do, and so do the others beside it."""
    version = install_feast()
    if version is None:
        return ["", "Feast could not be installed here."]
    lines = ["", f"Beside Feast {version}, which has no windows and can't hold the whole: `latest` of 3 columns."]
    for part in (100, 10):
        size = (examples // part, events // part, max(entities // part, 1))
        data = DATA / f"{size[0]}x{size[1]}"
        make_data(data, *size)
        lines += ["", f"{size[0]:,} examples over {size[1]:,} events of {size[2]:,} entities:", "", *HEADER]
        lines += compared("latest", data, {**PEERS, "Feast (DuckDB store)": "feast"}, 3 if part > 10 else 1)
    return lines


if __name__ == "__main__":
    main()
