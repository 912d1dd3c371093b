"""A `.sql` file becomes a table: its front matter is read, its parents are found by parsing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from balun.chain.promised import Promised, read_promised
from balun.chain.table import Table
from balun.errors import ProjectError, nearest
from balun.finding import Finding, Place

if TYPE_CHECKING:
    import sqlglot.expressions as exp

_NAMES = ("key", "required")
_TEXTS = ("owner", "at", "description")
_MAPS = ("available", "units", "classification")
_PROMISES = "promises"
KNOWN = (*_TEXTS, *_NAMES, *_MAPS, _PROMISES)

Front = dict[str, object]


def read_table(file: Path, root: Path) -> Table:
    """Raises ProjectError with every fault found, each at its line in the file."""
    place = Place(file.relative_to(root).as_posix())
    text = read_text(file, place)
    front, faults = _front_matter(text, place)
    parents: tuple[str, ...] = ()
    try:
        parents = parents_of(text, place)
    except ProjectError as exc:
        faults.extend(exc.findings)
    if faults:
        raise ProjectError(faults)
    return Table(name=file.stem, place=place, sql=text, parents=parents, **front)  # type: ignore[arg-type]


def read_text(file: Path, place: Place) -> str:
    """The file's text. Raises ProjectError where it can't be read, or isn't UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise ProjectError.at(
            "file-unreadable", place, f"can't be read: {exc.strerror}", mend="make the file readable"
        ) from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise ProjectError.at(
            "file-unreadable", Place(place.file, line), "is not UTF-8 text", mend="save the file as UTF-8"
        ) from exc


def parents_of(sql: str, place: Place, first_line: int = 1) -> tuple[str, ...]:
    """Names of the relations a SELECT reads, each once, in their order; its own CTEs are none.

    first_line: where the SQL begins in the file.
    """
    read = read_select(sql, place, first_line)
    if read.outside:
        raise ProjectError(_outside(*one, place, first_line) for one in read.outside)
    return read.parents


@dataclass(frozen=True)
class Select:
    """What parsing tells of a SELECT, without its tree, of which a project's are too large to keep.

    outside: line, SQL and whether it is a function of each read that is none of a plain name. statement: what it holds
    that is no reading. pivots: PIVOT stands in it without the values that become columns.
    """

    parents: tuple[str, ...]
    outside: tuple[tuple[int | None, str, bool], ...]
    statement: str | None
    pivots: bool


def read_select(sql: str, place: Place, first_line: int = 1) -> Select:
    """Raises ProjectError where it can't be parsed; each text is parsed once."""
    found = _SELECTS.get(sql)
    if found is None:
        found = _SELECTS[sql] = _select(parse_select(sql, place, first_line))
        if len(_SELECTS) > _MOST_SELECTS:
            del _SELECTS[next(iter(_SELECTS))]
    return found


_SELECTS: dict[str, Select] = {}
_MOST_SELECTS = 20_000


def _select(tree: exp.Query) -> Select:
    import sqlglot.expressions as exp
    from sqlglot.optimizer.scope import traverse_scope

    not_reads = (
        exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Copy, exp.Command, exp.Describe,
        exp.Summarize,
    )  # fmt: skip
    other = next(tree.find_all(*not_reads), None)
    pivots = any(not pivot.args.get("unpivot") and not _names_values(pivot) for pivot in tree.find_all(exp.Pivot))
    tree = _sources_of_pivots(tree)
    outside: list[tuple[int | None, str, bool]] = []
    found: dict[str, None] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                if source.db:
                    outside.append((_line(source), source.sql(dialect="duckdb"), False))
                found.setdefault(source.name)
            elif isinstance(source, exp.Table) and not isinstance(source.this, exp.GenerateSeries):
                outside.append((_line(source), source.this.sql(dialect="duckdb"), True))
    in_order = [table.name for table in tree.find_all(exp.Table, bfs=False) if table.name in found]
    return Select(
        tuple(dict.fromkeys([*in_order, *found])), tuple(outside), other.key.upper() if other else None, pivots
    )


