"""The point-in-time build beside the best SQL by hand, Polars and Feast: one run, ratios against the SQL by hand.

1,000,000 examples over 10,000,000 events of 10,000 skewed entities. Results are compared before times are printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import duckdb

from measure import BENCH, DATA, Taken, machine, median, rounds, spread

JOBS = ("latest", "windows", "distinct", "all")
WHAT = {
    "latest": "`latest` of 3 columns",
    "windows": "count, sum, mean over 1 h, 1 d, 30 d",
    "distinct": "distinct over 7 d",
    "all": "all of these",
}
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


def commands(job: str, data: Path, *, feast: bool) -> dict[str, list[str]]:
    """Contestants and how each is started; every one writes its result to a file of its own."""
    peers = {"Balun": "balun", "SQL by hand": "duckdb", "Polars": "polars"}
    found = {
        name: [
            sys.executable,
            str(BENCH / "peers" / f"pit_{peer}.py"),
            job,
            str(data),
            str(data / f"{job}-{peer}.parquet"),
        ]
        for name, peer in peers.items()
    }
    if feast and job == "latest":
        script = str(BENCH / "peers" / "pit_feast.py")
        found["Feast (DuckDB store)"] = [
            str(_FEAST / "bin" / "python"), script, job, str(data), str(data / f"{job}-feast.parquet"),
        ]  # fmt: skip
    return found


def check_equal(job: str, data: Path) -> None:
    """Balun's values are those of the SQL by hand and of Polars, row by row; means within rounding."""
    connection = duckdb.connect()
    ours = f"'{data}/{job}-balun.parquet'"
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {ours}").fetchall()]
    for peer in ("duckdb", "polars"):
        theirs = f"'{data}/{job}-{peer}.parquet'"
        different = " OR ".join(f"NOT ({_same(name)})" for name in names if name != "example")
        row = connection.execute(
            f"SELECT count(*), count(*) FILTER ({different}) FROM {ours} a JOIN {theirs} b USING (example)"
        ).fetchone()
        total = connection.execute(f"SELECT count(*) FROM {ours}").fetchone()
        assert row is not None
        assert total is not None
        if row[0] != total[0] or row[1]:
            raise SystemExit(f"{job}: {row[1]:,} of {row[0]:,} rows differ from {peer}'s ({total[0]:,} expected)")


def _same(name: str) -> str:
    a, b = f'a."{name}"', f'b."{name}"'
    if "mean" in name:
        return f"({a} IS NULL AND ({b} IS NULL OR isnan({b}))) OR abs({a} - {b}) <= 1e-9 * abs({b})"
    if "total" in name:  # Polars gives 0 for the sum of nothing
        return f"coalesce({a}, 0) = coalesce({b}, 0)"
    return f"{a} IS NOT DISTINCT FROM {b}"


def install_feast() -> bool:
    """Feast's pins clash with ours: it gets an environment of its own."""
    if not (_FEAST / "done").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", _FEAST], check=True)
            subprocess.run([_FEAST / "bin" / "pip", "install", "-q", "feast[duckdb]"], check=True)
            (_FEAST / "done").touch()
        except subprocess.CalledProcessError:
            return False
    return True


def table(job: str, found: dict[str, list[Taken]]) -> list[str]:
    hand = median(found["SQL by hand"])
    lines = []
    for name, taken in found.items():
        mid = median(taken)
        if mid.error:
            lines.append(f"| {WHAT[job]} | {name} | – | – | {mid.peak:,.0f} | – | – | {mid.error} |")
            continue
        lines.append(
            f"| {WHAT[job]} | {name} | {mid.wall:.2f} | {mid.cpu:.2f} | {mid.peak:,.0f} "
            f"| {mid.wall / hand.wall:.2f} | {mid.peak / hand.peak:.2f} | {spread(taken)} |"
        )
    return lines


@click.command()
@click.option("--examples", default=1_000_000, show_default=True)
@click.option("--events", default=10_000_000, show_default=True)
@click.option("--entities", default=10_000, show_default=True)
@click.option("--rounds", "times", default=3, show_default=True)
@click.option(
    "--feast/--no-feast", default=True, show_default=True, help="Feast at a tenth and a hundredth of the size."
)
@click.option("--job", "jobs", multiple=True, type=click.Choice(JOBS), default=JOBS)
def main(examples: int, events: int, entities: int, times: int, jobs: tuple[str, ...], *, feast: bool) -> None:
    """Measure, compare, print the table, and write it to bench/results/point_in_time.md."""
    DATA.mkdir(exist_ok=True)
    lines = [
        "# The point-in-time build", "", machine("duckdb", "polars"), "",
        _conditions(examples, events, entities, times), "",
        "| job | who | wall s | processor s | peak MB | × time | × memory | wall, all rounds |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]  # fmt: skip
    data = DATA / f"{examples}x{events}"
    make_data(data, examples, events, entities)
    told = {}
    for job in jobs:
        print(job, file=sys.stderr)
        found = rounds(commands(job, data, feast=False), times)
        check_equal(job, data)
        lines += table(job, found)
        told[job] = {name: [vars(one) for one in taken] for name, taken in found.items()}
    if feast and "latest" in jobs and install_feast():
        lines += beside_feast(examples, events, entities)
    print("\n".join(lines))
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / "point_in_time.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (BENCH / "results" / "point_in_time.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _conditions(examples: int, events: int, entities: int, times: int) -> str:
    return (
        f"{examples:,} examples over {events:,} events of {entities:,} skewed entities, Parquet to Parquet; medians of "
        f"{times} rounds; × is against the SQL by hand. Results are equal, row by row."
    )


def beside_feast(examples: int, events: int, entities: int) -> list[str]:
    """Feast joins every event of an entity with every example: it gets less to do, and so do the others beside it."""
    lines = []
    for part in (100, 10):
        size = (examples // part, events // part, max(entities // part, 1))
        data = DATA / f"{size[0]}x{size[1]}"
        make_data(data, *size)
        found = rounds(commands("latest", data, feast=True), 1, limit_s=300, limit_gb=14)
        lines += [
            "",
            f"`latest` of 3 columns, {size[0]:,} examples over {size[1]:,} events of {size[2]:,} entities:",
            "",
        ]
        lines += ["| job | who | wall s | processor s | peak MB | × time | × memory | wall, all rounds |"]
        lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |", *table("latest", found)]
    return lines


if __name__ == "__main__":
    main()
