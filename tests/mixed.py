"""A small corpus with inputs of every kind, and models on it, for the tests of `balun.fit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.chain.corpus import Corpus
from balun.chain.duration import Duration
from balun.chain.model import Model, TimeSplit
from balun.finding import Place
from balun.fit import Fitted, Result, fit

INPUTS = ("size", "count", "kind", "city", "flag", "price", "since", "born", "noise")
START = datetime(2024, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
CORPUS = Corpus("trips", "ml", "SELECT 1", "late", (), (), Place("features.py", 3), entity=("user",))
_SPLIT = TimeSplit(Duration.parse("15d"))


def mixed(rows: int = 600, seed: int = 0) -> pa.Table:
    """60 days of trips; `size` and `kind` tell of the labels `late`, `grade` and `delay`, `noise` of nothing."""
    chance = np.random.default_rng(seed)
    size, kind = chance.normal(size=rows), chance.integers(0, 4, rows)
    signal = 1.5 * size + (kind == 1) + 0.7 * chance.normal(size=rows)
    at = [START + timedelta(minutes=144 * number * 600 / rows) for number in range(rows)]
    return pa.table(
        {
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "label_known": pa.array([one + timedelta(hours=5) for one in at], pa.timestamp("us", "UTC")),
            "user": chance.integers(0, 20, rows),
            "size": _holes(size, chance),
            "count": pa.array(chance.integers(0, 9, rows)),
            "kind": _holes(np.array(["bus", "car", "tram", "bike"], dtype=object)[kind], chance),
            "city": pa.array(np.array(["rome", "oslo"])[chance.integers(0, 2, rows)]).dictionary_encode(),
            "flag": pa.array(chance.random(rows) < 0.5),
            "price": pa.array([Decimal(int(cents)) / 100 for cents in chance.integers(100, 999, rows)]),
            "since": pa.array([one - timedelta(minutes=int(chance.integers(1, 99))) for one in at]),
            "born": pa.array([date(2000, 1, 1) + timedelta(days=int(day)) for day in chance.integers(0, 999, rows)]),
            "noise": chance.normal(size=rows),
            "late": pa.array(signal > 0.5),
            "grade": pa.array(np.array(["a", "b", "c"])[np.digitize(signal, [-0.7, 0.9])]),
            "delay": signal * 10,
        }
    )


def _holes(values: NDArray[np.generic], chance: np.random.Generator) -> pa.Array:
    return pa.array(values, mask=chance.random(len(values)) < 0.05)


def model_of(estimator: object, metric: str, **others: object) -> Model:
    made = Model("delays", "trips", "ml", estimator, metric, _SPLIT, Place("models.py", 7))
    return replace(made, **others)  # type: ignore[arg-type]


def fit_mixed(
    estimator: object,
    metric: str,
    rows: pa.Table | None = None,
    *,
    label: str = "late",
    inputs: tuple[str, ...] = INPUTS,
    progress: Callable[[str], None] | None = None,
    **others: object,
) -> tuple[Fitted, Result]:
    """others: of the model, such as `seed`."""
    model, corpus = model_of(estimator, metric, **others), replace(CORPUS, label=label)
    return fit(model, corpus, mixed() if rows is None else rows, inputs, snapshot="corpus-1", progress=progress)


def in_test(rows: pa.Table) -> NDArray[np.bool_]:
    """Those of the last 15 days."""
    at = np.array(rows["at"].cast(pa.int64()).to_pylist())
    found: NDArray[np.bool_] = at >= at.max() - 15 * DAY_US
    return found
