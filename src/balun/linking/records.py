"""Records as they are compared: one table of both sides, every column in a plain form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from balun.linking.kind import DATES, Field, kind_of, shapes
from balun.quoting import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


FEW = 200_000  # records whose short texts are compared by TF-IDF, which takes longest


@dataclass(frozen=True)
class Side:
    """A table to match. source: SQL for FROM. key: columns that make its rows unique."""

    name: str
    source: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Records:
    """The table `records`: `rid` (0 … in the order of side and key), `side` (0, 1), and a column for each field.

    rows: on each side.
    """

    connection: DuckDBPyConnection
    sides: tuple[Side, ...]
    fields: tuple[Field, ...]
    rows: tuple[int, ...]

    @property
    def two(self) -> bool:
        return len(self.sides) == 2

    @property
    def total(self) -> int:
        return sum(self.rows)

    @property
    def possible(self) -> int:
        """How many pairs there are."""
        return self.rows[0] * self.rows[1] if self.two else self.rows[0] * (self.rows[0] - 1) // 2

    def kind(self, kind: str) -> list[Field]:
        return [field for field in self.fields if field.kind == kind]


def prepare(connection: DuckDBPyConnection, sides: Sequence[Side], on: Sequence[tuple[str, str | None]]) -> Records:
    """Write `records`. on: columns of each side, with their kind where it was given."""
    sources = [side.source for side in sides]
    guessed = shapes(connection, sources, [name for name, kind in on if kind is None])
    many = sum(_count(connection, source) for source in sources) > FEW
    fields = tuple(
        Field(name, kind or kind_of(guessed[name], many=many), f"c{place}") for place, (name, kind) in enumerate(on)
    )
    selects = [_select(side, place, fields) for place, side in enumerate(sides)]
    connection.execute(
        "CREATE TABLE records AS SELECT row_number() OVER (ORDER BY side, key) - 1 AS rid, * EXCLUDE (key) "
        f"FROM ({' UNION ALL BY NAME '.join(selects)}) ORDER BY rid"
    )
    counts = connection.execute("SELECT side, count(*) FROM records GROUP BY side").fetchall()
    rows = dict(counts)
    return Records(connection, tuple(sides), fields, tuple(int(rows.get(at, 0)) for at in range(len(sides))))


def _count(connection: DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])


def _select(side: Side, place: int, fields: Sequence[Field]) -> str:
    key = ", ".join(map(quoted, side.key))
    columns = ", ".join(f"{plain(field)} AS {field.column}" for field in fields)
    return f"SELECT {place} AS side, row({key}) AS key, {columns} FROM {side.source}"


def plain(field: Field) -> str:
    """SQL for a field's value in the form that it is compared in."""
    column = quoted(field.name)
    match field.kind:
        case "number":
            return f"try_cast({column} AS DOUBLE)"
        case "date":
            return _date(column)
        case "code":
            bare = rf"regexp_replace(lower({column}::VARCHAR), '\.0$', '')"
            return rf"nullif(regexp_replace({bare}, '[^\p{{L}}\p{{N}}]+', '', 'g'), '')"
        case "words":
            return f"list_sort(list_distinct(list_transform({column}, lambda one: {_words('one::VARCHAR')})))"
        case "category":
            return _words(rf"regexp_replace({column}::VARCHAR, '\.0$', '')")
    return _words(f"{column}::VARCHAR")


def _words(value: str) -> str:
    return rf"nullif(trim(regexp_replace(lower(strip_accents({value})), '[^\p{{L}}\p{{N}}]+', ' ', 'g')), '')"


def _date(column: str) -> str:
    """Eight digits, also where they are no day of the calendar: a wrong digit is what typing makes of a date."""
    formats = ", ".join(f"'{one}'" for one in DATES)
    text = f"{column}::VARCHAR"
    read = f"strftime(try_cast({text} AS DATE), '%Y%m%d'), strftime(try_strptime({text}, [{formats}]), '%Y%m%d')"
    return f"coalesce({read}, nullif(regexp_replace({text}, '[^0-9]', '', 'g'), ''))"
