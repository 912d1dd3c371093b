"""Balun's side of `validation.py`: one way of asking, on one file, timed from the first import done."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

import balun as bl
import balun.scanned  # beforehand, as peers' imports are

USED = (
    "year", "month", "day", "sched_dep_time", "dep_delay", "carrier", "flight", "tailnum", "origin", "dest",
    "distance", "hour", "minute",
)  # fmt: skip
_RULES = {
    "value-high": "range", "value-low": "range", "value-unknown": "enum", "pattern-broken": "pattern",
    "reference-missing": "reference", "value-null": "null", "key-null": "null",
}  # fmt: skip


def bare(file: Path) -> dict[str, int]:
    columns = ", ".join(f"bit_xor(hash({name}))" for name in USED)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"SELECT {columns} FROM '{file}'").fetchall()
    return {}


def scan(file: Path, folder: Path, *, failing: bool) -> dict[str, int]:
    """The rows that break each check, by column and kind."""
    out = file.with_suffix(".failing.parquet") if failing else None
    found = bl.load(folder).scan("flight", data=[file], failing=out)
    counts: dict[str, int] = {}
    for one in found.checks:
        name = "key" if one.rule == "duplicate-key" else f"{one.column} {_RULES.get(one.rule, one.rule)}"
        counts[name] = counts.get(name, 0) + (one.broken or 0)
    counts["proved"] = sum(one.proved for one in found.checks)
    counts["failing"] = found.failing
    return counts


def peak_mb() -> float:
    """The most this process has held: what getrusage tells may be its parent's."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    how, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    started, spent = time.perf_counter(), time.process_time()
    counts = bare(file) if how == "bare" else scan(file, folder / how.removesuffix("+split"), failing="split" in how)
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak_mb(), "counts": counts}))


if __name__ == "__main__":
    main()
