"""The command line: a verb parses its words, calls, and prints. Exit 0 fine, 1 findings, 2 usage or project error."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

import balun as bl
from balun.chain.config import find_project
from balun.errors import BalunError, ProjectError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from balun.against import Against
    from balun.chain.change import Change
    from balun.check import Checked
    from balun.impact import Impact
    from balun.project import Part
    from balun.quarantine import Quarantine

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
@click.option("--against", "revision", metavar="REV", help="Say what differs from a revision in git, and what it does.")
@click.option(
    "--worth", "costs", is_flag=True, help="With --against: replay each edit on history, and say what it costs models."
)
@click.option(
    "--fail-on",
    type=click.Choice(["breaks", "shifts"]),
    default="shifts",
    show_default=True,
    help="From which verdict of --if or --against on the exit status is 1.",
)
@click.option("--anew", is_flag=True, help="Work out everything again, also what earlier checks did.")
@click.option(
    "--dbt",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Check a dbt project as it is: its manifest.json, its folder, or its target folder.",
)
@json_option
@_says_errors
def check(
    form: str,
    phrase: str | None,
    revision: str | None,
    fail_on: str,
    dbt: Path | None,
    *,
    costs: bool,
    anew: bool,
    as_json: bool,
) -> None:
    """Prove from contracts and SQL what holds of every node, and find what can't be right. Reads no rows.

    A finding may be accepted where it stands, by a comment on its line or above it:
    `balun: accept RULE: why`. `balun explain RULE` says what a rule is about.
    Exit status 1 where something was found, or a change would break or shift something.

    \b
    balun check --if "drop departure.tailnum"
    balun check --if "coarsen departure.time_hour to 1 day"
    balun check --if "sample weather to 10%"
    balun check --against main --format markdown
    balun check --against main --worth
    balun check --dbt shop/target/manifest.json --if "drop raw_orders.status"
    """
    if phrase is not None and revision is not None:
        raise UsageError("--if asks of one change, --against of those since a revision: ask for one of them")
    if costs and revision is None:
        raise UsageError('--worth is of what differs from a revision: --against REV, or `balun worth --if "CHANGE"`')
    if phrase is not None:
        _check_if(phrase, form, fail_on, dbt, anew=anew, as_json=as_json)
        return
    if revision is not None and dbt is not None:
        raise UsageError("--against is of Balun's own projects: ask --if of a dbt project")
    if revision is not None:
        _check_against(revision, form, fail_on, costs=costs, anew=anew, as_json=as_json)
        return
    from balun.check import check as check_project

    checked = _checked_dbt(dbt) if dbt is not None else check_project(_folder(), anew=anew)
    if as_json:
        _print_json(checked.as_json())
    elif form != "terminal":
        from balun.report import FORMATS

        click.echo(FORMATS[form](checked))
    else:
        from balun.terminal import print_checked

        print_checked(checked, _console())
    sys.exit(FINDINGS if checked.findings else FINE)


def _checked_dbt(path: Path) -> Checked:
    from balun.check import check_graph
    from balun.dbt import load_dbt

    return check_graph(load_dbt(path))


def _check_if(phrase: str, form: str, fail_on: str, dbt: Path | None, *, anew: bool, as_json: bool) -> None:
    from balun.chain.change import read_change
    from balun.terminal import print_impact

    change = read_change(phrase)
    found = _impact_on_dbt(dbt, change) if dbt is not None else _impact(change, anew=anew)
    if as_json:
        _print_json(found.as_json())
    elif form != "terminal":
        from balun.against import of_impact
        from balun.report import AGAINST

        click.echo(AGAINST[form](of_impact(found)))
    else:
        print_impact(found, _console())
    _exit_by(found, fail_on)


def _exit_by(found: Impact | Against, fail_on: str) -> NoReturn:
    bad = {"breaks", fail_on}
    sys.exit(FINDINGS if found.findings or found.worst in bad else FINE)


def _check_against(revision: str, form: str, fail_on: str, *, costs: bool, anew: bool, as_json: bool) -> None:
    from balun.against import against
    from balun.check import with_kept

    folder = _folder()
    found = with_kept(folder, lambda kept: against(folder, revision, kept), anew=anew)
    if costs:
        from balun.worth import with_costs

        with _progress(quiet=as_json or form != "terminal") as watch:
            found = with_costs(folder, found, watch=watch)
    if as_json:
        _print_json(found.as_json())
    elif form != "terminal":
        from balun.report import AGAINST

        click.echo(AGAINST[form](found))
    else:
        from balun.terminal import print_against

        print_against(found, _console())
    _exit_by(found, fail_on)


def _impact(change: Change, *, anew: bool) -> Impact:
    from balun.chain.load import load_graph
    from balun.check import with_kept
    from balun.impact import impact

    folder = _folder()
    return with_kept(folder, lambda kept: impact(load_graph(folder, kept), change, kept), anew=anew)


def _impact_on_dbt(path: Path, change: Change) -> Impact:
    from balun.dbt import load_dbt
    from balun.impact import impact

    return impact(load_dbt(path), change)


@balun.command(short_help="Say what a rule is about.")
@click.argument("rule", required=False)
@json_option
@_says_errors
def explain(rule: str | None, *, as_json: bool) -> None:
    """Say what RULE is about, with examples, good and bad; without one, list the rules."""
    from balun.errors import nearest
    from balun.rules import RULES
    from balun.rules.raised import RAISED

    known = {**{one.name: one.page for one in RULES}, **{one.name: one.page for one in RAISED}}
    pages = {name: page for name, page in known.items() if rule in {None, name}}
    if not pages:
        raise UsageError(f"there is no rule {rule}{nearest(str(rule), known)}")
    if as_json:
        _print_json(pages)
    elif rule is None:
        width = max(map(len, pages))
        for name, page in pages.items():
            click.echo(f"{name:<{width}}  {' '.join(page.split(chr(10) * 2)[1].split()).split('. ')[0].rstrip('.')}.")
    else:
        click.echo(pages[rule].rstrip())


@balun.command(short_help="Hold what is said of changes against what they do to rows.")
@click.option("--rows", default=4000, show_default=True, metavar="N", type=click.IntRange(10), help="Rows of an event.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind of change; may be repeated.")
@click.option("--event", "events", multiple=True, metavar="EVENT", help="Only changes of this event; may be repeated.")
@click.option("--fresh", is_flag=True, help="Forget what a proof that was stopped, or an earlier one, found.")
@json_option
@_says_errors
def prove(*, rows: int, kinds: tuple[str, ...], events: tuple[str, ...], fresh: bool, as_json: bool) -> None:
    """Hold what `balun check --if` says against what changes do: every kind of change on every captured column.

    Each change is judged without rows, then done to a stretch of the rows, from which everything downstream is built
    again and compared, column by column. Models are not fitted. A proof that is stopped goes on where it was.
    Exit status 1 where something broke or shifted and wasn't said to.

    \b
    balun prove
    balun prove --kind coarsen --event departure
    """
    from balun.prove import prove as prove_project

    with _progress(quiet=as_json) as watch:
        proof = prove_project(_folder(), rows=rows, kinds=kinds, events=events, fresh=fresh, watch=watch)
    if as_json:
        _print_json(proof.as_json())
    else:
        from balun.terminal import print_proof

        print_proof(proof, _console())
    sys.exit(FINDINGS if proof.missed else FINE)


@balun.command(short_help="What a change, or a captured column, is worth to a model.")
@click.argument("model", required=False)
@click.option(
    "--if",
    "phrases",
    metavar="CHANGE",
    multiple=True,
    help="What this change costs every model below it; given several times, all of them at once.",
)
@click.option(
    "--workers", metavar="N", type=click.IntRange(1), help="Processes that share the work; by default a core each."
)
@click.option(
    "--rows",
    "share",
    metavar="SHARE",
    default="100%",
    help="Fit again on this share of the training rows, as 25%: faster, and intervals are wider.",
)
@click.option("--write", is_flag=True, help="Keep what the MODEL needs in needs/MODEL.yaml, for near, map and check.")
@click.option("--fresh", is_flag=True, help="Forget what is known from before, or from work that was stopped.")
@json_option
@_says_errors
def worth(
    model: str | None,
    phrases: tuple[str, ...],
    workers: int | None,
    share: str,
    *,
    write: bool,
    fresh: bool,
    as_json: bool,
) -> None:
    """Replay changes of what is captured on history, and say what they cost in a model's own metric.

    With --if: two numbers for each model below the change, each with 95 %. On the day: the model in service meets
    changed rows. After retraining: it is fitted again on changed history. Both are judged on the test's examples and
    labels as they were. Only what hangs on the change is built again.

    With a MODEL: a table of every captured column that it hangs on, whole and at coarser steps. Work that is stopped
    goes on where it was. What is stale of the project is run first. --write keeps what the model needs as a file of the
    project: those who capture see it by near and map, and check finds where it comes no more, or too coarse.

    \b
    balun worth --if "coarsen departure.time_hour to 6 h"
    balun worth --if "blank weather.visib" --if "blank weather.precip"
    balun worth delay
    balun worth delay --rows 25%
    balun worth delay --write
    """
    if bool(phrases) == bool(model):
        raise UsageError('worth is of changes or of a model: `balun worth --if "drop E.C"` or `balun worth MODEL`')
    if phrases:
        from balun.worth import worth as worth_of
        from balun.worth.draw import print_worth

        with _progress(quiet=as_json) as watch:
            found = worth_of(_folder(), phrases, share=_share(share, "a share of rows"), fresh=fresh, watch=watch)
        if as_json:
            _print_json(found.as_json())
        else:
            print_worth(found, _console())
        return
    from balun.chain.needs import write_needs
    from balun.worth import needs_of, table
    from balun.worth.draw import print_table

    with _progress(quiet=as_json) as watch:
        part = _share(share, "a share of rows")
        told = table(_folder(), model or "", share=part, workers=workers, fresh=fresh, watch=watch)
    written = write_needs(needs_of(told), _folder()) if write else None
    if as_json:
        _print_json(told.as_json())
        return
    print_table(told, _console())
    if written is not None:
        click.echo(f"kept in {written}: commit it")


@balun.command(short_help="The fewest captured columns, and the coarsest steps, that a model needs.")
@click.argument("model")
@click.option(
    "--cost",
    type=click.Choice(["columns", "bytes", "latency"]),
    default="columns",
    show_default=True,
    help="What is to be small: how many columns, bytes a row, or how long until inputs are known and answered.",
)
@click.option(
    "--margin",
    metavar="SHARE",
    default="0.5%",
    show_default=True,
    help="What may be lost of the metric's gain over the training's average; `measurable`: one standard error.",
)
@click.option("--no-steps", is_flag=True, help="Look for fewer columns alone, not for coarser steps of them.")
@click.option("--write", "writing", is_flag=True, help="Declare the smaller model in a new file, MODEL_small.py.")
@click.option(
    "--workers", metavar="N", type=click.IntRange(1), help="Processes that share the replays; by default a core each."
)
@click.option("--fresh", is_flag=True, help="Forget what is known from before, or from work that was stopped.")
@json_option
@_says_errors
def minimize(
    model: str,
    *,
    cost: str,
    margin: str,
    no_steps: bool,
    writing: bool,
    workers: int | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Search for the fewest captured columns, and the coarsest steps of them, that MODEL needs.

    A smaller model is one whose loss stays under a margin with 95 %. It is searched for on the last stretch of the
    training rows, and held against the test once, at the end. Columns go in halves, the least worth first; what is
    left comes in coarser steps. Work that is stopped goes on where it was. What is stale of the project is run first.
    Exit status 1 where the test doesn't agree.

    \b
    balun minimize delay
    balun minimize delay --cost bytes --margin 2%
    balun minimize delay --margin measurable
    balun minimize delay --write
    """
    from balun.minimize import minimize as minimize_model
    from balun.minimize.draw import print_minimized

    with _progress(quiet=as_json) as watch:
        found = minimize_model(
            _folder(), model, cost=cost, margin=_margin(margin), steps=not no_steps, writing=writing,
            workers=workers, fresh=fresh, watch=watch,
        )  # fmt: skip
    if as_json:
        _print_json(found.as_json())
    else:
        print_minimized(found, _console())
    sys.exit(FINE if found.holds else FINDINGS)


