"""Five tables as projects of one event, whose every column a model is given: for the choice of columns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import balun as bl
from measure import BENCH

_MINUTE_US, _START_US = 60_000_000, 19_000 * 86_400_000_000
_ROWS = 12_000


@dataclass(frozen=True)
class Rows:
    """columns: inputs, by name. test: the last stretch of time, judged on."""

    columns: Mapping[str, pa.ChunkedArray | pa.Array]
    at: pa.ChunkedArray | pa.Array
    y: pa.ChunkedArray | pa.Array
    test: str


def flights(data: Path) -> Rows:
    """The corpus of examples/flights, every so many rows of it: 12,000 in all."""
    folder = data / "example"
    if not folder.exists():
        ignored = shutil.ignore_patterns(".balun", "__pycache__")
        shutil.copytree(Path(__file__).parent.parent / "examples" / "flights", folder, ignore=ignored)
    bl.load(folder).run()
    project = bl.load(folder)
    rows = _some(pq.read_table(project["corpus:late_departures"].path()))
    names = project.supply.inputs["corpus:late_departures"]
    columns = {name: rows[name] for name in names}
    for name in names:
        if pa.types.is_timestamp(columns[name].type):  # as the model is given it: seconds before the example
            apart = pc.subtract(
                columns[name].cast(pa.timestamp("us", "UTC")), rows["at"].cast(pa.timestamp("us", "UTC"))
            )
            columns[name] = pc.divide(apart.cast(pa.int64()).cast(pa.float64()), 1e6)
    return Rows(columns, rows["at"], rows["late"], "60d")


def taxi(_: Path) -> Rows:
    """Minutes that a trip of 2018 or 2019 took, from all else that was captured of it."""
    file = BENCH.parents[1] / "shared" / "data" / "nyc_taxi_2018_2020" / "yellow_trips.parquet"
    rows = pq.read_table(file).sort_by("pickup_datetime")
    us = rows["pickup_datetime"].cast(pa.int64())
    minutes = pc.divide(pc.subtract(rows["dropoff_datetime"].cast(pa.int64()), us).cast(pa.float64()), 60e6)
    first, last = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("2018-01-01", "2020-01-01"))
    within = pc.and_(
        pc.and_(pc.greater_equal(us, first), pc.less(us, last)), pc.and_(pc.greater(minutes, 0), pc.less(minutes, 180))
    )
    rows = _some(rows.append_column("minutes", minutes).filter(within))
    given = [
        name
        for name in rows.column_names
        if name not in {"source_month", "pickup_datetime", "dropoff_datetime", "minutes"}
    ]
    at = rows["pickup_datetime"]
    clock = {"hour": pc.hour(at), "weekday": pc.day_of_week(at), "month": pc.month(at)}
    return Rows({**{name: rows[name] for name in given}, **clock}, at, rows["minutes"], "90d")


def planted(_: Path) -> Rows:
    """Six columns that tell, as a sum and a product; of each a copy with a tenth of noise; twelve that tell nothing."""
    chance = np.random.default_rng(5)
    x = chance.normal(size=(_ROWS, 6))
    copies = x + chance.normal(size=x.shape) * 0.1
    idle = chance.normal(size=(_ROWS, 12))
    score = 1.5 * x[:, 0] + x[:, 1] + 0.8 * x[:, 2] * x[:, 3] + np.abs(x[:, 4]) - 0.5 * x[:, 5]
    y = chance.random(_ROWS) < 1 / (1 + np.exp(-(score - 0.8)))
    parts = (("x", x), ("copy", copies), ("idle", idle))
    return _made({f"{name}{n}": part[:, n] for name, part in parts for n in range(part.shape[1])}, y)


def breast_cancer(_: Path) -> Rows:
    from sklearn.datasets import load_breast_cancer

    return _bundled(load_breast_cancer(), bool)


def diabetes(_: Path) -> Rows:
    from sklearn.datasets import load_diabetes

    return _bundled(load_diabetes(), float)


SETS: Mapping[str, Callable[[Path], Rows]] = {
    one.__name__: one for one in (flights, taxi, planted, breast_cancer, diabetes)
}


def _bundled(found: object, dtype: type) -> Rows:
    """In an order drawn once, as these rows have no time."""
    order = np.random.default_rng(0).permutation(len(found.target))  # type: ignore[attr-defined]
    x, y = found.data[order], found.target[order].astype(dtype)  # type: ignore[attr-defined]
    return _made({f"c{n}": x[:, n] for n in range(x.shape[1])}, y)


def _made(columns: Mapping[str, np.ndarray], y: np.ndarray) -> Rows:
    """A row a minute, of which the last quarter is the test."""
    count = len(y)
    at = pa.array(_START_US + np.arange(count) * _MINUTE_US, pa.timestamp("us", "UTC"))
    return Rows({name: pa.array(values) for name, values in columns.items()}, at, pa.array(y), f"{count // 4} min")


def _some(rows: pa.Table) -> pa.Table:
    return rows.take(pa.array(np.linspace(0, rows.num_rows - 1, _ROWS).astype(np.int64)))


_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: row
name: row
version: 1.0.0
status: active
team: {{name: capture}}
servers:
  - {{server: files, type: local, format: parquet, path: data/row.parquet}}
schema:
  - name: row
    properties:
      - {{name: at, logicalType: timestamp, required: true}}
      - {{name: y, logicalType: {y}, required: true}}
{columns}
"""
_MODELS = """\
from lightgbm import {kind}

import balun as bl

rows = bl.corpus("rows", owner="ml", label="y", examples="SELECT * FROM row", features=[bl.columns({names})])
model = bl.model(
    "model",
    corpus=rows,
    owner="ml",
    estimator={kind}(n_estimators=60, num_leaves=15, learning_rate=0.1, n_jobs=1, verbose=-1),
    metric="{metric}",
    split=bl.by_time(test="{test}"),
)
"""


def make(name: str, data: Path) -> Path:
    """The project's folder."""
    folder = data / name
    if (folder / "models.py").exists():
        return folder
    rows = SETS[name](data)
    for part in ("contracts", "data"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    told = {one: _logical(column.type) for one, column in rows.columns.items()}
    columns = "\n".join(f"      - {{name: {one}, logicalType: {logical}}}" for one, logical in told.items())
    y = _logical(rows.y.type)
    (folder / "balun.toml").write_text(f'name = "{name}"\n', encoding="utf-8")
    (folder / "contracts" / "row.odcs.yaml").write_text(_CONTRACT.format(columns=columns, y=y), encoding="utf-8")
    pq.write_table(pa.table({"at": rows.at, "y": rows.y, **rows.columns}), folder / "data" / "row.parquet")
    kind, metric = ("LGBMClassifier", "roc_auc") if y == "boolean" else ("LGBMRegressor", "rmse")
    names = ", ".join(f'"{one}"' for one in rows.columns)
    text = _MODELS.format(kind=kind, metric=metric, names=names, test=rows.test)
    (folder / "models.py").write_text(text, encoding="utf-8")
    return folder


def _logical(dtype: pa.DataType) -> str:
    if pa.types.is_boolean(dtype):
        return "boolean"
    if pa.types.is_integer(dtype):
        return "integer"
    return "number" if pa.types.is_floating(dtype) else "string"
