"""The whole demo: `balun run` on all 336,776 departures from nothing, a second run, and `balun --help`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from measure import BENCH, DATA, Taken, machine, median, rounds, spread

_EXAMPLE = BENCH.parent / "examples" / "flights"


def main() -> None:
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=DATA)) / "flights"
    shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns(".balun", "__pycache__"))
    balun = [sys.executable, "-m", "balun", "-C", str(folder)]
    anew = ["sh", "-c", f"rm -rf '{folder}/.balun' && exec {' '.join(balun)} run"]
    found = {
        **rounds({"`balun run`, from nothing": anew}, 3),
        **rounds({"`balun run` again": [*balun, "run"], "`balun status`": [*balun, "status"]}, 5),
        **rounds({"`balun --help`": [sys.executable, "-m", "balun", "--help"]}, 9),
    }
    lines = [
        "# The demo", "", machine("duckdb", "scikit-learn"), "",
        "examples/flights, all 336,776 departures; medians. Bars: 60 s and 2 GB; again, 2 s; help, 0.3 s.",
        "", "| what | wall s | processor s | peak MB | wall, all rounds |", "| --- | ---: | ---: | ---: | --- |",
        *[_row(name, taken) for name, taken in found.items()], "",
    ]  # fmt: skip
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / "demo.md").write_text("\n".join(lines), encoding="utf-8")
    told = {name: [vars(one) for one in taken] for name, taken in found.items()}
    (BENCH / "results" / "demo.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))
    shutil.rmtree(folder.parent)


def _row(name: str, taken: list[Taken]) -> str:
    mid = median(taken)
    if mid.error:
        raise SystemExit(f"{name}: {mid.error}")
    return f"| {name} | {mid.wall:.2f} | {mid.cpu:.2f} | {mid.peak:,.0f} | {spread(taken)} |"


if __name__ == "__main__":
    main()