def _margin(text: str) -> float | str:
    return "measurable" if text.strip() == "measurable" else _share(text, "a margin", ", or measurable")


def _share(text: str, what: str, or_else: str = "") -> float:
    """
    >>> _share("2%", "a margin"), _share("0.5 %", "a margin"), _share("0.01", "a margin")
    (0.02, 0.005, 0.01)
    """
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        return float(number) / (100 if percent else 1)
    except ValueError as exc:
        raise UsageError(f"{text} is not {what}: write a share such as 0.5%{or_else}") from exc


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


@balun.command(short_help="Say why a column is as it is.")
@click.argument("column", metavar="NODE.COLUMN")
@click.option("--row", "key", metavar="KEY", help="Of a table's row: the values of its key, or COLUMN=VALUE,….")
@json_option
@_says_errors
def why(column: str, *, key: str | None, as_json: bool) -> None:
    """Say what is known of NODE.COLUMN and how, where its nulls come from, and how it is made, step by step.

    Each fact is proved by a step of the SQL, tested on rows, or assumed because a contract says so. Where the last
    run left rows, it is said of each whether it holds on them.

    With --row: of one row of a table that is made row by row of one parent, as a mended one is, each value, what it was
    in the parent's row, and the branch of the SQL that changed it. NODE alone shows all its columns.

    \b
    balun why flown.dep_delay
    balun why feature:weather.temp
    balun why beer_mended --row 1436
    balun why beer_mended.ounces --row id=1436
    """
    from balun.why import draw

    if key is not None:
        _why_row(column, key, as_json=as_json)
        return
    found = bl.load(_folder()).why(column)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console())


