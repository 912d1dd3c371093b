"""Corpora of which it is known what is wrong with them, for the tests of `balun.stocktake`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression

from balun.chain.model import Model
from balun.stocktake import Asked, Stocktake, stocktake
from balun.stocktake.stock import Stock, read_stock
from mixed import CORPUS, START, model_of

INPUTS = ("x", "y", "kind")


def easy(rows: int = 2000, seed: int = 0, sharp: float = 6.0) -> pa.Table:
    """60 days; `late` hangs on x + y and little else, the more so the sharper. `kind` is evenly one of four."""
    chance = np.random.default_rng(seed)
    x, y = chance.normal(size=rows), chance.normal(size=rows)
    late = chance.random(rows) < 1 / (1 + np.exp(-sharp * (x + y)))
    at = [START + timedelta(seconds=60 * 86_400 * number / rows) for number in range(rows)]
    return pa.table(
        {
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "user": chance.integers(0, 200, rows),
            "x": x,
            "y": y,
            "kind": pa.array(np.array(["bus", "car", "tram", "bike"])[np.arange(rows) % 4]),
            "late": pa.array(late),
        }
    )


def with_column(rows: pa.Table, name: str, values: object) -> pa.Table:
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    if name not in rows.column_names:
        return rows.append_column(name, array)
    return rows.set_column(rows.column_names.index(name), name, array)


def flipped(rows: pa.Table, share: float, seed: int = 1) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Labels of so many rows turned round, and which."""
    wrong = np.random.default_rng(seed).random(rows.num_rows) < share
    late = np.array(rows["late"].to_pylist(), dtype=bool)
    return with_column(rows, "late", late ^ wrong), wrong


def logistic() -> Model:
    return model_of(LogisticRegression(), "roc_auc")


def stock_of(
    rows: pa.Table, model: Model | None = None, inputs: tuple[str, ...] = INPUTS, label: str = "late"
) -> Stock:
    return read_stock(model or logistic(), replace(CORPUS, label=label), rows, inputs, "corpus-1")


def taken(
    rows: pa.Table,
    model: Model | None,
    inputs: tuple[str, ...] = INPUTS,
    asked: Asked | None = None,
    label: str = "late",
) -> Stocktake:
    return stocktake(replace(CORPUS, label=label), model, rows, inputs, asked, snapshot="corpus-1")


class Planted(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Its error is known: it answers its first input, but for level + drop · rows^−power.

    The drop is shaken by each fit's luck, and by row it is between none and twice.
    """

    def __init__(self, level: float = 0.2, drop: float = 3.0, power: float = 0.5, luck: float = 0.0) -> None:
        self.level, self.drop, self.power, self.luck = level, drop, power, luck

    def fit(self, matrix: NDArray[np.float64], truth: NDArray[np.float64]) -> Planted:
        chance = np.random.default_rng(int(np.abs(matrix).sum() * 1e6))
        shaken = 1 + self.luck * chance.normal() / np.sqrt(len(matrix) / 1000)
        self.error_ = self.drop * len(matrix) ** -self.power * shaken
        self.centre_, self.scale_ = truth.mean(), truth.std()
        return self

    def predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        found = matrix[:, 0] * self.scale_ + self.centre_
        return np.asarray(found + self.level + self.error_ * (1 + np.sin(1000 * found)))
