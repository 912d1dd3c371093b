"""What a SELECT asks of what it reads: which columns there must be, and what they seem to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import sqlglot.expressions as exp
from sqlglot.dialects.dialect import Dialect

from balun.dbt.cell import Cell, Kind
from balun.dbt.shape import Both, Event, Fixed, Loose, Named, Selected, Shape, Star, Turned
from balun.dbt.types import dtype_in_duckdb

_TIME = re.compile(r"\d{4}-\d\d?-\d\d?([ T].*)?$")


def _some(*names: str) -> tuple[type[exp.Expr], ...]:
    return tuple(getattr(exp, name) for name in names if hasattr(exp, name))


_ALIKE = _some(
    "Min", "Max", "Lag", "Lead", "FirstValue", "LastValue", "NthValue", "AnyValue", "ArgMax", "ArgMin", "Paren",
    "Window", "Filter", "IgnoreNulls", "RespectNulls", "WithinGroup", "Distinct", "Alias", "Nullif", "First", "Last",
)  # fmt: skip
_MIXED = _some("Coalesce", "Greatest", "Least")
_NUMERIC = _some(
    "Sum", "Avg", "Stddev", "StddevPop", "StddevSamp", "Variance", "VariancePop", "Abs", "Round", "Floor", "Ceil",
    "Mod", "Pow", "Sqrt", "Ln", "Log", "Exp", "Mul", "Div", "IntDiv", "Neg", "SafeDivide", "Median", "Corr", "Sign",
)  # fmt: skip
_TEXTUAL = _some(
    "Lower", "Upper", "Trim", "Substring", "Split", "SplitPart", "RegexpLike", "RegexpReplace", "RegexpExtract",
    "RegexpILike", "Like", "ILike", "StartsWith", "EndsWith", "Initcap", "Left", "Right", "Replace", "StrPosition",
    "Concat", "DPipe", "ConcatWs", "MD5", "SHA", "SHA2", "ParseJSON", "Contains", "Pad",
)  # fmt: skip
_TIMED = _some(
    "TimestampTrunc", "DateTrunc", "DatetimeTrunc", "Extract", "Year", "Month", "Day", "Week", "Quarter", "DayOfWeek",
    "DateAdd", "DateSub", "TimestampAdd", "TimestampSub", "DatetimeAdd", "DatetimeSub", "DateDiff", "TimestampDiff",
    "DatetimeDiff", "LastDay", "TimeToStr", "TsOrDsAdd", "TsOrDsDiff", "AddMonths", "MonthsBetween", "DayOfMonth",
)  # fmt: skip
_LISTED = _some(
    "Transform", "ArrayFilter", "ArrayAny", "ArrayAll", "Reduce", "SortArray", "ArraySort", "ArraySlice", "Explode",
    "ArrayContains", "ArrayToString", "ArrayDistinct", "ArraySum", "ArrayReverse", "Posexplode",
)  # fmt: skip
_JSON = _some("JSONExtract", "JSONExtractScalar", "JSONBExtract", "JSONBExtractScalar")
_TIMES = (
    "DateTrunc", "TimestampTrunc", "DatetimeTrunc", "DateAdd", "DateSub", "TimestampAdd", "TimestampSub", "DatetimeAdd",
    "DatetimeSub", "CurrentTimestamp", "CurrentDate", "TsOrDsAdd",
)  # fmt: skip
_COUNTS = ("Count", "RowNumber", "Rank", "DenseRank", "DateDiff", "TimestampDiff", "Length", "CountIf")
_MADE: Mapping[str, Kind] = {**dict.fromkeys(_TIMES, "time"), **dict.fromkeys(_COUNTS, "whole")}


@dataclass
class Scope:
    """sources: what FROM names, in order. aliases: of this SELECT's own outputs. outer: the query about it."""

    sources: dict[str, Shape] = field(default_factory=dict)
    aliases: dict[str, Cell] = field(default_factory=dict)
    outer: Scope | None = None

    def known(self, name: str) -> Cell | None:
        return next((found for shape in self.sources.values() if (found := shape.find(name)) is not None), None)

    def column(self, name: str) -> Cell:
        """Where it is known, else an output's own name, else what grows it: what isn't all known comes first."""
        found = self.known(name) or self.aliases.get(name.lower())
        outer = self.outer
        while found is None and outer is not None:
            found, outer = outer.known(name), outer.outer
        if found is not None:
            return found
        shapes: Iterable[Shape] = sorted(self.sources.values(), key=lambda one: isinstance(one, Event) and one.whole)
        for shape in shapes:
            found = shape.grow(name)
            if found is not None:
                return found
        return self.outer.column(name) if self.outer is not None else Cell(name)

    def source(self, alias: str) -> Shape | None:
        found = self.sources.get(alias.lower())
        return found if found is not None or self.outer is None else self.outer.source(alias)


