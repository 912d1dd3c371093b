"""What a model has to beat: the training's average, and the entity's last known label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from balun.fit.bootstrap import Floats
from balun.fit.column import plain
from balun.fit.label import Label
from balun.fit.metric import Guess
from balun.fit.split import Split

Ints = NDArray[np.int64]


def prior(label: Label, split: Split, metric: str) -> Guess:
    """The same for every test row: shares of classes in training, the mean, or for mae the median."""
    truth, rows = label.truth[split.train], int(split.test.sum())
    if label.classes is None:
        value = np.median(truth) if metric == "mae" else truth.mean()
        return _values(np.full(rows, float(value)))
    shares = _shares(truth.astype(np.int64), len(label.classes))
    return _probabilities(np.tile(shares, (rows, 1)))


def last_value(label: Label, split: Split, last: Ints, metric: str) -> Guess:
    """The label of the entity's latest example that was known by then; where there is none, the prior.

    last: by row, the row it was found in, or -1. Of classes it is their shares in training after such a last label,
    so that it may answer in probabilities as a model does.
    """
    base = prior(label, split, metric)
    found = last[split.test]
    had = found >= 0
    if label.classes is None:
        return _values(np.where(had, label.truth[found], base.score))
    count = len(label.classes)
    truth = label.truth.astype(np.int64)
    before = np.where(last >= 0, truth[last], count)
    table = np.zeros((count + 1, count))
    np.add.at(table, (before[split.train], truth[split.train]), 1)
    # One prior's worth of rows: a last label seldom seen in training says little.
    table = (table + base.score[0]) / (table.sum(axis=1, keepdims=True) + 1)
    return _probabilities(np.where(had[:, None], table[before[split.test]], base.score))


def last_known(entity: Ints, at_us: Ints, known_us: Ints) -> Ints:
    """By row, the row of its entity's latest example whose label was known strictly before its own time; else -1.

    >>> at, known = np.array([0, 10, 20]), np.array([5, 30, 25])
    >>> last_known(np.zeros(3, dtype=int), at, known)
    array([-1,  0,  0])
    """
    rows = len(at_us)
    times, rank = np.unique(np.concatenate([known_us, at_us]), return_inverse=True)
    key = entity * (len(times) + 1) + rank[:rows]
    order = np.lexsort((np.arange(rows), at_us))
    turn = np.empty(rows, dtype=np.int64)
    turn[order] = np.arange(rows)
    by_known = np.argsort(key, kind="stable")
    # The latest by its own time among those known so far; an entity's numbers all exceed those of the one before it.
    latest = np.maximum.accumulate(entity[by_known] * rows + turn[by_known])
    place = np.searchsorted(key[by_known], entity * (len(times) + 1) + rank[rows:], "left") - 1
    found = latest[np.maximum(place, 0)]
    same = (place >= 0) & (found // rows == entity)
    return np.where(same, order[found % rows], -1)


def entity_numbers(rows: pa.Table, entity: Sequence[str]) -> Ints:
    """A number for each different entity; all rows are one where there are no columns to tell by. Nulls are a value."""
    numbers = np.zeros(rows.num_rows, dtype=np.int64)
    for name in entity:
        coded = plain(rows[name]).dictionary_encode(null_encoding="encode").combine_chunks()
        own = coded.indices.to_numpy().astype(np.int64)
        numbers = np.unique(numbers * (len(coded.dictionary) + 1) + own, return_inverse=True)[1]
    return numbers


def _shares(truth: Ints, count: int) -> Floats:
    return np.bincount(truth, minlength=count) / len(truth)


def _values(score: Floats) -> Guess:
    return Guess(score, score)


def _probabilities(score: Floats) -> Guess:
    return Guess(score, score.argmax(axis=1))
