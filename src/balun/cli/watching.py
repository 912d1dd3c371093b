"""How much data there is, and how it moves, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

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
)
from balun.errors import UsageError


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
@says_errors
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
    with new_progress(quiet=as_json) as watch:
        found = bl.load(project_folder()).stocktake(name, model=model, rows=rows, sample=sample, out=out, watch=watch)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console())


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
@says_errors
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
    project = bl.load(project_folder())
    if baseline:
        kept = project.baseline(*nodes, name=name)
        if as_json:
            show_json({"file": str(kept)})
        else:
            click.echo(f"kept in {kept}: commit it; hold later runs against it with `balun drift --against {name}`")
        return
    with new_progress(quiet=as_json) as watch:
        found = project.drift(*nodes, asked=Asked(against, file, period, every_day, serving), watch=watch)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console(), limit=limit)
    sys.exit(FINDINGS if found.findings else FINE)


@balun.command(short_help="Show an event or a table from run to run.")
@click.argument("node")
@click.option("--column", metavar="COLUMN", help="One column over the runs.")
@click.option(
    "-n", "--limit", default=20, show_default=True, metavar="N", type=click.IntRange(1), help="Show at most N runs."
)
@json_option
@says_errors
def history(node: str, column: str | None, limit: int, *, as_json: bool) -> None:
    """Show NODE, an event or a table, from run to run: rows, nulls, and what moved against the run before.

    Only runs that changed it are there. What is shown outlives `balun prune`, as profiles are kept of all runs.

    \b
    balun history departure
    balun history flown --column dep_delay
    """
    from balun.drift import draw_runs

    found = bl.load(project_folder()).history(node, column)
    if as_json:
        show_json(found.as_json())
    else:
        draw_runs(found, new_console(), limit=limit)
