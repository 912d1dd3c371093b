"""What is said of changes against what they do to rows: recall and false alarms, by project and by kind of change."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from balun.chain.change import KINDS
from balun.prove import Proof, Tally, prove
from balun.prove.tally import Cell, tally
from measure import BENCH, DATA, machine

_PROJECTS = ("flights", "funnel", "orders")
_COLUMNS = ("verdicts", "touched", "missed", "precision", "untouched", "false alarms")
_WORDS = """# What is said of changes, against what they do to rows

Every kind of change that fits on every captured column of the three examples, judged without rows; then done to
about 4,000 rows of each event, everything downstream built again and compared column by column, by `balun prove`.
Touched: what breaks or shifts on rows. Missed: of these, what was said to be less bad. False alarms: of what is
untouched on these rows, what was said to break or shift, most of it because other rows might."""


def main() -> None:
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(_PROJECTS, pool.map(_proved, _PROJECTS), strict=True))
    proofs = {name: proof for name, (proof, _) in found.items()}
    seconds = {name: taken for name, (_, taken) in found.items()}
    text = "\n".join(
        [
            _WORDS,
            "",
            *_projects(proofs, seconds),
            "",
            *_kinds(proofs.values()),
            "",
            *_missed(proofs),
            machine("duckdb", "sqlglot"),
        ]
    )
    (BENCH / "results" / "prove.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)


def _proved(name: str) -> tuple[Proof, float]:
    """And the seconds that it took, two at a time."""
    folder = DATA / "prove" / name
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".balun", "__pycache__")
    shutil.copytree(BENCH.parent / "examples" / name, folder, ignore=ignored)
    started = time.perf_counter()
    return prove(folder, fresh=True), time.perf_counter() - started


def _projects(proofs: dict[str, Proof], seconds: dict[str, float]) -> Iterable[str]:
    yield from _head("project", "changes", *_COLUMNS, "s")
    for name, proof in proofs.items():
        yield _row(name, str(proof.changes), *_counts(proof.whole), f"{seconds[name]:.0f}")


def _kinds(proofs: Iterable[Proof]) -> Iterable[str]:
    cells: list[Cell] = [cell for proof in proofs for cell in proof.cells]
    yield from _head("kind of change", *_COLUMNS)
    for kind in KINDS:
        own = [cell for cell in cells if cell.kind == kind]
        if own:
            yield _row(kind, *_counts(tally(own)))
    yield _row("all", *_counts(tally(cells)))


def _missed(proofs: dict[str, Proof]) -> Iterable[str]:
    for name, proof in proofs.items():
        yield from (f"- {name}: missed {cell}" for cell in proof.missed)
    if any(proof.missed for proof in proofs.values()):
        yield ""


def _counts(of: Tally) -> tuple[str, ...]:
    false = f"{of.false_alarms:,} ({of.false_rate:.1%})"
    missed = f"{of.touched - of.found:,}"
    return f"{of.cells:,}", f"{of.touched:,}", missed, f"{of.precision:.1%}", f"{of.same:,}", false


def _head(*names: str) -> Iterable[str]:
    yield _row(*names)
    yield _row("---", *("---:" for _ in names[1:]))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
