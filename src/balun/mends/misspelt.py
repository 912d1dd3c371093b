"""Rare values beside a common one: slips of a hand, and signs that a reader took for others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from balun.mends.dependency import Dependency, votes
from balun.mends.doubt import Doubt, by_value
from balun.mends.sheet import Codes, Column, Sheet
from balun.mends.slip import Pair, Slips, distance, learn, near_pairs

_LEAST_LETTERS = 5


def learnt(sheet: Sheet, found: Sequence[Dependency]) -> Slips:
    """How values go wrong here, from what dependencies contradict, and from rare values near common ones."""
    return learn(list(_pairs(sheet, found)), sheet.columns)


def _pairs(sheet: Sheet, found: Sequence[Dependency]) -> Iterator[Pair]:
    for column in sheet.columns:
        seen: set[tuple[int, int]] = set()
        if column.is_text:
            # Codes and figures are near each other for no reason.
            seen.update(() if _mostly_codes(column) else near_pairs(column))
            for one in found:
                if one.column is column:
                    seen |= _contradicted(column, one)
        yield from ((column.texts[was], column.texts[right]) for was, right in sorted(seen))


def _contradicted(column: Column, one: Dependency) -> set[tuple[int, int]]:
    vote = votes(one)
    rare = np.append(column.counts, 10**9)[column.codes] * 4 <= np.append(column.counts, 0)[vote.usual]
    clear = (vote.usual_rows >= 3) & (2 * vote.usual_rows >= vote.group_rows) & (vote.own_rows == 1)
    rows = np.flatnonzero(rare & clear & (vote.usual != column.codes) & (vote.usual >= 0) & (column.codes >= 0))[
        :20_000
    ]
    pairs = set(zip(column.codes[rows].tolist(), vote.usual[rows].tolist(), strict=True))
    return {pair for pair in pairs if _few(column.texts[pair[0]], column.texts[pair[1]])}


def _few(one: str, two: str) -> bool:
    return len(one) == len(two) and 0 < sum(a != b for a, b in zip(one, two, strict=True)) <= max(1, len(one) // 2)


def smudge(sheet: Sheet, slips: Slips) -> Iterator[Doubt]:
    """Values with a sign that smudges, which become others of the column once something else stands in its place."""
    for column in sheet.columns:
        if slips.smudges and column.is_text and column.distinct <= 60_000:
            yield from _smudged(column, slips)


def _smudged(column: Column, slips: Slips) -> Iterator[Doubt]:
    holding = [code for code, text in enumerate(column.texts) if any(sign in slips.smudges for sign in text)]
    if not holding or len(holding) > 20_000:
        return
    matches = _matches(column, holding, slips)
    total = column.counts.sum()
    rare = [code for code in holding if column.counts[code] <= max(2, 0.002 * total) or code in matches]
    common = sum(1 for code in holding if code not in matches and column.counts[code] > 2)
    trust = len(matches) / (len(matches) + common + 1)
    if len(matches) < 2 or trust < 0.3:
        return
    known: dict[int, str | None] = {}
    unknown: dict[int, str | None] = {}
    sure: dict[int, float] = {}
    for code in rare:
        found = matches.get(code, [])
        weights = [float(column.counts[other]) for other in found]
        if found and max(weights) >= 0.6 * sum(weights):
            right = found[int(np.argmax(weights))]
            ratio = max(weights) / (max(weights) + column.counts[code])
            known[code], sure[code] = column.texts[right], 0.55 + 0.42 * ratio * trust
        elif found:
            unknown[code], sure[code] = None, 0.55 + 0.42 * trust * 0.9
        else:
            unknown[code], sure[code] = None, 0.2 + 0.7 * trust * _odd(column, code, slips)
    signs = " and ".join(f"'{sign}'" for sign in slips.smudges)
    if known:
        told = f"{signs} stands for other signs"
        yield by_value("smudge", column, known, sure, told)
    if unknown:
        yield by_value("smudge", column, unknown, sure, f"{signs} stands for other signs", known=False)


def _odd(column: Column, code: int, slips: Slips) -> float:
    """How rarely the neighbours of the sign meet it in common values."""
    text = column.texts[code]
    common = [other for other in np.argsort(-column.counts)[:300] if column.counts[other] >= 3 and other != code]
    pairs = Counter(pair for other in common for pair in pairwise(column.texts[other]))
    met = [pairs[pair] for pair in pairwise(text) if set(pair) & set(slips.smudges)]
    return float(np.mean([count == 0 for count in met])) if met else 1.0


def _matches(column: Column, holding: Sequence[int], slips: Slips) -> dict[int, list[int]]:
    """Of each the values that it may have been: of its length, the same but where it has a sign that smudges.

    A value that might itself come of a smudge must be commoner.
    """
    lengths: dict[int, list[int]] = defaultdict(list)
    for code, text in enumerate(column.texts):
        lengths[len(text)].append(code)
    smudges = np.array([ord(sign) for sign in slips.smudges])
    found: dict[int, list[int]] = {}
    tables: dict[int, tuple[Codes, Codes]] = {}
    for code in holding:
        size = len(column.texts[code])
        if size == 0 or size > 400 or len(lengths[size]) > 20_000:
            continue
        if size not in tables:
            others = np.array(lengths[size])
            tables[size] = others, np.array([list(map(ord, column.texts[other])) for other in others])
        others, table = tables[size]
        own = np.array(list(map(ord, column.texts[code])))
        differs = table != own
        fits = ~(differs & ~np.isin(own, smudges)).any(axis=1) & differs.any(axis=1)
        fits &= ~(differs & np.isin(table, smudges)).any(axis=1)
        fits &= (column.counts[others] >= column.counts[code]) & (differs.sum(axis=1) <= max(1, 0.7 * size))
        if fits.any():
            found[code] = others[fits].tolist()
    return found


def misspelt(sheet: Sheet) -> Iterator[Doubt]:
    """Rare values one slip away from a common one, where common ones are seldom that near each other."""
    for column in sheet.columns:
        if not column.is_text or column.distinct > 60_000 or _mostly_codes(column):
            continue
        pairs = [pair for pair in near_pairs(column) if _is_word_slip(column, *pair)]
        if not pairs:
            continue
        trust = _trust(column, len({was for was, _ in pairs}))
        best: dict[int, int] = {}
        for was, right in pairs:
            if was not in best or column.counts[right] > column.counts[best[was]]:
                best[was] = right
        rights: dict[int, str | None] = {}
        sure: dict[int, float] = {}
        for was, right in best.items():
            ratio = column.counts[right] / (column.counts[right] + 8 * column.counts[was])
            longer = min(1.0, len(column.texts[was]) / 10 + 0.3)
            rights[was], sure[was] = column.texts[right], float(0.97 * trust * ratio * longer)
        if rights:
            yield by_value("misspelt", column, rights, sure, "rare, and one slip from a common value")


def _is_word_slip(column: Column, was: int, right: int) -> bool:
    """Among letters: another figure is another thing. Not a word more or less, nor large letters for small."""
    one, two = column.texts[was], column.texts[right]
    if len(two) < _LEAST_LETTERS or column.counts[was] > max(2, 0.02 * column.counts[right]):
        return False
    if [sign for sign in one if sign.isdigit()] != [sign for sign in two if sign.isdigit()]:
        return False
    letters = [sign for sign in two if sign.isalpha()]
    return len(letters) >= 4 and one.casefold().split() != two.casefold().split() and distance(one, two, 1) == 1


def _trust(column: Column, slips: int) -> float:
    """By how seldom common values are one slip from each other, and how few values are rare."""
    common = [code for code in np.argsort(-column.counts)[:2000] if column.counts[code] >= 5]
    index: Counter[str] = Counter()
    for code in common:
        text = column.texts[code]
        index.update({text[:at] + "\0" + text[at + 1 :] for at in range(len(text))})
    near = sum(
        any(index[text[:at] + "\0" + text[at + 1 :]] > 1 for at in range(len(text)))
        for text in (column.texts[code] for code in common)
    )
    rare = int((column.counts <= 2).sum())
    return (1 - min(1.0, 3 * near / max(1, len(common))) * 0.8) * slips / (slips + 0.005 * rare)


def _mostly_codes(column: Column) -> bool:
    """Rather than words: figures in most values, or as many values as rows."""
    figures = np.array([any(map(str.isdigit, text)) for text in column.texts])
    return bool(column.counts[figures].sum() > 0.6 * column.counts.sum())
