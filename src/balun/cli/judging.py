"""What can be proved, and what a change breaks, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from balun.cli.group import (
    FINDINGS,
    FINE,
    balun,
    json_option,
    new_console,
    new_progress,
    project_folder,
    says_errors,
    show_json,
)
from balun.errors import UsageError

if TYPE_CHECKING:
    from balun.against import Against
    from balun.chain.change import Change
    from balun.check import Checked
    from balun.impact import Impact


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
@says_errors
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

    checked = _checked_dbt(dbt) if dbt is not None else check_project(project_folder(), anew=anew)
    if as_json:
        show_json(checked.as_json())
    elif form != "terminal":
        from balun.report import FORMATS

        click.echo(FORMATS[form](checked))
    else:
        from balun.terminal import print_checked

        print_checked(checked, new_console())
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
        show_json(found.as_json())
    elif form != "terminal":
        from balun.against import of_impact
        from balun.report import AGAINST

        click.echo(AGAINST[form](of_impact(found)))
    else:
        print_impact(found, new_console())
    _exit_by(found, fail_on)


def _exit_by(found: Impact | Against, fail_on: str) -> NoReturn:
    bad = {"breaks", fail_on}
    sys.exit(FINDINGS if found.findings or found.worst in bad else FINE)


def _check_against(revision: str, form: str, fail_on: str, *, costs: bool, anew: bool, as_json: bool) -> None:
    from balun.against import against
    from balun.check import with_kept

    folder = project_folder()
    found = with_kept(folder, lambda kept: against(folder, revision, kept), anew=anew)
    if costs:
        from balun.worth import with_costs

        with new_progress(quiet=as_json or form != "terminal") as watch:
            found = with_costs(folder, found, watch=watch)
    if as_json:
        show_json(found.as_json())
    elif form != "terminal":
        from balun.report import AGAINST

        click.echo(AGAINST[form](found))
    else:
        from balun.terminal import print_against

        print_against(found, new_console())
    _exit_by(found, fail_on)


def _impact(change: Change, *, anew: bool) -> Impact:
    from balun.chain.load import load_graph
    from balun.check import with_kept
    from balun.impact import impact

    folder = project_folder()
    return with_kept(folder, lambda kept: impact(load_graph(folder, kept), change, kept), anew=anew)


def _impact_on_dbt(path: Path, change: Change) -> Impact:
    from balun.dbt import load_dbt
    from balun.impact import impact

    return impact(load_dbt(path), change)


@balun.command(short_help="Say what a rule is about.")
@click.argument("rule", required=False)
@json_option
@says_errors
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
        show_json(pages)
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
@says_errors
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

    with new_progress(quiet=as_json) as watch:
        proof = prove_project(project_folder(), rows=rows, kinds=kinds, events=events, fresh=fresh, watch=watch)
    if as_json:
        show_json(proof.as_json())
    else:
        from balun.terminal import print_proof

        print_proof(proof, new_console())
    sys.exit(FINDINGS if proof.missed else FINE)