def _why_row(word: str, key: str, *, as_json: bool) -> None:
    from balun.why import draw_row, why_row

    found = why_row(_folder(), word, key)
    if as_json:
        _print_json(found.as_json())
    else:
        draw_row(found, _console())


@balun.command(short_help="Say how much data a corpus has, how clean, and what to capture more of.")
@click.argument("name")
@click.option("--model", metavar="MODEL", help="By this model's split, metric and estimator; where several use it.")
@click.option(
    "--rows", default=100_000, show_default=True, metavar="N", type=click.IntRange(100), help="Fit on at most N rows."
)
@click.option(
    "--sample", metavar="N", type=click.IntRange(1), help="Draw a smaller corpus of N rows, and say what it loses."
)
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the sample there, as Parquet.")
@json_option
@_says_errors
def corpus(name: str, model: str | None, rows: int, sample: int | None, out: Path | None, *, as_json: bool) -> None:
    """Say of corpus NAME, as the last run left it, how much data there is, how diverse and how clean it is (twins, test
    rows that training has, labels in doubt), how the metric grows with rows, and what to capture more of.

    It fits the model some fifteen times, on training rows only, and judges it on the test.

    \b
    balun corpus late_departures
    balun corpus late_departures --sample 20000 --out small.parquet
    """
    from balun.stocktake import draw

    if out is not None and sample is None:
        raise UsageError("--out is where a sample goes: say how many rows with --sample N")
    with _progress(quiet=as_json) as watch:
        found = bl.load(_folder()).stocktake(name, model=model, rows=rows, sample=sample, out=out, watch=watch)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console())


