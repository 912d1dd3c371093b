"""Rows held against promises, mended, joined and matched, from the command line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

import balun as bl
from balun.cli.group import (
    FINDINGS,
    FINE,
    balun,
    json_option,
    limit_option,
    new_console,
    new_progress,
    project_folder,
    says_errors,
    show_json,
    show_rows,
)
from balun.errors import UsageError

if TYPE_CHECKING:
    from balun.project import Part
    from balun.quarantine import Quarantine


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
@says_errors
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
    with new_progress(quiet=as_json) as watch:
        project = bl.load(project_folder())
        found = project.scan(node, data=data, failing=failing, profile=profile, now=clock, watch=watch)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console())
    sys.exit(FINDINGS if found.failed else FINE)


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
@says_errors
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
    project = bl.load(project_folder())
    if (where or why) and not sets:
        raise UsageError("--where and --why are of a mend: say what it sets with --set 'COLUMN = SQL'")
    if event is None:
        _quarantine_overview(project, as_json=as_json, asked=bool(sets or release or drop_mend))
        return
    part = project[project.graph.find(event, "event").id]
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
        show_json({**found.as_json(), **told, "written": [str(file) for file, _ in written]})
        return
    from balun.quarantine.draw import draw_quarantine

    draw_quarantine(found, by, groups if not mended else (), new_console())
    for file, count in written:
        click.echo(f"{count:,} rows written to {file}")
    if not written and shown.num_rows:
        show_rows(shown, as_json=False)
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
        show_json(found.as_json())
        return
    from balun.quarantine.draw import draw_overview

    draw_overview(found, new_console())


def _preview(part: Part, sets: tuple[str, ...], where: str | None, *, as_json: bool) -> None:
    found = part.preview(*sets, where=where)
    if as_json:
        show_json(found.as_json())
        return
    from balun.quarantine.draw import draw_preview

    draw_preview(found, new_console())
    if found.admitted:
        click.echo("Add --release to write this mend down, and run")


def _release(part: Part, sets: tuple[str, ...], where: str | None, why: str | None, *, as_json: bool) -> NoReturn:
    with new_progress(quiet=as_json) as watch:
        found = part.release(*sets, where=where, why=why, watch=watch)
    if as_json:
        show_json(found.as_json())
    else:
        from balun.quarantine.draw import draw_preview
        from balun.terminal import print_report

        draw_preview(found.preview, new_console())
        if sets:
            click.echo(
                f"The mend is written into {found.file}: commit it" if found.file else "The mend is there already"
            )
        click.echo()
        print_report(found.report, new_console())
    sys.exit(FINDINGS if found.report.findings else FINE)


def _drop_mend(project: bl.Project, part: Part, number: int, *, as_json: bool) -> NoReturn:
    from balun.quarantine import drop_mend

    file = drop_mend(project.graph, part.node, number)
    with new_progress(quiet=as_json) as watch:
        report = project.run(watch=watch)
    if as_json:
        show_json({"file": str(file), "run": report.as_json()})
    else:
        from balun.terminal import print_report

        click.echo(f"Mend {number} is taken out of {file}")
        print_report(report, new_console())
    sys.exit(FINDINGS if report.findings else FINE)


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
@says_errors
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

    folder = project_folder()
    project = bl.load(folder)
    part = project[project.graph.find(node, "event", "table").id]
    if ask:
        labels = _labels_of(part, folder, labels)
    with new_progress(quiet=as_json) as watch:
        found = part.mend(labels=labels, least=least, watch=watch)
    file = found.write(folder, force=force) if write else None
    if as_json:
        show_json({**found.as_json(), "file": str(file) if file else None})
    else:
        draw(found, new_console(), limit=limit)
        if file is not None:
            click.echo(f"written: {file.relative_to(folder)}. Read it, then `balun check` and `balun run`")
    sys.exit(FINDINGS if found.mends or found.unknown else FINE)


def _labels_of(part: Part, folder: Path, file: Path | None) -> Path:
    from balun.mends import interview

    with new_progress(quiet=False) as watch:
        rows = part.to_label(watch=watch)
    file = file or folder / "labels" / f"{part.node.name}.csv"
    count = interview(
        rows,
        file,
        new_console(err=True),
        lambda: str(click.prompt("", "", prompt_suffix="> ", show_default=False, err=True)),
    )
    click.echo(f"{count} rows are labelled in {file}", err=True)
    if not count:
        raise UsageError("no row was labelled: `balun mend` goes without, too")
    return file


@balun.command(short_help="Propose how events and tables join.")
@click.argument("nodes", nargs=-1, metavar="[NODE | FILE]...")
@limit_option
@json_option
@says_errors
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

    with new_progress(quiet=as_json) as watch:
        if nodes and all(_is_path(word) for word in nodes):
            start = click.get_current_context().find_root().obj
            found = joins_of_files(map(Path, nodes), start, watch.say)
        else:
            found = bl.load(project_folder()).joins(*nodes, watch=watch)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console(), limit=limit)


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
@says_errors
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

    project = bl.load(project_folder())
    if review:
        _review(project, name, review, as_json=as_json)
    elif plan:
        planned = project.link_plan(name)
        show_json(planned.as_json()) if as_json else draw_plan(planned, new_console())
    elif explain:
        explained = project.link_explained(name, explain)
        show_json(explained.as_json()) if as_json else draw_explained(explained, new_console())
    else:
        linked = project.link(name)
        show_json(linked.as_json()) if as_json else draw(linked, new_console())


def _review(project: bl.Project, name: str, many: int, *, as_json: bool) -> None:
    """Each answer is kept as soon as it is given."""
    from balun.linking.draw import draw_pair

    pairs = project.unsure(name, many=many)
    if as_json:
        show_json([pair.as_json() for pair in pairs])
        return
    given = 0
    for pair in pairs:
        draw_pair(pair, new_console())
        word = click.prompt("  the same?", type=click.Choice(["y", "n", "s", "q"]), show_choices=True)
        if word == "q":
            break
        if word in {"y", "n"}:
            project.judge(name, [(pair, word == "y")])
            given += 1
    click.echo(f"{given} pairs judged" + ("; `balun run` goes by them" if given else ""))
