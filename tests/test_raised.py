"""Each page of a fault that ends the reading of a project is its test, as those of rules are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from balun.chain.load import load_graph
from balun.errors import ProjectError
from balun.facts.supply import supply_of
from balun.rules import RULES
from balun.rules.raised import RAISED

_RIDES = Path(__file__).parent / "projects" / "rides"
_SOURCE = Path(__file__).parent.parent / "src" / "balun"
_FILES = {"sql": "tables/example.sql", "python": "features.py"}
_BLOCK = re.compile(r"^```(sql|python)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_ERROR = re.compile(r"(?:--|#) error: ([a-z-]+)")
_CASES = [
    pytest.param(_FILES[kind], text, id=f"{page.name}-{number}")
    for page in RAISED
    for number, (kind, text) in enumerate(_BLOCK.findall(page.page))
]


def _raised(folder: Path) -> list[tuple[str, int | None, str]]:
    try:
        supply_of(load_graph(folder))
    except ProjectError as exc:
        return [(one.place.file, one.place.line, one.rule) for one in exc.findings]
    return []


@pytest.mark.parametrize(("file", "text"), _CASES)
def test_page_says_what_is_raised(file: str, text: str, tmp_path: Path) -> None:
    folder = tmp_path / "rides"
    shutil.copytree(_RIDES, folder)
    (folder / file).write_text(re.sub(r"  -- error: [a-z-]+$", "", text, flags=re.MULTILINE), encoding="utf-8")
    expected = [
        (file, None if line.startswith("--") else number, error[1])
        for number, line in enumerate(text.splitlines(), 1)
        if (error := _ERROR.search(line))
    ]
    assert _raised(folder) == expected


def test_each_page_is_in_the_tuple_and_of_a_fault_that_is_raised() -> None:
    files = {file.stem.replace("_", "-") for file in (_SOURCE / "rules" / "raised").glob("*.md")}
    assert files == {page.name for page in RAISED}
    code = "".join(file.read_text(encoding="utf-8") for file in _SOURCE.rglob("*.py") if file.parent.name != "raised")
    assert all(f'"{page.name}"' in code and page.page.startswith(f"# {page.name}\n") for page in RAISED)
    assert not files & {rule.name for rule in RULES}