@balun.command(short_help="Hold rows against all that is promised of them.")
@click.argument("node")
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Files in place of its own.",
)
@click.option(
    "--failing", type=click.Path(dir_okay=False, path_type=Path), help="Write the failing rows to this Parquet file."
)
@click.option("--profile", is_flag=True, help="Say what the rows look like, too.")
@click.option(
    "--now", type=click.DateTime(), help="The clock that freshness goes by, in UTC.  [default: the newest file's time]"
)
@json_option
@_says_errors
def scan(
    node: str, data: tuple[Path, ...], failing: Path | None, now: datetime | None, *, profile: bool, as_json: bool
) -> None:
    """Hold the source of an event, or the rows of a table, against all that is promised of them. Nothing is made.

    Of each check: the rows that break it, or that the files' footers prove that none does. Beyond what a run sets rows
    aside for: references to other nodes' rows, how new the newest row is, what a unit makes impossible, and steps.
    Exit status 1 where one fails.

    \b
    balun scan departure
    balun scan departure --data today.parquet --failing failing.parquet
    balun scan flown --profile
    """
    from balun.scanned import draw

    clock = None if now is None else now.replace(tzinfo=UTC)
    with _progress(quiet=as_json) as watch:
        project = bl.load(_folder())
        found = project.scan(node, data=data, failing=failing, profile=profile, now=clock, watch=watch)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console())
    sys.exit(FINDINGS if found.failed else FINE)


