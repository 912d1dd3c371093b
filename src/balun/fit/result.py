"""A model's test, as numbers: told in full, each with its interval, and read back from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

from balun.told import told

_T = TypeVar("_T")


@dataclass(frozen=True)
class Stretch:
    """Rows of a part of the corpus, and the first and the last of their times."""

    rows: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Baseline:
    """Judged on the model's test rows. difference: the model's value minus this one's, draw by draw."""

    name: str
    value: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float


@dataclass(frozen=True)
class Bin:
    """Test rows with like predictions. predicted: their mean; observed: how often it came so, with its interval."""

    predicted: float
    observed: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Calibration:
    """Of two classes: the positive one's probability. Of more: the probability of the class that was named.

    error: the mean distance of predicted from observed, over rows (expected calibration error).
    """

    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Residual:
    """The quantile `share` of truth minus prediction, in the label's unit."""

    share: float
    value: float


@dataclass(frozen=True)
class Slice:
    """The metric on the test rows where `column` is `value`."""

    column: str
    value: str
    rows: int
    metric: float
    low: float
    high: float


@dataclass(frozen=True)
class Importance:
    """How much worse the metric is when the input's test values are shuffled; over 0: the model leans on it."""

    input: str
    drop: float
    low: float
    high: float


@dataclass(frozen=True)
class Cost:
    """fit_s: to fit. bulk_us: a row of many. single_us: a row alone. row_bytes: its inputs. model_bytes: of it."""

    fit_s: float
    bulk_us: float
    single_us: float
    row_bytes: float
    model_bytes: int


@dataclass(frozen=True)
class Result:
    """A model's test on later rows. Intervals are 95 %; a bound is NaN where there is too little to tell.

    label: its column. positive: the class whose probability is judged, where there are two.
    embargoed: rows before the test whose label wasn't known by then. unlabelled: rows without a label. In neither part.
    blocks: how many stretches of time the intervals draw; block_days: the length of one.
    slices: the worst first. importances: the greatest first. notes: what else there is to know.
    snapshot: the corpus's name.
    """

    model: str
    estimator: str
    metric: str
    value: float
    low: float
    high: float
    greater_is_better: bool
    label: str
    positive: str | None
    baselines: tuple[Baseline, ...]
    train: Stretch
    test: Stretch
    embargoed: int
    unlabelled: int
    calibration: Calibration | None
    residuals: tuple[Residual, ...]
    slices: tuple[Slice, ...]
    importances: tuple[Importance, ...]
    cost: Cost
    snapshot: str
    seed: int
    draws: int
    blocks: int
    block_days: float
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Plain data; NaN is null."""
        plain = told(self)
        assert isinstance(plain, dict)
        return plain

    @classmethod
    def from_json(cls, told: Mapping[str, object]) -> Result:
        """What `as_json` gave. Raises KeyError or TypeError for anything else."""
        plain = {one.name: told[one.name] for one in fields(cls)}
        parts: dict[str, object] = {
            name: tuple(_read(kind, one) for one in _listed(plain[name])) for name, kind in _LISTS
        }
        calibration = plain["calibration"]
        whole = {
            "train": _read(Stretch, plain["train"]),
            "test": _read(Stretch, plain["test"]),
            "cost": _read(Cost, plain["cost"]),
            "calibration": None if calibration is None else _calibration(calibration),
            "notes": tuple(_listed(plain["notes"])),
        }
        return _read(cls, plain | parts | whole)


_LISTS: tuple[tuple[str, type], ...] = (
    ("baselines", Baseline),
    ("residuals", Residual),
    ("slices", Slice),
    ("importances", Importance),
)


def _read(kind: type[_T], told: object) -> _T:
    """Numbers that are null come back as NaN, times as times."""
    if not isinstance(told, Mapping):
        raise TypeError(f"{told!r} is no {kind.__name__}")
    return kind(**{one.name: _value(str(one.type), told[one.name]) for one in fields(kind)})  # type: ignore[arg-type]


def _value(kind: str, told: object) -> object:
    if kind == "float":
        return math.nan if told is None else told
    return datetime.fromisoformat(str(told)) if kind == "datetime" else told


def _calibration(told: object) -> Calibration:
    if not isinstance(told, Mapping):
        raise TypeError(f"{told!r} is no calibration")
    return Calibration(told["error"], tuple(_read(Bin, one) for one in _listed(told["bins"])))


def _listed(told: object) -> list[object]:
    if not isinstance(told, list):
        raise TypeError(f"{told!r} is no list")
    return told
