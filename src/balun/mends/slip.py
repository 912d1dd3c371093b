"""Slips of a hand or a reader: how likely one value is written where another was meant, learnt from the rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

import numpy as np

from balun.mends.sheet import Column

Pair = tuple[str, str]
_LEAST_SEEN, _LEAST_SHARE, _LIFT = 12, 0.35, 4.0
_MOST_VALUES = 60_000


@dataclass(frozen=True)
class Slips:
    """smudges: signs that stand for others, with the share of all slips that brought them in."""

    smudges: dict[str, float]

    def likelihood(self, was: str | None, meant: str | None, share: float) -> float:
        """Log of how likely `was` is written where `meant` was right, given that something is wrong there.

        share: of the column's rows that have `was`; any value may be put in by mistake.
        """
        if was is None:
            return log(0.3)
        if meant is None:
            return log(0.05)
        other = 0.3 * max(share, 1e-6)
        return log(other + exp(self._slip(was, meant)))

    def _slip(self, was: str, meant: str) -> float:
        if len(was) == len(meant):
            changed = {(one, two) for one, two in zip(was, meant, strict=True) if one != two}
            if len(changed) <= 3 and self.smudged(was, meant):
                return log(0.5) + sum(log(self.smudges[one]) - log(len(was)) for one, _ in changed)
        steps = distance(was, meant, 2)
        if steps is None:
            return -60.0
        # Where smudges make nearly all slips, another one is hardly to be expected.
        return log(0.3 * (1 - min(0.97, sum(self.smudges.values())))) - steps * (log(26) + log(max(2, len(meant))))

    def smudged(self, was: str, meant: str) -> bool:
        """Whether they differ only where `was` has a sign that smudges."""
        return len(was) == len(meant) and all(
            one == two or one in self.smudges for one, two in zip(was, meant, strict=True)
        )


@lru_cache(maxsize=200_000)
def distance(one: str, two: str, most: int) -> int | None:
    """Changed, left out, put in and turned-round signs, at most `most`; None where there are more.

    >>> distance("hospital", "hopsital", 2), distance("abc", "abcde", 2), distance("abc", "xyz", 2)
    (1, 2, None)
    """
    if abs(len(one) - len(two)) > most:
        return None
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    one, two = one[start:], two[start:]
    while one and two and one[-1] == two[-1]:
        one, two = one[:-1], two[:-1]
    if max(len(one), len(two)) > 40:
        return None
    before: list[int] = []
    row = list(range(len(two) + 1))
    for at, sign in enumerate(one, 1):
        last, row = (before, row), [at]
        for to, other in enumerate(two, 1):
            least = min(last[1][to] + 1, row[to - 1] + 1, last[1][to - 1] + (sign != other))
            if at > 1 and to > 1 and sign == two[to - 2] and one[at - 2] == other:
                least = min(least, last[0][to - 2] + 1)
            row.append(least)
        before = last[1]
    return row[-1] if row[-1] <= most else None


def learn(pairs: Iterable[Pair], columns: Sequence[Column]) -> Slips:
    """From pairs of what stood there and what was likely meant: signs that come in far more often than others."""
    seen: Counter[str] = Counter()
    slips = 0
    for was, meant in pairs:
        if len(was) == len(meant):
            slips += 1
            seen.update({one for one, two in zip(was, meant, strict=True) if one != two})
    if not slips:
        return Slips({})
    usual = _usual(columns)
    return Slips(
        {
            sign: count / slips
            for sign, count in seen.items()
            if count >= _LEAST_SEEN and count / slips >= max(_LEAST_SHARE, _LIFT * usual.get(sign, 0.0))
        }
    )


def _usual(columns: Sequence[Column]) -> dict[str, float]:
    """The share of each sign among all that stand in common values."""
    signs: Counter[str] = Counter()
    for column in columns:
        if column.is_text:
            common = np.argsort(-column.counts)[:200]
            for code in common:
                signs.update(column.texts[code][:200])
    return {sign: count / signs.total() for sign, count in signs.items()}


def near_pairs(column: Column) -> Iterator[tuple[int, int]]:
    """Codes of rare values, each with common ones that are one slip away."""
    if not column.is_text or column.distinct > _MOST_VALUES or column.distinct < 3:
        return
    common = np.flatnonzero(column.counts >= 5)
    if not len(common) or len(common) > 20_000:
        return
    index: dict[str, list[int]] = defaultdict(list)
    for code in common.tolist():
        text = column.texts[code]
        if 3 <= len(text) <= 60:
            for part in {text, *_shorter(text)}:
                index[part].append(code)
    for code in range(column.distinct):
        text = column.texts[code]
        if not 3 <= len(text) <= 60:
            continue
        found = {other for part in {text, *_shorter(text)} for other in index.get(part, ())} - {code}
        for other in found:
            if column.counts[other] >= 5 * column.counts[code] and distance(text, column.texts[other], 1):
                yield code, other


def _shorter(text: str) -> Iterator[str]:
    return (text[:at] + text[at + 1 :] for at in range(len(text)))
