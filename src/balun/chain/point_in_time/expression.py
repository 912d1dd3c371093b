"""SQL that a user wrote over the columns of one relation: which columns it reads, and whether it may be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError

from balun.chain.point_in_time.function import MULTIPLYING, aggregates, macros
from balun.errors import nearest

CHANGING = frozenset({
    "random", "rand", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "generate_uuid", "nextval", "currval",
    "setval", "now", "today", "get_current_time", "get_current_timestamp", "transaction_timestamp", "current_date",
    "current_time", "current_timestamp", "current_datetime", "current_localtime", "current_localtimestamp",
    "localtime", "localtimestamp", "txid_current", "current_setting", "current_query", "current_query_id",
    "current_transaction_id", "current_connection_id", "current_user", "current_database", "current_schema",
    "current_schemas", "getvariable", "getenv", "reservoir_quantile", "sleep_ms", "write_log", "version",
})  # fmt: skip


class Unusable(Exception):
    """SQL that can't be compiled; the message is a sentence without its subject."""


@dataclass(frozen=True)
class Expression:
    """sql: as the user wrote it, in brackets.

    columns: those it reads, by their names in the relation, in the relation's order.
    alone: it is one column and nothing else.
    """

    sql: str
    columns: tuple[str, ...]
    alone: bool = False


def read_expression(sql: str, columns: Mapping[str, str], *, aggregate: bool = False) -> Expression:
    """Raises Unusable. `aggregate`: whether aggregate functions are allowed.

    >>> read_expression("b > 2*A", {"a": "INTEGER", "b": "INTEGER"})
    Expression(sql='(b > 2*A)', columns=('a', 'b'), alone=False)
    """
    tree = parse(sql)
    for node in tree.walk():
        _refuse(node, aggregate)
    found = resolve(tree, columns)
    end = "\n" if "--" in sql else ""  # the bracket must not end up in a comment
    alone = isinstance(tree, exp.Column) and len(tree.parts) == 1
    return Expression(f"({sql}{end})", tuple(name for name in columns if name in found), alone)


def parse(sql: str) -> exp.Expr:
    """The tree of one expression. Raises Unusable."""
    try:
        tree = sqlglot.parse_one(f"SELECT {sql}\n", dialect="duckdb")
    except (SqlglotError, RecursionError) as exc:
        raise Unusable("can't be read as SQL") from exc
    bare = isinstance(tree, exp.Select) and len(tree.expressions) == 1 and set(_given(tree)) == {"expressions"}
    if not bare or isinstance(tree.expressions[0], exp.Alias):
        raise Unusable("is not one SQL expression")
    found: exp.Expr = tree.expressions[0]
    return found


def _given(tree: exp.Expr) -> Iterator[str]:
    return (name for name, value in tree.args.items() if value)


def _refuse(node: exp.Expr, aggregate: bool) -> None:
    if isinstance(node, exp.Query | exp.Subquery | exp.Exists):
        raise Unusable("holds a subquery; compute it in a table and read the table")
    if isinstance(node, exp.Window):
        raise Unusable("holds a window function, which would look at other rows; compute it in a table")
    if isinstance(node, exp.Placeholder | exp.Parameter):
        raise Unusable("holds a placeholder")
    names = names_of(node)
    changing = names & CHANGING
    if changing or (isinstance(node, exp.Anonymous) and node.name.lower() == "age" and len(node.expressions) == 1):
        raise Unusable(f"calls {min(changing, default='age')}(), whose answer changes from run to run")
    if isinstance(node, exp.Unnest | exp.Explode) or names & MULTIPLYING:
        raise Unusable("makes many rows of one; compute it in a table")
    if names & macros():
        raise Unusable(f"calls {min(names & macros())}(), which is made of other aggregates; write those")
    if not aggregate and (isinstance(node, exp.AggFunc) or names & aggregates()):
        raise Unusable("holds an aggregate; write it as bl.sql(…), or aggregate the value of a row")
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        raise Unusable("holds *; name the columns")
    if "columns" in names:
        raise Unusable("holds COLUMNS(…); name the columns")


def names_of(node: exp.Expr) -> set[str]:
    """All names by which a function may be called, in lower case; empty for what is no function."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return {str(node.this).lower()}
    return {name.lower() for name in type(node).sql_names()} if isinstance(node, exp.Func) else set()


def resolve(tree: exp.Expr, columns: Mapping[str, str]) -> set[str]:
    """Names of the columns it reads, in the relation's own spelling. Raises Unusable for one that isn't there.

    A column counts as read where a lambda's parameter has its name: better to wait for it than to know the future.
    """
    spelling = {name.lower(): name for name in columns}
    parameters = {_name.name.lower() for made in tree.find_all(exp.Lambda) for _name in made.expressions}
    found: set[str] = set()
    for column in list(tree.find_all(exp.Column)):
        first = column.parts[0]  # `place.city` is a field of the column `place`
        name = spelling.get(first.name.lower())
        if name is None and first.name.lower() not in parameters:
            raise Unusable(f"reads {first.name}, which the relation doesn't have{nearest(first.name, columns)}")
        if name is not None:
            found.add(name)
    return found
