"""The worth of every captured column of the flights example, beside refits from raw events; and planted truth."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, spearmanr

import balun as bl
from balun.fit.paired import Gap
from balun.worth import Captured, Table, table
from measure import BENCH, DATA, Taken, machine, take

sys.path.insert(0, str(BENCH.parent / "tests"))
from planted import WEIGHTS, lost, make_planted

_EXAMPLE = BENCH.parent / "examples" / "flights"
_PLANTED, _ROWS = 12, 20_000
_HEADS = {"flights": "# The worth of every captured column of flights", "planted": "# Worth beside planted truth"}


def main() -> None:
    """Both parts, or the one that is named: `flights`, `planted`."""
    DATA.mkdir(exist_ok=True)
    for name, part in (("flights", _flights), ("planted", _planted)):
        if name in (sys.argv[1:] or [name]):
            text = "\n".join([_HEADS[name], "", *part(), "", machine("duckdb", "scikit-learn"), ""])
            (BENCH / "results" / f"worth_{name}.md").write_text(text, encoding="utf-8")
            print(text)


def _flights() -> list[str]:
    folder = Path(tempfile.mkdtemp(dir=DATA)) / "flights"
    shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns(".balun", "__pycache__"))
    untested = folder.parent / "untested"
    shutil.copytree(folder, untested, ignore=shutil.ignore_patterns("models.py"))
    raw = take([sys.executable, "-m", "balun", "-C", str(folder), "run"])
    corpus = take([sys.executable, "-m", "balun", "-C", str(untested), "run"])
    fit_s = bl.load(folder)["delay"].result.cost.fit_s
    print("  the table", file=sys.stderr, flush=True)
    worth = [sys.executable, "-m", "balun", "-C", str(folder), "worth", "delay", "--json"]
    whole, again = (take(worth, limit_s=3600) for _ in range(2))
    fewer = take([*worth, "--rows", "25%"], limit_s=3600)
    quarter = table(folder, "delay", share=0.25, workers=1)
    found = table(folder, "delay", workers=1)
    (BENCH / "results" / "worth_flights.json").write_text(json.dumps(found.as_json(), indent=1) + "\n")
    shutil.rmtree(folder.parent)
    rungs = sum(len(one.rungs) for one in found.columns) + _of_groups(found)
    replays = len(found.columns) + rungs
    rows = _rows(whole, again, fewer, raw, corpus.wall + fit_s, replays)
    return [*_words(found, rungs), *rows, "", _beside(found, quarter)]


def _beside(found: Table, quarter: Table) -> str:
    """How a table from a quarter of the training rows compares."""
    known = {one.name: one.cost.retrained for one in found.columns}
    pairs = [(known[one.name], one.cost.retrained) for one in quarter.columns]
    gaps = [(a, b) for a, b in pairs if a is not None and b is not None]
    rank = float(spearmanr([a.value for a, _ in gaps], [b.value for _, b in gaps]).statistic)
    held = sum(b.low <= a.value <= b.high for a, b in gaps)
    wide = float(np.median([(b.high - b.low) / (a.high - a.low) for a, b in gaps]))
    return (
        f"Columns by a quarter of the rows beside all: rank correlation {rank:.2f}; {held} of {len(gaps)} intervals "
        f"hold the cost that all rows tell; they are {wide:.2f} times as wide (median)."
    )


def _words(found: Table, rungs: int) -> list[str]:
    said = f"{len(found.columns)} captured columns, {len(found.columns) + rungs} replays"
    return [f"`balun worth delay` on examples/flights: {said}.", ""]


def _rows(whole: Taken, again: Taken, fewer: Taken, raw: Taken, plain: float, replays: int) -> list[str]:
    quick = f"With --rows 25%: {plain * replays / fewer.wall:.1f} and {raw.wall * replays / fewer.wall:.1f} times."
    times = f"{plain * replays:,.0f} s, {plain * replays / whole.wall:.1f} times as long"
    tested = f"{raw.wall * replays:,.0f} s, {raw.wall * replays / whole.wall:.1f} times"
    bars = "Bars: 10 minutes, 5 times."
    return [
        "| what | wall s | processor s | peak MB |",
        "| --- | ---: | ---: | ---: |",
        f"| the table, after a run | {whole.wall:.0f} | {whole.cpu:.0f} | {whole.peak:,.0f} |",
        f"| with --rows 25% | {fewer.wall:.0f} | {fewer.cpu:.0f} | {fewer.peak:,.0f} |",
        f"| again, all known | {again.wall:.1f} | {again.cpu:.1f} | {again.peak:,.0f} |",
        f"| from raw events to a tested model, once | {raw.wall:.1f} | {raw.cpu:.1f} | {raw.peak:,.0f} |",
        f"| from raw events to a corpus, and one fit | {plain:.1f} | | |",
        "",
        f"The same replays, each from raw events with one fit: {times}; with the test of a run: {tested}.",
        f"{quick} {bars}",
    ]


def _of_groups(found: Table) -> int:
    return sum(1 + (len(group) if len(group) > 2 else 0) for group in found.groups)


def _planted() -> list[str]:
    """Generated chains: a label that is a sum of captured columns, each with its own weight."""
    ranks: list[float] = []
    held: dict[str, list[bool]] = {"without a column": [], "with coarser steps": [], "a column of no use": []}
    started = time.perf_counter()
    for seed in range(_PLANTED):
        print(f"  planted {seed + 1} of {_PLANTED}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=DATA) as work:
            found = table(make_planted(Path(work) / "planted", rows=_ROWS, seed=seed + 100), "total", workers=1)
        pairs = [pair for one in found.columns if one.column in WEIGHTS for pair in _truths(one)]
        ranks.append(float(spearmanr([truth for truth, _, _ in pairs], [gap.value for _, gap, _ in pairs]).statistic))
        for truth, gap, kind in pairs:
            held[kind].append(gap.low <= truth <= gap.high)
    seconds = time.perf_counter() - started
    told = f"median {np.median(ranks):.3f}, least {min(ranks):.3f}; bar 0.95"
    lines = [f"{_PLANTED} generated chains of {_ROWS:,} rows, {seconds:.0f} s; rank of worth and truth: {told}."]
    lines += ["", "| 95 % intervals that hold the truth | of | share | its 95 % |", "| --- | ---: | ---: | --- |"]
    for kind, each in held.items():
        low, high = binomtest(sum(each), len(each)).proportion_ci()
        lines.append(f"| {kind} | {len(each)} | {sum(each) / len(each):.1%} | {low:.1%} to {high:.1%} |")
    return lines


def _truths(one: Captured) -> list[tuple[float, Gap, str]]:
    """The copies, x4 and x5, are worth nothing while the other is there."""
    weight = 0.0 if one.column in {"x4", "x5"} else WEIGHTS[one.column]
    kind = "without a column" if weight else "a column of no use"
    steps = [(lost(weight, _share(float(rung.step))), rung.cost.retrained) for rung in one.rungs]
    gaps = [(lost(weight), one.cost.retrained, kind), *((*step, "with coarser steps") for step in steps)]
    return [(truth, gap, kind) for truth, gap, kind in gaps if gap is not None]


def _share(step: float) -> float:
    """What of a standard normal's variance a linear model can't tell once it comes in steps."""
    values = np.random.default_rng(0).normal(size=1_000_000)
    return float(1 - np.corrcoef(values, np.floor(values / step))[0, 1] ** 2)


if __name__ == "__main__":
    main()
