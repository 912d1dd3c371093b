"""Training and test rows, by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from balun.chain.duration import Duration
from balun.chain.model import TimeSplit

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Split:
    """Each row is in exactly one of the three. start_us: the test's first instant."""

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]
    embargoed: NDArray[np.bool_]
    start_us: int


def split_rows(at_us: NDArray[np.int64], known_us: NDArray[np.int64], rule: TimeSplit) -> Split:
    """Test on the last `rule.test` of the examples' time; train on labels known strictly before it.

    known_us: when each row's label was known. An example before the test whose label came too late is in neither.

    >>> day = 86_400_000_000
    >>> at = np.array([0, 1, 2, 3, 4]) * day
    >>> made = split_rows(at, at + day, TimeSplit(test=Duration.parse("1d")))
    >>> made.train.astype(int), made.embargoed.astype(int), made.test.astype(int)
    (array([1, 1, 0, 0, 0]), array([0, 0, 1, 0, 0]), array([0, 0, 0, 1, 1]))
    """
    start = int(at_us.max()) - _exact_us(rule.test)
    embargo = _exact_us(rule.embargo) if rule.embargo else 0
    test = at_us >= start
    train = (known_us < start) & (at_us < start - embargo)
    return Split(train, test, ~(test | train), start)


def before_test(split: Split, at_us: NDArray[np.int64], known_us: NDArray[np.int64], rule: TimeSplit) -> Split:
    """The training rows of `split`, parted once more by time, so that a search may judge without a look at the test.

    Their last stretch, as long as the test but a third of them at most, stands for the test; the test is in neither.

    >>> day = 86_400_000_000
    >>> at, rule = np.arange(8) * day, TimeSplit(test=Duration.parse("1d"))
    >>> made = before_test(split_rows(at, at, rule), at, at, rule)
    >>> made.train.astype(int), made.test.astype(int)
    (array([1, 1, 1, 1, 0, 0, 0, 0]), array([0, 0, 0, 0, 1, 1, 0, 0]))
    """
    times = at_us[split.train]
    start = int(times.max()) - min(_exact_us(rule.test), int(times.max() - times.min()) // 3)
    embargo = _exact_us(rule.embargo) if rule.embargo else 0
    test = split.train & (at_us >= start)
    train = split.train & (known_us < start) & (at_us < start - embargo)
    return Split(train, test, ~(test | train), start)


def _exact_us(duration: Duration) -> int:
    """A corpus has no zone of its own, so a local day counts 24 hours here."""
    return duration.us + duration.local_days * _DAY_US
