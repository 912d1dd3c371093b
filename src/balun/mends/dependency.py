"""Columns that tell another one, nearly: of airports their name, of a provider and a measure its figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from balun.mends.rule import NUMBERS
from balun.mends.sheet import Codes, Column, Floats, Mask, Sheet

_SAMPLE, _LEAST_SCORE, _LEAST_COVERED, _MOST_EACH = 30_000, 0.75, 0.15, 6
_MOST_PAIRED, _LEAST_PAIR = 14, 0.9
_ACCIDENTAL = frozenset({"float", "timestamp", "timestamptz"})


@dataclass(frozen=True, eq=False)
class Dependency:
    """beside tells column. score: mu of Parciak et al. 2024, at most 1: what is told beyond chance and small groups.

    group: of each row, −1 where one of `beside` is null.
    """

    beside: tuple[Column, ...]
    column: Column
    score: float
    group: Codes

    @property
    def words(self) -> str:
        return f"{' and '.join(one.name for one in self.beside)} tells {self.column.name}"


@dataclass(frozen=True, eq=False)
class Votes:
    """By row. usual: the commonest value of its group. usual_rows, own_rows, group_rows: rows of the group that have
    the commonest value, the row's own, any value or none.

    exceptions: the share of rows whose value is rare in its group but comes there again: no slip of a hand.
    slips: of those that stand alone.
    """

    usual: Codes
    usual_rows: Codes
    own_rows: Codes
    group_rows: Codes
    exceptions: float
    slips: float


def dependencies(sheet: Sheet) -> list[Dependency]:
    """The best few for each column, single determinants before pairs unless the pair tells far more."""
    # Two things may happen at one time, and have one measure, by accident.
    telling = [one for one in sheet.columns if 2 <= one.distinct <= 0.6 * sheet.count and one.kind not in _ACCIDENTAL]
    told = [one for one in sheet.columns if 2 <= one.distinct <= 0.6 * sheet.count]
    singles = {one.name: _Group((one,), sheet.count) for one in telling}
    scores: dict[tuple[str, str], float] = {}
    for one in telling:
        for column in told:
            if column is not one:
                scores[one.name, column.name] = singles[one.name].score(column)
    pairs = _pairs(telling, told, scores, sheet.count)
    found: list[Dependency] = []
    for column in told:
        better = [(score, group) for group, score in pairs.get(column.name, [])]
        alone = [(scores[one.name, column.name], singles[one.name]) for one in telling if one is not column]
        alone = [pair for pair in alone if pair[0] >= _LEAST_SCORE and not _is_outdone(*pair, better)]
        ranked = sorted([*alone, *better], key=lambda pair: -pair[0])[:_MOST_EACH]
        found += [Dependency(group.columns, column, score, group.codes) for score, group in ranked]
    return found


def _pairs(
    telling: list[Column], told: list[Column], scores: dict[tuple[str, str], float], rows: int
) -> dict[str, list[tuple[_Group, float]]]:
    """Pairs that tell a column at least twice as well as either of the two."""
    narrow = sorted((one for one in telling if one.distinct <= rows / 4), key=lambda one: one.distinct)[:_MOST_PAIRED]
    found: dict[str, list[tuple[_Group, float]]] = {}
    for pair in combinations(narrow, 2):
        group = _Group(pair, rows)
        if group.covered < _LEAST_COVERED:
            continue
        for column in told:
            # Figures of three columns may follow from each other by sums, as a delay of a minute and an hour.
            if column in pair or all(one.kind in NUMBERS for one in (*pair, column)):
                continue
            single = max(scores[one.name, column.name] for one in pair)
            if single > 0.98:
                continue
            score = group.score(column)
            if score >= _LEAST_PAIR and 1 - score < 0.5 * (1 - single):
                found.setdefault(column.name, []).append((group, score))
    return {name: sorted(some, key=lambda pair: -pair[1])[:3] for name, some in found.items()}


def _is_outdone(score: float, group: _Group, better: list[tuple[float, _Group]]) -> bool:
    """A pair that holds the column tells twice as well: alone it tells a tendency only."""
    return score < 0.97 and any(group.columns[0] in other.columns for _, other in better)


class _Group:
    """Rows by what these columns hold; scores are measured on whole groups, drawn evenly where there are many rows."""

    def __init__(self, columns: tuple[Column, ...], rows: int) -> None:
        self.columns = columns
        self.codes = _group(columns)
        share = min(1.0, _SAMPLE / max(1, rows))
        drawn = (self.codes * 2654435761) % 4294967296 < share * 4294967296
        self._rows = np.flatnonzero(drawn & (self.codes >= 0))
        sizes = np.bincount(self.codes[self._rows]) if len(self._rows) else np.zeros(1, dtype=np.int64)
        self.covered = float(sizes[sizes >= 3].sum() / max(1, len(self._rows)))

    def score(self, column: Column) -> float:
        if self.covered < _LEAST_COVERED:
            return 0.0
        codes = column.codes[self._rows]
        there = codes >= 0
        return _mu(self.codes[self._rows][there], codes[there], column.distinct)


def _group(columns: tuple[Column, ...]) -> Codes:
    if len(columns) == 1:
        return columns[0].codes
    first, second = columns
    both = np.where((first.codes < 0) | (second.codes < 0), -1, first.codes * second.distinct + second.codes)
    codes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return codes - 1 if (both < 0).any() else codes


def _mu(group: Codes, codes: Codes, distinct: int) -> float:
    """1 − (1 − pdep(X, Y)) / (1 − pdep(Y)) · (N − 1) / (N − |X|)."""
    rows = len(group)
    if rows < 2:
        return 0.0
    pairs, counts = np.unique(group * distinct + codes, return_counts=True)
    sizes = np.bincount(group)
    groups = int((sizes > 0).sum())
    own = np.bincount(codes)
    by_chance = float(((own / rows) ** 2).sum())
    if groups >= rows or by_chance >= 1:
        return 0.0
    told = float((counts**2 / sizes[pairs // distinct]).sum()) / rows
    return 1 - (1 - told) / (1 - by_chance) * (rows - 1) / (rows - groups)


def votes(one: Dependency) -> Votes:
    """What each row's group says of the row's value; null counts as a value."""
    rows = len(one.group)
    known = np.flatnonzero(one.group >= 0)
    wide = one.column.distinct + 1
    pairs, at, counts = np.unique(
        one.group[known] * wide + one.column.codes[known] + 1, return_inverse=True, return_counts=True
    )
    groups, value = pairs // wide, pairs % wide - 1
    order = np.lexsort((value < 0, counts, groups))  # the last of each group is its commonest
    last = np.append(np.flatnonzero(np.diff(groups[order])), len(order) - 1) if len(order) else order
    top = order[last]
    count = int(one.group.max()) + 1 if rows else 0
    usual, most, size = (np.full(max(1, count), fill, dtype=np.int64) for fill in (-1, 0, 0))
    usual[groups[top]], most[groups[top]] = value[top], counts[top]
    np.add.at(size, groups, counts)
    exceptions, slips = _rates(counts, size[groups], (value != usual[groups]) & (value >= 0))
    group = one.group[known]
    usual_rows, own_rows, group_rows = (_spread(one, known, rows, 0) for one in (most[group], counts[at], size[group]))
    return Votes(_spread(usual[group], known, rows, -1), usual_rows, own_rows, group_rows, exceptions, slips)


def _spread(of: Codes, known: Codes, rows: int, fill: int) -> Codes:
    full = np.full(rows, fill, dtype=np.int64)
    full[known] = of
    return full


def _rates(counts: Codes, size: Codes, other: Mask) -> tuple[float, float]:
    held = size >= 5
    total = max(1, int(counts[held].sum()))
    # In a large group slips come again by chance.
    again = other & held & (counts >= 2) & (counts > 0.02 * size)
    alone = other & held & ~again
    return float(counts[again].sum() / total), float(alone.sum() / total)


def by_group(found: list[Dependency]) -> Iterator[tuple[Dependency, Votes]]:
    for one in found:
        yield one, votes(one)


def shares(column: Column) -> Floats:
    """Of each value how many of all rows have it."""
    return np.asarray(column.counts / max(1, len(column.codes)))
