"""One side of a join: the rows of an event, a table or a file, and what they show of each column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from balun.draft.words import bare_names
from balun.engine import Engine
from balun.joins.sketch import MOST, Sketch, complete
from balun.quoting import quoted
from balun.scan.reading import family

TIMES = frozenset({"date", "timestamp", "timestamptz"})
NUMBERS = frozenset({"integer", "decimal", "float"})
# Longer texts are prose, and nobody joins on that.
_LONGEST = 200


@dataclass(frozen=True)
class Rows:
    """relation: SQL for FROM. key: as promised, or none. at: the column with the row's time, or None.

    above: ids of what it is made of. references: `(columns, other, its columns)` that a contract documents.
    origins: of columns, by name, the columns above that they come from unchanged, as `(node, column)`, nearest first.
    """

    id: str
    name: str
    relation: str
    key: tuple[str, ...] = ()
    at: str | None = None
    above: frozenset[str] = frozenset()
    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    origins: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """bare: its name without the letters that all of its event's begin with. values: rows in which it isn't null.

    bits: how much a value tells that is found among this column's by accident: 0 for 1, 2, 3 and so on.
    sketch: of its values in their plainest form; None where nobody joins on them.
    """

    name: str
    bare: str
    dtype: str
    values: int
    distinct: int
    bits: float
    sketch: Sketch | None

    @property
    def kind(self) -> str:
        return family(self.dtype)


@dataclass(frozen=True)
class Side:
    """view: its name in the engine, with the columns' own names."""

    rows: Rows
    view: str
    count: int
    columns: tuple[Column, ...]
    _distinct: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.rows.name

    @cached_property
    def times(self) -> tuple[Column, ...]:
        """The row's own time first."""
        found = [one for one in self.columns if one.kind in TIMES and one.values]
        return tuple(sorted(found, key=lambda one: (one.name != self.rows.at, one.kind == "date")))

    def named(self, name: str) -> Column | None:
        """In any case, as SQL finds it."""
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)

    def told_apart(self, names: tuple[str, ...], engine: Engine) -> float:
        """Different values of these columns together, over the rows that have all of them; 0 where none has."""
        if names not in self._distinct:
            listed = ", ".join(map(quoted, names))
            there = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in names)
            grouped = f"SELECT count(*) AS n FROM {self.view} WHERE {there} GROUP BY {listed}"
            found = engine.connection.execute(f"SELECT count(*), coalesce(sum(n), 0) FROM ({grouped})").fetchall()[0]
            self._distinct[names] = (int(found[0]), int(found[1]))
        different, rows = self._distinct[names]
        return different / rows if rows else 0.0


def sides(given: Iterable[Rows], engine: Engine, *, sketched: bool = True) -> list[Side]:
    """A view for each, and its columns profiled. sketched: what is in them is looked at; else only counted, about."""
    return [_side(rows, f"_balun_side_{number}", engine, sketched=sketched) for number, rows in enumerate(given)]


def _side(rows: Rows, view: str, engine: Engine, *, sketched: bool) -> Side:
    run = engine.connection.execute
    run(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {rows.relation}")
    described = [(str(name), str(dtype)) for name, dtype, *_ in run(f"DESCRIBE {view}").fetchall()]
    asked = ["count(*)"]
    for name, dtype in described:
        asked += [f"count({quoted(name)})", _fit(quoted(name), family(dtype)), _about(quoted(name), family(dtype))]
    count, *found = run(f"SELECT {', '.join(asked)} FROM {view}").fetchall()[0]
    bare = bare_names([name for name, _ in described], rows.name)
    columns = []
    for at, (name, dtype) in enumerate(described):
        values, fit, about = found[3 * at : 3 * at + 3]
        column = Column(name, bare[at], dtype, int(values), int(about), 0.0, None)
        columns.append(_sketched(view, column, engine) if sketched and fit and values else column)
    return Side(rows, view, int(count), tuple(columns))


def _about(value: str, kind: str) -> str:
    return f"approx_count_distinct({value})" if kind in {"text", "integer", "boolean"} else "0"


def _fit(value: str, kind: str) -> str:
    """Whether the values may be those of a key: short texts, whole numbers, times."""
    if kind == "text":
        return f"max(length({value}::VARCHAR)) <= {_LONGEST}"
    if kind in {"float", "decimal"}:
        return f"bool_and(isfinite({value}::DOUBLE) AND {value} = floor({value}) AND abs({value}) < 1e15)"
    if kind == "integer":
        return f"max(abs({value}::DOUBLE)) < 1e37"
    return "true" if kind in TIMES else "false"


def plainest(value: str, kind: str) -> str:
    """A value as text in which neither type, case, blanks around it nor zeros before it matter."""
    if kind == "text":
        return f"regexp_replace(lower(trim({value}::VARCHAR)), '^0+(.)', '\\1')"
    if kind in {"float", "decimal"}:
        return f"{value}::HUGEINT::VARCHAR"
    return f"epoch_us({value})::VARCHAR" if kind in {"timestamp", "timestamptz"} else f"{value}::VARCHAR"


def _sketched(view: str, column: Column, engine: Engine) -> Column:
    value = quoted(column.name)
    form = plainest(value, column.kind)
    distinct = f"SELECT DISTINCT {form} AS v FROM {view} WHERE {value} IS NOT NULL"
    asked = f"SELECT count(*), min(hash(v), {MOST}), {_space(column.kind)} FROM ({distinct})"
    count, hashes, space = engine.connection.execute(asked).fetchall()[0]
    bits = max(0.0, float(space or 0.0))
    return replace(column, distinct=int(count), bits=bits, sketch=complete(hashes, int(count)))


def _space(kind: str) -> str:
    """How many times fewer values there are than would fit, as a power of 2."""
    if kind in NUMBERS:
        return "log2(greatest(1, (max(v::DOUBLE) - min(v::DOUBLE) + 1) / count(*)))"
    if kind in TIMES:
        return _space_of_times(kind)
    if kind != "text":
        return "0"
    # Words use far fewer texts than letters could make, hence the half; codes of one length do not.
    signs = " + ".join(f"{size} * bool_or(regexp_matches(v, '{some}'))::INT" for some, size in _SIGNS)
    code = "if(quantile_disc(length(v), 0.1) = quantile_disc(length(v), 0.9), 1, 0.5)"
    return f"{code} * (avg(length(v)) * log2(greatest(2, {signs})) - log2(count(*)))"


def _space_of_times(kind: str) -> str:
    """By the coarsest step that all of them are on."""
    value, step = "v::HUGEINT", " ".join(f"WHEN bool_and(v::HUGEINT % {us} = 0) THEN {us}" for us in _STEPS_US)
    step = f"CASE {step} ELSE 1 END"
    if kind == "date":
        value, step = "date_diff('day', DATE '1970-01-01', v::DATE)", "1"
    return f"log2(greatest(1, ((max({value}) - min({value})) / ({step}) + 1)::DOUBLE / count(*)))"


_STEPS_US = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)
_SIGNS = (("[a-z]", 26), ("[0-9]", 10), ("[^a-z0-9]", 4))
