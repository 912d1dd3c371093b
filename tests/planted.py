"""A project whose truth is known by construction: a label that is a sum of captured columns, each with its own weight.

What a linear model loses in RMSE without a column of weight w is √(σ² + w²) − σ; with it in steps of s it can't tell
values within a step apart, so the same with w·s/√12 in place of w.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NOISE = 1.0
# x5 is x4 once more; x6 is of no use.
WEIGHTS: Mapping[str, float] = {"x0": 2.0, "x1": 1.2, "x2": 0.7, "x3": 0.4, "x4": 1.5, "x5": 0.0, "x6": 0.0}
_DAY_US = 86_400_000_000

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: reading
name: reading
version: 1.0.0
status: active
team: {{name: sensors}}
servers:
  - {{server: files, type: local, format: parquet, path: data/reading.parquet}}
schema:
  - name: reading
    properties:
      - {{name: id, logicalType: integer, required: true, primaryKey: true}}
      - name: taken
        logicalType: timestamp
        required: true
        customProperties: [{{property: resolution, value: 1 s}}]
{columns}
      - {{name: y, logicalType: number, required: true}}
      - {{name: spare, logicalType: number}}
"""
_MODELS = """\
from sklearn.linear_model import LinearRegression

import balun as bl

sums = bl.corpus(
    "sums",
    owner="ml",
    label="y",
    examples="SELECT taken AS at, {columns}, hour(taken) AS hour, y FROM reading",
    features=[bl.columns({names}, "hour")],
)
total = bl.model(
    "total", corpus=sums, owner="ml", estimator=LinearRegression(), metric="rmse", split=bl.by_time(test="30d")
)
bl.surface("dial", uses=total, owner="panel")
"""


def lost(weight: float, share: float = 1.0) -> float:
    """In RMSE, of a column of that weight and variance 1, of which `share` of the variance can't be told."""
    return float(np.sqrt(NOISE**2 + weight**2 * share) - NOISE)


def make_planted(folder: Path, *, rows: int = 6000, seed: int = 1) -> Path:
    folder.mkdir(parents=True)
    (folder / "contracts").mkdir()
    (folder / "data").mkdir()
    (folder / "balun.toml").write_text('name = "planted"\n', encoding="utf-8")
    columns = "\n".join(f"      - {{name: {name}, logicalType: number}}" for name in WEIGHTS)
    (folder / "contracts" / "reading.odcs.yaml").write_text(_CONTRACT.format(columns=columns), encoding="utf-8")
    names = ", ".join(f'"{name}"' for name in WEIGHTS)
    (folder / "models.py").write_text(_MODELS.format(names=names, columns=", ".join(WEIGHTS)), encoding="utf-8")
    write_readings(folder, rows=rows, seed=seed)
    return folder


def write_readings(folder: Path, *, rows: int, seed: int) -> None:
    """Sixty days, half of which are the test."""
    chance = np.random.default_rng(seed)
    at = np.sort(chance.integers(0, 60 * 86_400, rows)) * 1_000_000 + 19_000 * _DAY_US
    x = {name: chance.normal(size=rows) for name in WEIGHTS}
    x["x5"] = x["x4"].copy()
    y = sum(weight * x[name] for name, weight in WEIGHTS.items()) + chance.normal(size=rows) * NOISE
    table = {
        "id": pa.array(np.arange(rows)),
        "taken": pa.array(at, pa.timestamp("us", tz="UTC")),
        **{name: pa.array(values) for name, values in x.items()},
        "y": pa.array(y),
        "spare": pa.array(chance.normal(size=rows)),
    }
    pq.write_table(pa.table(table), folder / "data" / "reading.parquet")
