"""The chain and its rows, from the command line."""

from __future__ import annotations

import click

import balun as bl
from balun.cli.group import (
    balun,
    json_option,
    limit_option,
    new_console,
    project_folder,
    says_errors,
    show_json,
    show_rows,
)


@balun.command(short_help="Show one level up and one level down of a node.")
@click.argument("node")
@json_option
@says_errors
def near(node: str, *, as_json: bool) -> None:
    """Show one level up and one level down of NODE: owners, how each is made, columns, rows before and after, counts.

    \b
    balun near flown
    balun near feature:weather
    """
    from balun.near import draw

    found = bl.load(project_folder()).near(node)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console())


@balun.command(short_help="Say why a column is as it is.")
@click.argument("column", metavar="NODE.COLUMN")
@click.option("--row", "key", metavar="KEY", help="Of a table's row: the values of its key, or COLUMN=VALUE,….")
@json_option
@says_errors
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
    found = bl.load(project_folder()).why(column)
    if as_json:
        show_json(found.as_json())
    else:
        draw(found, new_console())


def _why_row(word: str, key: str, *, as_json: bool) -> None:
    from balun.why import draw_row, why_row

    found = why_row(project_folder(), word, key)
    if as_json:
        show_json(found.as_json())
    else:
        draw_row(found, new_console())


@balun.command("map", short_help="Draw the chain, its owners and the interfaces between them.")
@json_option
@says_errors
def map_(*, as_json: bool) -> None:
    """Draw the chain in the terminal, with owners and the interfaces between them."""
    from balun.chain.load import load_graph
    from balun.map import as_json as map_as_json
    from balun.map import draw

    graph = load_graph(project_folder())
    if as_json:
        show_json(map_as_json(graph))
    else:
        draw(graph, new_console())


@balun.command(short_help="Print a node's rows.")
@click.argument("node")
@limit_option
@json_option
@says_errors
def rows(node: str, limit: int, *, as_json: bool) -> None:
    """Print the first rows of NODE as of the last run."""
    show_rows(bl.load(project_folder())[node].rows(limit), as_json=as_json)
