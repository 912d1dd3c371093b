"""What kind of value a column holds, guessed from its values: it decides how two of them are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from balun.quoting import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DATES = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y")
_SAMPLE = 100_000
_SHORT, _LONG = 1.7, 3.5  # words of a text, on average
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


@dataclass(frozen=True)
class Field:
    """A column that records are compared on.

    name: in the user's tables. kind: one of balun.chain.link.KINDS. column: in the prepared records.
    """

    name: str
    kind: str
    column: str


@dataclass(frozen=True)
class Shape:
    """What a column's values look like: of those that aren't null, in a sample."""

    dtype: str
    rows: int
    distinct: int
    tokens: float
    digits: float
    dates: float


def kind_of(shape: Shape, *, many: bool = False) -> str:
    """The kind of a column whose values look so. many: too many records for TF-IDF of short text.

    >>> kind_of(Shape("VARCHAR", 5000, 3000, 1.0, 0.0, 0.0)), kind_of(Shape("VARCHAR", 5000, 4800, 8, 0, 0))
    ('name', 'text')
    """
    if shape.dtype.endswith("]"):
        return "words"
    if shape.dtype.startswith(("DATE", "TIMESTAMP")) or shape.dates >= 0.9:
        return "date"
    if shape.dtype == "BOOLEAN" or (shape.distinct <= 30 and shape.rows >= 10 * shape.distinct):
        return "category"
    if shape.dtype.startswith(("FLOAT", "DOUBLE", "DECIMAL")):
        return "number"
    if shape.dtype in _NUMERIC or shape.digits >= 0.7:
        return "code"
    return "text" if shape.tokens >= (_LONG if many else _SHORT) else "name"


def shapes(connection: DuckDBPyConnection, sources: Sequence[str], names: Sequence[str]) -> dict[str, Shape]:
    """How each column's values look. sources: SQL for FROM, one or two tables that both have the columns."""
    return {name: _shape(connection, sources, name) for name in names}


def _shape(connection: DuckDBPyConnection, sources: Sequence[str], name: str) -> Shape:
    column = quoted(name)
    types = [str(connection.execute(f"DESCRIBE SELECT {column} FROM {one}").fetchall()[0][1]) for one in sources]
    dtype = next((one for one in types if one == "VARCHAR"), types[0])
    if dtype.endswith("]"):
        return Shape(dtype, 0, 0, 0.0, 0.0, 0.0)
    each = [f"(SELECT {column}::VARCHAR AS v FROM {one} WHERE {column} IS NOT NULL LIMIT {_SAMPLE})" for one in sources]
    formats = ", ".join(f"'{one}'" for one in DATES)
    row = connection.execute(
        "SELECT count(*), count(DISTINCT v), "
        r"coalesce(avg(len(regexp_extract_all(v, '[\p{L}\p{N}]+'))), 0), "
        r"coalesce(sum(length(regexp_replace(v, '[^0-9]', '', 'g'))) / "
        r"nullif(sum(length(regexp_replace(v, '[^\p{L}\p{N}]', '', 'g'))), 0), 0), "
        f"count(*) FILTER (year(try_strptime(v, [{formats}])) BETWEEN 1700 AND 2100) / greatest(count(*), 1) "
        f"FROM ({' UNION ALL '.join(f'SELECT * FROM {one}' for one in each)})"
    ).fetchall()[0]
    return Shape(dtype, int(row[0]), int(row[1]), float(row[2]), float(row[3]), float(row[4]))
