"""A project of 1,000 tables: `balun check` cold, and after one edit, beside what others do with the same tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import BENCH, DATA, Taken, machine, median, rounds, spread
from thousand_project import Project, Relation, events_sql, generate, write_balun, write_dbt, write_sqlmesh

_TABLES = 1_000
_COLD, _EDIT, _FELT = "`balun check`, cold", "`balun check` after an edit", "`balun check` after an edit felt below"
_BARS = {_COLD: 15.0, _EDIT: 1.5, _FELT: 1.5}
# Each in an environment of its own: they pin each other's versions. dblect doesn't start on Python 3.11 and 3.12, nor
# does it read a UNION with later releases of sqlglot.
_PEERS = {
    "sqlmesh": (sys.executable, ("sqlmesh==0.236.4",)),
    "dbt": (sys.executable, ("dbt-core==1.11.16", "dbt-duckdb==1.11.1", "dbt-colibri==0.3.7")),
    "dblect": ("python3.13", ("dblect==0.1.0", "sqlglot>=30,<30.5")),
}
_QUIET = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1"}
_NOW = "$(date +%s%N | cut -c8-15)"


def main() -> None:
    DATA.mkdir(exist_ok=True)
    os.environ.update(_QUIET)
    root = Path(tempfile.mkdtemp(dir=DATA))
    project = generate(_TABLES)
    edited = _most_read(project)
    bins = {name: _environment(name) for name in _PEERS}
    _write(project, root, bins)
    found = rounds(_contestants(root, edited, bins), 3, limit_s=600)
    text = _told(project, edited, found, bins)
    (BENCH / "results").mkdir(exist_ok=True)
    (BENCH / "results" / "thousand.md").write_text(text, encoding="utf-8")
    print(text)
    shutil.rmtree(root)


def _environment(name: str) -> Path | None:
    """The peer's programs; None where there is no Python that it starts on."""
    python, packages = _PEERS[name]
    folder = BENCH / f".venv-thousand-{name}"
    if not (folder / "ready").exists():
        try:
            subprocess.run([python, "-m", "venv", str(folder)], check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", *packages], check=True)
        (folder / "ready").touch()
    return folder / "bin"


def _most_read(project: Project) -> Relation:
    """Of the tables in the middle, made in steps, the one that most is made from."""
    reads = {table.name: table.sql or "" for table in project.tables}
    layers = max(table.layer for table in project.tables)

    def below(name: str) -> set[str]:
        children = {other for other, sql in reads.items() if f"{{{{{name}}}}}" in sql}
        return children.union(*map(below, children))

    middle = [one for one in project.tables if one.layer == layers // 2 and "size_class" in (one.sql or "")]
    return max(middle, key=lambda one: len(below(one.name)))


def _write(project: Project, root: Path, bins: dict[str, Path | None]) -> None:
    """Balun's project is ready as it is; others need tables, a state or a catalogue before they can say anything."""
    write_balun(project, root / "balun")
    for name, write in (("dbt", write_dbt), ("sqlmesh", write_sqlmesh)):
        programs = bins[name]
        if programs is not None:
            write(project, root / name)
            code = f"import duckdb; duckdb.connect('lake.duckdb').execute({events_sql(project)!r})"
            _run(root / name, [programs / "python", "-c", code])
    if bins["sqlmesh"]:
        _run(root / "sqlmesh", [bins["sqlmesh"] / "sqlmesh", "plan", "prod", "--auto-apply", "--no-prompts",
                                "--empty-backfill"])  # fmt: skip
    if bins["dbt"]:
        for words in (["run", "--empty"], ["docs", "generate"]):
            _run(root / "dbt", [bins["dbt"] / "dbt", "--quiet", *words, "--profiles-dir", "."])


def _run(folder: Path, command: Sequence[str | Path]) -> None:
    print(f"  {' '.join(map(str, command[:2]))[-60:]}", file=sys.stderr, flush=True)
    subprocess.run(list(map(str, command)), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _contestants(root: Path, edited: Relation, bins: dict[str, Path | None]) -> dict[str, list[str]]:
    table = root / "balun" / "tables" / f"layer_{edited.layer}" / f"{edited.name}.sql"
    check = f"{sys.executable} -m balun -C {root / 'balun'} check --json > /dev/null; test $? -le 1"
    named = {
        _COLD: f"rm -rf {root / 'balun' / '.balun'}; {check}",
        _EDIT: f"{_threshold(table)}; {check}",
        _FELT: f"{_scale(table)}; {check}",
        "`balun check`, nothing edited": check,
    }
    if bins["sqlmesh"]:
        diff = f"cd {root / 'sqlmesh'} && {bins['sqlmesh'] / 'sqlmesh'} diff prod; test $? -le 1"
        model = root / "sqlmesh" / "models" / f"{edited.name}.sql"
        named["SQLMesh: load and diff, cold"] = f"rm -rf {root / 'sqlmesh' / '.cache'}; {diff}"
        named["SQLMesh: load and diff after an edit"] = f"{_threshold(model)}; {diff}"
    if bins["dbt"]:
        parse = f"{bins['dbt'] / 'dbt'} --quiet parse --profiles-dir . --target-path parsed"
        model = root / "dbt" / "models" / f"{edited.name}.sql"
        named["dbt parse, cold"] = f"cd {root / 'dbt'} && {parse} --no-partial-parse"
        named["dbt parse after an edit"] = f"{_threshold(model)}; cd {root / 'dbt'} && {parse}"
        named["dbt-colibri: column lineage"] = f"cd {root / 'dbt'} && {bins['dbt'] / 'colibri'} generate"
    if bins["dbt"] and bins["dblect"]:
        named["dblect check"] = f"cd {root / 'dbt'} && {bins['dblect'] / 'dblect'} check; test $? -le 1"
    return {name: ["sh", "-c", words] for name, words in named.items()}


def _threshold(file: Path) -> str:
    """An edit of a constant, another each time."""
    return f"""sed -i "s/members > [0-9]* THEN 'many'/members > 1{_NOW} THEN 'many'/" {file}"""


def _scale(file: Path) -> str:
    """An edit that gives a column that others read another range."""
    return f"""sed -i -E "s:( \\* [0-9]+)? / nullif: * 1{_NOW} / nullif:" {file}"""


def _told(project: Project, edited: Relation, found: dict[str, list[Taken]], bins: dict[str, Path | None]) -> str:
    columns = sum(len(table.columns) for table in project.tables)
    layers = max(one.layer for one in project.tables)
    events = len(project.sources)
    cold, edit = median(found[_COLD]).wall, median(found[_EDIT]).wall
    lines = [
        "# A project of 1,000 tables", "", machine("duckdb", "sqlglot"), "",
        f"{len(project.tables):,} SQL tables of {columns:,} columns in {layers} layers over {events} events,",
        "ten corpora, each with features, a model and a surface.",
        f"The edit is of {edited.name}, in the middle of the chain.",
        "Medians of whole processes. Bars: cold 15 s, after an edit 1.5 s, 1 GB.",
        "", "| what | wall s | × Balun cold | × Balun after an edit | processor s | peak MB | wall, all rounds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]  # fmt: skip
    for name, taken in found.items():
        mid = median(taken)
        if mid.error:
            lines.append(f"| {name} | failed: {mid.error} | | | | | |")
            continue
        times = f"{mid.wall:.2f} | {mid.wall / cold:.2f} | {mid.wall / edit:.1f} | {mid.cpu:.2f}"
        lines.append(f"| {name} | {times} | {mid.peak:,.0f} | {spread(taken)} |")
    lines += ["", *(f"No environment could be made for {name}." for name, programs in bins.items() if not programs)]
    lines += [
        "Balun's time holds all its facts and rules. SQLMesh's diff says which models were edited.",
        "dbt's parse reads no SQL; dbt-colibri's lineage and dblect need a manifest and a catalogue, made before",
        "from tables that were built, which isn't counted here.",
        "",
    ]
    over = [f"{name}: over {bar} s" for name, bar in _BARS.items() if median(found[name]).wall > bar]
    over += [f"{name}: over 1 GB" for name in _BARS if median(found[name]).peak > 1_000]
    return "\n".join([*lines, *over, *([""] if over else [])])


if __name__ == "__main__":
    main()
