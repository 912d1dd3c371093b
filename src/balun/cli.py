"""The command line: a verb parses its words, calls, and prints. Exit 0 fine, 1 findings, 2 usage or project error."""

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

    from balun.chain.graph import Graph

FINE, FINDINGS, FAULT = 0, 1, 2
P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
limit_option = click.option(
    "-n", "--limit", default=10, show_default=True, metavar="N", type=click.IntRange(1), help="Show at most N rows."
)


def _says_errors(verb: Callable[P, R]) -> Callable[P, R]:
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
    balun near flown             one level up and one level down of a node
    balun map                    the chain, its owners and the interfaces between them

    Exit status: 0 fine, 1 findings, 2 usage or project error.
    """
    context.obj = Path(folder)


def _folder() -> Path:
    start = click.get_current_context().find_root().obj
    assert isinstance(start, Path)
    if not start.is_dir():
        raise UsageError(f"{start} is no folder")
    return find_project(start)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def _console(*, err: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=err, highlight=False, soft_wrap=False)


@balun.command(short_help="Draft contracts from data.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--owner", metavar="TEAM", help="The team that captures these events.")
@click.option("--force", is_flag=True, help="Write over contracts that are there.")
@json_option
@_says_errors
def init(paths: tuple[Path, ...], owner: str | None, *, force: bool, as_json: bool) -> None:
    """Draft contracts from data: Parquet, CSV or JSON files, or folders of them; by default this folder's.

    Types, nullability, keys, time columns with zone and resolution, enums, ranges, foreign keys between files, and
    units from names. What is a guess is marked as one, for you to read and mend.

    \b
    balun init data/
    balun -C shop init orders.csv customers.parquet --owner checkout
    """
    from balun.draft import draft

    start = click.get_current_context().find_root().obj
    with _progress(quiet=as_json) as watch:
        drafted = draft(paths or (Path(),), start, owner=owner, force=force, progress=watch.say)
    if as_json:
        _print_json([{"file": str(item.file), "event": item.event, "rows": item.rows, "columns": item.columns,
                      "key": list(item.key), "notes": list(item.notes)} for item in drafted])  # fmt: skip
        return
    for item in drafted:
        key = f"key ({', '.join(item.key)})" if item.key else "no key found"
        click.echo(f"{item.file}  {item.rows:,} rows, {item.columns} columns, {key}")
        for note in item.notes:
            click.echo(f"  {note}")
    click.echo("Read them: what is marked as a guess is one. Then `balun run` validates the data against them.")


@balun.command(short_help="Prove what holds, without a row.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "sarif", "github", "markdown"]),
    default="terminal",
    show_default=True,
    help="For people, code scanning, a workflow's annotations, or a comment.",
)
@click.option("--if", "phrase", metavar="CHANGE", help="Say what this change of what is captured would do downstream.")
@click.option(
    "--dbt",
    "dbt",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Check a dbt project as it is: its manifest.json, its folder, or its target folder.",
)
@json_option
@_says_errors
def check(form: str, phrase: str | None, dbt: Path | None, *, as_json: bool) -> None:
    """Prove from contracts and SQL what holds of every node, and find what can't be right. Reads no rows.

    A finding may be accepted where it stands, by a comment on its line or above it:
    `balun: accept RULE: why`. `balun explain RULE` says what a rule is about.
    Exit status 1 where something was found, or a change would break or shift something.

    \b
    balun check --if "drop departure.tailnum"
    balun check --if "coarsen departure.time_hour to 1 day"
    balun check --if "sample weather to 10%"
    balun check --dbt shop/target/manifest.json --if "drop raw_orders.status"
    """
    if phrase is not None:
        _check_if(phrase, dbt, as_json=as_json)
        return
    from balun.check import check_graph

    checked = check_graph(_graph(dbt))
    if as_json:
        _print_json(checked.as_json())
    elif form != "terminal":
        from balun.report import FORMATS

        click.echo(FORMATS[form](checked))
    else:
        from balun.terminal import print_checked

        print_checked(checked, _console())
    sys.exit(FINDINGS if checked.findings else FINE)


def _graph(dbt: Path | None) -> Graph:
    """Of a dbt project, or of Balun's own."""
    if dbt is not None:
        from balun.dbt import load_dbt

        return load_dbt(dbt)
    from balun.chain.load import load_graph

    return load_graph(_folder())


def _check_if(phrase: str, dbt: Path | None, *, as_json: bool) -> None:
    from balun.chain.change import read_change
    from balun.impact import impact
    from balun.terminal import print_impact

    found = impact(_graph(dbt), read_change(phrase))
    if as_json:
        _print_json(found.as_json())
    else:
        print_impact(found, _console())
    sys.exit(FINE if found.worst == "same" and not found.findings else FINDINGS)


