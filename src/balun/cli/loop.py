"""The loop from events to models, from the command line: drafted, run, told of, swept."""

from __future__ import annotations

import sys
from pathlib import Path

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


@balun.command(short_help="Draft contracts from data.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--owner", metavar="TEAM", help="The team that captures these events.")
@click.option("--force", is_flag=True, help="Write over contracts that are there.")
@json_option
@says_errors
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
    with new_progress(quiet=as_json) as watch:
        drafted = draft(paths or (Path(),), start, owner=owner, force=force, progress=watch.say)
    if as_json:
        show_json([{"file": str(item.file), "event": item.event, "rows": item.rows, "columns": item.columns,
                      "key": list(item.key), "notes": list(item.notes)} for item in drafted])  # fmt: skip
        return
    for item in drafted:
        key = f"key ({', '.join(item.key)})" if item.key else "no key found"
        click.echo(f"{item.file}  {item.rows:,} rows, {item.columns} columns, {key}")
        for note in item.notes:
            click.echo(f"  {note}")
    click.echo("Read them: what is marked as a guess is one. Then `balun run` validates the data against them.")


@balun.command(short_help="Make what is stale, from events to tested models.")
@click.option("--wait", is_flag=True, help="Wait for another run to end, in place of failing.")
@json_option
@says_errors
def run(*, wait: bool, as_json: bool) -> None:
    """Validate events, quarantine what breaks their contracts, build tables, features and corpora, fit and test models.

    What is up to date is not made again. For each event, rows collected = kept + quarantined + duplicates.
    """
    from balun.run import run as run_project

    with new_progress(quiet=as_json) as watch:
        report = run_project(project_folder(), wait=wait, watch=watch)
    if as_json:
        show_json(report.as_json())
    else:
        from balun.terminal import print_report

        print_report(report, new_console())
    sys.exit(FINDINGS if report.findings else FINE)


@balun.command(short_help="Say what is stale, and why.")
@json_option
@says_errors
def status(*, as_json: bool) -> None:
    """Say what is stale, and why. Makes nothing. Exit status 1 where something is stale."""
    from balun.status import status as status_of

    found = status_of(project_folder())
    if as_json:
        show_json(found.as_json())
    else:
        from balun.terminal import print_status

        print_status(found, new_console())
    sys.exit(FINDINGS if found.stale else FINE)


@balun.command(short_help="Delete snapshots that are no longer current.")
@json_option
@says_errors
def prune(*, as_json: bool) -> None:
    """Delete the snapshots that the project no longer points to, and what checks worked out.

    Current snapshots stay, and so do those of baselines, and the profiles of all runs.
    """
    from balun.chain.config import read_config
    from balun.drift.baseline import kept_snapshots
    from balun.kept import FILE, forget
    from balun.snapshot import Store

    folder = project_folder()
    snapshots = read_config(folder).snapshots
    store = Store(snapshots)
    with store.locked():
        count, size = store.prune(kept_snapshots(folder))
    store.close()
    size += forget(snapshots / FILE)
    if as_json:
        show_json({"snapshots": count, "bytes": size})
    else:
        click.echo(f"{count} snapshots deleted, {size / 1e6:,.1f} MB")
