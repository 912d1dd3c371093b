"""What a model costs: to fit, to ask, to feed, to keep."""

from __future__ import annotations

import time
from statistics import median

import pyarrow as pa

from balun.fit.fitted import Fitted
from balun.fit.result import Cost
from balun.fit.style import is_slow

_BULK_ROWS, _SLOW_BULK_ROWS, _SINGLE_ROWS = 20_000, 1_000, 20


def cost_of(fitted: Fitted, rows: pa.Table, fit_s: float, model_bytes: int) -> Cost:
    """Through `predict`, from test rows in Arrow, as it would be served: encoding counts, fetching the rows doesn't."""
    many = rows.slice(0, _SLOW_BULK_ROWS if is_slow(fitted.estimator) else _BULK_ROWS)
    bulk = _seconds(fitted, many) / many.num_rows
    single = median(_seconds(fitted, rows.slice(number, 1)) for number in range(min(_SINGLE_ROWS, rows.num_rows)))
    row_bytes = rows.select(list(fitted.encoder.needed)).nbytes / rows.num_rows
    return Cost(fit_s, bulk * 1e6, single * 1e6, row_bytes, model_bytes)


def _seconds(fitted: Fitted, rows: pa.Table) -> float:
    started = time.perf_counter()
    fitted.predict(rows)
    return time.perf_counter() - started
