"""What captured columns are worth, and which are enough, from the command line."""

from __future__ import annotations

import sys

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
@says_errors
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

        with new_progress(quiet=as_json) as watch:
            found = worth_of(
                project_folder(), phrases, share=_share(share, "a share of rows"), fresh=fresh, watch=watch
            )
        if as_json:
            show_json(found.as_json())
        else:
            print_worth(found, new_console())
        return
    from balun.chain.needs import write_needs
    from balun.worth import needs_of, table
    from balun.worth.draw import print_table

    with new_progress(quiet=as_json) as watch:
        part = _share(share, "a share of rows")
        told = table(project_folder(), model or "", share=part, workers=workers, fresh=fresh, watch=watch)
    written = write_needs(needs_of(told), project_folder()) if write else None
    if as_json:
        show_json(told.as_json())
        return
    print_table(told, new_console())
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
@says_errors
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

    with new_progress(quiet=as_json) as watch:
        found = minimize_model(
            project_folder(), model, cost=cost, margin=_margin(margin), steps=not no_steps, writing=writing,
            workers=workers, fresh=fresh, watch=watch,
        )  # fmt: skip
    if as_json:
        show_json(found.as_json())
    else:
        print_minimized(found, new_console())
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
