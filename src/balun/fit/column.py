"""A column of Arrow as numbers or texts that an estimator can take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

_DAY_S = 86_400.0
_MONTH_S = 30 * _DAY_S  # as DuckDB counts a month when it compares intervals
# DuckDB's infinite timestamps; Arrow has no word for them.
_ENDLESS_US = 2**62

_KINDS: tuple[tuple[str, Callable[[pa.DataType], bool]], ...] = (
    ("number", lambda dtype: pt.is_integer(dtype) or pt.is_floating(dtype) or pt.is_decimal(dtype)),
    ("text", lambda dtype: pt.is_string(dtype) or pt.is_large_string(dtype) or pt.is_string_view(dtype)),
    ("boolean", pt.is_boolean),
    ("time", lambda dtype: pt.is_timestamp(dtype) or pt.is_date(dtype)),
    ("time of day", pt.is_time),
    # pyarrow reads Parquet's INTERVAL as 12 bytes.
    ("length", lambda dtype: pt.is_duration(dtype) or pt.is_interval(dtype) or dtype == pa.binary(12)),
    ("number", pt.is_null),
)
CATEGORICAL = frozenset({"text", "boolean"})


def kind_of(dtype: pa.DataType) -> str | None:
    """What an input of this type is to a model; None where it is nothing a model takes.

    >>> kind_of(pa.dictionary(pa.int32(), pa.string())), kind_of(pa.date32()), kind_of(pa.list_(pa.int8()))
    ('text', 'time', None)
    """
    if pt.is_dictionary(dtype):
        # Arrow can't take views out of a dictionary.
        return None if pt.is_string_view(dtype.value_type) else kind_of(dtype.value_type)
    return next((kind for kind, fits in _KINDS if fits(dtype)), None)


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without a dictionary, and text as `string`."""
    kept = column.type.value_type if pt.is_dictionary(column.type) else column.type
    return column.cast(pa.string() if kind_of(kept) == "text" else kept)


def texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text, or a boolean as `true` and `false`; nulls stay."""
    return plain(column).cast(pa.string())


def numbers(column: pa.ChunkedArray, at_us: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """As floats; NaN for null and for what is infinite.

    Times are seconds from the example's own time, before it negative; lengths and times of day are seconds.
    at_us: the examples' times; needed only where `column` holds times.
    """
    column = plain(column)
    kind = kind_of(column.type)
    if kind == "time":
        if at_us is None:
            raise ValueError("a time needs the examples' times beside it")
        found = (microseconds(column) - at_us) / 1e6
    elif kind == "time of day":
        found = _floats(column.cast(pa.time64("us"), safe=False).cast(pa.int64())) / 1e6
    elif kind == "length":
        found = _seconds(column)
    else:
        found = _floats(column)
    return np.where(np.isfinite(found), found, np.nan)


def microseconds(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Since 1970, in UTC; NaN for null and for infinite times. Exact for any year to 2255."""
    zone = column.type.tz if pt.is_timestamp(column.type) else None
    found = _floats(column.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64()))
    return np.where(np.abs(found) < _ENDLESS_US, found, np.nan)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    found: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return found


def _seconds(column: pa.ChunkedArray) -> NDArray[np.float64]:
    if pt.is_duration(column.type):
        return _floats(column.cast(pa.duration("us"), safe=False).cast(pa.int64())) / 1e6
    parts = [_interval(chunk) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0)


def _interval(chunk: pa.Array) -> NDArray[np.float64]:
    """Months, days and the rest, as they lie in the buffer: Arrow has no cast for intervals."""
    stored = pt.is_fixed_size_binary(chunk.type)
    rest = ("ms", "<u4") if stored else ("ns", "<i8")
    layout = np.dtype([("months", "<i4"), ("days", "<i4"), rest])
    raw = np.frombuffer(chunk.buffers()[1], layout)[chunk.offset : chunk.offset + len(chunk)]
    found: NDArray[np.float64] = (
        raw["months"] * _MONTH_S + raw["days"] * _DAY_S + raw[rest[0]] / (1e3 if stored else 1e9)
    )
    return np.where(pc.is_valid(chunk).to_numpy(zero_copy_only=False), found, np.nan)
