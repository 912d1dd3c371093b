"""Cells that what stands beside them contradicts, weighed against how such a value comes to stand there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from balun.mends.composed import composed
from balun.mends.dependency import Dependency, Votes, by_group, shares
from balun.mends.doubt import Doubt, Kind, shown
from balun.mends.rule import Given, Rule, Values
from balun.mends.sheet import Codes, Column, Floats, Mask, Sheet
from balun.mends.slip import Slips, distance
from balun.mends.witness import fits_better

_SMALLEST_GROUP = 3
_CLIP, _AGAINST = 12.0, -6.0
_LEAST = 0.3


def judged(sheet: Sheet, found: Sequence[Dependency], slips: Slips) -> Iterator[Doubt]:
    """For each column at most three doubts: what is missing, what is a slip, and what is another value."""
    by_column: dict[str, list[Dependency]] = defaultdict(list)
    for one in found:
        by_column[one.column.name].append(one)
    put = {one.column.name: (one, vote) for one, vote in composed(sheet)}
    claims = []
    for column in sheet.columns:
        told = [*by_group(by_column[column.name]), *([put[column.name]] if column.name in put else [])]
        claim = _of_column(column, told, slips) if told else None
        if claim is not None:
            claims.append(claim.at(~fits_better(sheet, column, claim.rows, claim.best)))
    for claim in _blamed(claims, sheet.count):
        yield from _told(claim, slips)


@dataclass(frozen=True, eq=False)
class _Claim:
    """Of some rows of a column: the value that is right, by its code, how sure that is, and who said it loudest.

    odds: the logarithm, without the bounds that `sure` has.
    """

    column: Column
    told: list[tuple[Dependency, Votes]]
    rows: Codes
    best: Codes
    sure: Floats
    odds: Floats
    by: Codes

    def at(self, keep: Mask) -> _Claim:
        kept = {name: getattr(self, name)[keep] for name in ("rows", "best", "sure", "odds", "by")}
        return replace(self, **kept)


def _blamed(claims: Sequence[_Claim], rows: int) -> list[_Claim]:
    """Without what is said beside a cell that is itself as likely wrong."""
    odds: dict[str, Floats] = {}
    for claim in claims:
        odds[claim.column.name] = np.full(rows, -np.inf)
        odds[claim.column.name][claim.rows] = claim.odds
    kept = []
    for claim in claims:
        beside = np.full(len(claim.rows), -np.inf)
        for voice in np.unique(claim.by):
            pick = claim.by == voice
            for one in claim.told[int(voice)][0].beside:
                if one.name in odds:
                    beside[pick] = np.maximum(beside[pick], odds[one.name][claim.rows[pick]])
        kept.append(claim.at(beside < claim.odds))
    return [one for one in kept if len(one.rows)]


def _of_column(column: Column, told: list[tuple[Dependency, Votes]], slips: Slips) -> _Claim | None:
    rows = _doubtful(column, told)
    if not len(rows):
        return None
    share = np.append(shares(column), max(column.nulls, 1) / len(column.codes))
    best, total, voters, by = _weighed(column, told, rows, share)
    prior = min(0.1, max(0.002, *(vote.slips for _, vote in told)))
    own = column.codes[rows]
    pairs, at = np.unique(np.stack([own, best]), axis=1, return_inverse=True)
    slip = np.array([_slip(column, slips, int(was), int(right), share) for was, right in pairs.T])[at.ravel()]
    odds = total / voters**0.75 + np.log(prior / (1 - prior)) + slip
    sure = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    # Where many are empty, that is a choice.
    wanted = float(np.clip(1.15 - 3 * column.nulls / len(column.codes), 0, 1))
    sure = np.where(own < 0, wanted * _filled(told, rows, best), sure)
    odds = np.where(own < 0, np.log((sure + 1e-9) / (1 - sure + 1e-9)), odds)
    keep = (sure >= _LEAST) & (best != own)
    found = _Claim(column, told, rows, best, np.minimum(sure, 0.99), odds, by)
    return found.at(keep) if keep.any() else None


def _filled(told: list[tuple[Dependency, Votes]], rows: Codes, best: Codes) -> Floats:
    """How likely a value belongs where there is none: by the groups that agree on it, and are seldom empty."""
    sure, filled = np.zeros(len(rows)), np.ones(len(rows))
    best_score = max(one.score for one, _ in told)
    for one, vote in told:
        usual, most, mine, size = (
            some[rows] for some in (vote.usual, vote.usual_rows, vote.own_rows, vote.group_rows)
        )  # fmt: skip
        # Where what tells best isn't known itself, nothing is missing.
        filled = np.where((one.group[rows] < 0) & (one.score == best_score), 0.0, filled)
        share = one.score * most / np.maximum(1, size - mine) * (most / (most + 0.5))
        empty = mine / np.maximum(1, size)
        sure = np.maximum(sure, np.where(usual == best, share, 0.0))
        filled = np.minimum(filled, np.where(size >= _SMALLEST_GROUP, np.clip(1.2 - 1.5 * empty, 0, 1), 1.0))
    return sure * filled


def _doubtful(column: Column, told: list[tuple[Dependency, Votes]]) -> Codes:
    doubtful = np.zeros(len(column.codes), dtype=bool)
    for _, vote in told:
        # A tie tells nothing: half of the group, and more rows than the value that stands there.
        clear = (vote.usual_rows > vote.own_rows) & (2 * vote.usual_rows >= vote.group_rows)
        doubtful |= clear & (vote.usual != column.codes) & (vote.group_rows >= _SMALLEST_GROUP) & (vote.usual >= 0)
    return np.flatnonzero(doubtful)


def _weighed(
    column: Column, told: list[tuple[Dependency, Votes]], rows: Codes, share: Floats
) -> tuple[Codes, Floats, Floats, Codes]:
    """Of each row the value that most speaks for, the log odds for it, how many spoke, and who spoke loudest."""
    own = column.codes[rows]
    claims: list[tuple[Codes, Floats]] = []
    for _, vote in told:
        usual, most, mine, size = (
            one[rows] for one in (vote.usual, vote.usual_rows, vote.own_rows, vote.group_rows)
        )  # fmt: skip
        rest = np.maximum(size - 1, 1)
        fair = np.maximum(mine - 1, 0) / rest + (vote.exceptions + 5e-4 + 0.01 / rest**2) * share[own]
        claim = np.clip(np.log(np.maximum(most, 0.5) / (rest + 0.5) / fair), _AGAINST, _CLIP)
        claim = np.where(
            (usual == own) | (usual < 0), np.maximum(_AGAINST, -np.log1p(np.maximum(mine - 1, 0)) * 1.5), claim
        )
        claim = np.where(size < 2, 0.0, claim)
        claims.append((np.where(usual < 0, own, usual), claim))
    names = np.stack([usual for usual, _ in claims])
    weights = np.stack([claim for _, claim in claims])
    support = np.where((names[:, None] == names[None]) & (names != own)[:, None], weights[None], 0).sum(1)
    support = np.where(names == own, -np.inf, support)
    loudest = np.argmax(support, axis=0)
    line = np.arange(len(rows))
    best = names[loudest, line]
    # Who names the row's own value, or yet another one, speaks against.
    against = np.where(names == best, 0, np.where(names == own, weights, -np.abs(weights) * 0.5)).sum(0)
    voters = np.maximum((weights != 0).sum(0), 1)
    return best, support[loudest, line] + against, voters, loudest


def _slip(column: Column, slips: Slips, was: int, right: int, share: Floats) -> float:
    texts = column.texts if column.distinct <= 300_000 else None
    if texts is None:
        return float(np.log(0.3 * share[was]))
    return slips.likelihood(None if was < 0 else texts[was], texts[right], float(share[was]))


def _told(claim: _Claim, slips: Slips) -> Iterator[Doubt]:
    column, told, rows, best, sure, by = claim.column, claim.told, claim.rows, claim.best, claim.sure, claim.by
    own = column.codes[rows]
    kinds = np.array([_kind(column, int(was), int(right), slips) for was, right in zip(own, best, strict=True)])
    for kind in ("missing", "smudge", "misspelt", "dependency"):
        pick = np.flatnonzero(kinds == kind)
        if not len(pick):
            continue
        loud = told[int(np.bincount(by[pick]).argmax())][0]
        rule = _rule(column, told, rows[pick], best[pick], by[pick])
        rights = np.array([column.texts[code] for code in best[pick]], dtype=object)
        first = pick[np.argmax(sure[pick])]
        was = None if own[first] < 0 else column.texts[own[first]]
        beside = " and ".join(shown(one.text_at(int(rows[first]))) for one in told[by[first]][0].beside)
        right = column.texts[best[first]]
        words = f"{loud.words}: {shown(was, right)} beside {beside} is {shown(right, was)}"
        yield Doubt(kind, column, rows[pick], sure[pick], rights, words, rule)


def _kind(column: Column, was: int, right: int, slips: Slips) -> Kind:
    if was < 0:
        return "missing"
    if not column.is_text:
        return "dependency"
    one, two = column.texts[was], column.texts[right]
    if slips.smudges and slips.smudged(one, two):
        return "smudge"
    steps = distance(one, two, 2)
    return "misspelt" if steps and 3 * steps <= len(two) else "dependency"


def _rule(column: Column, told: list[tuple[Dependency, Votes]], rows: Codes, best: Codes, by: Codes) -> Rule:
    """By value alone where each value is always mended alike, and wherever it stands."""
    own = column.codes[rows]
    ends: dict[int, set[int]] = defaultdict(set)
    for was, right in zip(own.tolist(), best.tolist(), strict=True):
        ends[was].add(right)
    mended = np.bincount(own[own >= 0], minlength=column.distinct)
    if all(was >= 0 and len(right) == 1 and mended[was] == column.counts[was] for was, right in ends.items()):
        return Values(
            column, tuple((column.texts[was], column.texts[next(iter(right))]) for was, right in sorted(ends.items()))
        )
    voices = np.unique(by)
    beside = told[int(by[0])][0].beside if len(voices) == 1 else None
    if beside is None:
        every = tuple(dict.fromkeys(one for voice in voices for one in told[int(voice)][0].beside))
        return Given(column, every, _cases(column, every, rows, best))
    return Given(column, beside, _cases(column, beside, rows, best))


def _cases(
    column: Column, beside: tuple[Column, ...], rows: Codes, best: Codes
) -> tuple[tuple[tuple[str | None, ...], str | None, str | None], ...]:
    return tuple(dict.fromkeys(
        (tuple(one.text_at(int(row)) for one in beside), column.text_at(int(row)), column.texts[right])
        for row, right in zip(rows, best, strict=True)
    ))  # fmt: skip