@balun.command(short_help="Propose how events and tables join.")
@click.argument("nodes", nargs=-1, metavar="[NODE | FILE]...")
@limit_option
@json_option
@_says_errors
def joins(nodes: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """Propose how events and tables join, by the rows of the last run: all, or those of each NODE with any other. Of
    data files it needs no project.

    Of each join: why, cardinality, rows matched, multiplied and lost, where the lost ones are, what must be mended
    first (case, blanks, zeros, type, zone, resolution), whether the project has it already, and its SQL.

    \b
    balun joins
    balun joins departure
    balun joins data/*.parquet
    """
    from balun.joins import draw, joins_of_files

    with _progress(quiet=as_json) as watch:
        if nodes and all(_is_path(word) for word in nodes):
            start = click.get_current_context().find_root().obj
            found = joins_of_files(map(Path, nodes), start, watch.say)
        else:
            found = bl.load(_folder()).joins(*nodes, watch=watch)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console(), limit=limit)


def _is_path(word: str) -> bool:
    """
    >>> _is_path("data/a.csv"), _is_path("*.parquet"), _is_path("event:plane"), _is_path("plane")
    (True, True, False, False)
    """
    return "/" in word or "." in word or "*" in word


@balun.command(short_help="Show how records were matched without a key, and ask about unsure pairs.")
@click.argument("name")
@click.option("--plan", is_flag=True, help="Only which pairs would be compared, and how many.")
@click.option("--explain", metavar="KEY", help="A record's cluster, and what each column weighs for it.")
@click.option(
    "--review", is_flag=False, flag_value=20, type=click.IntRange(1), metavar="[N]", help="Judge N unsure pairs."
)
@json_option
@_says_errors
def link(name: str, explain: str | None, review: int | None, *, plan: bool, as_json: bool) -> None:
    """Show what the link NAME came to in the last run: pairs compared, the threshold, estimated precision and recall,
    clusters by size, and examples of sure, unsure and rejected pairs.

    --review asks about unsure pairs (y, n, s to skip, q to quit) and keeps the answers in links/NAME.labels.csv, which
    the next run goes by; with --json it lists the pairs.

    \b
    balun link people
    balun link people --plan
    balun link people --explain 1024
    balun link people --review 10
    """
    from balun.linking.draw import draw, draw_explained, draw_plan

    project = bl.load(_folder())
    if review:
        _review(project, name, review, as_json=as_json)
    elif plan:
        planned = project.link_plan(name)
        _print_json(planned.as_json()) if as_json else draw_plan(planned, _console())
    elif explain:
        explained = project.link_explained(name, explain)
        _print_json(explained.as_json()) if as_json else draw_explained(explained, _console())
    else:
        linked = project.link(name)
        _print_json(linked.as_json()) if as_json else draw(linked, _console())


def _review(project: bl.Project, name: str, many: int, *, as_json: bool) -> None:
    """Each answer is kept as soon as it is given."""
    from balun.linking.draw import draw_pair

    pairs = project.unsure(name, many=many)
    if as_json:
        _print_json([pair.as_json() for pair in pairs])
        return
    given = 0
    for pair in pairs:
        draw_pair(pair, _console())
        word = click.prompt("  the same?", type=click.Choice(["y", "n", "s", "q"]), show_choices=True)
        if word == "q":
            break
        if word in {"y", "n"}:
            project.judge(name, [(pair, word == "y")])
            given += 1
    click.echo(f"{given} pairs judged" + ("; `balun run` goes by them" if given else ""))


