"""Lines of the project's files: where an output, an expression, a join or a promise is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property

import sqlglot
import sqlglot.expressions as exp

from balun.chain.corpus import Corpus
from balun.chain.feature import Aggregate, Latest
from balun.chain.link import LinkTable
from balun.chain.table import PythonTable, Table
from balun.facts.known import Chain
from balun.finding import Place
from balun.relational.expression import Aggregate as Aggregated
from balun.relational.expression import Call, Case, Computed, Literal, Window, walk
from balun.relational.relation import Filter, Join, Relation
from balun.why.spot import met

# Calls that aren't written by their names.
_SYNTAX = frozenset({
    "cast", "try_cast", "in", "not_in", "between", "is_null", "is_not_null", "not", "and", "or", "is_distinct",
    "is_not_distinct", "list_value", "struct_extract", "array_extract", "struct_pack", "concat",
})  # fmt: skip


class Cited:
    """Each place is None where it can't be told for certain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._folder = chain.graph.config.folder
        self._select = cache(self._select_of)
        self._file = cache(self._file_of)

    def text(self, place: Place | None) -> str:
        """The line, without what surrounds it."""
        if place is None or place.line is None:
            return ""
        lines = self._file(place.file)
        return lines[place.line - 1].strip() if place.line <= len(lines) else ""

    def declared(self, id_: str) -> Place:
        return self._chain.node(id_).declared.place

    def output(self, id_: str, name: str) -> Place | None:
        """Where a node's column is written: its own line in the SELECT, or that of the star that holds it."""
        node = self._chain.node(id_)
        if id_.startswith("feature:"):
            return self._feature(id_, name)
        if isinstance(node.declared, PythonTable):
            return self.promise(id_, "on" if isinstance(node.declared, LinkTable) else "columns")
        select = self._select(id_)
        return select.output(name) if select else None

    def made(self, id_: str, of: Computed | None, name: str) -> Place | None:
        """Where an expression is written. name: what the SQL calls its value."""
        select = self._select(id_)
        if of is None or select is None:
            return None
        named = select.named(name, of.name) if isinstance(of, Aggregated | Window) else None
        return named or next((place for place in map(select.at, walk(of)) if place), None)

    def passed(self, id_: str, relation: Relation) -> Place | None:
        """Where the filter or join that rows go through is written."""
        match relation:
            case Filter(conditions=conditions):
                places = (self.made(id_, one, "") for one in conditions)
                return next((place for place in places if place), None)
            case Join():
                return self.joined(id_, relation)
        return None

    def joined(self, id_: str, join: Join) -> Place | None:
        select = self._select(id_)
        return select.join(set(met(join.right))) if select else None

    def promise(self, id_: str, key: str) -> Place | None:
        """Where a table's front matter, or a Python table's declaration, says `key`, `required` or `units`."""
        declared = self._chain.node(id_).declared
        if isinstance(declared, PythonTable):
            return self._keyword(declared.place, key) or declared.place
        if not isinstance(declared, Table):
            return None
        for number, line in enumerate(declared.sql.split("*/", maxsplit=1)[0].splitlines(), 1):
            if re.match(rf"\s*(/\*)?\s*{key}\s*:", line):
                return Place(declared.place.file, number)
        return None

    def _feature(self, id_: str, name: str) -> Place:
        node = self._chain.node(id_)
        feature = node.declared
        assert isinstance(feature, Aggregate | Latest)
        if isinstance(feature, Latest):
            return self._keyword(feature.place, "columns") or feature.place
        value = next((value.name for column, value, _ in feature.outputs(node.name) if column == name), None)
        return (value and self._keyword(feature.place, value)) or feature.place

    def _keyword(self, place: Place, name: str) -> Place | None:
        """The line of an argument of the call, or of the decorator, that begins on a line."""
        for node in ast.walk(ast.parse("\n".join(self._file(place.file)))):
            if isinstance(node, ast.Call) and node.lineno <= (place.line or 0) <= (node.end_lineno or 0):
                found = next((one for one in node.keywords if one.arg == name), None)
                if found:
                    return Place(place.file, found.lineno)
        return None

    def _select_of(self, id_: str) -> Select | None:
        node = self._chain.node(id_)
        match node.declared:
            case Table(sql=sql, place=place) as table if id_.startswith("table:"):
                return Select(sql, place.file, table.line)
            case Corpus(examples=sql, place=place):
                text = "\n".join(self._file(place.file))
                if text.count(sql) == 1:
                    before = text[: text.index(sql)].count("\n")
                    return Select(sql, place.file, lambda line: before + line)
        return None

    def _file_of(self, name: str) -> list[str]:
        file = self._folder / name
        return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