def _names_values(pivot: exp.Pivot) -> bool:
    import sqlglot.expressions as exp

    named = pivot.args.get("fields") or pivot.expressions
    return bool(named) and all(isinstance(field, exp.In) for field in named)


def parse_select(sql: str, place: Place, first_line: int = 1) -> exp.Query:
    """The tree of one SELECT. Raises ProjectError at the line of the fault."""
    import sqlglot
    import sqlglot.expressions as exp
    from sqlglot.errors import SqlglotError

    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except SqlglotError as exc:
        raise _syntax(exc, place, first_line) from exc
    except RecursionError as exc:
        raise ProjectError.at(
            "sql-syntax", place, "is nested too deeply to be read", mend="split it into several tables"
        ) from exc
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        what = "no statement" if not trees else f"{len(trees)} statements" if len(trees) > 1 else _called(trees[0])
        pivot = len(trees) == 1 and isinstance(trees[0], exp.Pivot)
        mend = f"write SELECT * FROM ({what.split()[1]} …)" if pivot else "write one SELECT statement"
        raise ProjectError.at("select-needed", Place(place.file, first_line), f"holds {what}", mend=mend)
    return trees[0]


def _sources_of_pivots(tree: exp.Query) -> exp.Query:
    """With SELECT * FROM t for `PIVOT t …` and `UNPIVOT t …`: sqlglot looks for no sources in these."""
    import sqlglot.expressions as exp

    for pivot in list(tree.find_all(exp.Pivot)):
        if pivot.this is not None:
            pivot.replace(exp.select("*").from_(pivot.this))
    return tree


@lru_cache(maxsize=4096)
def canonical(sql: str) -> str:
    """The same SQL without comments and layout, so that an edit of these alone changes nothing.

    >>> canonical("SELECT  a -- the first\\nFROM t")
    'SELECT a FROM t'
    """
    import sqlglot

    trees = sqlglot.parse(sql, dialect="duckdb")
    return "; ".join(tree.sql(dialect="duckdb", comments=False) for tree in trees if tree is not None)


def _called(tree: exp.Expr) -> str:
    import sqlglot.expressions as exp

    key = "unpivot" if isinstance(tree, exp.Pivot) and tree.args.get("unpivot") else tree.key
    return f"{'an' if key[0] in 'aeiou' else 'a'} {key.upper()} statement"


def _syntax(exc: Exception, place: Place, first_line: int) -> ProjectError:
    errors = getattr(exc, "errors", None) or [{}]
    line = errors[0].get("line")
    near = errors[0].get("highlight")
    what = re.sub(r"\.? *Line \d+.*", "", errors[0].get("description") or str(exc).splitlines()[0], flags=re.DOTALL)
    what = re.sub(r"<Token .*?text: (.*?), line: .*>", r"\1", what)
    message = what.rstrip(".") + (f", at {near!r}" if near and near not in what else "")
    at = Place(place.file, first_line + line - 1 if line else place.line)
    return ProjectError.at("sql-syntax", at, message, mend="mend the SQL; it is read as DuckDB's dialect")


def _line(table: exp.Table) -> int | None:
    return next((int(node.meta["line"]) for node in table.walk() if "line" in node.meta), None)


def _outside(line: int | None, what: str, function: bool, place: Place, first_line: int) -> Finding:
    at = Place(place.file, first_line + line - 1 if line else place.line)
    mend = "read an event or a table by its plain name; declare it in contracts/ if it is captured elsewhere"
    if function:
        mend = "write a contract for it in contracts/ and read the event by its name"
    return Finding("table-outside", at, f"reads {what}, which is outside the chain", mend=mend)