@balun.command(short_help="Find what is wrong in the rows, and propose mends.")
@click.argument("node", metavar="TABLE | EVENT")
@click.option(
    "--labels",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What a person said of a few rows: a CSV of row,column,right value.",
)
@click.option("--label", "ask", is_flag=True, help="Ask you of 20 rows first, and keep that in labels/NODE.csv.")
@click.option("--write", is_flag=True, help="Write the mended table as tables/NODE_mended.sql, for you to read.")
@click.option("--force", is_flag=True, help="With --write: write over one that is there.")
@click.option(
    "--least-confidence",
    "least",
    default=0.6,
    show_default=True,
    metavar="P",
    type=click.FloatRange(0, 1),
    help="Leave out cells that are less likely wrong.",
)
@limit_option
@json_option
@_says_errors
def mend(
    node: str, *, labels: Path | None, ask: bool, write: bool, force: bool, least: float, limit: int, as_json: bool
) -> None:
    """Find what is likely wrong in the rows of a table or event, as the last run left them, and propose mends as SQL.

    It needs no rules: columns that tell others, slips, placeholders, other forms, units and clocks, swapped and missing
    values, rows that come twice. Of each: why, how sure, and the mend. Nothing is changed in place: --write makes a new
    table, which you read and keep. Exit status 1 where something is likely wrong.

    A row that the labels name was looked at whole: its cells without a line are right; one that is right has a line
    without a column.

    \b
    balun mend hospital
    balun mend hospital --label
    balun mend hospital --labels labels/hospital.csv
    balun mend hospital --write
    """
    from balun.mends import draw

    folder = _folder()
    project = bl.load(folder)
    part = project[node if ":" in node else _event_or_table(project, node)]
    if ask:
        labels = _labels_of(part, folder, labels)
    with _progress(quiet=as_json) as watch:
        found = part.mend(labels=labels, least=least, watch=watch)
    file = found.write(folder, force=force) if write else None
    if as_json:
        _print_json({**found.as_json(), "file": str(file) if file else None})
    else:
        draw(found, _console(), limit=limit)
        if file is not None:
            click.echo(f"written: {file.relative_to(folder)}. Read it, then `balun check` and `balun run`")
    sys.exit(FINDINGS if found.mends or found.unknown else FINE)


def _labels_of(part: Part, folder: Path, file: Path | None) -> Path:
    from balun.mends import interview

    with _progress(quiet=False) as watch:
        rows = part.to_label(watch=watch)
    file = file or folder / "labels" / f"{part.node.name}.csv"
    count = interview(
        rows,
        file,
        _console(err=True),
        lambda: str(click.prompt("", "", prompt_suffix="> ", show_default=False, err=True)),
    )
    click.echo(f"{count} rows are labelled in {file}", err=True)
    if not count:
        raise UsageError("no row was labelled: `balun mend` goes without, too")
    return file


def _event_or_table(project: bl.Project, name: str) -> str:
    """Where a feature has the same name, the rows are meant."""
    found = [one.id for one in project.graph if one.name == name and one.kind in {"event", "table"}]
    return found[0] if len(found) == 1 else name


@balun.command(short_help="Say what has moved in the rows, and which days stand out.")
@click.argument("nodes", nargs=-1, metavar="[NODE]...")
@click.option(
    "--against",
    metavar="WHAT",
    help="The run before (`before`, the default), a run's number, a day such as 2026-03-01, or a baseline's name.",
)
@click.option("--period", metavar="TIME", help="Hold the newest stretch of time, as 7d, against the one before it.")
@click.option(
    "--file", metavar="PATH", type=click.Path(path_type=Path), help="Hold these rows against those of the one NODE."
)
@click.option(
    "--serving", metavar="PATH", type=click.Path(path_type=Path), help="Hold a log of what the one MODEL was served."
)
@click.option("--all", "every_day", is_flag=True, help="Judge all days, not the newest seven alone.")
@click.option("--baseline", is_flag=True, help="Keep the last run as a baseline in place of comparing.")
@click.option("--name", metavar="NAME", default="baseline", show_default=True, help="Of the baseline that is kept.")
@limit_option
@json_option
@_says_errors
def drift(
    nodes: tuple[str, ...],
    against: str | None,
    period: str | None,
    file: Path | None,
    serving: Path | None,
    name: str,
    limit: int,
    *,
    every_day: bool,
    baseline: bool,
    as_json: bool,
) -> None:
    """Hold the rows of each NODE, by default of all events and tables, against the state before, and its newest days
    against what those before lead to expect: rows, nulls, late rows, rows set aside, new categories.

    Of a corpus or a model: what it is tested on against what it learns from. With --serving: the inputs and answers
    of a log against the corpus, and against what Balun computes for the same examples.

    An alarm is one that chance seldom makes, in all columns together, and that is large enough to matter. What hangs
    on the column is said with it.
    Exit status 1 where there is an alarm.

    \b
    balun drift
    balun drift departure --against 2026-03-01
    balun drift flown --period 30d
    balun drift late_departures --file today.parquet
    balun drift delay --serving served.parquet
    balun drift --baseline
    balun drift --against baseline
    """
    from balun.drift import Asked, draw

    if sum(one is not None for one in (against, period, file, serving)) > 1:
        raise UsageError("--against, --period, --file and --serving each say what is held against what: give one")
    project = bl.load(_folder())
    if baseline:
        kept = project.baseline(*nodes, name=name)
        if as_json:
            _print_json({"file": str(kept)})
        else:
            click.echo(f"kept in {kept}: commit it; hold later runs against it with `balun drift --against {name}`")
        return
    with _progress(quiet=as_json) as watch:
        found = project.drift(*nodes, asked=Asked(against, file, period, every_day, serving), watch=watch)
    if as_json:
        _print_json(found.as_json())
    else:
        draw(found, _console(), limit=limit)
    sys.exit(FINDINGS if found.findings else FINE)


