"""The rows to mend: each column as codes of its distinct values, so that work goes by value, not by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from balun.engine import Engine, types_of
from balun.quoting import quoted
from balun.scan.reading import family

if TYPE_CHECKING:
    import pyarrow as pa

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
MOST_ROWS = 1_000_000
_MOST_TEXTS = 300_000
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True, eq=False)
class Column:
    """codes: one a row, −1 where it is null. dictionary: the distinct values, by code, in the order they come."""

    name: str
    dtype: str
    codes: Codes
    dictionary: pa.Array

    @property
    def kind(self) -> str:
        found = family(self.dtype)
        return "text" if found.startswith("enum") else found

    @property
    def sql(self) -> str:
        return quoted(self.name)

    @property
    def distinct(self) -> int:
        return len(self.dictionary)

    @property
    def is_text(self) -> bool:
        """A text of which there are few enough values to be looked at one by one."""
        return self.kind == "text" and 0 < self.distinct <= _MOST_TEXTS

    @property
    def is_number(self) -> bool:
        return self.kind in {"integer", "float", "decimal"} or (self.kind == "text" and self.numeric_share > 0.95)

    @cached_property
    def counts(self) -> Codes:
        """Rows of each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.distinct)

    @cached_property
    def nulls(self) -> int:
        return int((self.codes < 0).sum())

    @cached_property
    def texts(self) -> list[str]:
        """Each value as DuckDB writes it, so that SQL finds it again."""
        import pyarrow as pa

        if self.kind == "text":
            return [str(one) for one in self.dictionary.to_pylist()]
        with Engine(threads=1) as engine:
            engine.connection.register("given", pa.table({"v": self.dictionary}))
            written = engine.connection.sql("SELECT v::VARCHAR AS v FROM given").to_arrow_table()
        return [str(one) for one in written.column("v").to_pylist()]

    @cached_property
    def code_of(self) -> dict[str, int]:
        return {text: code for code, text in enumerate(self.texts)}

    @cached_property
    def numbers(self) -> Floats:
        """Each value as a number; NaN where it is none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.kind in {"integer", "float", "decimal"}:
            return np.asarray(self.dictionary.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        if self.kind != "text":
            return np.full(self.distinct, np.nan)
        plain = pc.match_substring_regex(self.dictionary, _NUMBER)
        kept = pc.if_else(plain, self.dictionary, pa.scalar(None, pa.string()))
        return np.asarray(kept.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)

    @cached_property
    def numeric_share(self) -> float:
        """Of the rows with a value, those whose value is a number."""
        known = self.counts.sum()
        return float(self.counts[~np.isnan(self.numbers)].sum() / known) if known else 0.0

    def rows_where(self, values: Mask | Codes) -> Codes:
        """Positions of the rows that have these values: a mask over values, or their codes."""
        mask = values if values.dtype == bool else np.isin(np.arange(self.distinct), values)
        if not mask.any():
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(np.append(mask, False)[self.codes])

    def text_at(self, row: int) -> str | None:
        return self.text_of(int(self.codes[row]))

    def text_of(self, code: int) -> str | None:
        """None where the code is −1."""
        return None if code < 0 else self.texts[code]


@dataclass(frozen=True, eq=False)
class Sheet:
    """name: of the node or the file. relation: SQL for FROM. total: its rows, of which `count` were looked at.

    engine: where `relation` can be asked. key: the columns that are promised to be its key.
    whole: no column was left out.
    """

    name: str
    relation: str
    columns: tuple[Column, ...]
    count: int
    total: int
    engine: Engine
    key: tuple[str, ...] = ()
    whole: bool = True

    def named(self, name: str) -> Column | None:
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)

    @property
    def share(self) -> float:
        """How many rows there are for each that was looked at."""
        return self.total / self.count if self.count else 1.0


def read_sheet(
    name: str, relation: str, engine: Engine, *, key: tuple[str, ...] = (), say: Callable[[str], None] | None = None
) -> Sheet:
    """At most a million rows are looked at, drawn evenly. Columns of nested types are left alone."""
    tell = say or (lambda _: None)
    run = engine.connection.execute
    described = list(types_of(engine.connection, relation).items())
    total = int(run(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
    sample = f" USING SAMPLE reservoir({MOST_ROWS} ROWS) REPEATABLE (1)" if total > MOST_ROWS else ""
    if sample:
        run(f"CREATE OR REPLACE TEMP TABLE _balun_sheet AS SELECT * FROM {relation}{sample}")
    source = "_balun_sheet" if sample else relation
    columns = []
    for one, dtype in described:
        if family(dtype) == "nested" or dtype in {"BLOB", "BIT"}:
            continue
        tell(f"reads {one}")
        columns.append(_column(engine, source, one, dtype))
    count = min(total, MOST_ROWS)
    return Sheet(name, relation, tuple(columns), count, total, engine, key, len(columns) == len(described))


def _column(engine: Engine, source: str, name: str, dtype: str) -> Column:
    text = family(dtype) == "text" or dtype.startswith("ENUM")
    asked = f"{quoted(name)}::VARCHAR" if text else quoted(name)
    table = engine.connection.sql(f"SELECT {asked} AS v FROM {source}").to_arrow_table()
    coded = table.column("v").combine_chunks()
    coded = coded.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Column(name, dtype, codes, coded.dictionary)
