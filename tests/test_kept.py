"""What earlier checks worked out changes how long a check takes, and nothing that it says."""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import balun.kept
from balun.chain.load import load_graph
from balun.check import check
from balun.errors import ProjectError
from balun.facts.known import known_of
from balun.facts.reach import looked_at, reach
from balun.facts.supply import supply_of
from balun.kept import FILE, Kept, forget
from balun.rules import RULES
from thousand_project import generate, write_balun

_PROJECTS = Path(__file__).parent / "projects"
_FLIGHTS = Path(__file__).parent.parent / "examples" / "flights"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    write_balun(generate(tables=20, events=6, layers=4, seed=3), folder, corpora=2)
    return folder


def said(folder: Path, *, anew: bool = False) -> str:
    try:
        return json.dumps(check(folder, anew=anew).as_json(), indent=1)
    except ProjectError as exc:
        return str(exc)


def kept_file(folder: Path) -> Path:
    return folder / ".balun" / FILE


Edit = Callable[[str, random.Random], str]


def _line_less(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def _replaced(pattern: str, by: str) -> Edit:
    return lambda text, _: re.sub(pattern, by, text, count=1)


_SQL_EDITS: tuple[Edit, ...] = (
    _line_less,
    lambda text, _: text + "-- a comment\n",
    lambda text, _: text + "ORDER BY 1\n",
    lambda text, chance: text + f"LIMIT {chance.randrange(9)}\n",
    _replaced(r"sum\(", "max("),
    _replaced(r"LEFT JOIN", "JOIN"),
    _replaced(r"coalesce\(s\.(\w+), 0\)", r"s.\1"),
    _replaced(r"owner: \S+", "owner: somebody"),
    _replaced(r"\n   at: occurred_at", ""),
    _replaced(r"/ 1000", "* 60"),
    _replaced(r"WHERE", "WHERE 1 = 1 AND"),
    _replaced(r"SELECT\n", "SELECT\n  'new' AS new_column,\n"),
)
_CONTRACT_EDITS: tuple[Edit, ...] = (
    _line_less,
    _replaced(r"unit, value: \w+", "unit, value: mile"),
    _replaced(r"validValues: \[\w+, ", "validValues: [other, "),
    _replaced(r"required: true", "required: false"),
    _replaced(r"5 MINUTE", "2 HOUR"),
    _replaced(r"name: amount", "name: amount_paid"),
    _replaced(r"value: 1 s", "value: 1 h"),
)
_PYTHON_EDITS: tuple[Edit, ...] = (
    _replaced(r'"1h", ', ""),
    _replaced(r"10 MINUTE", "1 MINUTE"),
    _replaced(r'owner="ml"', 'owner="ranking"'),
)


def _edit(folder: Path, chance: random.Random) -> tuple[Path, str]:
    """Returns the file, and what was in it before."""
    while True:
        kind = chance.random()
        tables, contracts = sorted(folder.rglob("*.sql")), sorted(folder.rglob("*.yaml"))
        files, edits = [folder / "features.py"], _PYTHON_EDITS
        if kind < 0.9:
            files, edits = (tables, _SQL_EDITS) if kind < 0.7 else (contracts, _CONTRACT_EDITS)
        file = chance.choice(files)
        before = file.read_text(encoding="utf-8")
        after = chance.choice(edits)(before, chance)
        if after != before:
            file.write_text(after, encoding="utf-8")
            return file, before


@pytest.mark.parametrize("edits", [36, pytest.param(1_000, marks=pytest.mark.long)])
def test_after_random_edits_it_says_what_a_check_anew_says(edits: int, project: Path) -> None:
    chance = random.Random(edits)
    differing = set()
    for number in range(edits):
        file, before = _edit(project, chance)
        found = said(project)
        assert found == said(project, anew=True), f"edit {number} of {file}"
        differing.add(found)
        if not found.startswith("{") or chance.random() < 0.2:
            file.write_text(before, encoding="utf-8")
    assert len(differing) > edits / 4


def test_an_edit_works_out_only_what_hangs_on_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(project)
    table = min(project.rglob("steps_*.sql"))
    table.write_text(table.read_text(encoding="utf-8").replace("> 10", "> 11"), encoding="utf-8")
    puts: list[object] = []

    def put(_: Kept, key: bytes, value: object, told: bytes = b"") -> None:
        puts.append(value)

    monkeypatch.setattr(Kept, "put", put)
    check(project)
    assert len(puts) == 7  # the file, its supply, its facts, flow and brief, what is found in it, and what it repeats


def _zeroed(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes(64) + data[at + 64 :]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    many = bytearray(data)
    for _ in range(400):
        many[chance.randrange(len(many))] ^= 1 << chance.randrange(8)
    return bytes(many)


@pytest.mark.parametrize(
    "damage",
    [_zeroed, _flipped, lambda data, _: data[: len(data) // 2], lambda *_: b"", lambda *_: b"no database at all"],
    ids=["zeroed", "flipped", "cut", "empty", "garbage"],
)
def test_a_damaged_file_says_the_same(project: Path, damage: Callable[[bytes, random.Random], bytes]) -> None:
    found = said(project)
    data = kept_file(project).read_bytes()
    for seed in range(3):
        kept_file(project).write_bytes(damage(data, random.Random(seed)))
        assert said(project) == found


def test_a_file_that_cannot_be_written_is_done_without(project: Path) -> None:
    kept_file(project).mkdir(parents=True)
    assert said(project) == said(project, anew=True)


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch run",)


def test_an_entry_makes_data_and_runs_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(project)
    monkeypatch.chdir(project)
    body = pickle.dumps(_Runs())
    with sqlite3.connect(kept_file(project)) as connection:
        for key, told in connection.execute("SELECT key, told FROM entry").fetchall():
            row = (balun.kept._sum(key, told, body), body, key)
            connection.execute("UPDATE entry SET sum = ?, body = ? WHERE key = ?", row)
    connection.close()
    assert said(project) == found
    assert not (project / "run").exists()


def test_killed_and_together_it_says_the_same(project: Path) -> None:
    command = [sys.executable, "-m", "balun", "-C", str(project), "check", "--json"]
    wanted = subprocess.run([*command, "--anew"], capture_output=True, check=False).stdout
    for wait_s in (0.6, 1.2):
        doomed = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        beside = subprocess.Popen(command, stdout=subprocess.PIPE)
        time.sleep(wait_s)
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        assert beside.communicate()[0] == wanted
    assert subprocess.run(command, capture_output=True, check=False).stdout == wanted


def test_it_stays_small_and_can_be_forgotten(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(project)
    monkeypatch.setattr(balun.kept, "MOST_BYTES", 1)
    size = kept_file(project).stat().st_size
    for number in range(12):
        with (project / "contracts" / "domain_00.odcs.yaml").open("a", encoding="utf-8") as file:
            file.write(f"# {number}\n")
        for table in sorted(project.rglob("clean_*.sql")):
            table.write_text(f"{table.read_text(encoding='utf-8')}-- {number}\n", encoding="utf-8")
        check(project)
    assert kept_file(project).stat().st_size < 2 * size
    assert forget(kept_file(project)) > 0
    assert not kept_file(project).exists()


@pytest.mark.parametrize("look", ["Path(__file__).with_name('word.txt').read_text()", "os.environ.get('WORD', 'one')"])
def test_what_python_looks_at_is_looked_at_again(look: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "word.txt").write_text("one")
    text = (project / "features.py").read_text(encoding="utf-8").replace('owner="app"', "owner=word")
    (project / "features.py").write_text(
        f"import os\nfrom pathlib import Path\nword = {look}\n{text}", encoding="utf-8"
    )

    def owner() -> str | None:
        kept = Kept(kept_file(project))
        found = load_graph(project, kept).nodes["surface:surface 0"].owner
        kept.save()
        kept.close()
        return found

    assert [owner(), owner()] == ["one", "one"]
    (project / "word.txt").write_text("another")
    monkeypatch.setenv("WORD", "another")
    assert owner() == "another"


def test_rules_of_single_selects_look_at_those_in_focus_only(project: Path) -> None:
    graph = load_graph(project)
    chain = replace(known_of(graph, supply_of(graph)), focus=())
    assert [finding for rule in RULES if not rule.whole for finding in rule.find(chain)] == []


@pytest.mark.parametrize("folder", [_PROJECTS / "rides", _PROJECTS / "shop", _FLIGHTS])
def test_what_is_looked_at_is_what_something_is_made_of(folder: Path) -> None:
    graph = load_graph(folder)
    chain = known_of(graph, supply_of(graph))
    assert looked_at(chain) == {captured for captured, nodes in reach(chain).items() if nodes}


def test_what_is_looked_at_in_a_project_of_many_tables(project: Path) -> None:
    graph = load_graph(project)
    chain = known_of(graph, supply_of(graph))
    assert looked_at(chain) == {captured for captured, nodes in reach(chain).items() if nodes}