@balun.command(short_help="Show an event or a table from run to run.")
@click.argument("node")
@click.option("--column", metavar="COLUMN", help="One column over the runs.")
@click.option(
    "-n", "--limit", default=20, show_default=True, metavar="N", type=click.IntRange(1), help="Show at most N runs."
)
@json_option
@_says_errors
def history(node: str, column: str | None, limit: int, *, as_json: bool) -> None:
    """Show NODE, an event or a table, from run to run: rows, nulls, and what moved against the run before.

    Only runs that changed it are there. What is shown outlives `balun prune`, as profiles are kept of all runs.

    \b
    balun history departure
    balun history flown --column dep_delay
    """
    from balun.drift import draw_runs

    found = bl.load(_folder()).history(node, column)
    if as_json:
        _print_json(found.as_json())
    else:
        draw_runs(found, _console(), limit=limit)


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


@balun.command(short_help="Show what was set aside of events, and release it.")
@click.argument("event", required=False)
@click.option(
    "--by",
    default="reason",
    show_default=True,
    metavar="WHAT",
    help="Count by reason, column, file, day, owner, run, kind, or the raw values of a column.",
)
@click.option("--reason", metavar="REASON", help="Only rows with this reason, such as value-high.")
@click.option("--column", metavar="COLUMN", help="Only rows with a reason about this column.")
@click.option(
    "--sample", metavar="N", type=click.IntRange(0), help="Print N rows, spread over the reasons.  [default: 3]"
)
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(1), help="Print the first N rows, in place of a sample."
)
@click.option("--mended", is_flag=True, help="Print rows that are kept as they were mended, in raw form.")
@click.option("--csv", "csv_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the raw rows as CSV.")
@click.option("--parquet", metavar="FILE", type=click.Path(path_type=Path), help="Write the raw rows as Parquet.")
@click.option(
    "--set",
    "sets",
    metavar="'COLUMN = SQL'",
    multiple=True,
    help="Try a mend: what a column becomes, by SQL over the raw columns; may be given several times.",
)
@click.option(
    "--where", metavar="REASON|SQL", help="With --set: mend only rows with this reason, or where this is true."
)
@click.option("--why", metavar="TEXT", help="With --set and --release: why, kept beside the mend.")
@click.option("--release", is_flag=True, help="Write the mend of --set down, and run; without --set, only run.")
@click.option("--drop-mend", metavar="N", type=click.IntRange(1), help="Delete the event's Nth mend, and run.")
@json_option
@_says_errors
def quarantine(
    event: str | None,
    *,
    by: str,
    reason: str | None,
    column: str | None,
    sample: int | None,
    limit: int | None,
    mended: bool,
    csv_file: Path | None,
    parquet: Path | None,
    sets: tuple[str, ...],
    where: str | None,
    why: str | None,
    release: bool,
    drop_mend: int | None,
    as_json: bool,
) -> None:
    """Show what the last run set aside of EVENT: by reason, and a sample of the rows in raw form. Without EVENT, the
    counts of all events.

    A mend is tried with --set on what was set aside, without reading the source: how many rows would be kept, and what
    is wrong with the others. --release writes it into contracts/EVENT.mends.yaml and runs. Exit status 1 where that
    run found something.

    \b
    balun quarantine departure --by tailnum
    balun quarantine departure --reason value-high --sample 5
    balun quarantine departure --set "dep_delay = replace(dep_delay, ',', '.')"
    balun quarantine departure --set "dep_delay = replace(dep_delay, ',', '.')" --release
    """
    project = bl.load(_folder())
    if (where or why) and not sets:
        raise UsageError("--where and --why are of a mend: say what it sets with --set 'COLUMN = SQL'")
    if event is None:
        _quarantine_overview(project, as_json=as_json, asked=bool(sets or release or drop_mend))
        return
    part = project[event if ":" in event else f"event:{event}"]
    if drop_mend is not None:
        _drop_mend(project, part, drop_mend, as_json=as_json)
    if release:
        _release(part, sets, where, why, as_json=as_json)
    if sets:
        _preview(part, sets, where, as_json=as_json)
        return
    found = part.quarantine().where(reason=reason, column=column)
    written = [(file, found.write(file)) for file in (csv_file, parquet) if file is not None]
    groups = found.groups(by)
    shown = _set_aside(found, limit, sample, mended=mended)
    if as_json:
        told = {"by": by, "groups": [group.as_json() for group in groups], "shown": shown.to_pylist()}
        _print_json({**found.as_json(), **told, "written": [str(file) for file, _ in written]})
        return
    from balun.quarantine.draw import draw_quarantine

    draw_quarantine(found, by, groups if not mended else (), _console())
    for file, count in written:
        click.echo(f"{count:,} rows written to {file}")
    if not written and shown.num_rows:
        _print_rows(shown, as_json=False)
        of = found.counts["mended"] if mended else found.rows
        click.echo(f"{shown.num_rows:,} of {of:,} rows {'mended' if mended else 'set aside'}")