class Uses:
    """Walks one query. read: the shape of what a table's name stands for."""

    def __init__(self, read: Callable[[exp.Table], Shape], dialect: str) -> None:
        self._read = read
        self._dialect = dialect
        self._returns = Dialect.get_or_raise(dialect).EXPRESSION_METADATA

    def query(self, query: exp.Expr, ctes: Mapping[str, Shape], outer: Scope | None = None) -> Shape:
        ctes = self._with(query, dict(ctes), outer)
        match query:
            case exp.Select():
                return self._select(query, ctes, outer)
            case exp.SetOperation():
                left, right = self.query(query.this, ctes, outer), self.query(query.expression, ctes, outer)
                if not query.args.get("by_name"):
                    for one, other in zip(_cells(left), _cells(right), strict=False):
                        one.join(other)
                return Both(left, right)
            case exp.Subquery() | exp.Paren():
                return self.query(query.this, ctes, outer)
            case exp.Table():
                return self._table(query, ctes)
            case exp.Values():
                return self._values(query, Scope(outer=outer), ctes)
        return Loose()

    def _with(self, query: exp.Expr, ctes: dict[str, Shape], outer: Scope | None) -> dict[str, Shape]:
        found: exp.With | None = query.args.get("with_")
        for cte in found.expressions if found is not None else ():
            body = cte.this
            if found is not None and found.args.get("recursive") and isinstance(body, exp.SetOperation):
                ctes[cte.alias.lower()] = _called(cte, self.query(body.this, ctes, outer))
            ctes[cte.alias.lower()] = _called(cte, self.query(body, ctes, outer))
        return ctes

    def _select(self, query: exp.Select, ctes: Mapping[str, Shape], outer: Scope | None) -> Shape:
        scope = Scope(outer=outer)
        came = query.args.get("from_")
        if came:
            self._source(came.this, scope, ctes)
        for one in (*query.args.get("joins", ()), *query.args.get("laterals", ())):
            self._source(one.this if isinstance(one, exp.Join) else one, scope, ctes)
            if isinstance(one, exp.Join):
                self._on(one, scope, ctes)
        made = Selected([self._output(one, scope, ctes) for one in query.expressions])
        for name in ("where", "having", "qualify"):
            if query.args.get(name):
                self._truth(query.args[name].this, scope, ctes)
        for name in ("group", "order", "windows", "distinct", "sort", "cluster"):
            if query.args.get(name):
                for part in query.args[name] if isinstance(query.args[name], list) else [query.args[name]]:
                    self._parts(part, scope, ctes)
        return made

    def _source(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> None:
        alias = one.alias_or_name.lower() or f"?{len(scope.sources)}"
        match one:
            case exp.Table():
                shape = self._table(one, ctes)
            case exp.Subquery() if isinstance(one.this, exp.Table) and not one.alias:
                self._source(one.this, scope, ctes)
                for join in one.this.args.get("joins") or one.args.get("joins") or ():
                    self._source(join.this, scope, ctes)
                    self._on(join, scope, ctes)
                return
            case exp.Subquery():
                shape = _called(one, self.query(one.this, ctes, scope))
            case exp.Unnest():
                shape = self._unnested(one, scope, ctes)
            case exp.Lateral() if isinstance(one.this, exp.Subquery):
                shape = _called(one, self.query(one.this.this, ctes, scope))
            case exp.Values():
                shape = self._values(one, scope, ctes)
            case _:
                self._parts(one, scope, ctes)
                shape = Loose()
                for name in one.alias_column_names if hasattr(one, "alias_column_names") else ():
                    shape.grow(name)
        if one.args.get("pivots"):
            for pivot in one.args["pivots"]:
                self._parts(pivot, Scope({alias: shape}, outer=scope), ctes)
                alias = (pivot.alias or alias).lower()
                shape = _turned(pivot, shape)
        scope.sources[alias] = shape
        for join in one.args.get("joins") or ():
            self._source(join.this, scope, ctes)
            self._on(join, scope, ctes)

    def _table(self, one: exp.Table, ctes: Mapping[str, Shape]) -> Shape:
        if not one.args.get("db") and one.name.lower() in ctes:
            return _called(one, ctes[one.name.lower()])
        if not isinstance(one.this, exp.Identifier) or not one.name:
            self._parts(one, Scope(), ctes)
            return Loose()
        return _called(one, self._read(one))

    def _values(self, one: exp.Values, scope: Scope, ctes: Mapping[str, Shape]) -> Shape:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in one.expressions]
        cells = [[self.of(value, scope, ctes) for value in row] for row in rows]
        names = one.alias_column_names or [f"col{at}" for at in range(len(cells[0]) if cells else 0)]
        return Fixed({name.lower(): Cell(name, cell.one.dtype, cell.one.votes) for name, cell in
                      zip(names, cells[0] if cells else (), strict=False)})  # fmt: skip

    def _unnested(self, one: exp.Unnest, scope: Scope, ctes: Mapping[str, Shape]) -> Shape:
        """A value for each of a list: under its own name, and where it is a struct its fields too."""
        items = []
        for of in one.expressions:
            cell = self.of(of, scope, ctes)
            items.append(cell.item() if cell.one.dtype is None else Cell())
        names = [*one.alias_column_names] or ([one.alias] if one.alias else [])
        if not names and items:
            names = [f"unnested_{len(scope.sources)}"]
            one.set("alias", exp.TableAlias(columns=[exp.to_identifier(names[0])]))
        columns = {name.lower(): item for name, item in zip(names, items, strict=False)}
        offset = one.args.get("offset")
        if isinstance(offset, exp.Identifier):
            columns[offset.name.lower()] = Cell(offset.name, "BIGINT")
        return _Items(columns, items)

    def _on(self, join: exp.Join, scope: Scope, ctes: Mapping[str, Shape]) -> None:
        if join.args.get("on"):
            self._truth(join.args["on"], scope, ctes)
        *lefts, right = scope.sources.values()
        for name in join.args.get("using") or ():
            left = scope.known(name.name) or next((cell for one in lefts if (cell := one.grow(name.name))), None)
            found = [cell for cell in (left, right.grow(name.name)) if cell is not None]
            for one, other in pairwise(found):
                one.join(other)

    def _output(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> tuple[str, Cell] | Star:
        star = one if isinstance(one, exp.Star) else one.this if isinstance(one, exp.Column) else None
        if isinstance(star, exp.Star):
            return self._star(star, one.table if isinstance(one, exp.Column) else "", scope, ctes)
        cell = self.of(one, scope, ctes)
        name = one.alias_or_name or one.output_name
        if name:
            scope.aliases.setdefault(name.lower(), cell)
        return name, cell

    def _star(self, star: exp.Star, table: str, scope: Scope, ctes: Mapping[str, Shape]) -> Star:
        shape = scope.source(table) if table else None
        if shape is None:
            shape = Selected([Star(one) for one in scope.sources.values()])
        without = {one.name.lower() for one in star.args.get("except_") or () if isinstance(one, exp.Expr)}
        for name in without:
            _ = shape.find(name) or shape.grow(name)  # DuckDB wants what is left out to be there
        items: list[tuple[str, Cell] | Star] = []
        for one in star.args.get("replace") or ():
            items.append((one.alias, self.of(one, scope, ctes)))
            without.add(one.alias.lower())
            _ = shape.find(one.alias) or shape.grow(one.alias)
        for one in star.args.get("rename") or ():
            was = one.this.name
            items.append((one.alias, shape.grow(was) or Cell(one.alias)))
            without.add(was.lower())
        kept = Star(shape, frozenset(without))
        return Star(Selected([kept, *items])) if items else kept

    def _truth(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> None:
        cell = self.of(one, scope, ctes)
        if isinstance(one, exp.Column):
            cell.vote("truth")

    def _parts(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> None:
        for part in one.iter_expressions():
            self.of(part, scope, ctes)

    # -- expressions

    def of(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        """What an expression makes; on the way each column it names is looked for."""
        match one:
            case exp.Column():
                return self._column(one, scope)
            case exp.Literal():
                return _literal(one)
            case exp.Cast() | exp.TryCast():
                self.of(one.this, scope, ctes)
                return Cell(dtype=dtype_in_duckdb(one.to, self._dialect))
            case exp.Exists() | exp.Query():
                return self._subquery(one, scope, ctes)
            case exp.Case() | exp.If():
                return self._case(one, scope, ctes)
            case exp.Add() | exp.Sub():
                return self._sum(one, scope, ctes)
            case exp.Dot():
                return _fields(self.of(one.this, scope, ctes), [one.expression.name] if one.expression.name else [])
            case exp.Bracket():
                return self._bracket(one, scope, ctes)
        truth = self._condition(one, scope, ctes)
        return truth if truth is not None else self._call(one, scope, ctes)

    def _bracket(self, one: exp.Bracket, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        cell = self.of(one.this, scope, ctes)
        for part in one.expressions:
            self.of(part, scope, ctes)
            if isinstance(part, exp.Literal) and part.is_string:
                cell.vote("json", 3)
        return cell.item() if cell.one.element is not None else Cell()

    def _condition(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell | None:
        match one:
            case exp.And() | exp.Or() | exp.Not():
                for part in one.iter_expressions():
                    self._truth(part, scope, ctes)
                return Cell(dtype="BOOLEAN")
            case exp.Binary() if isinstance(one, exp.Predicate):
                return self._compared(one, [one.this, one.expression], scope, ctes)
            case exp.Between():
                return self._compared(one, [one.this, one.args["low"], one.args["high"]], scope, ctes)
            case exp.In():
                for query in (one.args.get("query"), one.args.get("unnest")):
                    if query is not None:
                        self.of(query, scope, ctes)
                return self._compared(one, [one.this, *one.expressions], scope, ctes)
        return None

    def _call(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        cells = [self.of(part, scope, ctes) for part in one.iter_expressions()]
        if not cells:
            return Cell(dtype=self._returned(one))
        first = cells[0]
        if isinstance(one, _ALIKE):
            return first
        if isinstance(one, _MIXED):
            for other in cells[1:]:
                first.join(other)
            return first
        asked: tuple[tuple[tuple[type[exp.Expr], ...], Kind], ...] = (
            (_NUMERIC, "number"), (_TEXTUAL, "text"), (_TIMED, "time"), (_JSON, "json"),
        )  # fmt: skip
        for kinds, kind in asked:
            if isinstance(one, kinds):
                for part, cell in zip(one.iter_expressions(), cells, strict=True):
                    if isinstance(part, exp.Column) and (
                        part is one.this or kind != "text" or isinstance(one, exp.DPipe)
                    ):
                        cell.vote(kind, 1 if kind == "text" else 3)
                break
        if isinstance(one, _LISTED) and isinstance(one.this, exp.Column) and first.one.dtype is None:
            first.item()
        made = Cell(dtype=self._returned(one))
        made.vote(_MADE.get(type(one).__name__) or ("number" if isinstance(one, _NUMERIC) else None))
        return made

    def _returned(self, one: exp.Expr) -> str | None:
        told = self._returns.get(type(one), {}).get("returns")
        if told is None:
            return None
        return dtype_in_duckdb(told if isinstance(told, exp.DataType) else exp.DataType(this=told), self._dialect)

    def _column(self, one: exp.Column, scope: Scope) -> Cell:
        if isinstance(one.this, exp.Star):
            return Cell()
        parts = [part.name for part in one.parts]
        if len(parts) == 1:
            return self._own(one, scope, scope.column(parts[0]))
        for at, part in enumerate(parts[:-1]):
            shape = scope.source(part)
            if shape is not None:
                cell = shape.find(parts[at + 1]) or shape.grow(parts[at + 1]) or Cell(parts[at + 1])
                return _fields(cell, parts[at + 2 :])
        return _fields(self._own(one, scope, scope.column(parts[0])), parts[1:])

    def _own(self, one: exp.Column, scope: Scope, found: Cell) -> Cell:
        """A field of what UNNEST makes may be named alone, which DuckDB doesn't allow: it is named with the value."""
        about: Scope | None = scope
        while about is not None:
            for shape in about.sources.values():
                item = shape.owner(found) if isinstance(shape, _Items) else None
                if item is not None:
                    path = [item, *(part.name for part in one.parts)]
                    value: exp.Expr = exp.column(path[1], table=path[0])
                    for name in path[2:]:
                        value = exp.Dot(this=value, expression=exp.to_identifier(name))
                    one.replace(value)
                    return found
            about = about.outer
        return found

    def _subquery(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        if isinstance(one, exp.Exists):
            self.query(one.this, ctes, scope)
            return Cell(dtype="BOOLEAN")
        return next(iter(_cells(self.query(one, ctes, scope))), Cell())

    def _case(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        if isinstance(one, exp.If):
            self._truth(one.this, scope, ctes)
            branches = [one.args.get("true"), one.args.get("false")]
        else:
            switch = self.of(one.this, scope, ctes) if one.this else None
            branches = [part.args.get("true") for part in one.args["ifs"]] + [one.args.get("default")]
            for part in one.args["ifs"]:
                if switch is None:
                    self._truth(part.this, scope, ctes)
                else:
                    switch.join(self.of(part.this, scope, ctes))
        cells = [self.of(branch, scope, ctes) for branch in branches if branch is not None]
        made = Cell()
        for cell in cells:
            made.join(cell)
        return made

    def _compared(self, one: exp.Expr, parts: list[exp.Expr], scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        cells = [self.of(part, scope, ctes) for part in parts]
        if not isinstance(one, exp.Like | exp.ILike | exp.RegexpLike):
            for other in cells[1:]:
                cells[0].join(other)
        elif isinstance(parts[0], exp.Column):
            cells[0].vote("text", 3)
        return Cell(dtype="BOOLEAN")

    def _sum(self, one: exp.Expr, scope: Scope, ctes: Mapping[str, Shape]) -> Cell:
        left, right = self.of(one.this, scope, ctes), self.of(one.expression, scope, ctes)
        if isinstance(one.expression, exp.Interval) or isinstance(one.this, exp.Interval):
            left.vote("time", 3)
            return left
        numbers = [
            cell for cell in (left, right) if _DIGITS & set(cell.one.votes) or (cell.one.dtype or "") in _COUNTED
        ]
        for cell, part in ((left, one.this), (right, one.expression)):
            if isinstance(part, exp.Column):
                cell.vote("number", 3 if numbers else 1)
        made = Cell()
        made.vote("number")
        return made


_DIGITS: set[Kind] = {"number", "whole"}
_COUNTED = frozenset({"BIGINT", "INT", "INTEGER", "DOUBLE"})


def _turned(pivot: exp.Pivot, of: Shape) -> Shape:
    for name in pivot.meta.get("groups", ()):
        of.grow(name)
    if not pivot.args.get("unpivot"):
        names = [one.name for one in pivot.args.get("columns") or ()]
    else:
        names = [name.name for name in (*pivot.expressions, *(field.this for field in pivot.args.get("fields") or ()))]
    columns = list(pivot.args["alias"].args.get("columns") or ()) if pivot.args.get("alias") else []
    names += [one.name for one in columns]
    return Turned(of, {name.lower().strip("'"): Cell(name) for name in names if name}) if names else Loose()


@dataclass(eq=False)
class _Items:
    """What UNNEST makes: the values by name, and their fields."""

    columns: dict[str, Cell]
    items: list[Cell]

    def find(self, name: str) -> Cell | None:
        found = self.columns.get(name.lower())
        if found is None:
            found = next((one for item in self.items if (one := (item.one.fields or {}).get(name.lower()))), None)
        return found

    def grow(self, name: str) -> Cell | None:
        found = self.find(name)
        return found if found is not None or not self.items else self.items[0].field(name)

    def names(self) -> Iterator[str]:
        return (cell.name or name for name, cell in self.columns.items())

    def owner(self, found: Cell) -> str | None:
        """The name of the value that this is a field of."""
        for name, item in self.columns.items():
            if any(field is found for field in (item.one.fields or {}).values()):
                return name
        return None


def _fields(cell: Cell, path: Iterable[str]) -> Cell:
    for name in path:
        if cell.one.dtype:
            return Cell(name)
        cell = cell.field(name)
    return cell


def _literal(one: exp.Literal) -> Cell:
    cell = Cell()
    if one.is_string:
        cell.vote("time" if _TIME.match(one.name) else "text", 1)
    else:
        cell.vote("whole" if one.name.isdigit() else "number", 1)
    return cell


def _called(one: exp.Expr, shape: Shape) -> Shape:
    alias = one.args.get("alias")
    names = [column.name for column in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    return Named(shape, names) if names else shape


def _cells(shape: Shape) -> list[Cell]:
    return [cell for name in shape.names() if (cell := shape.find(name)) is not None]
