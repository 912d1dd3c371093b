"""A model's compiled SQL becomes a tree that reads the chain's own names, in words that DuckDB may know."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import sqlglot
import sqlglot.expressions as exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from balun.dbt.parts import Parts
from balun.dbt.plainer import plainer
from balun.dbt.rows import rows_in_duckdb
from balun.dbt.written import FAILS

# Adapters that speak another's SQL, or are called otherwise by sqlglot.
DIALECTS: Mapping[str, str] = {
    "athena": "athena", "bigquery": "bigquery", "clickhouse": "clickhouse", "databricks": "databricks",
    "doris": "doris", "dremio": "dremio", "duckdb": "duckdb", "exasol": "exasol", "fabric": "fabric",
    "fabricspark": "spark", "glue": "spark", "greenplum": "postgres", "hive": "hive", "materialize": "materialize",
    "mysql": "mysql", "oracle": "oracle", "postgres": "postgres", "presto": "presto", "redshift": "redshift",
    "risingwave": "risingwave", "singlestore": "singlestore", "snowflake": "snowflake", "spark": "spark",
    "spark_livy": "spark", "sqlite": "sqlite", "sqlserver": "tsql", "starrocks": "starrocks", "synapse": "tsql",
    "teradata": "teradata", "trino": "trino", "motherduck": "duckdb", "hologres": "postgres", "upsolver": "trino",
    "cockroachdb": "postgres", "alloydb": "postgres", "tsql": "tsql", "vertica": "postgres", "netezza": "postgres",
}  # fmt: skip


class UnreadableSql(Exception):
    """line: of the SQL, where it is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)


def read_sql(sql: str, dialect: str) -> exp.Query:
    """The tree of one SELECT. Raises UnreadableSql."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect=dialect) if tree is not None]
    except SqlglotError as exc:
        told = (getattr(exc, "errors", None) or [{}])[0]
        what = re.sub(r"\.? *Line \d+.*", "", told.get("description") or str(exc).splitlines()[0], flags=re.DOTALL)
        raise UnreadableSql(f"its SQL can't be read: {what.rstrip('.')}", told.get("line")) from exc
    except RecursionError as exc:
        raise UnreadableSql("its SQL is nested too deep") from exc
    except FAILS as exc:
        raise UnreadableSql("its SQL can't be read") from exc
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        what = f"{len(trees)} statements" if len(trees) != 1 else f"a {trees[0].key.upper()} statement"
        raise UnreadableSql(f"its SQL is {what} and no SELECT")
    _arrows(trees[0], dialect)
    return trees[0]


def _arrows(tree: exp.Query, dialect: str) -> None:
    """`f(data -> 'a')` is read as a lambda, also where an arrow is only a step into JSON."""
    for one in list(tree.find_all(exp.Lambda)):
        first: exp.Expr = one.this
        while isinstance(first, exp.Binary):
            first = first.this
        if len(one.expressions) != 1 or not isinstance(first, exp.Literal):
            continue
        path = Dialect.get_or_raise(dialect).to_json_path(first.copy())
        step = exp.JSONExtract(this=exp.column(one.expressions[0].copy()), expression=path)
        if first is one.this:
            one.replace(step)
        else:
            first.replace(step)
            one.replace(one.this)


def in_chain(tree: exp.Query, named: Callable[[tuple[str, ...]], str | None]) -> exp.Query:
    """The same with tables under the chain's names. named: by the parts of a table's name; None for one of a WITH."""
    _without_ephemeral(tree, named)
    parts = Parts(tree)
    read = [table for table in parts.of(exp.Table) if _rename(table, named)]
    _told_apart(parts, {table.name.lower() for table in read}, {id(table) for table in read})
    for column in parts.of(exp.Column):
        if column.args.get("db") or column.args.get("catalog"):
            column.set("db", None)
            column.set("catalog", None)
    rows_in_duckdb(parts)
    plainer(parts)
    return tree


def _without_ephemeral(tree: exp.Query, named: Callable[[tuple[str, ...]], str | None]) -> None:
    found = tree.args.get("with_")
    kept = [cte for cte in found.expressions if not _is_ephemeral(cte, named)] if found else []
    if found and not kept:
        tree.set("with_", None)
    elif found and len(kept) != len(found.expressions):
        found.set("expressions", kept)


def _is_ephemeral(cte: exp.CTE, named: Callable[[tuple[str, ...]], str | None]) -> bool:
    """dbt writes an ephemeral model's SQL into each that reads it; where it is a node of its own, it is read there."""
    return cte.alias.startswith("__dbt__cte__") and named((cte.alias,)) is not None


def _told_apart(parts: Parts, read: set[str], renamed: set[int]) -> None:
    """A WITH may be called as what it reads; then it is called otherwise."""
    for cte in parts.of(exp.CTE):
        if cte.alias.lower() in read:
            _call_otherwise(cte, parts, renamed)


def _call_otherwise(cte: exp.CTE, parts: Parts, renamed: set[int]) -> None:
    was = cte.alias
    now = f"{was}__with"
    for table in parts.of(exp.Table):
        if id(table) not in renamed and table.name.lower() == was.lower() and not table.args.get("db"):
            table.set("this", exp.to_identifier(now, quoted=True))
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(was, quoted=True)))
    cte.args["alias"].set("this", exp.to_identifier(now, quoted=True))


def _rename(table: exp.Table, named: Callable[[tuple[str, ...]], str | None]) -> bool:
    """Whether it is a table of the chain, which it then names."""
    if not isinstance(table.this, exp.Identifier | exp.Dot):
        return False
    parts = tuple(part.name for part in table.parts)
    if not parts[-1] or (len(parts) == 1 and _of_with(table, parts[0])):
        return False
    name = named(parts)
    if name is None:
        return False
    line = next((part.meta.get("line") for part in table.walk() if part.meta.get("line")), None)
    known = exp.to_identifier(name, quoted=True)
    if line:
        known.meta["line"] = line
    table.set("this", known)
    table.set("db", None)
    table.set("catalog", None)
    if not table.alias and parts[-1].lower() != name.lower():
        table.set("alias", exp.TableAlias(this=exp.to_identifier(parts[-1], quoted=True)))
    return True


def _of_with(table: exp.Table, name: str) -> bool:
    """Whether a WITH about it makes it."""
    about: exp.Expr | None = table
    inside: exp.Expr | None = None
    while about is not None:
        found: exp.With | None = about.args.get("with_")
        for cte in found.expressions if found is not None else ():
            if cte is inside and found is not None and not found.args.get("recursive"):
                break
            if cte.alias.lower() == name.lower():
                return True
        if isinstance(about, exp.CTE):
            inside = about
        about = about.parent
    return False