def _front_matter(text: str, place: Place) -> tuple[Front, list[Finding]]:
    empty: Front = {"owner": None}
    found = re.match(r"\s*/\*(.*?)\*/", text, flags=re.DOTALL)
    if not found:
        return empty, []
    before = text[: found.start(1)].count("\n")
    column = found.start(1) - (text.rfind("\n", 0, found.start(1)) + 1)
    try:
        # What stands beside the opening /* lines up with the lines below it.
        tree = yaml.compose(" " * column + found[1], Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = before + (exc.problem_mark.line if exc.problem_mark else 0) + 1
        return empty, [
            Finding("yaml-invalid", Place(place.file, line), f"front matter: {exc.problem}", mend="mend the YAML")
        ]
    except yaml.YAMLError as exc:
        return empty, [Finding("yaml-invalid", place, f"front matter: {exc}", mend="mend the YAML")]
    if not isinstance(tree, yaml.MappingNode):
        return empty, []  # a plain comment that tells people something
    return _values(tree, place, before)


def _values(tree: yaml.MappingNode, place: Place, before: int) -> tuple[Front, list[Finding]]:
    front: Front = {"owner": None}
    faults: list[Finding] = []
    for key_node, value_node in tree.value:
        key, at = str(key_node.value), Place(place.file, before + key_node.start_mark.line + 1)
        if key not in KNOWN:
            mend = f"use one of {', '.join(KNOWN)}"
            faults.append(Finding("key-unknown", at, f"unknown key {key}{nearest(key, KNOWN)}", mend=mend))
            continue
        if key in front and key != "owner":
            faults.append(Finding("key-twice", at, f"{key} stands twice", mend="keep one of them"))
        if key == _PROMISES:
            front[key] = _promises(value_node, place, before, faults)
            continue
        value = _value(key, value_node)
        if value is None:
            needed = "a list of columns" if key in _NAMES else "text" if key in _TEXTS else "columns with their value"
            faults.append(Finding("value-wrong", at, f"{key} must be {needed}", mend=f"write {_example(key)}"))
        else:
            front[key] = value
    return front, faults


def _promises(node: yaml.Node, place: Place, before: int, faults: list[Finding]) -> tuple[Promised, ...]:
    """Each column's, at its own line."""
    if not isinstance(node, yaml.MappingNode):
        at = Place(place.file, before + node.start_mark.line + 1)
        faults.append(Finding("value-wrong", at, "promises must be columns with words", mend=_PROMISES_MEND))
        return ()
    found = []
    for name, told in node.value:
        at = Place(place.file, before + name.start_mark.line + 1)
        try:
            found.append(read_promised(str(name.value), _plain(told)))
        except (ValueError, yaml.YAMLError) as exc:
            faults.append(Finding("value-wrong", at, f"promises: {exc}", mend=_PROMISES_MEND))
    return tuple(found)


_PROMISES_MEND = "write promises: {seats: {minimum: 1, maximum: 900}}"


def _plain(node: yaml.Node) -> object:
    """As YAML 1.2 reads it, so that `no`, `12:30` and a date are texts."""
    match node:
        case yaml.MappingNode():
            return {str(key.value): _plain(value) for key, value in node.value}
        case yaml.SequenceNode():
            return [_plain(one) for one in node.value]
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?[0-9]*(\.[0-9]+([eE][-+]?[0-9]+)?|[1-9][eE][-+]?[0-9]+)", text) else text


def _value(key: str, node: yaml.Node) -> object | None:
    match node:
        case yaml.ScalarNode() if key in _TEXTS and node.value:
            return str(node.value)
        case yaml.ScalarNode() if key in _NAMES and node.value:
            return (str(node.value),)
        case yaml.SequenceNode() if key in _NAMES and all(isinstance(item, yaml.ScalarNode) for item in node.value):
            return tuple(str(item.value) for item in node.value)
        case yaml.MappingNode() if key in _MAPS and all(isinstance(item, yaml.ScalarNode) for _, item in node.value):
            return tuple((str(name.value), str(item.value)) for name, item in node.value)
    return None


def _example(key: str) -> str:
    return {
        "key": "key: [carrier, flight]",
        "required": "required: [seats]",
        "available": "available: {dep_delay: left_gate}",
        "units": "units: {dep_delay: minute}",
        "classification": "classification: {mail_hash: internal}",
    }.get(key, f"{key}: some text")
