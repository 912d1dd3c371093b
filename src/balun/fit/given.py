"""Rows as users have them, as an Arrow table of the columns a model needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from balun.errors import UsageError, nearest
from balun.fit.column import kind_of
from balun.fit.encode import Encoder


def given(rows: object, encoder: Encoder) -> pa.Table:
    """Only what the model needs of `rows`: an Arrow table, a Polars or pandas frame, or a list of dicts.

    Raises UsageError that names every input that is missing or of a type that can't be the input's.
    """
    table = _table(rows, encoder.needed)
    kinds = {one.name: (one.kind, one.dtype) for one in encoder.inputs if not one.empty}
    wrong = [
        f"{name} is {table[name].type} here and was {dtype} in training"
        for name, (kind, dtype) in kinds.items()
        if not _fits(table[name], kind)
    ]
    if encoder.at in encoder.needed and not _fits(table[encoder.at], "time"):
        wrong.append(f"{encoder.at}, the example's time, is {table[encoder.at].type} here and must be a timestamp")
    if wrong:
        raise UsageError("; ".join(wrong))
    return table


def _fits(column: pa.ChunkedArray, kind: str) -> bool:
    # What is wholly null has the type its library gives to nothing: of pandas a float.
    return kind_of(column.type) == kind or column.null_count == len(column)


def _table(rows: object, names: Sequence[str]) -> pa.Table:
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    if isinstance(rows, pa.Table):
        _present(names, rows.column_names)
        return rows.select(list(names))
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
        return _from_dicts(rows, names)
    library = type(rows).__module__.split(".")[0]
    if library in {"pandas", "polars"} and type(rows).__name__ == "DataFrame":
        return _from_frame(rows, names, library)
    hint = "; collect() it first" if type(rows).__name__ == "LazyFrame" else ""
    raise UsageError(
        f"rows are an Arrow table, a Polars or pandas frame or a list of dicts, no {type(rows).__name__}{hint}"
    )


def _present(names: Sequence[str], there: Sequence[str], where: str = "rows lack") -> None:
    counts = Counter(there)
    free = [name for name in counts if name not in names]
    missing = [f"{name}{nearest(name, free)}" for name in names if not counts[name]]
    if missing:
        raise UsageError(f"{where} {', '.join(missing)}, which the model needs")
    twice = [name for name in names if counts[name] > 1]
    if twice:
        raise UsageError(f"rows have more than one column {', '.join(twice)}")


def _words(names: Iterable[object]) -> list[str]:
    """pandas and dicts may have names that are no text."""
    return [name for name in names if isinstance(name, str)]


def _from_dicts(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> pa.Table:
    if not rows:
        return pa.table({name: pa.nulls(0) for name in names})
    for number, row in enumerate(rows):
        if not row.keys() >= set(names):
            _present(names, _words(row), f"row {number} lacks" if len(rows) > 1 else "the row lacks")
    return pa.table({name: _array(name, [row[name] for row in rows]) for name in names})


def _from_frame(frame: object, names: Sequence[str], library: str) -> pa.Table:
    _present(names, _words(frame.columns))  # type: ignore[attr-defined]
    part = frame[list(names)]  # type: ignore[index]
    if library == "polars":
        return part.to_arrow()
    return pa.table({name: _array(name, part[name]) for name in names})


def _array(name: str, values: object) -> pa.ChunkedArray:
    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as exc:
        raise UsageError(f"{name} holds values of different types, or none that Arrow knows: {exc}") from exc
    return made if isinstance(made, pa.ChunkedArray) else pa.chunked_array([made])