@balun.command(short_help="Say what a rule is about.")
@click.argument("rule", required=False)
@json_option
@_says_errors
def explain(rule: str | None, *, as_json: bool) -> None:
    """Say what RULE is about, with examples, good and bad; without one, list the rules."""
    from balun.errors import nearest
    from balun.rules import RULES

    pages = {one.name: one.page for one in RULES if rule in {None, one.name}}
    if not pages:
        raise UsageError(f"there is no rule {rule}{nearest(str(rule), [one.name for one in RULES])}")
    if as_json:
        _print_json(pages)
    elif rule is None:
        width = max(map(len, pages))
        for name, page in pages.items():
            click.echo(f"{name:<{width}}  {' '.join(page.split(chr(10) * 2)[1].split()).split('. ')[0].rstrip('.')}.")
    else:
        click.echo(pages[rule].rstrip())


@balun.command(short_help="Make what is stale, from events to tested models.")
@click.option("--wait", is_flag=True, help="Wait for another run to end, in place of failing.")
@json_option
@_says_errors
def run(*, wait: bool, as_json: bool) -> None:
    """Validate events, quarantine what breaks their contracts, build tables, features and corpora, fit and test models.

    What is up to date is not made again. For each event, rows collected = kept + quarantined + duplicates.
    """
    from balun.run import run as run_project

    with _progress(quiet=as_json) as watch:
        report = run_project(_folder(), wait=wait, watch=watch)
    if as_json:
        _print_json(report.as_json())
    else:
        from balun.terminal import print_report

        print_report(report, _console())
    sys.exit(FINDINGS if report.findings else FINE)


@balun.command(short_help="Say what is stale, and why.")
@json_option
@_says_errors
def status(*, as_json: bool) -> None:
    """Say what is stale, and why. Makes nothing. Exit status 1 where something is stale."""
    from balun.status import status as status_of

    found = status_of(_folder())
    if as_json:
        _print_json(found.as_json())
    else:
        from balun.terminal import print_status

        print_status(found, _console())
    sys.exit(FINDINGS if found.stale else FINE)


@balun.command(short_help="Show one level up and one level down of a node.")
@click.argument("node")
@json_option
@_says_errors
def near(node: str, *, as_json: bool) -> None:
    """Show one level up and one level down of NODE: owners, how each is made, columns, rows before and after, counts.

    \b
    balun near flown
    balun near feature:weather
    """
    from balun.near import draw

    found = bl.load(_folder()).near(node)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console())


@balun.command("map", short_help="Draw the chain, its owners and the interfaces between them.")
@json_option
@_says_errors
def map_(*, as_json: bool) -> None:
    """Draw the chain in the terminal, with owners and the interfaces between them."""
    from balun.chain.load import load_graph
    from balun.map import as_json as map_as_json
    from balun.map import draw

    graph = load_graph(_folder())
    if as_json:
        _print_json(map_as_json(graph))
    else:
        draw(graph, _console())


@balun.command(short_help="Print a node's rows.")
@click.argument("node")
@limit_option
@json_option
@_says_errors
def rows(node: str, limit: int, *, as_json: bool) -> None:
    """Print the first rows of NODE as of the last run."""
    _print_rows(bl.load(_folder())[node].rows(limit), as_json=as_json)


@balun.command(short_help="Print the rows of an event that were set aside.")
@click.argument("event")
@limit_option
@json_option
@_says_errors
def quarantine(event: str, limit: int, *, as_json: bool) -> None:
    """Print the rows of EVENT that the last run set aside: raw form, source, row, and all reasons."""
    project = bl.load(_folder())
    found = project[event if ":" in event else f"event:{event}"].quarantined()
    _print_rows(found.slice(0, limit), as_json=as_json)
    if not as_json:
        click.echo(f"{found.num_rows:,} rows set aside")


@balun.command(short_help="Delete snapshots that are no longer current.")
@json_option
@_says_errors
def prune(*, as_json: bool) -> None:
    """Delete the snapshots that the project no longer points to. The current ones stay."""
    from balun.chain.config import read_config
    from balun.snapshot import Store

    store = Store(read_config(_folder()).snapshots)
    with store.locked():
        count, size = store.prune()
    store.close()
    if as_json:
        _print_json({"snapshots": count, "bytes": size})
    else:
        click.echo(f"{count} snapshots deleted, {size / 1e6:,.1f} MB")


def _print_rows(table: Any, *, as_json: bool) -> None:
    if as_json:
        _print_json(table.to_pylist())
        return
    from balun.terminal import print_rows

    print_rows(table, _console())


def _progress(*, quiet: bool) -> Any:
    from balun.terminal import Progress

    return Progress(shown=not quiet and sys.stderr.isatty())