class Select:
    """The text of a SELECT. line: of its file, for one of its own; None: there is none."""

    def __init__(self, sql: str, file: str, line: Callable[[int], int | None] = lambda line: line) -> None:
        self._sql = sql
        self._file = file
        self._line = line

    def at(self, of: Computed) -> Place | None:
        """Where an expression stands, by DuckDB's word; within a macro that is a place in the macro's own text."""
        place = getattr(of, "place", None)
        if place is None:
            return None
        before = self._sql.encode()[:place].decode(errors="ignore")
        word = self._tokens.get(len(before), "")
        return self._place(before.count("\n") + 1) if _is_spelt(of, word) else None

    def output(self, name: str) -> Place | None:
        found = [one for select in self._outermost() for one in select.expressions if _is_called(one, name)]
        found = found or [one for select in self._outermost() for one in select.expressions if _is_star(one)]
        return self._only(one.args.get("alias") or one for one in found[:1])

    def named(self, name: str, function: str) -> Place | None:
        """Where something of this name is computed by a function, wherever in the SELECT, if only in one place."""
        found = [
            one
            for select in self._tree.find_all(exp.Select)
            for one in select.expressions
            if _is_called(one, name) and _calls(one, function)
        ]
        return self._only(found)

    def join(self, parents: set[str]) -> Place | None:
        """Where these events and tables are joined, if in one place only."""
        wanted = {parent.lower() for parent in parents}
        found = [one.this for one in self._tree.find_all(exp.Join) if self._read(one.this) == wanted]
        starts = [_start(one) for one in found]
        if len(starts) != 1 or starts[0] is None:
            return None
        word = max((at for at, text in self._tokens.items() if text == "join" and at < starts[0]), default=starts[0])
        return self._place(self._sql[:word].count("\n") + 1)

    @cached_property
    def _tokens(self) -> dict[int, str]:
        """Words by where they start; none of those in comments."""
        return {one.start: one.text.lower() for one in sqlglot.tokenize(self._sql, dialect="duckdb")}

    @cached_property
    def _tree(self) -> exp.Expr:
        return sqlglot.parse_one(self._sql, dialect="duckdb")

    def _outermost(self) -> Iterator[exp.Select]:
        todo: list[exp.Expr | None] = [self._tree]
        while todo:
            match todo.pop():
                case exp.Select() as one:
                    yield one
                case exp.SetOperation() as one:
                    todo += [one.expression, one.this]
                case exp.Subquery() as one:
                    todo.append(one.this)

    def _read(self, tree: exp.Expr) -> set[str]:
        """The events and tables that a part of the SELECT reads, through WITH."""
        ctes = {one.alias.lower(): one for one in self._tree.find_all(exp.CTE)}
        found: set[str] = set()
        todo = [tree]
        while todo:
            for table in todo.pop().find_all(exp.Table):
                if table.name.lower() in ctes:
                    todo.append(ctes.pop(table.name.lower()).this)
                else:
                    found.add(table.name.lower())
        return found

    def _only(self, found: Iterable[exp.Expr]) -> Place | None:
        lines = {line for line in map(_line, found) if line is not None}
        return self._place(lines.pop()) if len(lines) == 1 else None

    def _place(self, line: int) -> Place:
        return Place(self._file, self._line(line))


def _is_spelt(of: Computed, word: str) -> bool:
    """Whether a word of the SQL may be where an expression is written."""
    match of:
        case Literal(value=None):
            return word == "null"
        case Case():
            return word == "case"
        case Call(name=name) if name.isidentifier() and name not in _SYNTAX:
            return word == name
    return bool(word)


def _start(of: exp.Expr) -> int | None:
    return min((one.meta["start"] for one in of.walk() if "start" in one.meta), default=None)


def _line(of: exp.Expr) -> int | None:
    return min((one.meta["line"] for one in of.walk() if "line" in one.meta), default=None)


def _is_called(one: exp.Expr, name: str) -> bool:
    return bool(name) and one.alias_or_name.lower() == name.lower()


def _is_star(one: exp.Expr) -> bool:
    return isinstance(one, exp.Star) or (isinstance(one, exp.Column) and isinstance(one.this, exp.Star))


def _calls(one: exp.Expr, function: str) -> bool:
    told = one.sql(dialect="duckdb").lower()
    return not function or function in told or function.split("_", maxsplit=1)[0] in told
