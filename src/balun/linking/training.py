"""How often matches, and others, agree at each level: learnt from pairs without a label.

Source: Fellegi & Sunter 1969; Winkler 1988 for the estimation by expectation and maximisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from balun.linking.comparing import Group, Weights, levels
from balun.linking.deciding import contested, probability
from balun.linking.scoring import score

if TYPE_CHECKING:
    from balun.linking.records import Records

_CHANCE, _LEARNT = 200_000, 1_000_000  # pairs
_ROUNDS, _SETTLED = 100, 1e-6
_FIRST = 0.9  # of matches agree best, before anything is known


@dataclass(frozen=True)
class Trained:
    """weights: m and u a field, the strongest level first. prior: that two records taken at random match."""

    weights: Weights
    prior: float


@dataclass(frozen=True)
class Patterns:
    """Pairs by what they agree on. gammas: one row a pattern, one column a field. pairs: of each pattern.

    ends: of each, its two records, where each row is one pair.
    """

    gammas: np.ndarray
    pairs: np.ndarray
    ends: tuple[np.ndarray, np.ndarray] | None = None


def train(
    records: Records, groups: Sequence[Group], chance: str, prior: float, seed: int, *, one_to_one: bool
) -> Trained:
    """From the candidates in `pairs` and from random pairs in `chance`.

    prior: a first guess of the share of pairs that match.
    """
    random = _patterns(records, groups, chance)
    blocked, whole = _blocked(records, seed)
    found = _one_by_one(records, groups, blocked) if one_to_one else _patterns(records, groups, blocked)
    scale = whole / max(1, int(found.pairs.sum()))
    return _learn(records, groups, random, found, scale, prior)


def random_pairs(records: Records, seed: int) -> str:
    """Write the table `chance`: pairs taken at random, all where there are few."""
    first, total = records.rows[0], records.total
    if records.possible <= _CHANCE:
        on = "l.side = 0 AND r.side = 1" if records.two else "l.rid < r.rid"
        pick = f"SELECT l.rid AS a, r.rid AS b FROM records l JOIN records r ON {on}"
    else:
        low, span = (first, total - first) if records.two else (0, total)
        left = f"(hash(i, {seed}) % {first if records.two else total})::BIGINT"
        right = f"({low} + hash(i, {seed + 1}) % {span})::BIGINT"
        pick = f"SELECT DISTINCT least({left}, {right}) AS a, greatest({left}, {right}) AS b FROM range({_CHANCE}) t(i)"
    records.connection.execute(
        "CREATE OR REPLACE TABLE chance AS "
        f"SELECT a AS join_key_l, b AS join_key_r, '0' AS match_key FROM ({pick}) WHERE a <> b"
    )
    return "chance"


def _blocked(records: Records, seed: int) -> tuple[str, int]:
    """Candidates to learn from, and how many there are in all."""
    whole = int(records.connection.execute("SELECT count(*) FROM pairs").fetchall()[0][0])
    if whole <= _LEARNT:
        return "pairs", whole
    share = int(_LEARNT / whole * 1_000_000)
    records.connection.execute(
        f"CREATE OR REPLACE TABLE learning AS SELECT * FROM pairs WHERE hash(join_key_l, {seed}) % 1000000 < {share}"
    )
    return "learning", whole


def _patterns(records: Records, groups: Sequence[Group], pairs: str) -> Patterns:
    score(records, groups, pairs, "scored")
    names = ", ".join(f"gamma_{group.column}" for group in groups)
    rows = records.connection.execute(f"SELECT {names}, count(*) FROM scored GROUP BY ALL ORDER BY ALL").fetchall()
    table = np.array(rows, dtype=np.int64).reshape(len(rows), len(groups) + 1)
    return Patterns(table[:, :-1], table[:, -1].astype(np.float64))


def _one_by_one(records: Records, groups: Sequence[Group], pairs: str) -> Patterns:
    """Each pair for itself: where records have one match at most, pairs of the same record compete."""
    score(records, groups, pairs, "scored")
    names = ", ".join(f"gamma_{group.column}" for group in groups)
    rows = records.connection.execute(f"SELECT rid_l, rid_r, {names} FROM scored ORDER BY rid_l, rid_r").fetchnumpy()
    columns = [np.asarray(values, dtype=np.int64) for values in rows.values()]
    return Patterns(np.column_stack(columns[2:]), np.ones(len(columns[0])), (columns[0], columns[1]))


def _learn(
    records: Records, groups: Sequence[Group], chance: Patterns, found: Patterns, scale: float, prior: float
) -> Trained:
    """Candidates that weren't found count as no match: the whole of all pairs is what the prior is a share of.

    Beliefs below a half are left out, or neighbours and namesakes would drift in (classification EM: Celeux & Govaert
    1992).
    """
    possible = max(1, records.possible)
    tops = [len(levels(group)) - 1 for group in groups]
    random = [_shares(chance, at, top, chance.pairs) for at, top in enumerate(tops)]
    exact = [_by_values(records, group) for group in groups]
    m = [_guess(top) for top in tops]
    u = [_unmatched(random[at], exact[at], m[at], prior) for at in range(len(groups))]
    counts = found.pairs * scale
    for _ in range(_ROUNDS):
        belief = _belief(found, m, u, prior)
        matched = np.where(belief > 0.5, belief, 0.0) * counts
        before, prior = prior, float(np.clip(matched.sum() / possible, 0.5 / possible, 0.5))
        m = [_rising(_shares(found, at, top, matched), u[at]) for at, top in enumerate(tops)]
        u = [_unmatched(random[at], exact[at], m[at], prior) for at in range(len(groups))]
        if abs(before - prior) <= _SETTLED * prior:
            break
    weights = {group.column: (_told(m[at]), _told(u[at])) for at, group in enumerate(groups)}
    return Trained(weights, float(f"{prior:.9g}"))


def _told(levels_up: np.ndarray) -> list[float]:
    """The strongest first, in so many digits that sums in another order give the same."""
    return [float(f"{value:.9g}") for value in levels_up[::-1]]


def _guess(top: int) -> np.ndarray:
    rest = np.full(top + 1, (1 - _FIRST) / max(1, top))
    rest[top] = _FIRST
    return rest


def _rising(m: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Levels where a stronger agreement would speak less for a match are taken together: few matches are in them."""
    pools: list[list[float]] = []
    for one, other in zip(m, u, strict=True):
        pools.append([one, other, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] > pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [mine + its for mine, its in zip(pools[-1], last, strict=True)]
    ratios = np.repeat([one / other for one, other, _ in pools], [int(many) for *_, many in pools])
    return np.asarray(ratios * u)


def _shares(patterns: Patterns, at: int, top: int, weight: np.ndarray) -> np.ndarray:
    """The share of each level, from the weakest; a level nobody was in keeps a trace, so that no pair is ruled out."""
    gamma = patterns.gammas[:, at]
    there = gamma >= 0
    counts = np.bincount(gamma[there], weights=weight[there], minlength=top + 1)
    return np.asarray((counts + 0.5) / (counts + 0.5).sum())


def _by_values(records: Records, group: Group) -> float | None:
    """How often two random records have the same value, exactly, where the best level is being equal."""
    if group.alone and not levels(group)[0].exact:
        return None
    whole, same = (equal_pairs(records, [one.column for one in group.strong], there=there) for there in (True, False))
    return same / whole if whole else None


def equal_pairs(records: Records, columns: Sequence[str], *, there: bool = False) -> float:
    """How many pairs of records have equal values in all columns; there: have any values in all."""
    known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    each = "count(*) FILTER (side = 0)::DOUBLE * count(*) FILTER (side = 1)"
    if not records.two:
        each = "count(*)::DOUBLE * (count(*) - 1) / 2"
    by = "" if there else f"GROUP BY {', '.join(columns)}"
    row = records.connection.execute(
        f"SELECT coalesce(sum(n), 0) FROM (SELECT {each} AS n FROM records WHERE {known} {by})"
    ).fetchall()[0]
    return float(row[0])


def _unmatched(random: np.ndarray, exact: float | None, m: np.ndarray, prior: float) -> np.ndarray:
    """What random pairs show, less the matches among them."""
    seen = random.copy()
    if exact is not None:
        seen[-1] = exact
    rest = np.maximum(seen - prior * m, seen * 1e-3)
    rest = np.maximum(rest, 1e-9)
    return np.asarray(rest / rest.sum())


def _belief(found: Patterns, m: list[np.ndarray], u: list[np.ndarray], prior: float) -> np.ndarray:
    weight = np.full(len(found.gammas), np.log2(prior) - np.log2(1 - prior))
    for at in range(found.gammas.shape[1]):
        gamma = found.gammas[:, at]
        step = np.log2(m[at]) - np.log2(u[at])
        weight += np.where(gamma >= 0, step[np.maximum(gamma, 0)], 0.0)
    return contested(*found.ends, weight) if found.ends else probability(weight)
