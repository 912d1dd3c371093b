"""The command, and what each of its verbs needs. Exit 0 fine, 1 findings, 2 usage or project error."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

import balun as bl
from balun.chain.config import find_project
from balun.errors import BalunError, ProjectError, UsageError

if TYPE_CHECKING:
    from rich.console import Console


FINE, FINDINGS, FAULT = 0, 1, 2
P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
limit_option = click.option(
    "-n", "--limit", default=10, show_default=True, metavar="N", type=click.IntRange(1), help="Show at most N rows."
)


def says_errors(verb: Callable[P, R]) -> Callable[P, R]:
    """What a user can mend is printed plainly, as JSON where that was asked for, and ends with exit 2."""

    @functools.wraps(verb)
    def guarded(*args: P.args, **named: P.kwargs) -> R:
        try:
            return verb(*args, **named)
        except BalunError as exc:
            _print_error(exc, as_json=bool(named.get("as_json")))
            sys.exit(FAULT)
        except BrokenPipeError:
            sys.stderr.close()  # the reader of a pipe has seen enough
            sys.exit(FINE)

    return guarded


def _print_error(exc: BalunError, *, as_json: bool) -> None:
    if as_json:
        findings = exc.findings if isinstance(exc, ProjectError) else ()
        click.echo(json.dumps({"error": str(exc), "findings": [finding.as_json() for finding in findings]}, indent=1))
    elif isinstance(exc, ProjectError):
        click.echo(str(exc), err=True)
    else:
        click.echo(f"balun: {exc}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C", "folder", default=".", metavar="FOLDER", help="The project's folder; by default this one or one above."
)
@click.version_option(bl.__version__, prog_name="balun")
@click.pass_context
def balun(context: click.Context, folder: str) -> None:
    """Keep what a product captures matched with what its models need.

    \b
    balun init data/*.parquet    draft contracts from data
    balun check                  what can be proved, and what can't be right
    balun run                    from captured events to a tested model
    balun why flown.dep_delay    what is known of a column, how, and where it comes from
    balun near flown             one level up and one level down of a node
    balun map                    the chain, its owners and the interfaces between them
    balun joins                  how events and tables join, and what each join loses
    balun mend flown             what is likely wrong in the rows, and mends as SQL
    balun corpus late            how much data there is, how diverse, how clean, and what to capture more of
    balun drift                  what has moved since the run before, and which days stand out
    balun history flown          an event or a table from run to run

    Exit status: 0 fine, 1 findings, 2 usage or project error.
    """
    context.obj = Path(folder)


def project_folder() -> Path:
    start = click.get_current_context().find_root().obj
    assert isinstance(start, Path)
    if not start.is_dir():
        raise UsageError(f"{start} is no folder")
    return find_project(start)


def show_json(value: object) -> None:
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def new_console(*, err: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=err, highlight=False, soft_wrap=False)


def show_rows(table: Any, *, as_json: bool) -> None:
    if as_json:
        show_json(table.to_pylist())
        return
    from balun.terminal import print_rows

    print_rows(table, new_console())


def new_progress(*, quiet: bool) -> Any:
    from balun.terminal import Progress

    return Progress(shown=not quiet and sys.stderr.isatty())