def _set_aside(part: Quarantine, limit: int | None, sample: int | None, *, mended: bool) -> Any:
    if mended:
        return part.mended(limit or 3)
    return part.table(limit) if limit is not None else part.sample(3 if sample is None else sample)


def _quarantine_overview(project: bl.Project, *, as_json: bool, asked: bool) -> None:
    if asked:
        raise UsageError("say of which event: balun quarantine EVENT …")
    found = project.quarantine()
    if as_json:
        _print_json(found.as_json())
        return
    from balun.quarantine.draw import draw_overview

    draw_overview(found, _console())


def _preview(part: Part, sets: tuple[str, ...], where: str | None, *, as_json: bool) -> None:
    found = part.preview(*sets, where=where)
    if as_json:
        _print_json(found.as_json())
        return
    from balun.quarantine.draw import draw_preview

    draw_preview(found, _console())
    if found.admitted:
        click.echo("Add --release to write this mend down, and run")


def _release(part: Part, sets: tuple[str, ...], where: str | None, why: str | None, *, as_json: bool) -> NoReturn:
    with _progress(quiet=as_json) as watch:
        found = part.release(*sets, where=where, why=why, watch=watch)
    if as_json:
        _print_json(found.as_json())
    else:
        from balun.quarantine.draw import draw_preview
        from balun.terminal import print_report

        draw_preview(found.preview, _console())
        if sets:
            click.echo(
                f"The mend is written into {found.file}: commit it" if found.file else "The mend is there already"
            )
        click.echo()
        print_report(found.report, _console())
    sys.exit(FINDINGS if found.report.findings else FINE)


def _drop_mend(project: bl.Project, part: Part, number: int, *, as_json: bool) -> NoReturn:
    from balun.quarantine import drop_mend

    file = drop_mend(project.graph, part.node, number)
    with _progress(quiet=as_json) as watch:
        report = project.run(watch=watch)
    if as_json:
        _print_json({"file": str(file), "run": report.as_json()})
    else:
        from balun.terminal import print_report

        click.echo(f"Mend {number} is taken out of {file}")
        print_report(report, _console())
    sys.exit(FINDINGS if report.findings else FINE)


@balun.command(short_help="Delete snapshots that are no longer current.")
@json_option
@_says_errors
def prune(*, as_json: bool) -> None:
    """Delete the snapshots that the project no longer points to, and what checks worked out.

    Current snapshots stay, and so do those of baselines, and the profiles of all runs.
    """
    from balun.chain.config import read_config
    from balun.drift.baseline import kept_snapshots
    from balun.kept import FILE, forget
    from balun.snapshot import Store

    folder = _folder()
    snapshots = read_config(folder).snapshots
    store = Store(snapshots)
    with store.locked():
        count, size = store.prune(kept_snapshots(folder))
    store.close()
    size += forget(snapshots / FILE)
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
