"""Docs are tested against the program: `>>>` blocks run, links lead somewhere, help texts are pasted by machine."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import balun as bl
from balun.cli import balun

_ROOT = Path(__file__).parent.parent
_PAGES = sorted([*_ROOT.glob("*.md"), *(_ROOT / "docs").glob("*.md"), *(_ROOT / "examples").rglob("*.md")])


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_blocks_of_a_page_do_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(
        re.findall(r"^```(?:python|pycon)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    )
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_command_line_page_is_what_help_says(accept: bool) -> None:
    page = _ROOT / "docs" / "cli.md"
    text = _command_line_page()
    if accept:
        page.write_text(text, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == text


def _command_line_page() -> str:
    parts = ["# The command line", "What `--help` says of each verb. Every verb that prints takes `--json`.", _help([])]
    parts += [f"## {name}\n\n{_help([name])}" for name in sorted(balun.commands)]
    return "\n\n".join(parts) + "\n"


def _help(words: list[str]) -> str:
    done = CliRunner().invoke(balun, [*words, "--help"], prog_name="balun", terminal_width=100)
    assert done.exit_code == 0
    return f"```\n{done.output.rstrip()}\n```"


def test_every_verb_has_help_and_json() -> None:
    for name, command in balun.commands.items():
        assert isinstance(command, click.Command)
        assert command.help
        assert any(option.name == "as_json" for option in command.params), name


def test_every_public_name_is_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in _PAGES)
    missing = [name for name in bl.__all__ if not re.search(rf"\b(bl\.)?{name}\b", pages)]
    assert missing == []
