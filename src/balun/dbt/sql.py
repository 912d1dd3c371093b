"""A model's compiled SQL becomes a tree that reads the chain's own names, in words that DuckDB may know."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar, cast

import sqlglot
import sqlglot.expressions as exp
from sqlglot.errors import SqlglotError

from balun.quoting import quoted

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
E = TypeVar("E", bound=exp.Expr)
_FLAT = """LATERAL (
SELECT v.seq AS seq, v.key AS key, v.path AS path, v.index AS index, v.value AS value, v.this AS this
FROM (SELECT UNNEST(flatten_as_flat(it)) AS v) AS of_it) AS f"""


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
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        what = f"{len(trees)} statements" if len(trees) != 1 else f"a {trees[0].key.upper()} statement"
        raise UnreadableSql(f"its SQL is {what} and no SELECT")
    return trees[0]


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
    _plainer(parts)
    return tree


class Parts:
    """A tree's parts by their kind, found in one walk."""

    def __init__(self, tree: exp.Expr) -> None:
        self._kinds: dict[type, list[exp.Expr]] = {}
        for part in tree.walk(bfs=False):
            self._kinds.setdefault(type(part), []).append(part)

    def of(self, *kinds: type[E]) -> list[E]:
        return [cast("E", part) for kind in kinds for part in self._kinds.get(kind, ())]


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


def _plainer(parts: Parts) -> None:
    for one in parts.of(exp.Explode):
        about = one.parent
        if (isinstance(about, exp.Lateral) and not about.args.get("view")) or isinstance(about, exp.TableFromRows):
            _flattened(about, one)
    for final in parts.of(exp.Final):
        final.replace(final.this)
    for table in parts.of(exp.Table):
        for word in ("when", "version", "changes"):
            table.set(word, None)  # rows as they were at another time are rows like others
    for sample in parts.of(exp.TableSample):
        if sample.parent is not None and sample.parent.args.get("sample") is sample:
            sample.parent.set("sample", None)
    for unnest in parts.of(exp.Unnest):
        _numbered(unnest)
    for initcap in parts.of(exp.Initcap):
        initcap.replace(exp.Anonymous(this="initcap_as_varchar", expressions=[initcap.this.copy()]))
    for made in parts.of(exp.Cast, exp.TryCast):
        if made.to.this in {exp.DType.GEOGRAPHY, exp.DType.GEOMETRY}:
            made.replace(exp.Anonymous(this="geography_as_varchar", expressions=[made.this.copy()]))


def _numbered(unnest: exp.Unnest) -> None:
    """UNNEST with a number for each value: DuckDB's plan of its own words for this can't be read."""
    offset, alias = unnest.args.get("offset"), unnest.args.get("alias")
    about = unnest.parent
    if not offset or len(unnest.expressions) != 1 or not isinstance(about, exp.Join | exp.From | exp.Lateral):
        return
    whole: exp.Expr = unnest
    if isinstance(about, exp.Lateral):
        whole, alias = about, about.args.get("alias") or alias
    columns = list(alias.args.get("columns") or ()) if isinstance(alias, exp.TableAlias) else []
    number = offset.name if isinstance(offset, exp.Identifier) else columns.pop().name if len(columns) > 1 else "offset"
    value = columns[0].name if columns else "value"
    made = sqlglot.parse_one(
        f"SELECT 1 FROM t, LATERAL (SELECT UNNEST(it) AS {quoted(value)}, "
        f"UNNEST(numbers_as_numbers(it)) AS {quoted(number)}) AS f",
        read="duckdb",
    )
    lateral = next(made.find_all(exp.Lateral))
    for one in [column for column in lateral.find_all(exp.Column) if column.name == "it"]:
        one.replace(unnest.expressions[0].copy())
    name = alias.name if isinstance(alias, exp.TableAlias) and alias.name else f"of_{value}"
    lateral.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
    whole.replace(lateral)


def _flattened(whole: exp.Expr, of: exp.Explode) -> None:
    """FLATTEN as rows of a list of structs, with the columns that Snowflake gives it."""
    given = [one.expression if isinstance(one, exp.Kwarg) else one for one in (of.this, *of.expressions)]
    named = [
        one for one in (of.this, *of.expressions) if isinstance(one, exp.Kwarg) and one.this.name.lower() == "input"
    ]
    made = sqlglot.parse_one(f"SELECT 1 FROM t, {_FLAT}", read="duckdb")
    lateral = next(made.find_all(exp.Lateral))
    it = next(one for one in lateral.find_all(exp.Column) if one.name == "it")
    it.replace((named[0].expression if named else given[0]).copy())
    alias = whole.args.get("alias") or exp.TableAlias(this=exp.to_identifier("flattened"))
    lateral.set("alias", alias.copy())
    whole.replace(lateral)
